import { describe, expect, it } from 'vitest'
import { orthorhombicBox } from '../../../src/core/box.ts'
import { SimulationError } from '../../../src/errors.ts'
import { prepareEvaluator } from '../../../src/platform/choose.ts'
import type { BackendName } from '../../../src/platform/gpu/backends.ts'
import { createGpuEvaluator } from '../../../src/platform/gpu/gpu.ts'
import type { Evaluator } from '../../../src/platform/platform.ts'
import { hotPvdf } from '../../tools/polymerBoxes.ts'
import {
  broken,
  type Configuration,
  configuration,
  lennardJones,
  scattered,
} from '../parity/configurations.ts'
import { platformOf } from '../parity/platforms.ts'
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

onEachBackend(name => {
  it('refuses a system without atoms', async () => {
    const one = configuration(orthorhombicBox(20, 20, 20), [], [lennardJones()])
    const refused = createGpuEvaluator(one.system, name)
    await expect(refused).rejects.toMatchObject({ name: 'UserError', message: 'the system has no atoms' })
  })

  it('sends no more bytes for a cluster that is not full', async () => {
    const box = orthorhombicBox(24, 24, 24)
    const positions = scattered(box, 400, 1.9)
    const sent = (atomCount: number) => {
      const one = configuration(box, positions.subarray(0, 3 * atomCount), [lennardJones({ cutoff_A: 7 })])
      return withGpu(name, one, async gpu => {
        expect(await broken(platformOf('gpu'), one, await gpu.evaluate(one.state))).toEqual({})
        return gpu.transfers!().sent_bytes
      })
    }
    expect(await sent(399)).toBeLessThan(1.1 * (await sent(400)))
  })

  it('names the first atom whose position is not finite', async () => {
    const one = configuration(orthorhombicBox(20, 20, 20), [1, 1, 1, 4, 4, Number.NaN], [lennardJones()])
    await withGpu(name, one, async gpu => {
      const failed = gpu.evaluate(one.state)
      await expect(failed).rejects.toThrow(SimulationError)
      await expect(failed).rejects.toThrow('atom 2')
    })
  })

  it('reports the launches and the bytes sent and read', async () => {
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

describe('the backend of the gpu platform', () => {
  it('is named, with its backend', async () => {
    const { system } = hotPvdf()
    const gpu = await prepareEvaluator('gpu:webasm', system)
    expect([gpu.ran, gpu.backend, gpu.fallbackReason]).toEqual(['gpu', 'f32, webasm', null])
    await gpu.dispose()
  })
})
