import { parentPort, workerData } from 'node:worker_threads'
import { ALONE, type Board, type Functions, HELPED, ISSUED, numbered, takeJob } from './jobs.ts'

/** What a thread of a crew is given when it starts. */
export interface CrewData {
  readonly module: WebAssembly.Module
  readonly memory: WebAssembly.Memory
  readonly board: Board
}

/** How often a thread looks for work before it sleeps: some ten microseconds, less than the time from step to step. */
const LOOKS = 5000

/** Does jobs for as long as the thread lives. */
export function serveCrew(): void {
  const { module, memory, board }: CrewData = workerData
  // The compiler of the kernels knows no other exports than functions of numbers.
  const exports = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Functions
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
