import { UserError } from '../errors.ts'
import { PLATFORM_CHOICES } from '../platform/choose.ts'
import { readRun } from '../run/loadRun.ts'
import { overrideRecipe } from '../run/override.ts'
import { command } from './command.ts'
import { parseDuration } from './interrupt.ts'
import { simulate } from './md.ts'
import { wholeNumber } from './numbers.ts'

export const resumeCommand = command({
  usage: 'resume <directory>',
  summary: 'goes on with a run from its last checkpoint, appending',
  example: ['hoplite resume runs/pvdf-700K --steps-more 10000', 'a longer production'],
  positionals: { directory: { type: 'string', demandOption: true, describe: 'run directory' } },
  options: {
    'steps-total': { type: 'number', describe: 'length of the last stage, in steps' },
    'steps-more': { type: 'number', describe: 'steps to add to the last stage' },
    platform: { choices: PLATFORM_CHOICES, describe: "what computes; the run's own choice when left out" },
    threads: { type: 'number', describe: 'threads that share each step; as many as pay when left out' },
    'max-time': { type: 'string', describe: 'stop after this wall time, with a checkpoint: 90s, 30m, 2h' },
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
        hint: 'the one is the length of the last stage, the other what is added to it',
      })
    }
    const production = loaded.recipe.stages.at(-1)!
    const planned =
      'time_ps' in production ? Math.round((production.time_ps * 1000) / production.timestep_fs) : 0
    const productionSteps = total ?? (more === undefined ? undefined : planned + more)
    const asked = PLATFORM_CHOICES.find(choice => choice === manifest.platform?.asked)
    return simulate(
      {
        loaded: overrideRecipe(loaded, { productionSteps }),
        directory: args.directory,
        resume: true,
        platform: args.platform ?? asked ?? 'auto',
        threads: wholeNumber('--threads', args.threads),
        maxTime_s: args['max-time'] === undefined ? undefined : parseDuration(args['max-time']),
        command: commandLine,
      },
      output,
    )
  },
})
