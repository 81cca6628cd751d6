import { copyState, firstNonFinite, type State } from '../core/state.ts'
import { SimulationError, UserError } from '../errors.ts'
import type { Evaluation, Evaluator, Want } from '../platform/platform.ts'
import { type Minimization, type MinimizeStage, minimization } from '../relax/minimize.ts'
import { type PushOff, type PushOffStage, pushOff, withoutNonbonded } from '../relax/pushoff.ts'
import { CODATA_2018 } from '../units.ts'
import { deviceSteps, refusal } from './deviceSteps.ts'
import { createEnsemble, type Ensemble, hostSteps, type Propagator, settle } from './ensemble.ts'
import type { Motion } from './integrate.ts'
import { addPoint, slopeOf, thermoRow } from './observe.ts'
import {
  type DynamicsStage,
  isThermostatted,
  type OutputIntervals,
  type ProtocolEvent,
  type ProtocolOptions,
  type Run,
  type Snapshot,
  type StageOutcome,
  stageStart,
} from './protocol.ts'
import { kineticEnergy, temperatureOf } from './velocities.ts'

/**
 * Runs the stages in order and yields an event for each report. A protocol that continues from a periodic snapshot gives
 * the same bits as one without a stop, for every evaluator whose results depend only on the states since it was prepared
 * or since its last `forget`.
 * @throws UserError for a wrong stage; SimulationError for forces that are not finite, or a temperature that explodes
 */
export async function* runProtocol(options: ProtocolOptions): AsyncGenerator<ProtocolEvent, void> {
  const run: Run = { ...options, constants: options.constants ?? CODATA_2018 }
  checkProtocol(run)
  let snapshot: Snapshot = { ...run.from, state: copyState(run.from.state) }
  for (let stageIndex = snapshot.stageIndex; stageIndex < run.stages.length; stageIndex++) {
    const stage = run.stages[stageIndex]!
    if (stageIndex !== snapshot.stageIndex) snapshot = stageStart(copyState(snapshot.state), stageIndex)
    const outcome: StageOutcome =
      stage.kind === 'dynamics'
        ? yield* dynamicsStage(stage, snapshot, run)
        : yield* relaxationStage(stage, snapshot, run)
    snapshot = outcome.snapshot
    if (outcome.aborted) {
      yield { kind: 'end', completed: false, snapshot }
      return
    }
    yield { kind: 'snapshot', snapshot }
  }
  yield { kind: 'end', completed: true, snapshot }
}

/** Runs a push-off or a minimisation: without constraints, and with all atoms at rest afterwards. */
async function* relaxationStage(
  stage: PushOffStage | MinimizeStage,
  start: Snapshot,
  run: Run,
): AsyncGenerator<ProtocolEvent, StageOutcome> {
  const { stageIndex } = start
  const state: State = copyState(start.state)
  const system = stage.kind === 'push-off' ? withoutNonbonded(run.system) : run.system
  const evaluator = await run.prepare(system, stage.kind)
  try {
    const steps = stage.kind === 'minimize' ? stage.max_steps : null
    const { ran, backend, fallbackReason } = evaluator
    yield { kind: 'stage-start', stageIndex, stage, steps, ran, backend, fallbackReason }
    const evaluate = (at: State) => evaluator.evaluate(at, { virial: false })
    const abort: StageOutcome = { aborted: true, snapshot: start }
    if (stage.kind === 'minimize') {
      let last: Minimization | undefined
      for await (last of minimization(state, { ...stage, evaluate })) {
        yield { kind: 'relaxation', stageIndex, progress: last }
        if (run.signal?.aborted) return abort
      }
      if (last) yield { kind: 'stage-end', stageIndex, summary: { kind: 'minimize', ...last } }
    } else {
      const options = { distance_A: stage.distance_A, seed: run.seed, evaluateBonded: evaluate }
      let last: PushOff | undefined
      for await (last of pushOff(run.system, state, options)) {
        yield { kind: 'relaxation', stageIndex, progress: last }
        if (run.signal?.aborted) return abort
      }
      if (last) yield { kind: 'stage-end', stageIndex, summary: { kind: 'push-off', ...last } }
    }
  } finally {
    await evaluator.dispose()
  }
  state.velocities.fill(0)
  return { aborted: false, snapshot: stageStart(state, stageIndex + 1) }
}

/** Temperature at which a run has exploded, divided by the highest target temperature. */
const EXPLOSION = 10
/** Largest number of steps between records of the conserved quantity; logged steps are recorded too. */
const CONSERVED_EVERY = 20
/** The same number on a device, where a record costs an evaluation; rounded up to whole visits of the host. */
const CONSERVED_EVERY_ON_DEVICE = 100

/** Tests whether a report is due after `done` steps of a stage. */
interface Schedule {
  thermo(done: number): boolean
  frame(done: number): boolean
  snapshot(done: number): boolean
  /** True if the conserved quantity is recorded. */
  conserved(done: number): boolean
  /** Intervals of reports, steps; 0 for never. */
  readonly reports: readonly number[]
}

function scheduleOf({ device }: DynamicsStage, timestep_ps: number, output: OutputIntervals = {}): Schedule {
  const stepsOf = (every_ps = 0) => (every_ps > 0 ? Math.max(1, Math.round(every_ps / timestep_ps)) : 0)
  const isDue = (every: number) => (done: number) => every > 0 && done % every === 0
  const [thermoEvery, frameEvery, snapshotEvery] = [
    stepsOf(output.thermo_every_ps),
    stepsOf(output.frame_every_ps),
    stepsOf(output.snapshot_every_ps),
  ]
  const thermo = isDue(thermoEvery)
  const regularly = isDue(
    device ? device.steps * Math.ceil(CONSERVED_EVERY_ON_DEVICE / device.steps) : CONSERVED_EVERY,
  )
  return {
    thermo,
    frame: isDue(frameEvery),
    snapshot: isDue(snapshotEvery),
    conserved: done => thermo(done) || regularly(done),
    reports: [thermoEvery, frameEvery, snapshotEvery],
  }
}

/** A running stage of dynamics. */
interface Propagation {
  readonly ensemble: Ensemble
  readonly evaluator: Evaluator
  readonly motion: Motion
  readonly propagator: Propagator
  readonly schedule: Schedule
  readonly signal: AbortSignal | undefined
}

/**
 * Runs one stage of dynamics from a snapshot within it to its end.
 * @throws SimulationError naming step and atom
 */
async function* dynamicsStage(
  stage: DynamicsStage,
  start: Snapshot,
  run: Run,
): AsyncGenerator<ProtocolEvent, StageOutcome> {
  const { stageIndex } = start
  if (run.signal?.aborted) return { aborted: true, snapshot: start }
  const ensemble = createEnsemble(stage, run, start.state)
  const { steps, masses, constants, solver } = ensemble
  const schedule = scheduleOf(stage, ensemble.timestep_ps, run.output)
  const evaluator = await run.prepare(ensemble.system, 'dynamics')
  try {
    const motion: Motion = {
      masses,
      constants,
      solver,
      evaluate: async (at, want) => finite(await evaluator.evaluate(at, want), at, want),
    }
    const propagator = stage.device
      ? deviceSteps(ensemble, motion, evaluator, stage.device.steps, schedule.reports)
      : hostSteps(ensemble, motion)
    const { ran, backend, fallbackReason } = evaluator
    yield { kind: 'stage-start', stageIndex, stage, steps, ran, backend, fallbackReason }
    const { signal } = run
    return yield* propagate(start, { ensemble, evaluator, motion, propagator, schedule, signal })
  } finally {
    await evaluator.dispose()
  }
}

async function* propagate(
  start: Snapshot,
  { ensemble, evaluator, motion, propagator, schedule, signal }: Propagation,
): AsyncGenerator<ProtocolEvent, StageOutcome> {
  const { stageIndex } = start
  const { stage, masses, constants, solver, steps, timestep_ps, freedom } = ensemble
  const observed = { stage: stage.name, masses, freedom, solver, constants }
  const state = copyState(start.state)
  if (start.stepInStage === 0) settle(ensemble, state)
  solver?.setReference(state.positions)
  let evaluation = await motion.evaluate(state)
  let { exchanged_eV, conserved } = start
  const energy = () => evaluation.energy + kineticEnergy(masses, state.velocities, constants)
  const reference_eV = start.stepInStage === 0 ? energy() : start.reference_eV
  const limit_K = explosionLimit(ensemble, state)
  const wanted = (done: number): Want => {
    const { energy, virial } = propagator.wants(done)
    return { energy: energy || schedule.conserved(done), virial: virial || schedule.thermo(done) }
  }

  for (let done = start.stepInStage; ; ) {
    const isNew = done > start.stepInStage
    // The rows and frames of the step of a snapshot were reported before it.
    if (done === 0 || isNew) {
      if (schedule.thermo(done)) {
        yield { kind: 'thermo', stageIndex, row: thermoRow(observed, state, evaluation, exchanged_eV) }
      }
      if (schedule.frame(done)) yield { kind: 'frame', stageIndex, state }
    }
    const isLast = done >= steps
    const isAborted = isNew && signal?.aborted
    if (isLast || isAborted || (isNew && schedule.snapshot(done))) {
      const snapshot: Snapshot = {
        ...start,
        state: copyState(state),
        stepInStage: done,
        exchanged_eV,
        reference_eV,
        conserved,
      }
      if (isLast) {
        const drift_meV_per_atom_ps = (1000 * slopeOf(conserved)) / ensemble.system.atomCount
        yield { kind: 'stage-end', stageIndex, summary: { kind: 'dynamics', steps, drift_meV_per_atom_ps } }
        return { aborted: false, snapshot }
      }
      if (isAborted) return { aborted: true, snapshot }
      yield { kind: 'snapshot', snapshot }
      // A resumed run begins with a new pair list. This run makes one too, or their last bits would differ.
      evaluator.forget()
      evaluation = await motion.evaluate(state)
    }

    const next = propagator.next(done)
    const made = await propagator
      .advance(state, evaluation, done, wanted(next))
      .then(step => {
        checkTemperature(ensemble, state, limit_K)
        return step
      })
      .catch(later(done))
    done = next
    evaluation = made.evaluation
    exchanged_eV += made.exchanged_eV
    const elapsed_ps = done * timestep_ps
    state.time_ps = start.stageStart_ps + elapsed_ps
    if (schedule.conserved(done)) {
      conserved = addPoint(conserved, elapsed_ps, energy() - exchanged_eV - reference_eV)
    }
  }
}

/** A stage that fails after this many steps did not fail because of the structure that it began with. */
const SOUND_START = 1000

/** Rethrows an error; for a stage that has made many steps its hint does not suspect the start. */
const later = (done: number) => (error: unknown) => {
  if (!(error instanceof SimulationError) || done < SOUND_START) throw error
  const { message, where } = error
  const hint = `the stage had made ${done} steps: take a shorter timestep_fs, and see when conserved_eV in log.csv begins to drift`
  throw new SimulationError({ message, where, hint })
}

/** @throws SimulationError naming the first atom whose force is not finite */
function finite(evaluation: Evaluation, state: State, want: Want = {}): Evaluation {
  const bad = firstNonFinite(evaluation.forces)
  if (bad < 0 && (want.energy === false || Number.isFinite(evaluation.energy))) return evaluation
  throw new SimulationError({
    message: bad < 0 ? `the potential energy is ${evaluation.energy}` : 'a force is not finite',
    where: bad < 0 ? `step ${state.step + 1}` : `atom ${Math.floor(bad / 3) + 1}, step ${state.step + 1}`,
    hint: 'push off and minimise the structure first, or take a shorter timestep_fs',
  })
}

function temperatureNow({ masses, freedom, constants }: Ensemble, state: State): number {
  return temperatureOf(kineticEnergy(masses, state.velocities, constants), freedom, constants)
}

/** The temperature at which a run has exploded, K; at least 3000 K, so that NVE can start at rest. */
function explosionLimit(ensemble: Ensemble, state: State): number {
  const { start_K, end_K } = ensemble.stage.temperature ?? { start_K: 0, end_K: 0 }
  return EXPLOSION * Math.max(300, start_K, end_K, temperatureNow(ensemble, state))
}

/** Checks that the run has not exploded. @throws SimulationError naming the atom with the largest kinetic energy */
function checkTemperature(ensemble: Ensemble, state: State, limit_K: number): void {
  const temperature = temperatureNow(ensemble, state)
  if (temperature <= limit_K) return
  const { masses } = ensemble
  const { velocities: v } = state
  const energies = masses.map((m, i) => m * (v[3 * i]! ** 2 + v[3 * i + 1]! ** 2 + v[3 * i + 2]! ** 2))
  throw new SimulationError({
    message: `the temperature has risen to ${temperature.toPrecision(3)} K`,
    where: `step ${state.step}; atom ${energies.indexOf(energies.reduce((a, b) => Math.max(a, b), 0)) + 1} moves most`,
    hint: 'push off and minimise the structure first, or take a shorter timestep_fs',
  })
}

/** Checks the stages of a protocol. @throws UserError naming the stage */
function checkProtocol({ stages, system, from }: Run): void {
  const hasRestraints = system.forces.some(force => force.kind === 'restraint')
  if (from.state.positions.length !== 3 * system.atomCount) {
    throw new UserError({
      message: `the state has ${from.state.positions.length / 3} atoms, but the system has ${system.atomCount}`,
    })
  }
  for (const stage of stages) {
    const refuse = (message: string, hint: string): never => {
      throw new UserError({ message, where: `stage ${stage.name}`, hint })
    }
    const needPositive = (value: number, key: string) => {
      if (!(value > 0 && Number.isFinite(value))) refuse(`${key} is ${value}`, 'it must be greater than zero')
    }
    if (stage.kind === 'push-off') needPositive(stage.distance_A, 'distance_A')
    if (stage.kind === 'minimize') needPositive(stage.fmax_eV_per_A, 'fmax_eV_per_A')
    if (stage.kind !== 'dynamics') continue
    needPositive(stage.timestep_fs, 'timestep_fs')
    for (const part of ['temperature', 'step', 'bath', 'cell', 'device'] as const) {
      for (const [key, value] of Object.entries(stage[part] ?? {})) {
        // A pressure may be negative.
        if (typeof value === 'number' && key !== 'pressure_bar') needPositive(value, `${part}.${key}`)
      }
    }
    if (!stage.temperature && (stage.new_velocities || isThermostatted(stage))) {
      refuse('no temperature is given', 'add temperature_K')
    }
    if (stage.device) {
      if (stage.device.steps % 1 !== 0) refuse('device.steps is not a whole number', 'give a whole number')
      const refused = refusal(stage)
      if (refused) refuse(refused.message, refused.hint)
    }
    if (hasRestraints && stage.cell.kind !== 'fixed') {
      refuse(
        'restraints to fixed points do not go with a cell that changes',
        'keep the cell fixed, or remove the restraints',
      )
    }
  }
}
