import { expect, it } from 'vitest'
import type { DynamicsStage, Stage } from '../../src/dynamics/protocol.ts'
import { stagesAt, temperatureOf } from '../../src/web/live/input.ts'

const nvt: DynamicsStage = {
  name: 'produce',
  kind: 'dynamics',
  time_ps: 1,
  timestep_fs: 1,
  temperature: { start_K: 700, end_K: 700 },
  step: { kind: 'verlet' },
  bath: { kind: 'csvr', time_ps: 0.1 },
  cell: { kind: 'fixed' },
  device: null,
  new_velocities: false,
}
const stages: readonly Stage[] = [
  { name: 'minimise', kind: 'minimize', method: 'fire', fmax_eV_per_A: 1, max_steps: 10 },
  { ...nvt, name: 'anneal', temperature: { start_K: 1000, end_K: 700 } },
  nvt,
]

it('another temperature replaces that of the production stage, wherever the recipe has it', () => {
  expect(temperatureOf({ stages })).toBe(700)
  expect(stagesAt({ stages }, 300)).toMatchObject([
    stages[0],
    { temperature: { start_K: 1000, end_K: 300 } },
    { temperature: { start_K: 300, end_K: 300 } },
  ])
})

it('the recipe’s own temperature changes nothing', () => {
  expect(stagesAt({ stages }, 700)).toEqual(stages)
  expect(stagesAt({ stages }, null)).toBe(stages)
})

it('no temperature can be chosen for a production stage without one', () => {
  const nve: DynamicsStage = { ...nvt, temperature: null, bath: null }
  expect(temperatureOf({ stages: [nve] })).toBeNull()
  expect(stagesAt({ stages: [nve] }, 300)).toEqual([nve])
})
