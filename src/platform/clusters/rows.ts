import type { PairForce } from '../../core/force.ts'
import { PAIR_FORMS, parametersOf, type RadialExponential, type RadialSum } from '../../forces/pair.ts'

/** An exponential without effect. */
const EMPTY: RadialExponential = { decay: 1, offset: 0, square: 0, linear: 0 }

/** The form of one pair of types as a sum that the kernels compute; null where it is none. */
const radial = (force: PairForce, pairType: number): RadialSum | null =>
  PAIR_FORMS[force.form].radial?.(parametersOf(force, pairType)) ?? null

/** Returns the energy at a distance, eV. */
function energyAt({ c6, c8, c12, exponentials }: RadialSum, r: number): number {
  const powers = c6 / 6 / r ** 6 + c8 / 8 / r ** 8 + c12 / 12 / r ** 12
  return exponentials.reduce((sum, { decay, offset, square, linear }) => {
    const x = Math.exp(offset - decay * r)
    return sum + (square * x + linear) * x
  }, powers)
}

const interacts = (force: PairForce, pairType: number) => force.cutoffs[pairType]! > 0

/** Distance where switching begins, Å; undefined without switching. */
const switchBegin = ({ truncation }: PairForce) =>
  truncation.kind === 'switched' ? truncation.from_A : undefined

/**
 * The pair terms that rows can hold, in their order: all but those that end otherwise than an earlier one between the
 * same types (another cut-off, another switch), forms that are no such sum, and exponentials that grow with distance or leave single precision.
 */
export function pairTerms(forces: readonly PairForce[]): PairForce[] {
  const taken: PairForce[] = []
  for (const force of forces) {
    const types = [...force.cutoffs.keys()].filter(t => interacts(force, t))
    const endsAlike = (other: PairForce) =>
      types
        .filter(t => interacts(other, t))
        .every(t => other.cutoffs[t] === force.cutoffs[t] && switchBegin(other) === switchBegin(force))
    if (types.every(t => radial(force, t)?.exponentials.every(isRegular)) && taken.every(endsAlike)) {
      taken.push(force)
    }
  }
  return taken
}

const isRegular = (exponential: RadialExponential) =>
  exponential.decay > 0 && exponentialNumbers(exponential).every(v => Number.isFinite(Math.fround(v)))

/** Layout of the rows of a system. */
export interface RowLayout {
  readonly exponentials: number
  readonly switched: boolean
  /** Numbers in a row. */
  readonly width: number
}

export function rowLayout(terms: readonly PairForce[]): RowLayout {
  const pairTypes = terms[0]?.cutoffs.length ?? 0
  const counts = Array.from({ length: pairTypes }, (_, t) =>
    terms.reduce((sum, term) => sum + (interacts(term, t) ? radial(term, t)!.exponentials.length : 0), 0),
  )
  const exponentials = Math.max(0, ...counts)
  const switched = terms.some(term => term.truncation.kind === 'switched')
  return { exponentials, switched, width: 5 + 4 * exponentials + (switched ? 2 : 0) }
}

/**
 * Numbers of a pair of types as assembly/potential.ts lays them out; zeros where nothing interacts.
 * @param factorOf factor of each term
 */
export function rowNumbers(
  terms: readonly PairForce[],
  pairType: number,
  layout: RowLayout,
  factorOf: (term: PairForce) => number = () => 1,
): number[] {
  const here = terms.filter(term => interacts(term, pairType))
  const parts = here.map(term => scaled(radial(term, pairType)!, factorOf(term)))
  const cutoff = here[0]?.cutoffs[pairType] ?? 0
  const total = (of: (part: RadialSum, term: PairForce) => number) =>
    parts.reduce((sum, part, k) => sum + of(part, here[k]!), 0)
  const exponentials = parts.flatMap(part => part.exponentials)
  const slots = Array.from({ length: layout.exponentials }, (_, k) => exponentials[k] ?? EMPTY)
  // A cut-off before the switch begins is a plain one.
  const from = here[0] && switchBegin(here[0])
  const switching = from === undefined || from >= cutoff ? [0, 0] : [from, 1 / (cutoff - from)]
  return [
    ...[total(part => part.c6), total(part => part.c12), cutoff ** 2, total(part => part.c8)],
    ...slots.flatMap(exponentialNumbers),
    total((part, { truncation }) => (truncation.kind === 'shifted' ? energyAt(part, cutoff) : 0)),
    ...(layout.switched ? switching : []),
  ]
}

function scaled({ c6, c8, c12, exponentials }: RadialSum, factor: number): RadialSum {
  return {
    c6: factor * c6,
    c8: factor * c8,
    c12: factor * c12,
    exponentials: exponentials.map(e => ({ ...e, square: factor * e.square, linear: factor * e.linear })),
  }
}

/** β, s, F₂, F₁ of x = 2^{βr+s} and a force of (F₂x + F₁)x; s is a whole number, which single precision holds exactly. */
function exponentialNumbers({ decay, offset, square, linear }: RadialExponential): number[] {
  const whole = Math.max(-126, Math.min(126, Math.round(offset / Math.LN2)))
  const rest = Math.exp(offset - whole * Math.LN2)
  return [-decay / Math.LN2, whole, 2 * decay * square * rest ** 2, decay * linear * rest]
}
