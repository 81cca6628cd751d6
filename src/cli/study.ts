import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { EXIT, type ExitCode, UserError } from '../errors.ts'
import { createRunDirectory } from '../files/runDirectory.ts'
import { PLATFORM_CHOICES } from '../platform/choose.ts'
import {
  type BarrierStudy,
  type BarrierStudyResults,
  casesOf,
  runBarrierStudy,
  type StudyMode,
} from '../study/barrierStudy.ts'
import { LI_BARRIER } from '../study/liBarrier.ts'
import { NI_BARRIER } from '../study/niBarrier.ts'
import { command } from './command.ts'
import { createStopSignal } from './interrupt.ts'
import { wholeNumber } from './numbers.ts'
import type { Output } from './output.ts'
import type { Progress } from './progress.ts'
import { fixed, formatTable } from './table.ts'
import { planTransport, runTransport, type StudyEnd, type TransportStudyRequest } from './transportStudy.ts'

const BARRIERS: Readonly<Record<string, BarrierStudy>> = {
  'li-barrier': LI_BARRIER,
  'ni-barrier': NI_BARRIER,
}
const RECIPES = fileURLToPath(new URL('../../runs', import.meta.url))
const QUICK = '-quick.yaml'
/** Studies of transport that are shipped: runs/NAME-quick.yaml and runs/NAME-full.yaml. */
const TRANSPORTS = readdirSync(RECIPES)
  .filter(file => file.endsWith(QUICK))
  .map(file => file.slice(0, -QUICK.length))
const STUDIES = [...TRANSPORTS, ...Object.keys(BARRIERS)]
/** Flags that only a study of transport takes. */
const TRANSPORT_FLAGS = [
  'cases',
  'replicas',
  'jobs',
  'platform',
  'resume',
  'retry-failed',
  'dry-run',
] as const

export const studyCommand = command({
  usage: 'study <name>',
  summary:
    'one comparison end to end: simulations, analysis, report; the shipped ones, or a recipe of your own',
  example: ['hoplite study li-barrier', 'barriers of Li⁺ at bare and coated surfaces, in a minute'],
  positionals: {
    name: {
      type: 'string',
      demandOption: true,
      describe: `${[...STUDIES, 'all'].join(', ')}, or the recipe of a study (.yaml)`,
    },
  },
  options: {
    quick: { type: 'boolean', default: false, describe: 'the version that takes minutes; the default' },
    full: { type: 'boolean', default: false, describe: 'with more variants of method, cell and model' },
    out: {
      type: 'string',
      describe: 'directory of the study, runs/NAME when left out; one that has begun there goes on',
    },
    resume: { type: 'boolean', default: false, describe: 'go on with the study in its usual directory' },
    'retry-failed': { type: 'boolean', default: false, describe: 'try runs again that have failed' },
    'dry-run': {
      type: 'boolean',
      default: false,
      describe: 'the runs, and the wall time to expect from a short benchmark; write nothing',
    },
    cases: { type: 'string', describe: 'cases of the recipe, such as a,b; all that are not optional' },
    replicas: { type: 'number', describe: "boxes of each system, in place of the recipe's number" },
    jobs: { type: 'number', describe: 'runs at a time; as many as there are processors' },
    platform: { choices: PLATFORM_CHOICES, describe: 'what computes the runs; auto when left out' },
  },
  async run(args, output, commandLine) {
    const mode = modeOf(args)
    const names = namesOf(args.name)
    const isOwn = isRecipe(args.name)
    const flag = TRANSPORT_FLAGS.find(name => args[name] !== undefined && args[name] !== false)
    if (flag !== undefined && !isOwn && !TRANSPORTS.includes(args.name)) {
      throw new UserError({
        message: `--${flag} has no effect on ${args.name}`,
        where: 'command line',
        hint: `it belongs to studies of transport: ${TRANSPORTS.join(', ')}, or a recipe of your own`,
      })
    }
    if (isOwn && (args.quick || args.full)) {
      throw new UserError({
        message: `--${args.full ? 'full' : 'quick'} has no effect on a recipe`,
        where: 'command line',
        hint: 'it chooses between the two versions of a shipped study; --cases chooses cases of a recipe',
      })
    }
    const root = args.name === 'all' && args.out !== undefined ? args.out : undefined
    if (root !== undefined) createRunDirectory({ out: root, name: args.name })
    const outOf = (name: string) => (root === undefined ? args.out : join(root, name))
    const transport = (name: string): TransportStudyRequest => ({
      shipped: isOwn ? null : { name, mode },
      recipe: isOwn ? name : join(RECIPES, `${name}-${mode}.yaml`),
      out: outOf(name),
      resume: args.resume,
      retryFailed: args['retry-failed'],
      cases: args.cases?.split(',').map(word => word.trim()),
      replicas: wholeNumber('--replicas', args.replicas),
      jobs: wholeNumber('--jobs', args.jobs),
      platform: args.platform,
      command: commandLine,
    })
    if (args['dry-run']) {
      const { document, code } = await planTransport(transport(args.name), output)
      output.document(document!)
      return code
    }
    const stop = createStopSignal(undefined)
    const documents: object[] = []
    let code: ExitCode = EXIT.done
    try {
      for (const name of names) {
        const barrier = BARRIERS[name]
        const ended = barrier
          ? await runBarrier(
              barrier,
              { out: outOf(name), mode, command: commandLine, signal: stop.signal },
              output,
            )
          : await runTransport(transport(name), stop.signal, output)
        if (ended.document === null) return ended.code
        documents.push(ended.document)
        if (ended.code !== EXIT.done) code = ended.code
      }
      output.document(args.name === 'all' ? { studies: documents } : documents[0]!)
      return code
    } finally {
      stop.dispose()
    }
  },
})

function modeOf({ quick, full }: { quick: boolean; full: boolean }): StudyMode {
  if (!(quick && full)) return full ? 'full' : 'quick'
  throw new UserError({ message: '--quick and --full exclude each other', where: 'command line' })
}

const isRecipe = (name: string) => /\.ya?ml$/.test(name)

/** @throws UserError when it is neither a study nor a recipe */
function namesOf(name: string): readonly string[] {
  if (name === 'all') return STUDIES
  if (STUDIES.includes(name) || isRecipe(name)) return [name]
  throw new UserError({
    message: `name is ${name}`,
    where: 'command line',
    hint: `it takes one of ${[...STUDIES, 'all'].join(', ')}, or the recipe of a study, a .yaml file`,
  })
}

async function runBarrier(
  study: BarrierStudy,
  request: { out: string | undefined; mode: StudyMode; command: readonly string[]; signal: AbortSignal },
  output: Output,
): Promise<StudyEnd> {
  const { out, mode, command, signal } = request
  const directory = createRunDirectory(out === undefined ? { name: study.name } : { out, name: study.name })
  let progress: Progress | undefined
  output.note(`${casesOf(study, mode).length} bands; every figure of the report is computed now`)
  try {
    const results = await runBarrierStudy(study, {
      directory,
      mode,
      command,
      signal,
      onProgress: ({ done, total }) => {
        progress ??= output.progress(study.name, total, 'bands')
        progress.update(done)
      },
    })
    progress?.finish()
    output.text(`${describeBarriers(results)}\n\n${results.sentence}\n\nreport: ${results.report}\n`)
    return { document: results, code: EXIT.done }
  } catch (error) {
    if (!signal.aborted) throw error
    output.note(`stopped; what is below ${directory} goes on with: hoplite neb RUN --resume`)
    return { document: null, code: EXIT.interrupted }
  }
}

function describeBarriers({ cases }: BarrierStudyResults): string {
  return formatTable(
    ['case', 'eV', 'range eV', 'published eV', 'status'],
    cases.map(({ name, value, range, published, status, converged }) => [
      name,
      fixed(value, 3),
      range ? `${fixed(range[0], 2)} to ${fixed(range[1], 2)}` : '',
      published === null ? '' : fixed(published, 2),
      converged ? status : `${status}, NOT converged`,
    ]),
  )
}
