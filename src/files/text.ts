import { UserError } from '../errors.ts'

/** Lines of a text, without line ends. */
export function splitLines(text: string): string[] {
  return text.split(/\r\n|\n|\r/)
}

/** Words of a line. */
export function splitWords(line: string): string[] {
  const trimmed = line.trim()
  return trimmed === '' ? [] : trimmed.split(/\s+/)
}

/** Parses a finite number. @param what name of the number in messages @throws UserError when it is missing or not a number */
export function parseNumber(word: string | undefined, what: string, where: string): number {
  const value = word === undefined || word === '' ? Number.NaN : Number(word)
  if (Number.isFinite(value)) return value
  throw new UserError({
    message: word === undefined ? `${what} is missing` : `${what} is '${word}', not a finite number`,
    where,
  })
}

/** Parses a whole number. @param what name of the number in messages @throws UserError when it is missing or not whole */
export function parseInteger(word: string | undefined, what: string, where: string): number {
  const value = parseNumber(word, what, where)
  if (Number.isSafeInteger(value)) return value
  throw new UserError({ message: `${what} is '${word}', not a whole number`, where })
}

/** Number of significant digits that preserves every double. */
export const EXACT = 17

/** Formats a number with up to `digits` significant digits, without trailing zeros. */
export function formatNumber(value: number, digits = 10): string {
  const rounded = Number(value.toPrecision(digits))
  return rounded === 0 ? '0' : String(rounded)
}

/** Runs a function and adds the place in the file to its UserError. */
export function located<T>(where: string, create: () => T): T {
  try {
    return create()
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause
    throw new UserError({
      message: cause.message,
      where,
      hint: cause.hint,
    })
  }
}

/**
 * The frozen flag of an atom, from its three flags: T for a coordinate that may move, F for a fixed one.
 * @param atom index, counted from 0
 * @returns 1 for a frozen atom, 0 for a free one
 * @throws UserError for mixed flags, which are not supported
 */
export function wholeAtom(mayMove: readonly string[], atom: number, where: string): 0 | 1 {
  if (mayMove.every(flag => flag === mayMove[0])) return mayMove[0] === 'T' ? 0 : 1
  throw new UserError({
    message: `atom ${atom + 1} may move along some directions only: ${mayMove.join(' ')}`,
    where,
    hint: 'give T T T for a free atom or F F F for a frozen one',
  })
}
