import type { Argv, CommandModule, InferredOptionTypes, Options, PositionalOptions } from 'yargs'
import { type ExitCode, UserError } from '../errors.ts'
import { createOutput, type Output } from './output.ts'

type Named<T> = Readonly<Record<string, T>>

/** A command as data; the type of the arguments of `run` follows from the options. */
export interface CommandDefinition<P extends Named<PositionalOptions>, O extends Named<Options>> {
  /** Name and positional arguments in the notation of yargs: `md <recipe>`. */
  readonly usage: string
  readonly summary: string
  readonly example: readonly [command: string, meaning: string]
  readonly positionals: P
  readonly options: O
  /** Runs the command. @param commandLine words of the command line, for the manifest */
  run(args: InferredOptionTypes<P & O>, output: Output, commandLine: readonly string[]): Promise<ExitCode>
}

/** One call of the program: its command line and its exit code. */
export interface Invocation {
  readonly commandLine: readonly string[]
  code: ExitCode
}

/** A command as `main` uses it. */
export interface Command {
  readonly name: string
  readonly usage: string
  readonly flags: readonly string[]
  module(invocation: Invocation): CommandModule
}

export function command<P extends Named<PositionalOptions>, O extends Named<Options>>(
  definition: CommandDefinition<P, O>,
): Command {
  const { usage, summary, example, positionals, options } = definition
  return {
    name: usage.split(' ')[0]!,
    usage,
    flags: Object.keys(options),
    module: invocation => ({
      command: usage,
      describe: summary,
      builder: (yargs: Argv) => {
        for (const [name, positional] of Object.entries(positionals)) yargs.positional(name, positional)
        for (const [name, option] of Object.entries(options)) yargs.option(name, registered(option))
        return yargs.example([[...example]])
      },
      handler: async args => {
        const output = createOutput({ json: isSet(args.json), quiet: isSet(args.quiet) })
        const values: Record<string, unknown> = { ...args }
        for (const [name, option] of Object.entries(positionals))
          values[name] = read(name, option, args[name])
        for (const [name, option] of Object.entries(options)) {
          values[name] = read(`--${name}`, option, args[name])
        }
        // yargs and `read` have checked the arguments against the options from which the type is inferred.
        const checked = values as InferredOptionTypes<P & O>
        invocation.code = await definition.run(checked, output, invocation.commandLine)
      },
    }),
  }
}

/** The option for yargs. Numbers are read as text: yargs turns `x` into NaN and nothing into 0. */
function registered(option: Options): Options {
  if (option.type === 'boolean') return option
  const { type, ...untyped } = option
  return { ...(type === 'number' ? untyped : option), requiresArg: true }
}

/** True for a flag that is set; yargs makes a list of a flag that is given twice. */
const isSet = (given: unknown) => given === true || (Array.isArray(given) && given.includes(true))

/** The value of an option. @throws UserError for a second value, an empty text, or a number that is not finite */
function read(flag: string, option: Options | PositionalOptions, given: unknown): unknown {
  if (option.type === 'boolean') return isSet(given)
  if (given === undefined) return given
  if (Array.isArray(given) && option.array !== true) {
    throw new UserError({
      message: `${flag} is given ${given.length} times: ${given.join(', ')}`,
      where: 'command line',
      hint: 'give one value',
    })
  }
  if (given === '' || (Array.isArray(given) && given.includes(''))) {
    throw new UserError({
      message: `${flag} is empty`,
      where: 'command line',
      hint: String(option.describe),
    })
  }
  if (option.type !== 'number') return given
  const value = Number(given)
  if (Number.isFinite(value)) return value
  throw new UserError({
    message: `${flag} is '${given}'`,
    where: 'command line',
    hint: 'give a number',
  })
}
