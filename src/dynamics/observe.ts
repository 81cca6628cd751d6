import type { State } from '../core/state.ts'
import { densityOf } from '../core/system.ts'
import type { EnergyTerm, Evaluation } from '../platform/platform.ts'
import { type Constants, EV_PER_A3_IN_BAR } from '../units.ts'
import type { ConstraintSolver } from './constraints.ts'
import { kineticEnergy, temperatureOf } from './velocities.ts'

/** One row of the log. */
export interface ThermoRow {
  readonly step: number
  readonly time_ps: number
  readonly stage: string
  readonly temperature_K: number
  /** Potential energy by term, eV. */
  readonly terms: Partial<Record<EnergyTerm, number>>
  readonly potential_eV: number
  readonly kinetic_eV: number
  /** Conserved quantity: total energy minus the energy added by thermostat and barostat since the start of the stage. */
  readonly conserved_eV: number
  /** Instantaneous pressure with kinetic part, virial and constraint forces. */
  readonly pressure_bar: number
  readonly density_g_per_cm3: number
}

/**
 * Instantaneous pressure of the atoms, bar: (2K + tr W)/3V, with the constraint forces in W. The barostat uses the
 * pressure of groups (`groupPressure`), which has the same mean but other instantaneous values.
 */
export function pressureOf(
  state: State,
  kinetic_eV: number,
  evaluation: Evaluation,
  solver: ConstraintSolver | null,
  constants: Constants,
): number {
  const virial = evaluation.virial.slice()
  solver?.addVirial(virial, state.velocities, evaluation.forces, constants)
  const trace = virial[0]! + virial[4]! + virial[8]!
  return ((2 * kinetic_eV + trace) / (3 * state.box.volume)) * EV_PER_A3_IN_BAR
}

/** Fixed quantities of a stage that a row of the log needs. */
export interface Observed {
  readonly stage: string
  readonly masses: Float64Array
  readonly freedom: number
  readonly solver: ConstraintSolver | null
  readonly constants: Constants
}

/** A row of the log. @param exchanged_eV energy added by bath and cell since the start of the stage */
export function thermoRow(
  observed: Observed,
  state: State,
  evaluation: Evaluation,
  exchanged_eV: number,
): ThermoRow {
  const { masses, constants } = observed
  const kinetic_eV = kineticEnergy(masses, state.velocities, constants)
  return {
    step: state.step,
    time_ps: state.time_ps,
    stage: observed.stage,
    temperature_K: temperatureOf(kinetic_eV, observed.freedom, constants),
    terms: { ...evaluation.terms },
    potential_eV: evaluation.energy,
    kinetic_eV,
    conserved_eV: evaluation.energy + kinetic_eV - exchanged_eV,
    pressure_bar: pressureOf(state, kinetic_eV, evaluation, observed.solver, constants),
    density_g_per_cm3: densityOf(masses, state.box.volume),
  }
}

/** Sums over points (x, y) for a least-squares line, as plain data for snapshots. */
export interface LineSums {
  readonly count: number
  readonly x: number
  readonly y: number
  readonly xx: number
  readonly xy: number
}

export const NO_LINE: LineSums = { count: 0, x: 0, y: 0, xx: 0, xy: 0 }

/** The sums with one more point. */
export function addPoint(sums: LineSums, x: number, y: number): LineSums {
  return {
    count: sums.count + 1,
    x: sums.x + x,
    y: sums.y + y,
    xx: sums.xx + x * x,
    xy: sums.xy + x * y,
  }
}

/** Least-squares slope; 0 for fewer than two points. */
export function slopeOf(sums: LineSums): number {
  const spread = sums.count * sums.xx - sums.x * sums.x
  return spread > 0 ? (sums.count * sums.xy - sums.x * sums.y) / spread : 0
}
