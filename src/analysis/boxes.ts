import { UserError } from '../errors.ts'
import { randomSequence, STREAM } from '../rng.ts'
import { exceedance, positiveRatio, type ratioOfEstimates, ratioProbabilities } from './diffusion.ts'
import { chiSquaredQuantile, studentTCdf, studentTQuantile } from './distributions.ts'
import {
  type BootstrapOptions,
  bootstrapInterval,
  bootstrapMeans,
  type Interval,
  mean,
  quantile,
  variance,
} from './stats.ts'

/** What the slopes of many boxes of one material look like. Nulls: too few boxes, or a slope that is not positive. */
export interface BoxSummary {
  readonly boxes: number
  readonly median: number
  /** From order statistics, whatever the distribution; null below 6 boxes. */
  readonly median_ci95: Interval | null
  readonly range: Interval
  readonly geometricMean: number | null
  /** Student t on the logarithms. */
  readonly geometricMean_ci95: Interval | null
  /** Standard deviation of ln slope between boxes. */
  readonly sdLog: number | null
  /** χ², for normal logarithms. */
  readonly sdLog_ci95: Interval | null
}

/**
 * @param slopes one per box, Å²/ps
 * @throws UserError for none
 */
export function boxSummary(slopes: readonly number[]): BoxSummary {
  if (slopes.length === 0) throw new UserError({ message: 'there is no box to summarise' })
  const sorted = Float64Array.from(slopes).sort()
  const boxes = slopes.length
  const logs = slopes.map(Math.log)
  const spread = sorted[0]! > 0 && boxes > 1 ? Math.sqrt(variance(logs)) : null
  const half = spread === null ? 0 : (studentTQuantile(0.975, boxes - 1) * spread) / Math.sqrt(boxes)
  const geometricMean = sorted[0]! > 0 ? Math.exp(mean(logs)) : null
  const sdBound = (probability: number) =>
    (spread ?? 0) * Math.sqrt((boxes - 1) / chiSquaredQuantile(probability, boxes - 1))
  return {
    boxes,
    median: quantile(sorted, 0.5),
    median_ci95: medianInterval(sorted),
    range: [sorted[0]!, sorted[boxes - 1]!],
    geometricMean,
    geometricMean_ci95:
      geometricMean === null || spread === null
        ? null
        : [geometricMean * Math.exp(-half), geometricMean * Math.exp(half)],
    sdLog: spread,
    sdLog_ci95: spread === null ? null : [sdBound(0.975), sdBound(0.025)],
  }
}

/**
 * Between which order statistics the median lies with at least 95 %: fewer than k of n values fall below it with
 * binomial probability (David & Nagaraja 2003, section 7.1, https://doi.org/10.1002/0471722162).
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

/** Two materials by the slopes of their boxes; ratios are numerator / denominator. */
export interface BoxComparison extends Pick<ReturnType<typeof ratioOfEstimates>, 'ratio' | 'ratio_ci95'> {
  /** How many times; what `atLeast` and `atMostInverse` speak of. */
  readonly factor: number
  /** That the ratio of geometric means is at least the factor, or at most its inverse. */
  readonly probabilities: { readonly atLeast: number; readonly atMostInverse: number }
  /** The ratio's interval by bootstrap over boxes (expanded percentiles). */
  readonly bootstrap_ci95: Interval
  /** Two-sided permutation test of equal means of ln slope. */
  readonly pValue: number
}

/**
 * Ratio of the geometric means of the slopes of two sets of boxes, with Welch's t interval on the logarithms (Welch 1947,
 * https://doi.org/10.1093/biomet/34.1-2.28): exact in coverage, nearly, for log-normal boxes, where a mean of slopes is
 * at the mercy of the fastest box. p: Monte Carlo permutations, (hits + 1) / (draws + 1) (Phipson & Smyth 2010,
 * https://doi.org/10.2202/1544-6115.1585).
 *
 * @returns null when a slope is not positive or a material has a single box
 */
export function compareBoxes(
  numerator: readonly number[],
  denominator: readonly number[],
  options: BootstrapOptions & { readonly factor: number },
): BoxComparison | null {
  const [a, b] = [numerator.map(Math.log), denominator.map(Math.log)]
  if (Math.min(a.length, b.length) < 2 || ![...numerator, ...denominator].every(s => s > 0)) return null
  const [errorA, errorB] = [variance(a) / a.length, variance(b) / b.length]
  const standardErrorOfLog = Math.sqrt(errorA + errorB)
  const uncertainty = errorA ** 2 / (a.length - 1) + errorB ** 2 / (b.length - 1)
  const degreesOfFreedom = uncertainty > 0 ? (errorA + errorB) ** 2 / uncertainty : 1
  const difference = mean(a) - mean(b)
  const half = studentTQuantile(0.975, degreesOfFreedom) * standardErrorOfLog
  const ratio = Math.exp(difference)
  const below = bootstrapMeans([b], { ...options, substream: 2 })
  const differences = bootstrapMeans([a], { ...options, substream: 1 }).map((value, k) => value - below[k]!)
  const [low, high] = bootstrapInterval(differences, Math.min(a.length, b.length))
  return {
    ratio,
    ratio_ci95: [Math.exp(difference - half), Math.exp(difference + half)],
    factor: options.factor,
    probabilities: ratioProbabilities({ ratio, standardErrorOfLog, degreesOfFreedom }, options.factor)!,
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

/** What single pairs of boxes show: the experiment of a paper with one box of each kind. */
export interface OneBoxRatios {
  readonly factor: number
  readonly pairs: number
  /** 5 and 95 % of the ratios. */
  readonly range90: Interval
  /** Fraction of the pairs with a ratio of at least the factor, with its box-bootstrap interval. */
  readonly atLeast: number
  readonly atLeast_ci95: Interval
  /** The same for at most 1/factor. */
  readonly atMostInverse: number
  /** [pairs] ascending. */
  readonly ratios: Float64Array
}

type BoxPair = readonly [above: number, below: number]

/**
 * Every box of one material against every box of the other.
 * @throws UserError when there is no pair
 */
export function oneBoxRatios(
  numerator: readonly number[],
  denominator: readonly number[],
  options: BootstrapOptions & { readonly factor: number },
): OneBoxRatios {
  return pairStatistics([numerator, denominator], options, ([above, below]) =>
    above!.flatMap(i => below!.map((j): BoxPair => [numerator[i]!, denominator[j]!])),
  )
}

/**
 * The null of `oneBoxRatios`: in each material every ordered pair of different boxes, so that `atLeast` and
 * `atMostInverse` are equal.
 * @throws UserError when no material has two boxes
 */
export function sameMaterialRatios(
  materials: readonly (readonly number[])[],
  options: BootstrapOptions & { readonly factor: number },
): OneBoxRatios {
  return pairStatistics(materials, options, drawn =>
    drawn.flatMap((boxes, k) =>
      boxes.flatMap(i =>
        boxes.flatMap((j): BoxPair[] => (i === j ? [] : [[materials[k]![i]!, materials[k]![j]!]])),
      ),
    ),
  )
}

/** @param pairsOf pairs of slopes, given the indices of the boxes of each list */
function pairStatistics(
  lists: readonly (readonly number[])[],
  options: BootstrapOptions & { readonly factor: number },
  pairsOf: (boxes: readonly (readonly number[])[]) => readonly BoxPair[],
): OneBoxRatios {
  const ratiosOf = (boxes: readonly (readonly number[])[]) =>
    pairsOf(boxes).map(([above, below]) => positiveRatio(above, below))
  const ratios = Float64Array.from(ratiosOf(lists.map(slopes => slopes.map((_, box) => box)))).sort()
  if (ratios.length === 0) throw new UserError({ message: 'a ratio of boxes needs two boxes' })
  const random = randomSequence(options.seed, STREAM.bootstrap, 5)
  const resample = (slopes: readonly number[]) => slopes.map(() => random.integer(slopes.length))
  const fractions = Float64Array.from({ length: options.resamples ?? 2000 }, () =>
    exceedance(ratiosOf(lists.map(resample)), options.factor),
  )
    // A resample of one box only, drawn again and again, has no pair.
    .filter(fraction => !Number.isNaN(fraction))
    .sort()
  return {
    factor: options.factor,
    pairs: ratios.length,
    range90: [quantile(ratios, 0.05), quantile(ratios, 0.95)],
    atLeast: exceedance(ratios, options.factor),
    atLeast_ci95: [quantile(fractions, 0.025), quantile(fractions, 0.975)],
    atMostInverse: ratios.filter(ratio => ratio <= 1 / options.factor).length / ratios.length,
    ratios,
  }
}

/**
 * Probability that two single boxes of one material differ by at least `factor` in a given direction, if ln slope is
 * normal with the standard deviation `sdLog` found from `degreesOfFreedom`: predictive Student t with √2 sdLog. Says
 * something for a few boxes, where `oneBoxRatios` has too few pairs.
 */
export function nullProbability(sdLog: number, degreesOfFreedom: number, factor: number): number {
  return 1 - studentTCdf(Math.log(factor) / (Math.SQRT2 * sdLog), degreesOfFreedom)
}
