import { scaleBox } from '../core/box.ts'
import { copyState, type State } from '../core/state.ts'
import { densityOf } from '../core/system.ts'
import { disjointSets } from '../core/topology.ts'
import { SimulationError } from '../errors.ts'
import type { Evaluation, Want } from '../platform/platform.ts'
import { normals, STREAM } from '../rng.ts'
import { type Constants, EV_PER_A3_IN_BAR } from '../units.ts'
import type { NoisePoint } from './thermostat.ts'

/**
 * Atoms that move as one when the cell is scaled; only the centres of the groups are scaled, and the pressure that
 * belongs to it is that of the centres. At constant pressure a group is a molecule, so that bonds and angles keep their
 * lengths and no heat flows through them; in a density ramp the atoms that constraints tie.
 */
export interface ScalingGroups {
  /** [N] group of each atom. */
  readonly groupOf: Int32Array
  /** [N] g/mol */
  readonly masses: Float64Array
  /** [G] g/mol */
  readonly groupMasses: Float64Array
}

/**
 * The atoms that a chain of pairs connects form a group; every other atom is a group of its own.
 * @param masses [N] g/mol @param pairs [2M] atom indices
 */
export function scalingGroups(masses: Float64Array, pairs: ArrayLike<number>): ScalingGroups {
  const { join, root } = disjointSets(masses.length)
  for (let k = 0; k < pairs.length; k += 2) join(pairs[k]!, pairs[k + 1]!)
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

/** Evaluates the state of a step that is being made; it may be a copy that was scaled. */
type Evaluate = (state: State, want: Want) => Promise<Evaluation>

/** The changes of a cell that is not fixed. */
export interface CellScaling {
  /** Number of steps between changes. */
  readonly every: number
  /** Needed of the evaluation before the change, besides forces. */
  readonly wants: Required<Want>
  /** True: the momenta of the centres are divided by the factor. */
  readonly momenta: boolean
  /** Returns the linear factor by which the cell changes. @param step with the steps of the stage `done` so far */
  factor(
    state: State,
    evaluation: Pick<Evaluation, 'forces' | 'virial'>,
    step: { readonly done: number; readonly temperature_K: number; readonly at: NoisePoint },
    evaluate: Evaluate,
  ): number | Promise<number>
}

/** Steps between changes of a density ramp, each of which costs one more evaluation (chosen). */
const STEPS_PER_RAMP_CHANGE = 10
/** Steps between changes of a cell at constant pressure, each of which costs two more evaluations (chosen). */
const STEPS_PER_RESCALING = 20

/** The changes of a stage's cell; null for a fixed one. */
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
        every: STEPS_PER_RESCALING,
        wants: { energy: true, virial: true },
        momenta: true,
        async factor(state, { virial, forces }, { temperature_K, at }, evaluate) {
          const pressure = groupPressure(groups, state, virial, forces, constants)
          const rescaling = {
            pressure,
            modulus: await groupModulus(groups, state, pressure, evaluate, constants),
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
        every: STEPS_PER_RAMP_CHANGE,
        wants: { energy: true, virial: false },
        momenta: false,
        factor(state, _, { done }) {
          // An equal share of the remaining difference in each change gives a straight line, also after a restart.
          const density = densityOf(groups.masses, state.box.volume)
          const left = Math.ceil(steps / STEPS_PER_RAMP_CHANGE) - done / STEPS_PER_RAMP_CHANGE
          return Math.cbrt(density / (density + (cell.end_g_per_cm3 - density) / left))
        },
      }
  }
}

/** Relative change of the volume by which the modulus is measured (chosen: far above single precision, far below a contact). */
const MODULUS_STEP = 1e-3

/**
 * Modulus −V dP/dV of the pressure on the groups as cell and groups are scaled without any relaxation, eV/Å³, from a
 * finite difference.
 * @param pressure that on the groups of `state`, eV/Å³
 */
async function groupModulus(
  groups: ScalingGroups,
  state: State,
  pressure: number,
  evaluate: Evaluate,
  constants: Constants,
): Promise<number> {
  const scaled = copyState(state)
  scaleGroups(groups, scaled, Math.cbrt(1 + MODULUS_STEP), true)
  const { virial, forces } = await evaluate(scaled, { energy: false, virial: true })
  return (pressure - groupPressure(groups, scaled, virial, forces, constants)) / MODULUS_STEP
}

export interface CellRescaling {
  /** Present pressure of the groups, eV/Å³. */
  readonly pressure: number
  /** −V dP/dV as cell and groups are scaled, eV/Å³: that of the molecules' contacts, far above that of the liquid. */
  readonly modulus: number
  /** eV/Å³ */
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
 * in λ = √V, in which the noise does not depend on the volume:
 *
 *     dλ = f dt + √(kT β / 2τ) dW,    f = −(β λ / 2τ) (P₀ − P − kT/2V)
 *
 * P changes with V by a modulus K that is hundreds of times 1/β, so that an Euler step is unstable where
 * (β/τ) K dt > 2. The step is therefore the exact one of the equation with f taken as linear in λ (an exponential Euler
 * step): f' = (β/2τ) (P − P₀ − 2K − kT/2V) and z = f' dt give
 *
 *     Δλ = f dt φ(z) + √(kT β dt/2τ · φ(2z)) N(0, 1),    φ(z) = (e^z − 1)/z,    factor = ((λ + Δλ)/λ)^⅔
 *
 * It is stable for any dt, the same as the Euler step for a soft cell, and draws the volume from the Boltzmann
 * distribution of the scaled positions for a stiff one. Where f grows with λ the Euler step is taken (z = 0).
 *
 * | equation                        | code                              |
 * |---------------------------------|-----------------------------------|
 * | P₀, P, K, eV/Å³                 | `target`, `pressure`, `modulus`   |
 * | β, isothermal compressibility, Å³/eV | `compressibility`            |
 * | dt/τ                            | `timeRatio`                       |
 * | λ, λ + Δλ over λ, squared       | `root`, `ratio`                   |
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
  const { pressure, modulus, target, compressibility, timeRatio } = rescaling
  const kT = constants.boltzmann_eV_per_K * rescaling.temperature_K
  const root = Math.sqrt(volume)
  const mobility = 0.5 * compressibility * timeRatio
  const excess = pressure - target
  const z = Math.min(0, mobility * (excess - 2 * modulus - kT / (2 * volume)))
  const normal = normals(at.seed, STREAM.cellRescaling, at.step, 0)[0]
  const change =
    mobility * root * (excess + kT / (2 * volume)) * relaxed(z) +
    Math.sqrt(mobility * kT * relaxed(2 * z)) * normal
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

/** (e^z − 1)/z; 1 for z = 0. */
const relaxed = (z: number) => (z === 0 ? 1 : Math.expm1(z) / z)
