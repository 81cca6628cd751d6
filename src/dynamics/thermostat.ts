import { normals, normalVectors, STREAM, uniforms } from '../rng.ts'
import type { Constants } from '../units.ts'
import { kineticEnergy } from './velocities.ts'

/** Where in the noise a thermostat is: the step that is being made. */
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
 * The factor that velocities take under stochastic velocity rescaling: Bussi, Donadio & Parrinello 2007,
 * https://doi.org/10.1063/1.2408420, appendix A. It resamples the kinetic energy exactly, for any
 * `timeRatio`.
 * @param kinetic_eV kinetic energy now; > 0
 * @param mean_eV its canonical mean, ½ N_f k T
 * @param timeRatio time step over relaxation time
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

/** Rescales velocities in place towards a temperature; returns the heat that went in, eV. */
export function rescaleVelocities(
  masses: Float64Array,
  velocities: Float64Array,
  target: { readonly temperature_K: number; readonly freedom: number; readonly timeRatio: number },
  at: NoisePoint,
  constants: Constants,
): number {
  const kinetic = kineticEnergy(masses, velocities, constants)
  if (kinetic === 0) return 0
  const mean = 0.5 * target.freedom * constants.boltzmann_eV_per_K * target.temperature_K
  const factor = velocityRescalingFactor(kinetic, mean, target.freedom, target.timeRatio, at)
  for (let k = 0; k < velocities.length; k++) velocities[k]! *= factor
  return (factor * factor - 1) * kinetic
}
