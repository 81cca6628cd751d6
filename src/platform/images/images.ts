import { availableParallelism } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { Box } from '../../core/box.ts'
import type { System } from '../../core/system.ts'
import { SimulationError, UserError } from '../../errors.ts'
import { inDoublePrecision, type PlatformChoice, prepareEvaluator } from '../choose.ts'
import type { ImageEvaluation, ImageEvaluator } from '../platform.ts'
import { errorOf, type ImageFailure, type ImageMemory, type ImageSetup, takeImages } from './imageTasks.ts'

/** A band has few images, and every thread takes as long to start as a process. */
const MOST_THREADS = 8
const THREAD = new URL('./imageThread.mjs', import.meta.url)

export interface ImageEvaluatorOptions {
  /** Number of threads, the calling one included. Default: one per core, up to 8. */
  readonly threads?: number | undefined
  /** Program of a worker thread, for tests. */
  readonly program?: URL
}

/**
 * Prepares the evaluation of many configurations of one system in one cell. The calling thread computes images too, and
 * the others join as soon as they have started. Threads take images one by one; the result of each is the same to the
 * last bit for any number of threads and any images before it. `auto` is double precision: barriers are small differences
 * of large energies.
 * @throws UserError when the platform is not available or `threads` is no positive integer
 */
export async function prepareImageEvaluator(
  choice: PlatformChoice,
  system: System,
  box: Box,
  options: ImageEvaluatorOptions = {},
): Promise<ImageEvaluator> {
  const threads = options.threads ?? Math.min(availableParallelism(), MOST_THREADS)
  if (!Number.isInteger(threads) || threads < 1) {
    throw new UserError({ message: `the number of threads is ${threads}`, hint: 'at least 1' })
  }
  const setup: ImageSetup = { choice: inDoublePrecision(choice), system, box }
  const evaluator = await prepareEvaluator(setup.choice, system, { reproducible: true, threads: 1 })
  const helpers = Array.from({ length: threads - 1 }, () => startHelper(options.program ?? THREAD, setup))
  const size = 3 * system.atomCount
  let memory = createMemory(0, size)
  /** Calls that wait for the next round. */
  let calls: Call[] = []
  let running = false

  async function evaluate(images: readonly Float64Array[]): Promise<readonly ImageEvaluation[]> {
    if (images.some(image => image.length !== size)) throw new RangeError(`an image is ${size} numbers`)
    return new Promise((resolve, reject) => {
      calls.push({ images, resolve, reject })
      if (!running) void rounds()
    })
  }

  /** Computes calls in rounds: calls that arrive together, or while others are computed, share a round. */
  async function rounds(): Promise<void> {
    running = true
    // Calls made in the same turn join the first round.
    await Promise.resolve()
    while (calls.length > 0) {
      const now = calls
      calls = []
      try {
        const images = now.flatMap(call => call.images)
        const failures = await round(images)
        let from = 0
        for (const call of now) {
          answer(call, from, failures)
          from += call.images.length
        }
      } catch (error) {
        for (const call of now) call.reject(error as Error)
      }
    }
    running = false
  }

  async function round(images: readonly Float64Array[]): Promise<readonly ImageFailure[]> {
    if (memory.count !== images.length) memory = createMemory(images.length, size)
    images.forEach((image, k) => {
      memory.positions.set(image, k * size)
    })
    Atomics.store(memory.next, 0, 0)
    const shares = helpers.map(helper => helper.join(memory))
    // A pause lets threads that have just started join.
    const own = await takeImages(evaluator, box, memory, setImmediate)
    return [own, ...(await Promise.all(shares.map(share => share.result())))].flat()
  }

  function answer({ images, resolve, reject }: Call, from: number, failures: readonly ImageFailure[]): void {
    const mine = failures.map(failure => failure.image - from).filter(k => k >= 0 && k < images.length)
    if (mine.length > 0) {
      const first = Math.min(...mine)
      reject(errorOf(failures.find(failure => failure.image - from === first)!, first))
      return
    }
    const { energies, forces } = memory
    const result = (k: number) => ({ energy: energies[k]!, forces: forces.slice(k * size, (k + 1) * size) })
    resolve(images.map((_, k) => result(from + k)))
  }

  const { ran, backend, fallbackReason } = evaluator
  const dispose = async () => {
    await Promise.all([evaluator.dispose(), ...helpers.map(helper => helper.end())])
  }
  return { evaluate, ran, backend, fallbackReason, threads, dispose }
}

interface Call {
  readonly images: readonly Float64Array[]
  resolve(results: readonly ImageEvaluation[]): void
  reject(error: Error): void
}

function createMemory(count: number, size: number): ImageMemory {
  const shared = (length: number) => new Float64Array(new SharedArrayBuffer(8 * length))
  return {
    count,
    next: new Int32Array(new SharedArrayBuffer(4)),
    positions: shared(count * size),
    forces: shared(count * size),
    energies: shared(count),
  }
}

/** A worker thread as seen from the thread that started it. */
interface Helper {
  /** Joins a round now, or as soon as the thread has started. */
  join(memory: ImageMemory): {
    /** Failures in its share; afterwards it can no longer join. @throws SimulationError when the thread has died */
    result(): Promise<readonly ImageFailure[]>
  }
  end(): Promise<void>
}

function startHelper(program: URL, setup: ImageSetup): Helper {
  const worker = new Worker(program, { workerData: setup, execArgv: [] })
  let ready = false
  let ended = false
  let death: SimulationError | undefined
  let waiting: ImageMemory | undefined
  let settle: { resolve(failures: readonly ImageFailure[]): void; reject(error: Error): void } | undefined
  let share: Promise<readonly ImageFailure[]> | undefined

  const begin = (memory: ImageMemory) => {
    // A thread that works keeps the process alive, an idle one does not.
    worker.ref()
    share = new Promise((resolve, reject) => {
      settle = { resolve, reject }
    })
    // `result` reports a failure; without it there is no unhandled rejection.
    share.catch(() => {})
    worker.postMessage(memory)
  }
  const die = (cause: string) => {
    if (ended || death) return
    death = new SimulationError({ message: `a worker thread ended: ${cause}`, where: 'evaluation of images' })
    settle?.reject(death)
  }
  worker.on('message', (message: 'ready' | readonly ImageFailure[]) => {
    if (message === 'ready') {
      ready = true
      if (waiting) begin(waiting)
      return
    }
    worker.unref()
    settle?.resolve(message)
  })
  worker.on('error', error => die(error instanceof Error ? error.message : String(error)))
  worker.on('exit', code => die(`exit code ${code}`))
  worker.unref()

  return {
    join(memory) {
      share = undefined
      settle = undefined
      if (ready && !death) begin(memory)
      else waiting = memory
      return {
        async result() {
          waiting = undefined
          const failures = share ? await share : []
          if (death) throw death
          return failures
        },
      }
    },
    async end() {
      ended = true
      await worker.terminate()
    },
  }
}
