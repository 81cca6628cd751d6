import { parentPort, workerData } from 'node:worker_threads'
import { ALONE, type CrewData, HELPED, ISSUED, numbered, takeJob } from './jobs.ts'
import { functionsOf } from './kernels.ts'

/** Number of checks for work before a thread sleeps: some ten µs, less than the time between two steps. */
const LOOKS = 5000

/** Does jobs for as long as the thread lives. */
export function serveCrew(): void {
  const { module, memory, board }: CrewData = workerData
  const exports = functionsOf(module, memory)
  const kernels = numbered(exports).map(name => exports[name]!)
  parentPort!.postMessage('started')
  for (;;) {
    const issued = Atomics.load(board.control, ISSUED)
    while (Atomics.load(board.control, ALONE) === 0 && takeJob(board, kernels))
      Atomics.add(board.control, HELPED, 1)
    let looks = 0
    while (looks < LOOKS && Atomics.load(board.control, ISSUED) === issued) looks++
    Atomics.wait(board.control, ISSUED, issued)
  }
}
