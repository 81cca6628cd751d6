import { SimulationError, UserError } from '../errors.ts'
import { type BarrierResults, reportBarriers } from './barriers.ts'
import type { StudyPlan } from './plan.ts'
import {
  loadStudy,
  type MissingRun,
  missingRuns,
  recordStudy,
  type StudyIdentity,
  type StudyRecord,
} from './record.ts'
import type { TransportResults } from './results.ts'
import { type RunOptions, runStudyRuns } from './run.ts'
import { reportTransport, type TransportOutcome } from './transport.ts'

/** The pages and results that a study has come to, by its kind. */
export type StudyReport =
  | ({ readonly kind: 'transport' } & TransportOutcome)
  | { readonly kind: 'barriers'; readonly results: BarrierResults | null }

export interface StudyOutcome {
  /** Null when the study was stopped. */
  readonly report: StudyReport | null
  readonly missing: readonly MissingRun[]
}

/**
 * Runs what is left of a study's plan, then analyses and reports what has finished.
 * @throws SimulationError when runs have failed and what is left cannot be compared
 */
export async function runStudy(
  plan: StudyPlan,
  identity: StudyIdentity,
  options: RunOptions & { onAnalysis?(name: string): void },
): Promise<StudyOutcome> {
  const { directory, signal } = options
  recordStudy(directory, plan, identity)
  await runStudyRuns(plan, options)
  const study = loadStudy(directory)
  const missing = missingRuns(study)
  if (signal?.aborted) return { report: null, missing }

  const report = await writePages(study, options.onAnalysis)
  if (report.results || missing.length === 0) return { report, missing }
  throw new SimulationError({
    message: missing.map(({ run, reason }) => `${run}: ${reason}`).join('\n'),
    where: directory,
    hint: 'what the others have written is complete and stays where it is; --retry-failed tries these again',
  })
}

/**
 * Writes the pages and the results of a study, of what has finished.
 * @throws UserError when that is too little
 */
export async function reportStudy(
  study: StudyRecord,
  onAnalysis?: (name: string) => void,
): Promise<TransportResults | BarrierResults> {
  const { kind, results } = await writePages(study, onAnalysis)
  if (results) return results
  throw new UserError({
    ...(kind === 'transport'
      ? {
          message: 'no two systems of the headline have a run that has finished',
          hint: `the pages of the other cases are there; go on with the study: hoplite study … --out ${study.directory}`,
        }
      : {
          message: 'no band of the study has finished',
          hint: `go on with the study: hoplite study … --out ${study.directory}`,
        }),
    where: study.directory,
  })
}

async function writePages(study: StudyRecord, onAnalysis?: (name: string) => void): Promise<StudyReport> {
  if (study.kind === 'barriers') return { kind: 'barriers', results: reportBarriers(study) }
  return { kind: 'transport', ...(await reportTransport(study, onAnalysis)) }
}
