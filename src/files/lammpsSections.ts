import { UserError } from '../errors.ts'
import { parseInteger, parseNumber, splitLines, splitWords } from './text.ts'

/** One line of a section. */
export interface LammpsRow {
  readonly words: readonly string[]
  /** Text after `#`, trimmed. */
  readonly comment: string
  /** file:line */
  readonly where: string
}

export interface LammpsSection {
  readonly name: string
  /** First word after `#` in the section's line; null without one. */
  readonly style: string | null
  readonly where: string
  readonly rows: readonly LammpsRow[]
}

export interface LammpsHeader {
  readonly file: string
  /** `atoms`, `bonds`, …, `atom types`, `bond types`, … */
  readonly counts: Readonly<Record<string, number>>
  readonly x: readonly [lo: number, hi: number] | null
  readonly y: readonly [lo: number, hi: number] | null
  readonly z: readonly [lo: number, hi: number] | null
  readonly tilt: readonly [xy: number, xz: number, yz: number]
}

const SECTIONS = [
  'Atoms',
  'Masses',
  'Velocities',
  'Bonds',
  'Angles',
  'Dihedrals',
  'Impropers',
  'Pair Coeffs',
  'PairIJ Coeffs',
  'Bond Coeffs',
  'Angle Coeffs',
  'Dihedral Coeffs',
  'Improper Coeffs',
]
const COUNT =
  /^(\S+)\s+((?:atoms|bonds|angles|dihedrals|impropers)|(?:atom|bond|angle|dihedral|improper) types)$/
/** Header lines about memory that LAMMPS reserves; they contain no data. */
const EXTRA = /^\d+\s+extra\s/

/**
 * Splits a data file into its header and sections.
 * @throws UserError for header lines and sections that are not understood
 */
export function splitLammpsData(
  text: string,
  file: string,
): { title: string; header: LammpsHeader; sections: ReadonlyMap<string, LammpsSection> } {
  const lines = splitLines(text)
  const counts: Record<string, number> = {}
  const edges = new Map<string, [number, number]>()
  let tilt: [number, number, number] = [0, 0, 0]
  const sections = new Map<string, LammpsSection>()
  let rows: LammpsRow[] | null = null
  // LAMMPS always skips the first line.
  for (let k = 1; k < lines.length; k++) {
    const where = `${file}:${k + 1}`
    const hash = lines[k]!.indexOf('#')
    const body = (hash < 0 ? lines[k]! : lines[k]!.slice(0, hash)).trim()
    const comment = hash < 0 ? '' : lines[k]!.slice(hash + 1).trim()
    if (body === '') continue
    if (/^[A-Za-z]/.test(body)) {
      const name = body.replace(/\s+/g, ' ')
      if (!SECTIONS.includes(name)) {
        throw new UserError({
          message: `the section '${name}' is not supported`,
          where,
          hint: `supported: ${SECTIONS.join(', ')}`,
        })
      }
      if (sections.has(name)) throw new UserError({ message: `the section ${name} occurs twice`, where })
      rows = []
      sections.set(name, { name, style: splitWords(comment)[0] ?? null, where, rows })
      continue
    }
    const words = splitWords(body)
    if (rows) {
      rows.push({ words, comment, where })
      continue
    }
    const count = COUNT.exec(body.replace(/\s+/g, ' '))
    const edge = /^([xyz])lo\s+\1hi$/.exec(words.slice(2).join(' '))?.[1]
    if (count) {
      counts[count[2]!] = parseInteger(count[1], `the number of ${count[2]}`, where)
    } else if (edge) {
      const [low, high] = words.slice(0, 2).map(word => parseNumber(word, `${edge}lo or ${edge}hi`, where))
      if (!(high! > low!)) throw new UserError({ message: `${edge}hi is not above ${edge}lo`, where })
      edges.set(edge, [low!, high!])
    } else if (words.slice(3).join(' ') === 'xy xz yz') {
      tilt = words.slice(0, 3).map(word => parseNumber(word, 'a tilt factor', where)) as typeof tilt
    } else if (!EXTRA.test(body)) {
      throw new UserError({ message: `the header line '${body}' is not understood`, where })
    }
  }
  const [x, y, z] = ['x', 'y', 'z'].map(axis => edges.get(axis) ?? null)
  return {
    title: lines[0]!,
    header: { file, counts, x: x ?? null, y: y ?? null, z: z ?? null, tilt },
    sections,
  }
}
