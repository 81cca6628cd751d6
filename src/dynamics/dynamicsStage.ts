import { copyState, firstNonFinite, type State } from '../core/state.ts'
import { SimulationError } from '../errors.ts'
import type { Evaluation, Evaluator, Want } from '../platform/platform.ts'
import type { ProtocolEvent, Run, Snapshot, StageOutcome } from './contract.ts'
import { deviceSteps } from './deviceSteps.ts'
import { advance, createEnsemble, type Ensemble, settle, wantedBy } from './ensemble.ts'
import type { Motion } from './integrate.ts'
import { addPoint, slopeOf, thermoRow } from './observe.ts'
import type { DynamicsStage } from './protocol.ts'
import { kineticEnergy, temperatureOf } from './velocities.ts'

/** A run this many times hotter than anything asked of it has exploded. */
const EXPLOSION = 10
/** The conserved quantity is looked at on logged steps and at least this often, in steps. */
const CONSERVED_EVERY = 20
/** The same where that takes an evaluation of its own; in whole visits of the host. */
const CONSERVED_EVERY_ON_DEVICE = 100

/**
 * One stage of dynamics, from a snapshot within it to its end.
 * @throws SimulationError naming step and atom
 */
export async function* dynamicsStage(
  stage: DynamicsStage,
  start: Snapshot,
  run: Run,
): AsyncGenerator<ProtocolEvent, StageOutcome> {
  const { stageIndex } = start
  if (run.signal?.aborted) return { aborted: true, snapshot: start }
  const ensemble = createEnsemble(stage, run.system, run.constraints, run)
  const { system, masses, solver, constants, steps, timestep_ps, freedom } = ensemble
  const observed = { stage: stage.name, masses, freedom, solver, constants }
  const everySteps = (every_ps = 0) => (every_ps > 0 ? Math.max(1, Math.round(every_ps / timestep_ps)) : 0)
  const thermoEvery = everySteps(run.output?.thermo_every_ps)
  const frameEvery = everySteps(run.output?.frame_every_ps)
  const snapshotEvery = everySteps(run.output?.snapshot_every_ps)
  const isDue = (step: number, every: number) => every > 0 && step % every === 0
  const perVisit = stage.steps_on_device
  const conservedEvery = perVisit
    ? perVisit * Math.ceil(CONSERVED_EVERY_ON_DEVICE / perVisit)
    : CONSERVED_EVERY
  const isWatched = (done: number) => isDue(done, thermoEvery) || isDue(done, conservedEvery)
  const wanted = (done: number): Want => {
    const { energy, virial } = wantedBy(ensemble, done)
    return { energy: energy || isWatched(done), virial: virial || isDue(done, thermoEvery) }
  }

  const evaluator: Evaluator = await run.prepare(system, 'dynamics')
  try {
    const device = perVisit
      ? deviceSteps(ensemble, evaluator, perVisit, [thermoEvery, frameEvery, snapshotEvery])
      : null
    const { ran, backend, fallbackReason } = evaluator
    yield { kind: 'stage-start', stageIndex, stage, steps, ran, backend, fallbackReason }
    const motion: Motion = {
      masses,
      constants,
      solver,
      evaluate: async (at, want) => finite(await evaluator.evaluate(at, want), at, want),
    }
    const state = copyState(start.state)
    if (start.stepInStage === 0) settle(ensemble, state)
    solver?.setReference(state.positions)
    let evaluation = await motion.evaluate(state)
    let { exchanged_eV, conserved } = start
    const energy = () => evaluation.energy + kineticEnergy(masses, state.velocities, constants)
    const reference_eV = start.stepInStage === 0 ? energy() : start.reference_eV
    const limit_K = explosionLimit(ensemble, state)

    for (let done = start.stepInStage; ; ) {
      // What a snapshot says has been reported before it.
      if (done === 0 || done > start.stepInStage) {
        if (isDue(done, thermoEvery)) {
          yield { kind: 'thermo', stageIndex, row: thermoRow(observed, state, evaluation, exchanged_eV) }
        }
        if (isDue(done, frameEvery)) yield { kind: 'frame', stageIndex, state }
      }
      const isLast = done >= steps
      const isAborted = done > start.stepInStage && run.signal?.aborted
      const isSnapshot = done > start.stepInStage && isDue(done, snapshotEvery)
      if (isLast || isAborted || isSnapshot) {
        const snapshot: Snapshot = {
          ...start,
          state: copyState(state),
          stepInStage: done,
          exchanged_eV,
          reference_eV,
          conserved,
        }
        if (isLast) {
          const drift_meV_per_atom_ps = (1000 * slopeOf(conserved)) / system.atomCount
          yield { kind: 'stage-end', stageIndex, summary: { kind: 'dynamics', steps, drift_meV_per_atom_ps } }
          return { aborted: false, snapshot }
        }
        if (isAborted) return { aborted: true, snapshot }
        yield { kind: 'snapshot', snapshot }
        // A resumed run begins with a fresh pair list: so does this one, or their last bits would differ.
        evaluator.forget()
        evaluation = await motion.evaluate(state)
      }

      if (device) {
        const next = device.next(done)
        exchanged_eV += await device.advance(state, done)
        if (isWatched(next)) evaluation = await motion.evaluate(state, wanted(next))
        done = next
      } else {
        const step = await advance(ensemble, motion, state, evaluation, done, wanted(done + 1))
        evaluation = step.evaluation
        exchanged_eV += step.exchanged_eV
        done++
      }
      state.step++
      const elapsed_ps = done * timestep_ps
      state.time_ps = start.stageStart_ps + elapsed_ps
      if (isWatched(done)) {
        conserved = addPoint(conserved, elapsed_ps, energy() - exchanged_eV - reference_eV)
      }
      checkTemperature(ensemble, state, limit_K)
    }
  } finally {
    await evaluator.dispose()
  }
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

/** K; never below ten times room temperature, so that an NVE run may begin at rest. */
function explosionLimit(ensemble: Ensemble, state: State): number {
  const { temperature_K = 0, temperature_end_K = 0 } = ensemble.stage
  return EXPLOSION * Math.max(300, temperature_K, temperature_end_K, temperatureNow(ensemble, state))
}

/** @throws SimulationError naming the fastest atom */
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
