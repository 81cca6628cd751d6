import { type ComparableSystem, type Comparison, compareSystems } from '../analysis/comparison.ts'
import { composition } from '../core/elements.ts'
import type { PublishedRatio, PublishedSlope, TransportReport } from '../report/model.ts'
import { type LoadedRun, loadRun } from '../run/loadRun.ts'
import { type AnalysedSystem, analyseSystems, fitWindow } from '../transport/transport.ts'
import { transportReport } from '../transport/transportReport.ts'
import { canonicalText, finishedOf, runPaths, type TransportRecord } from './record.ts'
import type { Conditions, StudySystem, SystemsCase } from './schema.ts'

/** The figures of a case, which stay when its trajectories are gone from memory. */
export interface CaseResult {
  readonly name: string
  readonly conditions: Conditions
  /** Systems with finished runs, in the order of the recipe. */
  readonly systems: readonly CaseSystem[]
  /** [systems − 1] The second, third, … over the first. */
  readonly comparisons: readonly Comparison[]
}

export interface CaseSystem extends ComparableSystem {
  readonly color: string | null
  /** True: a system of the whole study; false: one that the case has in its place. */
  readonly own: boolean
  /** Name of the study's system that it is, or that it is another form of. */
  readonly material: string
  readonly likeness: Likeness
}

/** Texts that are equal where runs differ in nothing but seed, temperature and charge scale. */
export interface Likeness {
  /** The way in which it was run. */
  readonly protocol: string
  /** The content of the box. */
  readonly box: string
}

/** Reference of the ratios of a study. */
export interface Yardstick {
  /** Names of the study's systems: the first is the reference. */
  readonly systems: readonly string[]
  /** Published slope of the second system over that of the first. */
  readonly publishedRatio: number | null
  /** Factor whose probability the report gives. */
  readonly factor: number | undefined
}

export interface AnalysedCase {
  readonly result: CaseResult
  readonly report: TransportReport
}

/** The systems of a case with a run that has finished. */
export const withRuns = (study: TransportRecord, { systems }: SystemsCase): StudySystem[] =>
  systems.filter(({ runs }) => finishedOf(study, runs).length > 0)

/**
 * Analyses a case that has a run that has finished.
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

/** The figures of a case, without its trajectories. */
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

export function yardstickOf({ systems, published }: TransportRecord): Yardstick {
  const ratio = published?.ratio ?? null
  const factor = published?.factor ?? (ratio === null || ratio === 1 ? undefined : Math.max(ratio, 1 / ratio))
  return { systems, publishedRatio: ratio, factor }
}

/** Published slopes of a case; none where the case replaces other units than the study, as nobody published those. */
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

/** The published ratio, where the case compares the first two systems of the study. */
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

function likenessOf({ recipe, structure, manifest }: LoadedRun): Likeness {
  const { system, interactions, constraints, constants, analysis, stages } = recipe
  const inputs = new Map(manifest.inputs.map(({ path, sha256 }) => [path, sha256]))
  const text = (value: object) => canonicalText(value, path => inputs.get(path) ?? path)
  return {
    protocol: text({
      potential: system.potential,
      hydrogen: system.hydrogen_mass_g_per_mol,
      background: system.neutralizing_background,
      interactions,
      constraints,
      constants,
      analysis,
      stages: stages.map(stage => ({ ...stage, temperature_K: undefined, temperature_end_K: undefined })),
    }),
    box: text({ build: system.build, atoms: composition(structure.elements) }),
  }
}
