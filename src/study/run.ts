import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { type NebPlan, planNeb } from '../bands/neb.ts'
import { EXIT, UserError } from '../errors.ts'
import { sha256File, writeFileAtomic } from '../files/files.ts'
import { readManifest } from '../files/manifest.ts'
import { busy, ownerOf } from '../files/runLock.ts'
import type { PlatformChoice } from '../platform/choose.ts'
import { loadBandRecipe } from '../recipes/bandRecipe.ts'
import { loadRecipe } from '../recipes/recipe.ts'
import { prepareRun } from '../run/prepare.ts'
import type { PlannedRun, StudyPlan } from './plan.ts'
import { canonicalText, clearRun, hasCheckpoint, type RunState, runPaths, runState } from './record.ts'
import { type Job, type JobOutcome, runJobs } from './schedule.ts'

export interface RunOptions {
  /** Directory of the study; it exists. */
  readonly directory: string
  /** Runs at a time. Default: one per processor. */
  readonly jobs?: number | undefined
  /** Platform of runs that begin; the others go on with theirs. */
  readonly platform?: PlatformChoice | undefined
  readonly retryFailed: boolean
  onProgress?(progress: StudyProgress): void
  readonly signal?: AbortSignal | undefined
}

/** Progress of a study: runs done, running, failed and waiting. */
export interface StudyProgress {
  readonly groups: readonly GroupProgress[]
  /** The run that has just ended, if one has. */
  readonly ended: { readonly run: string; readonly state: RunState } | null
}

/** Progress of the runs of one case, or of all bands. */
export interface GroupProgress {
  readonly name: string
  readonly done: number
  readonly running: number
  readonly failed: number
  readonly waiting: number
  /** Work that is left in the runs that are neither done nor failed: steps of dynamics, or bands. */
  readonly workLeft: number
  /** Work that was done since the study began or went on. */
  readonly workDone: number
}

/** True for a run that is to begin or to go on. */
export const isOpen = ({ kind }: RunState, retryFailed: boolean): boolean =>
  kind === 'new' || kind === 'interrupted' || (kind === 'failed' && retryFailed)

/** The runs of a plan that are to begin or to go on. @param directory that of the study; null for a new one */
export const openRuns = <R extends PlannedRun>(
  runs: readonly R[],
  directory: string | null,
  retryFailed: boolean,
): R[] => runs.filter(({ key }) => directory === null || isOpen(runState(directory, key), retryFailed))

/**
 * Checks everything that can be wrong before anything is made or run.
 * @param directory that of the study; null for a new one
 * @returns the bands that are open, by key
 * @throws UserError for anything wrong with a kind of box or a band, naming the runs whose recipe or files have changed
 *   since they began, and for a run that another process is at work on
 */
export async function checkStudy(
  plan: StudyPlan,
  directory: string | null,
  { retryFailed, platform = 'auto' }: { retryFailed: boolean; platform?: PlatformChoice | undefined },
): Promise<ReadonlyMap<string, NebPlan>> {
  if (directory !== null) checkBegun(directory, plan.runs)
  const bands = new Map<string, NebPlan>()
  const seen = new Set<string>()
  for (const run of openRuns<PlannedRun>(plan.runs, directory, retryFailed)) {
    if (run.kind === 'neb') {
      bands.set(run.key, await planNeb(run.loaded, platform))
      continue
    }
    const kind = `${run.case}/${run.system}`
    if (!seen.has(kind)) prepareRun(run.loaded)
    seen.add(kind)
  }
  return bands
}

function checkBegun(study: string, runs: readonly PlannedRun[]): void {
  const changed: string[] = []
  for (const run of runs) {
    const { directory, file } = runPaths(study, run.key)
    const owner = ownerOf(directory)
    if (owner) throw busy(directory, owner)
    const begun = existsSync(file('results')) || hasCheckpoint(study, run.key)
    if (begun && !isUnchanged(study, run)) changed.push(run.key)
  }
  if (changed.length === 0) return
  throw new UserError({
    message: `${changed.length === 1 ? 'a run has' : `${changed.length} runs have`} begun with another recipe or other files: ${changed.join(', ')}`,
    where: study,
    hint: 'bring the old ones back, give the case another name or the study another --out, or delete these runs',
  })
}

/**
 * Compares by value: comments, and keys that give a default, change nothing. Files count by their content, so that a study
 * goes on with a program that is installed somewhere else.
 */
function isUnchanged(study: string, { kind, key, loaded }: PlannedRun): boolean {
  const { recipe: recipeFile, file } = runPaths(study, key)
  if (!existsSync(recipeFile) || !existsSync(file('manifest'))) return false
  const inputs = new Map(readManifest(file('manifest')).inputs.map(({ path, sha256 }) => [path, sha256]))
  const ran = new Set(inputs.values())
  // A band does not count its recipe among its inputs.
  if (kind === 'md' && !ran.has(sha256File(recipeFile))) return false
  const { recipe } = kind === 'md' ? loadRecipe(recipeFile) : loadBandRecipe(recipeFile)
  const now = (path: string) => (existsSync(path) && ran.has(sha256File(path)) ? sha256File(path) : path)
  return canonicalText(recipe, path => inputs.get(path) ?? path) === canonicalText(loaded.recipe, now)
}

/**
 * Runs what is not finished, each run in a process of its own: new ones from their recipe, interrupted ones from their
 * checkpoint. The message of a run that fails is kept beside its directory; the others go on.
 */
export async function runStudyRuns(plan: StudyPlan, options: RunOptions): Promise<void> {
  const { directory, retryFailed, onProgress } = options
  const runs: readonly PlannedRun[] = plan.runs
  const states = new Map(runs.map(({ key }) => [key, runState(directory, key)]))
  const open = openRuns(runs, directory, retryFailed)
  const tally = createTally(plan, states, open)
  const settled = new Set<string>()
  const settle = (outcome: JobOutcome) => {
    if (settled.has(outcome.name)) return
    settled.add(outcome.name)
    const state = stateAfter(directory, outcome)
    states.set(outcome.name, state)
    tally.end(outcome.name, state)
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
function jobOf({ kind, key, loaded }: PlannedRun, { directory, platform }: RunOptions): Job {
  const paths = runPaths(directory, key)
  // As many processes as there are processors: threads would be in each other's way.
  const threads = ['--threads', '1']
  if (hasCheckpoint(directory, key)) {
    const words = kind === 'md' ? ['resume'] : ['neb', '--resume']
    return { name: key, args: [...words, ...threads, paths.directory] }
  }
  mkdirSync(dirname(paths.recipe), { recursive: true })
  writeFileAtomic(paths.recipe, loaded.text)
  const choice = platform === undefined ? [] : ['--platform', platform]
  return { name: key, args: [kind, paths.recipe, ...threads, ...choice, '--out', paths.directory] }
}

/** Takes away what an earlier attempt has left, but for what can be gone on with. */
function makeRoom(directory: string, key: string): void {
  if (hasCheckpoint(directory, key)) rmSync(runPaths(directory, key).error, { force: true })
  else clearRun(directory, key)
}

/** The state of a run whose process has ended; the message of a failure is written beside it. */
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

/** Work of a run: its steps, or one band. */
const workOf = (run: PlannedRun): number => (run.kind === 'md' ? run.steps : 1)

/** Counts runs and work. */
function createTally(plan: StudyPlan, states: ReadonlyMap<string, RunState>, open: readonly PlannedRun[]) {
  const running = new Set<string>()
  const waiting = new Set(open.map(({ key }) => key))
  const bands = new Set(open.filter(({ kind }) => kind === 'neb').map(({ key }) => key))
  /** Work of each run: where it began just now, and where it is. */
  const work = new Map<string, { first: number; now: number }>()
  const groups = new Map<string, PlannedRun[]>()
  for (const run of plan.runs) {
    const name = run.kind === 'md' ? run.case : plan.study.recipe.name
    groups.set(name, [...(groups.get(name) ?? []), run])
  }
  const groupProgress = ([name, runs]: [string, PlannedRun[]]): GroupProgress => {
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
      workLeft: left.reduce((sum, run) => sum + workOf(run) - (work.get(run.key)?.now ?? 0), 0),
      workDone: runs.reduce((sum, { key }) => {
        const { first, now } = work.get(key) ?? { first: 0, now: 0 }
        return sum + now - first
      }, 0),
    }
  }
  return {
    begin(key: string) {
      waiting.delete(key)
      running.add(key)
    },
    /** Steps of a run: one that goes on has not done its first ones now. Iterations of a band say nothing of its end. */
    advance(key: string, now: number) {
      if (bands.has(key)) return
      work.set(key, { first: work.get(key)?.first ?? (hasGoneOn(states, key) ? now : 0), now })
    },
    end(key: string, { kind }: RunState) {
      waiting.delete(key)
      running.delete(key)
      if (bands.has(key) && kind === 'finished') work.set(key, { first: 0, now: 1 })
    },
    progress: (ended: StudyProgress['ended']): StudyProgress => ({
      groups: [...groups].map(groupProgress),
      ended,
    }),
  }
}

const hasGoneOn = (states: ReadonlyMap<string, RunState>, key: string) => states.get(key)?.kind !== 'new'
