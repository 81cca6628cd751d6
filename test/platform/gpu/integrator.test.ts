import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { orthorhombicBox, scaleBox } from '../../../src/core/box.ts'
import type { Force } from '../../../src/core/force.ts'
import { copyState, type State } from '../../../src/core/state.ts'
import type { System } from '../../../src/core/system.ts'
import { type Motion, velocityVerletStep } from '../../../src/dynamics/integrate.ts'
import { drawMaxwellBoltzmann } from '../../../src/dynamics/velocities.ts'
import { UserError } from '../../../src/errors.ts'
import { type Backend, createBackend } from '../../../src/platform/gpu/backends.ts'
import { createGpuEvaluator } from '../../../src/platform/gpu/gpu.ts'
import { createGpuIntegrator, createPropagator } from '../../../src/platform/gpu/integrator.ts'
import { createGpuNonbonded, type PairLists } from '../../../src/platform/gpu/nonbonded.ts'
import { createReferenceEvaluator } from '../../../src/platform/reference/reference.ts'
import { createCrew } from '../../../src/platform/wasm/crew.ts'
import { instantiateKernels } from '../../../src/platform/wasm/kernels.ts'
import { createArena, createMemory } from '../../../src/platform/wasm/memory.ts'
import { CODATA_2018 } from '../../../src/units.ts'
import { polymer } from '../../dynamics/helpers/polymer.ts'
import { record, stageOf } from '../../dynamics/helpers/run.ts'
import { idealGas, tethers } from '../../dynamics/helpers/systems.ts'
import { cases } from '../parity/cases.ts'
import {
  type Configuration,
  chain,
  configuration,
  coulomb,
  EWALD,
  lennardJones,
  METHODS,
  norm,
  scattered,
} from '../parity/configurations.ts'
import { platformOf } from '../parity/platforms.ts'
import { onEachBackend } from './helpers.ts'

const STEP = { timestep_ps: 1e-3, accelerationPerForce: CODATA_2018.accelerationPerForce }
const DSF = METHODS.dsf!

/** 160 atoms of chains in a cell of which a frame holds several, at 500 K, drifting as a whole. */
function chains(): Configuration {
  const { system: bare, state } = polymer(8, 6, 1.008)
  const charge: Readonly<Record<string, number>> = { H: 0.1, F: -0.1 }
  const oneType = lennardJones({ cutoff_A: 5.8, truncation: { kind: 'shifted' } })
  const forces: readonly Force[] = [
    ...bare.forces,
    { ...oneType, parameters: Float64Array.of(0.003, 2.8), cutoffs: Float64Array.of(5.8) },
    coulomb(DSF, 5.8),
  ]
  const system = { ...bare, forces, charges: Float64Array.from(bare.elements, e => charge[e] ?? 0) }
  state.box = orthorhombicBox(14, 24, 14)
  drawMaxwellBoltzmann(system, state.velocities, { temperature_K: 500, seed: 1, step: 0 }, CODATA_2018)
  state.velocities.forEach((_, k) => {
    state.velocities[k]! += [8, -5, 3][k % 3]!
  })
  return { system, state }
}

async function inDoublePrecision({ system, state }: Configuration, steps: number): Promise<State> {
  const reference = createReferenceEvaluator(system)
  const motion: Motion = {
    ...{ masses: system.masses, constants: CODATA_2018, solver: null },
    evaluate: (at, want) => reference.evaluate(at, want),
  }
  const now = copyState(state)
  let evaluation = await reference.evaluate(now)
  for (let step = 0; step < steps; step++) {
    evaluation = await velocityVerletStep(motion, now, evaluation, STEP.timestep_ps)
  }
  return now
}

const largest = (a: Float64Array, b: Float64Array) =>
  a.reduce((most, value, k) => Math.max(most, Math.abs(value - b[k]!)), 0)

onEachBackend(name => {
  let backend: Backend
  const disposals: (() => void)[] = []
  beforeAll(async () => {
    backend = await createBackend(name)
  })
  afterAll(async () => {
    for (const dispose of disposals) dispose()
    await backend?.dispose()
  })

  function integratorOf({ system }: Configuration, step = STEP) {
    const kernels = instantiateKernels(createMemory())
    const arena = createArena(kernels.memory)
    const positions = arena.allocate(24 * system.atomCount)
    const workplace = { system, positions, arena, kernels, crew: createCrew(kernels) }
    const nonbonded = createGpuNonbonded(workplace, backend)
    const integrator = createGpuIntegrator(workplace, backend, nonbonded, step)
    disposals.push(integrator.dispose, nonbonded.dispose)
    return {
      ...integrator,
      forget() {
        nonbonded.forget()
        integrator.forget()
      },
    }
  }

  it('follows double precision for 100 steps, taking back those in which atoms have left their list', async () => {
    const one = chains()
    const expected = await inDoublePrecision(one, 100)
    const { advance, statistics } = integratorOf(one)
    const state = copyState(one.state)
    await advance(state, 100)
    expect(largest(state.positions, one.state.positions)).toBeGreaterThan(2)
    expect(largest(state.positions, expected.positions)).toBeLessThan(1e-4)
    expect(largest(state.velocities, expected.velocities)).toBeLessThan(1e-2)
    expect(statistics.takenBack).toBeGreaterThan(0)
  })

  /** Carbon and hydrogen on a stiff bond of 1.1 Å, with a period of eleven steps. */
  function dimer(positions: readonly number[]): Configuration {
    const bond: Force = {
      ...{ kind: 'bond', form: 'harmonic', atoms: Int32Array.of(0, 1) },
      parameters: Float64Array.of(30, 1.1),
    }
    const box = orthorhombicBox(62, 62, 62)
    const { system, state } = configuration(box, positions, [bond, lennardJones({ cutoff_A: 25 })], {
      bonds: [0, 1],
    })
    return { system: { ...system, masses: Float64Array.of(12, 1) }, state }
  }

  it('notices an atom that left its list and came back', async () => {
    const one = dimer([5, 5, 5, 6.75, 5, 5])
    const after = await inDoublePrecision(one, 11)
    expect(largest(after.positions, one.state.positions)).toBeLessThan(0.3)
    const { advance, statistics } = integratorOf(one)
    await advance(one.state, 11)
    expect(statistics.takenBack).toBeGreaterThan(0)
    expect(largest(after.positions, one.state.positions)).toBeLessThan(1e-5)
  })

  it('keeps a stiff bond exact where single precision cannot place its atoms, and across the edge', async () => {
    const one = dimer([30.6, 13, 17, 31.6, 13.3, 17.5])
    const { state } = one
    for (const k of [0, 3]) state.velocities[k] = 7
    const expected = await inDoublePrecision(one, 60)
    const { advance } = integratorOf(one)
    await advance(state, 60)
    expect(state.positions[0]!).toBeGreaterThan(31)
    const length = ({ positions: x }: State) => Math.hypot(x[3]! - x[0]!, x[4]! - x[1]!, x[5]! - x[2]!)
    expect(Math.abs(length(state) - length(expected))).toBeLessThan(2.5e-7)
  })

  it('twice ten steps are twenty steps', async () => {
    const one = chains()
    const { advance } = integratorOf(one)
    const [once, twice] = [copyState(one.state), copyState(one.state)]
    await advance(once, 20)
    for (let half = 0; half < 2; half++) await advance(twice, 10)
    expect(largest(once.positions, twice.positions)).toBeLessThan(1e-6)
  })

  it('starts again, to the last bit, after `forget`', async () => {
    const one = chains()
    const { advance, forget } = integratorOf(one)
    const [first, second] = [copyState(one.state), copyState(one.state)]
    await advance(first, 30)
    await advance(copyState(first), 7)
    forget()
    await advance(second, 30)
    expect(second).toEqual(first)
  })

  it('continues to the same bits from a snapshot of a run', async () => {
    const { system, state } = chains()
    const options = {
      prepare: (part: System) => createGpuEvaluator(part, name),
      stages: [
        stageOf({ kind: 'nvt', time_ps: 0.06, timestep_fs: 1, temperature_K: 500, steps_on_device: 20 }),
      ],
      output: { snapshot_every_ps: 0.025, thermo_every_ps: 0.03 },
    }
    const evaluator = () => idealGas(0)
    const whole = await record(system, evaluator, state, options)
    const resumed = await record(system, evaluator, structuredClone(whole.snapshots[0]!), options)
    expect(resumed.end).toEqual(whole.end)
    expect(whole.rows[2]!.conserved_eV).toBeCloseTo(whole.rows[0]!.conserved_eV, 1)
  })

  const gathered = cases.filter(one => /^(pair|two pair|coulomb (cut|dsf|wolf))/.test(one.name))
  const factors = [
    { name: 'the pair term only', pair: [1, 0.2, 0.3], electric: [1, 1, 1] },
    { name: 'the charges only', pair: [1, 1, 1], electric: [0.4, 0, 1] },
    { name: 'each of them', pair: [0.1, 1, 0], electric: [1, 0.5, 0] },
    { name: 'both, with nothing left', pair: [0, 0, 0], electric: [0, 0, 0] },
  ] as const
  it.each([
    ...gathered.map(one => ({ ...one, state: { ...one.state, box: scaleBox(one.state.box, 2) } })),
    ...factors.map(({ name, pair, electric }) => {
      const box = orthorhombicBox(21, 22, 23)
      const forces = [lennardJones({ special: pair }), coulomb(DSF, 9, electric)]
      return {
        name: `factors of ${name}`,
        ...configuration(box, scattered(orthorhombicBox(7, 7, 7), 13, 1.8), forces, { bonds: chain(13) }),
      }
    }),
  ])('begins with the forces of reference: $name', async ({ system, state }) => {
    const { forces } = await createReferenceEvaluator(system).evaluate(state)
    // So heavy that they stay where they are: velocities say what the forces were.
    const masses = new Float64Array(system.atomCount).fill(1e7)
    const slow = copyState({ ...state, velocities: new Float64Array(forces.length) })
    await integratorOf({ system: { ...system, masses }, state }).advance(slow, 1)
    const found = slow.velocities.map(v => (v * 1e7) / STEP.accelerationPerForce / STEP.timestep_ps)
    expect(norm(found.map((f, k) => f - forces[k]!)) / norm(forces)).toBeLessThan(
      platformOf('gpu').tolerance.forces,
    )
  })

  it('names an atom that would move too far, and does not change the state', async () => {
    const one = chains()
    one.state.velocities[3 * 17] = 1300
    const { advance } = integratorOf(one)
    const state = copyState(one.state)
    await expect(advance(state, 20)).rejects.toMatchObject({
      message: expect.stringMatching(/would move 1\.\d+ Å in one step/),
      where: 'atom 18, step 1',
    })
    state.velocities[3 * 4] = Number.NaN
    await expect(advance(state, 20)).rejects.toMatchObject({
      message: 'a force is not finite',
      where: 'step 1',
    })
    expect(state.positions).toEqual(one.state.positions)
  })
})

describe('the choice of the integrator on the device', () => {
  const { system, state } = chains()

  it.each([
    ['a sum in reciprocal space', [...system.forces.slice(0, 2), coulomb(EWALD, 6)], /coulomb: ewald/],
    ['restraints', [...system.forces, tethers(state.positions, 1)], /restraints/],
    ['no pairs', system.forces.slice(0, 1), /no pair interaction/],
  ])('refuses %s', async (_, forces, message) => {
    const evaluator = await createGpuEvaluator({ ...system, forces }, 'cpu')
    expect(() => evaluator.integrator!(STEP)).toThrow(UserError)
    expect(() => evaluator.integrator!(STEP)).toThrow(message)
    await evaluator.dispose()
  })

  it('refuses molecules that may meet their own images', async () => {
    const atoms = [0, 1.3, 2.6, 3.9].flatMap(x => [x, 0, 0])
    const one = configuration(orthorhombicBox(8, 21, 21), atoms, [lennardJones()], { bonds: chain(4) })
    const evaluator = await createGpuEvaluator(one.system, 'cpu')
    const { advance } = evaluator.integrator!(STEP)
    await expect(advance(one.state, 1)).rejects.toThrow('half a cell apart')
    await evaluator.dispose()
  })

  it('refuses more atoms than its kernel can number', async () => {
    const backend = await createBackend('cpu')
    const atomCount = 2 ** 20
    const masses = new Float64Array(atomCount).fill(12)
    const propagator = createPropagator({ ...system, atomCount, masses }, backend, null, STEP)
    const lists = { images: 1 } as PairLists
    await expect(propagator.run(lists, new Float64Array(0), 1)).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringContaining('1048576 atoms are too many to be moved on the device'),
    })
    propagator.dispose()
    await backend.dispose()
  })

  it('shares lists with evaluations that alternate with steps', async () => {
    const evaluator = await createGpuEvaluator(system, 'cpu')
    const { advance } = evaluator.integrator!(STEP)
    const moving = copyState(state)
    await evaluator.evaluate(moving)
    const advancing = advance(moving, 2)
    await expect(evaluator.evaluate(state)).rejects.toThrow('before the last one had ended')
    await advancing
    const { energy } = await createReferenceEvaluator(system).evaluate(moving)
    expect((await evaluator.evaluate(moving)).energy).toBeCloseTo(energy, 4)
    await evaluator.dispose()
  })
})
