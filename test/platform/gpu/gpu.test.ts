import { describe, expect, it } from 'vitest'
import { createBox, orthorhombicBox } from '../../../src/core/box.ts'
import { SimulationError } from '../../../src/errors.ts'
import { prepareEvaluator } from '../../../src/platform/choose.ts'
import type { BackendName } from '../../../src/platform/gpu/backends.ts'
import { createGpuEvaluator } from '../../../src/platform/gpu/gpu.ts'
import type { Evaluator } from '../../../src/platform/platform.ts'
import { createReferenceEvaluator } from '../../../src/platform/reference/reference.ts'
import { hotPvdf } from '../../tools/polymerBoxes.ts'
import { cases } from '../cases.ts'
import {
  broken,
  type Configuration,
  configuration,
  coulomb,
  ENERGY_LIMIT,
  EWALD,
  FORCE_LIMIT,
  lennardJones,
  METHODS,
  norm,
  pme,
  scattered,
  star,
  unwrapped,
  VIRIAL_LIMIT,
} from '../simd/helpers.ts'
import { onEachBackend } from './helpers.ts'

async function withGpu<T>(
  name: BackendName,
  { system }: Pick<Configuration, 'system'>,
  use: (evaluator: Evaluator) => Promise<T>,
): Promise<T> {
  const evaluator = await createGpuEvaluator(system, name)
  try {
    return await use(evaluator)
  } finally {
    await evaluator.dispose()
  }
}

const deviation = (found: Float64Array, expected: Float64Array) =>
  norm(found.map((value, k) => value - expected[k]!)) / (norm(expected) || 1)

onEachBackend(name => {
  it.each([{ name: 'PVDF with LiFSI', ...hotPvdf() }, ...cases])(
    'agrees with reference: $name',
    async one => {
      const { forces, virial, terms, energy } = await createReferenceEvaluator(one.system).evaluate(one.state)
      await withGpu(name, one, async gpu => {
        const found = await gpu.evaluate(one.state)
        expect(deviation(found.forces, forces)).toBeLessThan(FORCE_LIMIT)
        expect(deviation(found.virial, virial)).toBeLessThan(VIRIAL_LIMIT)
        // Terms may cancel in the total, so each is held to the largest of them.
        const scale = Math.max(...Object.values(terms).map(Math.abs))
        expect(Object.keys(found.terms).toSorted()).toEqual(Object.keys(terms).toSorted())
        expect(Math.abs(found.energy - energy) / scale).toBeLessThan(ENERGY_LIMIT)
        // Without energies bonded terms are the device's matter, too.
        const bare = await gpu.evaluate(one.state, { energy: false, virial: false })
        expect(deviation(bare.forces, forces)).toBeLessThan(FORCE_LIMIT)
        expect(bare.energy).toBeNaN()
      })
    },
  )

  const once = (one: Configuration) =>
    withGpu(name, one, async gpu => broken(one, await gpu.evaluate(one.state)))

  it('sees each of many images of an atom, and molecules that meet their own', async () => {
    const box = createBox([5, 0, 0, 1, 4.6, 0, -0.8, 0.9, 5.4])
    const forces = [lennardJones({ cutoff_A: 7 }), coulomb(EWALD, 7)]
    expect(await once(configuration(box, scattered(box, 5, 1.9), forces))).toEqual({})
    const small = [lennardJones({ sigma_A: 1.3 }), coulomb(METHODS.dsf!)]
    expect(await once(configuration(box, scattered(box, 9, 1.2), small, { bonds: star(9) }))).toEqual({})
  })

  it('is as accurate far from the origin, in a skewed cell many times the reach', async () => {
    const box = createBox([61, 0, 0, 9, 47, 0, -7, 5, 52])
    const positions = unwrapped(box, scattered(box, 900, 1.9), 3)
    const forces = [lennardJones({ cutoff_A: 4, sigma_A: 1.8 }), coulomb(EWALD, 4)]
    expect(await once(configuration(box, positions, forces))).toEqual({})
  })

  it('is right where the reach is far less than the box, and that less than a frame', async () => {
    const box = createBox([12, 0, 0, 1, 13, 0, -2, 1, 19])
    const forces = [lennardJones({ cutoff_A: 2.4, sigma_A: 1.2 })]
    expect(await once(configuration(box, scattered(box, 300, 1.1), forces))).toEqual({})
  })

  it('refuses a system without atoms', async () => {
    const one = configuration(orthorhombicBox(20, 20, 20), [], [lennardJones()])
    const refused = createGpuEvaluator(one.system, name)
    await expect(refused).rejects.toMatchObject({ name: 'UserError', message: 'the system has no atoms' })
  })

  it.each([1, 2, 3, 5, 6])('knows %i atoms', async atomCount => {
    const box = orthorhombicBox(20, 21, 22)
    const positions = scattered(orthorhombicBox(9, 9, 9), atomCount, 2.2, atomCount)
    const one = configuration(box, positions, [lennardJones(), coulomb(pme([16, 16, 16]))])
    expect(await once(one)).toEqual({})
  })

  it('sends no more for atoms that leave a cluster unfilled', async () => {
    const box = orthorhombicBox(24, 24, 24)
    const positions = scattered(box, 400, 1.9)
    const sent = (atomCount: number) => {
      const one = configuration(box, positions.subarray(0, 3 * atomCount), [lennardJones({ cutoff_A: 7 })])
      return withGpu(name, one, async gpu => {
        expect(await broken(one, await gpu.evaluate(one.state))).toEqual({})
        return gpu.transfers!().sent_bytes
      })
    }
    expect(await sent(399)).toBeLessThan(1.1 * (await sent(400)))
  })

  it('follows atoms and a growing box', async () => {
    const { system, state } = hotPvdf()
    await withGpu(name, { system }, async gpu => {
      for (let step = 0; step < 4; step++) {
        const scale = 1 + 0.002 * step
        const box = createBox(state.box.matrix.map(x => scale * x))
        const positions = state.positions.map((x, k) => scale * x + 0.25 * step * Math.sin(k))
        const moved = { ...state, box, positions }
        expect(await broken({ system, state: moved }, await gpu.evaluate(moved))).toEqual({})
      }
    })
  })

  it('starts afresh, to the last bit, when it is told to forget', async () => {
    const { system, state } = hotPvdf()
    await withGpu(name, { system }, async gpu => {
      const first = (await gpu.evaluate(state)).forces.slice()
      const moved = { ...state, positions: state.positions.map((x, k) => x + 0.3 * Math.sin(k)) }
      await gpu.evaluate(moved)
      gpu.forget()
      expect((await gpu.evaluate(state)).forces).toEqual(first)
    })
  })

  it('names the first atom that is nowhere', async () => {
    const one = configuration(orthorhombicBox(20, 20, 20), [1, 1, 1, 4, 4, Number.NaN], [lennardJones()])
    await withGpu(name, one, async gpu => {
      const failed = gpu.evaluate(one.state)
      await expect(failed).rejects.toThrow(SimulationError)
      await expect(failed).rejects.toThrow('atom 2')
    })
  })

  it('says what has gone to and fro', async () => {
    const { system, state } = hotPvdf()
    await withGpu(name, { system }, async gpu => {
      await gpu.evaluate(state)
      const before = gpu.transfers!()
      await gpu.evaluate(state, { energy: false, virial: false })
      const { launches, sent_bytes, read_bytes } = gpu.transfers!()
      // On a GPU bonds are its matter, too, and positions go there in two parts.
      const parts = name === 'webgpu' ? 2 : 1
      expect(launches - before.launches).toBe(parts + 1)
      expect(sent_bytes - before.sent_bytes).toBe(parts * 64 * Math.ceil(system.atomCount / 4))
      expect(read_bytes - before.read_bytes).toBe(12 * system.atomCount)
    })
  })
})

describe('who computes', () => {
  it('is named, with its backend', async () => {
    const { system } = hotPvdf()
    const gpu = await prepareEvaluator('gpu:webasm', system)
    expect([gpu.ran, gpu.backend, gpu.fallbackReason]).toEqual(['gpu', 'f32, webasm', null])
    await gpu.dispose()
  })
})
