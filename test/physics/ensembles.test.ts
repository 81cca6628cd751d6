import { describe, it } from 'vitest'
import { blockAverage, type Interval } from '../../src/analysis/stats.ts'
import type { LoadedRun } from '../../src/run/loadRun.ts'
import { CODATA_2018, EV_PER_A3_IN_BAR } from '../../src/units.ts'
import { argon, checksOf, column, run, SIGMAS, within } from './harness.ts'

const check = checksOf('ensembles')
const KB = CODATA_2018.boltzmann_eV_per_K
const { potential, structure, atoms } = argon(3, 0.8)

const recipe = (stage: string, temperature_K: number, seed: number) => `name: argon
seed: ${seed}
system: { potential: ${potential}, structure: ${structure} }
interactions: { cutoff_A: 8, lennard_jones: switched, switch_from_A: 7, coulomb: none }
stages:
  - { name: melt, kind: nvt, time_ps: 10, timestep_fs: 5, temperature_K: 200, new_velocities: true }
  - { name: equilibrate, ${stage}, time_ps: 30, timestep_fs: 5, temperature_K: ${temperature_K} }
  - { name: produce, ${stage}, time_ps: 400, timestep_fs: 5, temperature_K: ${temperature_K} }
output: { trajectory_every_ps: 400, log_every_ps: 0.1 }
`

/** Every n-th value of a series, n its statistical inefficiency: independent values. */
function independent(series: Float64Array): number[] {
  const every = Math.ceil(blockAverage(series).statisticalInefficiency)
  return [...series].filter((_, k) => k % every === 0)
}

/**
 * Slope b of ln P₂(x)/P₁(x) = a + b x by maximum likelihood (logistic regression), which Shirts 2013,
 * 10.1021/ct300688p, tests against the ratio of two ensembles, with its 95 % interval.
 */
function logRatioSlope(first: readonly number[], second: readonly number[]) {
  const all = [...first, ...second]
  const centre = all.reduce((sum, x) => sum + x, 0) / all.length
  const scale = Math.sqrt(all.reduce((sum, x) => sum + (x - centre) ** 2, 0) / all.length)
  let [a, b] = [0, 0]
  let errorOfB = 0
  for (let iteration = 0; iteration < 100; iteration++) {
    const gradient = [0, 0]
    const curvature = [0, 0, 0]
    all.forEach((x, k) => {
      const u = (x - centre) / scale
      const probability = 1 / (1 + (first.length / second.length) * Math.exp(-a - b * u))
      const excess = (k < first.length ? 0 : 1) - probability
      const weight = probability * (1 - probability)
      gradient[0]! += excess
      gradient[1]! += excess * u
      curvature[0]! += weight
      curvature[1]! += weight * u
      curvature[2]! += weight * u * u
    })
    const [aa, ab, bb] = curvature as [number, number, number]
    const determinant = aa * bb - ab * ab
    const step = [
      (bb * gradient[0]! - ab * gradient[1]!) / determinant,
      (aa * gradient[1]! - ab * gradient[0]!) / determinant,
    ]
    a += step[0]!
    b += step[1]!
    errorOfB = Math.sqrt(aa / determinant)
    if (Math.hypot(...step) < 1e-10) break
  }
  const [slope, error] = [b / scale, errorOfB / scale]
  const interval: Interval = [slope - 1.96 * error, slope + 1.96 * error]
  return { slope, interval, wide: [slope - 3 * error, slope + SIGMAS * error] as Interval }
}

async function ratio(
  name: string,
  of: (run: LoadedRun) => Float64Array,
  expected: number,
  recipes: readonly [string, string],
  source: string,
): Promise<void> {
  const [first, second] = [await run(recipes[0]), await run(recipes[1])]
  const { slope, interval, wide } = logRatioSlope(independent(of(first)), independent(of(second)))
  check(
    {
      name: `${name}, over the exact one`,
      value: slope / expected,
      interval: [interval[0] / expected, interval[1] / expected].sort((x, y) => x - y) as unknown as Interval,
      reference: '1',
      source,
    },
    within(wide, expected),
  )
}

const SHIRTS = 'Shirts 2013, 10.1021/ct300688p'

describe('the ratio of two ensembles', () => {
  it.each([
    ['CSVR', 'kind: nvt, thermostat: csvr, thermostat_time_ps: 0.2'],
    ['Langevin', 'kind: nvt, thermostat: langevin, thermostat_time_ps: 0.5'],
  ])('of potential energies at 88 and 96 K under %s has the slope 1/kT₁ − 1/kT₂', async (name, stage) => {
    await ratio(
      `argon, ${atoms} atoms, ${name}: slope of ln P(U; 96 K)/P(U; 88 K)`,
      loaded => column(loaded, 'potential_eV'),
      1 / (KB * 88) - 1 / (KB * 96),
      [recipe(stage, 88, 1), recipe(stage, 96, 2)],
      SHIRTS,
    )
  })

  it('of volumes at 50 and 350 bar has the slope (P₁ − P₂)/kT', async () => {
    const stage = (pressure_bar: number) =>
      `kind: npt, thermostat_time_ps: 0.2, barostat_time_ps: 1, compressibility_per_bar: 2.0e-4, pressure_bar: ${pressure_bar}`
    const mass = atoms * 39.948
    await ratio(
      `argon, ${atoms} atoms, NPT at 95 K: slope of ln P(V; 350 bar)/P(V; 50 bar)`,
      loaded => column(loaded, 'density_g_per_cm3').map(density => (mass / density) * 1.6605390666),
      -300 / EV_PER_A3_IN_BAR / (KB * 95),
      [recipe(stage(50), 95, 3), recipe(stage(350), 95, 4)],
      `${SHIRTS}; Merz & Shirts 2018, 10.1371/journal.pone.0202764`,
    )
  })
})
