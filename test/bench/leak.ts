/**
 * Memory of the gpu platform over many steps of a small box, with lists made anew now and then.
 * Run: node scripts/run.mjs test/bench/leak.ts [webgpu|webasm|cpu] [steps]
 */

import { orthorhombicBox } from '../../src/core/box.ts'
import type { BackendName } from '../../src/platform/gpu/backends.ts'
import { createGpuEvaluator } from '../../src/platform/gpu/gpu.ts'
import {
  configuration,
  coulomb,
  lennardJones,
  METHODS,
  scattered,
} from '../platform/parity/configurations.ts'

const [backend = 'webgpu', steps = '100000'] = process.argv.slice(2)
process.env.HOPLITE_SOFTWARE_GPU ??= '1'
const box = orthorhombicBox(21, 21, 21)
const { system, state } = configuration(box, scattered(box, 96, 2), [
  lennardJones({ cutoff_A: 6 }),
  coulomb(METHODS.dsf!, 6),
])
const gpu = await createGpuEvaluator(system, backend as BackendName, { threads: 1 })
const MiB = (bytes: number) => (bytes / 2 ** 20).toFixed(1).padStart(8)
console.log(`${backend}: step, resident memory, heap, array buffers / MiB`)
const began = performance.now()
for (let step = 0; step <= Number(steps); step++) {
  // About every 60 steps beyond the reach of the list.
  const positions = state.positions.map((x, k) => x + 0.6 * Math.sin(0.04 * step + k))
  await gpu.evaluate({ ...state, positions }, { energy: step % 100 === 0, virial: false })
  if (step % (Number(steps) / 10) !== 0) continue
  globalThis.gc?.()
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage()
  console.log(String(step).padStart(7), MiB(rss), MiB(heapUsed), MiB(arrayBuffers))
}
console.log(`${((performance.now() - began) / Number(steps)).toFixed(2)} ms a step`, gpu.transfers!())
await gpu.dispose()
