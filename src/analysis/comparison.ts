import { randomSequence, STREAM, shuffled } from '../rng.ts'
import {
  type BoxComparison,
  boxSummary,
  compareBoxes,
  geometricMean,
  nullProbability,
  oneBoxRatios,
  type PairRatios,
  positiveRatio,
  sameMaterialRatios,
} from './boxes.ts'
import type { VarianceSource } from './covariance.ts'
import {
  boxSlopes,
  fitLine,
  fitSlope,
  type Replicas,
  resampledUnits,
  type SlopeFit,
  type SlopeOptions,
} from './diffusion.ts'
import {
  type FactorProbabilities,
  factorProbabilities,
  type LogEstimate,
  type Measured,
  ratioOf,
} from './estimate.ts'
import type { MeanSquaredDisplacement } from './msd.ts'
import type { Verdict } from './regime.ts'
import {
  type BootstrapOptions,
  bootstrapInterval,
  bootstrapMeans,
  type Interval,
  mean,
  quantile,
} from './stats.ts'
import type { SystemTransport } from './transport.ts'

/** Ratio of the mean slopes of two systems. */
export interface SlopeRatio extends LogEstimate {
  /** Interval by hierarchical bootstrap, for comparison; see `bootstrapSlope`. */
  readonly bootstrap_ci95: Interval
  readonly resampled: 'ions' | 'replicas, then ions'
  /** Number of boxes of each system. */
  readonly replicas: readonly [numerator: number, denominator: number]
  /** Source of the larger scatter of the two systems, in the order time origins, ions, replicas. */
  readonly varianceFrom: VarianceSource
  /** Method of the interval, in one sentence. */
  readonly method: string
}

/**
 * Ratio of the MSD slopes of two systems, numerator / denominator, with its 95 % interval: Student t on the logarithm of
 * the ratio, with the errors of `fitSlope` (see `ratioOf`). A percentile bootstrap over two boxes of each system covers
 * only 75–85 % if boxes of one material differ, so it is given for comparison only. The interval of a single replica
 * does not contain the differences between boxes.
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
  const ratio = ratioOf(a, b)
  return {
    ...ratio,
    bootstrap_ci95: bootstrapInterval(
      above.map((value, k) => positiveRatio(value, below[k]!)),
      Math.min(resampledUnits(a), resampledUnits(b)),
    ),
    resampled: single ? 'ions' : 'replicas, then ions',
    replicas,
    varianceFrom: sources[Math.max(sources.indexOf(a.varianceFrom), sources.indexOf(b.varianceFrom))]!,
    method: !ratio.logarithm
      ? 'no bound, as the 95 % interval of a slope reaches zero'
      : single
        ? 'Student t on the logarithm of the ratio, errors from the scatter between ions; at least one system is a single box, so differences between boxes are not in the interval'
        : 'Student t on the logarithm of the ratio, errors from the scatter between ions and between boxes',
  }
}

/** Ratios of the slopes of two boxes of one system: the null distribution of a ratio. */
export interface NullRatio {
  readonly ci95: Interval
  readonly basis: 'pairs of replicas' | 'halves of the ions of one replica'
  /** Number of pairs of replicas, or of systems whose ions were halved. */
  readonly comparisons: number
  /** All ratios behind the interval, each with its inverse, in ascending order. */
  readonly ratios: Float64Array
}

/** Number of pairs from which on their ratios are used without resampling. */
const ENOUGH_PAIRS = 10

/**
 * 95 % range of the ratio of the slopes of two single boxes *of the same system*.
 *
 * Every pair of replicas of one system counts in both orders. For fewer than ten pairs the ions of each replica are
 * resampled, which widens the distribution by their scatter. Without any pair the ions of each system are split at random
 * into two halves, which have half the ions of a box and do not contain the differences between boxes.
 *
 * @param systems replicas of each system; those with a single replica count only if no system has more
 * @throws UserError as `fitSlope`
 */
export function nullRatio(systems: readonly Replicas[], options: SlopeOptions & BootstrapOptions): NullRatio {
  const slopes = systems.map(system => fitLine(system, options).estimate.perIon)
  const random = randomSequence(options.seed, STREAM.bootstrap, 3)
  const pairs = slopes.flatMap(boxes => boxes.flatMap((a, i) => boxes.slice(i + 1).map(b => [a, b] as const)))
  const single = slopes.map(boxes => boxes[0]!).filter(ions => ions.length > 1)
  const resample = (ions: readonly number[]) => mean(ions.map(() => ions[random.integer(ions.length)]!))
  const halves = (ions: readonly number[]): [number, number] => {
    const mixed = shuffled(ions, random)
    const middle = mixed.length >> 1
    return [mean(mixed.slice(0, middle)), mean(mixed.slice(middle))]
  }
  const basis = pairs.length > 0 ? 'pairs of replicas' : 'halves of the ions of one replica'
  const comparisons = pairs.length > 0 ? pairs.length : single.length
  if (comparisons === 0) {
    return { ci95: [0, Number.POSITIVE_INFINITY], basis, comparisons, ratios: new Float64Array() }
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
    ci95: [quantile(ratios, 0.025), quantile(ratios, 0.975)],
    basis,
    comparisons,
    ratios,
  }
}

/** Fixed seed of every resampling: results depend on the data alone. */
const BOOTSTRAP = { seed: 20250502, resamples: 2000 }
/** Number of boxes of each system from which on the ratio is one of geometric means; *chosen* before any result was seen. */
export const ENOUGH_BOXES = 4
/** Factor of the probabilities if no ratio was published. */
const DEFAULT_FACTOR = 2

/** The parts of an analysed system that a comparison needs. */
export interface ComparableSystem {
  readonly name: string
  /** [replicas] */
  readonly msds: readonly MeanSquaredDisplacement[]
  readonly transport: SystemTransport
}

/** Kind of slopes in a ratio: geometric means over boxes, or means over all ions. */
export type SlopeKind = 'geometric means' | 'mean slopes'

/** One of the two systems of a comparison. */
export interface ComparedSystem {
  readonly name: string
  /** Number of boxes. */
  readonly boxes: number
  /** The slope that enters the ratio. */
  readonly slope_A2_per_ps: Measured
  readonly alpha: Measured
  readonly verdict: Verdict
}

/** Ratio of the MSD slopes of two systems, numerator / denominator, from all their boxes. */
export interface Comparison {
  readonly numerator: ComparedSystem
  readonly denominator: ComparedSystem
  /** Ratio of the geometric means over boxes if both systems have 4 boxes, otherwise of the mean slopes. */
  readonly ratio: Measured
  readonly of: SlopeKind
  /** 95 % range of the ratios of two single boxes of one material. */
  readonly nullRatio_ci95: Interval
  /** Method of the ratio and its intervals, in one sentence. */
  readonly method: string
  /** Factor for which probabilities are given, > 1. */
  readonly factor: number
  /** Probabilities that the true ratio exceeds the factor; null if the ratio has no bound. */
  readonly probabilities: FactorProbabilities | null
  readonly meanSlopes: SlopeRatio
  /** Ratio of the geometric means; null if a system has a single box or a slope that is not positive. */
  readonly geometricMeans: BoxComparison | null
  /** Ratios of every box of the numerator to every box of the denominator. */
  readonly oneBox: PairRatios
  readonly sameMaterial: SameMaterial
}

/** Ratios of two boxes of the same material: the ratios that chance alone gives. */
export interface SameMaterial {
  /** Ratios of both systems together; null for single boxes, like the two below. */
  readonly pooled: PairRatios | null
  readonly numerator: PairRatios | null
  readonly denominator: PairRatios | null
  /** Probability of a ratio of at least the factor for log-normal slopes with the observed spread, see `nullProbability`. */
  readonly logNormal: number | null
}

/**
 * Compares the MSD slopes of two systems from all their boxes.
 * @param factor factor for which probabilities are given, > 1. Default: 2
 * @throws UserError as `fitSlope`
 */
export function compareSystems(
  { numerator, denominator }: Readonly<Record<'numerator' | 'denominator', ComparableSystem>>,
  factor = DEFAULT_FACTOR,
): Comparison {
  const { fit_from_ps, fit_to_ps, weighting } = denominator.transport
  const options = {
    fitFrom_ps: fit_from_ps,
    fitTo_ps: fit_to_ps,
    weighting: weighting === numerator.transport.weighting ? weighting : ('uniform' as const),
    ...BOOTSTRAP,
    factor,
  }
  const [above, below] = [fitSlope(numerator.msds, options), fitSlope(denominator.msds, options)]
  const [aboveBoxes, belowBoxes] = [boxSlopes(above), boxSlopes(below)]
  const meanSlopes = slopeRatio(numerator.msds, denominator.msds, options)
  const geometricMeans = compareBoxes(aboveBoxes, belowBoxes, options)
  const none = nullRatio([denominator.msds, numerator.msds], options)
  const boxes = Math.min(belowBoxes.length, aboveBoxes.length)
  const byBoxes = boxes >= ENOUGH_BOXES ? geometricMeans : null
  const ratio = byBoxes ?? meanSlopes
  return {
    numerator: compared(numerator, byBoxes ? geometricMean(aboveBoxes) : meanSlope(above)),
    denominator: compared(denominator, byBoxes ? geometricMean(belowBoxes) : meanSlope(below)),
    ratio: { value: ratio.value, ci95: ratio.ci95 },
    of: byBoxes ? 'geometric means' : 'mean slopes',
    nullRatio_ci95: none.ci95,
    method: `${methodOf(byBoxes !== null, boxes, meanSlopes)}; null from ${none.basis}.`,
    factor,
    probabilities: factorProbabilities(ratio, factor),
    meanSlopes,
    geometricMeans,
    oneBox: oneBoxRatios(aboveBoxes, belowBoxes, options),
    sameMaterial: sameMaterial(aboveBoxes, belowBoxes, factor),
  }
}

function methodOf(byBoxes: boolean, boxes: number, meanSlopes: SlopeRatio): string {
  if (byBoxes) {
    return `Ratio of the geometric means over boxes, as ${ENOUGH_BOXES} or more of each move; Student t on the logarithms of their slopes`
  }
  const why =
    boxes < ENOUGH_BOXES
      ? `there are fewer than ${ENOUGH_BOXES} boxes of a system`
      : 'a box has a slope that is not positive'
  return `Ratio of the mean slopes, as ${why}; ${meanSlopes.method}`
}

const compared = ({ name, transport }: ComparableSystem, { value, ci95 }: Measured): ComparedSystem => ({
  name,
  boxes: transport.replicas,
  slope_A2_per_ps: { value, ci95 },
  alpha: { value: transport.alpha, ci95: transport.alpha_ci95 },
  verdict: transport.verdict,
})

const meanSlope = ({ slope_A2_per_ps, slope_ci95_A2_per_ps }: SlopeFit): Measured => ({
  value: slope_A2_per_ps.value,
  ci95: slope_ci95_A2_per_ps,
})

function sameMaterial(
  numerator: readonly number[],
  denominator: readonly number[],
  factor: number,
): SameMaterial {
  const options = { ...BOOTSTRAP, factor }
  const ratios = (...materials: (readonly number[])[]) =>
    materials.some(({ length }) => length > 1) ? sameMaterialRatios(materials, options) : null
  const spreads = [denominator, numerator]
    .map(boxSummary)
    .flatMap(({ boxes, sdLog }) => (sdLog ? [{ freedom: boxes - 1, sdLog: sdLog.value }] : []))
  const freedom = spreads.reduce((sum, one) => sum + one.freedom, 0)
  const squares = spreads.reduce((sum, one) => sum + one.freedom * one.sdLog ** 2, 0)
  const sdLog = Math.sqrt(squares / freedom)
  return {
    pooled: ratios(denominator, numerator),
    numerator: ratios(numerator),
    denominator: ratios(denominator),
    logNormal: sdLog > 0 ? nullProbability(sdLog, freedom, factor) : null,
  }
}

/** Slopes of the boxes of a system, Å²/ps, with the window and the weighting of the system. */
export function boxSlopesOf({ msds, transport }: Pick<ComparableSystem, 'msds' | 'transport'>): number[] {
  const { fit_from_ps, fit_to_ps, weighting } = transport
  return boxSlopes(fitSlope(msds, { fitFrom_ps: fit_from_ps, fitTo_ps: fit_to_ps, weighting }))
}
