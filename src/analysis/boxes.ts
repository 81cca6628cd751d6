import { UserError } from '../errors.ts'
import { randomSequence, STREAM } from '../rng.ts'
import { chiSquaredQuantile, studentTCdf } from './distributions.ts'
import { exponentialOf, type LogEstimate, type Measured, meanOf, sumOf } from './estimate.ts'
import {
  type BootstrapOptions,
  bootstrapInterval,
  bootstrapMeans,
  type Interval,
  quantile,
  variance,
} from './stats.ts'

/** The slopes of all boxes of one material, Å²/ps. */
export interface BoxSummary {
  readonly boxes: number
  /** Median slope; interval from order statistics, for any distribution, null below 6 boxes. */
  readonly median: Measured
  /** Slopes of the slowest and the fastest box. */
  readonly range: Interval
  /** Interval by Student's t on the logarithms, null for a single box. The mean is null if a slope is not positive. */
  readonly geometricMean: Measured | null
  /** Standard deviation of ln slope between boxes; χ² interval. Null for one box or if a slope is not positive. */
  readonly sdLog: Measured | null
}

/**
 * Median, range, geometric mean and spread of the slopes of boxes.
 * @param slopes one per box, Å²/ps
 * @throws UserError for an empty list
 */
export function boxSummary(slopes: readonly number[]): BoxSummary {
  if (slopes.length === 0) throw new UserError({ message: 'there is no box to summarise' })
  const sorted = Float64Array.from(slopes).sort()
  const boxes = slopes.length
  const logs = sorted[0]! > 0 && boxes > 1 ? slopes.map(Math.log) : null
  const spread = logs && Math.sqrt(variance(logs))
  const single = sorted[0]! > 0 ? { value: sorted[0]!, ci95: null } : null
  const sdBound = (sd: number, probability: number) =>
    sd * Math.sqrt((boxes - 1) / chiSquaredQuantile(probability, boxes - 1))
  return {
    boxes,
    median: { value: quantile(sorted, 0.5), ci95: medianInterval(sorted) },
    range: [sorted[0]!, sorted[boxes - 1]!],
    geometricMean: logs ? geometricMean(slopes) : single,
    sdLog: spread === null ? null : { value: spread, ci95: [sdBound(spread, 0.975), sdBound(spread, 0.025)] },
  }
}

/**
 * Interval between two order statistics that contains the median with a probability of at least 95 %: the number of
 * values below the median is binomial (David & Nagaraja 2003, section 7.1, https://doi.org/10.1002/0471722162).
 */
function medianInterval(sorted: Float64Array): Interval | null {
  const n = sorted.length
  let below = 0
  let term = 0.5 ** n
  let k = 0
  for (; below + term <= 0.025; k++) {
    below += term
    term *= (n - k) / (k + 1)
  }
  return k === 0 ? null : [sorted[k - 1]!, sorted[n - k]!]
}

/** Geometric mean of two or more positive slopes, with Student's t on their logarithms. */
export const geometricMean = (slopes: readonly number[]): LogEstimate =>
  exponentialOf(meanOf(slopes.map(Math.log)))

/** Ratio of the geometric means of two materials. */
export interface BoxComparison extends LogEstimate {
  /** Interval by bootstrap over boxes, for comparison (expanded percentiles). */
  readonly bootstrap_ci95: Interval
  /** p value of equal means of ln slope, by a two-sided permutation test. */
  readonly pValue: number
}

/**
 * Ratio of the geometric means of the slopes of two sets of boxes, with Welch's t interval on the logarithms (Welch 1947,
 * https://doi.org/10.1093/biomet/34.1-2.28). The coverage is nearly exact for log-normal slopes; an arithmetic mean would
 * depend mostly on the fastest box. The p value is (hits + 1) / (draws + 1) over Monte Carlo permutations (Phipson & Smyth
 * 2010, https://doi.org/10.2202/1544-6115.1585).
 *
 * @returns null if a slope is not positive or a material has a single box
 */
export function compareBoxes(
  numerator: readonly number[],
  denominator: readonly number[],
  options: BootstrapOptions,
): BoxComparison | null {
  const [a, b] = [numerator.map(Math.log), denominator.map(Math.log)]
  if (Math.min(a.length, b.length) < 2 || ![...numerator, ...denominator].every(s => s > 0)) return null
  const below = bootstrapMeans([b], { ...options, substream: 2 })
  const differences = bootstrapMeans([a], { ...options, substream: 1 }).map((value, k) => value - below[k]!)
  const [low, high] = bootstrapInterval(differences, Math.min(a.length, b.length))
  return {
    ...exponentialOf(sumOf([meanOf(a), meanOf(b)], [1, -1])),
    bootstrap_ci95: [Math.exp(low), Math.exp(high)],
    pValue: permutationTest(a, b, options),
  }
}

function permutationTest(a: readonly number[], b: readonly number[], options: BootstrapOptions): number {
  const random = randomSequence(options.seed, STREAM.bootstrap, 4)
  const pooled = [...a, ...b]
  const total = pooled.reduce((sum, value) => sum + value, 0)
  const gap = (sumA: number) => Math.abs(sumA / a.length - (total - sumA) / b.length)
  const observed = gap(a.reduce((sum, value) => sum + value, 0))
  const draws = options.resamples ?? 2000
  let hits = 0
  for (let draw = 0; draw < draws; draw++) {
    let sum = 0
    for (let k = 0; k < a.length; k++) {
      const other = k + random.integer(pooled.length - k)
      ;[pooled[k], pooled[other]] = [pooled[other]!, pooled[k]!]
      sum += pooled[k]!
    }
    if (gap(sum) >= observed * (1 - 1e-12)) hits++
  }
  return (hits + 1) / (draws + 1)
}

/** Ratios of the slopes of single boxes, as from a study with one box of each material. */
export interface PairRatios {
  readonly pairs: number
  /** 5 % and 95 % quantiles of the ratios. */
  readonly range90: Interval
  /** Fraction of the pairs with a ratio of at least `factor`. */
  readonly atLeast: number
  /** Its interval by bootstrap over boxes. */
  readonly atLeast_ci95: Interval
  /** Fraction of the pairs with a ratio of at most 1 / factor. */
  readonly atMostInverse: number
  /** [pairs] ascending. */
  readonly ratios: ArrayLike<number>
}

/** Options of a bootstrap over ratios; ratios of at least `factor` (> 1) are counted. */
type FactorOptions = BootstrapOptions & { readonly factor: number }

type BoxPair = readonly [above: number, below: number]

/**
 * Ratios of every box of one material to every box of the other.
 * @throws UserError when there is no pair
 */
export function oneBoxRatios(
  numerator: readonly number[],
  denominator: readonly number[],
  options: FactorOptions,
): PairRatios {
  return pairStatistics([numerator, denominator], options, ([above, below]) =>
    above!.flatMap(i => below!.map((j): BoxPair => [numerator[i]!, denominator[j]!])),
  )
}

/**
 * Ratios of two boxes of the same material, the null distribution of `oneBoxRatios`. Every pair of boxes counts in both
 * orders, so that `atLeast` and `atMostInverse` are equal.
 * @throws UserError when no material has two boxes
 */
export function sameMaterialRatios(
  materials: readonly (readonly number[])[],
  options: FactorOptions,
): PairRatios {
  return pairStatistics(materials, options, drawn =>
    drawn.flatMap((boxes, k) =>
      boxes.flatMap(i =>
        boxes.flatMap((j): BoxPair[] => (i === j ? [] : [[materials[k]![i]!, materials[k]![j]!]])),
      ),
    ),
  )
}

/** Statistics of the ratios of pairs. @param pairsOf returns pairs of slopes for the indices of the boxes of each list */
function pairStatistics(
  lists: readonly (readonly number[])[],
  options: FactorOptions,
  pairsOf: (boxes: readonly (readonly number[])[]) => readonly BoxPair[],
): PairRatios {
  const ratiosOf = (boxes: readonly (readonly number[])[]) =>
    pairsOf(boxes).map(([above, below]) => positiveRatio(above, below))
  const ratios = Float64Array.from(ratiosOf(lists.map(slopes => slopes.map((_, box) => box)))).sort()
  if (ratios.length === 0) throw new UserError({ message: 'a ratio of boxes needs two boxes' })
  const random = randomSequence(options.seed, STREAM.bootstrap, 5)
  const resample = (slopes: readonly number[]) => slopes.map(() => random.integer(slopes.length))
  const fractions = Float64Array.from({ length: options.resamples ?? 2000 }, () =>
    exceedance(ratiosOf(lists.map(resample)), options.factor),
  )
    // A resample that consists of one box drawn several times has no pair.
    .filter(fraction => !Number.isNaN(fraction))
    .sort()
  return {
    pairs: ratios.length,
    range90: [quantile(ratios, 0.05), quantile(ratios, 0.95)],
    atLeast: exceedance(ratios, options.factor),
    atLeast_ci95: [quantile(fractions, 0.025), quantile(fractions, 0.975)],
    atMostInverse: ratios.filter(ratio => ratio <= 1 / options.factor).length / ratios.length,
    ratios,
  }
}

/**
 * Probability that the ratio of two single boxes of one material is at least `factor`, if ln slope is normal: a
 * predictive Student t with the scale √2 sdLog. Used for few boxes, for which `sameMaterialRatios` has too few pairs.
 * @param sdLog sample standard deviation of ln slope @param degreesOfFreedom those of `sdLog`
 */
export function nullProbability(sdLog: number, degreesOfFreedom: number, factor: number): number {
  return 1 - studentTCdf(Math.log(factor) / (Math.SQRT2 * sdLog), degreesOfFreedom)
}

/** Ratio a / b of two slopes. A slope that is not positive counts as zero; 0/0 gives 1. */
export function positiveRatio(a: number, b: number): number {
  if (b > 0) return Math.max(0, a) / b
  return a > 0 ? Number.POSITIVE_INFINITY : 1
}

/** Fraction of some ratios that are at least `factor`. */
export function exceedance(ratios: ArrayLike<number>, factor: number): number {
  return Array.from(ratios).filter(ratio => ratio >= factor).length / ratios.length
}
