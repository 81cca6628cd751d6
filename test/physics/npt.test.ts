import { describe, it } from 'vitest'
import { blockAverage, type Interval, mean, variance } from '../../src/analysis/stats.ts'
import type { LoadedRun } from '../../src/run/loadRun.ts'
import { linearDrift } from '../tools/statistics.ts'
import { argon, checksOf, column, meanOfSeries, run, SIGMAS } from './harness.ts'

const check = checksOf('npt')
const ROOT = `${import.meta.dirname}/../..`
/** meV per atom and picosecond. */
const DRIFT_LIMIT = 0.01

/** Drift of the conserved quantity, meV/atom/ps. */
function driftOf(loaded: LoadedRun) {
  const { slope, standardError } = linearDrift(column(loaded, 'time_ps'), column(loaded, 'conserved_eV'))
  const unit = 1000 / loaded.structure.elements.length
  const [value, error] = [slope * unit, standardError * unit]
  return { value, error, interval: [value - 1.96 * error, value + 1.96 * error] as Interval }
}

function checkDrift(name: string, loaded: LoadedRun): void {
  const { value, error, interval } = driftOf(loaded)
  check(
    {
      name: `${name}: drift of the conserved quantity, meV/atom/ps`,
      value,
      interval,
      reference: `|drift| ≤ ${DRIFT_LIMIT}`,
      source: 'chosen',
    },
    Math.abs(value) <= DRIFT_LIMIT + SIGMAS * error,
  )
}

/** Half a 95 % interval over its value. Asked: 0.003; the error of a mean is itself known to a third only. */
const WIDEST = 0.0045

interface Setting {
  readonly cells: number
  readonly timestep_fs: number
  readonly beta_per_bar: number
  readonly tau_ps: number
  readonly time_ps: number
}

const BASE = { cells: 5, timestep_fs: 5, beta_per_bar: 2e-4, tau_ps: 1, time_ps: 250 }
const SETTINGS: readonly Setting[] = [
  BASE,
  { ...BASE, timestep_fs: 10 },
  { ...BASE, tau_ps: 0.1 },
  { ...BASE, tau_ps: 0.1, timestep_fs: 10 },
  { ...BASE, beta_per_bar: 1e-2, tau_ps: 0.1 },
  { ...BASE, beta_per_bar: 4.5e-5, time_ps: 600 },
  { ...BASE, cells: 4, time_ps: 400 },
  { ...BASE, cells: 6 },
]

const nameOf = ({ cells, timestep_fs, beta_per_bar, tau_ps }: Setting) =>
  `argon, ${4 * cells ** 3} atoms, ${timestep_fs} fs, β/τ = ${beta_per_bar}/bar / ${tau_ps} ps`

async function argonAt(
  { cells, timestep_fs, beta_per_bar, tau_ps, time_ps }: Setting,
  temperature_K: number,
) {
  const { potential, structure } = argon(cells, 0.78)
  return run(`name: argon
seed: 1
system: { potential: ${potential}, structure: ${structure} }
interactions: { cutoff_A: 8, lennard_jones: switched, switch_from_A: 7, coulomb: none }
stages:
  - { name: melt, kind: nvt, time_ps: 10, timestep_fs: 5, temperature_K: 200, new_velocities: true }
  - { name: settle, kind: npt, time_ps: 40, timestep_fs: ${timestep_fs}, temperature_K: ${temperature_K}, pressure_bar: 200, barostat_time_ps: ${tau_ps}, compressibility_per_bar: ${beta_per_bar} }
  - { name: produce, kind: npt, time_ps: ${time_ps}, timestep_fs: ${timestep_fs}, temperature_K: ${temperature_K}, pressure_bar: 200, barostat_time_ps: ${tau_ps}, compressibility_per_bar: ${beta_per_bar} }
output: { trajectory_every_ps: ${time_ps}, log_every_ps: 0.1 }
`)
}

/** Volume per atom, Å³. */
const volumesOf = (loaded: LoadedRun) =>
  column(loaded, 'density_g_per_cm3').map(density => (39.948 * 1.6605390666) / density)

describe('argon at 200 bar, over size, timestep and pace of the barostat', () => {
  it.each([95, 110])('has one mean volume and one compressibility at %i K', async temperature_K => {
    const results = []
    for (const setting of temperature_K === 95 ? SETTINGS : SETTINGS.slice(0, 3)) {
      const loaded = await argonAt(setting, temperature_K)
      const volumes = volumesOf(loaded)
      const count = loaded.structure.elements.length
      const { statisticalInefficiency } = blockAverage(volumes.map(v => (v - mean(volumes)) ** 2))
      results.push({
        name: `${nameOf(setting)}, ${temperature_K} K`,
        volume: meanOfSeries(volumes),
        // kT κ_T = N var(v)/⟨v⟩
        fluctuation: (count * variance(volumes)) / mean(volumes),
        relativeError: Math.sqrt((2 * statisticalInefficiency) / volumes.length),
        loaded,
      })
    }
    const weight = results.reduce((sum, { volume }) => sum + volume.standardError ** -2, 0)
    const pooled =
      results.reduce((sum, { volume }) => sum + volume.value / volume.standardError ** 2, 0) / weight
    const weightOfFluctuation = results.reduce((sum, { relativeError }) => sum + relativeError ** -2, 0)
    const fluctuation =
      results.reduce((sum, { fluctuation, relativeError }) => sum + fluctuation / relativeError ** 2, 0) /
      weightOfFluctuation
    for (const { name, volume, fluctuation: own, relativeError, loaded } of results) {
      const halfWidth = 1.96 * volume.standardError
      check(
        {
          name: `${name}: ⟨V⟩ per atom, Å³`,
          value: volume.value,
          interval: volume.interval,
          reference: `${pooled.toFixed(3)}, mean of all settings; interval wanted within 0.3 %`,
          source: 'one ensemble for all settings',
        },
        Math.abs(volume.value - pooled) <= SIGMAS * volume.standardError && halfWidth <= WIDEST * pooled,
      )
      check(
        {
          name: `${name}: N var(V)/⟨V⟩ per atom, Å³`,
          value: own,
          interval: [own * (1 - 1.96 * relativeError), own * (1 + 1.96 * relativeError)],
          reference: `${fluctuation.toPrecision(3)}, mean of all settings`,
          source: 'one ensemble for all settings',
        },
        Math.abs(own / fluctuation - 1) <= SIGMAS * relativeError,
      )
      checkDrift(name, loaded)
    }
  })
})

describe('PVDF with LiFSI, 890 atoms, over constraints, timestep and pace of the barostat', () => {
  const HELD = [
    { bonds: 'none', timestep_fs: 1, mass: '' },
    { bonds: 'h-bonds', timestep_fs: 2, mass: '' },
    { bonds: 'all-bonds', timestep_fs: 2, mass: '' },
    { bonds: 'all-bonds', timestep_fs: 4, mass: ', hydrogen_mass_g_per_mol: 4' },
  ] as const
  const PACES = [
    { beta: 2e-4, tau_ps: 1 },
    { beta: 2e-4, tau_ps: 0.1 },
    { beta: 4.5e-5, tau_ps: 5 },
  ] as const
  const cases = [
    ...HELD.flatMap(held => PACES.map(pace => ({ ...held, ...pace, temperature_K: 700 }))),
    ...HELD.map(held => ({ ...held, ...PACES[0], temperature_K: 298 })),
  ]

  it.each(cases)(
    'runs with $bonds held, $timestep_fs fs, β/τ = $beta/bar / $tau_ps ps at $temperature_K K',
    async ({ bonds, timestep_fs, mass, beta, tau_ps, temperature_K }) => {
      const npt = `kind: npt, timestep_fs: ${timestep_fs}, temperature_K: ${temperature_K}, barostat_time_ps: ${tau_ps}, compressibility_per_bar: ${beta}`
      const loaded = await run(`name: pvdf
seed: 5
system: { potential: ${ROOT}/potentials/pvdf-lifsi.yaml, structure: ${ROOT}/structures/pvdf-${temperature_K}K-1.extxyz, charge_scale: 0.7${mass} }
interactions: { cutoff_A: 9, coulomb: pme, coulomb_accuracy: 1.0e-4, tail_correction: true }
constraints: { bonds: ${bonds}, tolerance: 1.0e-8 }
stages:
  - { name: settle, ${npt}, time_ps: 10, new_velocities: true }
  - { name: produce, ${npt}, time_ps: 20 }
output: { trajectory_every_ps: 20, log_every_ps: 0.1 }
`)
      const held = bonds === 'none' ? 'no bonds held' : `${bonds} held${mass === '' ? '' : ', H of 4 g/mol'}`
      checkDrift(
        `PVDF, ${temperature_K} K, ${held}, ${timestep_fs} fs, β/τ = ${beta}/bar / ${tau_ps} ps`,
        loaded,
      )
    },
  )
})
