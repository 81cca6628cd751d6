import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatExtxyz } from '../../src/files/extxyz.ts'
import { parseLammpsData } from '../../src/files/lammpsData.ts'
import { parseLammpsStyles } from '../../src/files/lammpsStyles.ts'
import { type LammpsOptions, lammpsCoulomb, lammpsSystem } from '../../src/files/lammpsSystem.ts'
import { formatLammpsData } from '../../src/files/lammpsWrite.ts'
import type { CoulombName, Interactions } from '../../src/potentials/interactions.ts'
import { KCAL_PER_MOL, LAMMPS_METAL } from '../../src/units.ts'
import { arbitraryStructure } from '../tools/arbitraryStructure.ts'
import { caught } from '../tools/caught.ts'

const DATA = `LAMMPS data file, units real

4 atoms
2 bonds
1 angles
1 dihedrals

3 atom types
1 bond types
1 angle types
1 dihedral types

-5 5 xlo xhi
0 12 ylo yhi
1 12 zlo zhi
2 -1 0.5 xy xz yz

Masses

1 12.011 # CT
2 4.032 # HC
3 58.93

Pair Coeffs # lj/cut/coul/long

1 0.1 3.0
2 0.025 2.0
3 0.4 1.5 4.5

Bond Coeffs # harmonic

1 340.0 1.09

Angle Coeffs # harmonic

1 50.0 90.0

Dihedral Coeffs # harmonic

1 2.0 -1 2

Atoms # full

30 1 2 0.5 1 2 3 1 0 -1
7 1 1 -0.5 0.25 0.5 2
12 1 1 0.25 1 1 1.5
9 2 3 -0.25 -4 3 4

Velocities

7 0.001 0 0
9 0 0 0
12 0 0 0
30 0 -0.002 0

Bonds

1 1 7 30
2 1 7 12

Angles

1 1 30 7 12

Dihedrals

1 1 30 7 12 9
`.replace(/^(7|12|9) (.*)$/gm, (line, id: string, rest: string) =>
  rest.split(' ').length === 6 ? `${id} ${rest} 0 0 0` : line,
)

const read = (text = DATA) => parseLammpsData(text, 'a.data')
type Options = LammpsOptions & { readonly coulomb?: CoulombName }
const build = (text = DATA, { coulomb, ...options }: Options = {}) => {
  const data = read(text)
  const interactions: Interactions = {
    cutoff_A: 5,
    truncation: 'plain',
    tail_correction: false,
    coulomb: lammpsCoulomb(data, options.styles, coulomb),
    coulomb_accuracy: 1e-6,
    slab_correction: false,
  }
  return lammpsSystem(data, interactions, options)
}

describe('a LAMMPS data file', () => {
  it('gives atoms in order of their ids, unwrapped, with elements from masses and labels', () => {
    const { structure, typeNames, units, unitsSource, atomStyle } = read()
    expect({ units, unitsSource, atomStyle }).toEqual({
      units: 'real',
      unitsSource: 'header',
      atomStyle: 'full',
    })
    expect(typeNames).toEqual(['CT', 'HC', '3'])
    expect(structure.elements).toEqual(['C', 'Co', 'C', 'H'])
    expect(structure.types).toEqual(['CT', '3', 'CT', 'HC'])
    expect(Array.from(structure.masses!)).toEqual([12.011, 58.93, 12.011, 4.032])
    expect(Array.from(structure.charges!)).toEqual([-0.5, -0.25, 0.25, 0.5])
    expect(Array.from(structure.box.matrix)).toEqual([10, 0, 0, 2, 12, 0, -1, 0.5, 11])
    // Image flags 1 0 -1: plus a, minus c.
    expect(Array.from(structure.positions.subarray(9))).toEqual([1 + 10 + 1, 2 - 0.5, 3 - 11])
    expect(Array.from(structure.velocities!.subarray(9))).toEqual([0, -2, 0])
    expect(Array.from(structure.topology.bonds)).toEqual([0, 3, 0, 2])
  })

  it('gives interactions in internal units', () => {
    const system = build(DATA, { mixing: 'arithmetic', specialLJ: [0, 0, 0.5], specialCoulomb: [0, 0, 0.8] })
    const [pair, coulomb, bond, angle, dihedral] = system.forces
    expect(system.forces.map(force => force.kind)).toEqual(['pair', 'coulomb', 'bond', 'angle', 'dihedral'])
    if (pair?.kind !== 'pair' || bond?.kind !== 'bond' || angle?.kind !== 'angle') throw new Error('kinds')
    if (dihedral?.kind !== 'dihedral') throw new Error('kinds')
    // Types 1 and 2: ε = √(0.1·0.025) = 0.05 kcal/mol, σ = (3 + 2)/2.
    expect(pair.parameters[2]).toBeCloseTo(0.05 * KCAL_PER_MOL, 15)
    expect(pair.parameters[3]).toBeCloseTo(2.5, 12)
    // The third type's own cut-off, 4.5 Å, is averaged with the general one.
    expect(pair.cutoffs).toEqual(Float64Array.of(5, 5, 4.75, 5, 5, 4.75, 4.75, 4.75, 4.5))
    expect(pair.special).toEqual([0, 0, 0.5])
    expect(coulomb).toMatchObject({ cutoff_A: 5, special: [0, 0, 0.8], method: { name: 'pme' } })
    expect(bond.parameters[0]).toBeCloseTo(680 * KCAL_PER_MOL, 12)
    expect(bond.parameters[1]).toBe(1.09)
    expect(angle.parameters[0]).toBeCloseTo(100 * KCAL_PER_MOL, 12)
    expect(angle.parameters[1]).toBeCloseTo(Math.PI / 2, 15)
    expect(Array.from(angle.atoms)).toEqual([3, 0, 2])
    expect(dihedral.order).toBe(2)
    const inKcal = Array.from(dihedral.coefficients, value => value / KCAL_PER_MOL)
    ;[2, 0, -2, 0, 0, 0].forEach((value, k) => {
      expect(inKcal[k]).toBeCloseTo(value, 12)
    })
  })

  it('sums charges as its pair style says: pme for coul/long unless ewald is asked for', () => {
    expect(lammpsCoulomb(read(), undefined, undefined)).toBe('pme')
    expect(lammpsCoulomb(read(), undefined, 'ewald')).toBe('ewald')
    expect(lammpsCoulomb(read(), { pair: 'lj/cut' }, 'wolf')).toBe('wolf')
    expect(lammpsCoulomb(read(), { pair: 'lj/cut' }, undefined)).toBe('none')
  })

  it('takes zero styles as no force but keeps their bonds', () => {
    const system = build(DATA, { styles: parseLammpsStyles('pair=zero,bond=zero,angle=zero,dihedral=zero') })
    expect(system.forces).toEqual([])
    expect(system.topology.bonds).toHaveLength(4)
  })

  it('takes LAMMPS’s own constants on request', () => {
    const text = DATA.replace('units real', 'units = metal')
    expect(build(text, { constants: 'lammps' }).forces[1]).toMatchObject({
      constant_eV_A: LAMMPS_METAL.coulomb_eV_A,
    })
  })

  it.each([
    ['no word about units', '', 'full', 'real', 'assumed'],
    ['units = metal', 'via write_data, timestep = 0, units = metal', 'full', 'metal', 'header'],
  ])('%s', (_, title, __, units, unitsSource) => {
    expect(read(DATA.replace('LAMMPS data file, units real', title))).toMatchObject({ units, unitsSource })
  })
})

describe('the atom style', () => {
  const file = (style: string, columns: string, extra = '') => `t

2 atoms
${extra}2 atom types

0 9 xlo xhi
0 9 ylo yhi
0 9 zlo zhi

Masses

1 6.94
2 15.999

Atoms${style && ` # ${style}`}

1 ${columns}
2 ${columns}
${extra && '\nBonds\n\n1 1 1 2\n'}`
  const BONDS = '1 bonds\n1 bond types\n'

  it.each([
    ['', '1 1.5 2 3', '', 'atomic'],
    ['', '1 1.5 2 3 0 0 1', '', 'atomic'],
    ['', '1 0.5 1.5 2 3', '', 'charge'],
    ['', '1 -1 1.5 2 3', '', 'charge'],
    ['', '1 2 1.5 2 3', BONDS, 'molecular'],
    ['', '1 2 -1 1.5 2 3', '', 'full'],
    ['molecular', '1 2 1.5 2 3', '', 'molecular'],
    ['charge', '1 2 1.5 2 3', '', 'charge'],
  ])('%j with columns %j is told', (style, columns, extra, expected) => {
    expect(read(file(style, columns, extra)).atomStyle).toBe(expected)
  })

  it('assumes metal units for atomic and charge', () => {
    expect(read(file('', '1 1.5 2 3'))).toMatchObject({ units: 'metal', unitsSource: 'assumed' })
  })

  it('is asked for when it cannot be told', () => {
    const error = caught(() => read(file('', '1 2 1.5 2 3')))
    expect(error.message).toContain('cannot be told')
    expect(error.hint).toContain('Atoms # ')
  })

  it.each([
    ['body', '1 1 2 3', "'body' is not supported"],
    ['full', '1 1 2 3', 'have 7 or 10 columns'],
  ])('%j is refused', (style, columns, message) => {
    expect(caught(() => read(file(style, columns))).message).toContain(message)
  })
})

/** What is replaced in the file above, by what, the beginning of the line that is blamed, a part of the message. */
const MALFORMED: [from: string, to: string, line: string | null, message: string][] = [
  ['4 atoms', '5 atoms', 'Atoms # full', 'has 4 lines, the header says 5'],
  ['4 atoms', 'four atoms', 'four atoms', 'supported'],
  ['4 atoms', '4 atoms\n4 ellipsoids', '4 ellipsoids', 'not understood'],
  ['0 12 ylo yhi', '', null, 'ylo yhi'],
  ['0 12 ylo yhi', '12 0 ylo yhi', '12 0', 'not above'],
  ['0 12 ylo yhi', '0 l2 ylo yhi', '0 l2', "'l2'"],
  ['30 1 2 0.5 1 2 3', '30 1 2 0.5 1 nan 3', '30 1 2', "'nan'"],
  ['30 1 2 0.5 1 2 3', '7 1 2 0.5 1 2 3', '7 1 1', 'occurs twice'],
  ['30 1 2 0.5 1 2 3', '30 1 4 0.5 1 2 3', '30 1 4', 'atom type is 4'],
  ['30 1 2 0.5 1 2 3 1 0 -1', '30 1 2 0.5 1 2 3 1 0 -1.5', '30 1 2', 'image flag'],
  ['9 2 3 -0.25 -4 3 4 0 0 0', '9 2 3 -0.25 -4 3 4', '9 2 3', '7 columns'],
  ['1 1 7 30', '1 1 7 31', '1 1 7 31', 'no atom 31'],
  ['1 1 7 30', '1 2 7 30', '1 2 7 30', 'bond type is 2'],
  ['1 1 7 30', '1 1 7', '1 1 7', '4 numbers'],
  ['Angles\n\n1 1 30 7 12', '', null, 'no section Angles'],
  ['3 58.93\n', '', 'Masses', 'type 3 has no mass'],
  ['3 58.93', '3 0', '3 0', 'mass is 0'],
  ['Angles', 'Ellipsoids', 'Ellipsoids', "'Ellipsoids' is not supported"],
  ['Dihedral Coeffs', 'Pair Coeffs', 'Pair Coeffs # harmonic', 'occurs twice'],
  ['units real', 'units lj', 'LAMMPS data', 'units lj'],
]

describe('a malformed LAMMPS data file', () => {
  it.each(MALFORMED)('%j → %j', (from, to, line, message) => {
    expect(DATA).toContain(from)
    const text = DATA.replace(from, to)
    const error = caught(() => read(text))
    const blamed = /^a\.data(?::(\d+))?$/.exec(error.where!)!
    if (line === null) expect(blamed[1]).toBeUndefined()
    else expect(text.split('\n')[Number(blamed[1]) - 1]!.startsWith(line)).toBe(true)
    expect(`${error.message} ${error.hint}`).toContain(message)
  })
})

/** The same for what the sections mean together with options. */
const REFUSED: [from: string, to: string, options: Options, message: string][] = [
  ['# lj/cut/coul/long', '', {}, 'does not say its pair style'],
  ['# lj/cut/coul/long', '# hybrid', {}, "pair style 'hybrid' is not supported"],
  ['', '', { styles: { bond: 'fene' } }, "bond style 'fene' is not supported"],
  ['Bond Coeffs # harmonic', 'Bond Coeffs', {}, 'has bonds but does not say their style'],
  ['Angle Coeffs # harmonic\n\n1 50.0 90.0\n', '', {}, 'has angles but does not say their style'],
  [
    'Angle Coeffs # harmonic\n\n1 50.0 90.0\n',
    '',
    { styles: { angle: 'harmonic' } },
    'angle type 1 has no line in Angle Coeffs',
  ],
  ['2 0.025 2.0\n', '', {}, 'atom type 2 (HC) has no line'],
  ['2 0.025 2.0', '2 0.025', {}, 'sigma is missing'],
  ['2 0.025 2.0', '2 0.025 2.0 5.0 5.0', {}, 'at most 3'],
  ['2 0.025 2.0', '2 0.025 2.0 4.0', { styles: { pair: 'lj/cut/coul/cut' } }, 'Coulomb cut-off of 4 Å'],
  ['1 0.1 3.0', '1 0.1 0.0 1.0', { styles: { pair: 'buck' } }, 'rho is 0'],
  ['', '', { styles: { pair: 'morse' } }, 'is missing'],
  [
    '3 0.4 1.5 4.5',
    '3 0.4 1.5',
    { styles: { pair: 'lj/cut/coul/dsf' }, coulomb: 'pme' },
    'with dsf, not with pme',
  ],
  ['1 340.0 1.09', '1 340.0', {}, '1 coefficients, the style takes 2'],
  ['1 2.0 -1 2', '1 2.0 0 2', {}, 'd is 0'],
  ['1 2.0 -1 2', '1 2.0 -1 -2', {}, 'n is -2'],
  ['harmonic\n\n1 2.0 -1 2', 'charmm\n\n1 2.0 2 180 0.5', {}, '1-4 weighting factor is 0.5'],
]

describe('interactions that are not supported', () => {
  it.each(REFUSED)('%j → %j with %j', (from, to, options, message) => {
    expect(DATA).toContain(from)
    expect(caught(() => build(DATA.replace(from, to), options)).message).toContain(message)
  })

  it('are refused when a style does not mix and unlike types have no line', () => {
    const text = DATA.replace(/1 0.1 3.0\n2 0.025 2.0\n3 0.4 1.5 4.5/, '1 1 2 3\n2 1 2 3\n3 1 2 3')
    const error = caught(() => build(text, { styles: { pair: 'morse' } }))
    expect(error.message).toContain('types 1 and 2 have no coefficients')
    expect(error.hint).toContain('PairIJ')
  })

  it('are refused when charges are needed and there are none', () => {
    const text = formatLammpsData({ ...read().structure, charges: null })
    const styles = { pair: 'coul/long', bond: 'zero' }
    expect(caught(() => build(text, { styles })).message).toContain('need charges')
  })

  it('are refused in --styles', () => {
    expect(parseLammpsStyles('pair=lj/cut, bond=harmonic')).toEqual({ pair: 'lj/cut', bond: 'harmonic' })
    expect(caught(() => parseLammpsStyles('pairs=lj/cut')).hint).toContain('pair=')
    expect(caught(() => parseLammpsStyles('pair')).message).toContain("'pair'")
  })
})

describe('writing a LAMMPS data file', () => {
  it('keeps every structure, up to the orientation and choice of the lattice vectors', () => {
    fc.assert(
      fc.property(arbitraryStructure, structure => {
        const { structure: back } = parseLammpsData(formatLammpsData(structure), 'a.data')
        expect(back.elements).toEqual(structure.elements)
        expect(back.types).toEqual(structure.types ?? structure.elements)
        expect(Array.from(back.topology.bonds)).toEqual(Array.from(structure.topology.bonds))
        expect(back.charges).toEqual(structure.charges)
        expect(back.box.volume / structure.box.volume).toBeCloseTo(1, 9)
        // All distances between unwrapped atoms stay.
        for (let i = 0; i < structure.elements.length; i++) {
          expect(distance(back.positions, 0, i)).toBeCloseTo(distance(structure.positions, 0, i), 6)
        }
        if (structure.velocities) {
          expect(Math.hypot(...back.velocities!)).toBeCloseTo(Math.hypot(...structure.velocities), 5)
        }
      }),
    )
  })

  it('keeps a cell that LAMMPS can hold as it is', () => {
    const { structure } = read()
    const back = read(formatLammpsData(structure)).structure
    expect(back.box.matrix).toEqual(structure.box.matrix)
    back.positions.forEach((x, k) => {
      expect(x).toBeCloseTo(structure.positions[k]!, 9)
    })
    expect(formatExtxyz({ ...back, positions: structure.positions })).toBe(formatExtxyz(structure))
  })

  it('gives atoms of one type and different mass types of their own', () => {
    const { structure } = read()
    const back = read(formatLammpsData({ ...structure, masses: Float64Array.of(9, 58.93, 12.011, 4.032) }))
    expect(Array.from(back.structure.masses!)).toEqual([9, 58.93, 12.011, 4.032])
    expect(back.typeNames).toEqual(['CT-1', '3', 'CT-3', 'HC'])
    expect(back.structure.elements).toEqual(structure.elements)
  })
})

function distance(positions: Float64Array, i: number, j: number): number {
  return Math.hypot(...[0, 1, 2].map(k => positions[3 * i + k]! - positions[3 * j + k]!))
}
