import type { System } from '../../core/system.ts'
import type { NonbondedModel, NonbondedTerms } from '../clusters/coefficients.ts'
import { type RowLayout, rowLayout, rowNumbers } from '../clusters/rows.ts'

/**
 * Parameters of all pairs of classes of types. What is the same for every pair is part of the kernel's source, and only
 * the rest is looked up.
 */
export interface PairTable {
  readonly model: NonbondedModel
  readonly layout: RowLayout
  /** A column of the rows: its value where that is the same everywhere. */
  readonly constants: readonly (number | undefined)[]
  /** Columns that are looked up, in the order of `values`. */
  readonly columns: readonly number[]
  /** [classes², columns] */
  readonly values: Float32Array
}

export function createPairTable(system: System, terms: NonbondedTerms, model: NonbondedModel): PairTable {
  const layout = rowLayout(terms.pairs)
  const typeCount = system.typeNames.length
  const typeOf = Int32Array.from({ length: model.classCount }, (_, c) => {
    const atom = model.classOf.indexOf(c)
    return system.typeIndex[atom]!
  })
  const rows = Array.from(typeOf).flatMap(i =>
    Array.from(typeOf, j => withNaturalExponents(rowNumbers(terms.pairs, i * typeCount + j, layout), layout)),
  )
  const { constants, columns } = sortColumns(rows, layout.width)
  const values = Float32Array.from(rows.flatMap(row => columns.map(column => row[column]!)))
  return { model, layout, constants, columns, values }
}

/** What is the same in all rows, and the columns that are not. */
export function sortColumns(
  rows: readonly (readonly number[])[],
  width: number,
): Pick<PairTable, 'constants' | 'columns'> {
  const constants = Array.from({ length: width }, (_, column) => {
    const first = rows[0]![column]!
    return rows.every(row => row[column] === first) ? first : undefined
  })
  return { constants, columns: [...constants.keys()].filter(column => constants[column] === undefined) }
}

/** Where the exponentials of a row begin, four numbers each. */
export const EXPONENTIALS = 4

/** β and s of 2^{βr+s} as b and r₀ of e^{b(r₀−r)}: kernels have no other exponential. */
export function withNaturalExponents(row: readonly number[], { exponentials }: RowLayout): number[] {
  const result = [...row]
  for (let n = 0; n < exponentials; n++) {
    const at = EXPONENTIALS + 4 * n
    result[at] = -row[at]! * Math.LN2
    result[at + 1] = -row[at + 1]! / row[at]!
  }
  return result
}
