import {
  type BoxComparison,
  boxSummary,
  compareBoxes,
  nullProbability,
  type OneBoxRatios,
  oneBoxRatios,
  sameMaterialRatios,
} from '../analysis/boxes.ts'
import {
  fitSlope,
  nullRatio,
  ratioProbabilities,
  type SlopeFit,
  type SlopeRatio,
  slopeRatio,
} from '../analysis/diffusion.ts'
import { type Interval, mean } from '../analysis/stats.ts'
import type { AnalysedSystem } from './transport.ts'

/** Seed of every resampling: results are a function of the data alone. */
const BOOTSTRAP = { seed: 20250502, resamples: 2000 }
/** From so many boxes of each system on the ratio is that of geometric means: fixed before any result was seen. */
export const ENOUGH_BOXES = 4
/** What probabilities speak of where nothing was published: twice. */
const DEFAULT_FACTOR = 2

/** What a comparison needs of a system: its trajectories may be gone. */
export type ComparableSystem = Pick<AnalysedSystem, 'name' | 'msds' | 'transport'>

/** Slope of the second system over that of the first. */
export interface ComparedSystems {
  /** Of the geometric means over boxes where there are enough boxes, else of the mean slopes. */
  readonly ratio: number
  readonly ratio_ci95: Interval
  readonly of: 'geometric means' | 'mean slopes'
  /** The slopes whose ratio it is, of the first and of the second system. */
  readonly slopes: readonly [first: MeasuredSlope, second: MeasuredSlope]
  /** What two single boxes of one material show. */
  readonly null_ratio_ci95: Interval
  /** How and why so, in one sentence. */
  readonly method: string
  /** How many times: what every probability speaks of, in both directions. */
  readonly factor: number
  /** That the true ratio is at least the factor, and at most its inverse; null when nothing can be said. */
  readonly probabilities: { readonly atLeast: number; readonly atMostInverse: number } | null
  /** Always: with t interval, and by hierarchical bootstrap over boxes, then ions. */
  readonly meanSlopes: SlopeRatio
  /** From two boxes of each on; with bootstrap over boxes and permutation test. */
  readonly geometricMeans: BoxComparison | null
  /** Every single box of the second system against every one of the first. */
  readonly oneBox: OneBoxRatios
  readonly sameMaterial: SameMaterial
}

export interface MeasuredSlope {
  readonly value: number
  readonly ci95: Interval
}

/** Two boxes of the same material against each other: what chance alone shows. */
export interface SameMaterial {
  /** Over both systems; null for single boxes, as each of the others. */
  readonly pooled: OneBoxRatios | null
  readonly first: OneBoxRatios | null
  readonly second: OneBoxRatios | null
  /** Probability of at least the factor for log-normal slopes of the observed spread: says something for few boxes. */
  readonly logNormal: number | null
}

/**
 * The comparison of two systems by all their boxes.
 * @param factor how many times, > 1
 * @throws UserError as `fitSlope`
 */
export function compareSystems(
  first: ComparableSystem,
  second: ComparableSystem,
  factor = DEFAULT_FACTOR,
): ComparedSystems {
  const { fit_from_ps, fit_to_ps, weighting } = first.transport
  const options = {
    fitFrom_ps: fit_from_ps,
    fitTo_ps: fit_to_ps,
    weighting: weighting === second.transport.weighting ? weighting : ('uniform' as const),
    ...BOOTSTRAP,
    factor,
  }
  const [below, above] = [fitSlope(first.msds, options), fitSlope(second.msds, options)]
  const [belowBoxes, aboveBoxes] = [boxSlopes(below), boxSlopes(above)]
  const meanSlopes = slopeRatio(second.msds, first.msds, options)
  const geometricMeans = compareBoxes(aboveBoxes, belowBoxes, options)
  const none = nullRatio([first.msds, second.msds], options)
  const boxes = Math.min(belowBoxes.length, aboveBoxes.length)
  const byBoxes = boxes >= ENOUGH_BOXES ? geometricMeans : null
  return {
    ...(byBoxes
      ? {
          ratio: byBoxes.ratio,
          ratio_ci95: byBoxes.ratio_ci95,
          of: 'geometric means',
          slopes: [logarithmicMean(belowBoxes), logarithmicMean(aboveBoxes)],
          probabilities: byBoxes.probabilities,
        }
      : {
          ratio: meanSlopes.ratio,
          ratio_ci95: meanSlopes.ratio_ci95,
          of: 'mean slopes',
          slopes: [meanSlope(below), meanSlope(above)],
          probabilities: ratioProbabilities(meanSlopes, factor),
        }),
    null_ratio_ci95: none.null_ratio_ci95,
    method: `${methodOf(byBoxes !== null, boxes, meanSlopes)}; null from ${none.basis}.`,
    factor,
    meanSlopes,
    geometricMeans,
    oneBox: oneBoxRatios(aboveBoxes, belowBoxes, options),
    sameMaterial: sameMaterial(belowBoxes, aboveBoxes, factor),
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

/** Å²/ps, one of every box. */
export const boxSlopes = ({ perIon_A2_per_ps }: Pick<SlopeFit, 'perIon_A2_per_ps'>): number[] =>
  perIon_A2_per_ps.map(mean)

const meanSlope = (fit: SlopeFit): MeasuredSlope => ({
  value: fit.slope_A2_per_ps,
  ci95: fit.slope_ci95_A2_per_ps,
})

/** Geometric mean of the slopes of two boxes or more, all positive; its error is that of its logarithm. */
export function logarithmicMean(
  slopes: readonly number[],
): MeasuredSlope & { readonly standardError: number; readonly degreesOfFreedom: number } {
  const { geometricMean, geometricMean_ci95, sdLog } = boxSummary(slopes)
  return {
    value: geometricMean!,
    ci95: geometricMean_ci95!,
    standardError: (geometricMean! * sdLog!) / Math.sqrt(slopes.length),
    degreesOfFreedom: slopes.length - 1,
  }
}

function sameMaterial(first: readonly number[], second: readonly number[], factor: number): SameMaterial {
  const options = { ...BOOTSTRAP, factor }
  const ratios = (...materials: (readonly number[])[]) =>
    materials.some(({ length }) => length > 1) ? sameMaterialRatios(materials, options) : null
  const summaries = [first, second].map(boxSummary).filter(({ sdLog }) => sdLog !== null)
  const freedom = summaries.reduce((sum, { boxes }) => sum + boxes - 1, 0)
  const squares = summaries.reduce((sum, { boxes, sdLog }) => sum + (boxes - 1) * sdLog! ** 2, 0)
  const sdLog = Math.sqrt(squares / freedom)
  return {
    pooled: ratios(first, second),
    first: ratios(first),
    second: ratios(second),
    logNormal: sdLog > 0 ? nullProbability(sdLog, freedom, factor) : null,
  }
}
