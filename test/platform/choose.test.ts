import { describe, expect, it, vi } from 'vitest'
import { prepareEvaluator } from '../../src/platform/choose.ts'
import type { Adapter, NoAdapter } from '../../src/platform/gpu/adapter.ts'
import { hotPvdf } from '../tools/polymerBoxes.ts'

const machine = vi.hoisted(() => ({ adapter: {} as unknown as Adapter | NoAdapter }))
vi.mock('../../src/platform/gpu/adapter.ts', () => ({ findAdapter: async () => machine.adapter }))

/** What `auto` comes to on a machine with such an adapter. */
async function auto(adapter: Adapter | NoAdapter) {
  machine.adapter = adapter
  const evaluator = await prepareEvaluator('auto', hotPvdf().system)
  await evaluator.dispose()
  return evaluator
}

describe('the platform auto', () => {
  it('is simd without a GPU, and says why', async () => {
    const { ran, fallbackReason } = await auto({ name: null, reason: 'none is installed' })
    expect([ran, fallbackReason]).toEqual(['simd', 'no GPU: none is installed'])
  })

  it('is simd, and says why, where there is a GPU that does not work', async () => {
    const limits = { maxStorageBufferBindingSize: 2 ** 30 } as Adapter['limits']
    const { ran, fallbackReason } = await auto({ name: 'Broken', isSoftware: false, limits, reason: null })
    expect(ran).toBe('simd')
    expect(fallbackReason).toMatch(/^not on the GPU: gpu\.js has no webgpu here: /)
  })
})
