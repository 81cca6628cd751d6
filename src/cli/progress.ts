import { formatDuration } from '../format.ts'
import { REPORTS_PROGRESS } from '../study/schedule.ts'

/**
 * Progress on stderr: a bar that redraws itself on a terminal, a line now and then elsewhere. A process that another
 * hoplite has started reports to that one instead.
 */
export interface Progress {
  /** @param done so far, in the progress's unit */
  update(done: number, detail?: string): void
  /** Ends the bar, leaving its last state behind. */
  finish(): void
}

const BAR_WIDTH = 24
const TERMINAL_INTERVAL_MS = 100
const LINE_INTERVAL_MS = 10_000

export function createProgress(label: string, total: number, unit: string, quiet: boolean): Progress {
  if (process.env[REPORTS_PROGRESS] !== undefined && process.connected) {
    const report = (done: number) => {
      if (process.connected) process.send?.({ done, total })
    }
    return { update: throttled(report), finish: () => report(total) }
  }
  if (quiet) return { update: () => {}, finish: () => {} }
  const terminal = process.stderr.isTTY === true
  const started = performance.now()
  let shown = Number.NEGATIVE_INFINITY
  let last = ''
  let first: number | undefined

  const line = (done: number, detail: string) => {
    const seconds = (performance.now() - started) / 1000
    const fraction = total > 0 ? Math.min(1, done / total) : 1
    // A run that goes on has not done its first steps now.
    first ??= done
    const rate = seconds > 0 ? (done - first) / seconds : 0
    const left = rate > 0 ? (total - done) / rate : Number.NaN
    const filled = Math.round(fraction * BAR_WIDTH)
    const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled)
    const eta =
      fraction >= 1 ? formatDuration(seconds) : `ETA ${Number.isFinite(left) ? formatDuration(left) : '–'}`
    return `${label}  ${bar} ${(100 * fraction).toFixed(0).padStart(3)} %  ${quantity(rate)} ${unit}/s  ${eta}${detail ? `  ${detail}` : ''}`
  }
  return {
    update(done, detail = '') {
      const now = performance.now()
      last = line(done, detail)
      if (now - shown < (terminal ? TERMINAL_INTERVAL_MS : LINE_INTERVAL_MS)) return
      shown = now
      process.stderr.write(terminal ? `\r\x1b[2K${last}` : `${last}\n`)
    },
    finish() {
      if (last) process.stderr.write(terminal ? `\r\x1b[2K${last}\n` : `${last}\n`)
    },
  }
}

function throttled(report: (done: number) => void): (done: number) => void {
  let last = Number.NEGATIVE_INFINITY
  return done => {
    if (performance.now() - last < TERMINAL_INTERVAL_MS) return
    last = performance.now()
    report(done)
  }
}

const quantity = (value: number) => (value >= 100 ? value.toFixed(0) : value.toPrecision(2))
