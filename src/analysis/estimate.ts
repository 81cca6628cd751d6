import { walkCovariance, walkVariance } from './covariance.ts'
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
 * 1. time origins: every ion an equal random walker. wΣw with Σ_ij = √(v_i v_j) ρ_ij / ions, v the observed variance
 *    of single squared displacements at each lag, ρ the exact covariance of a random walk over overlapping origins
 *    (`walkCovariance`). Many degrees of freedom ν: a third of the effective number of observations at the window's
 *    geometric middle, because the sample variance of χ²₃ values (kurtosis κ = 7) has relative variance
 *    (κ − 1)/n = 2/(n/3).
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
  let observations = 0
  let ofOrigins = 0
  for (const replica of replicas) {
    observations += replica.ions / walkVariance(replica.frames, middle)
    ofOrigins += (replica.ions / all.length) ** 2 * walkVarianceOf(replica, lags, weights)
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

/** wΣw of one replica, Σ that of equal random walkers with the observed variance at each lag. */
function walkVarianceOf(
  replica: MeanSquaredDisplacement,
  lags: ArrayLike<number>,
  weights: Float64Array,
): number {
  let sum = 0
  for (let i = 0; i < lags.length; i++) {
    for (let j = 0; j <= i; j++) {
      const deviations = Math.sqrt(
        replica.squaredDisplacementVariance_A4[lags[i]! - 1]! *
          replica.squaredDisplacementVariance_A4[lags[j]! - 1]!,
      )
      const term = weights[i]! * weights[j]! * deviations * walkCovariance(replica.frames, lags[j]!, lags[i]!)
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
