import { join } from 'node:path'
import { SimulationError, UserError } from '../errors.ts'
import { writeFileAtomic, writeJson } from '../io/files.ts'
import { RUN_FILES } from '../io/runDirectory.ts'
import type { LoadedStudyRecipe } from '../io/studyRecipe.ts'
import type { PublishedRatio, PublishedSlope, TransportReport } from '../report/model.ts'
import { renderTransportReport } from '../report/page.ts'
import { sentence } from '../report/sentence.ts'
import {
  type LoadedCase,
  type LoadedStudy,
  loadStudy,
  recordStudy,
  type StudyIdentity,
  type StudyMode,
} from '../workflow/loadStudy.ts'
import { prepareRun } from '../workflow/prepare.ts'
import type { PlannedCase } from '../workflow/studyPlan.ts'
import { inOrder, isOpen, runStudyRuns, type StudyRunsOptions } from '../workflow/studyRuns.ts'
import { checkBegun, runState } from '../workflow/studyState.ts'
import {
  type AnalysedSystem,
  analyseSystems,
  type ComparedSystems,
  compareSystems,
  fitWindow,
} from '../workflow/transport.ts'
import { transportReport } from '../workflow/transportReport.ts'

export interface StudyResults {
  readonly study: string
  readonly mode: StudyMode
  readonly report: string
  readonly cases: readonly {
    readonly name: string
    readonly value: number
    readonly ci95: readonly [number, number]
    readonly unit: string
    readonly published: number | null
    readonly status: 'predicted'
  }[]
  /** Ratios that two single boxes of one material show. */
  readonly null_ratio_ci95: readonly [number, number]
  readonly sentence: string
}

/** A run that was planned and has not finished. */
export interface MissingRun {
  readonly run: string
  readonly reason: string
}

export interface StudyOutcome {
  /** Of the headline; null when it was not among the cases and has not been run before, and when the study was stopped. */
  readonly results: StudyResults | null
  readonly systems: readonly AnalysedSystem[]
  readonly missing: readonly MissingRun[]
}

/**
 * Runs what is left of a study's plan, then analyses and reports the case that it is about.
 * @throws SimulationError when runs have failed and what is left cannot be compared
 */
export async function runTransportStudy(
  recipe: LoadedStudyRecipe,
  cases: readonly PlannedCase[],
  identity: StudyIdentity,
  options: StudyRunsOptions,
): Promise<StudyOutcome> {
  const { directory, signal } = options
  recordStudy(directory, recipe.recipe, cases, identity)
  const states = await runStudyRuns(cases, options)
  const missing = inOrder(cases).flatMap(({ key }): MissingRun[] => {
    const state = states.get(key)!
    if (state.kind === 'finished') return []
    return [{ run: key, reason: state.kind === 'failed' ? state.message : 'not finished' }]
  })
  if (signal?.aborted) return { results: null, systems: [], missing }

  const study = loadStudy(directory)
  const headline = comparable(study)
  if (!headline) {
    if (missing.length === 0) return { results: null, systems: [], missing }
    throw new SimulationError({
      message: missing.map(({ run, reason }) => `${run}: ${reason}`).join('\n'),
      where: directory,
      hint: 'what the others have written is complete and stays where it is; --retry-failed tries these again',
    })
  }
  const analysed = await analyse(study, headline)
  const path = join(directory, RUN_FILES.report)
  writeFileAtomic(path, renderTransportReport(analysed.report))
  const results = resultsOf(study, analysed, path)
  writeJson(join(directory, RUN_FILES.results), results)
  return { results, systems: analysed.systems, missing }
}

/**
 * Finds what is wrong before anything is made or run.
 * @param directory of the study; null for one that is new
 * @throws UserError for anything wrong with a kind of box, and naming the runs that have begun otherwise
 */
export function checkTransportStudy(
  cases: readonly PlannedCase[],
  directory: string | null,
  retryFailed: boolean,
): void {
  if (directory !== null) checkBegun(directory, inOrder(cases))
  for (const { runs } of cases.flatMap(({ systems }) => systems)) {
    const first = runs.find(({ key }) => directory === null || isOpen(runState(directory, key), retryFailed))
    if (first) prepareRun(first.loaded)
  }
}

/** The page of a study, of what has finished. @throws UserError when that is too little */
export async function reportTransportStudy(directory: string): Promise<TransportReport> {
  const study = loadStudy(directory)
  const headline = comparable(study)
  if (headline) return (await analyse(study, headline)).report
  throw new UserError({
    message: 'no two systems of the headline have a run that has finished',
    where: directory,
    hint: `go on with it: hoplite study … --out ${directory}`,
  })
}

/** The case that the sentence is about, if two of its systems have something to show. */
function comparable({ cases }: LoadedStudy): LoadedCase | undefined {
  return cases.find(one => one.headline && withRuns(one).length >= 2)
}

const withRuns = ({ systems }: LoadedCase) =>
  systems.filter(({ runs }) => runs.some(({ state }) => state.kind === 'finished'))

interface Analysed {
  readonly systems: readonly AnalysedSystem[]
  readonly comparison: ComparedSystems
  readonly report: TransportReport
}

async function analyse(study: LoadedStudy, headline: LoadedCase): Promise<Analysed> {
  const loaded = withRuns(headline)
  const groups = await Promise.all(loaded.map(async ({ name, load }) => ({ name, runs: await load() })))
  const window = fitWindow(
    groups.flatMap(({ runs }) => runs),
    {},
  )
  const systems = analyseSystems(groups, study.species, window)
  const [first, second, ...others] = systems as [AnalysedSystem, AnalysedSystem, ...AnalysedSystem[]]
  const comparison = compareSystems(first, second)
  const report = transportReport([first, second, ...others], comparison, {
    title: study.title,
    command: study.command,
    labels: Object.fromEntries(loaded.map(({ name, label }) => [name, label])),
    colors: Object.fromEntries(loaded.flatMap(({ name, color }) => (color === null ? [] : [[name, color]]))),
    published: publishedSlopes(study).filter(({ system }) => systems.some(({ name }) => name === system)),
    publishedRatio: publishedRatio(study, first, second),
  })
  return { systems, comparison, report }
}

function publishedSlopes({ published }: LoadedStudy): PublishedSlope[] {
  if (!published) return []
  const { label, doi, slope_A2_per_ps } = published
  return Object.entries(slope_A2_per_ps).map(([system, slope]) => ({
    system,
    slope_A2_per_ps: slope,
    label,
    doi,
  }))
}

/** It is that of the first two systems: of no others, should one of them have no runs. */
function publishedRatio(
  { published, cases }: LoadedStudy,
  first: AnalysedSystem,
  second: AnalysedSystem,
): PublishedRatio | null {
  const [one, other] = cases.find(({ headline }) => headline)!.systems
  if (published?.ratio == null || one?.name !== first.name || other?.name !== second.name) return null
  const { ratio, label, doi, conditions } = published
  return { value: ratio, label, doi, conditions }
}

function resultsOf(
  { study, mode }: LoadedStudy,
  { systems, comparison, report }: Analysed,
  path: string,
): StudyResults {
  const published = (name: string) =>
    report.published.find(({ system }) => system === name)?.slope_A2_per_ps ?? null
  return {
    study,
    mode,
    report: path,
    cases: [
      ...systems.map(({ name, transport }) => ({
        name: `${report.speciesLabel} MSD slope, ${name}`,
        value: transport.slope_A2_per_ps,
        ci95: transport.slope_ci95_A2_per_ps,
        unit: 'Å²/ps',
        published: published(name),
        status: 'predicted' as const,
      })),
      {
        name: 'ratio',
        value: comparison.ratio,
        ci95: comparison.ratio_ci95,
        unit: '',
        published: report.publishedRatio?.value ?? null,
        status: 'predicted',
      },
    ],
    null_ratio_ci95: comparison.null_ratio_ci95,
    sentence: sentence(report),
  }
}
