import { cartesian, createBox, fractional, scaleBox } from '../core/box.ts'
import { isElement } from '../core/elements.ts'
import type { Structure } from '../core/structure.ts'
import { createTopology } from '../core/topology.ts'
import { UserError } from '../errors.ts'
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

/** Contents of a POSCAR. */
export interface Poscar {
  readonly comment: string
  readonly structure: Structure
}

/** 1 Å/fs, the unit of velocities in VASP, in Å/ps. */
const A_PER_FS = 1000

/**
 * Reads a VASP 5 POSCAR: direct or Cartesian, one scaling factor (negative: the volume in Å³), velocities, selective
 * dynamics of whole atoms, F F F for a frozen atom (https://www.vasp.at/wiki/index.php/POSCAR).
 * @param file name of the file in messages
 * @throws UserError with file and line; also for an atom that may move along some lattice vectors only
 */
export function parsePoscar(text: string, file: string): Poscar {
  const lines = splitLines(text)
  const where = (line: number) => `${file}:${Math.min(line + 1, lines.length)}`
  const numbers = (line: number, what: string) => {
    const words = splitWords(lines[line] ?? '')
    return [0, 1, 2].map(k => parseNumber(words[k], what, where(line))) as [number, number, number]
  }
  const scaling = splitWords(lines[1] ?? '')
  const scale = parseNumber(scaling[0], 'the scaling factor', where(1))
  if (scale === 0 || (scaling[1] !== undefined && Number.isFinite(Number(scaling[1])))) {
    throw new UserError({
      message: scale === 0 ? 'the scaling factor is 0' : 'there is more than one scaling factor',
      where: where(1),
      hint: 'give one factor: a positive number, or minus the volume in Å³',
    })
  }
  const vectors = [2, 3, 4].flatMap(line => numbers(line, 'a lattice vector'))
  const unscaled = located(where(2), () => createBox(vectors))
  const factor = scale > 0 ? scale : Math.cbrt(-scale / unscaled.volume)
  const box = scaleBox(unscaled, factor)
  const species = splitWords(lines[5] ?? '').map(word => word.split(/[_/]/)[0]!)
  if (species.length === 0 || species.some(symbol => !isElement(symbol))) {
    const old = species.length > 0 && species.every(word => /^\d+$/.test(word))
    throw new UserError({
      message: old
        ? 'the file has the format of VASP 4, without elements'
        : `'${species.find(word => !isElement(word)) ?? ''}' is not a chemical element`,
      where: where(5),
      hint: 'give the chemical symbols in line 6 and the number of atoms of each in line 7',
    })
  }
  const counts = splitWords(lines[6] ?? '')
    .slice(0, species.length)
    .map(word => parseInteger(word, 'the number of atoms', where(6)))
  if (counts.length !== species.length || counts.some(count => count < 1)) {
    throw new UserError({
      message: `line 6 names ${species.length} elements, line 7 has ${counts.length} positive numbers of atoms`,
      where: where(6),
    })
  }
  const elements = species.flatMap((symbol, k) => Array<string>(counts[k]!).fill(symbol))
  const selective = /^\s*s/i.test(lines[7] ?? '')
  const modeLine = selective ? 8 : 7
  const mode = (lines[modeLine] ?? '').trim()
  const isCartesian = /^[ck]/i.test(mode)
  if (!isCartesian && !/^d/i.test(mode)) {
    throw new UserError({
      message: `the coordinates are '${mode}', neither Direct nor Cartesian`,
      where: where(modeLine),
    })
  }
  const first = modeLine + 1
  const coordinates = new Float64Array(3 * elements.length)
  const frozen = new Uint8Array(elements.length)
  for (let i = 0; i < elements.length; i++) {
    const words = splitWords(lines[first + i] ?? '')
    if (words.length === 0) {
      throw new UserError({
        message: `the file ends after ${i} of ${elements.length} atoms`,
        where: where(first + i),
      })
    }
    coordinates.set(numbers(first + i, `a coordinate of atom ${i + 1}`), 3 * i)
    if (selective) frozen[i] = readFrozen(words.slice(3, 6), i, where(first + i))
  }
  return {
    comment: (lines[0] ?? '').trim(),
    structure: {
      elements,
      types: null,
      positions: isCartesian ? coordinates.map(x => x * factor) : cartesian(box, coordinates),
      box,
      topology: createTopology(elements.length, []),
      charges: null,
      masses: null,
      velocities: readVelocities(lines, first + elements.length, elements.length, numbers),
      frozen: frozen.includes(1) ? frozen : null,
    },
  }
}

/** Frozen flag of an atom: 1 for F F F, 0 for T T T. */
function readFrozen(words: readonly string[], atom: number, where: string): number {
  const flags = [0, 1, 2].map(k => {
    const word = words[k] ?? ''
    if (/^\.?[tf]/i.test(word)) return /^\.?t/i.test(word) ? 'T' : 'F'
    throw new UserError({
      message: `'${word}' is not a flag of selective dynamics`,
      where,
      hint: 'give T or F after each of the three coordinates',
    })
  })
  return wholeAtom(flags, atom, where)
}

/** Velocities after the coordinates: an empty line or the word Cartesian, then one line per atom. */
function readVelocities(
  lines: readonly string[],
  start: number,
  count: number,
  numbers: (line: number, what: string) => number[],
): Float64Array | null {
  const isBlock =
    /^\s*([ck].*)?$/i.test(lines[start] ?? 'none') && splitWords(lines[start + 1] ?? '').length > 0
  if (!isBlock) return null
  const velocities = new Float64Array(3 * count)
  for (let i = 0; i < count; i++) {
    velocities.set(
      numbers(start + 1 + i, `a velocity of atom ${i + 1}`).map(v => v * A_PER_FS),
      3 * i,
    )
  }
  return velocities
}

/**
 * Formats a structure as POSCAR with direct coordinates. The order of atoms is kept, so an element can be listed several
 * times. Frozen atoms are written as selective dynamics; the format has no bonds, charges and atom types.
 */
export function formatPoscar(
  structure: Structure,
  { comment = 'hoplite' }: { comment?: string } = {},
): string {
  const { elements, box, positions, velocities, frozen } = structure
  const runs: { symbol: string; count: number }[] = []
  for (const symbol of elements) {
    const last = runs.at(-1)
    if (last?.symbol === symbol) last.count++
    else runs.push({ symbol, count: 1 })
  }
  const row = (values: ArrayLike<number>, i: number, digits: number) =>
    [values[3 * i]!, values[3 * i + 1]!, values[3 * i + 2]!].map(x => formatNumber(x, digits)).join(' ')
  const s = fractional(box, positions)
  const flags = (i: number) => (frozen ? (frozen[i] ? ' F F F' : ' T T T') : '')
  const lines = [
    comment,
    '1',
    ...[0, 1, 2].map(k => row(box.matrix, k, EXACT)),
    runs.map(({ symbol }) => symbol).join(' '),
    runs.map(({ count }) => count).join(' '),
    ...(frozen ? ['Selective dynamics'] : []),
    'Direct',
    ...elements.map((_, i) => `${row(s, i, 15)}${flags(i)}`),
  ]
  if (velocities) {
    const inFemtoseconds = velocities.map(v => v / A_PER_FS)
    lines.push('', ...elements.map((_, i) => row(inFemtoseconds, i, 10)))
  }
  return `${lines.join('\n')}\n`
}
