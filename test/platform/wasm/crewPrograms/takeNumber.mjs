/** Places in the control block, as in src/platform/wasm/jobs.ts; crew.test.ts compares. */
export const ISSUED = 0
export const TAKEN = 1

/** Waits for a job and takes it. */
export function takeNumber({ control }) {
  for (;;) {
    const job = Atomics.load(control, TAKEN)
    if (job === Atomics.load(control, ISSUED)) continue
    if (Atomics.compareExchange(control, TAKEN, job, job + 1) === job) return
  }
}
