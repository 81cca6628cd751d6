import { readFileSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { Worker } from 'node:worker_threads'
import type { CrewData } from './jobs.ts'

/*
 * Everything in which the kernels and the crew depend on Node; no other file of the platforms that run in a page does.
 * Bundles for web pages have web/standIns/wasmRuntime.ts in its place.
 */

export { availableParallelism } from 'node:os'

/** True where threads of this runtime can share memory. */
export const canShareMemory = typeof SharedArrayBuffer !== 'undefined'

export const readKernels = (flavour: string): Uint8Array<ArrayBuffer> =>
  readFileSync(new URL(`./${flavour}.wasm`, import.meta.url))

/** Turns relaxed SIMD on: it is on by default from Node 22; before, a flag exists and works; in later versions the flag is gone. */
export function enableRelaxedSimd(): void {
  if (Number(process.versions.node.split('.')[0]) < 22) {
    setFlagsFromString('--experimental-wasm-relaxed-simd')
  }
}

/** Lets pending events be handled, such as the end of a thread. */
export const turn = (): Promise<void> => setImmediate()

export interface Thread {
  readonly started: Promise<void>
  terminate(): Promise<unknown>
}

const THREAD = new URL('./crewThread.mjs', import.meta.url)

/** @param die called with the cause when the thread has ended @param program module that the thread runs */
export function startThread(data: CrewData, die: (cause: string) => void, program = THREAD): Thread {
  const worker = new Worker(program, { workerData: data, execArgv: [] })
  const started = new Promise<void>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', code => reject(new Error(`exit code ${code}`)))
  })
  // `ready` reports a failure; without it the next job does.
  started.catch(() => {})
  worker.on('error', error => die(error instanceof Error ? error.message : String(error)))
  worker.on('exit', code => die(`exit code ${code}`))
  // A crew that was not disposed of does not keep the process alive.
  worker.unref()
  return { started, terminate: () => worker.terminate() }
}
