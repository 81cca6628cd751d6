import { beforeAll, describe, expect, it } from 'vitest'
import { mean } from '../../src/analysis/stats.ts'
import { orthorhombicBox } from '../../src/core/box.ts'
import type { Force } from '../../src/core/force.ts'
import { copyState, createState } from '../../src/core/state.ts'
import type { System } from '../../src/core/system.ts'
import type { DynamicsStage, Snapshot, Stage } from '../../src/dynamics/protocol.ts'
import type { Want } from '../../src/platform/platform.ts'
import { referencePlatform } from '../../src/platform/reference/reference.ts'
import { ATOMS, argon, argonForces, liquid, PRODUCTIONS } from './helpers/argon.ts'
import { polymer } from './helpers/polymer.ts'
import { type Recorded, record, stageOf } from './helpers/run.ts'
import { cube, evaluatorOf, idealGas, systemOf, tethers } from './helpers/systems.ts'

/** Argon whose forces depend on how often they were asked for: an evaluator with a memory, as a pair list is one. */
function forgetfulArgon() {
  const inner = argonForces()
  let calls = 0
  return {
    ...inner,
    forget: () => {
      calls = 0
    },
    evaluate: async (state: typeof liquid, want?: Want) => {
      const evaluation = await inner.evaluate(state, want)
      calls++
      return { ...evaluation, forces: evaluation.forces.map(f => f * (1 + 1e-12 * calls)) }
    },
  }
}

const equilibration: readonly Stage[] = [
  { name: 'relax', kind: 'minimize', method: 'lbfgs', fmax_eV_per_A: 1e-3, max_steps: 200 },
  stageOf({ name: 'heat', kind: 'nvt', time_ps: 0.1, temperature_K: 50, temperature_end_K: 90 }),
]

const output = { thermo_every_ps: 0.02, frame_every_ps: 0.04, snapshot_every_ps: 0.046 }

describe.each(Object.keys(PRODUCTIONS))('restart of %s', name => {
  const stages = [...equilibration, PRODUCTIONS[name]!]
  let whole: Recorded
  beforeAll(async () => {
    whole = await record(argon, forgetfulArgon, liquid, { stages, output })
  })

  it('continues to the same bits from every snapshot', async () => {
    const { snapshots, rows, frames, end } = whole
    expect(snapshots.length).toBeGreaterThan(6)
    for (const snapshot of snapshots) {
      const resumed = await record(argon, forgetfulArgon, structuredClone(snapshot), { stages, output })
      expect(resumed.end).toEqual(end)
      expect(rows.slice(rows.length - resumed.rows.length)).toEqual(resumed.rows)
      expect(frames.slice(frames.length - resumed.frames.length)).toEqual(resumed.frames)
    }
  })

  it('reports nothing twice and leaves nothing out', async () => {
    const { snapshots, rows } = whole
    const snapshot = snapshots.at(-3)!
    const resumed = await record(argon, forgetfulArgon, snapshot, { stages, output })
    const before = rows.filter(row => row.step <= snapshot.state.step)
    expect([...before, ...resumed.rows]).toEqual(rows)
  })

  it('is the same with the same seed, another with another', async () => {
    const again = await record(argon, forgetfulArgon, liquid, { stages, output })
    expect(again.end).toEqual(whole.end)
    const other = await record(argon, forgetfulArgon, liquid, { stages, output, seed: 2 })
    expect(other.end.state.positions).not.toEqual(whole.end.state.positions)
  })
})

it('restarts bit for bit on the reference platform, pair list, constraints and all', async () => {
  const { system, state } = polymer(8, 6, 4)
  const forces: readonly Force[] = [
    ...system.forces,
    {
      kind: 'pair',
      form: 'lennard-jones',
      parameters: Float64Array.of(0.003, 2.8),
      cutoffs: Float64Array.of(6),
      truncation: { kind: 'shifted' },
      tailCorrection: false,
      special: [0, 0, 0.5],
    },
  ]
  state.box = orthorhombicBox(14, 24, 14)
  const options = {
    prepare: (part: System) => referencePlatform.prepare(part),
    constraints: { bonds: 'h-bonds', tolerance: 1e-8 } as const,
    stages: [
      { name: 'relax', kind: 'minimize', method: 'lbfgs', fmax_eV_per_A: 0.05, max_steps: 300 },
      stageOf({ kind: 'npt', time_ps: 0.4, timestep_fs: 1, temperature_K: 600, pressure_bar: 1000 }),
    ] as const,
    output: { snapshot_every_ps: 0.15 },
  }
  const whole = await record({ ...system, forces }, () => idealGas(0), state, options)
  expect(whole.snapshots).toHaveLength(4)
  for (const snapshot of whole.snapshots) {
    const resumed = await record({ ...system, forces }, () => idealGas(0), structuredClone(snapshot), options)
    expect(resumed.end).toEqual(whole.end)
  }
})

describe('what is asked of the evaluator', () => {
  /** Steps of the stage after which energy and virial were asked for, and how often the evaluator was to forget. */
  async function asked(name: string) {
    const energies: number[] = []
    const virials: number[] = []
    let forgotten = 0
    const evaluator = () => {
      const inner = argonForces()
      return {
        ...inner,
        forget: () => {
          forgotten++
        },
        evaluate: (state: typeof liquid, { energy = true, virial = true }: Want = {}) => {
          if (energy) energies.push(state.step)
          if (virial) virials.push(state.step)
          return inner.evaluate(state, { energy, virial })
        },
      }
    }
    const run = await record(argon, evaluator, liquid, {
      stages: [PRODUCTIONS[name]!],
      output: { thermo_every_ps: 0.06, snapshot_every_ps: 0.09 },
    })
    const drifts = run.end.conserved.count
    return { energies, virials, forgotten, drifts }
  }

  it('is the energy on logged steps and every 20th, the virial on logged ones', async () => {
    const { energies, virials, forgotten, drifts } = await asked('nve')
    // The state still counts the step that is being made; snapshots after 45 and 90 steps begin afresh, with everything.
    expect(virials).toEqual([0, 29, 45, 59, 89, 90])
    expect(energies).toEqual([0, 19, 29, 39, 45, 59, 79, 89, 90, 99])
    expect(forgotten).toBe(2)
    expect(drifts).toBe(7)
  })

  it('is the virial whenever the barostat acts, and the energy before and after', async () => {
    const { energies, virials } = await asked('npt')
    const due = [20, 40, 60, 80, 100]
    expect(virials.filter(step => due.includes(step + 1))).toEqual(due.map(step => step - 1))
    for (const step of due.slice(0, -1)) {
      expect(energies).toContain(step - 1)
      expect(energies).toContain(step)
    }
  })
})

describe('stopping', () => {
  const stages = [PRODUCTIONS.langevin!]

  /** Runs until the signal is given at some step. */
  async function stopAt(step: number, from: Snapshot | typeof liquid) {
    const controller = new AbortController()
    const evaluator = () => {
      const inner = argonForces()
      return {
        ...inner,
        evaluate: (state: typeof liquid, want?: Want) => {
          if (state.step === step) controller.abort()
          return inner.evaluate(state, want)
        },
      }
    }
    return record(argon, evaluator, from, { stages, output, signal: controller.signal })
  }

  it('ends after the current step with a snapshot from which the run goes on', async () => {
    const stopped = await stopAt(30, liquid)
    expect(stopped.completed).toBe(false)
    expect(stopped.end.state.step).toBe(31)
    const resumed = await record(argon, argonForces, stopped.end, { stages, output })
    const whole = await record(argon, argonForces, liquid, { stages, output })
    expect(resumed.completed).toBe(true)
    expect(resumed.end).toEqual(whole.end)
    expect([...stopped.rows, ...resumed.rows]).toEqual(whole.rows)
  })

  it('does not begin when the signal was given before', async () => {
    const result = await record(argon, argonForces, liquid, { stages, signal: AbortSignal.abort() })
    expect(result.completed).toBe(false)
    expect(result.events).toHaveLength(1)
    expect(result.end.state).toEqual(liquid)
  })

  it('takes a relaxation back to its beginning', async () => {
    const controller = new AbortController()
    let calls = 0
    const evaluator = () => {
      const inner = argonForces()
      return {
        ...inner,
        evaluate: (state: typeof liquid, want?: Want) => {
          if (++calls === 3) controller.abort()
          return inner.evaluate(state, want)
        },
      }
    }
    const stopped = await record(argon, evaluator, liquid, {
      stages: equilibration,
      signal: controller.signal,
    })
    expect(stopped.completed).toBe(false)
    expect(stopped.end).toMatchObject({ stageIndex: 0, stepInStage: 0 })
    expect(stopped.end.state.positions).toEqual(liquid.positions)
  })

  it('disposes of every evaluator it prepared', async () => {
    let open = 0
    let prepared = 0
    const evaluator = () => {
      open++
      prepared++
      return {
        ...argonForces(),
        dispose: async () => {
          open--
        },
      }
    }
    await record(argon, evaluator, liquid, { stages: [...equilibration, ...stages], output })
    expect(prepared).toBe(3)
    expect(open).toBe(0)
  })
})

describe('stages', () => {
  it('never changes the state it was given', async () => {
    const before = copyState(liquid)
    await record(argon, argonForces, liquid, { stages: [...equilibration, PRODUCTIONS.npt!] })
    expect(liquid).toEqual(before)
  })

  it('counts steps and time on from where the state was', async () => {
    const start = { ...copyState(liquid), step: 1000, time_ps: 7 }
    const run = await record(argon, argonForces, start, { stages: [PRODUCTIONS.csvr!], output })
    expect(run.rows[0]).toMatchObject({ step: 1000, time_ps: 7, stage: 'last' })
    expect(run.end.state).toMatchObject({ step: 1100, time_ps: 7.2 })
  })

  it('reports every stage in order, with what ran it', async () => {
    const { events } = await record(argon, argonForces, liquid, {
      stages: [...equilibration, PRODUCTIONS.nve!],
    })
    const told = events.flatMap(event => {
      if (event.kind === 'stage-start') return [`${event.stage.name} on ${event.backend}`]
      return event.kind === 'stage-end' ? [`${event.summary.kind} ${event.summary.steps}`] : []
    })
    expect(told.filter(line => !line.startsWith('minimize'))).toEqual([
      'relax on test',
      'heat on test',
      'dynamics 50',
      'last on test',
      'dynamics 100',
    ])
    const minimized = events.find(event => event.kind === 'stage-end')
    expect(minimized).toMatchObject({ summary: { kind: 'minimize', converged: true } })
  })

  it('heats along a straight line', async () => {
    const stage = stageOf({
      kind: 'nvt',
      time_ps: 10,
      temperature_K: 50,
      temperature_end_K: 150,
      thermostat_time_ps: 0.02,
    })
    const { rows } = await record(argon, argonForces, liquid, {
      stages: [stage],
      output: { thermo_every_ps: 0.02 },
    })
    const around = (time_ps: number) =>
      mean(rows.filter(row => Math.abs(row.time_ps - time_ps) < 1).map(row => row.temperature_K))
    expect(around(2.5) / 75).toBeCloseTo(1, 1)
    expect(around(7.5) / 125).toBeCloseTo(1, 1)
    expect(rows[0]!.temperature_K).toBeLessThan(80)
  })

  it('compresses along a straight line in density, to the density asked for', async () => {
    // 105 steps: the last of the eleven changes of the cell is not followed by ten steps.
    const stage = { ...PRODUCTIONS.compression!, time_ps: 0.21 }
    const { rows, end, drift } = await record(argon, argonForces, liquid, {
      stages: [stage],
      output: { thermo_every_ps: 0.02 },
    })
    const densities = rows.map(row => row.density_g_per_cm3)
    const share = (1.2 - densities[0]!) / 11
    densities.forEach((density, k) => {
      expect(density).toBeCloseTo(densities[0]! + k * share, 9)
    })
    expect(Math.abs(drift)).toBeLessThan(0.01)
    expect(end.state.box.matrix[0]! / liquid.box.matrix[0]!).toBeCloseTo(Math.cbrt(densities[0]! / 1.2), 9)
  })

  it('draws velocities when asked, and when a thermostat finds atoms at rest', async () => {
    const temperatureAtStart = async (stage: DynamicsStage, state = liquid) =>
      (await record(argon, argonForces, state, { stages: [stage], output })).rows[0]!.temperature_K
    const short = { time_ps: 0.002, temperature_K: 90 }
    const drawn = await temperatureAtStart(stageOf({ kind: 'nvt', ...short }))
    expect(drawn).toBeGreaterThan(45)
    expect(drawn).toBeLessThan(180)
    expect(await temperatureAtStart(stageOf({ kind: 'nve', ...short }))).toBe(0)
    expect(await temperatureAtStart(stageOf({ kind: 'nve', ...short, new_velocities: true }))).toBe(drawn)
    const moving = createState(liquid.positions, liquid.box, liquid.positions)
    expect(await temperatureAtStart(stageOf({ kind: 'nvt', ...short }), moving)).toBeGreaterThan(180)
    expect(await temperatureAtStart(stageOf({ kind: 'nvt', ...short, new_velocities: true }), moving)).toBe(
      drawn,
    )
  })

  it('keeps the centre of mass at rest under CSVR, not under Langevin nor with tethers', async () => {
    const momentum = async (stage: DynamicsStage, system = argon) => {
      const { end } = await record(system, argonForces, liquid, { stages: [stage] })
      return Math.hypot(
        ...[0, 1, 2].map(axis =>
          system.masses.reduce((sum, m, i) => sum + m * end.state.velocities[3 * i + axis]!, 0),
        ),
      )
    }
    expect(await momentum(PRODUCTIONS.csvr!)).toBeLessThan(1e-9)
    expect(await momentum(PRODUCTIONS.langevin!)).toBeGreaterThan(1)
    const tethered = systemOf(argon.masses, { forces: [tethers(liquid.positions, 1)] })
    expect(await momentum(PRODUCTIONS.csvr!, tethered)).toBeGreaterThan(1)
  })

  it('the centre of mass stays at rest although the forces do not add up to zero', async () => {
    const pushing = () =>
      evaluatorOf(ATOMS, (_, forces) => {
        forces.fill(0.01)
        return 0
      })
    const { end } = await record(argon, pushing, liquid, { stages: [PRODUCTIONS.csvr!] })
    const moved = end.state.positions.map((x, k) => x - liquid.positions[k]!)
    expect(Math.abs(mean(moved))).toBeLessThan(1e-3)
  })

  it('runs a packed polymer from overlaps to constrained dynamics', async () => {
    const { system, state } = polymer(4, 8, 4)
    for (let k = 0; k < state.positions.length; k++) state.positions[k]! *= k % 3 === 0 ? 1 : 0.3
    state.box = cube(25)
    const events: string[] = []
    const run = await record(system, part => ({ ...idealGas(part.atomCount) }), state, {
      constraints: { bonds: 'all-bonds', tolerance: 1e-8 },
      prepare: async (part, purpose) => {
        events.push(`${purpose}: ${part.forces.map(force => force.kind)}`)
        return referencePlatform.prepare(part)
      },
      stages: [
        { name: 'push', kind: 'push-off', distance_A: 1.5 },
        { name: 'relax', kind: 'minimize', method: 'fire', fmax_eV_per_A: 0.01, max_steps: 2000 },
        stageOf({ kind: 'nvt', time_ps: 1, timestep_fs: 4, temperature_K: 500 }),
      ],
      output: { thermo_every_ps: 0.04 },
    })
    expect(events).toEqual(['push-off: bond', 'minimize: bond', 'dynamics: '])
    expect(run.completed).toBe(true)
    expect(mean(run.rows.slice(10).map(row => row.temperature_K)) / 500).toBeCloseTo(1, 0.5)
    expect(Math.abs(run.drift)).toBeLessThan(1)
  })
})

it('a barostat that cannot move the cell leaves the trajectory of NVT, though it evaluates a scaled copy', async () => {
  const bath = { time_ps: 0.2, temperature_K: 90 } as const
  const stages = [
    stageOf({ kind: 'nvt', ...bath }),
    stageOf({ kind: 'npt', ...bath, compressibility_per_bar: 1e-40 }),
  ]
  const start = copyState(liquid)
  start.velocities.forEach((_, k) => {
    start.velocities[k] = Math.sin(k)
  })
  const [nvt, npt] = await Promise.all(
    stages.map(stage => record(argon, argonForces, start, { stages: [stage] })),
  )
  expect(npt!.end.state.positions).toEqual(nvt!.end.state.positions)
})
