import { UserError } from '../errors.ts'

/**
 * Turns the three flags of an atom, T where a coordinate may move, into one: atoms are frozen as a whole or not at all.
 * @param atom 0-based
 * @returns 1 for a frozen atom
 * @throws UserError for mixed flags
 */
export function wholeAtom(mayMove: readonly string[], atom: number, where: string): 0 | 1 {
  if (mayMove.every(flag => flag === mayMove[0])) return mayMove[0] === 'T' ? 0 : 1
  throw new UserError({
    message: `atom ${atom + 1} may move along some directions only: ${mayMove.join(' ')}`,
    where,
    hint: 'an atom is free or frozen as a whole: T T T or F F F',
  })
}
