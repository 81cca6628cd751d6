import { beforeAll, describe, expect, it } from 'vitest'
import { regularizedGamma } from '../../src/analysis/distributions.ts'
import { mean, variance } from '../../src/analysis/stats.ts'
import { copyState, createState } from '../../src/core/state.ts'
import { langevinStep, type Motion, velocityVerletStep } from '../../src/dynamics/integrate.ts'
import { ornsteinUhlenbeck } from '../../src/dynamics/thermostat.ts'
import { CODATA_2018, EV_PER_A3_IN_BAR, G_PER_MOL_A3_IN_G_PER_CM3 } from '../../src/units.ts'
import { ksTest } from '../tools/statistics.ts'
import { ATOMS, argon, argonForces, liquid } from './helpers/argon.ts'
import { polymer } from './helpers/polymer.ts'
import { type Recorded, record, spread, stageOf } from './helpers/run.ts'
import { cube, cubicLattice, harmonicWells, idealGas, systemOf, tethers } from './helpers/systems.ts'

const kTof = (temperature_K: number) => CODATA_2018.boltzmann_eV_per_K * temperature_K

/** Least-squares slope of ln y against ln x. */
function exponent(x: readonly number[], y: readonly number[]): number {
  const [lx, ly] = [x.map(Math.log), y.map(Math.log)]
  const [mx, my] = [mean(lx), mean(ly)]
  return (
    lx.reduce((sum, value, k) => sum + (value - mx) * (ly[k]! - my), 0) /
    lx.reduce((sum, value) => sum + (value - mx) ** 2, 0)
  )
}

describe('velocity Verlet', () => {
  it('has an energy error that shrinks as dt² for Lennard-Jones argon', async () => {
    const warm = await record(argon, argonForces, liquid, {
      stages: [stageOf({ kind: 'nvt', time_ps: 1, temperature_K: 90 })],
    })
    const timesteps = [2, 4, 8, 16]
    const errors: number[] = []
    for (const timestep_fs of timesteps) {
      const run = await record(argon, argonForces, warm.end.state, {
        stages: [stageOf({ kind: 'nve', time_ps: 3.2, timestep_fs })],
        output: { thermo_every_ps: 0.016 },
      })
      errors.push(spread(run.rows.map(row => row.conserved_eV)))
    }
    expect(exponent(timesteps, errors)).toBeGreaterThan(1.8)
    expect(exponent(timesteps, errors)).toBeLessThan(2.2)
  })

  it('has an energy error that shrinks as dt² for harmonic oscillators', async () => {
    const anchors = new Float64Array(9)
    const system = systemOf([1, 4, 9], { forces: [tethers(anchors, 5)] })
    const timesteps = [0.5, 1, 2, 4]
    const errors: number[] = []
    for (const timestep_fs of timesteps) {
      const run = await record(
        system,
        () => harmonicWells(anchors, 5),
        createState([0.1, 0, 0, 0, 0.1, 0, 0, 0, 0.1], cube(20)),
        {
          stages: [stageOf({ kind: 'nve', time_ps: 0.4, timestep_fs })],
          output: { thermo_every_ps: 0.004 },
        },
      )
      errors.push(spread(run.rows.map(row => row.conserved_eV)))
    }
    expect(exponent(timesteps, errors)).toBeGreaterThan(1.8)
    expect(exponent(timesteps, errors)).toBeLessThan(2.2)
  })

  it('follows the exact oscillation', async () => {
    const system = systemOf([4], { forces: [tethers(new Float64Array(3), 5)] })
    const run = await record(
      system,
      () => harmonicWells(new Float64Array(3), 5),
      createState([0.1, 0, 0], cube(20)),
      {
        stages: [stageOf({ kind: 'nve', time_ps: 0.1, timestep_fs: 0.1 })],
      },
    )
    const rate = Math.sqrt((5 * CODATA_2018.accelerationPerForce) / 4)
    expect(run.end.state.positions[0]! / 0.1).toBeCloseTo(Math.cos(rate * 0.1), 3)
    expect(run.end.state.velocities[0]! / (0.1 * rate)).toBeCloseTo(-Math.sin(rate * 0.1), 3)
  })

  it('retraces its path when the velocities are turned round', async () => {
    const evaluator = argonForces()
    const motion: Motion = {
      masses: argon.masses,
      constants: CODATA_2018,
      solver: null,
      evaluate: evaluator.evaluate,
    }
    const state = copyState(liquid)
    for (let k = 0; k < state.velocities.length; k++) state.velocities[k] = Math.sin(7 * k)
    const start = copyState(state)
    const go = async () => {
      let evaluation = await evaluator.evaluate(state)
      for (let step = 0; step < 200; step++) {
        evaluation = await velocityVerletStep(motion, state, evaluation, 0.004)
      }
    }
    await go()
    expect(Math.abs(state.positions[0]! - start.positions[0]!)).toBeGreaterThan(0.05)
    for (let k = 0; k < state.velocities.length; k++) state.velocities[k]! *= -1
    await go()
    state.positions.forEach((x, k) => {
      expect(Math.abs(x - start.positions[k]!)).toBeLessThan(1e-9)
    })
  })
})

describe('BAOAB', () => {
  it('has the exact configurational temperature of an oscillator even at ω dt = 1.2', async () => {
    const count = 500
    const masses = new Float64Array(count).fill(10)
    const anchors = new Float64Array(3 * count)
    const stiffness = 5
    const evaluator = harmonicWells(anchors, stiffness)
    const motion: Motion = { masses, constants: CODATA_2018, solver: null, evaluate: evaluator.evaluate }
    const state = createState(anchors, cube(20))
    const time = 1.2 / Math.sqrt((stiffness * CODATA_2018.accelerationPerForce) / 10)
    const temperature_K = 300
    let evaluation = await evaluator.evaluate(state)
    const squares: number[] = []
    const kinetic: number[] = []
    for (let step = 0; step < 700; step++) {
      const result = await langevinStep(motion, state, evaluation, time, velocities =>
        ornsteinUhlenbeck(masses, velocities, temperature_K, 0.5, { seed: 1, step }, CODATA_2018),
      )
      evaluation = result.evaluation
      if (step < 100) continue
      squares.push(mean(Array.from(state.positions, x => x * x)))
      kinetic.push(mean(Array.from(state.velocities, v => v * v)))
    }
    expect((stiffness * mean(squares)) / kTof(temperature_K)).toBeCloseTo(1, 2)
    // Its momenta are off by 1 − (ω dt)²/4 by contrast (Leimkuhler & Matthews 2013): the test can tell.
    const momentum = (10 * mean(kinetic)) / CODATA_2018.accelerationPerForce / kTof(temperature_K)
    expect(momentum).toBeCloseTo(1 - 1.2 ** 2 / 4, 2)
  })

  it('gives averages of position that do not depend on the masses', async () => {
    const count = 200
    const anchors = new Float64Array(3 * count)
    const averages: number[] = []
    for (const mass of [1.008, 4]) {
      const system = systemOf(new Array(count).fill(mass), { forces: [tethers(anchors, 2)] })
      const run = await record(system, () => harmonicWells(anchors, 2), createState(anchors, cube(20)), {
        stages: [
          stageOf({
            kind: 'nvt',
            time_ps: 1.5,
            timestep_fs: 1,
            temperature_K: 300,
            thermostat: 'langevin',
            thermostat_time_ps: 0.02,
          }),
        ],
        output: { thermo_every_ps: 0.01 },
      })
      averages.push(mean(run.rows.slice(50).map(row => row.potential_eV)) / (1.5 * count * kTof(300)))
    }
    expect(averages[0]).toBeCloseTo(1, 1.5)
    expect(averages[1]).toBeCloseTo(1, 1.5)
  })
})

const PRESSURIZED = stageOf({
  kind: 'npt',
  time_ps: 200,
  timestep_fs: 5,
  temperature_K: 100,
  thermostat_time_ps: 0.05,
  pressure_bar: 400,
  compressibility_per_bar: 4e-4,
  barostat_time_ps: 0.5,
})

describe.each([
  [
    'CSVR',
    stageOf({ kind: 'nvt', time_ps: 200, timestep_fs: 5, temperature_K: 100, thermostat_time_ps: 0.05 }),
    78,
  ],
  [
    'Langevin',
    stageOf({
      kind: 'nvt',
      time_ps: 200,
      timestep_fs: 5,
      temperature_K: 100,
      thermostat: 'langevin',
      thermostat_time_ps: 0.1,
    }),
    81,
  ],
  ['NPT', PRESSURIZED, 78],
] as const)('%s on Lennard-Jones argon', (_, stage, freedom) => {
  let run: Recorded
  beforeAll(async () => {
    run = await record(argon, argonForces, liquid, { stages: [stage], output: { thermo_every_ps: 0.4 } })
  })

  it('has the canonical distribution of kinetic energy', () => {
    const samples = run.rows.slice(5).map(row => row.kinetic_eV / kTof(100))
    expect(ksTest(samples, x => regularizedGamma(freedom / 2, x)).pValue).toBeGreaterThan(0.01)
    const error = Math.sqrt(freedom / 2 / samples.length)
    expect(Math.abs(mean(samples) - freedom / 2)).toBeLessThan(4 * error)
  })

  it('has a conserved quantity that is flat', () => {
    const { rows, drift } = run
    const total = rows.map(row => row.kinetic_eV + row.potential_eV)
    expect(spread(rows.map(row => row.conserved_eV))).toBeLessThan(0.02 * spread(total))
    expect(Math.abs(drift)).toBeLessThan(2e-3)
  })
})

describe('NPT on Lennard-Jones argon', () => {
  it('has the pressure asked for, and the volume at which NVT has that pressure', async () => {
    const output = { thermo_every_ps: 0.4 }
    const free = await record(argon, argonForces, liquid, { stages: [PRESSURIZED], output, seed: 2 })
    const rows = free.rows.slice(20)
    const pressures = rows.map(row => row.pressure_bar)
    const error = spread(pressures) / Math.sqrt(pressures.length)
    expect(Math.abs(mean(pressures) - 400)).toBeLessThan(4 * error)
    const density = mean(rows.map(row => row.density_g_per_cm3))
    const edge = Math.cbrt((ATOMS * 39.948 * G_PER_MOL_A3_IN_G_PER_CM3) / density)
    const fixed = await record(argon, argonForces, cubicLattice(3, edge / 3, 0.05), {
      stages: [stageOf({ kind: 'nvt', time_ps: 100, timestep_fs: 5, temperature_K: 100 })],
      output,
    })
    expect(Math.abs(mean(fixed.rows.slice(20).map(row => row.pressure_bar)) - 400)).toBeLessThan(80)
  })
})

describe('stochastic cell rescaling of an ideal gas', () => {
  const temperature_K = 300
  const pressure_bar = 100
  /** Volume per particle, Å³. */
  const unit = (kTof(temperature_K) * EV_PER_A3_IN_BAR) / pressure_bar
  const written = {
    kind: 'npt' as const,
    time_ps: 2400,
    timestep_fs: 10,
    temperature_K,
    pressure_bar,
    thermostat_time_ps: 0.1,
    compressibility_per_bar: 1 / pressure_bar,
    barostat_time_ps: 2,
  }
  const stage = stageOf(written)

  /** The volume is Gamma distributed with this shape. */
  async function checkVolumes(shape: number, mass: number, run: ReturnType<typeof record>): Promise<void> {
    const volumes = (await run).rows
      .slice(5)
      .map(row => (mass * G_PER_MOL_A3_IN_G_PER_CM3) / row.density_g_per_cm3)
    const error = Math.sqrt(shape / volumes.length) * unit
    expect(Math.abs(mean(volumes) - shape * unit)).toBeLessThan(4 * error)
    expect(variance(volumes) / (shape * unit ** 2)).toBeGreaterThan(0.8)
    expect(variance(volumes) / (shape * unit ** 2)).toBeLessThan(1.25)
    expect(ksTest(volumes, v => regularizedGamma(shape, v / unit)).pValue).toBeGreaterThan(0.01)
  }

  it('expands exponentially at the pace of barostat_time_ps', async () => {
    const count = 2000
    const state = createState(new Float64Array(3 * count), cube(Math.cbrt((count * unit) / 2)))
    const { end } = await record(systemOf(new Array(count).fill(20)), () => idealGas(count), state, {
      stages: [
        stageOf({
          ...written,
          time_ps: 0.5,
          timestep_fs: 1,
          barostat_time_ps: 0.5,
          thermostat_time_ps: 0.005,
        }),
      ],
    })
    // dV/dt = (NkT − P₀V) β/τ with β = 1/P₀, from half the volume: 1 − ½ exp(−t/τ), and 2 % of noise.
    expect(end.state.box.volume / (count * unit)).toBeCloseTo(1 - 0.5 * Math.exp(-1), 1)
  })

  it('has the volume distribution of atoms', async () => {
    const system = systemOf(new Array(64).fill(20))
    const state = createState(new Float64Array(192), cube(Math.cbrt(64 * unit)))
    const run = record(system, () => idealGas(64), state, { stages: [stage], output: { thermo_every_ps: 6 } })
    // p(V) ∝ V^(N−1) exp(−PV/kT), with one N less than in the textbook as the centre of mass is at rest.
    await checkVolumes(64, 1280, run)
  })
})

describe('pressure with constraints', () => {
  it('has the mean of a gas of molecules, as they do not interact', async () => {
    const { system, state } = polymer(6, 2, 4)
    const stage = stageOf({
      kind: 'nvt',
      time_ps: 80,
      timestep_fs: 4,
      temperature_K: 500,
      thermostat: 'langevin',
      thermostat_time_ps: 0.2,
    })
    const run = await record(system, () => idealGas(system.atomCount), state, {
      stages: [stage],
      constraints: { bonds: 'all-bonds', tolerance: 1e-8 },
      output: { thermo_every_ps: 0.08 },
    })
    const products = run.rows
      .slice(50)
      .map(row => ((row.pressure_bar / EV_PER_A3_IN_BAR) * state.box.volume) / kTof(500))
    const error = spread(products) / Math.sqrt(products.length / 4)
    expect(error).toBeLessThan(0.5)
    expect(Math.abs(mean(products) - 6)).toBeLessThan(4 * error)
    const freedom = 3 * system.atomCount - system.topology.bonds.length / 2
    const temperatures = run.rows
      .slice(50)
      .map(row => (2 * row.kinetic_eV) / (freedom * CODATA_2018.boltzmann_eV_per_K))
    expect(mean(temperatures) / 500).toBeCloseTo(1, 1.5)
    expect(run.rows[9]!.temperature_K).toBeCloseTo(
      (2 * run.rows[9]!.kinetic_eV) / (freedom * CODATA_2018.boltzmann_eV_per_K),
      9,
    )
  })
})
