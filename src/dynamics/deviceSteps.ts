import type { State } from '../core/state.ts'
import { UserError } from '../errors.ts'
import type { Evaluator } from '../platform/platform.ts'
import { type Ensemble, targetTemperature } from './ensemble.ts'
import type { DynamicsStage } from './protocol.ts'
import { rescaleVelocities } from './thermostat.ts'
import { removeCentreOfMassVelocity } from './velocities.ts'

/** Steps that a device makes by itself, and what the host does in between. */
export interface DeviceSteps {
  /** Where the device stops next. @param done steps of the stage made so far */
  next(done: number): number
  /**
   * Makes the steps up to there in place, and counts all but the last one in `state.step`.
   * @returns energy that the thermostat has put in, eV
   */
  advance(state: State, done: number): Promise<number>
}

/**
 * A visit of the host after every `steps_on_device` steps of the stage, counted from its beginning: the motion of the
 * whole is taken out and the thermostat acts for the time since the last one, which is a coarser splitting of the same
 * dynamics. The device also stops where something is to be reported, but nothing acts then: what is reported changes no
 * more than rounding.
 * @param ensemble of a stage that `refusal` lets pass
 * @param reports intervals, steps; 0 for never
 * @throws UserError when platform, constraints or system are not made for it
 */
export function deviceSteps(
  ensemble: Ensemble,
  evaluator: Evaluator,
  every: number,
  reports: readonly number[],
): DeviceSteps {
  const { stage, steps, masses, constants, timestep_ps, freedom, seed } = ensemble
  const where = `stage ${stage.name}`
  if (ensemble.solver) {
    const hint = 'use constraints: { bonds: none }, or leave out steps_on_device'
    throw new UserError({ message: 'bonds are held by the host, in every step', where, hint })
  }
  if (!evaluator.integrator) {
    throw new UserError({
      message: `the platform '${evaluator.ran}' does not move atoms on a device`,
      where,
      hint: 'use --platform gpu, or leave out steps_on_device',
    })
  }
  const { accelerationPerForce } = constants
  const integrator = evaluator.integrator({ timestep_ps, accelerationPerForce })
  const visit = (done: number) => Math.min(steps, every * (Math.floor(done / every) + 1))
  const next = (done: number) =>
    Math.min(visit(done), ...reports.filter(n => n > 0).map(n => n * (Math.floor(done / n) + 1)))

  async function advance(state: State, done: number): Promise<number> {
    const { velocities } = state
    const end = next(done)
    await integrator.advance(state, end - done)
    state.step += end - done - 1
    if (end < visit(done)) return 0
    if (ensemble.centreOfMassFixed) removeCentreOfMassVelocity(masses, velocities)
    if (stage.kind === 'nve') return 0
    const sinceVisit = end - every * Math.floor((end - 1) / every)
    const target = {
      temperature_K: targetTemperature(stage, end / steps),
      freedom,
      timeRatio: (sinceVisit * timestep_ps) / stage.thermostat_time_ps,
    }
    return rescaleVelocities(masses, velocities, target, { seed, step: state.step }, constants)
  }

  return { next, advance }
}

/** What of a stage needs the host in every step. */
export function refusal(stage: DynamicsStage): { readonly message: string; readonly hint: string } | null {
  const hint = 'use kind: nve, or nvt with thermostat: csvr, or leave out steps_on_device'
  if (stage.kind === 'npt') return { message: 'the barostat acts on the host', hint }
  if (stage.kind === 'nvt' && stage.thermostat === 'langevin') {
    return { message: 'thermostat: langevin acts in every step, on the host', hint }
  }
  if (stage.density_end_g_per_cm3 === undefined) return null
  return { message: 'density_end_g_per_cm3 changes the cell on the host', hint }
}
