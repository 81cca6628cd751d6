import { SimulationError } from '../../errors.ts'
import type { Timings } from '../platform.ts'
import {
  ALONE,
  type Call,
  type CrewData,
  complaintOf,
  DONE,
  durationOf,
  FAILED,
  HELPED,
  ISSUED,
  newBoard,
  numbered,
  SLOTS,
  takeJob,
  writeJob,
} from './jobs.ts'
import { compileKernels, type Kernels } from './kernels.ts'
import { isShared } from './memory.ts'
import { availableParallelism, startThread, turn } from './runtime.ts'

/** Fewest atoms per thread: below, a thread waits for the others longer than it works. */
const ATOMS_PER_THREAD = 400
/** Bonded terms and the mesh are each the work of one thread: more threads would wait for these. */
const MOST_THREADS = 8

export const mostThreads = () => Math.min(availableParallelism(), MOST_THREADS)

/** Returns the number of threads that a system of so many atoms keeps busy. */
export const usefulThreads = (atomCount: number) =>
  Math.max(1, Math.min(mostThreads(), Math.floor(atomCount / ATOMS_PER_THREAD)))

/** Calls that one thread makes one after another. */
export interface Job {
  /** The part of an evaluation on which the time is booked. */
  readonly part: keyof Timings
  readonly calls: readonly Call[]
}

/**
 * Threads that do jobs side by side on one memory; the calling thread is one of them. Jobs are taken in their order as
 * threads become free, so that load balances itself; results must not depend on which thread does a job.
 */
export interface Crew {
  /** Number of threads, the calling one included. */
  readonly threads: number
  /** Waits until all threads have started; until then the others do the jobs. @throws SimulationError when one fails to start */
  ready(): Promise<void>
  /** Number of jobs done by other threads than the calling one. */
  readonly helped: number
  /** Hands out jobs, possibly before earlier ones are done; waiting threads begin at once. */
  start(jobs: readonly Job[]): void
  /**
   * Takes part until all jobs are done.
   * @throws SimulationError when a kernel or a thread has failed, with its cause
   */
  finish(): Promise<void>
  /** Does work that only the calling thread can do, and books the time. */
  book<T>(part: keyof Timings, work: () => T): T
  /** Time spent by all threads, divided by their number; waiting belongs to no part. */
  timings(): Timings
  dispose(): Promise<void>
}

export interface CrewOptions {
  readonly threads?: number | undefined
  /** Program of a worker thread, for tests. */
  readonly program?: URL | undefined
}

/** Number of checks for the end of other jobs before the thread sleeps: some hundred µs, longer than the last job. */
const LOOKS = 20_000
/** Time without progress after which the crew checks that its threads still run, ms. */
const PATIENCE_MS = 100

export function createCrew(kernels: Kernels, { threads: asked = 1, program }: CrewOptions = {}): Crew {
  const threads = isShared(kernels.memory) ? asked : 1
  const board = newBoard(isShared(kernels.memory))
  const { control } = board
  const names = numbered(kernels.exports)
  const byNumber = names.map(name => kernels.exports[name as keyof Kernels['exports']])
  const times = createTimes(threads)
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
      // The end of a worker is reported only between events.
      await turn()
      if (failure) throw failure
    }
    if (workers.length > 0) busyness.end()
    if (Atomics.load(control, FAILED) === 1) fail(complaintOf(board, names))
    if (failure) throw failure
    jobs.forEach(({ part }, k) => {
      times.add(part, durationOf(board, (issued - jobs.length + k) | 0))
    })
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
    book: times.book,
    timings: times.perThread,
    async dispose() {
      // An evaluation in progress waits for jobs that no thread will do any more.
      fail('the evaluator has been disposed of')
      await Promise.all(workers.map(worker => worker.terminate()))
    },
  }
}

function createTimes(threads: number) {
  const spent_ms: Timings = { pair: 0, kspace: 0, bonded: 0, neighbours: 0 }
  const add = (part: keyof Timings, duration_ms: number) => {
    spent_ms[part] += duration_ms
  }
  return {
    add,
    book<T>(part: keyof Timings, work: () => T): T {
      const from = performance.now()
      const result = work()
      add(part, performance.now() - from)
      return result
    },
    perThread: (): Timings => ({
      pair: spent_ms.pair / threads,
      kspace: spent_ms.kspace / threads,
      bonded: spent_ms.bonded / threads,
      neighbours: spent_ms.neighbours / threads,
    }),
  }
}

/** Rounds after which waiting is judged, rounds of a trial, and rounds after which a decision is judged again. */
const WATCHED_ROUNDS = 128
const TRIAL_ROUNDS = 32
const DECIDED_ROUNDS = 512
/** With a processor for every thread the calling one waits for a few per cent of a balanced round. */
const MUCH_WAITING = 0.4

/** Times the rounds of a crew, and decides whether the calling thread works alone. */
export interface Busyness {
  readonly isAlone: boolean
  begin(): void
  /** Marks the time from which the calling thread only waits. */
  wait(): void
  end(): void
}

/**
 * Decides whether other threads help: where they share their processors with other programs, waiting for them may take
 * longer than doing their work. When the calling thread waits much, a few rounds are done alone, and the faster way is
 * kept for a while. Results do not depend on it.
 * @param now clock, ms
 */
export function watchBusyness(now: () => number = () => performance.now()): Busyness {
  let mode: 'watched' | 'trial' | 'alone' | 'together' = 'watched'
  let rounds = 0
  let began = 0
  let waitsSince = 0
  let spent = 0
  let waited = 0
  let together = 0

  function enter(next: typeof mode): void {
    mode = next
    rounds = 0
    spent = 0
    waited = 0
  }

  return {
    get isAlone() {
      return mode === 'trial' || mode === 'alone'
    },
    begin() {
      began = now()
    },
    wait() {
      waitsSince = now()
    },
    end() {
      const ended = now()
      rounds++
      spent += ended - began
      waited += ended - waitsSince
      if (mode === 'watched' && rounds === WATCHED_ROUNDS) {
        together = spent / rounds
        enter(waited > MUCH_WAITING * spent ? 'trial' : 'watched')
      } else if (mode === 'trial' && rounds === TRIAL_ROUNDS) {
        enter(spent / rounds < together ? 'alone' : 'together')
      } else if ((mode === 'alone' || mode === 'together') && rounds === DECIDED_ROUNDS) {
        enter('watched')
      }
    },
  }
}
