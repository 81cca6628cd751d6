import { UserError } from '../errors.ts'
import { PLATFORM_CHOICES } from '../platform/choose.ts'
import { overrideRecipe } from '../recipes/recipe.ts'
import { plannedSteps } from '../recipes/stages.ts'
import { readRun } from '../run/loadRun.ts'
import { command } from './command.ts'
import { simulate } from './md.ts'
import { MAX_TIME, parseDuration, THREADS, wholeNumber } from './options.ts'

export const resumeCommand = command({
  usage: 'resume <directory>',
  summary: 'continue a run from its last checkpoint, in the same directory',
  example: ['hoplite resume runs/pvdf-700K --steps-more 10000', 'add 10000 steps to the last stage'],
  positionals: { directory: { type: 'string', demandOption: true, describe: 'run directory' } },
  options: {
    'steps-total': { type: 'number', describe: 'number of steps of the last stage, finished steps included' },
    'steps-more': { type: 'number', describe: 'number of steps to add to the last stage' },
    platform: {
      choices: PLATFORM_CHOICES,
      describe: 'platform that computes forces. Default: that of the run',
    },
    threads: THREADS,
    'max-time': MAX_TIME,
  },
  async run(args, output, commandLine) {
    const { manifest, loaded } = readRun(args.directory)
    const [total, more] = [
      wholeNumber('--steps-total', args['steps-total']),
      wholeNumber('--steps-more', args['steps-more']),
    ]
    if (total !== undefined && more !== undefined) {
      throw new UserError({
        message: 'give --steps-total or --steps-more, not both',
        where: 'command line',
        hint: '--steps-total is the length of the last stage, --steps-more is added to it',
      })
    }
    const planned = plannedSteps(loaded.recipe.stages.slice(-1))
    const productionSteps = total ?? (more === undefined ? undefined : planned + more)
    const asked = PLATFORM_CHOICES.find(choice => choice === manifest.platform?.asked)
    return simulate(
      {
        loaded: overrideRecipe(loaded, { productionSteps }),
        directory: args.directory,
        resume: true,
        platform: args.platform ?? asked ?? 'auto',
        threads: wholeNumber('--threads', args.threads),
        maxTime_s: parseDuration(args['max-time']),
        command: commandLine,
      },
      output,
    )
  },
})
