import { closeSync, existsSync, fsyncSync, openSync, statSync, truncateSync, writeSync } from 'node:fs'
import { UserError } from '../errors.ts'
import { readText, unwritable } from './files.ts'
import { parseNumber } from './text.ts'

/** Writer of the log.csv of a run: one header, then one row for each logged step. The first column is `step`. */
export interface LogWriter {
  readonly columns: readonly string[]
  /** Appends a row; a column without a value stays empty. @throws RangeError for a key that is not a column */
  append(row: Readonly<Record<string, number>>): void
  flush(): void
  close(): void
}

/** Contents of a log. */
export interface Log {
  readonly columns: readonly string[]
  readonly rowCount: number
  /** [rowCount] values of each column; NaN for an empty place. */
  readonly values: Readonly<Record<string, Float64Array>>
}

/**
 * Opens a log for appending; a new log begins with its header.
 * @param columns names of the columns, `step` first
 * @param lastStep rows after this step, which were written after the last checkpoint, are removed
 * @throws UserError when the file has other columns
 */
export function openLog(path: string, columns: readonly string[], lastStep?: number): LogWriter {
  if (columns[0] !== 'step') throw new RangeError('the first column of a log is step')
  const known = new Set(columns)
  const isNew = !existsSync(path) || statSync(path).size === 0
  if (!isNew) cutRows(path, columns, lastStep ?? Number.POSITIVE_INFINITY)
  let descriptor: number
  try {
    descriptor = openSync(path, 'a')
  } catch (cause) {
    throw unwritable(path, cause)
  }
  if (isNew) writeSync(descriptor, `${columns.join(',')}\n`)
  return {
    columns,
    append(row) {
      const unknown = Object.keys(row).find(key => !known.has(key))
      if (unknown !== undefined) throw new RangeError(`the log has no column ${unknown}`)
      writeSync(descriptor, `${columns.map(column => row[column] ?? '').join(',')}\n`)
    },
    flush() {
      fsyncSync(descriptor)
    },
    close() {
      closeSync(descriptor)
    },
  }
}

/** Removes rows after a step, and an incomplete last row. */
function cutRows(path: string, columns: readonly string[], lastStep: number): void {
  const text = readText(path)
  const header = text.slice(0, text.indexOf('\n') + 1)
  if (header !== `${columns.join(',')}\n`) {
    throw new UserError({
      message: `the log has the columns ${header.trim()}`,
      where: `${path}:1`,
      hint: `this run writes ${columns.join(',')}`,
    })
  }
  let end = header.length
  while (end < text.length) {
    const next = text.indexOf('\n', end) + 1
    if (next === 0 || Number(text.slice(end, text.indexOf(',', end))) > lastStep) break
    end = next
  }
  truncateSync(path, end)
}

/** Reads a log without an incomplete last row. @throws UserError with file and line */
export function readLog(path: string): Log {
  const text = readText(path)
  const lines = text.split(/\r?\n/)
  const columns = lines[0]!.split(',')
  // The text after the last line end is empty or an incomplete row.
  const rows = lines.slice(1, -1)
  const values = Object.fromEntries(columns.map(column => [column, new Float64Array(rows.length)]))
  rows.forEach((line, k) => {
    const where = `${path}:${k + 2}`
    const words = line.split(',')
    if (words.length !== columns.length) {
      throw new UserError({
        message: `the row has ${words.length} values for ${columns.length} columns`,
        where,
      })
    }
    columns.forEach((column, c) => {
      values[column]![k] =
        words[c] === '' || words[c] === 'NaN' ? Number.NaN : parseNumber(words[c], column, where)
    })
  })
  return { columns, rowCount: rows.length, values }
}
