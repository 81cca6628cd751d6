import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { dirname, extname } from 'node:path'
import { UserError } from '../errors.ts'
import { PLATFORM_CHOICES } from '../platform/choose.ts'

/** Options that several commands share. */
export const RUN_DIRECTORY = { type: 'string', describe: 'run directory. Default: runs/NAME' } as const
export const MAX_TIME = {
  type: 'string',
  describe: 'write a checkpoint and stop after this time: 90s, 30m, 2h',
} as const
export const THREADS = {
  type: 'number',
  describe: 'number of threads. Default: chosen by the size of the box',
} as const
export const platformOption = (describe: string) =>
  ({ choices: PLATFORM_CHOICES, default: 'auto' as const, describe }) as const

/** The value of an optional flag. @throws UserError unless it is a positive number of at most `maximum` */
export function positive(
  flag: string,
  value: number | undefined,
  maximum = Number.POSITIVE_INFINITY,
): number | undefined {
  if (value === undefined || (value > 0 && value <= maximum)) return value
  const limit = Number.isFinite(maximum) ? ` up to ${maximum}` : ''
  throw new UserError({
    message: `${flag} is ${value}`,
    where: 'command line',
    hint: `it takes a positive number${limit}`,
  })
}

/** The value of an optional flag. @throws UserError unless it is a whole number of at least `minimum` */
export function wholeNumber(flag: string, value: number | undefined, minimum = 1): number | undefined {
  if (value === undefined || (Number.isSafeInteger(value) && value >= minimum)) return value
  throw new UserError({
    message: `${flag} is ${value}`,
    where: 'command line',
    hint: `it takes a whole number of at least ${minimum}`,
  })
}

/** The numbers of a comma-separated list. @throws UserError unless all are whole numbers from 1 to `maximum` */
export function wholeNumbers(flag: string, text: string, maximum: number): readonly number[] {
  const values = text.split(',').map(Number)
  if (values.every(n => Number.isInteger(n) && n >= 1 && n <= maximum)) return values
  throw new UserError({
    message: `${flag} is '${text}'`,
    where: 'command line',
    hint: `it takes whole numbers from 1 to ${maximum}, such as 1,2`,
  })
}

/**
 * Factors on pairs one, two and three bonds apart; undefined without the flag.
 * @throws UserError unless the flag has three numbers from 0 to 1
 */
export function factors(flag: string, text: string | undefined): [number, number, number] | undefined {
  if (text === undefined) return undefined
  const words = text.split(',').map(word => word.trim())
  const values = words.map(Number)
  if (words.length === 3 && !words.includes('') && values.every(value => value >= 0 && value <= 1))
    return values as [number, number, number]
  throw new UserError({
    message: `${flag} is '${text}'`,
    where: 'command line',
    hint: 'it takes three numbers from 0 to 1, such as 0,0,0.5',
  })
}

/**
 * Checks before a computation that its result can be written.
 * @throws UserError when the folder is missing or not writable, or when the path is a folder
 */
export function checkWritable(path: string): void {
  const folder = dirname(path)
  const refuse = (message: string, where: string) =>
    new UserError({ message, where, hint: 'give another --out' })
  if (!existsSync(folder) || !statSync(folder).isDirectory()) throw refuse('there is no such folder', folder)
  if (existsSync(path) && statSync(path).isDirectory()) throw refuse('this is a folder', path)
  try {
    accessSync(folder, constants.W_OK)
  } catch {
    throw refuse('the folder is not writable', folder)
  }
}

/** Checks the path of a report page. @throws UserError unless it ends in .html and can be written */
export function checkReportFile(path: string): void {
  if (extname(path).toLowerCase() !== '.html') {
    throw new UserError({
      message: 'the file of a report must end in .html',
      where: `--out ${path}`,
      hint: 'give a name such as report.html',
    })
  }
  checkWritable(path)
}

/** A signal on Ctrl-C, SIGTERM, SIGHUP, after a time limit, and when the parent process has ended. */
export interface StopSignal {
  readonly signal: AbortSignal
  dispose(): void
}

const REASONS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const

export function createStopSignal(maxTime_s: number | undefined): StopSignal {
  const controller = new AbortController()
  const stop = () => controller.abort()
  for (const reason of REASONS) process.on(reason, stop)
  const timer = maxTime_s === undefined ? undefined : setTimeout(stop, maxTime_s * 1000)
  return {
    signal: controller.signal,
    dispose() {
      for (const reason of REASONS) process.off(reason, stop)
      clearTimeout(timer)
    },
  }
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 }
/** Longest time of a timer, 2³¹ − 1 ms; a longer one would fire at once. */
const LONGEST_S = 2_147_483

/** Reads `90s`, `30m`, `2h` of --max-time. @returns seconds; undefined without the flag @throws UserError */
export function parseDuration(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const [, number, unit] = /^(\d+(?:\.\d+)?)([smh])$/.exec(text) ?? []
  const seconds = number === undefined ? Number.NaN : Number(number) * SECONDS[unit!]!
  if (seconds > 0 && seconds <= LONGEST_S) return seconds
  throw new UserError({
    message: Number.isNaN(seconds)
      ? `the time '${text}' is not a number with a unit`
      : `the time '${text}' is ${seconds > 0 ? 'too long' : 'zero'}`,
    where: 'command line',
    hint: 'give a number and a unit, up to 596h: 90s, 30m or 2h',
  })
}
