import yargs, { type Argv } from 'yargs'
import { EXIT, type ExitCode, SimulationError, UserError } from '../errors.ts'
import { HOPLITE_VERSION } from '../version.ts'
import { buildCommand } from './build.ts'
import type { Outcome } from './command.ts'
import { compareCommand } from './compare.ts'
import { doctorCommand } from './doctor.ts'
import { energyCommand } from './energy.ts'
import { mdCommand } from './md.ts'
import { msdCommand } from './msd.ts'
import { reportCommand } from './report.ts'
import { resumeCommand } from './resume.ts'
import { studyCommand } from './study.ts'

const commands = [
  buildCommand,
  energyCommand,
  mdCommand,
  resumeCommand,
  msdCommand,
  compareCommand,
  studyCommand,
  reportCommand,
  doctorCommand,
]

/** Runs one command line. @returns the exit code */
export async function main(args: readonly string[]): Promise<ExitCode> {
  const outcome: Outcome = { code: EXIT.done }
  try {
    const cli: Argv = yargs([...args])
      .scriptName('hoplite')
      .usage('$0 <command>\n\nHow does a coating change the way Li⁺ and Ni move at a battery cathode?')
      .option('json', { type: 'boolean', describe: 'one JSON document on stdout', global: true })
      .option('quiet', { type: 'boolean', describe: 'no remarks and no progress on stderr', global: true })
      .demandCommand(1, 'which command?')
      .strict()
      .recommendCommands()
      .wrap(process.stdout.columns ? Math.min(110, process.stdout.columns) : 100)
      .version(HOPLITE_VERSION)
      .help()
      .exitProcess(false)
      .fail((message: string | null, error: Error | undefined, instance: Argv) => {
        if (error) throw error
        throw usageError(message ?? 'bad usage', instance)
      })
    for (const create of commands) cli.command(create(outcome))
    await cli.parseAsync()
    return outcome.code
  } catch (error) {
    return report(error, args.includes('--json'))
  }
}

function usageError(message: string, _instance: Argv): UserError {
  return new UserError({
    message,
    where: 'command line',
    hint: 'hoplite --help, or hoplite <command> --help',
  })
}

/** Says what went wrong, once. */
function report(error: unknown, json: boolean): ExitCode {
  const known = error instanceof UserError || error instanceof SimulationError
  const code = known ? error.code : EXIT.failed
  const message = error instanceof Error ? error.message : String(error)
  const where = known ? error.where : undefined
  const hint = known ? error.hint : undefined
  if (json) {
    const detail = { code, message, where: where ?? null, hint: hint ?? null }
    process.stdout.write(`${JSON.stringify({ error: detail })}\n`)
  }
  const lines = [`hoplite: ${message}`]
  if (where) lines.push(`  where: ${where}`)
  if (hint) lines.push(`  hint:  ${hint}`)
  if (!known && error instanceof Error && error.stack) lines.push(error.stack)
  process.stderr.write(`${lines.join('\n')}\n`)
  return code
}
