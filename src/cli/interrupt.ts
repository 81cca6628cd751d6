import { UserError } from '../errors.ts'

/** A signal that fires on Ctrl-C, on SIGTERM, and after a time limit. */
export interface StopSignal {
  readonly signal: AbortSignal
  dispose(): void
}

export function createStopSignal(maxTime_s: number | undefined): StopSignal {
  const controller = new AbortController()
  const stop = () => controller.abort()
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  const timer = maxTime_s === undefined ? undefined : setTimeout(stop, maxTime_s * 1000)
  return {
    signal: controller.signal,
    dispose() {
      process.off('SIGINT', stop)
      process.off('SIGTERM', stop)
      clearTimeout(timer)
    },
  }
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 }

/** Reads `90s`, `30m`, `2h`. @returns seconds @throws UserError */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([smh])$/.exec(text)
  if (match) return Number(match[1]) * SECONDS[match[2]!]!
  throw new UserError({
    message: `the time '${text}' is not understood`,
    where: 'command line',
    hint: 'write a number and a unit: 90s, 30m or 2h',
  })
}
