import { join } from 'node:path'
import ndarray from 'ndarray'
import { beforeAll, describe, expect, test } from 'vitest'
import { meanSquaredDisplacement } from '../../src/analysis/msd.ts'
import { createTopology } from '../../src/core/topology.ts'
import { loadRun } from '../../src/run/loadRun.ts'
import { conductionOf } from '../../src/transport/conduction.ts'
import { hostOf } from '../../src/transport/host.ts'
import { moleculeOf } from '../../src/transport/molecule.ts'
import { motionOf } from '../../src/transport/motion.ts'
import { overBoxes } from '../../src/transport/quantity.ts'
import { type AnalysedSystem, analyseSystem } from '../../src/transport/transport.ts'
import { type Mechanism, mechanismsOf } from '../../src/transport/transportReport.ts'
import { checksOf } from '../../src/transport/trust.ts'
import { hoppingWalk, randomWalk } from '../analysis/walks.ts'
import { temporaryFolder } from '../tools/folder.ts'
import { writeLongRun } from '../tools/longRun.ts'

const folder = temporaryFolder()
const window = { from_ps: 1, to_ps: 5 }

async function systemOf(name: string, others: number, charged: boolean): Promise<AnalysedSystem> {
  const directory = join(folder, name)
  writeLongRun(directory, { frames: 2000, ions: 10, others, charged })
  return analyseSystem({ name, runs: [loadRun(directory)] }, 'Li', window)
}

let salt: AnalysedSystem
let alone: AnalysedSystem
let mechanisms: Mechanism[]
const row = (k: number, name: string) =>
  mechanisms[k]!.shown.mechanism.find(quantity => quantity.name.startsWith(name))!

beforeAll(async () => {
  salt = await systemOf('salt', 10, true)
  alone = await systemOf('alone', 10, false)
  mechanisms = await mechanismsOf([salt, alone])
})

describe('conductivity', () => {
  /** Of 10 ions with one charge and a slope of 0.6 Å²/ps in (60 Å)³ at 500 K, S/cm. */
  const expected = (16.02176634 * 10 * 0.6) / (6 * 60 ** 3 * 8.617333262e-5 * 500)

  test('the conductivity of walkers among resting ions is that of the walkers', () => {
    const independent = row(0, 'ions independent (Nernst')
    expect(independent.unit).toBe('S/cm')
    expect(Math.abs(independent.value! / expected - 1)).toBeLessThan(0.15)
    expect(row(0, 'of this, Li⁺').value! / independent.value!).toBeGreaterThan(0.97)
    const [low, high] = row(0, 'ions together').ci95!
    expect(low).toBeLessThan(expected)
    expect(high).toBeGreaterThan(expected)
    expect(row(0, 'Haven ratio').ci95![0]).toBeLessThan(1)
    expect(row(0, 'Haven ratio').ci95![1]).toBeGreaterThan(1)
  })

  test('cations and anions that are fast in the same boxes are not taken as independent', () => {
    const speeds = [0.6, 0.8, 1, 1.2]
    const walks = speeds.map((speed, k) =>
      randomWalk({ seed: k + 1, frames: 2000, ions: 20, step_A: () => 0.1 * Math.sqrt(speed) }),
    )
    const part = (k: number, from: number, ions: number) => {
      const { data, stride } = walks[k]!
      return ndarray(Float32Array.from(data), [2000, ions, 3], stride, 3 * from)
    }
    const surveys = speeds.map((_, k) => ({
      ...salt.surveys[0]!,
      ions: part(k, 0, 10),
      charged: { ...salt.surveys[0]!.charged!, counterions: part(k, 10, 10), all: part(k, 0, 20) },
    }))
    const msds = surveys.map(({ ions }) => meanSquaredDisplacement(ions, { frameInterval_ps: 0.1 }))
    const rows = conductionOf({ ...salt, runs: speeds.map(() => salt.runs[0]!), surveys, msds })
    const [both, own] = rows.map(({ ci95 }) => Math.log(ci95![1] / ci95![0]))
    // Of independent ones it would be about half.
    expect(both! / own!).toBeGreaterThan(0.9)
  })

  test('the resistance of a coating of 2 nm follows from the conductivity', () => {
    const resistance = mechanisms[0]!.shown.mechanism.find(({ unit }) => unit === 'Ω cm²')!
    expect(resistance.value! * row(0, 'ions independent (Nernst').value!).toBeCloseTo(2e-7, 12)
    expect(resistance.note).toMatch(/for 1–3 nm/)
  })

  test('without other ions the conductivity is that of Li⁺ alone and the collective one is not defined', () => {
    expect(row(1, 'ions independent (Nernst').note).toMatch(/Li⁺ alone$/)
    expect(row(1, 'ions together')).toMatchObject({
      value: null,
      note: 'not defined: the ions carry 10 e together',
    })
    expect(row(1, 'Haven ratio')).toMatchObject({ value: null, note: 'not defined' })
  })
})

test('displacements are given for both kinds of ions, and for chains only where there are chains', () => {
  const found = salt.transport.msd_A2[salt.transport.lag_ps.findIndex(lag => lag > 4.95)]
  expect(row(0, 'Li⁺').value).toBeCloseTo(found!, 6)
  expect(row(0, 'other ions').value! / found!).toBeLessThan(0.05)
  expect(row(1, 'other ions')).toMatchObject({ value: null, note: 'there are none' })
  expect(row(0, 'chains')).toBeUndefined()
  expect(mechanisms[0]!.shown.vanHove.map(({ lag_ps }) => lag_ps)).toEqual([1, 5])
})

test('the free volume is everything outside the spheres', () => {
  const volume_A3 = 10 * (4 / 3) * Math.PI * (0.76 ** 3 + 1.47 ** 3)
  const geometric = hostOf(salt).find(({ name }) => name === 'geometric')!.value!
  // Some of the spheres overlap, and lithium of this potential is an ion.
  expect(geometric).toBeGreaterThanOrEqual(100 * (1 - volume_A3 / 60 ** 3) - 0.01)
  expect(geometric).toBeLessThan(100)
})

test('the box shows the last frame, where the paths of ions end', () => {
  const { structure, trajectories_A } = moleculeOf(salt.runs[0]!, salt.surveys[0]!, 'Li')
  expect(trajectories_A).toHaveLength(10)
  trajectories_A.forEach((path, ion) => {
    for (const axis of [0, 1, 2]) {
      expect(path[path.length - 3 + axis]).toBeCloseTo(structure.positions[3 * ion + axis]!, 9)
      expect(structure.positions[3 * ion + axis]).toBeGreaterThanOrEqual(0)
      expect(structure.positions[3 * ion + axis]).toBeLessThan(60)
    }
    const [first, last] = [path[0]!, path[path.length - 3]!]
    expect(last - first).toBeCloseTo(travelled(ion), 3)
  })
})

/** Along x, from the first point of a path to its last, Å. */
function travelled(ion: number): number {
  const { ions } = salt.surveys[0]!
  return ions.get(1999, ion, 0) - ions.get(1999 - 60 * 33, ion, 0)
}

test('intervals between boxes need three boxes that differ and stay within the possible limits', () => {
  expect(overBoxes([1, 2])).toEqual({ value: 1.5, ci95: null })
  const { value, ci95 } = overBoxes([1, 2, 3])
  // Student t with two degrees of freedom, 4.303, times 1/√3.
  expect(value).toBe(2)
  expect(ci95![0]).toBe(0)
  expect(ci95![1]).toBeCloseTo(2 + 4.3027 / Math.sqrt(3), 3)
  expect(overBoxes([3, 3, 3]).ci95).toBeNull()
})

describe('the number of hops', () => {
  const check = (hops: Mechanism['hops']) =>
    checksOf([salt], [hops]).find(({ name }) => name === 'salt: hops')!

  test.each([
    [{ hops: 9, ions: 24, crowded: false }, false, '9 hops in all, of 24 ions; with fewer than 10'],
    [{ hops: 10, ions: 24, crowded: false }, true, '10 hops in all, of 24 ions'],
    [{ hops: 3, ions: 24, crowded: true }, true, 'run into each other'],
    [null, null, 'too short'],
  ])('%o', (hops, passed, words) => {
    expect(check(hops).passed).toBe(passed)
    expect(check(hops).detail).toContain(words)
  })

  /** The salt with other motion of its ions, a frame every 0.1 ps. */
  function moving(walk: ReturnType<typeof hoppingWalk>) {
    const ions = ndarray(Float32Array.from(walk.data), walk.shape, walk.stride)
    const msds = [meanSquaredDisplacement(ions, { frameInterval_ps: 0.1 })]
    const { quantities, hops } = motionOf({ ...salt, msds, surveys: [{ ...salt.surveys[0]!, ions }] })
    const find = (name: string) => quantities.find(quantity => quantity.name === name)!
    return { hops, find }
  }

  test('hops of 3 Å are counted among rattling ions', () => {
    const walk = hoppingWalk({ seed: 3, frames: 4000, ions: 10, hopProbability: 0.001, rattle_A: 0.3 })
    const { hops, find } = moving(walk)
    // 10 a nanosecond for each ion; those within 2 ps of each other count as one.
    expect(hops!.hops).toBeGreaterThan(28)
    expect(hops!.hops).toBeLessThan(48)
    expect(hops).toMatchObject({ ions: 10, crowded: false })
    expect(find('rate per ion').ci95![0]).toBeLessThan(10)
    expect(find('rate per ion').ci95![1]).toBeGreaterThan(9)
    expect(find('length').value).toBeCloseTo(3, 0)
  })

  test('hops of one box are not counted as independent', () => {
    const lengths = [2.2, 2.6, 3, 3.4]
    const walks = lengths.map(length_A => {
      const data = new Float32Array(4000 * 10 * 3)
      // Everybody hops back and forth along x, every 20 ps.
      for (let k = 0; k < 40_000; k++) data[3 * k] = Math.floor(k / 2000) % 2 === 0 ? 0 : length_A
      return ndarray(data, [4000, 10, 3])
    })
    const surveys = walks.map(ions => ({ ...salt.surveys[0]!, ions }))
    const msds = walks.map(ions => meanSquaredDisplacement(ions, { frameInterval_ps: 0.1 }))
    const { quantities } = motionOf({ ...salt, msds, surveys })
    const { value, ci95 } = quantities.find(({ name }) => name === 'length')!
    expect(value).toBeCloseTo(2.8, 4)
    // Student t with three degrees of freedom, 3.182, times the standard error of four boxes.
    expect(ci95![1] - value!).toBeCloseTo((3.1824 * Math.sqrt(0.8 / 3)) / 2, 2)
  })

  test('the rate has an upper bound where no hop was seen', () => {
    const still = hoppingWalk({ seed: 3, frames: 4000, ions: 10, hopProbability: 0, rattle_A: 0.3 })
    const { hops, find } = moving(still)
    expect(hops!.hops).toBe(0)
    // Three in all, in the time that was watched.
    const { value, bound, ci95 } = find('rate per ion')
    expect(value).toBeCloseTo(3 / (10 * 0.3959), 3)
    expect({ bound, ci95 }).toEqual({ bound: 'at most', ci95: null })
    expect(find('length')).toMatchObject({ value: null, note: 'none seen' })
  })

  test('the number of hops that overlap in time is a lower bound', () => {
    const free = hoppingWalk({ seed: 3, frames: 2000, ions: 10, hopProbability: 0.5, rattle_A: 0.3 })
    const { hops, find } = moving(free)
    expect(hops!.crowded).toBe(true)
    expect(find('hops seen')).toMatchObject({ value: hops!.hops, bound: 'at least', note: 'of 10 ions' })
    expect(find('rate per ion')).toMatchObject({ bound: 'at least', ci95: null })
  })
})

test('the effect of the size of the box is reported, not corrected', () => {
  const [check] = checksOf([salt], [null]).filter(({ name }) => name === 'size of the box')
  expect(check).toMatchObject({ passed: null })
  expect(check!.detail).toMatch(/^not corrected: .* below [\d.]+ mPa s \(salt, 60 Å\)/)
})

test('the pressure is called too high by steps of 4 fs only where bonds are held', () => {
  const [run] = salt.runs
  const npt = { ...run!.recipe.stages.at(-1)!, kind: 'npt', pressure_bar: 1 }
  const detail = (bonds: 'none' | 'all-bonds', pairs: readonly number[]) => {
    const recipe = {
      ...run!.recipe,
      stages: [...run!.recipe.stages.slice(0, -1), npt],
      constraints: { bonds, tolerance: 1e-8 },
    }
    const topology = createTopology(run!.structure.elements.length, pairs)
    const changed = { ...run!, recipe, structure: { ...run!.structure, topology } }
    const system = { ...salt, runs: [changed as typeof run & object] }
    return checksOf([system], [null]).find(({ name }) => name === 'salt: pressure')!.detail
  }
  expect(detail('all-bonds', [0, 1])).toMatch(/too high with steps of 4 fs/)
  expect(detail('none', [0, 1])).toMatch(/ bar by forces on atoms$/)
  expect(detail('all-bonds', [])).toMatch(/ bar by forces on atoms$/)
})

test('D in an infinite box stands among the checks where the recipe gives the viscosity and the MSD is diffusive', () => {
  const [run] = salt.runs
  const recipe = { ...run!.recipe, analysis: { species: 'Li', viscosity_mPa_s: 1 } }
  const system = { ...salt, runs: [{ ...run!, recipe }] }
  const check = (verdict: 'diffusive' | 'sub-diffusive') =>
    checksOf([{ ...system, transport: { ...salt.transport, verdict } }], [null]).at(-1)!.detail
  expect(check('diffusive')).toMatch(/^salt: D = 0\.09.* Å²\/ps .*; in an infinite box 0\.11/)
  expect(check('sub-diffusive')).toMatch(/^not corrected/)
})
