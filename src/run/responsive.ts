import { setImmediate } from 'node:timers/promises'
import { type Evaluator, withPauses } from '../platform/platform.ts'

/** Longest time that signals, timers and messages wait, in addition to one evaluation, ms. */
const INTERVAL_MS = 20

/** Time of the last turn of the event loop, ms, for all evaluators of the process. */
let turned = performance.now()

/**
 * Returns the evaluator with regular turns of the event loop, also between the turns of a device. Promises alone never let
 * it turn: a run on a platform that computes in this thread would notice neither Ctrl-C nor a time limit before its end.
 */
export const responsive = (evaluator: Evaluator): Evaluator => withPauses(evaluator, turn)

async function turn(): Promise<void> {
  if (performance.now() - turned <= INTERVAL_MS) return
  await setImmediate()
  turned = performance.now()
}
