import { createBox } from '../core/box.ts'
import { atomicWeight, isElement, symbolOfAtomicNumber } from '../core/elements.ts'
import type { Structure } from '../core/structure.ts'
import { createTopology, type Topology } from '../core/topology.ts'
import { UserError } from '../errors.ts'
import { CODATA_2018 } from '../units.ts'
import {
  EXACT,
  formatNumber,
  located,
  parseInteger,
  parseNumber,
  splitLines,
  splitWords,
  wholeAtom,
} from './text.ts'

/** One frame of an extended XYZ file. */
export interface ExtxyzFrame {
  readonly structure: Structure
  /** Energy, eV; null when the frame has none. */
  readonly energy_eV: number | null
  /** [3N] forces, eV/Å; null when the frame has none. */
  readonly forces_eV_per_A: Float64Array | null
  /** Other keys of the comment line, with their text. */
  readonly info: Readonly<Record<string, string>>
}

/** Data of a frame besides its structure. */
export interface ExtxyzExtras {
  readonly energy_eV?: number
  /** [3N] eV/Å */
  readonly forces_eV_per_A?: Float64Array
  /** Additional keys of the comment line. */
  readonly info?: Readonly<Record<string, string>>
}

/** Columns of a per-atom property. */
interface Column {
  readonly type: string
  readonly first: number
  readonly count: number
}
type Columns = ReadonlyMap<string, Column>

/** Names of the charge column: `charge` of hoplite and OVITO, `initial_charges` of ASE. */
const CHARGE_COLUMNS = ['charge', 'initial_charges']
const FORCE_COLUMNS = ['forces', 'force']
/** Column of ASE with T for an atom that may move and F for a frozen atom. */
const MOVE_COLUMN = 'move_mask'
const BOND_PREFIXES = ['', '=', '#'] as const

/**
 * Reads all frames of an extended XYZ file (https://github.com/libAtoms/extxyz). Columns per atom: `species` or `Z`,
 * `pos`, `type`, `charge` or `initial_charges`, `velo` (Å/ps) or ASE's `momenta`, `forces`, `move_mask` (F for frozen
 * atoms; one flag or three equal ones), and `bonds` (neighbours with a higher number, counted from 1, `=` and `#` before
 * double and triple bonds, `_` for none). Without the column `bonds` there are no bonds.
 * @param file name of the file in messages
 * @throws UserError with file and line; also for a frame without `Lattice`, without periodicity, or with a partly frozen atom
 */
export function parseExtxyz(text: string, file: string): ExtxyzFrame[] {
  const lines = splitLines(text)
  const frames: ExtxyzFrame[] = []
  let next = 0
  for (;;) {
    while (next < lines.length && lines[next]!.trim() === '') next++
    if (next >= lines.length) break
    const count = parseInteger(lines[next]!.trim(), 'the number of atoms', `${file}:${next + 1}`)
    if (count < 1) {
      throw new UserError({ message: `the number of atoms is ${count}`, where: `${file}:${next + 1}` })
    }
    frames.push(parseFrame(lines, next, count, file))
    next += count + 2
  }
  if (frames.length === 0) throw new UserError({ message: 'the file has no atoms', where: `${file}:1` })
  return frames
}

function parseFrame(lines: readonly string[], start: number, count: number, file: string): ExtxyzFrame {
  const where = (line: number) => `${file}:${line + 1}`
  const keys = parseKeyValues(lines[start + 1] ?? '')
  const take = (key: string) => {
    const value = keys.get(key)
    keys.delete(key)
    return value
  }
  const lattice = take('Lattice')
  if (lattice === undefined) {
    throw new UserError({
      message: 'the comment line has no Lattice',
      where: where(start + 1),
      hint: 'give the periodic cell: Lattice="ax ay az bx by bz cx cy cz", Å',
    })
  }
  const matrix = splitWords(lattice).map(word => parseNumber(word, 'Lattice', where(start + 1)))
  if (matrix.length !== 9) {
    throw new UserError({
      message: `Lattice has ${matrix.length} numbers, and needs 9`,
      where: where(start + 1),
    })
  }
  const pbc = take('pbc')
  if (pbc !== undefined && splitWords(pbc).some(word => !/^(t|true|1)$/i.test(word))) {
    throw new UserError({
      message: `pbc="${pbc}": the cell must be periodic in all three directions`,
      where: where(start + 1),
      hint: 'give pbc="T T T"; for a slab, leave vacuum along one lattice vector',
    })
  }
  const box = located(where(start + 1), () => createBox(matrix))
  const columns = parseProperties(take('Properties') ?? 'species:S:1:pos:R:3', where(start + 1))
  const width = Math.max(...[...columns.values()].map(column => column.first + column.count))
  const rows: string[][] = []
  for (let k = 0; k < count; k++) {
    const line = start + 2 + k
    const words = splitWords(lines[line] ?? '')
    if (words.length !== width) {
      const missing = line >= lines.length || words.length === 0
      throw new UserError({
        message: missing
          ? `the frame ends after ${k} of ${count} atoms`
          : `atom ${k + 1} has ${words.length} columns, not the ${width} that Properties names`,
        where: where(Math.min(line, lines.length - 1)),
      })
    }
    rows.push(words)
  }
  const rowWhere = (atom: number) => where(start + 2 + atom)
  const reals = (names: readonly string[], components: number) => {
    const name = names.find(candidate => columns.has(candidate))
    return name === undefined ? null : readReals(rows, columns.get(name)!, name, components, rowWhere)
  }
  const positions = reals(['pos'], 3)
  if (!positions) throw new UserError({ message: 'Properties has no pos:R:3', where: where(start + 1) })
  const energy = take('energy')
  const elements = readElements(rows, columns, rowWhere, where(start + 1))
  const typeColumn = columns.get('type')
  return {
    structure: {
      elements,
      types: typeColumn ? rows.map(words => words[typeColumn.first]!) : null,
      positions,
      box,
      topology: readBonds(rows, columns.get('bonds'), rowWhere),
      charges: reals(CHARGE_COLUMNS, 1),
      masses: reals(['masses'], 1),
      velocities:
        reals(['velo'], 3) ?? velocitiesOfMomenta(reals(['momenta'], 3), reals(['masses'], 1), elements),
      frozen: readFrozen(rows, columns.get(MOVE_COLUMN), rowWhere),
    },
    energy_eV: energy === undefined ? null : parseNumber(energy, 'energy', where(start + 1)),
    forces_eV_per_A: reals(FORCE_COLUMNS, 3),
    info: Object.fromEntries(keys),
  }
}

/** Keys and values of `key=value key="a value" key={a value} flag`; the value of a flag is T. */
function parseKeyValues(line: string): Map<string, string> {
  const keys = new Map<string, string>()
  const part = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\{[^}]*\}|\[[^\]]*\]|[^\s=]+/y
  const read = (at: number): [string, number] | null => {
    part.lastIndex = at
    const match = part.exec(line)?.[0]
    if (match === undefined) return null
    const quoted = /^["'{[]/.test(match) && match.length > 1
    const value = quoted ? match.slice(1, -1).replace(/\\(.)/g, '$1') : match
    return [value, at + match.length]
  }
  const skipSpace = (at: number) => {
    let k = at
    while (k < line.length && /\s/.test(line[k]!)) k++
    return k
  }
  let at = skipSpace(0)
  while (at < line.length) {
    const key = read(at)
    if (!key) {
      at = skipSpace(at + 1)
      continue
    }
    at = skipSpace(key[1])
    if (line[at] === '=') {
      const value = read(skipSpace(at + 1))
      keys.set(key[0], value?.[0] ?? '')
      at = skipSpace(value?.[1] ?? at + 1)
    } else {
      keys.set(key[0], 'T')
    }
  }
  return keys
}

/** Columns of a list such as `species:S:1:pos:R:3`. */
function parseProperties(properties: string, where: string): Columns {
  const fields = properties.split(':')
  const columns = new Map<string, Column>()
  let first = 0
  for (let k = 0; k < fields.length; k += 3) {
    const [name, type, width] = fields.slice(k, k + 3)
    const count = Number(width)
    if (!name || !type || !/^[SRIL]$/.test(type) || !Number.isInteger(count) || count < 1) {
      throw new UserError({
        message: `Properties is '${properties}'`,
        where,
        hint: 'give a list of name:type:columns, such as species:S:1:pos:R:3',
      })
    }
    columns.set(name, { type, first, count })
    first += count
  }
  return columns
}

function readReals(
  rows: readonly string[][],
  column: Column,
  name: string,
  components: number,
  where: (atom: number) => string,
): Float64Array {
  if (column.count !== components || !/[RI]/.test(column.type)) {
    throw new UserError({
      message: `the property ${name} is ${name}:${column.type}:${column.count}, not ${name}:R:${components}`,
      where: where(-1),
    })
  }
  const values = new Float64Array(rows.length * components)
  for (let i = 0; i < rows.length; i++) {
    for (let k = 0; k < components; k++) {
      values[i * components + k] = parseNumber(
        rows[i]![column.first + k],
        `${name} of atom ${i + 1}`,
        where(i),
      )
    }
  }
  return values
}

function readElements(
  rows: readonly string[][],
  columns: Columns,
  rowWhere: (atom: number) => string,
  where: string,
): string[] {
  const species = columns.get('species') ?? columns.get('element')
  const numbers = columns.get('Z')
  const column = species ?? numbers
  if (!column) {
    throw new UserError({ message: 'Properties names neither species nor Z', where, hint: 'add species:S:1' })
  }
  return rows.map((words, atom) => {
    const word = words[column.first]!
    const symbol = species ? word : symbolOfAtomicNumber(Number(word))
    if (symbol !== undefined && isElement(symbol)) return symbol
    throw new UserError({
      message: `'${word}' is not a chemical element`,
      where: rowWhere(atom),
      hint: 'give the symbol in species:S:1 and a potential’s atom type in type:S:1',
    })
  })
}

function readBonds(
  rows: readonly string[][],
  column: Column | undefined,
  where: (atom: number) => string,
): Topology {
  const bonds: number[] = []
  const orders: number[] = []
  rows.forEach((words, atom) => {
    const word = column ? words[column.first]! : '_'
    if (word === '_') return
    for (const entry of word.split(',')) {
      const [, prefix = '', digits = ''] = /^([=#]?)(\d+)$/.exec(entry) ?? []
      const other = Number(digits) - 1
      if (digits === '' || other <= atom || other >= rows.length) {
        throw new UserError({
          message: `atom ${atom + 1} is bonded to '${entry}'`,
          where: where(atom),
          hint: `give atoms from ${atom + 2} to ${rows.length}, such as 5,=7,#9, or _ for none`,
        })
      }
      bonds.push(atom, other)
      orders.push(BOND_PREFIXES.indexOf(prefix as '' | '=' | '#') + 1)
    }
  })
  return createTopology(rows.length, bonds, orders)
}

/** [N] frozen flags; null when every atom may move. */
function readFrozen(
  rows: readonly string[][],
  column: Column | undefined,
  where: (atom: number) => string,
): Uint8Array | null {
  if (!column) return null
  if (column.type !== 'L' || (column.count !== 1 && column.count !== 3)) {
    throw new UserError({
      message: `the property ${MOVE_COLUMN} is ${MOVE_COLUMN}:${column.type}:${column.count}`,
      where: where(-1),
      hint: `give ${MOVE_COLUMN}:L:1 with T for an atom that may move, F for a frozen one`,
    })
  }
  const frozen = Uint8Array.from(rows, (words, atom) => {
    const flags = words.slice(column.first, column.first + column.count).map(word => {
      if (/^(t|true|1)$/i.test(word)) return 'T'
      if (/^(f|false|0)$/i.test(word)) return 'F'
      throw new UserError({
        message: `${MOVE_COLUMN} of atom ${atom + 1} is '${word}', neither T nor F`,
        where: where(atom),
      })
    })
    return wholeAtom(flags, atom, where(atom))
  })
  return frozen.includes(1) ? frozen : null
}

/** Velocities, Å/ps, from momenta of ASE, √(eV·g/mol). */
function velocitiesOfMomenta(
  momenta: Float64Array | null,
  masses: Float64Array | null,
  elements: readonly string[],
): Float64Array | null {
  const aseVelocity = Math.sqrt(CODATA_2018.accelerationPerForce)
  return (
    momenta?.map((momentum, k) => {
      const atom = Math.floor(k / 3)
      return (momentum / (masses?.[atom] ?? atomicWeight(elements[atom]!))) * aseVelocity
    }) ?? null
  )
}

/**
 * Formats one frame as extended XYZ with ten significant digits; a trajectory is a sequence of frames.
 * Positions are unwrapped. ASE and OVITO read the result.
 */
export function formatExtxyz(structure: Structure, extras: ExtxyzExtras = {}): string {
  const { elements, types, positions, charges, masses, velocities, topology, box, frozen } = structure
  const { energy_eV, forces_eV_per_A, info = {} } = extras
  const properties = ['species:S:1', 'pos:R:3']
  if (types) properties.push('type:S:1')
  if (charges) properties.push('charge:R:1')
  if (masses) properties.push('masses:R:1')
  if (velocities) properties.push('velo:R:3')
  if (forces_eV_per_A) properties.push('forces:R:3')
  if (frozen) properties.push(`${MOVE_COLUMN}:L:1`)
  const bonds = formatBonds(elements.length, topology)
  if (bonds) properties.push('bonds:S:1')
  const keys = [
    `Lattice="${Array.from(box.matrix, value => formatNumber(value, EXACT)).join(' ')}"`,
    `Properties=${properties.join(':')}`,
    'pbc="T T T"',
    ...(energy_eV === undefined ? [] : [`energy=${formatNumber(energy_eV, EXACT)}`]),
    ...Object.entries(info).map(([key, value]) => `${key}="${value.replace(/["\\]/g, '\\$&')}"`),
  ]
  const lines = [String(elements.length), keys.join(' ')]
  for (let i = 0; i < elements.length; i++) {
    const vector = (values: Float64Array) =>
      [values[3 * i]!, values[3 * i + 1]!, values[3 * i + 2]!].map(value => formatNumber(value)).join(' ')
    const words = [elements[i]!, vector(positions)]
    if (types) words.push(types[i]!)
    if (charges) words.push(formatNumber(charges[i]!))
    if (masses) words.push(formatNumber(masses[i]!))
    if (velocities) words.push(vector(velocities))
    if (forces_eV_per_A) words.push(vector(forces_eV_per_A))
    if (frozen) words.push(frozen[i] ? 'F' : 'T')
    if (bonds) words.push(bonds[i]!)
    lines.push(words.join(' '))
  }
  return `${lines.join('\n')}\n`
}

/** The column `bonds`; null when there are no bonds. */
function formatBonds(atomCount: number, topology: Topology): string[] | null {
  const { bonds, bondOrders } = topology
  if (bonds.length === 0) return null
  const entries: { other: number; order: number }[][] = Array.from({ length: atomCount }, () => [])
  for (let k = 0; k < bondOrders.length; k++) {
    const i = bonds[2 * k]!
    const j = bonds[2 * k + 1]!
    entries[Math.min(i, j)]!.push({ other: Math.max(i, j), order: bondOrders[k]! })
  }
  return entries.map(list => {
    list.sort((a, b) => a.other - b.other)
    return list.map(({ other, order }) => `${BOND_PREFIXES[order - 1]}${other + 1}`).join(',') || '_'
  })
}
