import { type Board, createBoard } from './board.ts'
import { createProgress, type Progress } from './progress.ts'

/** Where a command's words go: data to stdout, everything else to stderr. */
export interface Output {
  readonly json: boolean
  /** Text for people, on stdout; nothing under --json. */
  text(text: string): void
  /** The one document of --json, on stdout; nothing without it. */
  document(value: object): void
  /** A remark, on stderr; nothing under --quiet. */
  note(text: string): void
  /** A bar with rate and time left, on stderr; nothing under --quiet. */
  progress(label: string, total: number, unit: string): Progress
  /** A table that redraws itself, on stderr; nothing under --quiet. */
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
    progress: (label, total, unit) => createProgress(label, total, unit, quiet),
    board: () => createBoard(quiet),
  }
}
