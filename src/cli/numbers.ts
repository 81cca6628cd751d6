import { UserError } from '../errors.ts'

/** @throws UserError unless the flag is left out or a positive number, at most `maximum` */
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

/** @throws UserError unless the flag is left out or a whole number of at least `minimum` */
export function wholeNumber(flag: string, value: number | undefined, minimum = 1): number | undefined {
  if (value === undefined || (Number.isSafeInteger(value) && value >= minimum)) return value
  throw new UserError({
    message: `${flag} is ${value}`,
    where: 'command line',
    hint: `it takes a whole number of at least ${minimum}`,
  })
}

/** @throws UserError unless it is a list of whole numbers from 1 to `maximum` */
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
 * Factors on pairs one, two and three bonds apart.
 * @throws UserError unless the flag is left out or three numbers from 0 to 1
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
