import { type Estimate, linearEstimate, symmetricInterval } from './estimate.ts'
import { type Interval, mean } from './stats.ts'
import { asReplicas, commonLags, type FitWindow, type Replicas, windowLags } from './window.ts'

export type Verdict = 'diffusive' | 'sub-diffusive' | 'undetermined'

/** α = 1 counts as shown only by an interval that stays within this far of 1. */
const DIFFUSIVE_TOLERANCE = 0.2

/**
 * What the exponent says. `sub-diffusive`: the interval lies below 1. `diffusive`: it contains 1 and lies within
 * 0.8–1.2. Anything else, such as a wide interval or one above 1, is `undetermined`.
 */
export function verdict(alpha_ci95: Readonly<Interval>): Verdict {
  const [low, high] = alpha_ci95
  if (high < 1) return 'sub-diffusive'
  const narrow = low >= 1 - DIFFUSIVE_TOLERANCE && high <= 1 + DIFFUSIVE_TOLERANCE
  return low <= 1 && narrow ? 'diffusive' : 'undetermined'
}

export interface Exponent {
  readonly alpha: number
  readonly alpha_ci95: Interval
  readonly verdict: Verdict
}

/**
 * α = d ln MSD / d ln t over a window: least squares through lags evenly spaced in ln t. The interval is that of
 * the linearised combination Σ u_i δMSD_i / MSD_i, with the scatter of time origins, ions and replicas as in
 * `linearEstimate` and Student t; it needs no resampling and also serves a single ion.
 * @throws UserError for a window that the trajectory cannot serve
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
  const estimate: Estimate = { ...linearised, value: alpha }
  const alpha_ci95 = symmetricInterval(estimate)
  return { alpha, alpha_ci95, verdict: verdict(alpha_ci95) }
}

/** Half the span, as a factor in lag, over which the local exponent is taken. */
const LOCAL_FACTOR = 1.5
const POINTS_PER_DECADE = 20

/**
 * α(t): the exponent between lags t/1.5 and 1.5 t, for lags evenly spaced in ln t up to half the shortest trajectory.
 * Where lags are too few for that at the short end, the nearest ones serve; `lag_ps` is their geometric mean.
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
