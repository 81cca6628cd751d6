import { UserError } from '../errors.ts'

/** A signal that fires on Ctrl-C, on SIGTERM, after a time limit, and when the hoplite that started this one is gone. */
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
/** The longest that a timer can wait, 2³¹ − 1 ms; a longer one would fire at once. */
const LONGEST_S = 2_147_483

/** Reads `90s`, `30m`, `2h`. @returns seconds @throws UserError */
export function parseDuration(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([smh])$/.exec(text) ?? []
  const seconds = number === undefined ? Number.NaN : Number(number) * SECONDS[unit!]!
  if (seconds > 0 && seconds <= LONGEST_S) return seconds
  throw new UserError({
    message: Number.isNaN(seconds)
      ? `the time '${text}' is not understood`
      : `the time '${text}' is ${seconds > 0 ? 'too long' : 'no time at all'}`,
    where: 'command line',
    hint: 'write a number and a unit, up to 596h: 90s, 30m or 2h',
  })
}
