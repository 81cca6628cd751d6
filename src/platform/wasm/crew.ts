import { SimulationError } from '../../errors.ts'
import type { Timings } from '../platform.ts'
import { watchBusyness } from './busyness.ts'
import type { CrewData } from './crewServer.ts'
import {
  ALONE,
  type Call,
  complaintOf,
  DONE,
  durationOf,
  FAILED,
  type Functions,
  HELPED,
  ISSUED,
  newBoard,
  numbered,
  SLOTS,
  takeJob,
  writeJob,
} from './jobs.ts'
import { compileKernels, isShared, type Kernels } from './kernels.ts'
import { startThread, turn } from './runtime.ts'

export type { Call } from './jobs.ts'

/** Calls that one thread makes one after another. */
export interface Job {
  /** What the time is booked on. */
  readonly part: keyof Timings
  readonly calls: readonly Call[]
}

/**
 * Threads that do jobs side by side on one memory; the calling thread is one of them. Jobs are taken in their order as
 * threads become free, so that load balances itself; results must not depend on who does what.
 */
export interface Crew {
  /** The calling one included. */
  readonly threads: number
  /** When all threads have started: until then those that have do the jobs. @throws SimulationError when one has not */
  ready(): Promise<void>
  /** Jobs that other threads than the calling one have done. */
  readonly helped: number
  /** Hands out jobs, and more of them before others are done; whoever waits begins at once. */
  start(jobs: readonly Job[]): void
  /**
   * Joins in until all jobs are done.
   * @throws SimulationError when a kernel or a thread has failed, with its cause
   */
  finish(): Promise<void>
  /** Does what only the calling thread can do, and books the time. */
  book<T>(part: keyof Timings, work: () => T): T
  /** Time that all threads have spent, over their number: what a thread waits for belongs to no part. */
  timings(): Timings
  dispose(): Promise<void>
}

export interface CrewOptions {
  readonly threads?: number | undefined
  /** What a worker thread runs, for tests. */
  readonly program?: URL | undefined
}

/** How often to look before sleeping: some hundred microseconds, longer than the last job of a round takes. */
const LOOKS = 20_000
/** After so long without a sign of life it is asked whether the other threads are still there. */
const PATIENCE_MS = 100

export function createCrew<Exports>(
  kernels: Kernels<Exports>,
  { threads: asked = 1, program }: CrewOptions = {},
): Crew {
  const threads = isShared(kernels.memory) ? asked : 1
  const board = newBoard(isShared(kernels.memory))
  const { control } = board
  // All exports are functions of numbers; `Exports` says which arguments they take.
  const functions = kernels.exports as unknown as Functions
  const names = numbered(functions)
  const byNumber = names.map(name => functions[name]!)
  const spent_ms: Timings = { pair: 0, kspace: 0, bonded: 0, neighbours: 0 }
  const busyness = watchBusyness()
  let outstanding: Job[] = []
  let failure: SimulationError | undefined
  const fail = (message: string) => {
    failure ??= new SimulationError({ message, where: 'simd platform' })
  }
  const data: CrewData = { module: compileKernels(kernels.memory).module, memory: kernels.memory, board }
  const workers = Array.from({ length: threads - 1 }, () =>
    startThread(data, cause => fail(`a worker thread ended: ${cause}`), program),
  )

  function start(jobs: readonly Job[]): void {
    if (failure) throw failure
    if (outstanding.length + jobs.length > SLOTS) throw new RangeError('too many jobs at once')
    const first = Atomics.load(control, ISSUED)
    jobs.forEach(({ calls }, k) => {
      writeJob(board, (first + k) | 0, calls, names)
    })
    if (outstanding.length === 0) busyness.begin()
    outstanding.push(...jobs)
    Atomics.store(control, ALONE, busyness.isAlone ? 1 : 0)
    Atomics.add(control, ISSUED, jobs.length)
    if (workers.length > 0 && !busyness.isAlone) Atomics.notify(control, ISSUED)
  }

  async function finish(): Promise<void> {
    const jobs = outstanding
    outstanding = []
    while (takeJob(board, byNumber)) {}
    busyness.wait()
    const issued = Atomics.load(control, ISSUED)
    for (let looks = 0; ; looks++) {
      const done = Atomics.load(control, DONE)
      if (done === issued) break
      if (looks < LOOKS || Atomics.wait(control, DONE, done, PATIENCE_MS) !== 'timed-out') continue
      // What has become of a worker is heard of only between events.
      await turn()
      if (failure) throw failure
    }
    if (workers.length > 0) busyness.end()
    if (Atomics.load(control, FAILED) === 1) fail(complaintOf(board, names))
    if (failure) throw failure
    jobs.forEach(({ part }, k) => {
      spent_ms[part] += durationOf(board, (issued - jobs.length + k) | 0)
    })
  }

  function book<T>(part: keyof Timings, work: () => T): T {
    const from = performance.now()
    const result = work()
    spent_ms[part] += performance.now() - from
    return result
  }

  function timings(): Timings {
    const { pair, kspace, bonded, neighbours } = spent_ms
    return {
      pair: pair / threads,
      kspace: kspace / threads,
      bonded: bonded / threads,
      neighbours: neighbours / threads,
    }
  }

  async function dispose(): Promise<void> {
    // An evaluation that is still going on waits for jobs that nobody does any more.
    fail('the evaluator has been disposed of')
    await Promise.all(workers.map(worker => worker.terminate()))
  }

  return {
    threads,
    ready: async () => {
      await Promise.all(workers.map(({ started }) => started))
    },
    get helped() {
      return Atomics.load(control, HELPED)
    },
    start,
    finish,
    book,
    timings,
    dispose,
  }
}
