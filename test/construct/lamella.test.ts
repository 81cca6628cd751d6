import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { loadForm } from '../../src/construct/library.ts'
import { type BuildRecipe, type BuildResult, buildBox } from '../../src/construct/pack.ts'
import { cross, dot, norm, subtract, type Vector, vectorAt } from '../../src/construct/vectors.ts'
import { loadPotential } from '../../src/potentials/load.ts'
import { DEGREE } from '../../src/units.ts'
import { caught } from '../tools/caught.ts'
import { temporaryFolder } from '../tools/folder.ts'

const potential = loadPotential(fileURLToPath(new URL('../../potentials/pvdf-lifsi.yaml', import.meta.url)))
const folder = temporaryFolder()

const UNITS = 6
const CHAIN_ATOMS = 6 * UNITS + 2
const FORMS = {
  'beta-PVDF': { lattice_A: [8.58, 4.91, 2.56], unitsPerCell: 2 },
  'alpha-PVDF': { lattice_A: [4.96, 9.64, 4.62], unitsPerCell: 4 },
} as const
type Form = keyof typeof FORMS

const polymer = { unit: 'VDF', chains: 8, units_per_chain: UNITS, conformation: 'random' } as const
function build(form: string, changes: Partial<BuildRecipe> = {}, seed = 1): BuildResult {
  const lamella = { form, cells: [2, 2], gap_A: 14 } as const
  return buildBox({ polymers: [polymer], lamella, ...changes }, potential, seed, folder)
}

/** Main-chain atoms of a chain: CH₂ and CF₂ in turn. */
function carbons({ structure: { elements } }: BuildResult, chain: number): number[] {
  const first = chain * CHAIN_ATOMS
  return elements.slice(first, first + CHAIN_ATOMS).flatMap((e, k) => (e === 'C' ? [first + k] : []))
}

/** Degrees, trans 180, sign by IUPAC. */
function torsion(x: Float64Array, [i, j, k, l]: readonly number[]): number {
  const step = (from: number, to: number) => subtract(vectorAt(x, to), vectorAt(x, from))
  const [a, b, c] = [step(i!, j!), step(j!, k!), step(k!, l!)]
  const [n, m] = [cross(a, b), cross(b, c)]
  return Math.atan2(norm(b) * dot(a, m), dot(n, m)) / DEGREE
}

/** e·Å of the units first to last of every chain: neutral groups, so that no origin is needed. */
function dipole({ structure: { positions, types } }: BuildResult, first: number, last: number): Vector {
  const sum = [0, 0, 0]
  for (let start = 0; start < types!.length; start += CHAIN_ATOMS) {
    // The first unit has a hydrogen of its end behind its own six atoms.
    for (let atom = start + 6 * first + 1; atom < start + 6 * (last + 1) + 1; atom++) {
      const charge = potential.types[types![atom]!]!.charge_e
      for (let c = 0; c < 3; c++) sum[c]! += charge * positions[3 * atom + c]!
    }
  }
  return sum as unknown as Vector
}

describe.each(Object.keys(FORMS) as Form[])('a lamella of %s', form => {
  const built = build(form)
  const { positions } = built.structure
  const { lattice_A, unitsPerCell } = FORMS[form]

  test('a lamella has the lattice of its form, whole chains, and the density of the crystal', () => {
    const { report } = built
    expect(report.composition).toEqual([{ name: 'VDF chain', molecules: 8, atoms_per_molecule: CHAIN_ATOMS }])
    expect(report.box_edges_A.slice(0, 2)).toEqual([2 * lattice_A[0], 2 * lattice_A[1]])
    const volume = lattice_A[0] * lattice_A[1] * lattice_A[2]
    expect(report.lamella!.density_g_per_cm3).toBeCloseTo((unitsPerCell * 64.034) / 0.602214 / volume, 3)
    expect(report.box_edges_A[2]).toBeCloseTo(report.lamella!.thickness_A + 14, 9)
    expect(report.net_charge_e).toBeCloseTo(0, 9)
  })

  test('chains of a lamella are straight along z, repeat after c, and have bonds of the potential', () => {
    const chain = carbons(built, 3)
    const period = unitsPerCell
    for (let k = 0; k + period < chain.length; k++) {
      const [x, y, z] = subtract(vectorAt(positions, chain[k + period]!), vectorAt(positions, chain[k]!))
      expect(Math.hypot(x, y)).toBeLessThan(1e-6)
      expect(Math.abs(z)).toBeCloseTo(lattice_A[2], 6)
      const bond = subtract(vectorAt(positions, chain[k + 1]!), vectorAt(positions, chain[k]!))
      expect(norm(bond)).toBeCloseTo(1.534, 9)
    }
  })

  test('torsions of a lamella are those of its form', () => {
    const { torsions_deg } = loadForm(form, folder)
    const chain = carbons(built, 5)
    for (let k = 0; k + 3 < chain.length; k++) {
      const excess = torsion(positions, chain.slice(k, k + 4)) - torsions_deg[k % torsions_deg.length]!
      expect(Math.cos(excess * DEGREE)).toBeCloseTo(1, 9)
    }
  })

  test('atoms of different chains of a lamella do not overlap', () => {
    expect(built.report.closest_contact_A).toBeGreaterThan(2.2)
  })
})

test('the β form has a dipole along b only, 2.1 D per unit', () => {
  const units = 8 * (UNITS - 2)
  const [x, y, z] = dipole(build('beta-PVDF'), 1, UNITS - 2).map(value => value / units)
  expect(x).toBeCloseTo(0, 9)
  expect(z).toBeCloseTo(0, 9)
  expect(Math.abs(y! * 4.8032)).toBeGreaterThan(1.9)
  expect(Math.abs(y! * 4.8032)).toBeLessThan(2.3)
})

test('the α form has no dipole, although each of its chains has one', () => {
  const built = build('alpha-PVDF')
  for (const component of dipole(built, 1, UNITS - 2)) expect(component).toBeCloseTo(0, 9)
  const one = build('alpha-PVDF').structure
  const alone = { ...built, structure: { ...one, types: one.types!.slice(0, CHAIN_ATOMS) } }
  expect(norm(dipole(alone, 1, UNITS - 2))).toBeGreaterThan(0.5)
})

describe('ions beside a lamella', () => {
  const ions = { Li: 6, FSI: 6 }

  test('ions are placed in the gap of a lamella, and only they depend on the seed', () => {
    const [a, again, b] = [1, 1, 2].map(seed => build('beta-PVDF', { ions }, seed)) as [
      BuildResult,
      BuildResult,
      BuildResult,
    ]
    expect(a).toEqual(again)
    const chains = 3 * 8 * CHAIN_ATOMS
    expect(a.structure.positions.slice(0, chains)).toEqual(b.structure.positions.slice(0, chains))
    expect(a.structure.positions.slice(chains)).not.toEqual(b.structure.positions.slice(chains))
    const { thickness_A } = a.report.lamella!
    a.structure.types!.forEach((type, i) => {
      if (type !== 'Li') return
      expect(a.structure.positions[3 * i + 2]).toBeGreaterThan(thickness_A)
      expect(a.structure.positions[3 * i + 2]).toBeLessThan(a.report.box_edges_A[2])
    })
    expect(a.report.closest_contact_A).toBeGreaterThan(1.2)
  })

  test('ions that find no room in the gap of a lamella are refused', () => {
    const lamella = { form: 'beta-PVDF', cells: [2, 2], gap_A: 3 } as const
    const { message, hint } = caught(() => build('', { lamella, ions: { Li: 60, FSI: 60 } }))
    expect(message).toMatch(/^no room for another .* in a block of 17\.2 × 9\.8 × 3\.0 Å$/)
    expect(hint).toMatch(/gap_A/)
  })
})

describe('lamellae that cannot be built', () => {
  const replace = { unit: 'CHCF', fraction: 0.34, placement: 'isolated', keep_ends: true } as const
  test.each([
    ['replaced units', { polymers: [{ ...polymer, replace }] }, /consist of VDF only/],
    ['head-to-head units', { polymers: [{ ...polymer, defect_fraction: 0.2 }] }, /consist of VDF only/],
    [
      'a conformation',
      { polymers: [{ ...polymer, conformation: 'trans' }] },
      /sets the conformation of its chains/,
    ],
    ['two kinds of chains', { polymers: [polymer, polymer] }, /one entry of polymers, and the recipe has 2/],
    ['no chains', { polymers: [], ions: { Li: 1, FSI: 1 } }, /one entry of polymers, and the recipe has 0/],
    ['other numbers', { polymers: [{ ...polymer, chains: 9 }] }, /2 × 2 cells of beta-PVDF contain 8 chains/],
    ['short chains', { polymers: [{ ...polymer, units_per_chain: 1 }] }, /shorter than two periods/],
  ] as const)('a lamella with %s is refused', (_, changes, message) => {
    expect(caught(() => build('beta-PVDF', changes)).message).toMatch(message)
  })

  test('an unknown form is refused with the nearest name', () => {
    expect(caught(() => build('betaPVDF'))).toMatchObject({
      message: "there is no crystal form called 'betaPVDF'",
      hint: 'did you mean `beta-PVDF`?',
    })
  })

  test('forms of another unit, with torsions of a helix, or with a period that no angle gives are refused', () => {
    const own = (torsions: string, c: number, unit = 'VDF') => {
      const text = `name: own
unit: ${unit}
lattice_A: [9, 5, ${c}]
torsions_deg: ${torsions}
chains: [{ at: [0, 0], setting_deg: 0 }, { at: [0.5, 0.5], setting_deg: 0 }]
sources: [{ citation: made up for a test }]
`
      writeFileSync(join(folder, 'own.yaml'), text)
      return caught(() => build('./own.yaml'))
    }
    expect(own('[180]', 2.56, 'PVF').message).toBe('the form own consists of PVF, not of VDF')
    for (const failure of [own('[60]', 2.56), own('[180]', 3)]) {
      expect(failure.message).toMatch(/^the torsions of own give no straight chain of VDF chain/)
      expect(failure.where).toBe(join(folder, 'own.yaml'))
    }
  })
})
