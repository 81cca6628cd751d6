import { POTENTIAL } from '../cli/hoplite.ts'

/**
 * Two salts, dense and loose, in two cases of two replicas: boxes of 120 atoms, 20 steps of production. The case `later`
 * is optional and has a list of temperatures.
 */
export const TINY_STUDY = `name: tiny
title: Li⁺ in two salts
seed: 7
potential: ${POTENTIAL}
systems:
  - { name: dense, color: '#0072B2', build: { ions: { Li: 12, FSI: 12 }, density_g_per_cm3: 1.0 } }
  - { name: loose, label: loose salt, build: { ions: { Li: 12, FSI: 12 }, density_g_per_cm3: 0.9 } }
interactions: { cutoff_A: 7, coulomb: pme, coulomb_accuracy: 1.0e-3 }
stages:
  - { name: minimise, kind: minimize, fmax_eV_per_A: 2, max_steps: 50 }
  - { name: warm, kind: nvt, time_ps: 0.004, timestep_fs: 1, temperature_K: 700, temperature_end_K: case, new_velocities: true }
  - { name: produce, kind: nvt, time_ps: 0.02, timestep_fs: 1, temperature_K: case }
output: { trajectory_every_ps: 0.002, log_every_ps: 0.002, checkpoint_every_ps: 0.01 }
analysis: { fit_from_ps: 0.004, fit_to_ps: 0.012 }
cases:
  - { name: warm, headline: true, temperature_K: 500, charge_scale: 0.7, replicas: 2 }
  - { name: later, optional: true, temperature_K: [300, 400], charge_scale: [0.7, 1], replicas: 1 }
`
