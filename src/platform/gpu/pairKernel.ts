import type { CoulombForce } from '../../core/force.ts'
import type { System } from '../../core/system.ts'
import type { NonbondedModel, NonbondedTerms } from '../clusters/coefficients.ts'
import { type RowLayout, rowLayout, rowNumbers } from '../clusters/rows.ts'
import { NO_ATOM } from '../wasm/layout.ts'

/**
 * Parameters of all pairs of classes of types. Columns that are the same for every pair are part of the kernel's source;
 * only the others are looked up.
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

/** Returns the values of columns that are the same in all rows, and the other columns. */
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

/** First column of the exponentials of a row, four numbers each. */
export const EXPONENTIALS = 4

/** Turns β and s of 2^{βr+s} into b and r₀ of e^{b(r₀−r)}, the exponential of the kernels. */
export function withNaturalExponents(row: readonly number[], { exponentials }: RowLayout): number[] {
  const result = [...row]
  for (let n = 0; n < exponentials; n++) {
    const at = EXPONENTIALS + 4 * n
    result[at] = -row[at]! * Math.LN2
    result[at + 1] = -row[at + 1]! / row[at]!
  }
  return result
}

/** Arrays of the kernels, in order; see lists.ts for `list` and `masked`. */
export const PAIR_ARRAYS = ['list', 'masked', 'atoms', 'classes', 'table'] as const
/** Lattice vectors of the frame that positions are fractions of, Å. */
export const PAIR_NUMBERS = ['ax', 'ay', 'az', 'bx', 'by', 'bz', 'cx', 'cy', 'cz'] as const

/**
 * Results of the kernels for each row of a list and each atom of its cluster: the force on the atom, eV/Å, or one group of
 * twice the energies and the virial of its pairs, eV. One kernel for all would be slower than the three.
 */
export const SUMS = {
  forces: ['fx', 'fy', 'fz'],
  energies: ['pair', 'coulomb', 'vxx', 'vyy'],
  virial: ['vzz', 'vxy', 'vxz', 'vyz'],
} as const
export type Sums = keyof typeof SUMS

/** Least charge that marks a lane without an atom; see NO_ATOM in wasm/layout.ts. */
const SOMEBODY = NO_ATOM / 10

/**
 * Source of the kernel that sums over the pairs in each row of a list.
 * @param hasGaps whether some lane is no atom
 */
export function pairSource(
  table: PairTable,
  coulomb: CoulombForce | undefined,
  sums: Sums,
  hasGaps: boolean,
): string {
  const { model } = table
  const names: readonly string[] = SUMS[sums]
  const energies = sums === 'energies'
  const indent = (lines: readonly string[]) => lines.map(line => `      ${line}`).join('\n')
  const pairs = [
    ...(table.columns.length > 0 ? ['const pairRow = firstPair + classes[other][m];'] : []),
    ...pairPart(table, column => `table[pairRow][${column}]`, energies),
    ...coulombPart(table, coulomb, energies),
  ]
  /** @param count what else there is to do before a pair counts */
  const walk = (count: readonly string[]) => `    for (let m = 0; m < 4; m++) {
      let da = atoms[other][m] - sa;
      let db = atoms[other][4 + m] - sb;
      let dc = atoms[other][8 + m] - sc;
      da = da - Math.floor(da + 0.5);
      db = db - Math.floor(db + 0.5);
      dc = dc - Math.floor(dc + 0.5);
      const x = da * ax + db * bx + dc * cx;
      const y = da * ay + db * by + dc * cy;
      const z = da * az + db * bz + dc * cz;
      let r2 = x * x + y * y + z * z;
${indent([...gaps, ...count])}
      const inverse2 = 1 / r2;
      const inverse = Math.sqrt(inverse2);
      const r = r2 * inverse;
      let force = 0;
${indent(pairs)}
${indent(names.map(name => ADDED[name]!))}
    }`
  const beyond = literal(2 * model.cutoff_A ** 2)
  const gaps = hasGaps ? [`r2 = atoms[other][12 + m] > ${SOMEBODY} ? ${beyond} : r2;`] : []
  const masking = [
    'const half = Math.floor(bits * 0.5);',
    `r2 = bits - 2 * half > 0.5 ? r2 : ${beyond};`,
    'bits = half;',
  ]
  return `function (${[...PAIR_ARRAYS, ...PAIR_NUMBERS].join(', ')}) {
  const row = Math.floor(this.thread.x / 4);
  const lane = this.thread.x - 4 * row;
  const cluster = list[0][row];
  let end = list[1][row];
  let maskedEnd = list[2][row];
  const sa = atoms[cluster][lane];
  const sb = atoms[cluster][4 + lane];
  const sc = atoms[cluster][8 + lane];
  const charge = atoms[cluster][12 + lane];
${hasGaps ? `  if (charge > ${SOMEBODY}) { end = 0; maskedEnd = 0; }\n` : ''}  const firstPair = classes[cluster][lane] * ${model.classCount};
${names.map(name => `  let ${name} = 0;`).join('\n')}
  for (let k = 3; k < end; k++) {
    const other = list[k][row];
${walk([])}
  }
  let place = 1;
  for (let n = 0; n < lane; n++) {
    place = place * 16;
  }
  for (let q = 0; q < maskedEnd; q += 2) {
    const other = masked[q][cluster];
    let bits = Math.floor(masked[q + 1][cluster] / place);
${walk(masking)}
  }
  return [${names.join(', ')}];
}`
}

/** Source lines that add a pair to each sum. */
const ADDED: Readonly<Record<string, string>> = {
  fx: 'fx -= force * x;',
  fy: 'fy -= force * y;',
  fz: 'fz -= force * z;',
  pair: 'pair += pairEnergy;',
  coulomb: 'coulomb += coulombEnergy;',
  vxx: 'vxx += force * x * x;',
  vyy: 'vyy += force * y * y;',
  vzz: 'vzz += force * z * z;',
  vxy: 'vxy += force * x * y;',
  vxz: 'vxz += force * x * z;',
  vyz: 'vyz += force * y * z;',
}

/**
 * Lines that add −(dE/dr)/r of the rows of clusters/rows.ts, within their cut-off, to `force`, and find E.
 * @param lookup of what is not the same everywhere, by its place in `columns`
 */
export function pairPart(
  { layout, constants, columns }: Pick<PairTable, 'layout' | 'constants' | 'columns'>,
  lookup: (column: number) => string,
  energies: boolean,
): string[] {
  if (constants[CUTOFF2] === 0) return ['const pairEnergy = 0;']
  const column = (k: number) => {
    const value = constants[k]
    return value === undefined ? lookup(columns.indexOf(k)) : literal(value)
  }
  const hasC8 = constants[C8] !== 0
  const needsEnergy = energies || layout.switched
  const lines = [
    'const inverse4 = inverse2 * inverse2;',
    `const c6 = ${column(C6)};`,
    `const c12 = ${column(C12)};`,
    hasC8
      ? `const c8 = ${column(C8)};\n    let f = ((c12 * inverse4 + c8) * inverse2 + c6) * (inverse4 * inverse4);`
      : 'let f = (c12 * inverse4 * inverse2 + c6) * (inverse4 * inverse4);',
  ]
  if (needsEnergy) {
    lines.push(
      'const inverse6 = inverse4 * inverse2;',
      `let e = (c12 * ${1 / 12} * inverse6 + c6 * ${1 / 6}) * inverse6;`,
      hasC8 ? `e += c8 * ${1 / 8} * inverse6 * inverse2;` : '',
    )
  }
  for (let n = 0; n < layout.exponentials; n++) {
    const [decay, centre, square, linear] = [0, 1, 2, 3].map(k => column(EXPONENTIALS + 4 * n + k))
    lines.push(
      `const x${n} = Math.exp(${decay} * (${centre} - r));`,
      `f += (${square} * x${n} + ${linear}) * x${n} * inverse;`,
    )
    if (needsEnergy) lines.push(`e += (0.5 * ${square} * x${n} + ${linear}) * x${n} / ${decay};`)
  }
  const shift = EXPONENTIALS + 4 * layout.exponentials
  if (needsEnergy) lines.push(`e -= ${column(shift)};`)
  if (layout.switched) {
    const [from, scale] = [column(shift + 1), column(shift + 2)]
    lines.push(
      `const s = Math.min(Math.max((r - ${from}) * ${scale}, 0), 1);`,
      'const rest = s * (1 - s);',
      'const value = 1 - s * s * s * (10 - s * (15 - 6 * s));',
      `f = f * value + e * 30 * rest * rest * ${scale} * inverse;`,
      'e = e * value;',
    )
  }
  lines.push(`force += r2 < ${column(CUTOFF2)} ? f : 0;`)
  if (energies) lines.push(`const pairEnergy = r2 < ${column(CUTOFF2)} ? e : 0;`)
  return lines.filter(line => line !== '')
}

const [C6, C12, CUTOFF2, C8] = [0, 1, 2, 3] as const

/** Bare interaction, shifts, and what screening leaves, as polynomials in t = 2(r/R)² − 1. */
function coulombPart({ model }: PairTable, coulomb: CoulombForce | undefined, energies: boolean): string[] {
  if (!coulomb) return ['const coulombEnergy = 0;']
  const { screening, shifts } = model
  const { forceShift, energyShift } = shifts
  const isScreened = coulomb.method.name !== 'cut' && screening !== undefined
  const bareForce = forceShift === 0 ? 'inverse2' : `(inverse2 - ${literal(forceShift)})`
  const shift = energyShift === 0 ? '' : ` + ${literal(forceShift)} * r - ${literal(energyShift)}`
  const smooth = (coefficients: Float64Array) => (isScreened ? ` + ${horner(coefficients, 't')}` : '')
  const charges = `const charges = r2 < ${literal(coulomb.cutoff_A ** 2)} ? charge * atoms[other][12 + m] : 0;`
  return [
    ...(isScreened ? [`const t = r2 * ${literal(2 / coulomb.cutoff_A ** 2)} - 1;`] : []),
    charges,
    `force += charges * (inverse * ${bareForce}${smooth(screening!.force)});`,
    ...(energies ? [`const coulombEnergy = charges * (inverse${shift}${smooth(screening!.energy)});`] : []),
  ]
}

/** A polynomial. @param coefficients highest power first */
export const horner = (coefficients: ArrayLike<number>, t: string) =>
  Array.from(coefficients)
    .slice(1)
    .reduce((text, c) => `(${text} * ${t} + ${literal(c)})`, literal(coefficients[0]!))

export const literal = (value: number) => (value < 0 ? `(${value})` : String(value))

const AXES = ['x', 'y', 'z'] as const

/**
 * Arrays of the kernel, in order: forces of the rows of a pair list [4·rows, 3], eV/Å; for each atom the first of its own
 * among them and how many there are, each four further on [N, 2]; bonded forces, where there are any [N, 3], eV/Å.
 */
const SUM_ARRAYS = ['pairs', 'places', 'bonds'] as const

export const sumArrays = (hasBonds: boolean) => SUM_ARRAYS.slice(0, hasBonds ? 3 : 2)

/** Source of the kernel that sums the forces on each atom, so that no more than they are is read back, or moves atoms. */
export function sumSource(hasBonds: boolean): string {
  const each = (line: (axis: (typeof AXES)[number], c: number) => string) => AXES.map(line).join('\n')
  return `function (${sumArrays(hasBonds).join(', ')}) {
  const atom = this.thread.x;
  const from = places[atom][0];
  const count = places[atom][1];
${each((axis, c) => `  let f${axis} = ${hasBonds ? `bonds[atom][${c}]` : '0'};`)}
  for (let n = 0; n < count; n++) {
    const row = from + 4 * n;
${each((axis, c) => `    f${axis} += pairs[row][${c}];`)}
  }
  return [fx, fy, fz];
}`
}
