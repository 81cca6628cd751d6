import { type Box, createBox } from '../core/box.ts'
import { elementOfMass } from '../core/elements.ts'
import type { Structure } from '../core/structure.ts'
import { createTopology } from '../core/topology.ts'
import { UserError } from '../errors.ts'
import { type LammpsHeader, type LammpsRow, type LammpsSection, splitLammpsData } from './lammpsSections.ts'
import { parseInteger, parseNumber } from './text.ts'

export const ATOM_STYLES = ['atomic', 'charge', 'molecular', 'full'] as const
export type AtomStyle = (typeof ATOM_STYLES)[number]
export type LammpsUnits = 'real' | 'metal'

/** Bonds, angles, dihedrals or impropers of a data file. */
export interface LammpsTerms {
  /** [M] type, from 1. */
  readonly types: Int32Array
  /** [M·k] atom indices, from 0. */
  readonly atoms: Int32Array
}

/** Coefficients of one section as text, in the units of the file. */
export interface LammpsCoefficients {
  /** Style in the comment of the section (`Bond Coeffs # harmonic`); null if there is none. */
  readonly style: string | null
  readonly where: string
  /** By type, from 1. */
  readonly rows: ReadonlyMap<number, LammpsRow>
}

export const TERM_KINDS = ['bond', 'angle', 'dihedral', 'improper'] as const
export type TermKind = (typeof TERM_KINDS)[number]

/** A LAMMPS data file: its structure in internal units, its coefficients in those of the file. */
export interface LammpsData {
  readonly file: string
  readonly units: LammpsUnits
  /** `assumed`: real for molecular and full atoms, metal for atomic and charge. */
  readonly unitsSource: 'header' | 'option' | 'assumed'
  readonly atomStyle: AtomStyle
  readonly structure: Structure
  /** [T] label of each atom type: the word after `#` in its line of Masses, or its number. */
  readonly typeNames: readonly string[]
  /** [N] index into `typeNames`. */
  readonly typeIndex: Int32Array
  readonly pairCoeffs: LammpsCoefficients | null
  /** Rows by (i − 1)·T + (j − 1), i ≤ j. */
  readonly pairIJCoeffs: LammpsCoefficients | null
  readonly coeffs: Readonly<Record<TermKind, LammpsCoefficients | null>>
  readonly terms: Readonly<Record<TermKind, LammpsTerms>>
}

/** Options of `parseLammpsData`. */
export interface LammpsReadOptions {
  /** Units of the file. Default: those in the first line, otherwise assumed from the atom style. */
  readonly units?: LammpsUnits
}

/** Number of columns before x y z. */
const POSITION_COLUMN: Record<AtomStyle, number> = { atomic: 2, charge: 3, molecular: 3, full: 4 }
const CHARGE_COLUMN: Record<AtomStyle, number | null> = { atomic: null, charge: 2, molecular: null, full: 3 }
const TYPE_COLUMN: Record<AtomStyle, number> = { atomic: 1, charge: 1, molecular: 2, full: 2 }
const TERM_SECTIONS: Record<TermKind, { section: string; coeffs: string; atoms: number }> = {
  bond: { section: 'Bonds', coeffs: 'Bond Coeffs', atoms: 2 },
  angle: { section: 'Angles', coeffs: 'Angle Coeffs', atoms: 3 },
  dihedral: { section: 'Dihedrals', coeffs: 'Dihedral Coeffs', atoms: 4 },
  improper: { section: 'Impropers', coeffs: 'Improper Coeffs', atoms: 4 },
}
/** LAMMPS writes velocities of `units real` in Å/fs. */
const VELOCITY_IN_A_PER_PS: Record<LammpsUnits, number> = { real: 1000, metal: 1 }

/**
 * Reads a LAMMPS data file (https://docs.lammps.org/read_data.html): atom styles atomic, charge, molecular and
 * full, any tilt, image flags. Positions are unwrapped, atoms in the order of their ids, elements derived from masses. The
 * first line may set the units: `units real` or `units = metal`.
 * @param file name of the file in messages
 * @throws UserError with file and line
 */
export function parseLammpsData(text: string, file: string, options: LammpsReadOptions = {}): LammpsData {
  const { title, header, sections } = splitLammpsData(text, file)
  const typeCount = header.counts['atom types'] ?? 0
  const atomSection = sections.get('Atoms')
  if (!atomSection) throw new UserError({ message: 'the file has no Atoms section', where: file })
  const rows = atomSection.rows
  expectRows(atomSection, header.counts.atoms ?? 0)
  const atomStyle = findAtomStyle(atomSection, header)
  const { units, unitsSource } = findUnits(title, file, atomStyle, options.units)
  const sorted = rows
    .map(row => ({ row, id: parseInteger(row.words[0], 'the atom id', row.where) }))
    .sort((a, b) => a.id - b.id)
  const indexOfId = new Map(sorted.map(({ id }, index) => [id, index]))
  if (indexOfId.size !== rows.length) {
    const twice = sorted.find(({ id }, k) => id === sorted[k - 1]?.id)!
    throw new UserError({ message: `the atom id ${twice.id} occurs twice`, where: twice.row.where })
  }
  const atomRows = sorted.map(({ row }) => row)
  const box = createLammpsBox(header, file)
  const typeIndex = Int32Array.from(atomRows, row => {
    const word = row.words[TYPE_COLUMN[atomStyle]]
    return parseType(word, typeCount, 'atom', row.where) - 1
  })
  const { typeMasses, labels, typeNames } = readMasses(sections.get('Masses'), typeCount, file)
  const typeElements = typeMasses.map((mass, k) => elementOfMass(mass, labels[k]!))
  const chargeColumn = CHARGE_COLUMN[atomStyle]
  const terms = mapKinds(kind => {
    const { section, atoms } = TERM_SECTIONS[kind]
    return readTerms(sections.get(section), header, kind, atoms, indexOfId)
  })
  return {
    file,
    units,
    unitsSource,
    atomStyle,
    structure: {
      elements: Array.from(typeIndex, type => typeElements[type]!),
      types: Array.from(typeIndex, type => typeNames[type]!),
      positions: readPositions(atomRows, POSITION_COLUMN[atomStyle], box),
      box,
      topology: createTopology(atomRows.length, terms.bond.atoms),
      charges:
        chargeColumn === null
          ? null
          : Float64Array.from(atomRows, row => parseNumber(row.words[chargeColumn], 'the charge', row.where)),
      masses: Float64Array.from(typeIndex, type => typeMasses[type]!),
      velocities: readVelocities(sections.get('Velocities'), indexOfId, VELOCITY_IN_A_PER_PS[units]),
      frozen: null,
    },
    typeNames,
    typeIndex,
    pairCoeffs: readCoefficients(sections.get('Pair Coeffs'), typeCount, 'atom'),
    pairIJCoeffs: readPairIJ(sections.get('PairIJ Coeffs'), typeCount),
    coeffs: mapKinds(kind =>
      readCoefficients(sections.get(TERM_SECTIONS[kind].coeffs), header.counts[`${kind} types`] ?? 0, kind),
    ),
    terms,
  }
}

/** Name of the section with the coefficients of a kind of terms, for messages. */
export function coefficientSection(kind: TermKind): string {
  return TERM_SECTIONS[kind].coeffs
}

function mapKinds<T>(read: (kind: TermKind) => T): Record<TermKind, T> {
  return { bond: read('bond'), angle: read('angle'), dihedral: read('dihedral'), improper: read('improper') }
}

function createLammpsBox(header: LammpsHeader, file: string): Box {
  const { x, y, z, tilt } = header
  if (!x || !y || !z) {
    const missing = [!x && 'xlo xhi', !y && 'ylo yhi', !z && 'zlo zhi'].filter(Boolean).join(', ')
    throw new UserError({ message: `the header has no line for ${missing}`, where: file })
  }
  const [xy, xz, yz] = tilt
  return createBox([x[1] - x[0], 0, 0, xy, y[1] - y[0], 0, xz, yz, z[1] - z[0]])
}

function findAtomStyle(section: LammpsSection, header: LammpsHeader): AtomStyle {
  const { rows, style, where } = section
  const width = rows[0]!.words.length
  const odd = rows.find(row => row.words.length !== width)
  if (odd) {
    throw new UserError({
      message: `this atom has ${odd.words.length} columns, the first one ${width}`,
      where: odd.where,
    })
  }
  if (style !== null) {
    const found = ATOM_STYLES.find(name => name === style)
    if (!found) {
      throw new UserError({
        message: `the atom style '${style}' is not supported`,
        where,
        hint: `supported: ${ATOM_STYLES.join(', ')}`,
      })
    }
    const expected = POSITION_COLUMN[found] + 3
    if (width !== expected && width !== expected + 3) {
      throw new UserError({
        message: `atoms of style ${found} have ${expected} or ${expected + 3} columns, these have ${width}`,
        where: rows[0]!.where,
      })
    }
    return found
  }
  if (width === 5 || width === 8) return 'atomic'
  if (width === 7 || width === 10) return 'full'
  if (width === 6 || width === 9) {
    const third = rows.map(row => Number(row.words[2]))
    const couldBeType = third.every(
      value => Number.isInteger(value) && value >= 1 && value <= (header.counts['atom types'] ?? 0),
    )
    if (!couldBeType) return 'charge'
    if ((header.counts.bonds ?? 0) > 0) return 'molecular'
  }
  throw new UserError({
    message: `the atom style cannot be told from ${width} columns`,
    where,
    hint: `name it in the section's line: Atoms # ${ATOM_STYLES.join(' | ')}`,
  })
}

function findUnits(
  title: string,
  file: string,
  atomStyle: AtomStyle,
  option: LammpsUnits | undefined,
): Pick<LammpsData, 'units' | 'unitsSource'> {
  if (option) return { units: option, unitsSource: 'option' }
  const named = /\bunits\s*=?\s*([a-z]+)/i.exec(title)?.[1]?.toLowerCase()
  if (named === 'real' || named === 'metal') return { units: named, unitsSource: 'header' }
  if (named !== undefined && ['lj', 'si', 'cgs', 'electron', 'micro', 'nano'].includes(named)) {
    throw new UserError({
      message: `units ${named} are not supported`,
      where: `${file}:1`,
      hint: 'write the file with units real or metal',
    })
  }
  const molecular = atomStyle === 'molecular' || atomStyle === 'full'
  return { units: molecular ? 'real' : 'metal', unitsSource: 'assumed' }
}

function parseType(word: string | undefined, count: number, kind: string, where: string): number {
  const type = parseInteger(word, `the ${kind} type`, where)
  if (type >= 1 && type <= count) return type
  throw new UserError({
    message: `the ${kind} type is ${type}, the header names ${count} ${kind} types`,
    where,
  })
}

function expectRows(section: LammpsSection, count: number): void {
  if (section.rows.length === count && count > 0) return
  throw new UserError({
    message: `the section ${section.name} has ${section.rows.length} lines, the header says ${count}`,
    where: section.where,
  })
}

function readMasses(section: LammpsSection | undefined, typeCount: number, file: string) {
  if (!section) {
    throw new UserError({
      message: 'the file has no Masses section: elements follow from masses',
      where: file,
    })
  }
  const rows = readCoefficients(section, typeCount, 'atom')!.rows
  const typeMasses: number[] = []
  const labels: (string | null)[] = []
  for (let type = 1; type <= typeCount; type++) {
    const row = rows.get(type)
    if (!row) throw new UserError({ message: `atom type ${type} has no mass`, where: section.where })
    const mass = parseNumber(row.words[0], 'the mass', row.where)
    if (!(mass > 0)) throw new UserError({ message: `the mass is ${mass}`, where: row.where })
    typeMasses.push(mass)
    labels.push(/^\w[^\s,;()]*/.exec(row.comment)?.[0] ?? null)
  }
  const typeNames = labels.map((label, k) =>
    label === null || labels.indexOf(label) !== labels.lastIndexOf(label)
      ? [label, k + 1].filter(part => part !== null).join('-')
      : label,
  )
  return { typeMasses, labels, typeNames }
}

function readPositions(rows: readonly LammpsRow[], column: number, box: Box): Float64Array {
  const m = box.matrix
  const positions = new Float64Array(3 * rows.length)
  rows.forEach((row, i) => {
    const hasImages = row.words.length > column + 3
    for (let k = 0; k < 3; k++) {
      positions[3 * i + k]! += parseNumber(row.words[column + k], 'a coordinate', row.where)
      const image = hasImages ? parseInteger(row.words[column + 3 + k], 'an image flag', row.where) : 0
      for (let d = 0; d < 3; d++) positions[3 * i + d]! += image * m[3 * k + d]!
    }
  })
  return positions
}

function findAtom(word: string | undefined, indexOfId: ReadonlyMap<number, number>, where: string): number {
  const id = parseInteger(word, 'the atom id', where)
  const index = indexOfId.get(id)
  if (index !== undefined) return index
  throw new UserError({ message: `there is no atom ${id}`, where })
}

function readVelocities(
  section: LammpsSection | undefined,
  indexOfId: ReadonlyMap<number, number>,
  unit: number,
): Float64Array | null {
  if (!section) return null
  expectRows(section, indexOfId.size)
  const velocities = new Float64Array(3 * indexOfId.size)
  for (const { words, where } of section.rows) {
    const atom = findAtom(words[0], indexOfId, where)
    for (let k = 0; k < 3; k++) {
      velocities[3 * atom + k] = parseNumber(words[1 + k], 'a velocity', where) * unit
    }
  }
  return velocities
}

function readTerms(
  section: LammpsSection | undefined,
  header: LammpsHeader,
  kind: TermKind,
  size: number,
  indexOfId: ReadonlyMap<number, number>,
): LammpsTerms {
  const count = header.counts[`${kind}s`] ?? 0
  if (!section) {
    if (count === 0) return { types: new Int32Array(0), atoms: new Int32Array(0) }
    const name = TERM_SECTIONS[kind].section
    throw new UserError({
      message: `the header says ${count} ${kind}s but there is no section ${name}`,
      where: header.file,
    })
  }
  expectRows(section, count)
  const types = new Int32Array(count)
  const atoms = new Int32Array(count * size)
  section.rows.forEach(({ words, where }, m) => {
    if (words.length !== size + 2) {
      throw new UserError({
        message: `a line of ${section.name} has ${size + 2} numbers, not ${words.length}`,
        where,
      })
    }
    types[m] = parseType(words[1], header.counts[`${kind} types`] ?? 0, kind, where)
    for (let k = 0; k < size; k++) atoms[m * size + k] = findAtom(words[2 + k], indexOfId, where)
  })
  return { types, atoms }
}

function readCoefficients(
  section: LammpsSection | undefined,
  typeCount: number,
  kind: string,
): LammpsCoefficients | null {
  if (!section) return null
  const rows = new Map<number, LammpsRow>()
  for (const row of section.rows) {
    const type = parseType(row.words[0], typeCount, kind, row.where)
    rows.set(type, { ...row, words: row.words.slice(1) })
  }
  return { style: section.style, where: section.where, rows }
}

function readPairIJ(section: LammpsSection | undefined, typeCount: number): LammpsCoefficients | null {
  if (!section) return null
  const rows = new Map<number, LammpsRow>()
  for (const row of section.rows) {
    const [i, j] = [0, 1].map(k => parseType(row.words[k], typeCount, 'atom', row.where)) as [number, number]
    rows.set((Math.min(i, j) - 1) * typeCount + Math.max(i, j) - 1, { ...row, words: row.words.slice(2) })
  }
  return { style: section.style, where: section.where, rows }
}
