import { randomSequence, STREAM } from '../rng.ts'
import { lineWeights, type Weighting } from './covariance.ts'
import { studentTCdf, studentTQuantile } from './distributions.ts'
import { type Estimate, linearEstimate, positiveInterval, type VarianceSource } from './estimate.ts'
import {
  type BootstrapOptions,
  bootstrapInterval,
  bootstrapMeans,
  type Interval,
  mean,
  quantile,
} from './stats.ts'
import { asReplicas, type FitWindow, type Replicas, windowLags } from './window.ts'

export interface SlopeFit {
  readonly slope_A2_per_ps: number
  readonly slope_ci95_A2_per_ps: Interval
  readonly standardError_A2_per_ps: number
  readonly degreesOfFreedom: number
  /** Which scatter the interval rests on; see `linearEstimate`. */
  readonly varianceFrom: VarianceSource
  readonly intercept_A2: number
  readonly fit_from_ps: number
  readonly fit_to_ps: number
  readonly weighting: Weighting
  readonly replicas: number
  readonly ions: number
  /** Non-overlapping displacements at the longest lag of the window, over all ions and replicas. */
  readonly independentObservations: number
  /** [replicas][ions] slope of each ion's own curve, Å²/ps. */
  readonly perIon_A2_per_ps: readonly (readonly number[])[]
}

export interface SlopeOptions extends FitWindow {
  /**
   * `generalised` (default) has the smallest error for a straight line but rests mostly on lags up to twice
   * `fitFrom_ps`: of a curved MSD it gives the slope near the start of the window. `uniform` is ordinary least
   * squares, for comparison with slopes that were published without a word on how they were fitted; its interval
   * respects correlation in the same way.
   */
  readonly weighting?: Weighting
}

/**
 * Slope of MSD(t) with intercept over an explicit window, and its 95 % interval. Weights: `lineWeights`; error:
 * `linearEstimate`, which takes the largest of the scatter expected of equal random walkers, that between ions and
 * that between replicas; interval: Student t, `positiveInterval`. All ions count the same.
 *
 * How often the interval contains the true slope, of 100 simulations: equal walkers, Gaussian with MSD ∝ t^α, α from 0.15
 * to 1, 94–99 (3 to 15 ions; one ion 90–98); 15 ions whose diffusion coefficients are log-normal with a standard deviation
 * of 0.8 in the logarithm 91, 5 such ions 89; boxes that differ by 0.3–0.8 in the logarithm: 81–84 for two of them, 86–89
 * for four, 90 for eight. **Rattling with rare hops: 96 where the ions make 70 hops together, 93 for 20, 89 for 7, 72–83
 * for 2: what did not happen is not in the scatter.** Give the number of hops beside the slope (`detectHops`).
 *
 * @throws UserError for a window that the trajectory cannot serve, or replicas with different frame intervals
 */
export function fitSlope(replicas: Replicas, options: SlopeOptions): SlopeFit {
  const list = asReplicas(replicas)
  const weighting = options.weighting ?? 'generalised'
  const { estimate, intercept_A2, lags } = fitLine(list, options)
  const longest = lags.at(-1)!
  return {
    slope_A2_per_ps: estimate.value,
    slope_ci95_A2_per_ps: positiveInterval(estimate),
    standardError_A2_per_ps: estimate.standardError,
    degreesOfFreedom: estimate.degreesOfFreedom,
    varianceFrom: estimate.varianceFrom,
    intercept_A2,
    fit_from_ps: options.fitFrom_ps,
    fit_to_ps: options.fitTo_ps,
    weighting,
    replicas: list.length,
    ions: estimate.perIon.flat().length,
    independentObservations: list.reduce((sum, { independentObservations: n }) => sum + n[longest - 1]!, 0),
    perIon_A2_per_ps: estimate.perIon,
  }
}

function fitLine(
  replicas: Replicas,
  options: SlopeOptions,
): { estimate: Estimate; intercept_A2: number; lags: number[] } {
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
 * The slope's interval by hierarchical bootstrap over replicas, then ions (one replica: over ions): a check on
 * `fitSlope` that models nothing. Percentiles are expanded for the number of replicas (`bootstrapInterval`). Of 100
 * intervals 95–99 contain the truth when boxes are alike or differ by 0.3 in the logarithm; when they differ by 0.8,
 * where a mean is skewed, 71 for two boxes, 87 for four, 90 for twelve: take `compareBoxes` there.
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

/** Independent units that a hierarchical bootstrap draws first: boxes, or the ions of a single one. */
const resampledUnits = ({ perIon }: Estimate) => (perIon.length > 1 ? perIon.length : perIon[0]!.length)

type Spread = Pick<Estimate, 'value' | 'standardError' | 'degreesOfFreedom'>

export interface SlopeRatio {
  readonly ratio: number
  /** From 0 to infinity where a slope's own interval reaches zero. */
  readonly ratio_ci95: Interval
  /** Of the ratio's logarithm; infinite where a slope's interval reaches zero. */
  readonly standardErrorOfLog: number
  readonly degreesOfFreedom: number
  /** The same by hierarchical bootstrap; see `bootstrapSlope`. */
  readonly bootstrap_ci95: Interval
  readonly resampled: 'ions' | 'replicas, then ions'
  /** How many boxes stand behind numerator and denominator. */
  readonly replicas: readonly [numerator: number, denominator: number]
  /** Which scatter the interval rests on: the coarsest of the two systems'. */
  readonly varianceFrom: VarianceSource
  /** How the interval was made, in one sentence. */
  readonly method: string
}

/**
 * Ratio of the MSD slopes of two systems, numerator / denominator, with its 95 % interval: Student t on the logarithm
 * of the ratio with the errors of both `fitSlope` (delta method, degrees of freedom after Satterthwaite). A percentile
 * bootstrap over two boxes each covers only 75–85 % when boxes of one material differ, so it is given beside it.
 * With a single replica the interval speaks of that box only: it cannot know how much boxes differ.
 * @throws UserError as `fitSlope`
 */
export function slopeRatio(
  numerator: Replicas,
  denominator: Replicas,
  options: SlopeOptions & BootstrapOptions,
): SlopeRatio {
  const a = fitLine(numerator, options).estimate
  const b = fitLine(denominator, options).estimate
  const above = bootstrapMeans(a.perIon, { ...options, substream: 1 })
  const below = bootstrapMeans(b.perIon, { ...options, substream: 2 })
  const replicas = [a.perIon.length, b.perIon.length] as const
  const single = Math.min(...replicas) === 1
  const sources: readonly VarianceSource[] = ['time origins', 'ions', 'replicas']
  const compared = ratioOfEstimates(a, b)
  return {
    ...compared,
    bootstrap_ci95: bootstrapInterval(
      above.map((value, k) => positiveRatio(value, below[k]!)),
      Math.min(resampledUnits(a), resampledUnits(b)),
    ),
    resampled: single ? 'ions' : 'replicas, then ions',
    replicas,
    varianceFrom: sources[Math.max(sources.indexOf(a.varianceFrom), sources.indexOf(b.varianceFrom))]!,
    method: !Number.isFinite(compared.standardErrorOfLog)
      ? 'no bound, as the 95 % interval of a slope reaches zero'
      : single
        ? 'Student t on the logarithm of the ratio, errors from the scatter between ions; at least one system is a single box, so differences between boxes are not in the interval'
        : 'Student t on the logarithm of the ratio, errors from the scatter between ions and between boxes',
  }
}

/**
 * a / b of two independent estimates with the interval of `slopeRatio`. Without bounds where the 95 % interval of either
 * reaches zero: what may be nothing may be so above or below the line (Fieller, J. R. Stat. Soc. B 1954, 16, 175), and
 * logarithms would hide it.
 */
export function ratioOfEstimates(
  a: Spread,
  b: Spread,
): Pick<SlopeRatio, 'ratio' | 'ratio_ci95' | 'standardErrorOfLog' | 'degreesOfFreedom'> {
  const ratio = a.value / b.value
  if ([a, b].some(mayBeZero)) {
    const nothing = Number.POSITIVE_INFINITY
    return { ratio, ratio_ci95: [0, nothing], standardErrorOfLog: nothing, degreesOfFreedom: 1 }
  }
  const varianceA = (a.standardError / a.value) ** 2
  const varianceB = (b.standardError / b.value) ** 2
  const total = varianceA + varianceB
  const uncertainty = varianceA ** 2 / a.degreesOfFreedom + varianceB ** 2 / b.degreesOfFreedom
  const degreesOfFreedom = uncertainty > 0 ? total ** 2 / uncertainty : 1
  const standardErrorOfLog = Math.sqrt(total)
  const factor = total > 0 ? Math.exp(studentTQuantile(0.975, degreesOfFreedom) * standardErrorOfLog) : 1
  return { ratio, ratio_ci95: [ratio / factor, ratio * factor], standardErrorOfLog, degreesOfFreedom }
}

const mayBeZero = ({ value, standardError, degreesOfFreedom }: Spread) =>
  !(value > studentTQuantile(0.975, degreesOfFreedom) * standardError)

/**
 * Probability that the true ratio is at least `factor`, and at most 1/`factor`, given the data: Student t on its
 * logarithm, as the interval (the posterior under a flat prior on the logarithm).
 * @returns null where a slope may be zero, so that nothing can be said
 */
export function ratioProbabilities(
  ratio: Pick<SlopeRatio, 'ratio' | 'standardErrorOfLog' | 'degreesOfFreedom'>,
  factor: number,
): { readonly atLeast: number; readonly atMostInverse: number } | null {
  const { standardErrorOfLog, degreesOfFreedom } = ratio
  if (!Number.isFinite(standardErrorOfLog)) return null
  // Lower tails by symmetry: a small probability is no difference of large ones.
  const tail = (distance: number) => {
    if (standardErrorOfLog === 0) return distance >= 0 ? 1 : 0
    return studentTCdf(distance / standardErrorOfLog, degreesOfFreedom)
  }
  return {
    atLeast: tail(Math.log(ratio.ratio / factor)),
    atMostInverse: tail(-Math.log(ratio.ratio * factor)),
  }
}

/** A slope that is not positive counts as zero; 0/0 says nothing and comes out as 1. */
export function positiveRatio(a: number, b: number): number {
  if (b > 0) return Math.max(0, a) / b
  return a > 0 ? Number.POSITIVE_INFINITY : 1
}

export interface NullRatio {
  readonly null_ratio_ci95: Interval
  readonly basis: 'pairs of replicas' | 'halves of the ions of one replica'
  /** Distinct pairs of replicas, or systems that were halved. */
  readonly comparisons: number
  /** Ascending: every ratio behind the interval, each with its inverse. For `exceedance`. */
  readonly ratios: Float64Array
}

/** From this many pairs on the pairs themselves show the distribution. */
const ENOUGH_PAIRS = 10

/**
 * The ratio of slopes that one box against another box *of the same system* shows: 95 % of it.
 *
 * Every pair of replicas within a system is taken both ways round. With fewer than ten pairs the ions of each are
 * resampled to fill the gaps, which makes the distribution wider by their scatter. Without any such pair: each
 * system's ions are split at random into disjoint halves, which knows nothing of differences between boxes but has
 * half the ions on each side. Read it against ratios of single boxes.
 *
 * @param systems each with its replicas; systems with a single replica only count when no other has more
 * @throws UserError as `fitSlope`
 */
export function nullRatio(systems: readonly Replicas[], options: SlopeOptions & BootstrapOptions): NullRatio {
  const slopes = systems.map(system => fitLine(system, options).estimate.perIon)
  const random = randomSequence(options.seed, STREAM.bootstrap, 3)
  const pairs = slopes.flatMap(boxes => boxes.flatMap((a, i) => boxes.slice(i + 1).map(b => [a, b] as const)))
  const single = slopes.map(boxes => boxes[0]!).filter(ions => ions.length > 1)
  const resample = (ions: readonly number[]) => mean(ions.map(() => ions[random.integer(ions.length)]!))
  const halves = (ions: readonly number[]): [number, number] => {
    const shuffled = [...ions]
    for (let k = shuffled.length - 1; k > 0; k--) {
      const other = random.integer(k + 1)
      ;[shuffled[k], shuffled[other]] = [shuffled[other]!, shuffled[k]!]
    }
    const middle = shuffled.length >> 1
    return [mean(shuffled.slice(0, middle)), mean(shuffled.slice(middle))]
  }
  const basis = pairs.length > 0 ? 'pairs of replicas' : 'halves of the ions of one replica'
  const comparisons = pairs.length > 0 ? pairs.length : single.length
  if (comparisons === 0) {
    return { null_ratio_ci95: [0, Number.POSITIVE_INFINITY], basis, comparisons, ratios: new Float64Array() }
  }
  const direct = pairs.length >= ENOUGH_PAIRS
  const drawn: number[] = []
  for (let draw = 0; draw < (direct ? pairs.length : (options.resamples ?? 2000)); draw++) {
    const choice = draw % comparisons
    const pair = pairs[choice]
    const of = (ions: readonly number[]) => (direct ? mean(ions) : resample(ions))
    const [a, b] = pair ? [of(pair[0]), of(pair[1])] : halves(single[choice]!)
    drawn.push(positiveRatio(a, b), positiveRatio(b, a))
  }
  const ratios = Float64Array.from(drawn).sort()
  return {
    null_ratio_ci95: [quantile(ratios, 0.025), quantile(ratios, 0.975)],
    basis,
    comparisons,
    ratios,
  }
}

/** Fraction of some ratios that are at least `factor`. */
export function exceedance(ratios: ArrayLike<number>, factor: number): number {
  return Array.from(ratios).filter(ratio => ratio >= factor).length / ratios.length
}
