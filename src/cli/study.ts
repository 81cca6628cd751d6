import { join } from 'node:path'
import { EXIT, UserError } from '../errors.ts'
import { createRunDirectory } from '../io/runDirectory.ts'
import {
  type BarrierStudyResults,
  casesOf,
  runBarrierStudy,
  type StudyMode,
} from '../studies/barrierStudy.ts'
import { LI_BARRIER } from '../studies/liBarrier.ts'
import { NI_BARRIER } from '../studies/niBarrier.ts'
import { runPvdfTransport } from '../studies/pvdfTransport.ts'
import type { JobProgress } from '../workflow/schedule.ts'
import { command } from './command.ts'
import { createStopSignal } from './interrupt.ts'
import { describeSystems } from './msd.ts'
import type { Output } from './output.ts'
import type { Progress } from './progress.ts'
import { fixed, formatTable } from './table.ts'

const STUDIES = ['pvdf-transport', 'li-barrier', 'ni-barrier'] as const
type StudyName = (typeof STUDIES)[number]

export const studyCommand = command({
  usage: 'study <name>',
  summary: 'one published comparison end to end: simulations, analysis, report; all of them with `all`',
  example: ['hoplite study li-barrier', 'barriers of Li⁺ at bare and coated surfaces, in a minute'],
  positionals: {
    name: { choices: [...STUDIES, 'all'] as const, demandOption: true, describe: 'which comparison' },
  },
  options: {
    quick: { type: 'boolean', default: false, describe: 'the version that takes minutes; the default' },
    full: { type: 'boolean', default: false, describe: 'with more variants of method, cell and model' },
    out: { type: 'string', describe: 'directory of the study; runs/NAME when left out' },
  },
  async run(args, output, commandLine) {
    const mode = modeOf(args)
    const names = args.name === 'all' ? STUDIES : [args.name]
    if (mode === 'full' && names.includes('pvdf-transport')) {
      throw new UserError({
        message: 'pvdf-transport has no full version yet',
        where: 'command line',
        hint: 'leave --full away',
      })
    }
    const directoryOf = directories(args.name, args.out)
    const stop = createStopSignal(undefined)
    const documents: object[] = []
    let directory = ''
    try {
      for (const name of names) {
        directory = directoryOf(name)
        documents.push(
          await runStudy(name, { directory, mode, command: commandLine, signal: stop.signal }, output),
        )
      }
      output.document(args.name === 'all' ? { studies: documents } : documents[0]!)
      return EXIT.done
    } catch (error) {
      if (!stop.signal.aborted) throw error
      output.note(
        `stopped; what is below ${directory} goes on with: hoplite resume RUN, hoplite neb RUN --resume`,
      )
      return EXIT.interrupted
    } finally {
      stop.dispose()
    }
  },
})

function modeOf({ quick, full }: { quick: boolean; full: boolean }): StudyMode {
  if (!(quick && full)) return full ? 'full' : 'quick'
  throw new UserError({ message: '--quick and --full exclude each other', where: 'command line' })
}

/** Where each study goes: `runs/NAME`, the directory that was asked for, or of all studies one below it each. */
function directories(asked: StudyName | 'all', out: string | undefined): (name: StudyName) => string {
  if (out === undefined) return name => createRunDirectory({ name })
  const root = createRunDirectory({ out, name: asked })
  return name => (asked === 'all' ? createRunDirectory({ out: join(root, name), name }) : root)
}

interface StudyRequest {
  readonly directory: string
  readonly mode: StudyMode
  readonly command: readonly string[]
  readonly signal: AbortSignal
}

/** @returns the document of --json */
async function runStudy(name: StudyName, request: StudyRequest, output: Output): Promise<object> {
  let progress: Progress | undefined
  const unit = name === 'pvdf-transport' ? 'steps' : 'bands'
  const onProgress = ({ done, total }: JobProgress) => {
    progress ??= output.progress(name, total, unit)
    progress.update(done)
  }
  if (name === 'pvdf-transport') {
    output.note('six boxes at 700 K, charge scale 0.7; every figure of the report is computed now')
    const { results, systems } = await runPvdfTransport({ ...request, onProgress })
    progress?.finish()
    output.text(`${describeSystems(systems)}\n\n${results.sentence}\n\nreport: ${results.report}\n`)
    return results
  }
  const study = name === 'li-barrier' ? LI_BARRIER : NI_BARRIER
  output.note(`${casesOf(study, request.mode).length} bands; every figure of the report is computed now`)
  const results = await runBarrierStudy(study, { ...request, onProgress })
  progress?.finish()
  output.text(`${describeBarriers(results)}\n\n${results.sentence}\n\nreport: ${results.report}\n`)
  return results
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
