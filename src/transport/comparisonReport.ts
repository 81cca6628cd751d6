import { boxSummary, type OneBoxRatios } from '../analysis/boxes.ts'
import { fitSlope } from '../analysis/diffusion.ts'
import type { BoxStatistics, Comparison, PairRatios, RatioStatistics } from '../report/model.ts'
import { boxSlopes, type ComparableSystem, type ComparedSystems } from './comparison.ts'

/** A comparison as the page shows it: the second system over the first. */
export function comparisonOf(
  first: ComparableSystem,
  second: ComparableSystem,
  compared: ComparedSystems,
): Comparison {
  return {
    numerator: second.name,
    denominator: first.name,
    ratio: { value: compared.ratio, ci95: compared.ratio_ci95, status: 'predicted' },
    of: compared.of,
    statistics: statisticsOf(first, second, compared),
    nullRatio_ci95: compared.null_ratio_ci95,
    method: compared.method,
  }
}

function statisticsOf(
  first: ComparableSystem,
  second: ComparableSystem,
  { factor, probabilities, meanSlopes, geometricMeans, oneBox, sameMaterial }: ComparedSystems,
): RatioStatistics {
  const each = [
    { system: first.name, ratios: sameMaterial.first },
    { system: second.name, ratios: sameMaterial.second },
  ]
  return {
    factor,
    probabilities,
    meanSlopes: {
      value: meanSlopes.ratio,
      ci95: meanSlopes.ratio_ci95,
      hierarchical_ci95: meanSlopes.bootstrap_ci95,
    },
    geometricMeans: geometricMeans && {
      value: geometricMeans.ratio,
      ci95: geometricMeans.ratio_ci95,
      bootstrap_ci95: geometricMeans.bootstrap_ci95,
      pValue: geometricMeans.pValue,
    },
    oneBox: pairs(oneBox),
    sameMaterial: sameMaterial.pooled && pairs(sameMaterial.pooled),
    sameMaterialOf: each.flatMap(({ system, ratios }) => (ratios ? [{ system, ...pairs(ratios) }] : [])),
    logNormal: sameMaterial.logNormal,
  }
}

function pairs({ pairs, range90, atLeast, atLeast_ci95, atMostInverse, ratios }: OneBoxRatios): PairRatios {
  return { pairs, range90, atLeast, atLeast_ci95, atMostInverse, ratios }
}

/** Å²/ps, one of every box, fitted as the system is. */
export function boxSlopesOf({ msds, transport }: ComparableSystem): number[] {
  const { fit_from_ps, fit_to_ps, weighting } = transport
  return boxSlopes(fitSlope(msds, { fitFrom_ps: fit_from_ps, fitTo_ps: fit_to_ps, weighting }))
}

export function boxStatistics(slopes: readonly number[]): BoxStatistics {
  const { median, median_ci95, range, geometricMean, geometricMean_ci95, sdLog, sdLog_ci95 } =
    boxSummary(slopes)
  return {
    median: { value: median, ci95: median_ci95 },
    range,
    geometricMean: geometricMean === null ? null : { value: geometricMean, ci95: geometricMean_ci95 },
    sdLog: sdLog === null ? null : { value: sdLog, ci95: sdLog_ci95 },
  }
}
