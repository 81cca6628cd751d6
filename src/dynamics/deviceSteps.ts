import { UserError } from '../errors.ts'
import type { Evaluator } from '../platform/platform.ts'
import { type Ensemble, type Propagator, targetTemperature } from './ensemble.ts'
import type { Motion } from './integrate.ts'
import type { DynamicsStage } from './protocol.ts'
import { removeCentreOfMassVelocity } from './velocities.ts'

/**
 * The steps of a stage, made by a device in single precision. After every `every` steps the host removes the velocity of
 * the centre of mass, and the bath acts for the time since the last visit: a coarser splitting of the same dynamics. The
 * device also stops for reports, but nothing acts then, so that a report changes only rounding errors.
 * @param ensemble ensemble of a stage without `refusal`
 * @param every steps between visits of the host
 * @param reports intervals of reports, steps; 0 for never
 * @throws UserError for a platform that cannot move atoms, or for constraints
 */
export function deviceSteps(
  ensemble: Ensemble,
  motion: Motion,
  evaluator: Evaluator,
  every: number,
  reports: readonly number[],
): Propagator {
  const { stage, steps, masses, constants, timestep_ps, seed, bath } = ensemble
  const where = `stage ${stage.name}`
  if (ensemble.solver) {
    const hint = 'use constraints: { bonds: none }, or leave out steps_on_device'
    throw new UserError({ message: 'steps_on_device does not support constrained bonds', where, hint })
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
  return {
    next,
    wants: () => ({ energy: false, virial: false }),
    async advance(state, evaluation, done, want) {
      const end = next(done)
      await integrator.advance(state, end - done)
      const at = { seed, step: state.step + end - done - 1 }
      state.step = at.step
      let exchanged_eV = 0
      if (end === visit(done)) {
        if (ensemble.centreOfMassFixed) removeCentreOfMassVelocity(masses, state.velocities)
        const sinceVisit = end - every * Math.floor((end - 1) / every)
        const temperature_K = targetTemperature(stage, end / steps)
        exchanged_eV = bath?.(state.velocities, temperature_K, sinceVisit * timestep_ps, at) ?? 0
      }
      const atEnd = want.energy ? await motion.evaluate(state, want) : evaluation
      state.step++
      return { evaluation: atEnd, exchanged_eV }
    },
  }
}

/** The reason why a device cannot make the steps of a stage, as an error; null if it can. */
export function refusal({ step, cell }: DynamicsStage): { message: string; hint: string } | null {
  const hint = 'use step: verlet (kind: nve, or nvt with thermostat: csvr), or make no steps on a device'
  if (step.kind !== 'verlet') return { message: `step: ${step.kind} acts on the host, in every step`, hint }
  return cell.kind === 'fixed' ? null : { message: `cell: ${cell.kind} changes the cell on the host`, hint }
}
