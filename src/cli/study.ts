import { EXIT } from '../errors.ts'
import { createRunDirectory } from '../io/runDirectory.ts'
import { runPvdfTransport } from '../studies/pvdfTransport.ts'
import { command } from './command.ts'
import { createStopSignal } from './interrupt.ts'
import { describeSystems } from './msd.ts'

const STUDIES = ['pvdf-transport'] as const

export const studyCommand = command({
  usage: 'study <name>',
  summary: 'one published comparison end to end: simulations, analysis, report',
  example: [
    'hoplite study pvdf-transport --quick',
    'Li⁺ in PVDF against dehydrofluorinated PVDF, in minutes',
  ],
  positionals: { name: { choices: STUDIES, demandOption: true, describe: 'which comparison' } },
  options: {
    quick: { type: 'boolean', default: true, describe: 'the version that takes minutes' },
    out: { type: 'string', describe: 'directory of the study; runs/NAME when left out' },
  },
  async run(args, output, commandLine) {
    const directory = createRunDirectory(
      args.out === undefined ? { name: args.name } : { out: args.out, name: args.name },
    )
    output.note('six boxes at 700 K, charge scale 0.7; every figure of the report is computed now')
    const stop = createStopSignal(undefined)
    let progress: ReturnType<typeof output.progress> | undefined
    try {
      const { results, systems } = await runPvdfTransport({
        directory,
        command: commandLine,
        onProgress: ({ done, total }) => {
          progress ??= output.progress(args.name, total, 'steps')
          progress.update(done)
        },
        signal: stop.signal,
      })
      progress?.finish()
      output.document(results)
      output.text(describeSystems(systems))
      output.text('')
      output.text(results.sentence)
      output.text('')
      output.text(`report: ${results.report}`)
      return EXIT.done
    } catch (error) {
      if (!stop.signal.aborted) throw error
      output.note(`stopped; each run below ${directory} goes on with: hoplite resume RUN`)
      return EXIT.interrupted
    } finally {
      stop.dispose()
    }
  },
})
