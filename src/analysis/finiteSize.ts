import { UserError } from '../errors.ts'
import { CODATA_2018, MPA_S } from '../units.ts'

/** Lattice sum of a cubic cell. */
const XI_CUBIC = 2.837297

/**
 * Slowing of diffusion in a periodic cubic box by the flow around its images: slope(∞) − slope(L) =
 * 6 ξ k_B T / (6 π η L), ξ = 2.837297 (Yeh & Hummer 2004, eq. 12, https://doi.org/10.1021/jp0477147). A caveat to print
 * beside a slope, not to add to it: it holds for diffusive solutes in a liquid, and the viscosity of a polymer on the
 * scale of its ions is not known.
 *
 * @param options.viscosity_mPa_s of the simulated liquid
 * @returns Å²/ps to be added to an MSD slope
 * @throws UserError when anything is not positive
 */
export function finiteSizeShift(options: {
  readonly temperature_K: number
  readonly edge_A: number
  readonly viscosity_mPa_s: number
}): number {
  const { temperature_K, edge_A, viscosity_mPa_s } = options
  if (!(temperature_K > 0 && edge_A > 0 && viscosity_mPa_s > 0)) {
    throw new UserError({
      message: 'the finite-size correction needs a positive temperature, box edge and viscosity',
    })
  }
  const thermal = CODATA_2018.boltzmann_eV_per_K * temperature_K
  return (XI_CUBIC * thermal) / (Math.PI * viscosity_mPa_s * MPA_S * edge_A)
}

/**
 * The viscosity at which the shift is `fraction` of a slope: the caveat for a medium of unknown viscosity. In anything
 * thicker the box matters less.
 * @throws UserError as `finiteSizeShift`
 */
export function viscosityForShift(
  slope_A2_per_ps: number,
  fraction: number,
  box: { readonly temperature_K: number; readonly edge_A: number },
): number {
  return finiteSizeShift({ ...box, viscosity_mPa_s: 1 }) / (fraction * slope_A2_per_ps)
}
