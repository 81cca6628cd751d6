import { linearEstimate, type Weighting } from './covariance.ts'
import { asReplicas, commonLags, fitSlope, type Replicas, type SlopeOptions } from './diffusion.ts'
import { positiveInterval } from './estimate.ts'
import type { MeanSquaredDisplacement } from './msd.ts'
import { type Exponent, exponent } from './regime.ts'
import { type Interval, mean } from './stats.ts'

/** Factor between a lag and the ends of the span over which its local exponent is computed. */
const LOCAL_FACTOR = 1.5
const POINTS_PER_DECADE = 20

/**
 * Exponent α(t) between the lags t/1.5 and 1.5 t, for t evenly spaced in ln t up to half the shortest trajectory. For the
 * shortest t the nearest lags are used; `lag_ps` is the geometric mean of the two lags.
 */
export function localExponent(replicas: Replicas): { lag_ps: number[]; alpha: number[] } {
  const list = asReplicas(replicas)
  const interval = list[0]!.frameInterval_ps
  const longest = Math.min(commonLags(list), Math.floor((Math.min(...list.map(r => r.frames)) - 1) / 2))
  const curves = list.flatMap(replica => replica.perIon_A2)
  const average = (lag: number) => mean(curves.map(curve => curve[lag - 1]!))
  const seen = new Set<string>()
  const lag_ps: number[] = []
  const alpha: number[] = []
  for (let step = 0; ; step++) {
    const lag = 10 ** (step / POINTS_PER_DECADE)
    const low = Math.max(1, Math.round(lag / LOCAL_FACTOR))
    const high = Math.max(low + 1, Math.round(lag * LOCAL_FACTOR))
    if (high > longest) break
    if (seen.has(`${low} ${high}`)) continue
    seen.add(`${low} ${high}`)
    const rise = average(high) / average(low)
    if (!(rise > 0 && Number.isFinite(rise))) continue
    lag_ps.push(Math.sqrt(low * high) * interval)
    alpha.push(Math.log(rise) / Math.log(high / low))
  }
  return { lag_ps, alpha }
}

/** MSD, mean over the ions of all replicas, with a 95 % interval for each lag. */
export interface ReplicateMean {
  readonly lag_ps: number[]
  readonly msd_A2: number[]
  readonly low_A2: number[]
  readonly high_A2: number[]
}

/** Largest number of lags of a curve; half of them are evenly spaced in time, half in its logarithm. */
const CURVE_POINTS = 400

/**
 * Mean MSD of several replicas over the lags that all of them have, with the interval of each point by `linearEstimate`.
 * Points of one curve are strongly correlated: do not fit a line to the intervals.
 * @throws UserError when the replicas differ in the time between frames
 */
export function replicateMean(replicas: Replicas, maximumLag_ps = Number.POSITIVE_INFINITY): ReplicateMean {
  const list = asReplicas(replicas)
  const interval = list[0]!.frameInterval_ps
  const longest = Math.min(commonLags(list), Math.floor(maximumLag_ps / interval + 1e-9))
  const lags = thinned(longest)
  const points = lags.map(lag => meanAt(list, lag))
  return {
    lag_ps: lags.map(lag => lag * interval),
    msd_A2: points.map(({ value }) => value),
    low_A2: points.map(({ ci95: [low] }) => low),
    high_A2: points.map(({ ci95: [, high] }) => high),
  }
}

/**
 * Mean MSD of several replicas at one lag, with its interval, Å².
 * @param lag in frames, at most the longest of the shortest replica
 */
export function meanAt(
  replicas: readonly MeanSquaredDisplacement[],
  lag: number,
): { readonly value: number; readonly ci95: Interval } {
  const estimate = linearEstimate(replicas, [lag], Float64Array.of(1))
  const [low, high] = positiveInterval(estimate)
  return { value: estimate.value, ci95: [Math.max(0, low), high] }
}

function thinned(longest: number): number[] {
  if (longest <= CURVE_POINTS) return Array.from({ length: longest }, (_, k) => k + 1)
  const half = CURVE_POINTS / 2
  const lags = Array.from({ length: half }, (_, k) => k / (half - 1)).flatMap(fraction => [
    Math.round(1 + fraction * (longest - 1)),
    Math.round(longest ** fraction),
  ])
  return [...new Set(lags)].sort((a, b) => a - b)
}

/**
 * Motion of one species in one system: MSD, slope, exponents and verdict as plain numbers, ready for JSON. Unless the verdict is
 * `diffusive`, the slope is an apparent slope, not six diffusion coefficients.
 */
export interface SystemTransport extends Exponent {
  readonly species: string
  /** Number of ions of all replicas together. */
  readonly ions: number
  readonly replicas: number
  readonly lag_ps: number[]
  readonly msd_A2: number[]
  readonly msd_low_A2: number[]
  readonly msd_high_A2: number[]
  /** Slope of the MSD by the weights of `weighting`. */
  readonly slope_A2_per_ps: number
  readonly slope_ci95_A2_per_ps: Interval
  readonly weighting: Weighting
  /** Slope by the other weighting, for comparison. */
  readonly other_slope_A2_per_ps: number
  readonly other_slope_ci95_A2_per_ps: Interval
  readonly fit_from_ps: number
  readonly fit_to_ps: number
  /** Number of displacements at the end of the window that do not overlap, over all ions and replicas. */
  readonly independent_observations: number
  readonly alpha_curve: { readonly lag_ps: number[]; readonly alpha: number[] }
}

/**
 * MSD with intervals, slope, exponent and verdict of one system. Default weighting: generalised least squares, which
 * assumes a straight line, for a diffusive MSD, and ordinary least squares for any other, because the generalised weights
 * would give the slope of a curved MSD at the start of the window. The curve ends at half the shortest trajectory, or at
 * the end of the window if that is later.
 * @throws UserError as `fitSlope`
 */
export function systemTransport(
  replicas: Replicas,
  options: SlopeOptions & { readonly species: string },
): SystemTransport {
  const list = asReplicas(replicas)
  const regime = exponent(list, options)
  const weighting = options.weighting ?? (regime.verdict === 'diffusive' ? 'generalised' : 'uniform')
  const fit = fitSlope(list, { ...options, weighting })
  const other = fitSlope(list, { ...options, weighting: weighting === 'uniform' ? 'generalised' : 'uniform' })
  const half_ps = (Math.min(...list.map(replica => replica.frames - 1)) * list[0]!.frameInterval_ps) / 2
  const curve = replicateMean(list, Math.max(half_ps, options.fitTo_ps))
  return {
    species: options.species,
    ions: fit.ions,
    replicas: fit.replicas,
    lag_ps: curve.lag_ps,
    msd_A2: curve.msd_A2,
    msd_low_A2: curve.low_A2,
    msd_high_A2: curve.high_A2,
    slope_A2_per_ps: fit.slope_A2_per_ps.value,
    slope_ci95_A2_per_ps: fit.slope_ci95_A2_per_ps,
    weighting,
    other_slope_A2_per_ps: other.slope_A2_per_ps.value,
    other_slope_ci95_A2_per_ps: other.slope_ci95_A2_per_ps,
    fit_from_ps: fit.fit_from_ps,
    fit_to_ps: fit.fit_to_ps,
    independent_observations: fit.independentObservations,
    ...regime,
    alpha_curve: localExponent(list),
  }
}
