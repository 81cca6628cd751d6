import { normals, normalVectors, STREAM, uniforms } from '../rng.ts'
import type { Constants } from '../units.ts'
import { kineticEnergy } from './velocities.ts'

/** Seed and step of random numbers. */
export interface NoisePoint {
  readonly seed: number
  readonly step: number
}

/**
 * A Gamma(shape, 1) number by rejection: Marsaglia & Tsang 2000, https://doi.org/10.1145/358407.358414. Draws from
 * the velocity rescaling stream at indices 1, 2, … of this step until one is accepted.
 * @param shape > 0
 */
export function gammaVariate(shape: number, at: NoisePoint): number {
  // Below one: Gamma(a) = Gamma(a + 1) · U^(1/a), their section 6.
  const boosted = shape < 1 ? shape + 1 : shape
  const d = boosted - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (let index = 1; ; index++) {
    const [u0, u1, u2, u3] = uniforms(at.seed, STREAM.velocityRescaling, at.step, index)
    const x = Math.sqrt(-2 * Math.log(u0)) * Math.cos(2 * Math.PI * u1)
    const v = (1 + c * x) ** 3
    if (v <= 0 || Math.log(u2) >= 0.5 * x * x + d - d * v + d * Math.log(v)) continue
    return shape < 1 ? d * v * u3 ** (1 / shape) : d * v
  }
}

/**
 * The factor α of the velocities in stochastic velocity rescaling (CSVR), Bussi, Donadio & Parrinello 2007,
 * https://doi.org/10.1063/1.2408420, equations A7 and A8. The sampling of the kinetic energy K is exact for any time Δt:
 *
 *     α² = c + (1 − c) (K̄ / N_f K) (R₁² + S) + 2 R₁ √(c (1 − c) K̄ / N_f K)
 *     sign of α = sign of R₁ + √(c N_f K / ((1 − c) K̄))
 *
 * | equation                | code                                                        |
 * |-------------------------|-------------------------------------------------------------|
 * | c = exp(−Δt/τ)          | `kept`                                                      |
 * | (1 − c) K̄ / N_f K       | `share`                                                     |
 * | R₁, standard normal     | `normal`                                                    |
 * | S = R₂² + … + R_Nf²     | `otherSquares`: twice a Gamma number of shape (N_f − 1)/2   |
 *
 * @param kinetic_eV K, kinetic energy now; > 0
 * @param mean_eV K̄ = ½ N_f k T, its canonical mean
 * @param freedom N_f, degrees of freedom that share the kinetic energy
 * @param timeRatio Δt/τ, time divided by relaxation time
 */
export function velocityRescalingFactor(
  kinetic_eV: number,
  mean_eV: number,
  freedom: number,
  timeRatio: number,
  at: NoisePoint,
): number {
  const kept = Math.exp(-timeRatio)
  const share = ((1 - kept) * mean_eV) / (freedom * kinetic_eV)
  const normal = normals(at.seed, STREAM.velocityRescaling, at.step, 0)[0]
  const otherSquares = freedom > 1 ? 2 * gammaVariate((freedom - 1) / 2, at) : 0
  const squared = kept + share * (normal * normal + otherSquares) + 2 * Math.sqrt(kept * share) * normal
  const sign = normal + Math.sqrt(kept / share) < 0 ? -1 : 1
  return sign * Math.sqrt(Math.max(0, squared))
}

/**
 * The exact Ornstein–Uhlenbeck step of Langevin dynamics, v ← c v + √((1 − c²) kT/m) R with c = exp(−timeRatio), in
 * place: "O" of Leimkuhler & Matthews 2013, https://doi.org/10.1093/amrx/abs010.
 * @param masses [N] g/mol @param velocities [3N] Å/ps
 * @param timeRatio time step times friction
 */
export function ornsteinUhlenbeck(
  masses: Float64Array,
  velocities: Float64Array,
  temperature_K: number,
  timeRatio: number,
  at: NoisePoint,
  constants: Constants,
): void {
  const kept = Math.exp(-timeRatio)
  const spread = -Math.expm1(-2 * timeRatio)
  const kT = constants.boltzmann_eV_per_K * temperature_K * constants.accelerationPerForce
  const noise = new Float64Array(velocities.length)
  normalVectors(noise, at.seed, STREAM.langevin, at.step)
  for (let i = 0, k = 0; i < masses.length; i++, k += 3) {
    const width = Math.sqrt((spread * kT) / masses[i]!)
    velocities[k] = kept * velocities[k]! + width * noise[k]!
    velocities[k + 1] = kept * velocities[k + 1]! + width * noise[k + 1]!
    velocities[k + 2] = kept * velocities[k + 2]! + width * noise[k + 2]!
  }
}

/** A thermostat that acts between steps of any kind. */
export interface Bath {
  /** Stochastic velocity rescaling (canonical sampling through velocity rescaling). */
  readonly kind: 'csvr'
  /** Relaxation time of the kinetic energy, ps. */
  readonly time_ps: number
}

/**
 * Lets a bath act on velocities for a time, in place.
 * @param velocities [3N] Å/ps
 * @returns heat added to the atoms, eV
 */
export type BathAction = (
  velocities: Float64Array,
  temperature_K: number,
  time_ps: number,
  at: NoisePoint,
) => number

/** The action of a bath on atoms. @param atoms.masses [N] g/mol @param atoms.freedom number of degrees of freedom */
export function bathAction(
  bath: Bath,
  atoms: { readonly masses: Float64Array; readonly freedom: number; readonly constants: Constants },
): BathAction {
  const { masses, freedom, constants } = atoms
  return (velocities, temperature_K, time_ps, at) => {
    const kinetic = kineticEnergy(masses, velocities, constants)
    if (kinetic === 0) return 0
    const mean = 0.5 * freedom * constants.boltzmann_eV_per_K * temperature_K
    const factor = velocityRescalingFactor(kinetic, mean, freedom, time_ps / bath.time_ps, at)
    for (let k = 0; k < velocities.length; k++) velocities[k]! *= factor
    return (factor * factor - 1) * kinetic
  }
}
