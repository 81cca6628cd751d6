import { UserError } from '../errors.ts'
import { randomSequence, STREAM } from '../rng.ts'
import { normalCdf, studentTQuantile } from './distributions.ts'

/** Lower and upper bound, such as those of a 95 % interval. */
export type Interval = readonly [low: number, high: number]

/** Arithmetic mean; NaN for no values. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0
  for (let k = 0; k < values.length; k++) sum += values[k]!
  return sum / values.length
}

/** Unbiased sample variance (divisor n − 1); NaN for fewer than two values. */
export function variance(values: ArrayLike<number>): number {
  const centre = mean(values)
  let sum = 0
  for (let k = 0; k < values.length; k++) sum += (values[k]! - centre) ** 2
  return values.length < 2 ? Number.NaN : sum / (values.length - 1)
}

/**
 * Quantile with linear interpolation (type 7 of Hyndman & Fan 1996, https://doi.org/10.1080/00031305.1996.10473566).
 * @param sorted ascending, at least one value
 */
export function quantile(sorted: ArrayLike<number>, probability: number): number {
  const position = probability * (sorted.length - 1)
  const below = Math.floor(position)
  const low = sorted[below]!
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!
  // Equal infinities must not turn into NaN.
  return low === high ? low : low + (position - below) * (high - low)
}

export interface BootstrapOptions {
  readonly seed: number
  /** Default 2000. */
  readonly resamples?: number
  /** Separates independent bootstraps of the same seed. */
  readonly substream?: number
}

/**
 * Means of hierarchical resamples: groups are drawn with replacement, then values within each drawn group
 * (Saravanan, Berman & Sober 2020, https://doi.org/10.51628/001c.13927). One group: an ordinary bootstrap.
 * @param groups non-empty groups of values
 */
export function bootstrapMeans(
  groups: readonly ArrayLike<number>[],
  options: BootstrapOptions,
): Float64Array {
  const random = randomSequence(options.seed, STREAM.bootstrap, options.substream)
  const means = new Float64Array(options.resamples ?? 2000)
  for (let sample = 0; sample < means.length; sample++) {
    let sum = 0
    let count = 0
    for (let g = 0; g < groups.length; g++) {
      const group = groups[groups.length === 1 ? 0 : random.integer(groups.length)]!
      for (let k = 0; k < group.length; k++) sum += group[random.integer(group.length)]!
      count += group.length
    }
    means[sample] = sum / count
  }
  return means
}

/**
 * 95 % expanded percentile interval of bootstrap replicates (Hesterberg 2015,
 * https://doi.org/10.1080/00031305.2015.1089789): the percentiles are moved outwards so that a mean of `sampleSize`
 * normal values gets the width of its t interval. Plain percentiles are too narrow by 12 % for 15 values and by
 * 37 % for 5.
 */
export function bootstrapInterval(replicates: ArrayLike<number>, sampleSize: number): Interval {
  if (sampleSize < 2) return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  const n = sampleSize
  const tail = normalCdf(-Math.sqrt(n / (n - 1)) * studentTQuantile(0.975, n - 1))
  const sorted = Float64Array.from(replicates).sort()
  return [quantile(sorted, tail), quantile(sorted, 1 - tail)]
}

/** Least number of blocks from which the error of their mean is estimated. */
export const FEWEST_BLOCKS = 8

export interface BlockAverage {
  readonly mean: number
  /** Standard error of the mean, serial correlation included. */
  readonly standardError: number
  /** Values per independent value, ≥ 1. */
  readonly statisticalInefficiency: number
  /** False if the series is too short for its correlation; the error is then probably too small. */
  readonly converged: boolean
}

/**
 * Error of the mean of a correlated series by repeated pairwise blocking (Flyvbjerg & Petersen 1989,
 * https://doi.org/10.1063/1.457480). For n values the error is that of the first block length B with B³ > 2n (ε_B/ε₁)⁴,
 * at which bias and noise of the error ε_B balance (Lee et al. 2011, eq. 45, https://doi.org/10.1103/PhysRevE.83.066706);
 * if no such length has at least 8 blocks, it is the largest error of all lengths.
 * @throws UserError for fewer than 8 values
 */
export function blockAverage(values: ArrayLike<number>): BlockAverage {
  if (values.length < FEWEST_BLOCKS) {
    throw new UserError({
      message: `a block average needs at least ${FEWEST_BLOCKS} values, not ${values.length}`,
    })
  }
  const errors: number[] = []
  for (let series = Float64Array.from(values); series.length >= FEWEST_BLOCKS; ) {
    errors.push(Math.sqrt(variance(series) / series.length))
    series = Float64Array.from(
      { length: series.length >> 1 },
      (_, k) => (series[2 * k]! + series[2 * k + 1]!) / 2,
    )
  }
  const naive = errors[0]!
  const balanced = errors.find((error, level) => 8 ** level > 2 * values.length * (error / naive) ** 4)
  const standardError = balanced ?? Math.max(...errors)
  return {
    mean: mean(values),
    standardError,
    statisticalInefficiency: naive > 0 ? Math.max(1, (standardError / naive) ** 2) : 1,
    converged: balanced !== undefined || naive === 0,
  }
}
