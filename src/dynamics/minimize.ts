import type { State } from '../core/state.ts'
import { SimulationError } from '../errors.ts'
import type { Evaluation } from '../platform/platform.ts'
import { firstNonFinite } from './observe.ts'
import type { MinimizeStage } from './protocol.ts'

export interface Minimization {
  readonly steps: number
  readonly energy_eV: number
  /** Largest force component, eV/Å. */
  readonly fmax_eV_per_A: number
  /** True only when `fmax` is at or below the one asked for. */
  readonly converged: boolean
}

export interface MinimizeOptions extends Pick<MinimizeStage, 'method' | 'fmax_eV_per_A' | 'max_steps'> {
  evaluate(state: State): Promise<Pick<Evaluation, 'energy' | 'forces'>>
}

/** Furthest that one step takes any atom, Å. */
const LARGEST_STEP_A = 0.2

/** Largest absolute component. */
function largestComponent(values: Float64Array): number {
  let largest = 0
  for (let k = 0; k < values.length; k++) largest = Math.max(largest, Math.abs(values[k]!))
  return largest
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!
  return sum
}

/** a ← a + scale b */
function addScaled(a: Float64Array, scale: number, b: Float64Array): void {
  for (let k = 0; k < a.length; k++) a[k]! += scale * b[k]!
}

/** Longest displacement of any atom. @param displacements [3N] */
function longestMove(displacements: Float64Array): number {
  let largest = 0
  for (let k = 0; k < displacements.length; k += 3) {
    const squared = displacements[k]! ** 2 + displacements[k + 1]! ** 2 + displacements[k + 2]! ** 2
    largest = Math.max(largest, squared)
  }
  return Math.sqrt(largest)
}

async function evaluateFinite(options: MinimizeOptions, state: State, step: number) {
  const evaluation = await options.evaluate(state)
  const bad = firstNonFinite(evaluation.forces)
  if (bad >= 0 || !Number.isFinite(evaluation.energy)) {
    throw new SimulationError({
      message: 'energy or forces are not finite',
      where:
        bad >= 0 ? `minimisation step ${step}, atom ${Math.floor(bad / 3) + 1}` : `minimisation step ${step}`,
      hint: 'atoms may lie on top of one another: put a push-off stage before the minimisation',
    })
  }
  return evaluation
}

/**
 * Relaxes positions in place at fixed cell, one yield per step (the first before any step); ends when `fmax` is
 * reached, after `max_steps`, or when no step lowers the energy any more.
 * @throws SimulationError when energy or forces are not finite
 */
export function minimization(state: State, options: MinimizeOptions): AsyncGenerator<Minimization> {
  return options.method === 'fire' ? fire(state, options) : lbfgs(state, options)
}

/** As `minimization`, to its end. */
export async function minimize(state: State, options: MinimizeOptions): Promise<Minimization> {
  let last: Minimization | undefined
  for await (const step of minimization(state, options)) last = step
  return last!
}

/** Parameters of FIRE 2.0 as published; times are for unit masses in eV, Å. */
const FIRE = {
  timestep: 0.1,
  longest: 1,
  shortest: 0.002,
  delay: 20,
  grow: 1.1,
  shrink: 0.5,
  mixing: 0.25,
  mixingShrink: 0.99,
  mostUphill: 2000,
}

/**
 * FIRE 2.0: Guénolé et al. 2020, https://doi.org/10.1016/j.commatsci.2020.109584, with semi-implicit Euler steps and
 * half a step back when the motion turns uphill. All atoms weigh the same.
 */
async function* fire(state: State, options: MinimizeOptions): AsyncGenerator<Minimization> {
  const { positions } = state
  const velocity = new Float64Array(positions.length)
  const displacement = new Float64Array(positions.length)
  let { timestep, mixing } = FIRE
  let downhill = 0
  let uphill = 0
  for (let step = 0; ; step++) {
    const { energy, forces } = await evaluateFinite(options, state, step)
    const fmax = largestComponent(forces)
    const converged = fmax <= options.fmax_eV_per_A
    yield { steps: step, energy_eV: energy, fmax_eV_per_A: fmax, converged }
    if (converged || step === options.max_steps || uphill > FIRE.mostUphill) return
    if (step === 0 || dot(forces, velocity) > 0) {
      uphill = 0
      if (++downhill > FIRE.delay) {
        timestep = Math.min(timestep * FIRE.grow, FIRE.longest)
        mixing *= FIRE.mixingShrink
      }
    } else {
      downhill = 0
      uphill++
      if (step >= FIRE.delay) {
        timestep = Math.max(timestep * FIRE.shrink, FIRE.shortest)
        mixing = FIRE.mixing
      }
      addScaled(positions, -0.5, displacement)
      velocity.fill(0)
    }
    addScaled(velocity, timestep, forces)
    const alongForce = mixing * Math.sqrt(dot(velocity, velocity) / dot(forces, forces))
    for (let k = 0; k < velocity.length; k++) {
      velocity[k] = (1 - mixing) * velocity[k]! + alongForce * forces[k]!
      displacement[k] = timestep * velocity[k]!
    }
    const cap = Math.min(1, LARGEST_STEP_A / longestMove(displacement))
    for (let k = 0; k < displacement.length; k++) displacement[k]! *= cap
    addScaled(positions, 1, displacement)
  }
}

/** Pairs of (step, change of gradient) that L-BFGS remembers. */
const MEMORY = 25
/** Curvature that L-BFGS assumes before it has seen any, eV/Å². */
const FIRST_CURVATURE = 70
/** Steps that must be shorter than this, Å, say that the energy can no longer tell up from down. */
const SHORTEST_STEP_A = 1e-9

/**
 * L-BFGS: Nocedal 1980, https://doi.org/10.1090/S0025-5718-1980-0572855-7, without a line search: a step is capped,
 * and one that raises the energy is taken back, the memory dropped and the cap halved.
 */
async function* lbfgs(state: State, options: MinimizeOptions): AsyncGenerator<Minimization> {
  const { positions } = state
  const direction = new Float64Array(positions.length)
  const memory: { step: Float64Array; change: Float64Array; inverse: number }[] = []
  let limit = LARGEST_STEP_A
  const first = await evaluateFinite(options, state, 0)
  let energy = first.energy
  let forces = first.forces.slice()
  for (let step = 0; ; ) {
    const fmax = largestComponent(forces)
    const converged = fmax <= options.fmax_eV_per_A
    yield { steps: step, energy_eV: energy, fmax_eV_per_A: fmax, converged }
    if (converged || step === options.max_steps || limit < SHORTEST_STEP_A) return
    step++

    direction.set(forces)
    const weights = memory.map(() => 0)
    for (let m = memory.length - 1; m >= 0; m--) {
      weights[m] = memory[m]!.inverse * dot(memory[m]!.step, direction)
      addScaled(direction, -weights[m]!, memory[m]!.change)
    }
    const newest = memory.at(-1)
    const scale = newest ? 1 / (newest.inverse * dot(newest.change, newest.change)) : 1 / FIRST_CURVATURE
    for (let k = 0; k < direction.length; k++) direction[k]! *= scale
    memory.forEach((pair, m) => {
      addScaled(direction, weights[m]! - pair.inverse * dot(pair.change, direction), pair.step)
    })

    const length = Math.min(limit, longestMove(direction))
    const cap = length / longestMove(direction)
    const moved = direction.map(value => cap * value)
    const old = positions.slice()
    addScaled(positions, 1, moved)
    const next = await evaluateFinite(options, state, step)
    if (next.energy > energy + 1e-12 * Math.abs(energy)) {
      positions.set(old)
      memory.length = 0
      limit = 0.5 * length
      continue
    }
    const change = forces.map((force, k) => force - next.forces[k]!)
    const curvature = dot(moved, change)
    if (curvature > 0) {
      memory.push({ step: moved, change, inverse: 1 / curvature })
      if (memory.length > MEMORY) memory.shift()
    }
    limit = Math.min(2 * limit, LARGEST_STEP_A)
    energy = next.energy
    forces = next.forces.slice()
  }
}
