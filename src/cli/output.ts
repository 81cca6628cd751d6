import { spawn } from 'node:child_process'
import { formatDuration } from '../format.ts'
import { REPORTS_PROGRESS } from '../study/schedule.ts'

/** Output of a command: data go to stdout, everything else to stderr. */
export interface Output {
  readonly json: boolean
  /** Writes text to stdout; nothing with --json. */
  text(text: string): void
  /** Writes the document of --json to stdout; nothing without --json. */
  document(value: object): void
  /** Writes a remark to stderr; nothing with --quiet. */
  note(text: string): void
  /** Writes a warning to stderr, also with --quiet. */
  warn(text: string): void
  /** A progress bar with rate and remaining time on stderr; nothing with --quiet. */
  progress(label: string, total: number, unit: string): Progress
  /** A table on stderr that is redrawn in place; nothing with --quiet. */
  board(): Board
}

export function createOutput(options: { json: boolean; quiet: boolean }): Output {
  const { json, quiet } = options
  return {
    json,
    text: text => {
      if (!json) process.stdout.write(`${text}\n`)
    },
    document: value => {
      if (json) process.stdout.write(`${JSON.stringify(value)}\n`)
    },
    note: text => {
      if (!quiet) process.stderr.write(`${text}\n`)
    },
    warn: text => {
      process.stderr.write(`warning: ${text}\n`)
    },
    progress: (label, total, unit) => createProgress(label, total, unit, quiet),
    board: () => createBoard(quiet),
  }
}

/** A text table: the first column and columns of words are left-aligned, columns of numbers right-aligned. */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const width = head.map((title, c) => Math.max(title.length, ...rows.map(row => (row[c] ?? '').length)))
  // A dash stands for a missing number.
  const isNumber = (cell: string) => /^[-+−–]?($|[\d.])/.test(cell)
  const alignsRight = head.map((_, c) => c > 0 && rows.every(row => isNumber(row[c] ?? '')))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, c) => (alignsRight[c] ? cell.padStart(width[c]!) : cell.padEnd(width[c]!)))
      .join('  ')
      .trimEnd()
  return [line(head), width.map(w => '─'.repeat(w)).join('──'), ...rows.map(line)].join('\n')
}

/** A number with fixed decimals; zero has no sign. */
export function fixed(value: number, decimals: number): string {
  const text = value.toFixed(decimals)
  return Number(text) === 0 ? text.replace('-', '') : text
}

/**
 * Progress on stderr: a bar that is redrawn on a terminal, a line every 10 s elsewhere. A process that a study has started
 * reports to the study instead.
 */
export interface Progress {
  /** Shows the progress. @param done amount done so far, in the unit of the progress */
  update(done: number, detail?: string): void
  /** Ends the bar; its last state stays visible. */
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
    // A resumed run begins above zero: earlier steps do not count for the rate.
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

/**
 * A table on stderr that is redrawn in place on a terminal; elsewhere a line after every event and once a minute.
 */
export interface Board {
  /** Shows the table. @param happened true after an event, which is shown at once */
  show(table: () => string, line: () => string, happened: boolean): void
  /** Ends the board; its last table stays visible. */
  finish(): void
}

const BOARD_REDRAW_MS = 200
const BOARD_LINE_MS = 60_000

export function createBoard(quiet: boolean): Board {
  if (quiet) return { show: () => {}, finish: () => {} }
  return process.stderr.isTTY === true ? terminalBoard() : lineBoard()
}

function terminalBoard(): Board {
  let shown = Number.NEGATIVE_INFINITY
  let height = 0
  let last = () => ''
  const draw = () => {
    const lines = last()
      .split('\n')
      .map(line => line.slice(0, (process.stderr.columns ?? 100) - 1))
    // Lines that have scrolled out of the window cannot be redrawn.
    const room = Math.max(1, (process.stderr.rows ?? 50) - 1)
    const visible = lines.length > room ? [...lines.slice(0, room - 1), '…'] : lines
    process.stderr.write(
      `${height > 0 ? `\x1b[${height}A\r` : ''}\x1b[J${visible.map(line => `${line}\n`).join('')}`,
    )
    height = visible.length
    shown = performance.now()
  }
  return {
    show(table, _line, happened) {
      last = table
      if (happened || performance.now() - shown >= BOARD_REDRAW_MS) draw()
    },
    finish: () => {
      if (height > 0) draw()
    },
  }
}

function lineBoard(): Board {
  let shown = performance.now()
  return {
    show(_table, line, happened) {
      if (!happened && performance.now() - shown < BOARD_LINE_MS) return
      shown = performance.now()
      process.stderr.write(`${line()}\n`)
    },
    finish: () => {},
  }
}

const OPENERS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
}

/** Opens a file in the browser of the desktop. */
export function openInBrowser(path: string): void {
  const [program, ...args] = OPENERS[process.platform] ?? ['xdg-open']
  const child = spawn(program, [...args, path], { detached: true, stdio: 'ignore' })
  child.on('error', () => process.stderr.write(`${program} is not installed: open ${path} by hand\n`))
  child.unref()
}
