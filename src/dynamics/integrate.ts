import type { State } from '../core/state.ts'
import { SimulationError } from '../errors.ts'
import type { Evaluation, Want } from '../platform/platform.ts'
import type { Constants } from '../units.ts'
import type { ConstraintSolver } from './constraints.ts'
import { kineticEnergy } from './velocities.ts'

/** The way in which a step moves the atoms. */
export type Step =
  /** Velocity Verlet. */
  | { readonly kind: 'verlet' }
  /** Langevin dynamics, BAOAB; only for preparation, because friction slows diffusion. `time_ps`: inverse friction. */
  | { readonly kind: 'langevin'; readonly time_ps: number }

/**
 * The atoms that a step moves, and their forces. A step advances positions and velocities in place; the caller advances
 * `step` and `time_ps`. With constraints, positions and velocities satisfy them before and after a step, and the
 * reference of the solver is the positions.
 */
export interface Motion {
  /** [N] g/mol */
  readonly masses: Float64Array
  readonly constants: Constants
  readonly solver: ConstraintSolver | null
  evaluate(state: State, want?: Want): Promise<Evaluation>
}

/** Largest displacement of an atom in one step, Å; a larger one is an error. */
export const LARGEST_MOVE_A = 1

/** v ← v + dt f/m, in place ("B"). @param forces [3N] eV/Å @param time ps */
export function kick(motion: Motion, velocities: Float64Array, forces: Float64Array, time: number): void {
  const { masses, constants } = motion
  const impulse = time * constants.accelerationPerForce
  for (let i = 0, k = 0; i < masses.length; i++, k += 3) {
    const scale = impulse / masses[i]!
    velocities[k]! += scale * forces[k]!
    velocities[k + 1]! += scale * forces[k + 1]!
    velocities[k + 2]! += scale * forces[k + 2]!
  }
}

/**
 * r ← r + dt v, in place ("A"), then constraints on the positions (SHAKE); the reference of the solver stays at the old
 * positions.
 * @throws SimulationError naming an atom that would move further than `LARGEST_MOVE_A`
 */
export function drift(motion: Motion, state: State, time: number): void {
  const { positions, velocities } = state
  let largest = 0
  let fastest = 0
  for (let k = 0; k < positions.length; k += 3) {
    const x = time * velocities[k]!
    const y = time * velocities[k + 1]!
    const z = time * velocities[k + 2]!
    const squared = x * x + y * y + z * z
    // A NaN counts as the largest.
    if (!(squared <= largest)) {
      largest = squared
      fastest = k / 3
    }
    positions[k]! += x
    positions[k + 1]! += y
    positions[k + 2]! += z
  }
  if (!(largest <= LARGEST_MOVE_A ** 2)) {
    throw new SimulationError({
      message: `an atom would move ${Math.sqrt(largest).toPrecision(3)} Å in one step`,
      where: `atom ${fastest + 1}, step ${state.step + 1}`,
      hint: 'push off and minimise the structure first, or take a shorter timestep_fs',
    })
  }
  motion.solver?.constrainPositions(positions, { velocities, time_ps: time })
}

/**
 * One step of velocity Verlet, with RATTLE when there are constraints: Andersen 1983,
 * https://doi.org/10.1016/0021-9991(83)90014-1.
 * @param evaluation evaluation at the present positions @param time time step, ps
 * @param want quantities of the evaluation at the new positions
 * @returns the evaluation at the new positions
 */
export async function velocityVerletStep(
  motion: Motion,
  state: State,
  evaluation: Pick<Evaluation, 'forces'>,
  time: number,
  want?: Want,
): Promise<Evaluation> {
  kick(motion, state.velocities, evaluation.forces, 0.5 * time)
  drift(motion, state, time)
  const next = await motion.evaluate(state, want)
  kick(motion, state.velocities, next.forces, 0.5 * time)
  motion.solver?.setReference(state.positions)
  motion.solver?.constrainVelocities(state.velocities)
  return next
}

/**
 * One step of Langevin dynamics, BAOAB: Leimkuhler & Matthews 2013, https://doi.org/10.1093/amrx/abs010; with
 * constraints in its geodesic form, 2016, https://doi.org/10.1098/rspa.2016.0138.
 * @param randomize makes the Ornstein–Uhlenbeck part, in place
 * @param want quantities of the evaluation at the new positions
 * @returns the evaluation at the new positions and the heat from the bath, eV
 */
export async function langevinStep(
  motion: Motion,
  state: State,
  evaluation: Pick<Evaluation, 'forces'>,
  time: number,
  randomize: (velocities: Float64Array) => void,
  want?: Want,
): Promise<{ evaluation: Evaluation; heat_eV: number }> {
  const { masses, constants, solver } = motion
  const { positions, velocities } = state
  kick(motion, velocities, evaluation.forces, 0.5 * time)
  solver?.constrainVelocities(velocities)
  drift(motion, state, 0.5 * time)
  solver?.setReference(positions)
  solver?.constrainVelocities(velocities)
  const before = kineticEnergy(masses, velocities, constants)
  randomize(velocities)
  solver?.constrainVelocities(velocities)
  const heat_eV = kineticEnergy(masses, velocities, constants) - before
  drift(motion, state, 0.5 * time)
  // Velocities are projected once, after the kick: projections are linear.
  solver?.setReference(positions)
  const next = await motion.evaluate(state, want)
  kick(motion, velocities, next.forces, 0.5 * time)
  solver?.constrainVelocities(velocities)
  return { evaluation: next, heat_eV }
}
