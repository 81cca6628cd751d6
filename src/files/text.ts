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

/** @param what the number's name in the message @throws UserError when it is missing or not a finite number */
export function parseNumber(word: string | undefined, what: string, where: string): number {
  const value = word === undefined || word === '' ? Number.NaN : Number(word)
  if (Number.isFinite(value)) return value
  throw new UserError({
    message: word === undefined ? `${what} is missing` : `${what} is '${word}', not a finite number`,
    where,
  })
}

/** @throws UserError when it is missing or not a whole number */
export function parseInteger(word: string | undefined, what: string, where: string): number {
  const value = parseNumber(word, what, where)
  if (Number.isSafeInteger(value)) return value
  throw new UserError({ message: `${what} is '${word}', not a whole number`, where })
}

/** Significant digits that give every double back. */
export const EXACT = 17

/** A number with up to `digits` significant digits, without trailing zeros. */
export function formatNumber(value: number, digits = 10): string {
  const rounded = Number(value.toPrecision(digits))
  return rounded === 0 ? '0' : String(rounded)
}

/** Runs a constructor and adds the place in the file to the error that it may throw. */
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
