import type { Box } from './box.ts'

/** Positions, velocities and cell at one time. Integrators return a new state or advance it in place; evaluators do not. */
export interface State {
  /** [3N] Å, unwrapped: a trajectory of positions is continuous across the cell's faces. */
  readonly positions: Float64Array
  /** [3N] Å/ps */
  readonly velocities: Float64Array
  box: Box
  step: number
  time_ps: number
}

/** The state at step 0. @param positions [3N] Å @param velocities [3N] Å/ps. Default: zero. */
export function createState(positions: ArrayLike<number>, box: Box, velocities?: ArrayLike<number>): State {
  return {
    positions: Float64Array.from(positions),
    velocities: velocities ? Float64Array.from(velocities) : new Float64Array(positions.length),
    box,
    step: 0,
    time_ps: 0,
  }
}

/** A copy of a state that shares no positions or velocities with it. */
export function copyState(state: State): State {
  return { ...state, positions: state.positions.slice(), velocities: state.velocities.slice() }
}

/** Index of the first value that is not finite; −1 if there is none. */
export function firstNonFinite(values: Float64Array): number {
  let sum = 0
  for (let k = 0; k < values.length; k++) sum += values[k]!
  return Number.isFinite(sum) ? -1 : values.findIndex(value => !Number.isFinite(value))
}
