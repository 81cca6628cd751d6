import { join } from 'node:path'
import { EXIT, type ExitCode, UserError } from '../errors.ts'
import { createRunDirectory } from '../files/runDirectory.ts'
import { busy, lock } from '../files/runLock.ts'
import type { PlatformChoice } from '../platform/choose.ts'
import { type LoadedStudyRecipe, loadStudyRecipe } from '../recipes/studyRecipe.ts'
import { isTransportStudy, loadStudy, type StudyMode } from '../study/loadStudy.ts'
import { estimateStudy } from '../study/studyEstimate.ts'
import { type PlannedCase, planStudy } from '../study/studyPlan.ts'
import { conditionDocument } from '../study/transportResults.ts'
import { checkTransportStudy, runTransportStudy } from '../study/transportStudy.ts'
import { describeSystems } from './msd.ts'
import type { Output } from './output.ts'
import { conditionsTable, planTable, progressLine, progressTable } from './studyTables.ts'

export interface TransportStudyRequest {
  /** Which one of those that are shipped; null for a recipe of the user's own. */
  readonly shipped: { readonly name: string; readonly mode: 'quick' | 'full' } | null
  readonly recipe: string
  readonly out: string | undefined
  /** Whether it goes on with the study of its usual directory. */
  readonly resume: boolean
  readonly retryFailed: boolean
  readonly cases: readonly string[] | undefined
  readonly replicas: number | undefined
  readonly jobs: number | undefined
  readonly platform: PlatformChoice | undefined
  readonly command: readonly string[]
}

/** What a study ends with: its document for --json, null when it was stopped. */
export interface StudyEnd {
  readonly document: object | null
  readonly code: ExitCode
}

/** What a study goes by. */
function named(
  { shipped }: TransportStudyRequest,
  { recipe }: LoadedStudyRecipe,
): { study: string; mode: StudyMode } {
  return shipped ? { study: shipped.name, mode: shipped.mode } : { study: recipe.name, mode: 'recipe' }
}

/** Where a study goes when nothing else is asked for. */
const usualDirectory = ({ recipe }: LoadedStudyRecipe) => join('runs', recipe.name)

/** Begins a study, or goes on with the one that its directory holds. */
export async function runTransport(
  request: TransportStudyRequest,
  signal: AbortSignal,
  output: Output,
): Promise<StudyEnd> {
  const recipe = loadStudyRecipe(request.recipe)
  const cases = planStudy(recipe, { cases: request.cases, replicas: request.replicas })
  const earlier = earlierStudy(request, recipe)
  const owner = earlier !== null && lock(earlier)
  if (owner) throw busy(earlier, owner)
  checkTransportStudy(cases, earlier, request.retryFailed)
  const directory = earlier ?? newDirectory(request, recipe, output)
  const runs = cases.flatMap(({ systems }) => systems.flatMap(system => system.runs))
  output.note(`${runs.length} runs in ${directory}; every figure of the report is computed now`)
  const board = output.board()
  let isLeft = false
  const leaveBoard = () => {
    if (!isLeft) board.finish()
    isLeft = true
  }
  const started = performance.now()
  const elapsed_s = () => (performance.now() - started) / 1000
  const { results, systems, overview, missing } = await runTransportStudy(
    recipe,
    cases,
    { ...named(request, recipe), command: request.command },
    {
      directory,
      jobs: request.jobs,
      platform: request.platform,
      retryFailed: request.retryFailed,
      signal,
      onProgress: progress =>
        board.show(
          () => progressTable(progress, elapsed_s()),
          () => progressLine(progress, elapsed_s()),
          progress.ended !== null,
        ),
      onAnalysis: name => {
        leaveBoard()
        output.note(`analysing ${name}`)
      },
    },
  )
  leaveBoard()
  if (signal.aborted) {
    output.note(
      `stopped with ${missing.length} of ${runs.length} runs to do; go on with:\n  ${again(request, directory)}`,
    )
    return { document: null, code: EXIT.interrupted }
  }
  const lines = missing.map(({ run, reason }) => `missing: ${run}: ${reason}`)
  const rows = overview?.conditions ?? []
  const table = rows.length > 1 || (rows.length === 1 && !results) ? `${conditionsTable(rows)}\n\n` : ''
  if (results) {
    output.text(
      `${describeSystems(systems)}\n\n${table}${results.sentence}\n\nreport: ${results.report}, and of every case in its folder`,
    )
  } else {
    output.text(
      `${table}${runs.length - missing.length} runs are done; none of the headline, so only cases have reports, each in its folder`,
    )
  }
  if (lines.length > 0)
    output.text(`${lines.join('\n')}\ntry again with:\n  ${again(request, directory)} --retry-failed`)
  const nothing = {
    ...named(request, recipe),
    report: null,
    cases: [],
    null_ratio_ci95: null,
    sentence: null,
    conditions: rows.map(conditionDocument),
    missing,
  }
  return {
    document: results ?? nothing,
    code: missing.length > 0 ? EXIT.failed : EXIT.done,
  }
}

/** The command that goes on with a study. */
function again({ shipped, recipe, cases, replicas, jobs }: TransportStudyRequest, directory: string): string {
  const words = [
    shipped ? `${shipped.name} --${shipped.mode}` : recipe,
    ...(cases ? [`--cases ${cases.join(',')}`] : []),
    ...(replicas === undefined ? [] : [`--replicas ${replicas}`]),
    ...(jobs === undefined ? [] : [`--jobs ${jobs}`]),
    `--out ${directory}`,
  ]
  return `hoplite study ${words.join(' ')}`
}

/** The study that there is in the directory asked for; null for a new one. @throws UserError when it is another */
function earlierStudy({ out, resume }: TransportStudyRequest, recipe: LoadedStudyRecipe): string | null {
  const directory = out ?? usualDirectory(recipe)
  if (!isTransportStudy(directory)) {
    if (!resume) return null
    throw new UserError({
      message: 'there is no study to go on with',
      where: directory,
      hint: 'leave --resume away to begin it, or say where it is: --out',
    })
  }
  if (out === undefined && !resume) return null
  const { name } = loadStudy(directory)
  if (name === recipe.recipe.name) return directory
  throw new UserError({
    message: `the directory holds the study ${name}, not ${recipe.recipe.name}`,
    where: directory,
    hint: 'give another --out',
  })
}

/** Makes the directory of a new study. @throws UserError */
function newDirectory({ out }: TransportStudyRequest, recipe: LoadedStudyRecipe, output: Output): string {
  const { name } = recipe.recipe
  const directory = createRunDirectory(out === undefined ? { name } : { out, name })
  const usual = usualDirectory(recipe)
  if (directory !== usual && out === undefined && isTransportStudy(usual)) {
    output.note(`a new study; ${usual} holds an earlier one, which --resume goes on with`)
  }
  return directory
}

/** Says what would be run and how long it would take. */
export async function planTransport(request: TransportStudyRequest, output: Output): Promise<StudyEnd> {
  const recipe = loadStudyRecipe(request.recipe)
  const cases = planStudy(recipe, { cases: request.cases, replicas: request.replicas })
  const directory = earlierStudy(request, recipe)
  let progress: ReturnType<Output['progress']> | undefined
  const estimate = await estimateStudy(cases, {
    directory,
    jobs: request.jobs,
    platform: request.platform,
    retryFailed: request.retryFailed,
    onBox: (done, of) => {
      progress ??= output.progress('benchmark', of, 'boxes')
      progress.update(done)
    },
  })
  progress?.finish()
  output.text(planTable(estimate))
  const others = optionalCases(recipe, cases)
  if (others.length > 0) output.text(`run only when they are named: --cases ${others.join(',')}`)
  return {
    document: {
      ...named(request, recipe),
      directory,
      cases: cases.map(({ name, conditions }) => ({ name, ...conditions })),
      runs: estimate.runs.map(({ run, state, atoms, wall, basis }) => ({
        run: run.key,
        seed: run.loaded.recipe.seed,
        atoms,
        steps: run.steps,
        time_ps: run.time_ps,
        state: state.kind,
        wall_s: wall.expected_s,
        wall_range_s: [wall.low_s, wall.high_s],
        basis,
      })),
      jobs: estimate.jobs,
      wall_s: estimate.wall.expected_s,
      wall_range_s: [estimate.wall.low_s, estimate.wall.high_s],
    },
    code: EXIT.done,
  }
}

/** Cases of the recipe that are not planned. */
function optionalCases({ recipe }: LoadedStudyRecipe, planned: readonly PlannedCase[]): string[] {
  const isPlanned = (name: string) =>
    planned.some(one => one.name === name || one.name.startsWith(`${name}-`))
  return recipe.cases.filter(({ name, optional }) => optional && !isPlanned(name)).map(({ name }) => name)
}
