// Takes a job and never does it.
import { parentPort, workerData } from 'node:worker_threads'
import { takeNumber } from './takeNumber.mjs'

parentPort.postMessage('started')
takeNumber(workerData.board)
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
