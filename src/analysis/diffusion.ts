import { UserError } from '../errors.ts'
import { CODATA_2018, MPA_S } from '../units.ts'
import { linearEstimate, lineWeights, type MsdEstimate, type Weighting } from './covariance.ts'
import { positiveInterval } from './estimate.ts'
import type { MeanSquaredDisplacement } from './msd.ts'
import { type BootstrapOptions, bootstrapInterval, bootstrapMeans, type Interval, mean } from './stats.ts'

/** One or more trajectories of the same system. */
export type Replicas = MeanSquaredDisplacement | readonly MeanSquaredDisplacement[]

/** First and last lag of a fit. */
export interface FitWindow {
  readonly fitFrom_ps: number
  readonly fitTo_ps: number
}

/** Replicas as a list. @throws UserError for an empty list, or if they differ in the time between frames */
export function asReplicas(replicas: Replicas): readonly MeanSquaredDisplacement[] {
  const list = 'lag_ps' in replicas ? [replicas] : replicas
  const [first] = list
  if (!first) throw new UserError({ message: 'there is no trajectory to analyse' })
  for (const { frameInterval_ps } of list) {
    if (Math.abs(frameInterval_ps - first.frameInterval_ps) > 1e-9 * first.frameInterval_ps) {
      throw new UserError({
        message: `replicas were written every ${first.frameInterval_ps} and every ${frameInterval_ps} ps`,
        hint: 'give replicas with the same time between frames',
      })
    }
  }
  return list
}

/** Longest lag, in frames, that every replica has. */
export function commonLags(replicas: readonly MeanSquaredDisplacement[]): number {
  return Math.min(...replicas.map(replica => replica.lag_ps.length))
}

/**
 * Lags in frames inside the window, at most `count`: neighbouring lags carry almost the same information, and more of them
 * make the fit slow without a smaller error.
 * @param spacing even in time, or even in its logarithm
 * @throws UserError when the window is empty, has fewer than three lags or is longer than the shortest trajectory
 */
export function windowLags(
  replicas: readonly MeanSquaredDisplacement[],
  window: FitWindow,
  spacing: 'linear' | 'logarithmic',
  count = 41,
): number[] {
  const { fitFrom_ps, fitTo_ps } = window
  const interval = replicas[0]!.frameInterval_ps
  const where = `fit window ${fitFrom_ps}–${fitTo_ps} ps`
  if (!(fitFrom_ps > 0 && fitTo_ps > fitFrom_ps)) {
    throw new UserError({
      message: 'the fit window is empty',
      where,
      hint: 'give 0 < fit-from_ps < fit-to_ps',
    })
  }
  const first = Math.max(1, Math.ceil(fitFrom_ps / interval - 1e-9))
  const last = Math.floor(fitTo_ps / interval + 1e-9)
  const longest = commonLags(replicas)
  if (last > longest) {
    throw new UserError({
      message: `the trajectory has no lag of ${fitTo_ps} ps`,
      where,
      hint: `end the window at ${Number((longest * interval).toPrecision(6))} ps or earlier, or run longer`,
    })
  }
  if (last - first < 2) {
    throw new UserError({
      message: `the fit window has fewer than three lags of ${interval} ps`,
      where,
      hint: 'widen the window or write frames more often',
    })
  }
  const at = (k: number) => {
    const fraction = k / (count - 1)
    return spacing === 'linear' ? first + fraction * (last - first) : first * (last / first) ** fraction
  }
  return [...new Set(Array.from({ length: count }, (_, k) => Math.round(at(k))))]
}

/** Slope of MSD(t) in a window. */
export interface SlopeFit {
  readonly slope_A2_per_ps: MsdEstimate
  readonly slope_ci95_A2_per_ps: Interval
  readonly intercept_A2: number
  readonly fit_from_ps: number
  readonly fit_to_ps: number
  readonly weighting: Weighting
  readonly replicas: number
  readonly ions: number
  /** Non-overlapping displacements at the longest lag of the window, over all ions and replicas. */
  readonly independentObservations: number
}

/** Window and weights of a fit. */
export interface SlopeOptions extends FitWindow {
  /**
   * `generalised` (default) has the smallest error for a straight line, but depends mostly on lags up to twice
   * `fitFrom_ps`: for a curved MSD it gives the slope near the start of the window. `uniform` is ordinary least squares,
   * for comparison with published slopes whose fit is not described. Both intervals include the correlation of lags.
   */
  readonly weighting?: Weighting
}

/**
 * Slope of MSD(t) with intercept over a window, and its 95 % interval: weights of `lineWeights`, error of `linearEstimate`
 * (the largest of the scatters expected of equal random walkers, between ions and between replicas), Student t by
 * `positiveInterval`. All ions have the same weight.
 *
 * Coverage, in percent of simulations. Equal Gaussian walkers with MSD ∝ t^α, α from 0.15 to 1: 94–99 (3 to 15 ions; one
 * ion 90–98). Log-normal diffusion coefficients with a standard deviation of 0.8 in the logarithm: 91 for 15 ions, 89 for
 * 5. Boxes that differ by 0.3–0.8 in the logarithm: 81–84 for two boxes, 86–89 for four, 90 for eight. **Rare hops: 96 if
 * the ions make 70 hops together, 93 for 20, 89 for 7, 72–83 for 2: the scatter does not contain hops that did not
 * happen.** Give the number of hops together with the slope (`detectHops`).
 *
 * @throws UserError for a window that the trajectory does not have, or replicas with different frame intervals
 */
export function fitSlope(replicas: Replicas, options: SlopeOptions): SlopeFit {
  const list = asReplicas(replicas)
  const weighting = options.weighting ?? 'generalised'
  const { estimate, intercept_A2, lags } = fitLine(list, options)
  const longest = lags.at(-1)!
  return {
    slope_A2_per_ps: estimate,
    slope_ci95_A2_per_ps: positiveInterval(estimate),
    intercept_A2,
    fit_from_ps: options.fitFrom_ps,
    fit_to_ps: options.fitTo_ps,
    weighting,
    replicas: list.length,
    ions: estimate.perIon.flat().length,
    independentObservations: list.reduce((sum, { independentObservations: n }) => sum + n[longest - 1]!, 0),
  }
}

/** Slope and intercept of MSD(t), with the lags of the fit in frames. */
export function fitLine(
  replicas: Replicas,
  options: SlopeOptions,
): { estimate: MsdEstimate; intercept_A2: number; lags: number[] } {
  const list = asReplicas(replicas)
  const lags = windowLags(list, options, 'linear')
  const weights = lineWeights(lags, options.weighting ?? 'generalised')
  const interval = list[0]!.frameInterval_ps
  const estimate = linearEstimate(
    list,
    lags,
    weights.slope.map(w => w / interval),
  )
  const curves = list.flatMap(replica => replica.perIon_A2)
  const intercept_A2 = mean(
    curves.map(curve => weights.intercept.reduce((sum, w, i) => sum + w * curve[lags[i]! - 1]!, 0)),
  )
  return { estimate, intercept_A2, lags }
}

/**
 * Interval of the slope by hierarchical bootstrap over replicas, then ions (one replica: over ions), without a model: a
 * check on `fitSlope`. Percentiles are expanded for the number of replicas (`bootstrapInterval`). Coverage: 95–99 % if
 * boxes are alike or differ by 0.3 in the logarithm. If they differ by 0.8 the mean is skewed and the coverage is 71 % for
 * two boxes, 87 % for four, 90 % for twelve: use `compareBoxes` there.
 * @throws UserError as `fitSlope`
 */
export function bootstrapSlope(
  replicas: Replicas,
  options: SlopeOptions & BootstrapOptions,
): { slope_A2_per_ps: number; slope_ci95_A2_per_ps: Interval; resampled: 'ions' | 'replicas, then ions' } {
  const { estimate } = fitLine(replicas, options)
  return {
    slope_A2_per_ps: estimate.value,
    slope_ci95_A2_per_ps: bootstrapInterval(
      bootstrapMeans(estimate.perIon, options),
      resampledUnits(estimate),
    ),
    resampled: estimate.perIon.length === 1 ? 'ions' : 'replicas, then ions',
  }
}

/** Number of units that a hierarchical bootstrap draws first: boxes, or the ions of a single box. */
export const resampledUnits = ({ perIon }: MsdEstimate) =>
  perIon.length > 1 ? perIon.length : perIon[0]!.length

/** [replicas] Slope of each box, the mean over its ions, Å²/ps. */
export const boxSlopes = ({ slope_A2_per_ps }: Pick<SlopeFit, 'slope_A2_per_ps'>): number[] =>
  slope_A2_per_ps.perIon.map(mean)

/** Lattice sum ξ of a cubic cell. */
const XI_CUBIC = 2.837297

/**
 * Finite-size correction of an MSD slope in a periodic cubic box: slope(∞) − slope(L) = 6 ξ k_B T / (6 π η L),
 * ξ = 2.837297 (Yeh & Hummer 2004, eq. 12, https://doi.org/10.1021/jp0477147). It is valid for diffusive solutes in a
 * liquid. Give it as a caveat and do not add it: the viscosity of a polymer on the scale of its ions is not known.
 *
 * @param options.viscosity_mPa_s viscosity η of the simulated liquid
 * @returns slope(∞) − slope(L), Å²/ps
 * @throws UserError when an option is not positive
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
 * The viscosity, mPa s, at which `finiteSizeShift` is the given fraction of a slope, for a medium of unknown viscosity. In
 * a more viscous medium the shift is smaller.
 * @throws UserError as `finiteSizeShift`
 */
export function viscosityForShift(
  slope_A2_per_ps: number,
  fraction: number,
  box: { readonly temperature_K: number; readonly edge_A: number },
): number {
  return finiteSizeShift({ ...box, viscosity_mPa_s: 1 }) / (fraction * slope_A2_per_ps)
}
