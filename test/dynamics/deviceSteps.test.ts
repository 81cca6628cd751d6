import { describe, expect, it } from 'vitest'
import type { State } from '../../src/core/state.ts'
import { velocityVerletStep } from '../../src/dynamics/integrate.ts'
import type { DynamicsStage, Stage } from '../../src/dynamics/protocol.ts'
import type { Evaluation, Evaluator, Want } from '../../src/platform/platform.ts'
import { CODATA_2018 } from '../../src/units.ts'
import { argon, argonForces, liquid } from './helpers/argon.ts'
import { polymer } from './helpers/polymer.ts'
import { NO_CONSTRAINTS, type Recorded, record, stageOf } from './helpers/run.ts'
import { idealGas, systemOf } from './helpers/systems.ts'

/** A device in double precision; what it has done since it was told to forget is in the last bits, as with a pair list. */
function device(inner: Evaluator, masses = argon.masses) {
  const blocks: number[] = []
  const energies: number[] = []
  let memory = 0
  const evaluator: Evaluator = {
    ...inner,
    forget() {
      memory = 0
    },
    evaluate(state, want: Want = {}) {
      if (want.energy !== false) energies.push(state.step)
      return inner.evaluate(state, want)
    },
    integrator: ({ timestep_ps }) => ({
      async advance(state, steps) {
        blocks.push(steps)
        memory++
        const evaluate = async (at: State): Promise<Evaluation> => {
          const { forces } = await inner.evaluate(at, { energy: false, virial: false })
          return {
            energy: 0,
            terms: {},
            virial: new Float64Array(9),
            forces: forces.map(f => f * (1 + 1e-12 * memory)),
          }
        }
        const motion = { masses, constants: CODATA_2018, solver: null, evaluate }
        let evaluation = await evaluate(state)
        for (let n = 0; n < steps; n++)
          evaluation = await velocityVerletStep(motion, state, evaluation, timestep_ps)
      },
    }),
  }
  return { evaluator, blocks, energies }
}

const nve = stageOf({ name: 'last', kind: 'nve', time_ps: 0.2, temperature_K: 90, new_velocities: true })
const nvt = stageOf({ name: 'last', kind: 'nvt', time_ps: 0.2, temperature_K: 90, new_velocities: true })
const onDevice = (stage: DynamicsStage, steps = 20): DynamicsStage => ({ ...stage, device: { steps } })

async function run(stage: Stage, output = {}) {
  const made = device(argonForces())
  const recorded = await record(argon, () => made.evaluator, liquid, { stages: [stage], output })
  return { ...recorded, ...made }
}

const largest = (a: Recorded, b: Recorded) =>
  a.end.state.positions.reduce((most, x, k) => Math.max(most, Math.abs(x - b.end.state.positions[k]!)), 0)

describe('steps on the device', () => {
  it('of a device have the results of the host', async () => {
    const [host, made] = [await run(nve), await run(onDevice(nve))]
    expect(host.blocks).toEqual([])
    expect(made.blocks).toEqual([20, 20, 20, 20, 20])
    expect(largest(host, made)).toBeLessThan(1e-9)
    expect([made.end.state.step, made.end.state.time_ps]).toEqual([
      host.end.state.step,
      host.end.state.time_ps,
    ])
  })

  it('stop for what is to be reported, which changes nothing', async () => {
    const [quiet, talking] = [
      await run(onDevice(nvt)),
      await run(onDevice(nvt), { thermo_every_ps: 0.06, frame_every_ps: 0.1 }),
    ]
    expect(talking.blocks).toEqual([20, 10, 10, 10, 10, 20, 10, 10])
    expect(talking.rows.map(row => row.step)).toEqual([0, 30, 60, 90])
    expect(talking.frames.map(frame => frame.step)).toEqual([0, 50, 100])
    expect(largest(quiet, talking)).toBeLessThan(1e-9)
    expect(talking.rows.every(row => Number.isFinite(row.pressure_bar + row.conserved_eV))).toBe(true)
  })

  it('end with the stage, and ask for energies at reports and now and then', async () => {
    const { blocks, energies } = await run(onDevice({ ...nve, time_ps: 0.46 }, 30), { thermo_every_ps: 0.2 })
    expect(blocks).toEqual([30, 30, 30, 10, 20, 30, 30, 20, 10, 20])
    expect(energies).toEqual([0, 99, 119, 199])
  })

  it.each([
    ['nve', nve],
    ['nvt', nvt],
  ])('are resumed bit for bit from every snapshot: %s', async (_, stage) => {
    const stages = [onDevice({ ...stage, time_ps: 0.3 })]
    const output = { thermo_every_ps: 0.02, frame_every_ps: 0.05, snapshot_every_ps: 0.09 }
    const whole = await record(argon, () => device(argonForces()).evaluator, liquid, { stages, output })
    expect(whole.snapshots).toHaveLength(4)
    for (const snapshot of whole.snapshots.slice(0, -1)) {
      const resumed = await record(argon, () => device(argonForces()).evaluator, structuredClone(snapshot), {
        ...{ stages, output },
      })
      expect(resumed.end).toEqual(whole.end)
      expect(whole.rows.slice(-resumed.rows.length)).toEqual(resumed.rows)
    }
  })

  it('have the temperature asked for, and account for the heat', async () => {
    const masses = new Float64Array(40).fill(20)
    const stage = stageOf({ kind: 'nvt', time_ps: 40, temperature_K: 300, thermostat_time_ps: 0.1 })
    const { rows } = await record(systemOf(masses), () => device(idealGas(40), masses).evaluator, gas, {
      stages: [onDevice(stage, 25)],
      output: { thermo_every_ps: 0.05 },
    })
    const temperatures = rows.slice(50).map(row => row.temperature_K)
    const mean = temperatures.reduce((sum, T) => sum + T, 0) / temperatures.length
    const variance = temperatures.reduce((sum, T) => sum + (T - mean) ** 2, 0) / temperatures.length
    // 117 degrees of freedom; of 750 rows two to four in a row are alike.
    expect(mean).toBeGreaterThan(300 - 9)
    expect(mean).toBeLessThan(300 + 9)
    expect(Math.sqrt(variance)).toBeCloseTo(300 * Math.sqrt(2 / 117), -1)
    for (const { conserved_eV } of rows) expect(conserved_eV).toBeCloseTo(rows[0]!.conserved_eV, 9)
  })
})

const gas = { ...liquid, positions: new Float64Array(120), velocities: new Float64Array(120) }

describe('steps on the device are refused', () => {
  const attempt = (stage: Stage) => run(stage)

  it.each([
    [stageOf({ kind: 'npt', time_ps: 1, temperature_K: 90 }), /cell: pressure/],
    [stageOf({ kind: 'nvt', time_ps: 1, temperature_K: 90, thermostat: 'langevin' }), /langevin/],
    [stageOf({ kind: 'nvt', time_ps: 1, temperature_K: 90, density_end_g_per_cm3: 1 }), /cell: densityRamp/],
  ])('for what the host does in every step: %j', async (stage, message) => {
    await expect(attempt(onDevice(stage))).rejects.toThrow(message)
    await expect(attempt(onDevice(stage))).rejects.toMatchObject({
      name: 'UserError',
      where: `stage ${stage.name}`,
    })
  })

  it.each([0, -3, 2.5, Number.NaN])('for %s of them', async steps => {
    await expect(attempt(onDevice(nve, steps))).rejects.toThrow('device.steps is')
  })

  it('on a platform without a device, by name', async () => {
    const running = record(argon, argonForces, liquid, { stages: [onDevice(nve)] })
    await expect(running).rejects.toMatchObject({
      name: 'UserError',
      message: "the platform 'reference' does not move atoms on a device",
      where: 'stage last',
    })
  })

  it('with constraints', async () => {
    const { system, state } = polymer(1, 4, 1)
    const options = { stages: [onDevice(nve)], constraints: { ...NO_CONSTRAINTS, bonds: 'h-bonds' } as const }
    const running = record(
      system,
      () => device(idealGas(system.atomCount), system.masses).evaluator,
      state,
      options,
    )
    await expect(running).rejects.toThrow('steps_on_device does not support constrained bonds')
  })
})
