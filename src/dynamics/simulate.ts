import { copyState, type State } from '../core/state.ts'
import { UserError } from '../errors.ts'
import type { MinimizeStage } from '../relax/minimize.ts'
import { type Minimization, minimization } from '../relax/minimize.ts'
import type { PushOffStage } from '../relax/pushoff.ts'
import { type PushOff, pushOff, withoutNonbonded } from '../relax/pushoff.ts'
import { CODATA_2018 } from '../units.ts'
import {
  type ProtocolEvent,
  type ProtocolOptions,
  type Run,
  type Snapshot,
  type StageOutcome,
  stageStart,
} from './contract.ts'
import { refusal } from './deviceSteps.ts'
import { dynamicsStage } from './dynamicsStage.ts'
import type { DynamicsStage, Stage } from './protocol.ts'

/**
 * Carries out the stages in order and reports as it goes. Resuming from a periodic snapshot gives the same run bit for
 * bit, given an evaluator that is a function of the state and of what it has been asked since it was prepared or last
 * told to forget.
 * @throws UserError for a stage that makes no sense; SimulationError when the simulation goes wrong
 */
export async function* runProtocol(options: ProtocolOptions): AsyncGenerator<ProtocolEvent, void> {
  const run: Run = { ...options, constants: options.constants ?? CODATA_2018 }
  checkProtocol(run)
  let snapshot: Snapshot = { ...run.from, state: copyState(run.from.state) }
  for (let stageIndex = snapshot.stageIndex; stageIndex < run.stages.length; stageIndex++) {
    const stage = run.stages[stageIndex]!
    if (stageIndex !== snapshot.stageIndex) snapshot = stageStart(copyState(snapshot.state), stageIndex)
    const outcome: StageOutcome = isDynamics(stage)
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

function isDynamics(stage: Stage): stage is DynamicsStage {
  return stage.kind === 'nve' || stage.kind === 'nvt' || stage.kind === 'npt'
}

/** Push-off and minimisation: constraints are off, and the atoms are at rest afterwards. */
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

/** @throws UserError naming the stage */
function checkProtocol({ stages, system, from }: Run): void {
  const hasRestraints = system.forces.some(force => force.kind === 'restraint')
  if (from.state.positions.length !== 3 * system.atomCount) {
    throw new UserError({
      message: `the state holds ${from.state.positions.length / 3} atoms, the system ${system.atomCount}`,
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
    if (!isDynamics(stage)) continue
    needPositive(stage.timestep_fs, 'timestep_fs')
    const thermostatted = stage.kind !== 'nve'
    if (thermostatted || stage.new_velocities) {
      if (stage.temperature_K === undefined) refuse('no temperature is given', 'add temperature_K')
      else needPositive(stage.temperature_K, 'temperature_K')
    }
    if (thermostatted) {
      needPositive(stage.thermostat_time_ps, 'thermostat_time_ps')
      if (stage.temperature_end_K !== undefined) needPositive(stage.temperature_end_K, 'temperature_end_K')
    }
    if (stage.density_end_g_per_cm3 !== undefined) {
      needPositive(stage.density_end_g_per_cm3, 'density_end_g_per_cm3')
      if (stage.kind !== 'nvt')
        refuse('density_end_g_per_cm3 goes with kind: nvt only', 'change the kind of stage')
    }
    if (stage.steps_on_device !== undefined) {
      needPositive(stage.steps_on_device, 'steps_on_device')
      if (stage.steps_on_device % 1 !== 0) refuse('steps_on_device is no whole number', 'round it')
      const refused = refusal(stage)
      if (refused) refuse(refused.message, refused.hint)
    }
    if (stage.kind === 'npt') {
      needPositive(stage.barostat_time_ps, 'barostat_time_ps')
      needPositive(stage.compressibility_per_bar, 'compressibility_per_bar')
    }
    if (hasRestraints && (stage.kind === 'npt' || stage.density_end_g_per_cm3 !== undefined)) {
      refuse(
        'restraints hold atoms in space while the cell changes size',
        'keep the volume or drop the restraints',
      )
    }
  }
}
