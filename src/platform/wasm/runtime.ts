import { readFileSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { Worker } from 'node:worker_threads'
import type { CrewData } from './crewServer.ts'

/*
 * What the kernels and the crew need of Node, and nothing else of the platform does. Bundles for web pages have
 * web/standIns/simdRuntime.ts in its place.
 */

/** Whether threads of this runtime can share memory. */
export const canShareMemory = typeof SharedArrayBuffer !== 'undefined'

export const readKernels = (flavour: string): Uint8Array<ArrayBuffer> =>
  readFileSync(new URL(`./${flavour}.wasm`, import.meta.url))

/** Relaxed SIMD is on from Node 22; before, the flag exists and works; in later versions it is gone. */
export function enableRelaxedSimd(): void {
  if (Number(process.versions.node.split('.')[0]) < 22) {
    setFlagsFromString('--experimental-wasm-relaxed-simd')
  }
}

/** Lets events be heard of, such as the end of a thread. */
export const turn = (): Promise<void> => setImmediate()

export interface Thread {
  readonly started: Promise<void>
  terminate(): Promise<unknown>
}

const THREAD = new URL('./crewThread.mjs', import.meta.url)

/** @param program what it runs @param die hears when the thread has ended, and why */
export function startThread(data: CrewData, die: (cause: string) => void, program = THREAD): Thread {
  const worker = new Worker(program, { workerData: data, execArgv: [] })
  const started = new Promise<void>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', code => reject(new Error(`exit code ${code}`)))
  })
  // Whoever asks for it hears of a failure; everybody else from the next job.
  started.catch(() => {})
  worker.on('error', error => die(error instanceof Error ? error.message : String(error)))
  worker.on('exit', code => die(`exit code ${code}`))
  // A crew that nobody disposes of does not keep the process alive.
  worker.unref()
  return { started, terminate: () => worker.terminate() }
}
