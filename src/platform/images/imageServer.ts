import { parentPort, workerData } from 'node:worker_threads'
import { prepareEvaluator } from '../choose.ts'
import { type ImageMemory, type ImageSetup, takeImages } from './imageTasks.ts'

/** Serves rounds in a worker thread: sends 'ready', then answers each `ImageMemory` with the failures of its share. */
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
