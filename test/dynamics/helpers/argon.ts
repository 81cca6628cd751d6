import type { DynamicsStage } from '../../../src/dynamics/protocol.ts'
import { stageOf } from './run.ts'
import { cubicLattice, lennardJones, systemOf } from './systems.ts'

export const ATOMS = 27
export const argon = systemOf(new Array(ATOMS).fill(39.948))
export const liquid = cubicLattice(3, 4, 0.05)
/** Lennard-Jones argon with smooth truncation. */
export const argonForces = () => lennardJones(ATOMS, 0.0103, 3.405, 5.9)

/** A short stage of every kind. */
export const PRODUCTIONS: Record<string, DynamicsStage> = {
  nve: stageOf({ name: 'last', kind: 'nve', time_ps: 0.2 }),
  csvr: stageOf({ name: 'last', kind: 'nvt', time_ps: 0.2, temperature_K: 90 }),
  langevin: stageOf({ name: 'last', kind: 'nvt', time_ps: 0.2, temperature_K: 90, thermostat: 'langevin' }),
  compression: stageOf({
    name: 'last',
    kind: 'nvt',
    time_ps: 0.2,
    temperature_K: 90,
    density_end_g_per_cm3: 1.2,
  }),
  npt: stageOf({ name: 'last', kind: 'npt', time_ps: 0.2, temperature_K: 90 }),
}
