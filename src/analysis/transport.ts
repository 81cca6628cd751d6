import { linearEstimate, type Weighting } from './covariance.ts'
import {
  asReplicas,
  commonLags,
  type FitWindow,
  fitSlope,
  type Replicas,
  type SlopeOptions,
  windowLags,
} from './diffusion.ts'
import { confidenceInterval, positiveInterval } from './estimate.ts'
import type { MeanSquaredDisplacement } from './msd.ts'
import { type Interval, mean } from './stats.ts'

/** Regime of an MSD, from the interval of its exponent: see `verdict`. */
export type Verdict = 'diffusive' | 'sub-diffusive' | 'undetermined'

/** Largest distance from 1 of the bounds of α for which an MSD is `diffusive`. */
const DIFFUSIVE_TOLERANCE = 0.2

/**
 * Regime of an MSD, from the 95 % interval of its exponent α. `sub-diffusive`: the interval lies below 1. `diffusive`: it
 * contains 1 and lies within 0.8–1.2. `undetermined`: any other interval, such as a wide one or one above 1.
 */
export function verdict(alpha_ci95: Readonly<Interval>): Verdict {
  const [low, high] = alpha_ci95
  if (high < 1) return 'sub-diffusive'
  const narrow = low >= 1 - DIFFUSIVE_TOLERANCE && high <= 1 + DIFFUSIVE_TOLERANCE
  return low <= 1 && narrow ? 'diffusive' : 'undetermined'
}

/** Exponent of an MSD over a window. */
export interface Exponent {
  readonly alpha: number
  readonly alpha_ci95: Interval
  readonly verdict: Verdict
}

/**
 * Exponent α = d ln MSD / d ln t over a window, by least squares through lags evenly spaced in ln t. The interval (Student
 * t) is that of the linearised combination Σ u_i δMSD_i / MSD_i, with the error of `linearEstimate`. It needs no
 * resampling and exists also for a single ion.
 * @throws UserError for a window that the trajectory does not have
 */
export function exponent(replicas: Replicas, window: FitWindow): Exponent {
  const list = asReplicas(replicas)
  const lags = windowLags(list, window, 'logarithmic')
  const curves = list.flatMap(replica => replica.perIon_A2)
  const average = lags.map(lag => mean(curves.map(curve => curve[lag - 1]!)))
  if (!average.every(value => value > 0)) {
    const unbounded: Interval = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
    return { alpha: Number.NaN, alpha_ci95: unbounded, verdict: 'undetermined' }
  }
  const logs = lags.map(lag => Math.log(lag))
  const centre = mean(logs)
  const squares = logs.reduce((sum, x) => sum + (x - centre) ** 2, 0)
  const weights = logs.map(x => (x - centre) / squares)
  const alpha = weights.reduce((sum, u, i) => sum + u * Math.log(average[i]!), 0)
  const linearised = linearEstimate(
    list,
    lags,
    Float64Array.from(weights, (u, i) => u / average[i]!),
  )
  const alpha_ci95 = confidenceInterval({ ...linearised, value: alpha })
  return { alpha, alpha_ci95, verdict: verdict(alpha_ci95) }
}

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

/** Motion of one species in one system: MSD, slope, exponent and verdict as plain numbers, ready for JSON. */
export interface SystemTransport {
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
  readonly alpha: number
  readonly alpha_ci95: Interval
  readonly alpha_curve: { readonly lag_ps: number[]; readonly alpha: number[] }
  /** Only for `diffusive` is the slope six times a diffusion coefficient; otherwise it is an apparent slope. */
  readonly verdict: Verdict
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
  const { alpha, alpha_ci95, verdict } = exponent(list, options)
  const weighting = options.weighting ?? (verdict === 'diffusive' ? 'generalised' : 'uniform')
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
    alpha,
    alpha_ci95,
    alpha_curve: localExponent(list),
    verdict,
  }
}
