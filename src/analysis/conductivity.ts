import ndarray, { type NdArray } from 'ndarray'
import { UserError } from '../errors.ts'
import { CODATA_2018, E2_PER_EV_A_PS_IN_S_PER_CM, NM_IN_CM } from '../units.ts'
import {
  type Estimate,
  type LogEstimate,
  type MeasuredInterval,
  positiveInterval,
  ratioOf,
  scaled,
  sumOf,
} from './estimate.ts'
import type { Trajectory } from './msd.ts'

/** One kind of ion: its charge, its number in one box and the slope of its MSD. */
export interface Carrier {
  /** Formal charge, e: see `nernstEinstein`. */
  readonly charge_e: number
  readonly ions: number
  readonly slope_A2_per_ps: Estimate
}

/** Volume and temperature of a conductivity. */
export interface Conditions {
  /** Mean volume of the box. */
  readonly volume_A3: number
  readonly temperature_K: number
}

/**
 * Conductivity of ions that move independently, σ = Σ N z² e² D / (V k_B T) with D = slope/6 (Nernst–Einstein;
 * France-Lanord & Grossman 2019, eq. 1, https://doi.org/10.1103/PhysRevLett.122.136001). Charges are formal charges also
 * for a force field with scaled charges: the scale describes electronic screening of the forces, not the charge that an
 * ion transports. Errors of different ions are taken as independent. For an MSD that is not diffusive the result is an
 * apparent conductivity, as the slope is an apparent slope.
 * @returns S/cm
 * @throws UserError for a volume or temperature that is not positive
 */
export function nernstEinstein(carriers: readonly Carrier[], conditions: Conditions): Estimate {
  const scale = conversion(conditions)
  return sumOf(
    carriers.map(({ slope_A2_per_ps }) => slope_A2_per_ps),
    carriers.map(({ charge_e, ions }) => scale * ions * charge_e ** 2),
  )
}

/**
 * Total dipole Σ q r of all ions as a trajectory of one walker, whose `meanSquaredDisplacement` and `fitSlope` give the
 * collective conductivity. A common drift cancels because the ions are neutral together. For an anion of several atoms
 * give all its atoms, or its centre of mass (`createCollector`), which leaves out rotations.
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
      hint: 'give all ions of the box: their charges must add up to zero',
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
 * Conductivity with the correlations between ions, σ = lim d⟨|ΔM|²⟩/dt / (6 V k_B T), M = Σ q r (Einstein–Helfand:
 * Helfand 1960, https://doi.org/10.1103/PhysRev.119.1). M is one walker per box, so that its error is several times
 * that of `nernstEinstein`; only more boxes or more time reduce it.
 * @param slope of the MSD of `totalDipole`, e² Å²/ps, over one or more boxes
 * @returns S/cm
 * @throws UserError for a volume or temperature that is not positive
 */
export const collectiveConductivity = (slope: Estimate, conditions: Conditions): Estimate =>
  scaled(slope, conversion(conditions))

/** Factor from a slope of an MSD times N z², Å² e²/ps, to S/cm. */
function conversion({ volume_A3, temperature_K }: Conditions): number {
  if (!(volume_A3 > 0 && temperature_K > 0))
    throw new UserError({
      message: `a conductivity needs a volume and a temperature, not ${volume_A3} Å³, ${temperature_K} K`,
    })
  return E2_PER_EV_A_PS_IN_S_PER_CM / (6 * volume_A3 * CODATA_2018.boltzmann_eV_per_K * temperature_K)
}

/**
 * Haven ratio σ(Nernst–Einstein) / σ(collective): above 1 if cations and anions move together, as ion pairs do. The
 * interval takes both as independent, although they come from the same ions.
 */
export const havenRatio = (independent: Estimate, collective: Estimate): LogEstimate =>
  ratioOf(independent, collective)

/**
 * Resistance of a coating, R = thickness / σ, Ω cm²: 1–3 nm at 3.4e-8 S/cm give 3–9 Ω cm² (Shi et al., J. Mater. Chem. A
 * 2025, 13, 2600).
 * @param sigma conductivity, S/cm
 * @returns Ω cm²; an infinite bound if the interval of the conductivity reaches zero
 */
export function coatingResistance(thickness_nm: number, sigma: Estimate): MeasuredInterval {
  const resistance = (value: number) =>
    value > 0 ? (NM_IN_CM * thickness_nm) / value : Number.POSITIVE_INFINITY
  const [low, high] = positiveInterval(sigma)
  return { value: resistance(sigma.value), ci95: [resistance(high), resistance(low)] }
}
