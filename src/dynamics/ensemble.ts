import { crossingBonds, makeMoleculesWhole } from '../core/molecules.ts'
import type { State } from '../core/state.ts'
import type { System } from '../core/system.ts'
import { UserError } from '../errors.ts'
import type { Evaluation, Want } from '../platform/platform.ts'
import { FEMTOSECOND } from '../units.ts'
import { type CellScaling, cellScaling, type ScalingGroups, scaleGroups, scalingGroups } from './barostat.ts'
import { type BondConstraints, constrainBonds, createConstraintSolver } from './constraints.ts'
import { langevinStep, type Motion, type Step, velocityVerletStep } from './integrate.ts'
import { type DynamicsStage, isThermostatted, type Run } from './protocol.ts'
import { type BathAction, bathAction, type NoisePoint, ornsteinUhlenbeck } from './thermostat.ts'
import {
  degreesOfFreedom,
  drawMaxwellBoltzmann,
  kineticEnergy,
  removeCentreOfMassVelocity,
} from './velocities.ts'

/** The fixed quantities of one stage of dynamics. */
export interface Ensemble extends Omit<Motion, 'evaluate'> {
  readonly stage: DynamicsStage
  /** The system without the terms of constrained bonds. */
  readonly system: System
  readonly groups: ScalingGroups
  readonly timestep_ps: number
  readonly steps: number
  /** True: the velocity of the centre of mass is removed in every step. */
  readonly centreOfMassFixed: boolean
  /** Degrees of freedom that share the kinetic energy. */
  readonly freedom: number
  readonly bath: BathAction | null
  readonly seed: number
}

/**
 * @param state where the stage begins or is resumed
 * @throws UserError when a thermostat would have nothing to act on
 */
export function createEnsemble(
  stage: DynamicsStage,
  run: Pick<Run, 'system' | 'constraints' | 'seed' | 'constants'>,
  state: Pick<State, 'box' | 'positions'>,
): Ensemble {
  const { system, constraints } = constrainBonds(run.system, run.constraints)
  const { constants, seed } = run
  const { masses } = system
  const constraintCount = constraints.lengths.length
  const timestep_ps = stage.timestep_fs * FEMTOSECOND
  const centreOfMassFixed =
    stage.step.kind !== 'langevin' && !system.forces.some(force => force.kind === 'restraint')
  const freedom = degreesOfFreedom(system.atomCount, constraintCount, centreOfMassFixed)
  if (freedom < 1 && isThermostatted(stage)) {
    throw new UserError({
      message: 'no degree of freedom is left for the thermostat',
      where: `stage ${stage.name}`,
      hint: 'use thermostat: langevin, which leaves the centre of mass free, or constrain fewer bonds',
    })
  }
  return {
    stage,
    system,
    masses,
    constants,
    seed,
    solver: constraintCount > 0 ? createConstraintSolver(constraints, masses) : null,
    groups: groupsOf(stage, system, constraints, state),
    timestep_ps,
    steps: Math.round(stage.time_ps / timestep_ps),
    centreOfMassFixed,
    freedom,
    bath: stage.bath && bathAction(stage.bath, { masses, freedom, constants }),
  }
}

/**
 * The groups that a change of the cell scales: molecules at constant pressure, atoms tied by constraints in a density ramp.
 * A network that is bonded to its own image stretches with the cell, so its atoms count as they do in a ramp.
 */
function groupsOf(
  { cell }: DynamicsStage,
  { masses, topology }: System,
  constraints: BondConstraints,
  { box, positions }: Pick<State, 'box' | 'positions'>,
): ScalingGroups {
  if (cell.kind !== 'pressure') return scalingGroups(masses, constraints.atoms)
  const { bonds, molecules } = topology
  const whole = positions.slice()
  makeMoleculesWhole(topology, box, whole)
  const networks = new Set(crossingBonds(bonds, box, whole).map(k => molecules[bonds[2 * k]!]))
  const inMolecules = bonds.filter((_, k) => !networks.has(molecules[bonds[k]!]))
  return scalingGroups(masses, [...inMolecules, ...constraints.atoms])
}

/**
 * Readies a state for the first step of a stage, in place: molecules whole and constraints met; velocities drawn when
 * the stage asks for it or a thermostat finds all atoms at rest; no velocity along constraints or of the whole.
 * @throws UserError when constraints act on a molecule without an end
 */
export function settle(ensemble: Ensemble, state: State): void {
  const { stage, system, masses, solver, constants, seed } = ensemble
  if (solver) {
    makeMoleculesWhole(system.topology, state.box, state.positions)
    refuseNetwork(stage, solver.constraints.atoms, state)
    solver.setReference(state.positions)
    solver.constrainPositions(state.positions)
    solver.setReference(state.positions)
  }
  const isAtRest = state.velocities.every(value => value === 0)
  if (stage.temperature && (stage.new_velocities || (isAtRest && isThermostatted(stage)))) {
    const draw = { temperature_K: stage.temperature.start_K, seed, step: state.step }
    drawMaxwellBoltzmann(system, state.velocities, draw, constants)
  }
  solver?.constrainVelocities(state.velocities)
  if (ensemble.centreOfMassFixed) removeCentreOfMassVelocity(masses, state.velocities)
}

/** @throws UserError when a constrained bond leads to a periodic image */
function refuseNetwork(stage: DynamicsStage, bonds: Int32Array, state: State): void {
  const [crossing] = crossingBonds(bonds, state.box, state.positions)
  if (crossing === undefined) return
  throw new UserError({
    message: 'a constrained bond belongs to a molecule that is bonded to its own periodic image',
    where: `stage ${stage.name}, atoms ${bonds[2 * crossing]! + 1} and ${bonds[2 * crossing + 1]! + 1}`,
    hint: 'use constraints: { bonds: none }, or h-bonds where the network has no hydrogen',
  })
}

/** Target temperature after a fraction of the stage, K; 0 for a stage without temperature. */
export function targetTemperature({ temperature }: DynamicsStage, fraction: number): number {
  if (!temperature) return 0
  return temperature.start_K + fraction * (temperature.end_K - temperature.start_K)
}

/** The steps of a stage, made by the host or by a device. */
export interface Propagator {
  /** Returns the number of finished steps after the next `advance`. @param done number of finished steps of the stage */
  next(done: number): number
  /** Returns the quantities, besides forces, that the next `advance` needs of the evaluation before it. */
  wants(done: number): Required<Want>
  /**
   * Makes the steps up to `next(done)` in place, and counts them in `state.step`.
   * @param evaluation evaluation at the present positions, with the quantities of `wants`
   * @param want quantities of the evaluation at the new positions
   * @returns the evaluation at the new positions (from a device only if energy is wanted), and the energy added by bath
   * and cell, eV
   */
  advance(
    state: State,
    evaluation: Evaluation,
    done: number,
    want: Want,
  ): Promise<{ readonly evaluation: Evaluation; readonly exchanged_eV: number }>
}

/** A step in progress; its parts act on it one after another. */
interface StepInProgress {
  readonly state: State
  /** At the present positions. */
  evaluation: Evaluation
  /** Energy added by the parts, eV. */
  exchanged_eV: number
  /** Number of finished steps of the stage. */
  readonly done: number
  readonly temperature_K: number
  readonly at: NoisePoint
  /** Quantities of the evaluation at the new positions. */
  readonly want: Want
}

/** A part of a step, which preserves the target distribution. */
type Part = (step: StepInProgress) => void | Promise<void>

const NOTHING: Required<Want> = { energy: false, virial: false }

/**
 * The steps of a stage, made by the host from these parts: change of the cell (in some steps), motion of the atoms,
 * removal of the velocity of the centre of mass, bath.
 */
export function hostSteps(ensemble: Ensemble, motion: Motion): Propagator {
  const { stage, steps, seed, masses, bath, timestep_ps } = ensemble
  const scaling = cellScaling(stage.cell, ensemble)
  const parts: Part[] = []
  if (scaling) parts.push(cellPart(scaling, ensemble, motion))
  parts.push(motionPart(stage.step, timestep_ps, motion))
  if (ensemble.centreOfMassFixed) {
    parts.push(({ state }) => removeCentreOfMassVelocity(masses, state.velocities))
  }
  if (bath) {
    parts.push(step => {
      step.exchanged_eV += bath(step.state.velocities, step.temperature_K, timestep_ps, step.at)
    })
  }
  return {
    next: done => done + 1,
    wants: done => (scaling && done % scaling.every === 0 ? scaling.wants : NOTHING),
    async advance(state, evaluation, done, want) {
      const temperature_K = targetTemperature(stage, (done + 1) / steps)
      const at = { seed, step: state.step }
      const step: StepInProgress = { state, evaluation, exchanged_eV: 0, done, temperature_K, at, want }
      for (const part of parts) await part(step)
      state.step++
      return step
    },
  }
}

/**
 * Scales cell and molecules when it is due. The state is evaluated again even where the factor is 1: `factor` may have had
 * another state evaluated, in the same buffers.
 */
function cellPart(scaling: CellScaling, { groups, masses, constants }: Ensemble, motion: Motion): Part {
  return async step => {
    if (step.done % scaling.every !== 0) return
    const { state } = step
    const factor = await scaling.factor(state, step.evaluation, step, motion.evaluate)
    const total = () => step.evaluation.energy + kineticEnergy(masses, state.velocities, constants)
    const before = total()
    scaleGroups(groups, state, factor, scaling.momenta)
    motion.solver?.setReference(state.positions)
    step.evaluation = await motion.evaluate(state, { virial: false })
    step.exchanged_eV += total() - before
  }
}

/** Moves the atoms. */
function motionPart(kind: Step, timestep_ps: number, motion: Motion): Part {
  const { masses, constants } = motion
  switch (kind.kind) {
    case 'verlet':
      return async step => {
        step.evaluation = await velocityVerletStep(
          motion,
          step.state,
          step.evaluation,
          timestep_ps,
          step.want,
        )
      }
    case 'langevin':
      return async step => {
        const { state, temperature_K, at } = step
        const randomize = (velocities: Float64Array) =>
          ornsteinUhlenbeck(masses, velocities, temperature_K, timestep_ps / kind.time_ps, at, constants)
        const { evaluation, heat_eV } = await langevinStep(
          motion,
          state,
          step.evaluation,
          timestep_ps,
          randomize,
          step.want,
        )
        step.evaluation = evaluation
        step.exchanged_eV += heat_eV
      }
  }
}
