import { mkdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { EXIT } from '../errors.ts'
import { writeFileAtomic } from '../files/files.ts'
import type { PlatformChoice } from '../platform/choose.ts'
import { type Job, type JobOutcome, runJobs } from './schedule.ts'
import type { PlannedCase, PlannedRun } from './studyPlan.ts'
import { clearRun, hasCheckpoint, type RunState, runPaths, runState } from './studyState.ts'

export interface StudyRunsOptions {
  /** Of the study; it exists. */
  readonly directory: string
  /** Runs at a time; as many as there are processors when left out. */
  readonly jobs?: number | undefined
  /** Of runs that begin; the others go on with theirs. */
  readonly platform?: PlatformChoice | undefined
  readonly retryFailed: boolean
  onProgress?(progress: StudyProgress): void
  readonly signal?: AbortSignal | undefined
}

/** How far a study is. */
export interface StudyProgress {
  readonly cases: readonly CaseProgress[]
  /** The run that has just ended, if one has. */
  readonly ended: { readonly run: string; readonly state: RunState } | null
}

export interface CaseProgress {
  readonly name: string
  readonly done: number
  readonly running: number
  readonly failed: number
  readonly waiting: number
  /** Of dynamics, in the runs that are neither done nor failed. */
  readonly stepsLeft: number
  /** Done since the study began or went on. */
  readonly stepsDone: number
}

/** The runs of some cases in the order in which they are run: the first box of every system, then the second, … */
export function inOrder(cases: readonly PlannedCase[]): PlannedRun[] {
  return cases.flatMap(({ systems }) => {
    const most = Math.max(...systems.map(({ runs }) => runs.length))
    return Array.from({ length: most }, (_, k) => systems.flatMap(({ runs }) => runs.slice(k, k + 1))).flat()
  })
}

/** Whether a run is to be begun or gone on with. */
export const isOpen = ({ kind }: RunState, retryFailed: boolean): boolean =>
  kind === 'new' || kind === 'interrupted' || (kind === 'failed' && retryFailed)

/**
 * Runs what is not finished, each run in a process of its own: new ones from their recipe, interrupted ones from their
 * checkpoint. A run that fails leaves what it said beside its directory; the others go on.
 */
export async function runStudyRuns(cases: readonly PlannedCase[], options: StudyRunsOptions): Promise<void> {
  const { directory, retryFailed, onProgress } = options
  const runs = inOrder(cases)
  const states = new Map(runs.map(({ key }) => [key, runState(directory, key)]))
  const open = runs.filter(({ key }) => isOpen(states.get(key)!, retryFailed))
  const tally = createTally(cases, states, open)
  const settled = new Set<string>()
  const settle = (outcome: JobOutcome) => {
    if (settled.has(outcome.name)) return
    settled.add(outcome.name)
    const state = stateAfter(directory, outcome)
    states.set(outcome.name, state)
    tally.end(outcome.name)
    onProgress?.(tally.progress({ run: outcome.name, state }))
  }
  onProgress?.(tally.progress(null))
  const jobs = open.map(run => jobOf(run, options))
  const outcomes = await runJobs(jobs, {
    concurrency: options.jobs,
    signal: options.signal,
    onStarted: ({ name }) => {
      makeRoom(directory, name)
      tally.begin(name)
      onProgress?.(tally.progress(null))
    },
    onProgress: progress => {
      for (const [name, { done }] of progress) tally.advance(name, done)
      onProgress?.(tally.progress(null))
    },
    onFinished: settle,
  })
  for (const outcome of outcomes) settle(outcome)
}

/** The command of a run; the recipe of one that begins is written. */
function jobOf({ key, loaded }: PlannedRun, { directory, platform }: StudyRunsOptions): Job {
  const paths = runPaths(directory, key)
  // As many processes as there are processors: threads would be in each other's way.
  const threads = ['--threads', '1']
  if (hasCheckpoint(directory, key)) return { name: key, args: ['resume', ...threads, paths.directory] }
  mkdirSync(dirname(paths.recipe), { recursive: true })
  writeFileAtomic(paths.recipe, loaded.text)
  const choice = platform === undefined ? [] : ['--platform', platform]
  return { name: key, args: ['md', paths.recipe, ...threads, ...choice, '--out', paths.directory] }
}

/** Takes away what an earlier attempt has left, but for what can be gone on with. */
function makeRoom(directory: string, key: string): void {
  if (hasCheckpoint(directory, key)) rmSync(runPaths(directory, key).error, { force: true })
  else clearRun(directory, key)
}

/** What has become of a run whose process has ended; a failure is written down. */
function stateAfter(directory: string, { name, exitCode, stderr }: JobOutcome): RunState {
  const state = runState(directory, name)
  if (state.kind === 'finished' || exitCode === EXIT.interrupted) return state
  const said = stderr.trim().replace(/^hoplite: /, '')
  const message = said || `it ended with exit code ${exitCode} and without results`
  const { error } = runPaths(directory, name)
  mkdirSync(dirname(error), { recursive: true })
  writeFileAtomic(error, `${message}\n`)
  return { kind: 'failed', message }
}

/** Counts runs and steps. */
function createTally(
  cases: readonly PlannedCase[],
  states: ReadonlyMap<string, RunState>,
  open: readonly PlannedRun[],
) {
  const running = new Set<string>()
  const waiting = new Set(open.map(({ key }) => key))
  /** Steps of each run: where it began just now, and where it is. */
  const steps = new Map<string, { first: number; now: number }>()
  const caseProgress = ({ name, systems }: PlannedCase): CaseProgress => {
    const runs = systems.flatMap(system => system.runs)
    const count = (kind: RunState['kind']) =>
      runs.filter(({ key }) => !running.has(key) && !waiting.has(key) && states.get(key)!.kind === kind)
        .length
    const left = runs.filter(({ key }) => running.has(key) || waiting.has(key))
    return {
      name,
      done: count('finished'),
      running: runs.filter(({ key }) => running.has(key)).length,
      failed: count('failed'),
      waiting: runs.filter(({ key }) => waiting.has(key)).length,
      stepsLeft: left.reduce((sum, run) => sum + run.steps - (steps.get(run.key)?.now ?? 0), 0),
      stepsDone: runs.reduce((sum, { key }) => {
        const { first, now } = steps.get(key) ?? { first: 0, now: 0 }
        return sum + now - first
      }, 0),
    }
  }
  return {
    begin(key: string) {
      waiting.delete(key)
      running.add(key)
    },
    /** A run that goes on has not done its first steps now. */
    advance(key: string, now: number) {
      steps.set(key, { first: steps.get(key)?.first ?? (hasGoneOn(states, key) ? now : 0), now })
    },
    end(key: string) {
      waiting.delete(key)
      running.delete(key)
    },
    progress: (ended: StudyProgress['ended']): StudyProgress => ({ cases: cases.map(caseProgress), ended }),
  }
}

const hasGoneOn = (states: ReadonlyMap<string, RunState>, key: string) => states.get(key)?.kind !== 'new'
