import { addScaled, dot, longestVector } from './vectors.ts'

/** A step and the change of the gradient along it. */
export interface CurvaturePair {
  readonly step: Float64Array
  readonly change: Float64Array
  /** 1/(step · change), greater than zero. */
  readonly inverse: number
}

/** State of L-BFGS between two steps. */
export interface LbfgsState {
  readonly kind: 'lbfgs'
  /** Remembered pairs, the oldest first. */
  readonly pairs: readonly CurvaturePair[]
  /** The last step, and the forces at its start; null before the first step. */
  readonly last: { readonly step: Float64Array; readonly forces: Float64Array } | null
}

export interface LbfgsOptions {
  /** Largest displacement of an atom in one step, Å. */
  readonly stepCap_A: number
  /** Curvature that is assumed before a pair is known, eV/Å². */
  readonly firstCurvature_eV_per_A2: number
}

/** Number of pairs that are remembered. */
export const LBFGS_MEMORY = 25

export const freshLbfgs: LbfgsState = { kind: 'lbfgs', pairs: [], last: null }

/** The pair of a step, or null where the curvature along it is not positive. */
export function curvaturePair(step: Float64Array, change: Float64Array): CurvaturePair | null {
  const curvature = dot(step, change)
  return curvature > 0 ? { step, change, inverse: 1 / curvature } : null
}

/**
 * The quasi-Newton step H·F by the two-loop recursion: Nocedal 1980,
 * https://doi.org/10.1090/S0025-5718-1980-0572855-7, scaled by the newest pair.
 * @param forces eV/Å, any length @returns step of the same length, Å
 */
export function lbfgsDirection(
  pairs: readonly CurvaturePair[],
  forces: Float64Array,
  firstCurvature_eV_per_A2: number,
): Float64Array {
  const direction = forces.slice()
  const weights = pairs.map(() => 0)
  for (let m = pairs.length - 1; m >= 0; m--) {
    weights[m] = pairs[m]!.inverse * dot(pairs[m]!.step, direction)
    addScaled(direction, -weights[m]!, pairs[m]!.change)
  }
  const newest = pairs.at(-1)
  const scale = newest
    ? 1 / (newest.inverse * dot(newest.change, newest.change))
    : 1 / firstCurvature_eV_per_A2
  for (let k = 0; k < direction.length; k++) direction[k]! *= scale
  pairs.forEach((pair, m) => {
    addScaled(direction, weights[m]! - pair.inverse * dot(pair.change, direction), pair.step)
  })
  return direction
}

/**
 * Makes one step of L-BFGS without line search and without energies, for forces that are not a gradient (a band). The
 * memory is cleared if the curvature is not positive or if the step would point against the forces.
 * @param positions [3N] Å @param forces [3N] eV/Å; both stay unchanged
 */
export function lbfgsStep(
  state: LbfgsState,
  positions: Float64Array,
  forces: Float64Array,
  options: LbfgsOptions,
): { state: LbfgsState; positions: Float64Array } {
  let pairs = state.pairs
  if (state.last) {
    const before = state.last.forces
    const change = forces.map((force, k) => before[k]! - force)
    const pair = curvaturePair(state.last.step, change)
    pairs = pair ? [...pairs, pair].slice(-LBFGS_MEMORY) : []
  }
  let step = lbfgsDirection(pairs, forces, options.firstCurvature_eV_per_A2)
  if (dot(step, forces) <= 0) {
    pairs = []
    step = lbfgsDirection(pairs, forces, options.firstCurvature_eV_per_A2)
  }
  const scale = Math.min(1, options.stepCap_A / longestVector(step))
  if (scale < 1) for (let k = 0; k < step.length; k++) step[k]! *= scale
  const next = positions.slice()
  addScaled(next, 1, step)
  return { state: { kind: 'lbfgs', pairs, last: { step, forces } }, positions: next }
}
