import { boxSummary, type PairRatios } from '../analysis/boxes.ts'
import { boxSlopesOf, type ComparedSystem, type Comparison } from '../analysis/comparison.ts'
import { sentence } from '../report/answer.ts'
import type { Condition, StudyOverview } from '../report/model.ts'
import type { AnalysedCase, CaseResult } from './compare.ts'
import { missingRuns, type TransportRecord } from './record.ts'

const PREDICTED = 'predicted' as const

/** The document of a study: results.json and what --json prints. */
export type TransportResults = ReturnType<typeof transportResults>

export function transportResults(
  study: TransportRecord,
  { result, report }: AnalysedCase,
  overview: StudyOverview,
  path: string,
) {
  const comparison = result.comparisons[0]!
  const published = (name: string) =>
    report.published.find(({ system }) => system === name)?.slope_A2_per_ps ?? null
  const slopes = [
    comparison.denominator.slope_A2_per_ps,
    ...result.comparisons.map(({ numerator }) => numerator.slope_A2_per_ps),
  ]
  return {
    study: study.study,
    mode: study.mode,
    report: path,
    cases: [
      ...result.systems.map(({ name }, k) => ({
        name: `${report.speciesLabel} MSD slope, ${name}`,
        value: slopes[k]!.value,
        ci95: slopes[k]!.ci95,
        unit: 'Å²/ps',
        published: published(name),
        status: PREDICTED,
      })),
      {
        name: 'ratio',
        value: comparison.ratio.value,
        ci95: comparison.ratio.ci95,
        unit: '',
        published: report.publishedRatio?.value ?? null,
        status: PREDICTED,
      },
    ],
    /** 95 % interval of the ratio of two single boxes of one material. */
    null_ratio_ci95: comparison.nullRatio_ci95,
    sentence: sentence(report),
    /** Statistics over all boxes of the headline. */
    statistics: statisticsOf(result, comparison),
    conditions: overview.conditions.map(conditionDocument),
    not_run: overview.absent,
    missing: missingRuns(study),
    activation_energies: overview.activations.map(activationOf),
  }
}

function statisticsOf({ systems }: CaseResult, comparison: Comparison) {
  const { oneBox, sameMaterial, meanSlopes, geometricMeans, probabilities } = comparison
  const shares = (of: PairRatios | null) =>
    of && {
      pairs: of.pairs,
      range90: of.range90,
      at_least: of.atLeast,
      at_least_ci95: of.atLeast_ci95,
      at_most_inverse: of.atMostInverse,
    }
  return {
    ratio_of: comparison.of,
    method: comparison.method,
    factor: comparison.factor,
    p_at_least: probabilities?.atLeast ?? null,
    p_at_most_inverse: probabilities?.atMostInverse ?? null,
    mean_slopes: {
      ratio: meanSlopes.value,
      ci95: meanSlopes.ci95,
      hierarchical_bootstrap_ci95: meanSlopes.bootstrap_ci95,
    },
    geometric_means: geometricMeans && {
      ratio: geometricMeans.value,
      ci95: geometricMeans.ci95,
      box_bootstrap_ci95: geometricMeans.bootstrap_ci95,
      permutation_p: geometricMeans.pValue,
    },
    one_box: shares(oneBox),
    same_material: shares(sameMaterial.pooled),
    same_material_log_normal_at_least: sameMaterial.logNormal,
    systems: systems.map((system, k) => {
      const slopes = boxSlopesOf(system)
      const { median, range, geometricMean, sdLog } = boxSummary(slopes)
      return {
        name: system.name,
        box_slopes_A2_per_ps: slopes,
        median_A2_per_ps: median.value,
        median_ci95_A2_per_ps: median.ci95,
        range_A2_per_ps: range,
        geometric_mean_A2_per_ps: geometricMean?.value ?? null,
        geometric_mean_ci95_A2_per_ps: geometricMean?.ci95 ?? null,
        sd_ln_slope: sdLog?.value ?? null,
        sd_ln_slope_ci95: sdLog?.ci95 ?? null,
        alpha: system.transport.alpha,
        alpha_ci95: system.transport.alpha_ci95,
        verdict: system.transport.verdict,
        // Of the first two only: the others are not part of the ratio.
        same_material: k < 2 ? shares(k === 0 ? sameMaterial.denominator : sameMaterial.numerator) : null,
      }
    }),
  }
}

/** A row of the results document. */
export function conditionDocument(row: Condition) {
  const side = (of: string, { name, boxes, slope_A2_per_ps, alpha, verdict }: ComparedSystem) => ({
    system: name,
    case: of,
    boxes,
    slope_A2_per_ps: slope_A2_per_ps.value,
    slope_ci95_A2_per_ps: slope_A2_per_ps.ci95,
    alpha: alpha.value,
    alpha_ci95: alpha.ci95,
    verdict,
  })
  return {
    name: row.name,
    temperature_K: row.temperature_K,
    charge_scale: row.chargeScale,
    degree: row.degree,
    placement: row.placement,
    numerator: side(row.name, row.numerator),
    denominator: side(row.borrowedFrom ?? row.name, row.denominator),
    ratio: row.ratio.value,
    ratio_ci95: row.ratio.ci95,
    ratio_of: row.of,
    factor: row.factor,
    p_at_least: row.probabilities?.atLeast ?? null,
    p_at_most_inverse: row.probabilities?.atMostInverse ?? null,
    published_inside: row.publishedInside,
    one_inside: row.oneInside,
  }
}

function activationOf({
  system,
  conditions,
  points,
  energy_eV,
  pStraight,
  measured_K,
  outside,
}: StudyOverview['activations'][number]) {
  return {
    system,
    conditions,
    energy_eV: energy_eV.value,
    energy_ci95_eV: energy_eV.ci95,
    p_straight: pStraight,
    measured_K,
    is_apparent: points.some(({ verdict }) => verdict !== 'diffusive'),
    points: points.map(({ temperature_K, case: name, value, ci95 }) => ({
      case: name,
      temperature_K,
      slope_A2_per_ps: value,
      slope_ci95_A2_per_ps: ci95,
    })),
    extrapolated: outside && {
      temperature_K: outside.asked_K,
      slope_A2_per_ps: outside.value.value,
      slope_ci95_A2_per_ps: outside.value.ci95,
    },
  }
}
