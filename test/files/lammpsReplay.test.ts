import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createBox } from '../../src/core/box.ts'
import { createTopology } from '../../src/core/topology.ts'
import { parseLammpsData } from '../../src/files/lammpsData.ts'
import { formatLammpsData } from '../../src/files/lammpsWrite.ts'
import { itWith } from '../tools/external.ts'
import { temporaryFolder } from '../tools/folder.ts'
import { GOLDEN_CASES } from '../tools/goldenCases.ts'
import { GOLDEN_DIRECTORY, goldenNames, loadGolden } from '../tools/goldens.ts'
import { formatData, formatInput, runLammps } from '../tools/lammpsGolden.ts'

const folder = temporaryFolder()

/** The styles that a LAMMPS data file may use. */
const STYLES = {
  pair: `lj/cut lj/cut/coul/cut lj/cut/coul/dsf lj/cut/coul/wolf lj/cut/coul/long coul/cut coul/dsf coul/wolf coul/long
    buck buck/coul/cut buck/coul/long born born/coul/dsf born/coul/wolf born/coul/long morse zero`,
  bond: 'harmonic morse zero',
  angle: 'harmonic zero',
  dihedral: 'opls charmm fourier harmonic zero',
  improper: 'harmonic cvff zero',
}

describe('the golden cases', () => {
  it.each(Object.entries(STYLES))('hold every %s style', (kind, names) => {
    const covered = new Set(goldenNames().map(name => loadGolden(name).golden.styles[kind as 'pair']))
    covered.delete(undefined)
    expect([...covered].sort()).toEqual(names.split(/\s+/).sort())
  })

  it('are the ones that the script writes', () => {
    expect(goldenNames()).toEqual(GOLDEN_CASES.map(({ name }) => name).sort())
    for (const golden of GOLDEN_CASES) {
      const stored = (extension: string) =>
        readFileSync(join(GOLDEN_DIRECTORY, golden.name + extension), 'utf8')
      expect(formatData(golden)).toBe(stored('.data'))
      expect(stored('.in').replace(/^read_data .*$/m, 'read_data x')).toBe(formatInput(golden, 'x'))
    }
  })

  for (const name of ['organic-triclinic', 'special-coul-dsf', 'pair-born-coul-wolf', 'dihedral-fourier']) {
    itWith('lammps', `are what LAMMPS computes now: ${name}`, () => {
      const { golden } = loadGolden(name)
      const again = runLammps(GOLDEN_CASES.find(each => each.name === name)!)
      for (const [term, energy] of Object.entries(golden.energy)) {
        expect(again.energy[term as 'pair'], term).toBeCloseTo(energy, 8)
      }
      again.forces.flat().forEach((force, k) => {
        expect(force).toBeCloseTo(golden.forces.flat()[k]!, 7)
      })
    })
  }
})

describe('a data file that hoplite writes', () => {
  const { structure } = parseLammpsData(
    readFileSync(join(GOLDEN_DIRECTORY, 'organic-triclinic.data'), 'utf8'),
    'organic-triclinic.data',
  )
  const TURNED = createBox([3, 14, 1, 12, -2, 5, 4, 3, 15].map(x => -x))

  /** Reads and writes a file in LAMMPS. */
  function throughLammps(text: string, style: string) {
    const work = mkdtempSync(join(folder, 'lmp-'))
    writeFileSync(join(work, 'a.data'), text)
    const bond = style === 'full' || style === 'molecular' ? ['bond_style zero nocoeff'] : []
    const input = ['units real', `atom_style ${style}`, 'pair_style zero 5.0', ...bond, 'read_data a.data']
    writeFileSync(
      join(work, 'a.in'),
      [
        ...input,
        'pair_coeff * *',
        ...(bond.length > 0 ? ['bond_coeff *'] : []),
        'write_data b.data nocoeff\n',
      ].join('\n'),
    )
    execFileSync('lmp', ['-in', 'a.in', '-log', 'none', '-screen', 'none'], { cwd: work })
    return parseLammpsData(readFileSync(join(work, 'b.data'), 'utf8'), 'b.data', { units: 'real' })
  }

  for (const [style, given] of [
    ['full', structure],
    [
      'charge',
      {
        ...structure,
        topology: createTopology(22, []),
      },
    ],
    ['full', { ...structure, box: TURNED }],
    ['molecular', { ...structure, charges: null }],
  ] as const) {
    itWith(
      'lammps',
      `is read by LAMMPS, style ${style}, cell ${Array.from(given.box.matrix).join(' ')}`,
      () => {
        const ours = formatLammpsData(given)
        const expected = parseLammpsData(ours, 'a.data')
        const back = throughLammps(ours, style)
        expect(expected.atomStyle).toBe(style)
        expect(back.atomStyle).toBe(style)
        expect(back.structure.elements).toEqual(given.elements)
        const numbers = ['positions', 'velocities', 'charges'] as const
        for (const key of numbers) {
          expect(back.structure[key] === null).toBe(expected.structure[key] === null)
          back.structure[key]?.forEach((x, k) => {
            expect(x).toBeCloseTo(expected.structure[key]![k]!, 6)
          })
        }
        back.structure.box.matrix.forEach((x, k) => {
          expect(x).toBeCloseTo(expected.structure.box.matrix[k]!, 9)
        })
        const pairs = ({ bonds }: { bonds: Int32Array }) =>
          Array.from({ length: bonds.length / 2 }, (_, k) =>
            Array.from(bonds.subarray(2 * k, 2 * k + 2))
              .sort()
              .join(),
          ).sort()
        expect(pairs(back.structure.topology)).toEqual(pairs(given.topology))
      },
    )
  }
})
