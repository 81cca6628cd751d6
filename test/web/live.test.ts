import { beforeAll, describe, expect, it } from 'vitest'
import { mean } from '../../src/analysis/stats.ts'
import type { DynamicsStage } from '../../src/dynamics/protocol.ts'
import { createGpuEvaluator } from '../../src/platform/gpu/gpu.ts'
import { createSimdEvaluator } from '../../src/platform/simd/simd.ts'
import { type LiveInput, productionOf, type Settings } from '../../src/web/live/input.ts'
import { type LiveRun, runLive } from '../../src/web/live/live.ts'
import type { Report } from '../../src/web/live/messages.ts'
import { temporaryFolder } from '../tools/folder.ts'
import { deviation, type Expected, expectedOf, FRAMES, STEPS } from './expected.ts'

const folder = temporaryFolder()
let expected: Expected

beforeAll(async () => {
  expected = await expectedOf(folder)
})

const ENOUGH = new Error('enough')

/** Everything that a run tells until it has ended so many times. */
async function told(
  settings: Partial<Settings> = {},
  ends = 1,
  others: Partial<LiveRun> = {},
): Promise<Report[]> {
  const { input = expected.input } = others
  const reports: Report[] = []
  const run = runLive({
    input,
    settings: { backend: 'simd', temperature_K: null, seed: input.seed, ...settings },
    prepare: async system => createSimdEvaluator(system, { threads: 1 }),
    tell: report => reports.push(report),
    gate: async () => false,
    more: async () => {
      if (reports.filter(({ kind }) => kind === 'end').length === ends) throw ENOUGH
    },
    ...others,
  })
  await expect(run).rejects.toBe(ENOUGH)
  return reports
}

function withProduction(changes: Partial<DynamicsStage>): LiveInput {
  const { input } = expected
  return { ...input, stages: [...input.stages.slice(0, -1), { ...productionOf(input), ...changes }] }
}

const ofKind = <K extends Report['kind']>(reports: readonly Report[], kind: K) =>
  reports.filter((report): report is Extract<Report, { kind: K }> => report.kind === kind)

describe('a live run', () => {
  it('has the temperatures and displacements of hoplite md', async () => {
    const reports = await told()
    const rows = ofKind(reports, 'thermo').filter(({ time_ps }, k, all) => time_ps !== all[k - 1]?.time_ps)
    expect(rows.map(({ time_ps }) => time_ps)).toEqual(expected.time_ps)
    // md makes its lists anew after every checkpoint: that much single precision shows.
    const temperatures = rows.map(row => row.temperature_K)
    expect(deviation(temperatures, expected.temperature_K)).toBeLessThan(1e-6)
    const last = ofKind(reports, 'displacements').at(-1)!
    expect(last).toMatchObject({ frames: FRAMES, ions: 12 })
    expect(deviation(last.curve.lag_ps, expected.curve.lag_ps)).toBeLessThan(1e-9)
    // Trajectory files are in single precision.
    expect(deviation(last.curve.msd_A2, expected.curve.msd_A2)).toBeLessThan(1e-4)
    expect(deviation(last.curve.high_A2, expected.curve.high_A2)).toBeLessThan(1e-3)
    expect(ofKind(reports, 'stage').map(({ name, isProduction }) => [name, isProduction])).toEqual([
      ['warm', false],
      ['produce', true],
    ])
  })

  it('continues after its end, for the same time again', async () => {
    const reports = await told({}, 2)
    const [first, second] = ofKind(reports, 'displacements').filter(({ frames }) => frames >= FRAMES)
    expect([first?.frames, second?.frames]).toEqual([FRAMES, 2 * FRAMES - 1])
    const times = ofKind(reports, 'thermo').map(({ time_ps }) => time_ps)
    expect(times.at(-1)).toBeCloseTo(0.084, 9)
  })

  it('continues at the final temperature of a ramp', async () => {
    const production = {
      temperature: { start_K: 900, end_K: 300 },
      bath: { kind: 'csvr', time_ps: 0.001 },
    } as const
    const rows = ofKind(await told({}, 2, { input: withProduction(production) }), 'thermo')
    const from = rows.findLastIndex(({ time_ps }) => time_ps < 0.0441)
    const after = rows.slice(from + 5).map(({ temperature_K }) => temperature_K)
    expect(after.length).toBeGreaterThan(10)
    expect(Math.abs(mean(after) - 300)).toBeLessThan(60)
  })

  it('makes blocks of steps on the device, with reports between them', async () => {
    const { system } = expected.input
    const forces = system.forces.map(force =>
      force.kind === 'coulomb' ? { ...force, method: { name: 'dsf' as const, alpha_per_A: 0.2 } } : force,
    )
    const input = { ...withProduction({ device: { steps: 8 } }), system: { ...system, forces } }
    const blocks: number[] = []
    const evaluations: number[] = []
    let asked = 0
    await told({}, 1, {
      input,
      gate: async () => {
        asked++
        return false
      },
      async prepare(part) {
        const gpu = await createGpuEvaluator(part, 'webasm', { threads: 1 })
        return {
          ...gpu,
          evaluate(state, want) {
            evaluations.push(state.step)
            return gpu.evaluate(state, want)
          },
          integrator(step) {
            const { advance } = gpu.integrator!(step)
            return {
              advance(state, steps) {
                blocks.push(steps)
                return advance(state, steps)
              },
            }
          },
        }
      },
    })
    // Frames are two steps apart.
    expect(blocks).toEqual(Array(STEPS / 2).fill(2))
    expect(asked).toBe(blocks.length + evaluations.length)
  })

  it('uses the temperature and the seed that are chosen', async () => {
    const first = (reports: readonly Report[]) => ofKind(reports, 'thermo')[0]!.temperature_K
    const [cold, other] = [await told({ temperature_K: 100 }), await told({ seed: 99 })]
    expect(first(cold) / expected.temperature_K[0]!).toBeCloseTo(100 / 500, 9)
    expect(first(other)).not.toBeCloseTo(expected.temperature_K[0]!, 1)
  })
})
