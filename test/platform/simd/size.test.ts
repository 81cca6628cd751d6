import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, expect, it, vi } from 'vitest'
import { createState } from '../../../src/core/state.ts'
import { prepareEvaluator } from '../../../src/platform/choose.ts'
import { replicate } from '../../../src/run/replicate.ts'
import { shippedPvdf } from '../../tools/polymerBoxes.ts'
import { type Configuration, evaluateOnce, norm } from '../parity/configurations.ts'
import { platformOf } from '../parity/platforms.ts'

const { tolerance } = platformOf('simd')
const REPEAT = 5
/** Limits of the memory of the kernels, and of JavaScript objects. */
const MEMORY_BYTES_PER_ATOM = 1500
const HEAP_BYTES_PER_ATOM = 300

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Returns the bytes of objects in use. */
function heapUsed(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}

/** The shipped PVDF box repeated. */
function large(): Configuration {
  const { system, state } = shippedPvdf()
  return replicate(system, state, REPEAT)
}

afterEach(() => vi.unstubAllGlobals())

it('a box of 100 000 atoms: results of reference, in 1.5 kB of memory per atom', async () => {
  const { system, state } = large()
  const { atomCount } = system
  expect(atomCount).toBeGreaterThan(100_000)
  const memories: WebAssembly.Memory[] = []
  const Memory = class extends WebAssembly.Memory {
    constructor(...descriptor: ConstructorParameters<typeof WebAssembly.Memory>) {
      super(...descriptor)
      memories.push(this)
    }
  }
  vi.stubGlobal('WebAssembly', Object.assign(Object.create(WebAssembly), { Memory }))
  const before = heapUsed()
  const simd = await prepareEvaluator('simd', system)
  try {
    const found = await simd.evaluate(state)
    const heap = heapUsed() - before
    const expected = await evaluateOnce('reference', { system, state })
    const deviation = (a: Float64Array, b: Float64Array) => norm(a.map((v, k) => v - b[k]!)) / norm(b)
    expect(deviation(found.forces, expected.forces)).toBeLessThan(tolerance.forces)
    expect(Math.abs(found.energy / expected.energy - 1)).toBeLessThan(tolerance.energy)
    expect(deviation(found.virial, expected.virial)).toBeLessThan(tolerance.virial)

    // Once more with lists of moved atoms, so that arrays have grown that do grow.
    const moved = state.positions.map((x, k) => x + 0.7 * Math.sin(k))
    await simd.evaluate(createState(moved, state.box), { energy: false, virial: false })
    const bytes = memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0)
    expect(bytes).toBeGreaterThan(0)
    expect.soft(bytes / atomCount).toBeLessThan(MEMORY_BYTES_PER_ATOM)
    expect(heap / atomCount).toBeLessThan(HEAP_BYTES_PER_ATOM)
  } finally {
    await simd.dispose()
  }
})
