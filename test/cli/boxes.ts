import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hoplite, POTENTIAL } from './hoplite.ts'

/** 12 Li⁺ and 12 FSI⁻ in a box of 15.5 Å: small enough for tests, large enough for a cut-off of 7 Å. */
export const LIFSI_BUILD = `name: lifsi
seed: 3
system:
  potential: ${POTENTIAL}
  build:
    ions: { Li: 12, FSI: 12 }
    density_g_per_cm3: 1.0
  charge_scale: 0.7
interactions: { cutoff_A: 7, coulomb: pme, coulomb_accuracy: 1.0e-3 }
stages:
  - { name: minimise, kind: minimize, fmax_eV_per_A: 2, max_steps: 200 }
`

/** Two stages from `box.extxyz`; 20 production steps, a frame and a row every 2, a checkpoint every 10. */
export const LIFSI_MD = `name: lifsi
seed: 3
system: { potential: ${POTENTIAL}, structure: box.extxyz, charge_scale: 0.7 }
interactions: { cutoff_A: 7, coulomb: pme, coulomb_accuracy: 1.0e-3 }
stages:
  - { name: warm, kind: nvt, time_ps: 0.004, timestep_fs: 1, temperature_K: 500, new_velocities: true }
  - { name: produce, kind: nvt, time_ps: 0.02, timestep_fs: 1, temperature_K: 500 }
output: { trajectory_every_ps: 0.002, log_every_ps: 0.002, checkpoint_every_ps: 0.01 }
`

/** Writes build.yaml, md.yaml and the packed box.extxyz. */
export async function writeLifsi(folder: string): Promise<{ build: string; md: string; box: string }> {
  const paths = {
    build: join(folder, 'build.yaml'),
    md: join(folder, 'md.yaml'),
    box: join(folder, 'box.extxyz'),
  }
  writeFileSync(paths.build, LIFSI_BUILD)
  writeFileSync(paths.md, LIFSI_MD)
  const { code, stderr } = await hoplite('build', paths.build, '--out', paths.box, '--pack-only', '--quiet')
  if (code !== 0) throw new Error(stderr)
  return paths
}

/** A text with one thing changed; what is to be changed must be there. */
export function changed(text: string, from: RegExp, to: string): string {
  if (text.search(from) < 0) throw new Error(`nothing to change: ${from}`)
  return text.replace(from, to)
}
