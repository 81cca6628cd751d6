import { UserError } from '../errors.ts'

/**
 * Atoms that a parameter applies to: `{pC,dC}-pC-pC-pF`, `*-dC=dC-*`, `dC~dC-dH`.
 * An atom is a class, a type (finer than a class), a choice in braces or `*`; a bond is `-` single, `=` double,
 * `#` triple or `~` any. A pattern matches read in either direction.
 */
export interface Pattern {
  readonly text: string
  readonly atoms: readonly AtomPattern[]
  /** Order of each bond between consecutive atoms; 0 for any. */
  readonly bondOrders: readonly number[]
}

/** Type or class names, any of which matches; null for every atom. */
export type AtomPattern = readonly string[] | null

/** Sequence of atoms that a pattern is compared with: type and class of each atom, orders of the bonds between them. */
export interface Sequence {
  readonly types: readonly string[]
  readonly classes: readonly string[]
  readonly bondOrders: readonly number[]
}

const BOND_SYMBOLS = '~-=#'
const NAME = "[A-Za-z][A-Za-z0-9_+']*"
const ATOM = new RegExp(`\\*|${NAME}|\\{${NAME}(?:,${NAME})*\\}`, 'y')

/** A single atom pattern: a name, `{a,b}` or `*`. @throws UserError */
export function parseAtomPattern(text: string): AtomPattern {
  const { atoms } = parsePattern(text, 1)
  return atoms[0]!
}

/**
 * Parses a pattern.
 * @param atomCount number of atoms that the pattern must have
 * @throws UserError when the text is not a pattern of that many atoms
 */
export function parsePattern(text: string, atomCount: number): Pattern {
  const compact = text.replaceAll(' ', '')
  const atoms: AtomPattern[] = []
  const bondOrders: number[] = []
  let position = 0
  for (;;) {
    ATOM.lastIndex = position
    const atom = ATOM.exec(compact)?.[0]
    if (atom === undefined) throw patternError(text, atomCount)
    atoms.push(atom === '*' ? null : atom.replace(/[{}]/g, '').split(','))
    position += atom.length
    if (position === compact.length) break
    const order = BOND_SYMBOLS.indexOf(compact[position++]!)
    if (order < 0) throw patternError(text, atomCount)
    bondOrders.push(order)
  }
  if (atoms.length !== atomCount) throw patternError(text, atomCount)
  return { text: compact, atoms, bondOrders }
}

function patternError(text: string, atomCount: number): UserError {
  return new UserError({
    message: `'${text}' is not a pattern of ${atomCount} atom${atomCount === 1 ? '' : 's'}`,
    hint:
      atomCount === 1
        ? 'an atom is a class or type name, a choice {a,b} or *'
        : 'atoms (name, {a,b} or *) are joined by bonds (- single, = double, # triple, ~ any)',
  })
}

/** A sequence in the notation of patterns, by class, read in the direction that sorts first. */
export function formatSequence(sequence: Sequence): string {
  const write = (names: readonly string[], orders: readonly number[]) =>
    names.map((name, k) => (k === 0 ? name : BOND_SYMBOLS[orders[k - 1]!]! + name)).join('')
  const forward = write(sequence.classes, sequence.bondOrders)
  const backward = write(sequence.classes.toReversed(), sequence.bondOrders.toReversed())
  return [forward, backward].sort()[0]!
}

/** True when an atom pattern covers an atom of this type and class. */
export function matchesAtom(pattern: AtomPattern, type: string, className: string): boolean {
  return pattern === null || pattern.includes(type) || pattern.includes(className)
}

/** True when the pattern matches the sequence in either direction. */
export function matches(pattern: Pattern, sequence: Sequence): boolean {
  const count = pattern.atoms.length
  const along = (reversed: boolean) => {
    const at = (k: number, length: number) => (reversed ? length - 1 - k : k)
    return (
      pattern.atoms.every((atom, k) =>
        matchesAtom(atom, sequence.types[at(k, count)]!, sequence.classes[at(k, count)]!),
      ) &&
      pattern.bondOrders.every((order, k) => order === 0 || order === sequence.bondOrders[at(k, count - 1)])
    )
  }
  return along(false) || along(true)
}

/**
 * Compares how specific two patterns are, for sorting: by the number of `*`, then of choices, then of `~` bonds, then of
 * atoms named by class and not by type. Negative if `a` is the more specific.
 */
export function compareSpecificity(a: Openness, b: Openness, isType: (name: string) => boolean): number {
  const left = openness(a, isType)
  const right = openness(b, isType)
  const differing = left.findIndex((value, k) => value !== right[k])
  return differing < 0 ? 0 : left[differing]! - right[differing]!
}

type Openness = Pick<Pattern, 'atoms' | 'bondOrders'>

function openness(pattern: Openness, isType: (name: string) => boolean): number[] {
  return [
    pattern.atoms.filter(atom => atom === null).length,
    pattern.atoms.filter(atom => atom !== null && atom.length > 1).length,
    pattern.bondOrders.filter(order => order === 0).length,
    pattern.atoms.filter(atom => atom?.length === 1 && !isType(atom[0]!)).length,
  ]
}

/** The entry that applies, or the reason why none does. */
export type Selection<E> =
  | { readonly kind: 'found'; readonly entry: E }
  | { readonly kind: 'missing' }
  | { readonly kind: 'ambiguous'; readonly entries: readonly E[] }

/** Picks the most specific of the entries that match. Several of equal rank are ambiguous. */
export function mostSpecific<E>(
  matching: readonly E[],
  patternOf: (entry: E) => Openness,
  isType: (name: string) => boolean,
): Selection<E> {
  if (matching.length === 0) return { kind: 'missing' }
  const compare = (a: E, b: E) => compareSpecificity(patternOf(a), patternOf(b), isType)
  const [first, ...others] = [...matching].sort(compare) as [E, ...E[]]
  const rivals = others.filter(entry => compare(first, entry) === 0)
  return rivals.length === 0
    ? { kind: 'found', entry: first }
    : { kind: 'ambiguous', entries: [first, ...rivals] }
}
