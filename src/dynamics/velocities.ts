import type { System } from '../core/system.ts'
import { normals, STREAM } from '../rng.ts'
import type { Constants } from '../units.ts'

/**
 * Kinetic energy, eV.
 * @param masses [N] g/mol @param velocities [3N] Å/ps
 */
export function kineticEnergy(masses: Float64Array, velocities: Float64Array, constants: Constants): number {
  let sum = 0
  for (let i = 0, k = 0; i < masses.length; i++, k += 3) {
    const x = velocities[k]!
    const y = velocities[k + 1]!
    const z = velocities[k + 2]!
    sum += masses[i]! * (x * x + y * y + z * z)
  }
  return sum / (2 * constants.accelerationPerForce)
}

/** Removes the velocity of the centre of mass, in place. @param masses [N] g/mol @param velocities [3N] Å/ps */
export function removeCentreOfMassVelocity(masses: Float64Array, velocities: Float64Array): void {
  let mass = 0
  let px = 0
  let py = 0
  let pz = 0
  for (let i = 0, k = 0; i < masses.length; i++, k += 3) {
    const m = masses[i]!
    mass += m
    px += m * velocities[k]!
    py += m * velocities[k + 1]!
    pz += m * velocities[k + 2]!
  }
  px /= mass
  py /= mass
  pz /= mass
  for (let k = 0; k < velocities.length; k += 3) {
    velocities[k]! -= px
    velocities[k + 1]! -= py
    velocities[k + 2]! -= pz
  }
}

/**
 * Degrees of freedom of the kinetic energy: 3N, minus one for each constraint, minus three if the velocity of the centre
 * of mass is removed (not with Langevin dynamics or restraints).
 */
export function degreesOfFreedom(
  atomCount: number,
  constraintCount: number,
  centreOfMassFixed: boolean,
): number {
  return 3 * atomCount - constraintCount - (centreOfMassFixed ? 3 : 0)
}

/** Temperature, K, of a kinetic energy in eV; 0 without degrees of freedom. */
export function temperatureOf(kinetic_eV: number, freedom: number, constants: Constants): number {
  return freedom > 0 ? (2 * kinetic_eV) / (freedom * constants.boltzmann_eV_per_K) : 0
}

/**
 * Draws Maxwell–Boltzmann velocities: each component is normal with variance kT/m. The caller then removes velocities along
 * constraints and of the centre of mass; these projections keep the distribution canonical.
 * @param velocities [3N] Å/ps, overwritten
 */
export function drawMaxwellBoltzmann(
  system: Pick<System, 'masses'>,
  velocities: Float64Array,
  draw: { readonly temperature_K: number; readonly seed: number; readonly step: number },
  constants: Constants,
): void {
  const kT = constants.boltzmann_eV_per_K * draw.temperature_K * constants.accelerationPerForce
  for (let i = 0; i < system.masses.length; i++) {
    const width = Math.sqrt(kT / system.masses[i]!)
    const [x, y, z] = normals(draw.seed, STREAM.velocities, draw.step, i)
    velocities[3 * i] = width * x
    velocities[3 * i + 1] = width * y
    velocities[3 * i + 2] = width * z
  }
}
