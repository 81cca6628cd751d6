/**
 * A table on stderr that redraws itself in place on a terminal; elsewhere a line whenever something has happened, and now
 * and then.
 */
export interface Board {
  /** @param happened whether the line is worth saying at once */
  show(table: () => string, line: () => string, happened: boolean): void
  /** Leaves the last table behind. */
  finish(): void
}

const TERMINAL_INTERVAL_MS = 200
const LINE_INTERVAL_MS = 60_000

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
    // What has scrolled out of the window cannot be drawn over.
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
      if (happened || performance.now() - shown >= TERMINAL_INTERVAL_MS) draw()
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
      if (!happened && performance.now() - shown < LINE_INTERVAL_MS) return
      shown = performance.now()
      process.stderr.write(`${line()}\n`)
    },
    finish: () => {},
  }
}
