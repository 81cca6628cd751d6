/**
 * What a step of the gpu platform pays whatever it computes: a launch and its answer, and bytes on their way.
 * Run: node scripts/run.mjs test/bench/launch.ts [backends]
 */
import { findAdapter } from '../../src/platform/gpu/adapter.ts'
import { type BackendName, createBackend } from '../../src/platform/gpu/backends.ts'

process.env.HOPLITE_SOFTWARE_GPU ??= '1'
const WIDTH = 1 << 18
const ROUNDS = 200
const MB = (4 * WIDTH) / 1e6

async function median(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let k = 0; k < ROUNDS; k++) {
    const from = performance.now()
    await work()
    times.push(performance.now() - from)
  }
  return times.sort((a, b) => a - b)[ROUNDS >> 1]!
}

console.log(`WebGPU: ${(await findAdapter()).name ?? 'no adapter'}`)
console.log('backend   launch and answer / ms   1 MB sent / ms   1 MB read / ms')
for (const name of (process.argv[2] ?? 'webgpu,webasm,cpu').split(',') as BackendName[]) {
  const backend = await createBackend(name)
  const kernel = (length: number) =>
    backend.kernel({
      name: 'launch',
      source: 'function (a) { return a[0][this.thread.x] + 1; }',
      ...{ arrays: 1, numbers: 0, components: 1, longestLoop: 1, output: [length] },
    })
  const [one, many] = [kernel(1), kernel(WIDTH)]
  const [small, large] = [backend.array(1), backend.array(WIDTH)]
  const values = new Float32Array(WIDTH)
  await one.run([small], [])
  await many.run([large], [])
  const launch = await median(() => one.run([small], []))
  const read = await median(() => many.run([large], []))
  const sent = await median(async () => {
    large.write(values)
    return many.run([large], [])
  })
  const row = [launch, (sent - read) / MB, (read - launch) / MB].map(x => x.toFixed(3).padStart(16))
  console.log(name.padEnd(8), ...row)
  await backend.dispose()
}
