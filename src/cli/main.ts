import yargs, { type Argv } from 'yargs'
import { closest } from '../core/yaml.ts'
import { EXIT, type ExitCode, SimulationError, UserError } from '../errors.ts'
import { HOPLITE_VERSION } from '../version.ts'
import type { Command, Invocation } from './command.ts'

/** All commands in the order of the help; a module is loaded when its command is used. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  build: async () => (await import('./build.ts')).buildCommand,
  energy: async () => (await import('./energy.ts')).energyCommand,
  md: async () => (await import('./md.ts')).mdCommand,
  resume: async () => (await import('./resume.ts')).resumeCommand,
  neb: async () => (await import('./neb.ts')).nebCommand,
  msd: async () => (await import('./msd.ts')).msdCommand,
  compare: async () => (await import('./compare.ts')).compareCommand,
  study: async () => (await import('./study.ts')).studyCommand,
  report: async () => (await import('./report.ts')).reportCommand,
  serve: async () => (await import('./serve.ts')).serveCommand,
  bench: async () => (await import('./bench.ts')).benchCommand,
  doctor: async () => (await import('./doctor.ts')).doctorCommand,
}
const GLOBAL_FLAGS = ['json', 'quiet', 'help', 'version']

/** Options of yargs: one spelling of each flag, no `--no-`, no conversion of types. */
const PARSING = {
  'boolean-negation': false,
  'camel-case-expansion': false,
  'dot-notation': false,
  'parse-numbers': false,
  'parse-positional-numbers': false,
}

/** Runs one command line. @returns the exit code */
export async function main(commandLine: readonly string[]): Promise<ExitCode> {
  const invocation: Invocation = { commandLine, code: EXIT.done }
  try {
    const commands = await commandsOf(commandLine)
    const cli: Argv = yargs([...commandLine])
      .locale('en')
      .parserConfiguration(PARSING)
      .scriptName('hoplite')
      .usage('$0 <command>\n\nHow does a coating change the way Li⁺ and Ni move at a battery cathode?')
      .option('json', { type: 'boolean', describe: 'write one JSON document to stdout', global: true })
      .option('quiet', {
        type: 'boolean',
        describe: 'write no remarks and no progress to stderr; warnings stay',
        global: true,
      })
      .demandCommand(1, 'which command?')
      .strict()
      .wrap(process.stdout.columns ? Math.min(110, process.stdout.columns) : 100)
      .version(HOPLITE_VERSION)
      .help()
      .exitProcess(false)
      .fail((message: string | null, error: Error | undefined) => {
        // yargs passes its own errors and those of commands.
        if (error && error.name !== 'YError') throw error
        throw usageError(error?.message ?? message ?? 'bad usage', commandLine, commands)
      })
    for (const { module } of commands) cli.command(module(invocation))
    await cli.parseAsync()
    return invocation.code
  } catch (error) {
    return report(error, commandLine.includes('--json'))
  }
}

/** The commands named in a command line; all commands when none is named, for the list in the help. */
async function commandsOf(commandLine: readonly string[]): Promise<readonly Command[]> {
  const named = commandNames().filter(name => commandLine.includes(name))
  return Promise.all((named.length > 0 ? named : commandNames()).map(name => COMMANDS[name]!()))
}

/** The error of a mistake that yargs reports. */
function usageError(
  message: string,
  commandLine: readonly string[],
  commands: readonly Command[],
): UserError {
  const name = commandLine.find(word => !word.startsWith('-'))
  const command = commands.find(candidate => candidate.name === name)
  const refuse = (text: string, hint: string) => new UserError({ message: text, where: 'command line', hint })
  const help = `hoplite ${command ? `${command.name} ` : ''}--help`
  if (!command) {
    const near = name === undefined ? undefined : closest(name, commandNames())
    if (name === undefined) return refuse('a command is missing', `one of ${commandNames().join(', ')}`)
    return refuse(
      `there is no command '${name}'`,
      near ? `did you mean ${near}?` : `commands: ${commandNames().join(', ')}`,
    )
  }
  const [, unknown] = /^Unknown arguments?: (.+)$/.exec(message) ?? []
  if (unknown !== undefined) {
    const [first] = unknown.split(', ') as [string]
    const flag = commandLine.find(word => /^-/.test(word) && word.replace(/^--?/, '').startsWith(first))
    const near = closest(first, [...command.flags, ...GLOBAL_FLAGS])
    if (flag === undefined) return refuse(`unexpected '${first}'`, `usage: hoplite ${command.usage}`)
    return refuse(`unknown flag ${flag.split('=')[0]}`, near ? `did you mean --${near}?` : help)
  }
  if (message.startsWith('Not enough non-option arguments')) {
    return refuse('an argument is missing', `usage: hoplite ${command.usage}`)
  }
  const [, needed] = /^Missing required arguments?: (.+)$/.exec(message) ?? []
  if (needed !== undefined) return refuse(`--${needed} is missing`, help)
  const [, bare] = /^Not enough arguments following: (.+)$/.exec(message) ?? []
  if (bare !== undefined) return refuse(`--${bare} needs a value`, help)
  const [, flag, given, choices] = /Argument: (.+), Given: (.+), Choices: (.+)/.exec(message) ?? []
  if (flag !== undefined) {
    const typed = command.flags.includes(flag) ? `--${flag}` : flag
    return refuse(`${typed} is ${unquoted(given!)}`, `it takes one of ${unquoted(choices!)}`)
  }
  return refuse(message, help)
}

const unquoted = (text: string) => text.replaceAll('"', '')

const commandNames = () => Object.keys(COMMANDS)

/** Writes an error to stderr, and with --json to stdout. @returns the exit code */
function report(error: unknown, json: boolean): ExitCode {
  const known = error instanceof UserError || error instanceof SimulationError
  const code = known ? error.code : EXIT.failed
  const message = printable(error instanceof Error ? error.message : String(error))
  const where = known && error.where !== undefined ? printable(error.where) : undefined
  const hint = known && error.hint !== undefined ? printable(error.hint) : undefined
  if (json) {
    const detail = { code, message, where: where ?? null, hint: hint ?? null }
    process.stdout.write(`${JSON.stringify({ error: detail })}\n`)
  }
  const lines = [`hoplite: ${message}`]
  if (where) lines.push(`  where: ${where}`)
  if (hint) lines.push(`  hint:  ${hint}`)
  if (!known && !isSystemError(error) && error instanceof Error && error.stack) lines.push(error.stack)
  process.stderr.write(`${lines.join('\n')}\n`)
  return code
}

const LONGEST_MESSAGE = 2000

/** A message without control characters, which a quoted file may contain and a terminal would obey. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are removed here
  const clean = text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]+/g, '\ufffd')
  return clean.length > LONGEST_MESSAGE ? `${clean.slice(0, LONGEST_MESSAGE)}…` : clean
}

/** True for errors of the operating system, such as a full disk; their message suffices without a stack. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && 'errno' in error
}
