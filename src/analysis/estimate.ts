import { displacementCovariance } from './covariance.ts'
import { studentTQuantile } from './distributions.ts'
import type { MeanSquaredDisplacement } from './msd.ts'
import { type Interval, mean, variance } from './stats.ts'

/** Between what the estimate was seen to scatter most: time origins of a walk, ions, or replicas. */
export type VarianceSource = 'time origins' | 'ions' | 'replicas'

export interface Estimate {
  readonly value: number
  readonly standardError: number
  readonly degreesOfFreedom: number
  readonly varianceFrom: VarianceSource
  /** [replicas][ions] the same quantity of each ion. */
  readonly perIon: readonly (readonly number[])[]
}

/**
 * A linear combination Σ w_i MSD(lag_i) of the mean over all ions of all replicas, and its standard error.
 *
 * Three estimates of its variance, each larger one a reason to distrust the one before:
 * 1. time origins: every ion an equal Gaussian walker with MSD ∝ t^α. wΣw with Σ_ij = √(v_i v_j) ρ_ij / ions, v the
 *    observed variance of single squared displacements at each lag, ρ the exact covariance of such a walk over
 *    overlapping origins (`displacementCovariance`), α as observed between the first and the last lag, at most 1. Many
 *    degrees of freedom ν: a third of the effective number of observations at the window's geometric middle, because
 *    the sample variance of χ²₃ values (kurtosis κ = 7) has relative variance (κ − 1)/n = 2/(n/3).
 * 2. ions: s²/n over the ions' own values within replicas, unbiased also when ions differ in mobility.
 * 3. replicas: s²/R over the replicas' means, unbiased also when boxes differ.
 *
 * The variance is the largest; by how much each exceeds the one before is a component with its own degrees of
 * freedom (ν, ions − replicas, replicas − 1), combined after Satterthwaite 1946 (https://doi.org/10.2307/3002019). So
 * a chance excess widens the interval little, a real one brings in the t quantile of a few ions or boxes.
 *
 * @param lags in frames, ascending
 */
export function linearEstimate(
  replicas: readonly MeanSquaredDisplacement[],
  lags: ArrayLike<number>,
  weights: Float64Array,
): Estimate {
  const combine = (curve: Float64Array) => weights.reduce((sum, w, i) => sum + w * curve[lags[i]! - 1]!, 0)
  const perIon = replicas.map(replica => replica.perIon_A2.map(combine))
  const all = perIon.flat()
  const value = mean(all)

  const middle = Math.round(Math.sqrt(lags[0]! * lags[lags.length - 1]!))
  const alpha = apparentExponent(replicas, lags)
  const walks = perLength(frames => {
    const covariance = displacementCovariance(frames, alpha)
    return { covariances: walkCovariances(covariance, lags), ofMiddle: covariance(middle, middle) }
  })
  let observations = 0
  let ofOrigins = 0
  for (const replica of replicas) {
    const { covariances, ofMiddle } = walks(replica.frames)
    observations += replica.ions / ofMiddle
    ofOrigins += (replica.ions / all.length) ** 2 * walkVarianceOf(replica, lags, weights, covariances)
  }
  const components = [{ variance: ofOrigins, freedom: Math.max(1, observations / 3) }]
  let total = ofOrigins
  let varianceFrom: VarianceSource = 'time origins'
  const raise = (candidate: number, freedom: number, source: VarianceSource) => {
    if (!(candidate > total)) return
    components.push({ variance: candidate - total, freedom })
    total = candidate
    varianceFrom = source
  }
  const ionFreedom = all.length - replicas.length
  const withinReplicas = perIon.reduce(
    (sum, ions) => sum + (ions.length > 1 ? variance(ions) * (ions.length - 1) : 0),
    0,
  )
  raise(withinReplicas / ionFreedom / all.length, ionFreedom, 'ions')
  if (replicas.length > 1) {
    const spread = perIon.reduce(
      (sum, ions) => sum + ((ions.length / all.length) * (mean(ions) - value)) ** 2,
      0,
    )
    raise((spread * replicas.length) / (replicas.length - 1), replicas.length - 1, 'replicas')
  }
  const uncertainty = components.reduce((sum, c) => sum + c.variance ** 2 / c.freedom, 0)
  return {
    value,
    standardError: Math.sqrt(total),
    degreesOfFreedom: uncertainty > 0 ? total ** 2 / uncertainty : components[0]!.freedom,
    varianceFrom,
    perIon,
  }
}

/** Computes once for all replicas of the same length: most are. */
function perLength<T>(of: (frames: number) => T): (frames: number) => T {
  const known = new Map<number, T>()
  return frames => {
    const value = known.get(frames) ?? of(frames)
    known.set(frames, value)
    return value
  }
}

/** Walkers on springs are not taken for less than this: the powers of the covariance need some growth. */
const SMALLEST_EXPONENT = 0.05

/**
 * d ln MSD / d ln t between the first and the last lag, or around a single one, and one standard error more: what looks
 * more sub-diffusive by chance would have too small an error. At most 1, and 1 where the MSD has no logarithm.
 */
function apparentExponent(replicas: readonly MeanSquaredDisplacement[], lags: ArrayLike<number>): number {
  const shortest = lags[0]!
  const longest = lags[lags.length - 1]!
  const single = shortest === longest
  const available = Math.min(...replicas.map(replica => replica.lag_ps.length))
  const low = single ? Math.max(1, Math.floor(shortest / 2)) : shortest
  const high = single ? Math.min(available, 2 * longest) : longest
  const msd = (lag: number) => replicas.reduce((sum, r) => sum + r.ions * r.mean_A2[lag - 1]!, 0)
  const span = Math.log(high / low)
  const alpha = Math.log(msd(high) / msd(low)) / span
  if (!Number.isFinite(alpha)) return 1
  const bounded = Math.min(1, Math.max(SMALLEST_EXPONENT, alpha))
  const ofHigh = perLength(frames => displacementCovariance(frames, bounded)(high, high))
  const observations = replicas.reduce((sum, { ions, frames }) => sum + ions / ofHigh(frames), 0)
  // χ²₃ values have relative variance 2/3.
  return Math.min(1, bounded + Math.sqrt(2 / 3 / observations) / span)
}

/** Row by row the lower triangle of ρ over some lags. */
function walkCovariances(
  covariance: (a: number, b: number) => number,
  lags: ArrayLike<number>,
): Float64Array {
  const triangle = new Float64Array((lags.length * (lags.length + 1)) / 2)
  for (let i = 0, at = 0; i < lags.length; i++) {
    for (let j = 0; j <= i; j++, at++) triangle[at] = covariance(lags[j]!, lags[i]!)
  }
  return triangle
}

/** wΣw of one replica, Σ that of equal walkers with the observed variance at each lag. */
function walkVarianceOf(
  replica: MeanSquaredDisplacement,
  lags: ArrayLike<number>,
  weights: Float64Array,
  covariances: Float64Array,
): number {
  let sum = 0
  for (let i = 0, at = 0; i < lags.length; i++) {
    for (let j = 0; j <= i; j++, at++) {
      const deviations = Math.sqrt(
        replica.squaredDisplacementVariance_A4[lags[i]! - 1]! *
          replica.squaredDisplacementVariance_A4[lags[j]! - 1]!,
      )
      const term = weights[i]! * weights[j]! * deviations * covariances[at]!
      sum += i === j ? term : 2 * term
    }
  }
  return Math.max(0, sum) / replica.ions
}

/** value ± t · standard error, 95 %. */
export function symmetricInterval(estimate: Estimate): Interval {
  const half = studentTQuantile(0.975, estimate.degreesOfFreedom) * estimate.standardError
  return [estimate.value - half, estimate.value + half]
}

/**
 * 95 % interval of a quantity that is positive by nature: symmetric in the logarithm, which covers better when
 * mobilities are skewed; but plainly symmetric when that reaches zero, so that "no motion" is never excluded by form.
 */
export function positiveInterval(estimate: Estimate): Interval {
  const plain = symmetricInterval(estimate)
  if (!(plain[0] > 0)) return plain
  const factor = Math.exp((plain[1] - estimate.value) / estimate.value)
  return [estimate.value / factor, estimate.value * factor]
}
