import { parentPort, workerData } from 'node:worker_threads'
import { prepareEvaluator } from '../choose.ts'
import { type ImageMemory, type ImageSetup, takeImages } from './imageTasks.ts'

/** The life of a worker thread: says 'ready', then answers each `ImageMemory` with what failed in its share. */
export async function serveImages(): Promise<void> {
  const port = parentPort
  if (!port) throw new TypeError('not a worker thread')
  const { choice, system, box } = workerData as ImageSetup
  const evaluator = await prepareEvaluator(choice, system, { reproducible: true, threads: 1 })
  port.on('message', async (memory: ImageMemory) => {
    port.postMessage(await takeImages(evaluator, box, memory))
  })
  port.postMessage('ready')
}
