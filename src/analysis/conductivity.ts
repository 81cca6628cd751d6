import ndarray, { type NdArray } from 'ndarray'
import { UserError } from '../errors.ts'
import { CODATA_2018, E2_PER_EV_A_PS_IN_S_PER_CM, NM_IN_CM } from '../units.ts'
import { ratioOfEstimates, type SlopeFit } from './diffusion.ts'
import { studentTQuantile } from './distributions.ts'
import type { Trajectory } from './msd.ts'
import type { Interval } from './stats.ts'

/** A conductivity, or what else is positive, with the errors of the slopes behind it. */
export interface Conductivity {
  readonly value_S_per_cm: number
  readonly ci95_S_per_cm: Interval
  readonly standardError_S_per_cm: number
  readonly degreesOfFreedom: number
}

/** One kind of ion: its charge, its number in one box and the slope of its MSD. */
export interface Carrier {
  /** e. Formal charges: see `nernstEinstein`. */
  readonly charge_e: number
  readonly ions: number
  readonly fit: Pick<SlopeFit, 'slope_A2_per_ps' | 'standardError_A2_per_ps' | 'degreesOfFreedom'>
}

export interface Conditions {
  /** Mean volume of the box. */
  readonly volume_A3: number
  readonly temperature_K: number
}

/**
 * Conductivity of ions that move independently, σ = Σ N z² e² D / (V k_B T) with D = slope/6 (Nernst–Einstein;
 * France-Lanord & Grossman 2019, eq. 1, https://doi.org/10.1103/PhysRevLett.122.136001). Charges are the formal ones
 * also where a force field scales them: scaled charges stand for screening by electrons in the forces, they are not
 * what an ion carries. Errors of different ions add as independent. Where an MSD is not diffusive it is an apparent
 * conductivity, as the slope is an apparent slope.
 * @throws UserError for a volume or temperature that is not positive
 */
export function nernstEinstein(carriers: readonly Carrier[], conditions: Conditions): Conductivity {
  const scale = conversion(conditions)
  const parts = carriers.map(({ charge_e, ions, fit }) => {
    const factor = scale * ions * charge_e ** 2
    return {
      value: factor * fit.slope_A2_per_ps,
      variance: (factor * fit.standardError_A2_per_ps) ** 2,
      freedom: fit.degreesOfFreedom,
    }
  })
  const variance = parts.reduce((sum, part) => sum + part.variance, 0)
  const uncertainty = parts.reduce((sum, part) => sum + part.variance ** 2 / part.freedom, 0)
  return conductivity(
    parts.reduce((sum, { value }) => sum + value, 0),
    Math.sqrt(variance),
    uncertainty > 0 ? variance ** 2 / uncertainty : 1,
  )
}

/**
 * Σ q r of some ions: one "walker" whose `meanSquaredDisplacement` and `fitSlope` give the collective conductivity.
 * For ions that are neutral together a common drift drops out; of anions of several atoms give every atom, or the
 * centres of mass (`createCollector`), whose motion differs by rotations only.
 * @param positions [frames, ions, 3] Å, unwrapped
 * @param charges_e [ions]
 * @returns [frames, 1, 3] e Å
 * @throws UserError when the numbers of charges and ions differ, or the charges do not add up to 0
 */
export function totalDipole(positions: Trajectory, charges_e: ArrayLike<number>): NdArray<Float64Array> {
  const [frames, ions] = positions.shape as [number, number, number]
  if (charges_e.length !== ions)
    throw new UserError({ message: `${charges_e.length} charges were given for ${ions} ions` })
  const charges = Array.from(charges_e)
  const net = charges.reduce((sum, q) => sum + q, 0)
  if (Math.abs(net) > 1e-6 * charges.reduce((sum, q) => sum + Math.abs(q), 0)) {
    throw new UserError({
      message: `the ions carry ${Number(net.toPrecision(6))} e together`,
      hint: 'give all of them: a charged set moves with the centre of mass',
    })
  }
  const dipole = ndarray(new Float64Array(3 * frames), [frames, 1, 3])
  for (let frame = 0; frame < frames; frame++) {
    for (let axis = 0; axis < 3; axis++) {
      let sum = 0
      for (let ion = 0; ion < ions; ion++) sum += charges[ion]! * positions.get(frame, ion, axis)
      dipole.set(frame, 0, axis, sum)
    }
  }
  return dipole
}

/**
 * Conductivity of the ions together, σ = lim d⟨|ΔM|²⟩/dt / (6 V k_B T), M = Σ q r (Einstein–Helfand: Helfand 1960,
 * https://doi.org/10.1103/PhysRev.119.1). M is a single walker per box, so its error is several times that of
 * `nernstEinstein`, falling with boxes and time only.
 * @param fit slope of the MSD of `totalDipole`, e² Å²/ps, over one or more boxes
 * @throws UserError for a volume or temperature that is not positive
 */
export function collectiveConductivity(fit: Carrier['fit'], conditions: Conditions): Conductivity {
  const scale = conversion(conditions)
  return conductivity(scale * fit.slope_A2_per_ps, scale * fit.standardError_A2_per_ps, fit.degreesOfFreedom)
}

/** From Å² e²/ps, six times N z² D, to S/cm. */
function conversion({ volume_A3, temperature_K }: Conditions): number {
  if (!(volume_A3 > 0 && temperature_K > 0))
    throw new UserError({
      message: `a conductivity needs a volume and a temperature, not ${volume_A3} Å³, ${temperature_K} K`,
    })
  return E2_PER_EV_A_PS_IN_S_PER_CM / (6 * volume_A3 * CODATA_2018.boltzmann_eV_per_K * temperature_K)
}

/** Interval as `positiveInterval`: symmetric in the logarithm unless zero is within reach. */
function conductivity(value: number, standardError: number, degreesOfFreedom: number): Conductivity {
  const half = studentTQuantile(0.975, degreesOfFreedom) * standardError
  const factor = Math.exp(half / value)
  return {
    value_S_per_cm: value,
    ci95_S_per_cm: value > half ? [value / factor, value * factor] : [value - half, value + half],
    standardError_S_per_cm: standardError,
    degreesOfFreedom,
  }
}

/**
 * Haven ratio σ(Nernst–Einstein) / σ(collective): above 1 where cations and anions move together, as pairs do. The
 * interval takes both as independent, although they come from the same ions.
 */
export function havenRatio(independent: Conductivity, collective: Conductivity) {
  const estimate = (sigma: Conductivity) => ({
    value: sigma.value_S_per_cm,
    standardError: sigma.standardError_S_per_cm,
    degreesOfFreedom: sigma.degreesOfFreedom,
  })
  const { ratio, ratio_ci95 } = ratioOfEstimates(estimate(independent), estimate(collective))
  return { ratio, ratio_ci95 }
}

/**
 * Resistance of a coating, R = thickness / σ, Ω cm²: 1–3 nm at 3.4e-8 S/cm give 3–9 Ω cm² (Shi et al., J. Mater. Chem. A
 * 2025, 13, 2600).
 * @returns infinite bounds where the conductivity's interval reaches zero
 */
export function coatingResistance(
  thickness_nm: number,
  sigma: Pick<Conductivity, 'value_S_per_cm' | 'ci95_S_per_cm'>,
) {
  const resistance = (value: number) =>
    value > 0 ? (NM_IN_CM * thickness_nm) / value : Number.POSITIVE_INFINITY
  const [low, high] = sigma.ci95_S_per_cm
  const ci95_ohm_cm2: Interval = [resistance(high), resistance(low)]
  return { value_ohm_cm2: resistance(sigma.value_S_per_cm), ci95_ohm_cm2 }
}
