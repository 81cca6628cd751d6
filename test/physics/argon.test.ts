import { describe, expect, it } from 'vitest'
import { blockAverage, variance } from '../../src/analysis/stats.ts'
import { createState } from '../../src/core/state.ts'
import { referencePlatform } from '../../src/platform/reference/reference.ts'
import { loadRecipe } from '../../src/recipes/recipe.ts'
import { prepareRun } from '../../src/run/prepare.ts'
import { framesOf } from '../../src/transport/frames.ts'
import { analyseSystem } from '../../src/transport/transport.ts'
import { CODATA_2018, EV_PER_A3_IN_BAR } from '../../src/units.ts'
import { ARGON, agree, argon, bring, checksOf, column, meanOfSeries, run, SIGMAS } from './harness.ts'

const check = checksOf('argon')
const KB = CODATA_2018.boltzmann_eV_per_K
const T = ARGON.temperature_K

const recipe = (
  { potential, structure }: { potential: string; structure: string },
  interactions: string,
  stages: string,
  output = 'trajectory_every_ps: 0.5, log_every_ps: 0.1',
) => `name: argon
seed: 1
system: { potential: ${potential}, structure: ${structure} }
interactions: { ${interactions} }
stages:
${stages}
output: { ${output} }
`

/** From test/physics/argon.lmp, 100 000 steps each, Nosé–Hoover; standard errors by blocks. */
const LAMMPS = {
  energy: { value: -5.5116, standardError: 0.0011 },
  pressure: { value: 0.0071, standardError: 0.0057 },
  diffusion: { value: 0.031, standardError: 0.0009 },
  source: 'LAMMPS 29 Sep 2021, same box (test/physics/argon.lmp)',
}

const SMOOTH = 'cutoff_A: 8, lennard_jones: switched, switch_from_A: 7, coulomb: none'

describe('Lennard-Jones argon', () => {
  it('in NVE has an error of the total energy that falls with the square of the timestep', async () => {
    const box = argon(3, 0.8)
    const spreadAt = async (timestep_fs: number) => {
      const stages = `  - { name: melt, kind: nvt, time_ps: 10, timestep_fs: 5, temperature_K: 100, new_velocities: true }
  - { name: produce, kind: nve, time_ps: 40, timestep_fs: ${timestep_fs} }`
      const loaded = await run(
        recipe(box, SMOOTH, stages, 'trajectory_every_ps: 40, log_every_ps: 0.04'),
        'reference',
      )
      return Math.sqrt(variance(column(loaded, 'conserved_eV')))
    }
    const [coarse, middle, fine] = [await spreadAt(10), await spreadAt(5), await spreadAt(2.5)]
    for (const [name, ratio] of [
      ['10 and 5 fs', coarse / middle],
      ['5 and 2.5 fs', middle / fine],
    ] as const) {
      check(
        {
          name: `argon, 108 atoms, NVE: fluctuation of the total energy at ${name}, ratio`,
          value: ratio,
          interval: null,
          reference: '4 ± 0.4',
          source: 'second order of velocity Verlet; Merz & Shirts 2018, 10.1371/journal.pone.0202764',
        },
        Math.abs(ratio - 4) < 0.4,
      )
    }
  })

  it('under Langevin has the temperature asked for in its velocities and in its positions', async () => {
    const box = argon(3, 0.8)
    const asked = 100
    const stages = `  - { name: melt, kind: nvt, time_ps: 20, timestep_fs: 5, temperature_K: ${asked}, new_velocities: true, thermostat: langevin }
  - { name: produce, kind: nvt, time_ps: 200, timestep_fs: 5, temperature_K: ${asked}, thermostat: langevin }`
    const text = recipe(box, SMOOTH, stages, 'trajectory_every_ps: 1, log_every_ps: 0.1')
    const loaded = await run(text)
    const kinetic = column(loaded, 'kinetic_eV').map(energy => (2 * energy) / (3 * 108 * KB))
    const measured = meanOfSeries(kinetic)
    check(
      {
        name: 'argon, 108 atoms, Langevin: 2 E_kin/3Nk, K (324 degrees of freedom)',
        value: measured.value,
        interval: measured.interval,
        reference: `${asked}`,
        source: 'equipartition; the centre of mass moves under Langevin',
      },
      Math.abs(measured.value - asked) < SIGMAS * measured.standardError,
    )
    const { system } = prepareRun(loadRecipe(bring('langevin.yaml', text)))
    const evaluator = await referencePlatform.prepare(system)
    const [squares, curvatures]: [number[], number[]] = [[], []]
    const step_A = 1e-3
    for await (const { positions, box: cell, index } of framesOf(loaded)) {
      const forces = async (shift: number, signs: Float64Array) =>
        (
          await evaluator.evaluate(
            createState(
              Float64Array.from(positions, (x, k) => x + shift * signs[k]!),
              cell,
            ),
          )
        ).forces.slice()
      // Trace of the Hessian from a random vector of ±1 (Hutchinson 1990): its mean is exact.
      const signs = Float64Array.from(positions, (_, k) =>
        (Math.sin(12.9898 * (k + 1) * (index + 1)) * 43758.5453) % 1 > 0 ? 1 : -1,
      )
      const [ahead, behind, here] = [
        await forces(step_A, signs),
        await forces(-step_A, signs),
        await forces(0, signs),
      ]
      squares.push(here.reduce((sum, force) => sum + force * force, 0))
      curvatures.push(
        ahead.reduce((sum, force, k) => sum - (signs[k]! * (force - behind[k]!)) / (2 * step_A), 0),
      )
    }
    const [above, below] = [blockAverage(squares), blockAverage(curvatures)]
    const value = above.mean / below.mean / KB
    const error = value * Math.hypot(above.standardError / above.mean, below.standardError / below.mean)
    check(
      {
        name: 'argon, 108 atoms, Langevin: configurational temperature ⟨|∇U|²⟩/k⟨∇²U⟩, K',
        value,
        interval: [value - 1.96 * error, value + 1.96 * error],
        reference: `${asked}`,
        source: 'Butler et al. 1998, 10.1063/1.477301',
      },
      Math.abs(value - asked) < SIGMAS * error,
    )
  })

  it('has the energy and the pressure that LAMMPS finds at T* = 0.85, ρ* = 0.776', async () => {
    const box = argon(5, 0.776)
    const stages = `  - { name: melt, kind: nvt, time_ps: 20, timestep_fs: 5, temperature_K: 300, new_velocities: true }
  - { name: equilibrate, kind: nvt, time_ps: 30, timestep_fs: 5, temperature_K: ${0.85 * T} }
  - { name: produce, kind: nvt, time_ps: 300, timestep_fs: 5, temperature_K: ${0.85 * T} }`
    const loaded = await run(
      recipe(
        box,
        'cutoff_A: 13.62, lennard_jones: plain, tail_correction: true, coulomb: none',
        stages,
        'trajectory_every_ps: 300, log_every_ps: 0.1',
      ),
    )
    const energy = meanOfSeries(column(loaded, 'potential_eV').map(u => u / (500 * ARGON.epsilon_eV)))
    const pressure = meanOfSeries(
      column(loaded, 'pressure_bar').map(
        p => ((p / EV_PER_A3_IN_BAR) * ARGON.sigma_A ** 3) / ARGON.epsilon_eV,
      ),
    )
    for (const [name, value, reference] of [
      ['U*/N', energy, LAMMPS.energy],
      ['p*', pressure, LAMMPS.pressure],
    ] as const) {
      check(
        {
          name: `argon, 500 atoms, T* 0.85, ρ* 0.776, cut-off 4 σ with tail correction: ${name}`,
          value: value.value,
          interval: value.interval,
          reference: `${reference.value} ± ${(1.96 * reference.standardError).toPrecision(2)}`,
          source: LAMMPS.source,
        },
        agree(value, reference),
      )
    }
  })

  it('diffuses at its triple point as LAMMPS finds, and is called diffusive', async () => {
    const box = argon(5, 0.8442)
    const stages = `  - { name: melt, kind: nvt, time_ps: 20, timestep_fs: 4, temperature_K: 400, new_velocities: true }
  - { name: equilibrate, kind: nvt, time_ps: 40, timestep_fs: 4, temperature_K: ${0.722 * T} }
  - { name: produce, kind: nvt, time_ps: 300, timestep_fs: 4, temperature_K: ${0.722 * T}, thermostat_time_ps: 1 }`
    const loaded = await run(
      `${recipe(box, 'cutoff_A: 10.215, lennard_jones: plain, tail_correction: true, coulomb: none', stages)}analysis: { species: Ar, fit_from_ps: 2, fit_to_ps: 30 }\n`,
    )
    const { transport } = await analyseSystem({ name: 'argon', runs: [loaded] }, 'Ar', {
      from_ps: 2,
      to_ps: 30,
    })
    const unit =
      ARGON.sigma_A ** 2 /
      Math.sqrt(
        (ARGON.mass_g_per_mol * ARGON.sigma_A ** 2) / (ARGON.epsilon_eV * CODATA_2018.accelerationPerForce),
      )
    const value = transport.slope_A2_per_ps / 6 / unit
    const interval = transport.slope_ci95_A2_per_ps.map(slope => slope / 6 / unit) as [number, number]
    expect(transport.verdict).toBe('diffusive')
    check(
      {
        name: 'argon, 500 atoms, T* 0.722, ρ* 0.8442: D*',
        value,
        interval,
        reference: `${LAMMPS.diffusion.value} ± ${(1.96 * LAMMPS.diffusion.standardError).toPrecision(2)}`,
        source: LAMMPS.source,
      },
      agree({ value, standardError: (interval[1] - interval[0]) / 3.92 }, LAMMPS.diffusion),
    )
  })
})
