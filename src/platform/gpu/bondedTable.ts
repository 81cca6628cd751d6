import type { AngleForce, BondForce, DihedralForce, Force, ImproperForce } from '../../core/force.ts'
import type { System } from '../../core/system.ts'
import type { NonbondedModel, NonbondedTerms } from '../clusters/coefficients.ts'
import { rowLayout } from '../clusters/rows.ts'
import { sortPairs } from '../clusters/specialPairs.ts'
import { distinctRows } from '../reference/bondedTerm.ts'
import { horner, literal, type PairTable, pairPart, sortColumns, withNaturalExponents } from './pairKernel.ts'

/** Terms that a kernel computes by the same lines. */
export type BondedKind =
  | 'harmonic bond'
  | 'morse bond'
  | 'angle'
  | 'series'
  | 'harmonic improper'
  | 'special pair'

/**
 * Entries of terms of one kind for atoms in one place: `outer` atoms are at an end of the term, and the entry lists its
 * atoms from this end; `inner` atoms are the middle of an angle or at an end of the axis of a torsion.
 */
export interface Section {
  readonly kind: BondedKind
  readonly place: 'outer' | 'inner'
  /** Numbers of each entry: the other atoms in the order of `VIEWS`, and the row of `parameters`. */
  readonly width: number
}

/** A column of the parameters of series: dE/dφ = Σ value·cos nφ or value·sin nφ. */
export interface Harmonic {
  readonly n: number
  readonly part: 'cosine' | 'sine'
}

/** Atoms whose entries lie side by side, so that threads that run together read them together. */
export const LANES = 32

export interface BondedTable {
  readonly sections: readonly Section[]
  /** Columns of the parameters of series; other kinds have columns of their own. */
  readonly harmonics: readonly Harmonic[]
  readonly slices: number
  /** [sections, slices] first row in `entries` of every `LANES` atoms. */
  readonly starts: Float32Array
  /**
   * [rows, LANES] of each section and slice how many entries its atoms have, one row, and below that the numbers of
   * their entries, a column for each atom.
   */
  readonly entries: Float32Array
  /** [M, parameterWidth] every set of parameters once; see `TERMS` in ./bonded.ts for the columns. */
  readonly parameters: Float32Array
  readonly parameterWidth: number
  /** Most entries of an atom in a section. */
  readonly longest: number
  /** Lines that find −(dE/dr)/r of a special pair, `force`, from `r2` and `parameters[row]`. */
  readonly special: readonly string[]
}

/** Pairs within three bonds, whose non-bonded interaction is scaled or excluded; see `createSpecialTerms`. */
export interface SpecialTerms extends Pick<BondedTable, 'special'> {
  /** [2M] */
  readonly atoms: Int32Array
  readonly rows: readonly (readonly number[])[]
  /** [M] index into `rows` */
  readonly rowOf: Int32Array
}

/** Terms on named atoms except restraints, which act on unwrapped positions. */
export type BondedForce = BondForce | AngleForce | DihedralForce | ImproperForce

export const isBonded = (force: Force): force is BondedForce =>
  force.kind === 'bond' || force.kind === 'angle' || force.kind === 'dihedral' || force.kind === 'improper'

/** Orders of the atoms of a term, by their number: the atom of the entry, then the others as the kernel reads them. */
const VIEWS: Readonly<Record<number, Readonly<Record<Section['place'], readonly (readonly number[])[]>>>> = {
  2: {
    outer: [
      [0, 1],
      [1, 0],
    ],
    inner: [],
  },
  3: {
    outer: [
      [0, 1, 2],
      [2, 1, 0],
    ],
    inner: [[1, 0, 2]],
  },
  4: {
    outer: [
      [0, 1, 2, 3],
      [3, 2, 1, 0],
    ],
    inner: [
      [1, 0, 2, 3],
      [2, 3, 1, 0],
    ],
  },
}

/** The terms of a force. */
interface Terms {
  readonly kind: BondedKind
  /** [M·size] */
  readonly atoms: Int32Array
  readonly size: number
  /** Numbers that the kernel reads of each different set of parameters. */
  readonly rows: readonly (readonly number[])[]
  /** [M] index into `rows` */
  readonly rowOf: Int32Array
}

/** @returns null when there is no term */
export function createBondedTable(
  atomCount: number,
  forces: readonly BondedForce[],
  special?: SpecialTerms | null,
): BondedTable | null {
  const { terms, harmonics } = withoutZeros([
    ...forces.filter(({ atoms }) => atoms.length > 0).map(force => termsOf(force)),
    ...(special ? [{ kind: 'special pair' as const, size: 2, ...special }] : []),
  ])
  if (terms.length === 0) return null
  const parameterWidth = Math.max(...terms.flatMap(({ rows }) => rows.map(row => row.length)))
  const parameters: number[] = []
  const placed = terms.map(one => {
    const firstRow = parameters.length / parameterWidth
    for (const row of one.rows) {
      for (let c = 0; c < parameterWidth; c++) parameters.push(row[c] ?? 0)
    }
    return { ...one, firstRow }
  })
  const sections = [...new Set(terms.map(({ kind }) => kind))].flatMap(kind => {
    const parts = placed.filter(one => one.kind === kind)
    const width = parts[0]!.size
    return (['outer', 'inner'] as const).flatMap(place => {
      const views = VIEWS[width]![place]
      return views.length === 0 ? [] : [{ kind, place, width, views, parts }]
    })
  })
  return {
    sections: sections.map(({ kind, place, width }) => ({ kind, place, width })),
    harmonics,
    parameters: Float32Array.from(parameters),
    parameterWidth,
    special: special?.special ?? [],
    ...layOut(atomCount, sections),
  }
}

interface FilledSection extends Section {
  readonly views: readonly (readonly number[])[]
  readonly parts: readonly (Terms & { readonly firstRow: number })[]
}

function layOut(atomCount: number, sections: readonly FilledSection[]) {
  const slices = Math.ceil(atomCount / LANES)
  const starts = new Float32Array(sections.length * slices)
  let rowCount = 0
  let longest = 1
  sections.forEach(({ width, views, parts }, section) => {
    const counts = new Int32Array(slices * LANES)
    for (const { atoms, size } of parts) {
      for (let at = 0; at < atoms.length; at += size) {
        for (const [place] of views) counts[atoms[at + place!]!]!++
      }
    }
    for (let slice = 0; slice < slices; slice++) {
      const most = counts.subarray(slice * LANES, (slice + 1) * LANES).reduce((m, n) => Math.max(m, n), 0)
      starts[section * slices + slice] = rowCount
      rowCount += 1 + width * most
      longest = Math.max(longest, most)
    }
  })
  const entries = new Float32Array(rowCount * LANES)
  sections.forEach(({ width, views, parts }, section) => {
    for (const { atoms, size, firstRow, rowOf } of parts) {
      for (let term = 0; term < rowOf.length; term++) {
        for (const view of views) {
          const atom = atoms[size * term + view[0]!]!
          const count = LANES * starts[section * slices + Math.floor(atom / LANES)]! + (atom % LANES)
          const first = count + LANES * (1 + width * entries[count]!++)
          for (let k = 1; k < size; k++) entries[first + LANES * (k - 1)] = atoms[size * term + view[k]!]!
          entries[first + LANES * (size - 1)] = firstRow + rowOf[term]!
        }
      }
    }
  })
  return { slices, starts, entries, longest }
}

function termsOf(force: BondedForce): Terms {
  switch (force.kind) {
    case 'bond':
      return force.form === 'harmonic'
        ? terms('harmonic bond', 2, force, ([k, r0]) => [k!, r0!, ...inTwo(r0! * r0!)])
        : terms('morse bond', 2, force, ([D, a, r0]) => [2 * D! * a!, a!, r0!, ...inTwo(r0! * r0!)])
    case 'angle':
      return terms('angle', 3, force, ([k, theta0]) => [k!, ...inTwo(theta0!)])
    case 'dihedral':
      return seriesTerms(force)
    case 'improper':
      return force.form === 'harmonic'
        ? terms('harmonic improper', 4, force, ([k, chi0]) => [k!, ...inTwo(chi0!)])
        : seriesTerms(force)
  }
}

/** A number as two in single precision. */
const inTwo = (value: number): [number, number] => [Math.fround(value), value - Math.fround(value)]

/** dE/dφ of Fourier series: cosine and sine of φ, of 2φ and so on. */
const seriesTerms = ({
  atoms,
  order,
  coefficients,
}: Pick<DihedralForce, 'atoms' | 'order' | 'coefficients'>) =>
  terms('series', 4, { atoms, parameters: coefficients }, given => {
    const size = given.reduce((sum, value) => sum + Math.abs(value), 0)
    return Array.from({ length: order }, (_, k) => {
      const [cosine, sine] = [given[k + 1]!, given[order + k + 2]!]
      // sin π, which phases of π bring along, is not quite zero where it should be.
      return [Math.abs(sine) > 1e-14 * size ? (k + 1) * sine : 0, -(k + 1) * cosine]
    }).flat()
  })

function terms(
  kind: BondedKind,
  size: number,
  { atoms, parameters }: { readonly atoms: Int32Array; readonly parameters: Float64Array },
  numbers: (given: readonly number[]) => number[],
): Terms {
  const width = (parameters.length * size) / atoms.length
  const { offsets, values } = distinctRows(parameters, width)
  const rows = Array.from({ length: values.length / width }, (_, row) =>
    numbers(Array.from(values.subarray(row * width, (row + 1) * width))),
  )
  return { kind, size, atoms, rows, rowOf: offsets.map(offset => offset / width) }
}

/** Series without the columns that are zero everywhere. */
function withoutZeros(all: readonly Terms[]): { terms: Terms[]; harmonics: Harmonic[] } {
  const rows = all.flatMap(one => (one.kind === 'series' ? one.rows : []))
  const most = rows.reduce((m, row) => Math.max(m, row.length), 0)
  const columns = Array.from({ length: most }, (_, c) => c).filter(c => rows.some(row => (row[c] ?? 0) !== 0))
  const terms = all.flatMap(one => {
    if (one.kind !== 'series') return [one]
    return columns.length === 0 ? [] : [{ ...one, rows: one.rows.map(row => columns.map(c => row[c] ?? 0)) }]
  })
  const harmonics = columns.map((c): Harmonic => ({ n: (c >> 1) + 1, part: c % 2 === 0 ? 'cosine' : 'sine' }))
  return { terms, harmonics }
}

/** Columns of the parameters: factors of 1/r and of the screening, then what of a row differs between pairs. */
const ROW = 2

/**
 * Pairs that lists leave out, for the kernel that gathers bonded terms: scaled ones, and what screening has left of
 * excluded ones. For sums that end at the cut-off only: the pairs of an Ewald sum beyond it are not included.
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
