import { type Comparison, compareSystems } from '../analysis/comparison.ts'
import type { PublishedRatio, PublishedSlope, TransportReport } from '../report/model.ts'
import { loadRun } from '../run/loadRun.ts'
import { type AnalysedSystem, analyseSystems, fitWindow } from '../transport/transport.ts'
import { transportReport } from '../transport/transportReport.ts'
import { type CaseResult, likenessOf } from './caseResult.ts'
import type { Yardstick } from './conditions.ts'
import type { StudySystem, SystemsCase } from './plan.ts'
import { finishedOf, runPaths, type TransportRecord } from './record.ts'

export interface AnalysedCase {
  readonly result: CaseResult
  readonly report: TransportReport
}

/** The systems of a case with a run that has finished. */
export const withRuns = (study: TransportRecord, { systems }: SystemsCase): StudySystem[] =>
  systems.filter(({ runs }) => finishedOf(study, runs).length > 0)

/**
 * One case with at least one system that has runs.
 * @throws UserError as `analyseSystem`
 */
export async function analyseCase(study: TransportRecord, one: SystemsCase): Promise<AnalysedCase> {
  const loaded = withRuns(study, one)
  const groups = loaded.map(({ name, runs }) => ({
    name,
    runs: finishedOf(study, runs).map(key => loadRun(runPaths(study.directory, key).directory)),
  }))
  const window = fitWindow(
    groups.flatMap(({ runs }) => runs),
    {},
  )
  const systems = await analyseSystems(groups, study.species, window)
  const [first, ...others] = systems as [AnalysedSystem, ...AnalysedSystem[]]
  const yardstick = yardstickOf(study)
  const comparisons = others.map(other =>
    compareSystems({ numerator: other, denominator: first }, yardstick.factor),
  )
  const report = await transportReport([first, ...others], comparisons[0] ?? null, {
    title: study.title,
    commands: study.commands,
    labels: Object.fromEntries(loaded.map(({ name, label }) => [name, label])),
    colors: Object.fromEntries(loaded.flatMap(({ name, color }) => (color === null ? [] : [[name, color]]))),
    published: publishedSlopes(study, one).filter(({ system }) =>
      systems.some(({ name }) => name === system),
    ),
    publishedRatio: publishedRatio(study, yardstick, first, others[0]),
  })
  return { result: caseResult(one, loaded, systems, comparisons), report }
}

/** Without what trajectories hold. */
function caseResult(
  { name, conditions }: SystemsCase,
  loaded: readonly StudySystem[],
  systems: readonly AnalysedSystem[],
  comparisons: readonly Comparison[],
): CaseResult {
  return {
    name,
    conditions,
    systems: systems.map(({ name, msds, transport, runs }, k) => ({
      name,
      msds,
      transport,
      color: loaded[k]!.color,
      own: loaded[k]!.own,
      material: loaded[k]!.formOf ?? name,
      likeness: likenessOf(runs[0]!),
    })),
    comparisons,
  }
}

/** What the study holds its ratios against. */
export function yardstickOf({ systems, published }: TransportRecord): Yardstick {
  const ratio = published?.ratio ?? null
  const factor = published?.factor ?? (ratio === null || ratio === 1 ? undefined : Math.max(ratio, 1 / ratio))
  return { systems, publishedRatio: ratio, factor }
}

/** None of a system whose units a case replaces otherwise: nobody published those. */
function publishedSlopes({ published }: TransportRecord, { conditions }: SystemsCase): PublishedSlope[] {
  if (!published || conditions.degree !== null || conditions.placement !== null) return []
  const { label, doi, slope_A2_per_ps } = published
  return Object.entries(slope_A2_per_ps).map(([system, slope]) => ({
    system,
    slope_A2_per_ps: slope,
    label,
    doi,
  }))
}

/** It is that of the study's first two systems: of no others, should one of them have no runs. */
function publishedRatio(
  { published }: TransportRecord,
  { systems }: Yardstick,
  first: AnalysedSystem,
  second: AnalysedSystem | undefined,
): PublishedRatio | null {
  if (published?.ratio == null || first.name !== systems[0] || second?.name !== systems[1]) return null
  const { ratio, label, doi, conditions } = published
  return { value: ratio, label, doi, conditions }
}
