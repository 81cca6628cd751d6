import { addScaled, dot, longestVector } from './vectors.ts'

/** Published parameters of FIRE 2.0. Masses are 1, so that times are in Å/√eV. */
const FIRE = {
  timestep: 0.1,
  longest: 1,
  shortest: 0.002,
  delay: 20,
  grow: 1.1,
  shrink: 0.5,
  mixing: 0.25,
  mixingShrink: 0.99,
}

/** State of FIRE between two steps. */
export interface FireState {
  readonly kind: 'fire'
  readonly steps: number
  readonly timestep: number
  readonly mixing: number
  /** Numbers of consecutive steps downhill and uphill. */
  readonly downhill: number
  readonly uphill: number
  /** Velocity and last displacement; null before the first step. */
  readonly motion: { readonly velocity: Float64Array; readonly displacement: Float64Array } | null
}

export const freshFire: FireState = {
  kind: 'fire',
  steps: 0,
  timestep: FIRE.timestep,
  mixing: FIRE.mixing,
  downhill: 0,
  uphill: 0,
  motion: null,
}

/**
 * Makes one step of FIRE 2.0 (Guénolé et al. 2020, https://doi.org/10.1016/j.commatsci.2020.109584) with semi-implicit
 * Euler integration and half a step back when the motion turns uphill. All masses are 1.
 * @param positions [3N] Å @param forces [3N] eV/Å; both stay unchanged
 * @param options.stepCap_A largest displacement of an atom in one step, Å
 */
export function fireStep(
  state: FireState,
  positions: Float64Array,
  forces: Float64Array,
  options: { readonly stepCap_A: number },
): { state: FireState; positions: Float64Array } {
  let { timestep, mixing, downhill, uphill } = state
  const velocity = state.motion?.velocity.slice() ?? new Float64Array(forces.length)
  const displacement = new Float64Array(forces.length)
  const next = positions.slice()
  if (!state.motion || dot(forces, velocity) > 0) {
    uphill = 0
    if (++downhill > FIRE.delay) {
      timestep = Math.min(timestep * FIRE.grow, FIRE.longest)
      mixing *= FIRE.mixingShrink
    }
  } else {
    downhill = 0
    uphill++
    if (state.steps >= FIRE.delay) {
      timestep = Math.max(timestep * FIRE.shrink, FIRE.shortest)
      mixing = FIRE.mixing
    }
    addScaled(next, -0.5, state.motion.displacement)
    velocity.fill(0)
  }
  addScaled(velocity, timestep, forces)
  const pull = dot(forces, forces)
  const alongForce = pull > 0 ? mixing * Math.sqrt(dot(velocity, velocity) / pull) : 0
  for (let k = 0; k < velocity.length; k++) {
    velocity[k] = (1 - mixing) * velocity[k]! + alongForce * forces[k]!
    displacement[k] = timestep * velocity[k]!
  }
  const cap = Math.min(1, options.stepCap_A / longestVector(displacement))
  for (let k = 0; k < displacement.length; k++) displacement[k]! *= cap
  addScaled(next, 1, displacement)
  const motion = { velocity, displacement }
  return {
    state: { kind: 'fire', steps: state.steps + 1, timestep, mixing, downhill, uphill, motion },
    positions: next,
  }
}
