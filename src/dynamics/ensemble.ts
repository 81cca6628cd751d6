import { crossingBond, makeMoleculesWhole } from '../core/molecules.ts'
import type { State } from '../core/state.ts'
import type { System } from '../core/system.ts'
import { densityOf } from '../core/system.ts'
import { UserError } from '../errors.ts'
import type { Evaluation, Want } from '../platform/platform.ts'
import { type Constants, EV_PER_A3_IN_BAR, FEMTOSECOND } from '../units.ts'
import {
  cellRescalingFactor,
  groupPressure,
  type ScalingGroups,
  scaleGroups,
  scalingGroups,
} from './barostat.ts'
import { constrainBonds, createConstraintSolver } from './constraints.ts'
import { langevinStep, type Motion, velocityVerletStep } from './integrate.ts'
import type { ConstraintChoice, DynamicsStage } from './protocol.ts'
import { type NoisePoint, ornsteinUhlenbeck, rescaleVelocities } from './thermostat.ts'
import {
  degreesOfFreedom,
  drawMaxwellBoltzmann,
  kineticEnergy,
  removeCentreOfMassVelocity,
} from './velocities.ts'

/** Steps between changes of the cell, each of which costs one more evaluation. */
const STEPS_PER_RESCALING = 10

/** What the step that follows `done` steps of the stage needs of the evaluation at its beginning, besides forces. */
export function wantedBy({ stage }: Pick<Ensemble, 'stage'>, done: number): Required<Want> {
  const rescales =
    done % STEPS_PER_RESCALING === 0 && (stage.kind === 'npt' || stage.density_end_g_per_cm3 !== undefined)
  return { energy: rescales, virial: rescales && stage.kind === 'npt' }
}

/** What one stage of dynamics keeps fixed: integrator, baths and constraints, chosen independently of each other. */
export interface Ensemble extends Omit<Motion, 'evaluate'> {
  readonly stage: DynamicsStage
  /** The system without the terms of constrained bonds. */
  readonly system: System
  readonly groups: ScalingGroups
  readonly timestep_ps: number
  readonly steps: number
  readonly centreOfMassFixed: boolean
  readonly freedom: number
  readonly seed: number
}

/** @throws UserError when a thermostat would have nothing to act on */
export function createEnsemble(
  stage: DynamicsStage,
  fullSystem: System,
  choice: ConstraintChoice,
  noise: { readonly seed: number; readonly constants: Constants },
): Ensemble {
  const { system, constraints } = constrainBonds(fullSystem, choice)
  const { masses } = system
  const constraintCount = constraints.lengths.length
  const timestep_ps = stage.timestep_fs * FEMTOSECOND
  const centreOfMassFixed = !isLangevin(stage) && !system.forces.some(force => force.kind === 'restraint')
  const freedom = degreesOfFreedom(system.atomCount, constraintCount, centreOfMassFixed)
  if (freedom < 1 && stage.kind !== 'nve') {
    throw new UserError({
      message: 'no degree of freedom is left that a temperature could be given to',
      where: `stage ${stage.name}`,
      hint: 'use thermostat: langevin, which leaves the centre of mass free, or constrain fewer bonds',
    })
  }
  return {
    stage,
    system,
    masses,
    constants: noise.constants,
    seed: noise.seed,
    solver: constraintCount > 0 ? createConstraintSolver(constraints, masses) : null,
    groups: scalingGroups(masses, constraints),
    timestep_ps,
    steps: Math.round(stage.time_ps / timestep_ps),
    centreOfMassFixed,
    freedom,
  }
}

function isLangevin(stage: DynamicsStage): boolean {
  return stage.kind !== 'nve' && stage.thermostat === 'langevin'
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
  if (stage.temperature_K !== undefined && (stage.new_velocities || (isAtRest && stage.kind !== 'nve'))) {
    const draw = { temperature_K: stage.temperature_K, seed, step: state.step }
    drawMaxwellBoltzmann(system, state.velocities, draw, constants)
  }
  solver?.constrainVelocities(state.velocities)
  if (ensemble.centreOfMassFixed) removeCentreOfMassVelocity(masses, state.velocities)
}

/** @throws UserError when a constrained bond leads to a periodic image */
function refuseNetwork(stage: DynamicsStage, bonds: Int32Array, state: State): void {
  const crossing = crossingBond(bonds, state.box, state.positions)
  if (crossing < 0) return
  throw new UserError({
    message: 'a constrained bond belongs to a molecule that is bonded to its own periodic image',
    where: `stage ${stage.name}, atoms ${bonds[2 * crossing]! + 1} and ${bonds[2 * crossing + 1]! + 1}`,
    hint: 'use constraints: { bonds: none }, or h-bonds where the network has no hydrogen',
  })
}

/**
 * Makes one step in place: rescaling of the cell when it is due, integration, removal of the centre-of-mass motion,
 * rescaling of velocities. Each part leaves the target distribution as it is.
 * @param evaluation at the present positions, with what `wantedBy` says of them
 * @param done steps of the stage made so far
 * @param want of the evaluation at the new positions
 * @returns the evaluation at the new positions and the energy that the baths have put in, eV
 */
export async function advance(
  ensemble: Ensemble,
  motion: Motion,
  state: State,
  evaluation: Evaluation,
  done: number,
  want: Want,
): Promise<{ evaluation: Evaluation; exchanged_eV: number }> {
  const { stage, masses, constants, timestep_ps, freedom } = ensemble
  const { velocities } = state
  const at: NoisePoint = { seed: ensemble.seed, step: state.step }
  const temperature_K = targetTemperature(stage, (done + 1) / ensemble.steps)
  const timeRatio = timestep_ps / stage.thermostat_time_ps
  let current = evaluation
  let exchanged_eV = 0

  const factor = rescalingFactor(ensemble, state, current, done, temperature_K)
  if (factor !== 1) {
    const before = current.energy + kineticEnergy(masses, velocities, constants)
    scaleGroups(ensemble.groups, state, factor, stage.kind === 'npt')
    ensemble.solver?.setReference(state.positions)
    current = await motion.evaluate(state, { virial: false })
    exchanged_eV += current.energy + kineticEnergy(masses, velocities, constants) - before
  }

  if (isLangevin(stage)) {
    const randomize = (values: Float64Array) =>
      ornsteinUhlenbeck(masses, values, temperature_K, timeRatio, at, constants)
    const step = await langevinStep(motion, state, current, timestep_ps, randomize, want)
    current = step.evaluation
    exchanged_eV += step.heat_eV
  } else {
    current = await velocityVerletStep(motion, state, current, timestep_ps, want)
  }
  if (ensemble.centreOfMassFixed) removeCentreOfMassVelocity(masses, velocities)
  if (stage.kind !== 'nve' && stage.thermostat === 'csvr') {
    const target = { temperature_K, freedom, timeRatio }
    exchanged_eV += rescaleVelocities(masses, velocities, target, at, constants)
  }
  return { evaluation: current, exchanged_eV }
}

/** K, on the straight line from the temperature at the start to that at the end. */
export function targetTemperature(stage: DynamicsStage, fraction: number): number {
  const first = stage.temperature_K ?? 0
  return first + fraction * ((stage.temperature_end_K ?? first) - first)
}

/** Linear factor by which the cell changes before this step. */
function rescalingFactor(
  ensemble: Ensemble,
  state: State,
  evaluation: Evaluation,
  done: number,
  temperature_K: number,
): number {
  const { stage, steps, groups, constants } = ensemble
  if (done % STEPS_PER_RESCALING !== 0) return 1
  if (stage.kind === 'npt') {
    const rescaling = {
      pressure: groupPressure(groups, state, evaluation.virial, evaluation.forces, constants),
      target: stage.pressure_bar / EV_PER_A3_IN_BAR,
      temperature_K,
      compressibility: stage.compressibility_per_bar * EV_PER_A3_IN_BAR,
      timeRatio: (STEPS_PER_RESCALING * ensemble.timestep_ps) / stage.barostat_time_ps,
    }
    const at: NoisePoint = { seed: ensemble.seed, step: state.step }
    return cellRescalingFactor(state.box.volume, rescaling, at, constants)
  }
  if (stage.density_end_g_per_cm3 === undefined) return 1
  // Going an equal share of what is left each time draws the straight line without knowing where it began.
  const density = densityOf(ensemble.masses, state.box.volume)
  const left = Math.ceil(steps / STEPS_PER_RESCALING) - done / STEPS_PER_RESCALING
  return Math.cbrt(density / (density + (stage.density_end_g_per_cm3 - density) / left))
}
