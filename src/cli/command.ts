import type { Argv, CommandModule, InferredOptionTypes, Options, PositionalOptions } from 'yargs'
import type { ExitCode } from '../errors.ts'
import { createOutput, type Output } from './output.ts'

type Named<T> = Readonly<Record<string, T>>

/** A command as data; what `run` receives is inferred from the options. */
export interface CommandDefinition<P extends Named<PositionalOptions>, O extends Named<Options>> {
  /** As yargs spells it: `md <recipe>`. */
  readonly usage: string
  readonly summary: string
  readonly example: readonly [command: string, meaning: string]
  readonly positionals: P
  readonly options: O
  run(args: InferredOptionTypes<P & O>, output: Output): Promise<ExitCode>
}

/** What a command leaves behind for `main`. */
export interface Outcome {
  code: ExitCode
}

export function command<P extends Named<PositionalOptions>, O extends Named<Options>>(
  definition: CommandDefinition<P, O>,
): (outcome: Outcome) => CommandModule {
  return outcome => ({
    command: definition.usage,
    describe: definition.summary,
    builder: (yargs: Argv) => {
      for (const [name, options] of Object.entries(definition.positionals)) yargs.positional(name, options)
      return yargs.options(definition.options).example([[...definition.example]])
    },
    handler: async args => {
      const output = createOutput({ json: args.json === true, quiet: args.quiet === true })
      // yargs has checked the arguments against the very options that the type is inferred from.
      outcome.code = await definition.run(args as unknown as InferredOptionTypes<P & O>, output)
    },
  })
}
