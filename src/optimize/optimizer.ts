import { type FireState, fireStep, freshFire } from './fire.ts'
import { freshLbfgs, type LbfgsOptions, type LbfgsState, lbfgsStep } from './lbfgs.ts'
import { dot } from './vectors.ts'

export type OptimizerName = 'lbfgs' | 'fire'

/** State of an optimiser between two steps. Immutable, so that a caller can return to an earlier state. */
export type OptimizerState = LbfgsState | FireState

export type OptimizerOptions = LbfgsOptions

/** State of an optimiser as plain data for JSON, without loss. */
export type OptimizerData =
  | {
      readonly kind: 'lbfgs'
      readonly pairs: readonly { readonly step: readonly number[]; readonly change: readonly number[] }[]
      readonly last: { readonly step: readonly number[]; readonly forces: readonly number[] } | null
    }
  | (Omit<FireState, 'motion'> & {
      readonly motion: {
        readonly velocity: readonly number[]
        readonly displacement: readonly number[]
      } | null
    })

/** State of an optimiser before its first step. */
export function startOptimizer(name: OptimizerName): OptimizerState {
  return name === 'fire' ? freshFire : freshLbfgs
}

/**
 * Makes one step along forces, which need not be the gradient of an energy.
 * @param positions [3N] Å @param forces [3N] eV/Å, zero for atoms that must not move; both stay unchanged
 */
export function optimizerStep(
  state: OptimizerState,
  positions: Float64Array,
  forces: Float64Array,
  options: OptimizerOptions,
): { state: OptimizerState; positions: Float64Array } {
  return state.kind === 'fire'
    ? fireStep(state, positions, forces, options)
    : lbfgsStep(state, positions, forces, options)
}

/** Returns a state as plain data for JSON. */
export function optimizerData(state: OptimizerState): OptimizerData {
  const plain = (values: Float64Array) => Array.from(values)
  if (state.kind === 'fire') {
    const { motion } = state
    return {
      ...state,
      motion: motion && { velocity: plain(motion.velocity), displacement: plain(motion.displacement) },
    }
  }
  const { pairs, last } = state
  return {
    kind: 'lbfgs',
    pairs: pairs.map(({ step, change }) => ({ step: plain(step), change: plain(change) })),
    last: last && { step: plain(last.step), forces: plain(last.forces) },
  }
}

/** Returns the state that `optimizerData` wrote, to the last bit. */
export function optimizerState(data: OptimizerData): OptimizerState {
  const typed = (values: readonly number[]) => Float64Array.from(values)
  if (data.kind === 'fire') {
    const { motion } = data
    return {
      ...data,
      motion: motion && { velocity: typed(motion.velocity), displacement: typed(motion.displacement) },
    }
  }
  const { pairs, last } = data
  return {
    kind: 'lbfgs',
    pairs: pairs.map(pair => {
      const step = typed(pair.step)
      const change = typed(pair.change)
      return { step, change, inverse: 1 / dot(step, change) }
    }),
    last: last && { step: typed(last.step), forces: typed(last.forces) },
  }
}
