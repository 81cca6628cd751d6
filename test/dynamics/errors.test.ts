import { describe, expect, it } from 'vitest'
import { createState } from '../../src/core/state.ts'
import type { Stage } from '../../src/dynamics/protocol.ts'
import { ATOMS, argon, argonForces, liquid, PRODUCTIONS } from './helpers/argon.ts'
import { NO_CONSTRAINTS, record, stageOf } from './helpers/run.ts'
import { cube, evaluatorOf, idealGas, systemOf, tethers } from './helpers/systems.ts'

describe('errors', () => {
  const attempt = (stage: Stage, system = argon, evaluator = argonForces) =>
    record(system, evaluator, liquid, { stages: [stage], constraints: NO_CONSTRAINTS })

  it('names step and atom when a force is not finite', async () => {
    const broken = () =>
      evaluatorOf(ATOMS, (state, forces) => {
        if (state.step === 7) forces[3 * 11 + 1] = Number.NaN
        return 0
      })
    await expect(attempt(PRODUCTIONS.csvr!, argon, broken)).rejects.toMatchObject({
      name: 'SimulationError',
      where: 'atom 12, step 8',
      hint: expect.stringContaining('timestep_fs'),
    })
  })

  it('names the step when the energy is not finite', async () => {
    // The energy of step 20, one of those at which the conserved quantity is looked at.
    const broken = () => evaluatorOf(ATOMS, state => (state.step === 19 ? Number.POSITIVE_INFINITY : 0))
    await expect(attempt(PRODUCTIONS.csvr!, argon, broken)).rejects.toThrow(
      'the potential energy is Infinity',
    )
  })

  it('stops an atom that would fly', async () => {
    const broken = () =>
      evaluatorOf(ATOMS, (state, forces) => {
        if (state.step === 0) forces[3 * 4] = 1e4
        return 0
      })
    await expect(attempt(PRODUCTIONS.nve!, argon, broken)).rejects.toMatchObject({
      message: expect.stringContaining('in one step'),
      where: 'atom 5, step 1',
    })
  })

  it('stops a temperature that explodes', async () => {
    const broken = () =>
      evaluatorOf(ATOMS, ({ positions }, forces) => {
        positions.forEach((x, k) => {
          forces[k] = 2 * (x - 6)
        })
        return 0
      })
    await expect(attempt({ ...PRODUCTIONS.nve!, time_ps: 5 }, argon, broken)).rejects.toThrow(
      /temperature has risen/,
    )
  })

  it.each([
    [stageOf({ kind: 'nvt', time_ps: 1 }), /no temperature/],
    [stageOf({ kind: 'nvt', time_ps: 1, temperature_K: -5 }), /temperature.start_K is -5/],
    [stageOf({ kind: 'nve', time_ps: 1, timestep_fs: 0 }), /timestep_fs is 0/],
    [stageOf({ kind: 'npt', time_ps: 1, temperature_K: 5, barostat_time_ps: 0 }), /cell.time_ps is 0/],
    [
      stageOf({ kind: 'nvt', time_ps: 1, temperature_K: 5, density_end_g_per_cm3: -1 }),
      /cell.end_g_per_cm3 is -1/,
    ],
    [{ name: 'push', kind: 'push-off', distance_A: Number.NaN } as const, /distance_A is NaN/],
  ])('refuses a stage that makes no sense, by name: %j', async (stage, message) => {
    await expect(attempt(stage)).rejects.toThrow(message)
    await expect(attempt(stage)).rejects.toMatchObject({ name: 'UserError', where: `stage ${stage.name}` })
  })

  it('refuses what the system does not allow', async () => {
    const tethered = systemOf(argon.masses, { forces: [tethers(liquid.positions, 1)] })
    await expect(attempt(PRODUCTIONS.npt!, tethered)).rejects.toThrow(/restraints/)
    await expect(
      record(systemOf([40]), () => idealGas(1), createState([0, 0, 0], cube(10)), {
        stages: [PRODUCTIONS.csvr!],
      }),
    ).rejects.toThrow(/no degree of freedom/)
    const chain = [0, 1, 1, 2, 2, 0]
    const endless = systemOf([12, 12, 12], {
      bonds: chain,
      forces: [
        {
          kind: 'bond',
          form: 'harmonic',
          atoms: Int32Array.from(chain),
          parameters: Float64Array.from(chain, (_, k) => (k % 2 === 0 ? 1 : 2)),
        },
      ],
    })
    const straight = createState([0, 0, 0, 2, 0, 0, 4, 0, 0], cube(6))
    await expect(
      record(endless, () => idealGas(3), straight, {
        stages: [PRODUCTIONS.nve!],
        constraints: { bonds: 'all-bonds', tolerance: 1e-8 },
      }),
    ).rejects.toThrow(/its own periodic image/)
    await expect(attempt(PRODUCTIONS.csvr!, systemOf([40]))).rejects.toThrow(/has 27 atoms/)
  })
})
