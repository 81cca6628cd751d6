import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type BandOutcome, computeBand } from '../../src/bands/computeBand.ts'
import { prepareBand } from '../../src/bands/prepareBand.ts'
import { loadBandRecipe } from '../../src/recipes/bandRecipe.ts'
import { type BarriersPlan, changedBand, planBarriers } from '../../src/study/plan.ts'
import { loadBarriers } from '../../src/study/recipe.ts'

/**
 * The published comparisons, from recipes alone: cells are cut, filled and covered by hoplite. Figures in brackets are
 * those of the prototype whose fixtures are in test/golden/neb.
 */
const RUNS = join(import.meta.dirname, '../../runs')
const [LI_BARRIER, NI_BARRIER] = ['li-barrier', 'ni-barrier'].map(name =>
  planBarriers(loadBarriers(join(RUNS, `${name}.yaml`)), { full: true }),
) as [BarriersPlan, BarriersPlan]

const known = new Map<string, Promise<BandOutcome>>()

/** The band of a case; each is computed once. */
function band({ study, runs }: BarriersPlan, name: string): Promise<BandOutcome> {
  const run = runs.find(candidate => candidate.case === name)
  if (!run) throw new RangeError(`${study.recipe.name} has no case ${name}`)
  const before = known.get(run.key)
  if (before) return before
  const prepared = prepareBand(run.loaded)
  const outcome = computeBand(
    { ...prepared, recipe: withoutVibrations(prepared.recipe) },
    { platform: 'auto', threads: 1 },
  )
  known.set(run.key, outcome)
  return outcome
}

const withoutVibrations = <T extends { vibrations?: unknown }>(recipe: T): T => ({
  ...recipe,
  vibrations: undefined,
})

async function barrier(study: BarriersPlan, name: string): Promise<number> {
  const { barrier_eV, converged } = await band(study, name)
  expect(converged).toBe(true)
  return barrier_eV
}

const within = (value: number, target: number, tolerance: number) =>
  expect(Math.abs(value - target)).toBeLessThanOrEqual(tolerance)

describe('Li⁺ in bulk LiNiO2', { timeout: 120_000 }, () => {
  const of = async (recipe: string) =>
    computeBand(prepareBand(loadBandRecipe(join(RUNS, recipe))), { platform: 'auto', threads: 1 })

  it('straight through the oxygen dumbbell: 0.770 eV', async () => {
    const { barrier_eV, reaction_energy_eV, converged } = await of('bulk-odh.yaml')
    expect(converged).toBe(true)
    within(barrier_eV, 0.77, 0.02)
    within(reaction_energy_eV, 0, 1e-3)
  })

  it('is a saddle of second order there: bent to one side, the path is lower and a true saddle', async () => {
    const vibrations = { prefactor: true, temperature_K: 300, shell_A: 3.2 }
    const straight = prepareBand(loadBandRecipe(join(RUNS, 'bulk-odh.yaml')))
    const along = await computeBand(
      { ...straight, recipe: { ...straight.recipe, vibrations } },
      { platform: 'auto', threads: 1 },
    )
    expect(along.vibrations).toBeNull()
    expect(along.warnings.join()).toMatch(/no prefactor: the saddle has 2 imaginary modes/)

    const change = { 'hop.via': [[0.665, 0.58, 0.01]] }
    const bent = prepareBand(changedBand({ key: 'bent', recipe: join(RUNS, 'bulk-odh.yaml'), change }))
    const aside = await computeBand(
      { ...bent, recipe: { ...bent.recipe, vibrations } },
      { platform: 'auto', threads: 1 },
    )
    expect(aside.converged).toBe(true)
    expect(aside.vibrations?.imaginary_THz).toBeGreaterThan(1)
    within(aside.barrier_eV, along.barrier_eV - 0.115, 0.02)
  })

  it('through the tetrahedral site of a di-vacancy: 0.304 eV', async () => {
    const { barrier_eV, converged, warnings } = await of('bulk-tsh.yaml')
    expect(converged).toBe(true)
    within(barrier_eV, 0.304, 0.02)
    expect(warnings.join()).toMatch(/image 5 of 9 is a minimum between two barriers/)
  })
})

describe('Li⁺ from the (104) surface into the layer below', { timeout: 120_000 }, () => {
  const of = (name: string) => barrier(LI_BARRIER, name)

  it('bare: 1.470 eV', async () => {
    within(await of('bare'), 1.47, 0.03)
  })

  it('PVDF at 4.5 Å: 1.498 eV', async () => {
    within(await of('PVDF 4.5 Å'), 1.498, 0.03)
  })

  it('PVDF at 3.2 Å: 1.539 eV', async () => {
    within(await of('PVDF 3.2 Å'), 1.539, 0.03)
  })

  it('is 0.41 eV lower with a unit bonded to the oxygen that is left behind', async () => {
    within((await of('dHF-PVDF')) - (await of('PVDF 4.5 Å')), -0.41, 0.1)
  })

  it('is higher with the unit bonded to the oxygen of the bottleneck', async () => {
    expect(await of('dHF-PVDF on the bottleneck O')).toBeGreaterThan((await of('PVDF 4.5 Å')) + 0.1)
  })

  it('is higher on the way back with the bonded unit than without', async () => {
    const [bonded, distant] = await Promise.all([
      band(LI_BARRIER, 'dHF-PVDF'),
      band(LI_BARRIER, 'PVDF 4.5 Å'),
    ])
    expect(bonded.reverse_barrier_eV).toBeGreaterThan(distant.reverse_barrier_eV + 0.03)
  })

  it('falls as the bond takes more charge', async () => {
    const [less, middle, more] = [
      await of('dHF-PVDF, δ 0.24'),
      await of('dHF-PVDF'),
      await of('dHF-PVDF, δ 0.47'),
    ]
    expect(less).toBeGreaterThan(middle)
    expect(middle).toBeGreaterThan(more)
  })

  it('does not notice an uncharged unit 6 Å away', async () => {
    within(await of('uncharged unit 6 Å away'), await of('bare'), 5e-4)
  })
})

describe('Ni²⁺ into the lithium layer of Li0.5NiO2', { timeout: 120_000 }, () => {
  const of = (name: string) => barrier(NI_BARRIER, name)

  it('bare: 2.826 eV', async () => {
    within(await of('bare'), 2.826, 0.03)
  })

  it('is 0.52 eV higher with nitrogen coordinated to it', async () => {
    within((await of('N-coordinated')) - (await of('bare')), 0.52, 0.05)
  })

  it('rises with the strength of the N–Ni bond, by less than the bond', async () => {
    const bare = await of('bare')
    for (const D of [0.46, 0.76]) {
      const shift = (await of(`N-coordinated, D ${D} eV`)) - bare
      expect(shift).toBeGreaterThan(0.8 * D)
      expect(shift).toBeLessThan(D)
    }
  })

  it('does not notice the unit without the bond', async () => {
    within(await of('unit without N–Ni bond'), await of('bare'), 0.01)
  })
})
