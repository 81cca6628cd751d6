import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fitSlope } from '../../src/analysis/diffusion.ts'
import { meanSquaredDisplacement } from '../../src/analysis/msd.ts'
import { type LoadedRun, loadRun } from '../../src/run/loadRun.ts'
import { type Survey, survey } from '../../src/transport/survey.ts'
import { analyseSystem } from '../../src/transport/transport.ts'
import { remarksOn } from '../../src/transport/trust.ts'
import { normalSequence } from '../analysis/walks.ts'
import { temporaryFolder } from '../tools/folder.ts'
import { writeLongRun } from '../tools/longRun.ts'

const folder = temporaryFolder()
const directory = join(folder, 'run')

async function surveyed(size: Parameters<typeof writeLongRun>[1], known?: LoadedRun): Promise<Survey> {
  rmSync(directory, { recursive: true, force: true })
  writeLongRun(directory, size)
  return survey(known ?? loadRun(directory), 'Li')
}

const msdOf = ({ ions }: Survey) =>
  meanSquaredDisplacement(ions, { frameInterval_ps: 0.1, maximumLag_ps: 10 })

/** Edges of a cell that breathes: their relative deviation has a standard deviation and a memory of 1 ps. */
function breathing(seed: number, frames: number, deviation: number): (frame: number) => number {
  const normal = normalSequence(1000 + seed)
  const memory = Math.exp(-0.1)
  const edges = [0]
  for (let frame = 0; frame <= frames; frame++)
    edges.push(memory * edges.at(-1)! + Math.sqrt(1 - memory * memory) * normal())
  return frame => 20 * (1 + deviation * edges[frame]!)
}

describe('a cell that changes', () => {
  test('walkers in a breathing cell have their slope, and the interval covers it as often as stated', async () => {
    const slopes: number[] = []
    let covered = 0
    let run: LoadedRun | undefined
    // Relative to the centre of mass of 20 Li and 30 F.
    const share = 6.941 / (20 * 6.941 + 30 * 18.998)
    const right = 0.6 * (1 - 2 * share + 20 * share ** 2)
    for (let seed = 1; seed <= 100; seed++) {
      const edge_A = breathing(seed, 300, 0.01)
      const found = await surveyed({ frames: 300, ions: 20, others: 30, seed, edge_A }, run)
      // All runs differ in the trajectory alone.
      run ??= loadRun(directory)
      const fit = fitSlope(msdOf(found), { fitFrom_ps: 1, fitTo_ps: 5 })
      const [low, high] = fit.slope_ci95_A2_per_ps
      slopes.push(fit.slope_A2_per_ps.value)
      if (low <= right && right <= high) covered++
    }
    const average = slopes.reduce((sum, slope) => sum + slope, 0) / slopes.length
    // 100 slopes of 20 ions with a scatter of 7 % each
    expect(Math.abs(average / right - 1)).toBeLessThan(0.02)
    expect(covered).toBeGreaterThanOrEqual(90)
    expect(covered).toBeLessThanOrEqual(99)
  })

  test('atoms at rest in a cell whose density goes up by 7 % have no slope, and the density is remarked on', async () => {
    const size = {
      frames: 500,
      ions: 20,
      others: 20,
      step_A: 0,
      edge_A: (k: number) => 20 - (0.45 * k) / 499,
    }
    const found = await surveyed(size)
    const { slope_A2_per_ps } = fitSlope(msdOf(found), { fitFrom_ps: 1, fitTo_ps: 10 })
    expect(Math.abs(slope_A2_per_ps.value)).toBeLessThan(1e-9)
    const system = { runs: [loadRun(directory)], surveys: [found] }
    expect(remarksOn(system)).toEqual([expect.stringMatching(/density of run changed by 7\.\d %/)])
  })

  test('the trajectory of a cell that does not change stays as it is, to the last bit', async () => {
    const found = await surveyed({ frames: 50, ions: 1, others: 0 })
    expect(found).toMatchObject({ isCubic: true, wasWrapped: false })
    // The only atom is the centre of mass, whose motion is taken out.
    expect(found.ions.get(49, 0, 0)).toBe(found.ions.get(0, 0, 0))
  })
})

describe('positions that another program has wrapped', () => {
  test.each([
    ['a cell that stays', undefined],
    ['a cell that breathes', breathing(3, 600, 0.01)],
  ])('are unwrapped in %s, and the MSD is that of the run', async (_, edge_A) => {
    const size = { frames: 600, ions: 20, others: 20, edge_A: edge_A ?? (() => 12) }
    const right = await surveyed(size)
    const wrapped = await surveyed({ ...size, wrapped: true })
    expect(right.wasWrapped).toBe(false)
    expect(wrapped.wasWrapped).toBe(true)
    const [expected, found] = [msdOf(right).mean_A2, msdOf(wrapped).mean_A2]
    found.forEach((value, k) => {
      expect(Math.abs(value / expected[k]! - 1)).toBeLessThan(1e-4)
    })
    const system = await analyseSystem({ name: 'run', runs: [loadRun(directory)] }, 'Li', {
      from_ps: 1,
      to_ps: 10,
    })
    expect(remarksOn(system)).toEqual(['the trajectory of run holds wrapped positions, which were unwrapped'])
  })

  test('are refused by name where atoms move by about half a cell between frames', async () => {
    const size = { frames: 300, ions: 20, others: 20, edge_A: () => 12, step_A: 2.5, wrapped: true }
    await expect(surveyed(size)).rejects.toThrow(/are wrapped into the cell.*cannot be unwrapped/)
  })

  test('are not suspected where atoms leave the cell in long steps', async () => {
    const size = { frames: 300, ions: 20, others: 20, edge_A: () => 12, step_A: 5 }
    const found = await surveyed(size)
    expect(found.wasWrapped).toBe(false)
    const { slope_A2_per_ps } = fitSlope(msdOf(found), { fitFrom_ps: 0.5, fitTo_ps: 3 })
    expect(slope_A2_per_ps.value).toBeGreaterThan(650)
    expect(slope_A2_per_ps.value).toBeLessThan(850)
  })
})
