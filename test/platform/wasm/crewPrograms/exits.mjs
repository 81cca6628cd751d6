// Takes a job, as a thread of a crew does, and is gone before it is done.
import { workerData } from 'node:worker_threads'
import { takeNumber } from './takeNumber.mjs'

takeNumber(workerData.board)
process.exit(3)
