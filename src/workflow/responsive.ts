import { setImmediate } from 'node:timers/promises'
import type { Evaluator } from '../platform/platform.ts'

/** How long signals, timers and messages wait at most, beside one evaluation. */
const INTERVAL_MS = 20

/** When the event loop was last let turn; it is the process's own, whatever evaluators come and go. */
let turned = performance.now()

/**
 * The same evaluator, but one that lets the event loop turn now and then. Promises alone never do: a run on a platform
 * that computes in this thread would hear neither Ctrl-C nor a time limit before its end.
 */
export function responsive(evaluator: Evaluator): Evaluator {
  return {
    ...evaluator,
    async evaluate(state, want) {
      if (performance.now() - turned > INTERVAL_MS) {
        await setImmediate()
        turned = performance.now()
      }
      return evaluator.evaluate(state, want)
    },
  }
}
