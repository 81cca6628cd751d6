import type { System } from '../../core/system.ts'
import type { NonbondedModel, NonbondedTerms } from '../clusters/coefficients.ts'
import { rowLayout } from '../clusters/rows.ts'
import { sortPairs } from '../clusters/specialPairs.ts'
import { distinctRows } from '../reference/bondedTerm.ts'
import type { SpecialTerms } from './bondedTable.ts'
import { horner, literal, pairPart } from './pairKernel.ts'
import { type PairTable, sortColumns, withNaturalExponents } from './pairTable.ts'

/** Columns of the parameters: factors of 1/r and of the screening, then what of a row differs between pairs. */
const ROW = 2

/**
 * Pairs that lists leave out, for the kernel that gathers bonded terms: scaled ones, and what screening has left of
 * excluded ones. Of sums that end at the cut-off only: what an Ewald sum needs beyond it is not here.
 * @returns null when there is none
 */
export function createSpecialTerms(
  system: System,
  terms: NonbondedTerms,
  model: NonbondedModel,
): SpecialTerms | null {
  const { scaledPairs, excludedPairs } = sortPairs(system, terms)
  const pairs = [...scaledPairs, ...excludedPairs]
  if (pairs.length === 0) return null
  const layout = rowLayout(terms.pairs)
  const natural = new Map(pairs.map(({ row }) => [row, withNaturalExponents(row, layout)]))
  const rows = [...natural.values()]
  const { constants, columns } = sortColumns(rows, layout.width)
  const width = ROW + columns.length
  const parameters = Float64Array.from(
    pairs.flatMap(({ bare, screened, row }) => {
      const numbers = natural.get(row)!
      return [bare, screened, ...columns.map(column => numbers[column]!)]
    }),
  )
  const { offsets, values } = distinctRows(parameters, width)
  return {
    atoms: Int32Array.from(pairs.flatMap(({ i, j }) => [i, j])),
    rows: Array.from({ length: values.length / width }, (_, row) =>
      Array.from(values.subarray(row * width, (row + 1) * width)),
    ),
    rowOf: offsets.map(offset => offset / width),
    special: forceLines({ layout, constants, columns }, terms, model),
  }
}

function forceLines(
  table: Pick<PairTable, 'layout' | 'constants' | 'columns'>,
  { coulomb }: NonbondedTerms,
  { screening, shifts }: NonbondedModel,
): string[] {
  const lines = [
    'const inverse2 = 1 / r2;',
    'const inverse = Math.sqrt(inverse2);',
    'const r = r2 * inverse;',
    'let force = 0;',
    ...pairPart(table, column => `parameters[row][${ROW + column}]`, false),
  ]
  if (!coulomb) return lines
  const reach2 = coulomb.cutoff_A ** 2
  const bare = 'parameters[row][0] * inverse * inverse2'
  // Damped sums only: screening is zero where there is none.
  const smooth = `(${horner(screening!.force, 't')} - ${literal(shifts.forceShift)} * inverse)`
  return [
    ...lines,
    `const t = r2 * ${literal(2 / reach2)} - 1;`,
    `force += r2 < ${literal(reach2)} ? ${bare} + parameters[row][1] * ${smooth} : 0;`,
  ]
}
