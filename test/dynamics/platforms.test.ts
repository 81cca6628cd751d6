import { expect, it } from 'vitest'
import type { State } from '../../src/core/state.ts'
import { type DynamicsStage, stageStart } from '../../src/dynamics/protocol.ts'
import { runProtocol } from '../../src/dynamics/simulate.ts'
import { type PlatformKey, prepareEvaluator } from '../../src/platform/choose.ts'
import { onWebGpu } from '../platform/gpu/helpers.ts'
import { hotPvdf } from '../tools/polymerBoxes.ts'

const { system, state } = hotPvdf()
const STEPS = 100
const stage: DynamicsStage = {
  name: 'together',
  kind: 'dynamics',
  time_ps: STEPS * 1e-3,
  timestep_fs: 1,
  temperature: { start_K: 700, end_K: 700 },
  new_velocities: true,
  step: { kind: 'verlet' },
  bath: null,
  cell: { kind: 'fixed' },
  device: null,
}

async function end(platform: PlatformKey): Promise<State> {
  const events = runProtocol({
    system,
    stages: [stage],
    from: stageStart(state),
    constraints: { bonds: 'none', tolerance: 1e-7 },
    prepare: part => prepareEvaluator(platform, part),
    seed: 5,
    output: { thermo_every_ps: stage.time_ps },
  })
  for await (const event of events) if (event.kind === 'end') return event.snapshot.state
  throw new Error('the protocol ended without a word')
}

const expected = end('reference')

async function furthest(platform: PlatformKey): Promise<number> {
  const { positions } = await end(platform)
  const wanted = (await expected).positions
  return positions.reduce((most, x, k) => Math.max(most, Math.abs(x - wanted[k]!)), 0)
}

const LIMIT_A = 1e-4

it.each(['simd', 'gpu:webasm', 'gpu:cpu'] as const)(
  '%s is after 100 steps where reference is',
  async platform => {
    expect(await furthest(platform)).toBeLessThan(LIMIT_A)
  },
)

onWebGpu(() => {
  it('is after 100 steps where reference is', async () => {
    expect(await furthest('gpu')).toBeLessThan(LIMIT_A)
  })
})
