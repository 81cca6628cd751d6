import { join } from 'node:path'
import { SimulationError, UserError } from '../errors.ts'
import { writeFileAtomic, writeJson } from '../files/files.ts'
import { RUN_FILES } from '../files/runDirectory.ts'
import type { StudyOverview, TransportReport } from '../report/model.ts'
import { renderTransportReport } from '../report/page.ts'
import { activations } from './activation.ts'
import { type AnalysedCase, analyseCase, type CaseResult, withRuns, yardstickOf } from './compare.ts'
import { absentConditions, conditionRows } from './conditions.ts'
import type { TransportRecord } from './record.ts'
import { type TransportResults, transportResults } from './results.ts'
import type { SystemsCase } from './schema.ts'

export interface TransportOutcome {
  /** Results of the headline; null when it has no two systems with a finished run. */
  readonly results: TransportResults | null
  /** Systems of the headline. */
  readonly systems: CaseResult['systems']
  /** All cases beside each other. */
  readonly overview: StudyOverview
}

/** Returns the content of the page of one case. @throws UserError when none of its runs has finished */
export async function reportStudyCase(study: TransportRecord, name: string): Promise<TransportReport> {
  const one = study.cases.find(candidate => candidate.name === name)!
  if (withRuns(study, one).length === 0) {
    throw new UserError({
      message: 'no run of the case has finished',
      where: join(study.directory, name),
      hint: `go on with the study: hoplite study … --out ${study.directory}`,
    })
  }
  const { report } = await analyseCase(study, one)
  return onCasePage(study, name, report)
}

/** The case that the sentence is about, if two of its systems have something to show. */
function comparable(study: TransportRecord): SystemsCase | undefined {
  return study.cases.find(one => one.headline && withRuns(study, one).length >= 2)
}

/** Writes the pages of all cases, and where there is a headline that of the study, with its results beside it. */
export async function reportTransport(
  study: TransportRecord,
  onAnalysis?: (name: string) => void,
): Promise<TransportOutcome> {
  const { overview, headline } = await writeCasePages(study, onAnalysis)
  if (!headline) return { results: null, systems: [], overview }
  const path = join(study.directory, RUN_FILES.report)
  writeFileAtomic(path, renderTransportReport(headline.report))
  const results = transportResults(study, headline, overview, path)
  // The file stands beside the page, wherever the study is moved to.
  writeJson(join(study.directory, RUN_FILES.results), { ...results, report: RUN_FILES.report })
  return { results, systems: headline.result.systems, overview }
}

interface AnalysedStudy {
  readonly overview: StudyOverview
  /** Its report becomes the page of the study. */
  readonly headline: AnalysedCase | null
}

/** Analyses one case after the other, and keeps figures and the report of the headline: trajectories are large. */
async function writeCasePages(
  study: TransportRecord,
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
function inRecipeOrder(study: TransportRecord): SystemsCase[] {
  const order = study.routes.flatMap(({ cases }) => cases)
  const rank = ({ name, headline }: SystemsCase) => (headline ? -1 : order.indexOf(name))
  return study.cases.filter(one => withRuns(study, one).length > 0).sort((a, b) => rank(a) - rank(b))
}

/** Adds the link to the page of the whole study, where there is one. */
function onCasePage(study: TransportRecord, name: string, report: TransportReport): TransportReport {
  const hasOverview = comparable(study) !== undefined && study.cases.length > 1
  const page = hasOverview ? `../${RUN_FILES.report}` : null
  return {
    ...report,
    title: `${study.title}, ${name}`,
    study: { name, page, conditions: [], absent: [], activations: [] },
  }
}

function overviewOf(
  study: TransportRecord,
  main: SystemsCase | undefined,
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
