import { join } from 'node:path'
import { SimulationError, UserError } from '../errors.ts'
import { writeFileAtomic, writeJson } from '../files/files.ts'
import { RUN_FILES } from '../files/runDirectory.ts'
import type { LoadedStudyRecipe } from '../recipes/studyRecipe.ts'
import type { TransportReport } from '../report/model.ts'
import { renderTransportReport } from '../report/page.ts'
import type { StudyOverview } from '../report/studyModel.ts'
import { prepareRun } from '../run/prepare.ts'
import { activations } from './activation.ts'
import type { CaseResult } from './caseResult.ts'
import { absentConditions, conditionRows, routesOf } from './conditions.ts'
import { type LoadedCase, type LoadedStudy, loadStudy, recordStudy, type StudyIdentity } from './loadStudy.ts'
import type { PlannedCase } from './studyPlan.ts'
import { inOrder, isOpen, runStudyRuns, type StudyRunsOptions } from './studyRuns.ts'
import { checkBegun, runState } from './studyState.ts'
import { type AnalysedCase, analyseCase, withRuns, yardstickOf } from './transportCase.ts'
import { type MissingRun, missingRuns, type StudyResults, studyResults } from './transportResults.ts'

export interface StudyOutcome {
  /** Of the headline; null when it was not among the cases and has not been run before, and when the study was stopped. */
  readonly results: StudyResults | null
  /** Of the headline. */
  readonly systems: CaseResult['systems']
  /** All cases side by side; null when the study was stopped. */
  readonly overview: StudyOverview | null
  readonly missing: readonly MissingRun[]
}

/**
 * Runs what is left of a study's plan, then analyses and reports its cases, and the one that it is about.
 * @throws SimulationError when runs have failed and what is left cannot be compared
 */
export async function runTransportStudy(
  recipe: LoadedStudyRecipe,
  cases: readonly PlannedCase[],
  identity: StudyIdentity,
  options: StudyRunsOptions & { onAnalysis?(name: string): void },
): Promise<StudyOutcome> {
  const { directory, signal } = options
  recordStudy(directory, recipe.recipe, cases, identity)
  await runStudyRuns(cases, options)
  const study = loadStudy(directory)
  const missing = missingRuns(study)
  if (signal?.aborted) return { results: null, systems: [], overview: null, missing }

  const reported = await writePages(study, options.onAnalysis)
  if (reported.results || missing.length === 0) return { ...reported, missing }
  throw new SimulationError({
    message: missing.map(({ run, reason }) => `${run}: ${reason}`).join('\n'),
    where: directory,
    hint: 'what the others have written is complete and stays where it is; --retry-failed tries these again',
  })
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

/**
 * Writes the pages and the results of a study, of what has finished.
 * @throws UserError when that is too little
 */
export async function reportTransportStudy(
  directory: string,
  onAnalysis?: (name: string) => void,
): Promise<StudyResults> {
  const { results } = await writePages(loadStudy(directory), onAnalysis)
  if (results) return results
  throw new UserError({
    message: 'no two systems of the headline have a run that has finished',
    where: directory,
    hint: `the pages of the other cases are there; go on with the study: hoplite study … --out ${directory}`,
  })
}

/** What the page of one case shows. @throws UserError when none of its runs has finished */
export async function reportStudyCase(directory: string, name: string): Promise<TransportReport> {
  const study = loadStudy(directory)
  const one = study.cases.find(candidate => candidate.name === name)!
  if (withRuns(one).length === 0) {
    throw new UserError({
      message: 'no run of the case has finished',
      where: join(directory, name),
      hint: `go on with the study: hoplite study … --out ${directory}`,
    })
  }
  const { report } = await analyseCase(study, one)
  return onCasePage(study, name, report)
}

/** The case that the sentence is about, if two of its systems have something to show. */
function comparable({ cases }: LoadedStudy): LoadedCase | undefined {
  return cases.find(one => one.headline && withRuns(one).length >= 2)
}

/** The pages of all cases, and where there is a headline that of the study, with its results beside it. */
async function writePages(
  study: LoadedStudy,
  onAnalysis?: (name: string) => void,
): Promise<Pick<StudyOutcome, 'results' | 'systems'> & { readonly overview: StudyOverview }> {
  const { overview, headline } = await writeCasePages(study, onAnalysis)
  if (!headline) return { results: null, systems: [], overview }
  const path = join(study.directory, RUN_FILES.report)
  writeFileAtomic(path, renderTransportReport(headline.report))
  const results = studyResults(study, headline, overview, path)
  // The file stands beside the page, wherever the study is moved to.
  writeJson(join(study.directory, RUN_FILES.results), { ...results, report: RUN_FILES.report })
  return { results, systems: headline.result.systems, overview }
}

interface AnalysedStudy {
  readonly overview: StudyOverview
  /** Its report is that of the study's page. */
  readonly headline: AnalysedCase | null
}

/** One case after the other: what is kept of each are numbers, and the headline's report. */
async function writeCasePages(
  study: LoadedStudy,
  onAnalysis?: (name: string) => void,
): Promise<AnalysedStudy> {
  const { directory } = study
  const main = comparable(study)
  const results: CaseResult[] = []
  const unreadable = new Map<string, string>()
  let headline: AnalysedCase | null = null
  for (const one of inRecipeOrder(study)) {
    onAnalysis?.(one.name)
    try {
      const analysed = await analyseCase(study, one)
      const page = renderTransportReport(onCasePage(study, one.name, analysed.report))
      writeFileAtomic(join(directory, one.name, RUN_FILES.report), page)
      results.push(analysed.result)
      if (one === main) headline = analysed
    } catch (error) {
      // One case that cannot be analysed does not lose the others.
      if (one === main || !(error instanceof UserError || error instanceof SimulationError)) throw error
      unreadable.set(one.name, error.message)
    }
  }
  const overview = overviewOf(study, main, results, unreadable)
  if (!headline) return { overview, headline: null }
  return { overview, headline: { ...headline, report: { ...headline.report, study: overview } } }
}

/** Cases with runs to show, the headline first. */
function inRecipeOrder(study: LoadedStudy): LoadedCase[] {
  const order = routesOf(study).flatMap(({ cases }) => cases)
  const rank = ({ name, headline }: LoadedCase) => (headline ? -1 : order.indexOf(name))
  return study.cases.filter(one => withRuns(one).length > 0).sort((a, b) => rank(a) - rank(b))
}

/** With the way back to the page on which all cases stand, where there is one. */
function onCasePage(study: LoadedStudy, name: string, report: TransportReport): TransportReport {
  const hasOverview = comparable(study) !== undefined && study.cases.length > 1
  const page = hasOverview ? `../${RUN_FILES.report}` : null
  return {
    ...report,
    title: `${study.title}, ${name}`,
    study: { name, page, conditions: [], absent: [], activations: [] },
  }
}

function overviewOf(
  study: LoadedStudy,
  main: LoadedCase | undefined,
  results: readonly CaseResult[],
  unreadable: ReadonlyMap<string, string>,
): StudyOverview {
  const yardstick = yardstickOf(study)
  const conditions = conditionRows(results, yardstick)
  return {
    name: main?.name ?? '',
    page: null,
    conditions,
    absent: absentConditions(study, conditions, yardstick).map(({ name, reason }) => ({
      name,
      reason: unreadable.get(name) ?? reason,
    })),
    activations: activations(results, main?.conditions.temperature_K ?? null),
  }
}
