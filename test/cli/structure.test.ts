import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../tools/folder.ts'
import { changed, writeLifsi } from './boxes.ts'
import { hoplite, POTENTIAL, refusal } from './hoplite.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
let box = ''
const potential = readFileSync(POTENTIAL, 'utf8')

beforeAll(async () => {
  box = readFileSync((await writeLifsi(folder)).box, 'utf8')
})

describe('a structure', () => {
  const refuse = async (text: string | Uint8Array, ...more: string[]) => {
    writeFileSync(at('atoms.extxyz'), text)
    const args = ['--potential', POTENTIAL, '--cutoff_A', '7', ...more]
    return refusal('energy', at('atoms.extxyz'), ...args)
  }
  /** With the words of one atom changed; atoms from 1. */
  const withAtom = (atom: number, change: (words: string[], all: string[][]) => void) => {
    const rows = box.split('\n').map(line => line.split(' '))
    change(rows[atom + 1]!, rows.slice(2))
    return rows.map(words => words.join(' ')).join('\n')
  }

  it.each([
    [
      'a coordinate that is no number',
      (w: string[]) => w.splice(2, 1, 'nan'),
      /^pos of atom 4 is 'nan'/,
      /:6$/,
    ],
    [
      'an infinite coordinate',
      (w: string[]) => w.splice(2, 1, 'Infinity'),
      /^pos of atom 4 is 'Infinity'/,
      /:6$/,
    ],
    [
      'an atom beyond all precision',
      (w: string[]) => w.splice(2, 1, '1e20'),
      /^atom 4 \(Li\) has the coord/,
      /z$/,
    ],
    ['an unknown element', (w: string[]) => w.splice(0, 1, 'Qq'), "'Qq' is not a chemical element", /:6$/],
    [
      'an unknown type',
      (w: string[]) => w.splice(4, 1, 'Lo'),
      /has no atom type 'Lo'/,
      /for .*atoms\.extxyz$/,
    ],
    [
      'a type of another element',
      (w: string[]) => w.splice(4, 1, 'OBT'),
      /is Li but its type 'OBT' is O/,
      /atoms/,
    ],
  ])('with %s is refused', async (_what, change, message, where) => {
    const said = await refuse(withAtom(4, change))
    expect(said.message).toMatch(message)
    expect(said.where).toMatch(where)
  })

  it('with two atoms in one place is refused, also across the cell', async () => {
    for (const cells of [0, 2]) {
      const text = withAtom(4, (words, all) => {
        const [, x, y, z] = all[2]!
        words.splice(1, 3, String(Number(x) + cells * 15.505283488429464), y!, z!)
      })
      const said = await refuse(text)
      expect(said.message).toBe('atoms 3 (Li) and 4 (Li) overlap: 0.000 Å apart')
      expect(said.where).toBe(at('atoms.extxyz'))
      expect(said.hint).toMatch(/0\.4 Å/)
    }
  })

  it('that is charged is refused, or computed when that is asked for', async () => {
    const rows = box.split('\n')
    // The last ions of the file are Li⁺: what is left keeps its bonds' numbers.
    const anions = rows.slice(2).findIndex(row => !row.startsWith('Li'))
    const shifted = rows
      .slice(3)
      .map(row => row.replace(/\S+$/, bonds => bonds.replace(/\d+/g, n => `${+n - 1}`)))
    expect(anions).toBe(12)
    const text = ['119', rows[1], ...shifted].join('\n')
    const said = await refuse(text)
    expect(said.message).toMatch(/net charge of -1\.0000 e/)
    const allowed = await hoplite(
      'energy',
      at('atoms.extxyz'),
      '--potential',
      POTENTIAL,
      '--cutoff_A',
      '7',
      '--allow-net-charge',
    )
    expect(allowed.code).toBe(0)
    expect(allowed.stdout).toContain('net charge -1.0000 e')
  })

  it.each([
    ['cut short', (text: string) => text.slice(0, 4000), /columns|the frame ends after/, /:\d+$/],
    ['empty', () => '', 'the file has no atoms', /:1$/],
    ['without a lattice', (text: string) => text.replace('Lattice', 'lattice'), /no Lattice/, /:2$/],
    ['not periodic', (text: string) => text.replace('T T T', 'T T F'), /periodic in all three/, /:2$/],
    [
      'flat',
      (text: string) => text.replace(/Lattice="[^"]*"/, 'Lattice="9 0 0 0 9 0 0 0 0"'),
      /volume 0/,
      /:2$/,
    ],
    [
      'short of atoms',
      (text: string) => text.replace('120', '121'),
      'the frame ends after 120 of 121 atoms',
      /:\d+$/,
    ],
    [
      'without types',
      (text: string) => text.replace('type:S:1', 'kind:S:1'),
      /names no atom types/,
      /atoms\.extxyz$/,
    ],
  ])('that is %s is refused', async (_what, change, message, where) => {
    const said = await refuse(change(box))
    expect(said.message).toMatch(message)
    expect(said.where).toMatch(where)
  })

  it.each([
    ['CRLF line ends', (text: string) => text.replaceAll('\n', '\r\n')],
    ['a byte order mark', (text: string) => `\ufeff${text}`],
  ])('with %s has the same energy', async (_what, change) => {
    const energy = async (text: string) => {
      writeFileSync(at('atoms.extxyz'), text)
      return (await hoplite('energy', at('atoms.extxyz'), '--potential', POTENTIAL, '--cutoff_A', '7')).stdout
    }
    expect(await energy(change(box))).toBe(await energy(box))
  })

  it('without coefficients asks for a potential', async () => {
    const said = await refusal('energy', at('box.extxyz'))
    expect(said.message).toMatch(/a potential is needed/)
    expect(said.hint).toMatch(/--potential/)
  })
})

describe('a potential', () => {
  const refuse = (text: string) => {
    writeFileSync(at('potential.yaml'), text)
    return refusal('energy', at('box.extxyz'), '--potential', at('potential.yaml'), '--cutoff_A', '7')
  }
  const lines = (text: string, pattern: RegExp, change: (line: string) => string) =>
    changed(text, pattern, change(pattern.exec(text)![0]))

  it('without a bond that the box has names the types, the number and what to add', async () => {
    const said = await refuse(lines(potential, /^.*pattern: SBT-NBT,.*\n/m, () => ''))
    expect(said.message).toMatch(/missing bond NBT-SBT, 24 times/)
    expect(said.where).toBe(`${at('potential.yaml')}, for ${at('box.extxyz')}`)
    expect(said.hint).toBe("add to `bonds` an entry with the pattern 'NBT-SBT'")
  })

  it('without a type that its terms use names the line', async () => {
    const said = await refuse(lines(potential, /^ {2}OBT:.*\n/m, () => ''))
    expect(said.message).toBe("no type or class is called 'OBT'")
    expect(said.where).toMatch(/potential\.yaml:\d+:\d+ bonds\[\d+\]\.pattern$/)
  })

  it.each([
    ['another unit', /sigma_A:/, 'sigma_nm:', 'unknown key `sigma_nm`', /`sigma_A`/],
    [
      'an unknown energy unit',
      /energy_unit: .*/,
      'energy_unit: J',
      /^expected one of eV, kcal\/mol, kJ\/mol/,
      /./,
    ],
    [
      'a text for a number',
      /charge_e: [-\d.]+/,
      'charge_e: abc',
      "expected a number, got the text 'abc'",
      /./,
    ],
  ])('with %s is refused', async (_what, from, to, message, hint) => {
    const said = await refuse(changed(potential, from, to))
    expect(said.message).toMatch(message)
    expect(said.where).toMatch(/potential\.yaml:\d+:\d+ /)
    expect(said.hint ?? '-').toMatch(hint)
  })

  it('that is something else is refused', async () => {
    const said = await refusal('energy', at('box.extxyz'), '--potential', at('md.yaml'))
    expect(said.message).toMatch(/^the key `energy_unit` is missing/)
  })
})
