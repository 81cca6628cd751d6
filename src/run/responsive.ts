import { setImmediate } from 'node:timers/promises'
import type { Evaluator } from '../platform/platform.ts'

/** Longest time that signals, timers and messages wait, in addition to one evaluation, ms. */
const INTERVAL_MS = 20

/** When the event loop was last let turn; it is the process's own, whatever evaluators come and go. */
let turned = performance.now()

/**
 * The same evaluator, but one that lets the event loop turn now and then, also between the turns of a device. Promises
 * alone never do: a run on a platform that computes in this thread would hear neither Ctrl-C nor a time limit before its
 * end.
 */
export function responsive(evaluator: Evaluator): Evaluator {
  const { integrator } = evaluator
  return {
    ...evaluator,
    async evaluate(state, want) {
      await turn()
      return evaluator.evaluate(state, want)
    },
    ...(integrator && {
      integrator(step) {
        const inner = integrator(step)
        return {
          async advance(state, steps) {
            await turn()
            return inner.advance(state, steps)
          },
        }
      },
    }),
  }
}

async function turn(): Promise<void> {
  if (performance.now() - turned <= INTERVAL_MS) return
  await setImmediate()
  turned = performance.now()
}
