import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { EXIT, type ExitCode, UserError } from '../errors.ts'
import { createRunDirectory } from '../files/runDirectory.ts'
import { busy, lock } from '../files/runLock.ts'
import { PLATFORM_CHOICES, type PlatformChoice } from '../platform/choose.ts'
import { estimateStudy } from '../study/estimate.ts'
import { type PlannedBand, planStudy, type StudyPlan } from '../study/plan.ts'
import { loadStudyRecipe } from '../study/recipe.ts'
import { isStudy, loadStudy, runState, runsOf, type StudyMode } from '../study/record.ts'
import { conditionDocument } from '../study/results.ts'
import { checkStudy } from '../study/run.ts'
import { runStudy, type StudyReport } from '../study/study.ts'
import { command } from './command.ts'
import { describeSystems } from './msd.ts'
import { createStopSignal, wholeNumber } from './options.ts'
import type { Output } from './output.ts'
import {
  type BandLine,
  bandsTable,
  barriersTable,
  conditionsTable,
  planTable,
  progressLine,
  progressTable,
} from './studyTables.ts'

/** The shipped studies, each a recipe in runs/: one of its own for --full, or one that marks its cases `full`. */
const SHIPPED: Readonly<Record<string, { readonly quick: string; readonly full: string }>> = {
  'pvdf-transport': { quick: 'pvdf-transport-quick.yaml', full: 'pvdf-transport-full.yaml' },
  'li-barrier': { quick: 'li-barrier.yaml', full: 'li-barrier.yaml' },
  'ni-barrier': { quick: 'ni-barrier.yaml', full: 'ni-barrier.yaml' },
}
const RECIPES = fileURLToPath(new URL('../../runs', import.meta.url))
/** Flags that choose among the cases of one study. */
const ONE_STUDY_FLAGS = ['cases', 'replicas', 'dry-run'] as const

export const studyCommand = command({
  usage: 'study <name>',
  summary: 'run a study from simulations to report: a shipped one, or a recipe of your own',
  example: ['hoplite study li-barrier', 'barriers of Li⁺ at bare and coated surfaces, in one minute'],
  positionals: {
    name: {
      type: 'string',
      demandOption: true,
      describe: `${[...Object.keys(SHIPPED), 'all'].join(', ')}, or the recipe of a study (.yaml)`,
    },
  },
  options: {
    quick: { type: 'boolean', default: false, describe: 'run the short version (the default)' },
    full: {
      type: 'boolean',
      default: false,
      describe: 'run the full version, with more variants of method, cell and model',
    },
    out: { type: 'string', describe: 'directory of the study, new or to continue. Default: runs/NAME' },
    resume: { type: 'boolean', default: false, describe: 'continue the study in its default directory' },
    'retry-failed': { type: 'boolean', default: false, describe: 'repeat runs that have failed' },
    'dry-run': {
      type: 'boolean',
      default: false,
      describe: 'list the runs and their expected wall time from a short benchmark, write nothing',
    },
    cases: { type: 'string', describe: 'cases to run, such as a,b. Default: all that are not optional' },
    replicas: { type: 'number', describe: 'number of boxes of each system. Default: that of the recipe' },
    jobs: { type: 'number', describe: 'number of runs at a time. Default: one per processor' },
    platform: { choices: PLATFORM_CHOICES, describe: 'platform that computes the runs. Default: auto' },
  },
  async run(args, output, commandLine) {
    const { name } = args
    if (args.quick && args.full) {
      throw new UserError({ message: '--quick and --full exclude each other', where: 'command line' })
    }
    const names = name === 'all' ? Object.keys(SHIPPED) : [name]
    const flag = ONE_STUDY_FLAGS.find(key => args[key] !== undefined && args[key] !== false)
    if (flag !== undefined && name === 'all') {
      throw new UserError({
        message: `--${flag} has no effect on all`,
        where: 'command line',
        hint: `it belongs to one study: ${Object.keys(SHIPPED).join(', ')}, or a recipe of your own`,
      })
    }
    const root = name === 'all' ? args.out : undefined
    const requests = names.map((one): StudyRequest => {
      const out = root === undefined ? args.out : join(root, one)
      return {
        ...recipeOf(one, args.full),
        full: args.full,
        out,
        resume: args.resume,
        retryFailed: args['retry-failed'],
        cases: args.cases?.split(',').map(word => word.trim()),
        replicas: wholeNumber('--replicas', args.replicas),
        jobs: wholeNumber('--jobs', args.jobs),
        platform: args.platform,
        command: commandLine,
      }
    })
    if (args['dry-run']) return planned(requests[0]!, output)
    if (root !== undefined && !names.some(one => isStudy(join(root, one)))) {
      createRunDirectory({ out: root, name })
    }
    const stop = createStopSignal(undefined)
    const documents: object[] = []
    let code: ExitCode = EXIT.done
    try {
      for (const request of requests) {
        const ended = await run(request, name === 'all', stop.signal, output)
        if (ended.document === null) return ended.code
        documents.push(ended.document)
        if (ended.code !== EXIT.done) code = ended.code
      }
      output.document(name === 'all' ? { studies: documents } : documents[0]!)
      return code
    } finally {
      stop.dispose()
    }
  },
})

interface StudyRequest {
  /** Name of a shipped study; null for a recipe of the user's own. */
  readonly shipped: string | null
  /** File of the recipe. */
  readonly recipe: string
  readonly mode: StudyMode
  readonly full: boolean
  readonly out: string | undefined
  /** Continues the study in its default directory. */
  readonly resume: boolean
  readonly retryFailed: boolean
  readonly cases: readonly string[] | undefined
  readonly replicas: number | undefined
  readonly jobs: number | undefined
  readonly platform: PlatformChoice | undefined
  readonly command: readonly string[]
}

/** @throws UserError when the name is neither that of a study nor of a recipe */
function recipeOf(name: string, full: boolean): Pick<StudyRequest, 'shipped' | 'recipe' | 'mode'> {
  const shipped = SHIPPED[name]
  if (shipped) {
    const mode = full ? 'full' : 'quick'
    return { shipped: name, recipe: join(RECIPES, shipped[mode]), mode }
  }
  if (/\.ya?ml$/.test(name)) return { shipped: null, recipe: name, mode: full ? 'full' : 'recipe' }
  throw new UserError({
    message: `name is ${name}`,
    where: 'command line',
    hint: `it takes one of ${[...Object.keys(SHIPPED), 'all'].join(', ')}, or the recipe of a study, a .yaml file`,
  })
}

function planOf({ shipped, recipe, full, cases, replicas }: StudyRequest): StudyPlan {
  const study = loadStudyRecipe(recipe)
  if (full && shipped === null && !study.recipe.cases.some(one => one.full)) {
    throw new UserError({
      message: `--full has no effect on ${recipe}`,
      where: 'command line',
      hint: 'it adds the cases with `full: true`, and the recipe has none',
    })
  }
  return planStudy(study, { cases, replicas, full })
}

/** The document of a study for --json, null when it was stopped. */
interface StudyEnd {
  readonly document: object | null
  readonly code: ExitCode
}

/** Begins a study, or continues the one that its directory holds. @param anew begins it where there is none to continue */
async function run(
  request: StudyRequest,
  anew: boolean,
  signal: AbortSignal,
  output: Output,
): Promise<StudyEnd> {
  const plan = planOf(request)
  const earlier = earlierStudy(request, plan, anew)
  const owner = earlier !== null && lock(earlier)
  if (owner) throw busy(earlier, owner)
  await checkStudy(plan, earlier, request)
  const directory = earlier ?? newDirectory(request, plan, output)
  const all = plan.runs.length
  const unit = plan.kind === 'barriers' ? 'bands' : 'runs'
  output.note(`${all} ${unit} in ${directory}; every figure of the report is computed now`)
  const board = output.board()
  let isLeft = false
  const leaveBoard = () => {
    if (!isLeft) board.finish()
    isLeft = true
  }
  const started = performance.now()
  const elapsed_s = () => (performance.now() - started) / 1000
  const { report, missing } = await runStudy(plan, identityOf(request, plan), {
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
  })
  leaveBoard()
  if (!report) {
    output.note(
      `stopped with ${missing.length} of ${all} ${unit} to do; go on with:\n  ${again(request, directory)}`,
    )
    return { document: null, code: EXIT.interrupted }
  }
  output.text(describe(report, all - missing.length))
  if (missing.length > 0) {
    const lines = missing.map(one => `missing: ${one.run}: ${one.reason}`)
    output.text(`${lines.join('\n')}\ntry again with:\n  ${again(request, directory)} --retry-failed`)
  }
  return {
    document: report.results ?? withoutHeadline(report, identityOf(request, plan), missing),
    code: missing.length > 0 ? EXIT.failed : EXIT.done,
  }
}

const identityOf = ({ shipped, mode, command }: StudyRequest, { study }: StudyPlan) => ({
  study: shipped ?? study.recipe.name,
  mode,
  command,
})

function describe(report: StudyReport, done: number): string {
  const { results } = report
  if (report.kind === 'barriers') {
    return results
      ? `${barriersTable(report.results!)}\n\n${results.sentence}\n\nreport: ${results.report}\n`
      : ''
  }
  const rows = report.overview.conditions
  const table = rows.length > 1 || (rows.length === 1 && !results) ? `${conditionsTable(rows)}\n\n` : ''
  return results
    ? `${describeSystems(report.systems)}\n\n${table}${results.sentence}\n\nreport: ${results.report}, and of every case in its folder`
    : `${table}${done} runs are done; none of the headline, so only cases have reports, each in its folder`
}

/** The document of a study whose headline has not run. */
function withoutHeadline(
  report: StudyReport,
  { study, mode }: { study: string; mode: StudyMode },
  missing: readonly object[],
): object {
  const conditions = report.kind === 'transport' ? report.overview.conditions.map(conditionDocument) : []
  return { study, mode, report: null, cases: [], null_ratio_ci95: null, sentence: null, conditions, missing }
}

/** The command that continues a study. */
function again({ shipped, recipe, mode, cases, replicas, jobs }: StudyRequest, directory: string): string {
  const words = [
    shipped ?? recipe,
    ...(mode === 'recipe' ? [] : [`--${mode}`]),
    ...(cases ? [`--cases ${cases.join(',')}`] : []),
    ...(replicas === undefined ? [] : [`--replicas ${replicas}`]),
    ...(jobs === undefined ? [] : [`--jobs ${jobs}`]),
    `--out ${directory}`,
  ]
  return `hoplite study ${words.join(' ')}`
}

const defaultDirectory = ({ study }: StudyPlan) => join('runs', study.recipe.name)

/**
 * The directory that holds the study already; null for a new study.
 * @param anew null too where --resume finds none
 * @throws UserError when the directory holds another study
 */
function earlierStudy({ out, resume }: StudyRequest, plan: StudyPlan, anew: boolean): string | null {
  const directory = out ?? defaultDirectory(plan)
  if (!isStudy(directory)) {
    if (!resume || anew) return null
    throw new UserError({
      message: 'there is no study to go on with',
      where: directory,
      hint: 'leave --resume away to begin it, or say where it is: --out',
    })
  }
  if (out === undefined && !resume) return null
  const { name, kind } = loadStudy(directory)
  if (name === plan.study.recipe.name && kind === plan.kind) return directory
  throw new UserError({
    message: `the directory holds the study ${name}, not ${plan.study.recipe.name}`,
    where: directory,
    hint: 'give another --out',
  })
}

/** Makes the directory of a new study. @throws UserError */
function newDirectory({ out }: StudyRequest, plan: StudyPlan, output: Output): string {
  const { name } = plan.study.recipe
  const directory = createRunDirectory(out === undefined ? { name } : { out, name })
  const usual = defaultDirectory(plan)
  if (directory !== usual && out === undefined && isStudy(usual)) {
    output.note(`a new study; ${usual} holds an earlier one, which --resume goes on with`)
  }
  return directory
}

/** Prints what would be run, and how long runs of molecular dynamics would take. */
async function planned(request: StudyRequest, output: Output): Promise<ExitCode> {
  const plan = planOf(request)
  const directory = earlierStudy(request, plan, false)
  const { study, mode } = identityOf(request, plan)
  if (plan.kind === 'barriers') {
    const open = await checkStudy(plan, directory, request)
    const bands = plan.runs.map(run => plannedBand(run, directory, open.get(run.key)?.atoms ?? null))
    output.text(bandsTable(bands))
    output.document({ study, mode, directory, cases: plan.cases.map(({ name }) => ({ name })), runs: bands })
    return EXIT.done
  }
  let progress: ReturnType<Output['progress']> | undefined
  const estimate = await estimateStudy(plan.runs, {
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
  const others = optionalCases(plan)
  if (others.length > 0) output.text(`run only when they are named: --cases ${others.join(',')}`)
  const byKey = new Map(estimate.runs.map(one => [one.run.key, one]))
  output.document({
    study,
    mode,
    directory,
    cases: plan.cases.map(({ name, conditions }) => ({ name, ...conditions })),
    runs: plan.cases
      .flatMap(runsOf)
      .map(key => byKey.get(key)!)
      .map(({ run, state, atoms, wall, basis }) => ({
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
  })
  return EXIT.done
}

const plannedBand = (run: PlannedBand, directory: string | null, atoms: number | null): BandLine => ({
  case: run.case,
  run: run.key,
  state: directory === null ? 'new' : runState(directory, run.key).kind,
  atoms,
  images: run.loaded.recipe.band.images,
})

/** Cases of the recipe that run only when they are named, and are not planned. */
function optionalCases({ study, cases }: StudyPlan & { kind: 'transport' }): string[] {
  const isPlanned = (name: string) => cases.some(one => one.name === name || one.name.startsWith(`${name}-`))
  return study.recipe.cases.filter(one => one.optional && !isPlanned(one.name)).map(({ name }) => name)
}
