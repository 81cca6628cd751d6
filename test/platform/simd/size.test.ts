import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, expect, it, vi } from 'vitest'
import { orthorhombicBox } from '../../../src/core/box.ts'
import { createState } from '../../../src/core/state.ts'
import { prepareEvaluator } from '../../../src/platform/choose.ts'
import { replicate } from '../../../src/run/replicate.ts'
import { shippedPvdf } from '../../tools/polymerBoxes.ts'
import {
  broken,
  type Configuration,
  configuration,
  coulomb,
  ENERGY_LIMIT,
  evaluateOnce,
  FORCE_LIMIT,
  lennardJones,
  norm,
  scattered,
  VIRIAL_LIMIT,
} from './helpers.ts'

const REPEAT = 5
/** Of the kernels' memory, all that is handed out; and of objects besides. */
const MEMORY_BYTES_PER_ATOM = 1500
const HEAP_BYTES_PER_ATOM = 300

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Bytes of objects that are in use. */
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

it('100 000 atoms: as the reference, in 1.5 kB per atom', async () => {
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
    expect(deviation(found.forces, expected.forces)).toBeLessThan(FORCE_LIMIT)
    expect(Math.abs(found.energy / expected.energy - 1)).toBeLessThan(ENERGY_LIMIT)
    expect(deviation(found.virial, expected.virial)).toBeLessThan(VIRIAL_LIMIT)

    // Once more with lists that have seen some use: what grows has then grown.
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

it('a drop around the corner of a cell of 400 Å: as exact as anywhere', async () => {
  const positions = scattered(orthorhombicBox(14, 14, 14), 150, 2.2).map(x => x - 7)
  const forces = [lennardJones(), coulomb({ name: 'dsf', alpha_per_A: 0.2 })]
  expect(await broken(configuration(orthorhombicBox(400, 400, 400), positions, forces))).toEqual({})
})
