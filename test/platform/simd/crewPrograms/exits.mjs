// Takes a job, as a thread of a crew does, and is gone before it is done.
import { workerData } from 'node:worker_threads'

const { control } = workerData.board
const [ISSUED, TAKEN] = [0, 1]
for (;;) {
  const job = Atomics.load(control, TAKEN)
  if (job === Atomics.load(control, ISSUED)) continue
  if (Atomics.compareExchange(control, TAKEN, job, job + 1) === job) process.exit(3)
}
