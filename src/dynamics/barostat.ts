import { scaleBox } from '../core/box.ts'
import type { State } from '../core/state.ts'
import { densityOf } from '../core/system.ts'
import { disjointSets } from '../core/topology.ts'
import { SimulationError } from '../errors.ts'
import type { Evaluation, Want } from '../platform/platform.ts'
import { normals, STREAM } from '../rng.ts'
import { type Constants, EV_PER_A3_IN_BAR } from '../units.ts'
import type { BondConstraints } from './constraints.ts'
import type { NoisePoint } from './thermostat.ts'

/**
 * Groups of atoms that move together when the cell is scaled: atoms connected by constraints, and single atoms. Only the
 * centres of the groups are scaled, so that constrained lengths stay; the pressure is then that of the centres.
 */
export interface ScalingGroups {
  /** [N] group of each atom. */
  readonly groupOf: Int32Array
  /** [N] g/mol */
  readonly masses: Float64Array
  /** [G] g/mol */
  readonly groupMasses: Float64Array
}

/** Groups of atoms for a set of constraints. @param masses [N] g/mol */
export function scalingGroups(
  masses: Float64Array,
  constraints: Pick<BondConstraints, 'atoms'>,
): ScalingGroups {
  const { join, root } = disjointSets(masses.length)
  for (let k = 0; k < constraints.atoms.length; k += 2) {
    join(constraints.atoms[k]!, constraints.atoms[k + 1]!)
  }
  const numbers = new Map<number, number>()
  const groupOf = Int32Array.from(masses, (_, i) => {
    const top = root(i)
    if (!numbers.has(top)) numbers.set(top, numbers.size)
    return numbers.get(top)!
  })
  const groupMasses = new Float64Array(numbers.size)
  masses.forEach((mass, i) => {
    groupMasses[groupOf[i]!]! += mass
  })
  return { groupOf, masses, groupMasses }
}

/** Mass-weighted mean of a [3N] quantity over each group, [3G]. */
function groupMeans(groups: ScalingGroups, values: Float64Array): Float64Array {
  const { groupOf, masses, groupMasses } = groups
  const means = new Float64Array(3 * groupMasses.length)
  for (let i = 0; i < masses.length; i++) {
    const weight = masses[i]! / groupMasses[groupOf[i]!]!
    for (let axis = 0; axis < 3; axis++) {
      const g = 3 * groupOf[i]! + axis
      means[g]! += weight * values[3 * i + axis]!
    }
  }
  return means
}

/**
 * Pressure of the centres of the groups, eV/Å³: (Σ_g M V² + Σ_g R·F) / 3V. The virial of the centres is that of the atoms
 * minus Σ_i (r_i − R_g)·f_i, in which periodic images and constraint forces play no part.
 * @param virial [9] eV @param forces [3N] eV/Å
 */
export function groupPressure(
  groups: ScalingGroups,
  state: State,
  virial: Float64Array,
  forces: Float64Array,
  constants: Constants,
): number {
  const { groupOf, groupMasses } = groups
  const centres = groupMeans(groups, state.positions)
  const velocities = groupMeans(groups, state.velocities)
  let sum = virial[0]! + virial[4]! + virial[8]!
  for (let k = 0; k < forces.length; k++) {
    const g = 3 * groupOf[Math.floor(k / 3)]! + (k % 3)
    sum -= (state.positions[k]! - centres[g]!) * forces[k]!
  }
  for (let g = 0; g < velocities.length; g++) {
    sum += (groupMasses[Math.floor(g / 3)]! * velocities[g]! ** 2) / constants.accelerationPerForce
  }
  return sum / (3 * state.box.volume)
}

/**
 * Scales the cell and the centres of the groups isotropically, in place.
 * @param factor linear factor
 * @param momenta true: the momenta of the centres are divided by the factor, which preserves phase-space volume
 */
export function scaleGroups(groups: ScalingGroups, state: State, factor: number, momenta: boolean): void {
  const { groupOf } = groups
  const shift = (values: Float64Array, by: number) => {
    const centres = groupMeans(groups, values)
    for (let k = 0; k < values.length; k++) {
      values[k]! += (by - 1) * centres[3 * groupOf[Math.floor(k / 3)]! + (k % 3)]!
    }
  }
  shift(state.positions, factor)
  if (momenta) shift(state.velocities, 1 / factor)
  state.box = scaleBox(state.box, factor)
}

/** The cell of a stage; all changes are isotropic. */
export type Cell =
  | { readonly kind: 'fixed' }
  | {
      /** Stochastic cell rescaling at constant pressure. */
      readonly kind: 'pressure'
      readonly pressure_bar: number
      /** Relaxation time of the volume, ps. */
      readonly time_ps: number
      /** Isothermal compressibility, 1/bar; it scales the steps of the barostat, not their mean. */
      readonly compressibility_per_bar: number
    }
  | {
      /** The density changes linearly in time to `end_g_per_cm3`. */
      readonly kind: 'densityRamp'
      readonly end_g_per_cm3: number
    }

/** Steps between changes of the cell; each change costs one more evaluation. */
export const STEPS_PER_RESCALING = 10

/** The changes of a cell that is not fixed, every `STEPS_PER_RESCALING` steps. */
export interface CellScaling {
  /** Quantities, besides forces, of the evaluation before a change. */
  readonly wants: Required<Want>
  /** True: the momenta of the centres are divided by the factor. */
  readonly momenta: boolean
  /** Returns the linear factor of the cell. @param done number of finished steps of the stage */
  factor(
    state: State,
    evaluation: Pick<Evaluation, 'forces' | 'virial'>,
    step: { readonly done: number; readonly temperature_K: number; readonly at: NoisePoint },
  ): number
}

/** The changes of the cell in a stage; null for a fixed cell. */
export function cellScaling(
  cell: Cell,
  stage: {
    readonly groups: ScalingGroups
    readonly constants: Constants
    readonly timestep_ps: number
    /** Length of the stage. */
    readonly steps: number
  },
): CellScaling | null {
  const { groups, constants, timestep_ps, steps } = stage
  switch (cell.kind) {
    case 'fixed':
      return null
    case 'pressure':
      return {
        wants: { energy: true, virial: true },
        momenta: true,
        factor(state, { virial, forces }, { temperature_K, at }) {
          const rescaling = {
            pressure: groupPressure(groups, state, virial, forces, constants),
            target: cell.pressure_bar / EV_PER_A3_IN_BAR,
            temperature_K,
            compressibility: cell.compressibility_per_bar * EV_PER_A3_IN_BAR,
            timeRatio: (STEPS_PER_RESCALING * timestep_ps) / cell.time_ps,
          }
          return cellRescalingFactor(state.box.volume, rescaling, at, constants)
        },
      }
    case 'densityRamp':
      return {
        wants: { energy: true, virial: false },
        momenta: false,
        factor(state, _, { done }) {
          // An equal share of the remaining difference in each change gives a straight line, also after a restart.
          const density = densityOf(groups.masses, state.box.volume)
          const left = Math.ceil(steps / STEPS_PER_RESCALING) - done / STEPS_PER_RESCALING
          return Math.cbrt(density / (density + (cell.end_g_per_cm3 - density) / left))
        },
      }
  }
}

/** Quantities of one step of stochastic cell rescaling. */
export interface CellRescaling {
  /** Present pressure of the groups, eV/Å³. */
  readonly pressure: number
  /** Target pressure, eV/Å³. */
  readonly target: number
  readonly temperature_K: number
  /** Å³/eV */
  readonly compressibility: number
  /** Time since the last rescaling divided by the relaxation time. */
  readonly timeRatio: number
}

/** Largest relative change of volume in one rescaling; a larger one is an error. */
const LARGEST_CHANGE = 0.3

/**
 * The linear factor of one step of stochastic cell rescaling, Bernetti & Bussi 2020, https://doi.org/10.1063/5.0020514,
 * as an Euler step in λ = √V, in which the noise does not depend on the volume:
 *
 *     dλ = −(β λ / 2τ) (P₀ − P − kT/2V) dt + √(kT β / 2τ) dW,    factor = ((λ + dλ)/λ)^⅔
 *
 * | equation                        | code                              |
 * |---------------------------------|-----------------------------------|
 * | P₀, P, eV/Å³                    | `target`, `pressure`              |
 * | β, isothermal compressibility, Å³/eV | `compressibility`            |
 * | dt/τ                            | `timeRatio`                       |
 * | λ, λ + dλ over λ, squared       | `root`, `ratio`                   |
 *
 * @param volume V, Å³
 * @throws SimulationError when the step would change the volume by more than `LARGEST_CHANGE`
 */
export function cellRescalingFactor(
  volume: number,
  rescaling: CellRescaling,
  at: NoisePoint,
  constants: Constants,
): number {
  const { pressure, target, compressibility, timeRatio } = rescaling
  const kT = constants.boltzmann_eV_per_K * rescaling.temperature_K
  const root = Math.sqrt(volume)
  const normal = normals(at.seed, STREAM.cellRescaling, at.step, 0)[0]
  const change =
    0.5 * compressibility * root * timeRatio * (pressure - target + kT / (2 * volume)) +
    Math.sqrt(0.5 * kT * compressibility * timeRatio) * normal
  const ratio = (1 + change / root) ** 2
  if (!(change > -root) || !(Math.abs(ratio - 1) <= LARGEST_CHANGE)) {
    throw new SimulationError({
      message: `the barostat would change the volume by ${(100 * (ratio - 1)).toPrecision(3)} % in one step`,
      where: `step ${at.step}`,
      hint: 'equilibrate at constant volume first, or take a longer barostat_time_ps or a smaller compressibility_per_bar',
    })
  }
  return Math.cbrt(ratio)
}
