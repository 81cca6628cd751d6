import type { State } from '../core/state.ts'
import { firstNonFinite } from '../core/state.ts'
import { SimulationError } from '../errors.ts'
import { fireStep, freshFire } from '../optimize/fire.ts'
import { type CurvaturePair, curvaturePair, LBFGS_MEMORY, lbfgsDirection } from '../optimize/lbfgs.ts'
import { addScaled, longestVector, withoutFrozen } from '../optimize/vectors.ts'
import type { Evaluation } from '../platform/platform.ts'

/** Result of a minimisation after some steps. */
export interface Minimization {
  readonly steps: number
  readonly energy_eV: number
  /** Largest force component on any atom that may move, eV/Å. */
  readonly fmax_eV_per_A: number
  /** True only when `fmax_eV_per_A` is at or below that of the options. */
  readonly converged: boolean
}

/** Stage of a protocol that minimises the energy at a fixed cell. */
export interface MinimizeStage {
  readonly name: string
  readonly kind: 'minimize'
  readonly method: 'fire' | 'lbfgs'
  /** Largest force component at which it stops, eV/Å. */
  readonly fmax_eV_per_A: number
  readonly max_steps: number
}

export interface MinimizeOptions extends Pick<MinimizeStage, 'method' | 'fmax_eV_per_A' | 'max_steps'> {
  evaluate(state: State): Promise<Pick<Evaluation, 'energy' | 'forces'>>
  /** [N] 1 for atoms that do not move and whose forces are ignored. */
  readonly frozen?: Uint8Array | null
  /** State from which L-BFGS continues, updated in place. Default: a new one. */
  readonly memory?: LbfgsMemory
}

/** State of L-BFGS between two steps without the positions; a relaxation continues from it to the same bits. */
export interface LbfgsMemory {
  steps: number
  /** Largest displacement of an atom in the next step, Å. */
  limit_A: number
  /** Oldest first. */
  pairs: readonly CurvaturePair[]
}

export const freshMemory = (): LbfgsMemory => ({ steps: 0, limit_A: LARGEST_STEP_A, pairs: [] })

/** Largest displacement of an atom in one step, Å. */
const LARGEST_STEP_A = 0.2

function largestComponent(values: Float64Array): number {
  let largest = 0
  for (let k = 0; k < values.length; k++) largest = Math.max(largest, Math.abs(values[k]!))
  return largest
}

/** Energy and a copy of the forces, zero where atoms are frozen. */
async function evaluateFinite(options: MinimizeOptions, state: State, step: number) {
  const evaluation = await options.evaluate(state)
  const forces = withoutFrozen(evaluation.forces, options.frozen ?? null)
  const bad = firstNonFinite(forces)
  if (bad >= 0 || !Number.isFinite(evaluation.energy)) {
    throw new SimulationError({
      message: 'energy or forces are not finite',
      where:
        bad >= 0 ? `minimisation step ${step}, atom ${Math.floor(bad / 3) + 1}` : `minimisation step ${step}`,
      hint: 'atoms may lie on top of one another: put a push-off stage before the minimisation',
    })
  }
  return { energy: evaluation.energy, forces }
}

/**
 * Relaxes positions in place at a fixed cell. Yields before the first step and after each step; ends when the forces are
 * at or below `fmax_eV_per_A`, after `max_steps`, or when no step lowers the energy.
 * @throws SimulationError when energy or forces are not finite
 */
export function minimization(state: State, options: MinimizeOptions): AsyncGenerator<Minimization> {
  return options.method === 'fire' ? fire(state, options) : lbfgs(state, options)
}

/** Relaxes positions in place at a fixed cell, see `minimization`, and returns the last result. */
export async function minimize(state: State, options: MinimizeOptions): Promise<Minimization> {
  let last: Minimization | undefined
  for await (const step of minimization(state, options)) last = step
  return last!
}

/** Number of consecutive steps uphill after which FIRE stops. */
const MOST_UPHILL = 2000

async function* fire(state: State, options: MinimizeOptions): AsyncGenerator<Minimization> {
  const { positions } = state
  let optimizer = freshFire
  for (let step = 0; ; step++) {
    const { energy, forces } = await evaluateFinite(options, state, step)
    const fmax = largestComponent(forces)
    const converged = fmax <= options.fmax_eV_per_A
    yield { steps: step, energy_eV: energy, fmax_eV_per_A: fmax, converged }
    if (converged || step === options.max_steps || optimizer.uphill > MOST_UPHILL) return
    const next = fireStep(optimizer, positions, forces, { stepCap_A: LARGEST_STEP_A })
    positions.set(next.positions)
    optimizer = next.state
  }
}

/** Curvature that L-BFGS assumes before its first step, eV/Å². */
const FIRST_CURVATURE = 70
/** Shortest step, Å: the energy differences of shorter steps are rounding errors. */
const SHORTEST_STEP_A = 1e-9

/** L-BFGS without line search: a step that raises the energy is undone, the memory cleared, and the cap halved. */
async function* lbfgs(state: State, options: MinimizeOptions): AsyncGenerator<Minimization> {
  const { positions } = state
  const memory = options.memory ?? freshMemory()
  let { energy, forces } = await evaluateFinite(options, state, memory.steps)
  for (;;) {
    const fmax = largestComponent(forces)
    const converged = fmax <= options.fmax_eV_per_A
    yield { steps: memory.steps, energy_eV: energy, fmax_eV_per_A: fmax, converged }
    if (converged || memory.steps === options.max_steps || memory.limit_A < SHORTEST_STEP_A) return
    memory.steps++

    const direction = lbfgsDirection(memory.pairs, forces, FIRST_CURVATURE)
    const longest = longestVector(direction)
    const length = Math.min(memory.limit_A, longest)
    const cap = length / longest
    const moved = direction.map(value => cap * value)
    const old = positions.slice()
    addScaled(positions, 1, moved)
    const next = await evaluateFinite(options, state, memory.steps)
    if (next.energy > energy + 1e-12 * Math.abs(energy)) {
      positions.set(old)
      memory.pairs = []
      memory.limit_A = 0.5 * length
      continue
    }
    const pair = curvaturePair(
      moved,
      forces.map((force, k) => force - next.forces[k]!),
    )
    if (pair) memory.pairs = [...memory.pairs, pair].slice(-LBFGS_MEMORY)
    memory.limit_A = Math.min(2 * memory.limit_A, LARGEST_STEP_A)
    energy = next.energy
    forces = next.forces
  }
}
