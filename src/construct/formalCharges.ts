/** Usual oxidation states, e. */
const USUAL: Readonly<Record<string, number>> = {
  H: 1,
  Li: 1,
  Na: 1,
  K: 1,
  Mg: 2,
  Ca: 2,
  Sr: 2,
  Ba: 2,
  Zn: 2,
  Al: 3,
  Si: 4,
  P: 5,
  Y: 3,
  Zr: 4,
  Nb: 5,
  La: 3,
  Ta: 5,
  W: 6,
  N: -3,
  O: -2,
  F: -1,
  S: -2,
  Cl: -1,
  Br: -1,
  I: -1,
}
/** First oxidation states of metals with several states, e; charge neutrality then corrects them. */
const REDOX: Readonly<Record<string, number>> = { Ti: 4, V: 3, Cr: 3, Mn: 4, Fe: 3, Co: 3, Ni: 3, Cu: 2 }

/** Symbol of a metal site whose element is drawn later. */
export const UNDECIDED = 'M'

/**
 * Formal charges that make a crystal neutral: given or usual oxidation states; the transition metals without a given
 * charge share the rest equally. A crystal without anions counts as a metal, with all charges zero.
 * @param elements [N]
 * @param given charges by element, e
 * @returns [N] e; null if the charge of an element is not known, or if the crystal cannot be made neutral
 */
export function formalCharges(
  elements: readonly string[],
  given: Readonly<Record<string, number>> = {},
): Float64Array | null {
  const known = elements.map(
    element => given[element] ?? USUAL[element] ?? REDOX[element] ?? (element === UNDECIDED ? 3 : null),
  )
  const anions = known.some(q => q !== null && q < 0)
  if (!anions && elements.every(element => given[element] === undefined)) {
    return new Float64Array(elements.length)
  }
  if (known.some(q => q === null)) return null
  const charges = Float64Array.from(known as number[])
  const excess = charges.reduce((sum, q) => sum + q, 0)
  const takers = elements.flatMap((element, i) =>
    given[element] === undefined && (element in REDOX || element === UNDECIDED) ? [i] : [],
  )
  for (const i of takers) charges[i] = charges[i]! - excess / takers.length
  return takers.length > 0 || Math.abs(excess) < 1e-9 ? charges : null
}
