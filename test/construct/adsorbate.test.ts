import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fragmentFile } from '../../src/construct/library.ts'
import { buildSolid, type SolidOptions } from '../../src/construct/solid.ts'
import type { AdsorbateRecipe } from '../../src/construct/solidRecipe.ts'
import { minimumImage } from '../../src/core/box.ts'
import type { Structure } from '../../src/core/structure.ts'
import { readStructureFile } from '../../src/files/structureFile.ts'
import { loadPotential } from '../../src/potentials/load.ts'
import { caught } from '../tools/caught.ts'
import { FRAGMENTS_DIRECTORY, fragmentFiles } from '../tools/fragments.ts'
import { NICKELATE, OPTIONS } from './solids.ts'

const build = (adsorbate: AdsorbateRecipe, options: SolidOptions = OPTIONS) =>
  buildSolid({ ...NICKELATE, adsorbates: [adsorbate] }, options)

const LITHIUM = { element: 'Li', layer: 5, near: [0.5, 0.744] } as const
const OXYGEN = { element: 'O', layer: 5, near: [0.625, 0.605] } as const
const NICKEL = { element: 'Ni', layer: 5, near: [0.5, 0.494] } as const

const distance = ({ positions, box }: Structure, i: number, j: number) => {
  const r = Float64Array.from([0, 1, 2], k => positions[3 * j + k]! - positions[3 * i + k]!)
  minimumImage(box, r)
  return Math.hypot(...r)
}
/** Every distance inside the molecule. */
const inside = (structure: Structure, first: number, end: number) => {
  const found: number[] = []
  for (let i = first; i < end; i++) for (let j = first; j < i; j++) found.push(distance(structure, i, j))
  return found
}

describe('a molecule above a site', () => {
  const { structure, report } = build({
    unit: 'PVDF-fragment',
    above: LITHIUM,
    height_A: 4.5,
    rotation_deg: 30,
  })
  const [first, end] = report.adsorbates[0]!.atoms

  it('atoms of an adsorbate follow those of the slab and are not frozen', () => {
    expect([first, end]).toEqual([160, 171])
    expect([...structure.frozen!.slice(first)]).toEqual(Array(11).fill(0))
    expect([...report.layers.slice(first)]).toEqual(Array(11).fill(0))
  })

  it('the lowest atom is at height_A, and the centre of the molecule above the site', () => {
    const atoms = Array.from({ length: end - first }, (_, k) => [
      ...structure.positions.slice(3 * (first + k)).slice(0, 3),
    ])
    const middle = [0, 1].map(k => atoms.reduce((sum, r) => sum + r[k]!, 0) / atoms.length)
    expect(Math.min(...atoms.map(r => r[2]!))).toBeCloseTo(8.77412118961306 + 4.5, 9)
    expect(middle).toEqual([expect.closeTo(5.756, 6), expect.closeTo(8.616134638661412, 6)])
  })

  it('a molecule placed above a site keeps its internal distances', () => {
    const original = readStructureFile(fragmentFile('PVDF-fragment'))
    inside(structure, first, end).forEach((r, k) => {
      expect(r).toBeCloseTo(inside(original, 0, 11)[k]!, 9)
    })
  })

  it('rotation_deg rotates the molecule about the surface normal', () => {
    const angle = (of: Structure, offset: number) => {
      const [a, b] = [offset + 3, offset + 7]
      return Math.atan2(
        of.positions[3 * b + 1]! - of.positions[3 * a + 1]!,
        of.positions[3 * b]! - of.positions[3 * a]!,
      )
    }
    const plain = build({ unit: 'PVDF-fragment', above: LITHIUM, height_A: 4.5, rotation_deg: 0 }).structure
    const turn = (angle(structure, first) - angle(plain, first)) * (180 / Math.PI)
    expect(((turn % 360) + 360) % 360).toBeCloseTo(30, 6)
  })

  it('the report gives the closest contact with the surface', () => {
    const { atom, other, distance_A } = report.adsorbates[0]!.contact
    expect(distance(structure, first + atom, other!)).toBeCloseTo(distance_A, 9)
    expect(distance_A).toBeGreaterThan(4.4)
  })

  it('a molecule above a site keeps its own bonds and gets no other', () => {
    const original = readStructureFile(fragmentFile('PVDF-fragment'))
    expect([...structure.topology.bonds]).toEqual([...original.topology.bonds].map(i => i + first))
  })
})

describe('a bonded molecule', () => {
  it.each([
    { unit: 'CHCF-fragment', atom: 'C1', to: OXYGEN, length_A: 1.4 },
    { unit: 'PAN-fragment', atom: 'N1', to: NICKEL, length_A: 2.158 },
  ])(
    '$unit bonded to the surface has the bond of the given length and keeps its shape',
    ({ unit, ...bond }) => {
      const { structure, report } = build({ unit, bond })
      const [site, atom] = report.adsorbates[0]!.bond!
      expect(distance(structure, site, atom)).toBeCloseTo(bond.length_A, 9)
      expect([...structure.topology.bonds.slice(-2)]).toEqual([site, atom])
      expect(structure.elements[site]).toBe(bond.to.element)
      expect(report.sites[site]!.layer).toBe(5)
      const [first, end] = report.adsorbates[0]!.atoms
      const original = readStructureFile(fragmentFile(unit))
      inside(structure, first, end).forEach((r, k) => {
        expect(r).toBeCloseTo(inside(original, 0, end - first)[k]!, 9)
      })
    },
  )

  it('a bonded molecule with enough room is not tilted', () => {
    const { structure, report } = build({
      unit: 'PAN-fragment',
      bond: { atom: 'N1', to: NICKEL, length_A: 2.158 },
    })
    const [site, atom] = report.adsorbates[0]!.bond!
    const opposite = atom + 3
    expect(report.adsorbates[0]!.tilt_deg).toBe(0)
    for (const k of [0, 1]) {
      expect(structure.positions[3 * opposite + k]).toBeCloseTo(structure.positions[3 * site + k]!, 5)
    }
  })

  it('a bonded molecule is tilted by the smallest sufficient angle, and its contact is the closest pair of all', () => {
    const { structure, report } = build({
      unit: 'CHCF-fragment',
      bond: { atom: 'C1', to: OXYGEN, length_A: 1.4 },
    })
    const { contact, tilt_deg, atoms, bond } = report.adsorbates[0]!
    expect(tilt_deg).toBeGreaterThan(0)
    expect(contact.share).toBeGreaterThanOrEqual(0.75)
    expect(report.notes).toEqual([])
    // Everything but the bonded atom and its neighbours, whose distance to the site the bond fixes.
    for (let i = atoms[0] + 3; i < atoms[1]; i++) {
      for (let j = 0; j < 160; j++) {
        if (j !== bond![0]) expect(distance(structure, i, j)).toBeGreaterThan(1.75)
      }
    }
  })

  it('a bonded molecule without room in any orientation is reported with its closest contact', () => {
    const second: AdsorbateRecipe = {
      unit: 'PAN-fragment',
      bond: { atom: 'N1', to: NICKEL, length_A: 2.158 },
    }
    const error = caught(() => buildSolid({ ...NICKELATE, adsorbates: [second, second] }, OPTIONS))
    expect(error.message).toMatch(
      /^no room for PAN-fragment: its C \(atom 2\) is 1\.31 Å from C \(atom 162\)$/,
    )
    expect(error.where).toBe('adsorbates › 1')
  })

  it('a molecule that overlaps its own image in a small surface cell is refused', () => {
    const slab = { ...NICKELATE.slab, repeat: [1, 1] }
    const recipe: AdsorbateRecipe = {
      unit: 'PAN-fragment',
      bond: { atom: 'N1', to: { element: 'Ni', layer: 5 }, length_A: 2.158 },
      rotation_deg: 0,
    }
    const error = caught(() => buildSolid({ ...NICKELATE, slab, adsorbates: [recipe] }, OPTIONS))
    expect(error.message).toContain('from its own image')
  })
})

describe('charges of a molecule', () => {
  const chargeOf = (type: string) =>
    ({ Li: 0.6, Ni3: 1.8, O: -1.2, C_CF2: 0.4, F_C: -0.2, C_CH3: -0.18, H_C: 0.06 })[type] ?? Number.NaN
  const options = { ...OPTIONS, chargeOf }

  it('charges of a molecule come from its atom types', () => {
    const { structure } = build({ unit: 'PVDF-fragment', above: LITHIUM, height_A: 4.5 }, options)
    expect([...structure.charges!.slice(160, 163)]).toEqual([0.4, -0.2, -0.2])
    expect(structure.charges!.reduce((sum, q) => sum + q, 0)).toBeCloseTo(0, 9)
  })

  it('charges of a molecule come from its file where the file has charges', () => {
    const { structure, report } = build({ unit: 'CHCF-fragment', above: LITHIUM, height_A: 4.5 }, options)
    expect([...structure.charges!.slice(160)]).toEqual(Array(8).fill(0))
    expect(report.adsorbates[0]!.charges).toEqual(structure.charges!.slice(160))
  })

  it('charges of a molecule stand only in the report where the host has no charges', () => {
    const { structure, report } = build({ unit: 'CHCF-fragment', above: LITHIUM, height_A: 4.5 })
    expect(structure.charges).toBeNull()
    expect(report.adsorbates[0]!.charges![0]).toBe(0)
  })
})

describe('adsorbates that cannot be placed', () => {
  it.each<[string, AdsorbateRecipe, string]>([
    [
      'an unknown unit',
      { unit: 'PVDF-fragmnt', above: LITHIUM, height_A: 3 },
      "there is no fragment called 'PVDF-fragmnt'",
    ],
    [
      'an atom that the molecule lacks',
      { unit: 'PAN-fragment', bond: { atom: 'O1', to: NICKEL, length_A: 2 } },
      "PAN-fragment has no atom 'O1'",
    ],
    ['no place at all', { unit: 'inert' }, 'the place of inert is not given'],
    [
      'an unknown layer',
      { unit: 'inert', above: { element: 'Li', layer: 9 }, height_A: 6 },
      'there is no layer 9',
    ],
  ])('%s is refused', (_, recipe, message) => {
    expect(caught(() => build(recipe)).message).toBe(message)
  })

  it('an adsorbate on a bulk crystal is refused', () => {
    const recipe = {
      crystal: NICKELATE.crystal,
      adsorbates: [{ unit: 'inert', above: { atom: 1 }, height_A: 6 }],
    }
    expect(caught(() => buildSolid(recipe, OPTIONS)).message).toBe('an adsorbate needs a slab')
  })
})

describe('shipped fragments', () => {
  const names = readdirSync(FRAGMENTS_DIRECTORY)
  const POTENTIAL = loadPotential(join(import.meta.dirname, '../../potentials/pmmcs-lno.yaml'))

  it('the shipped fragments are equal to those that test/tools/fragments.ts writes', () => {
    const made = fragmentFiles()
    expect(names.toSorted()).toEqual([...made.keys()].toSorted())
    for (const [name, text] of made) expect(readFileSync(`${FRAGMENTS_DIRECTORY}${name}`, 'utf8')).toBe(text)
  })

  it.each(names)('the fragment %s is one neutral molecule', name => {
    const { types, charges, topology } = readStructureFile(`${FRAGMENTS_DIRECTORY}${name}`)
    const each = charges ?? types!.map(type => POTENTIAL.types[type]!.charge_e)
    expect([...each].reduce((sum, q) => sum + q, 0)).toBeCloseTo(0, 9)
    expect(new Set(topology.molecules).size).toBe(1)
  })

  it.each(names)(
    'bonds of the fragment %s have covalent lengths, and other atoms are farther apart',
    name => {
      const structure = readStructureFile(`${FRAGMENTS_DIRECTORY}${name}`)
      const { bonds } = structure.topology
      const bonded = new Set(
        Array.from({ length: bonds.length / 2 }, (_, k) => `${bonds[2 * k]} ${bonds[2 * k + 1]}`),
      )
      for (let j = 0; j < structure.elements.length; j++) {
        for (let i = 0; i < j; i++) {
          const r = distance(structure, i, j)
          if (bonded.has(`${i} ${j}`)) {
            expect(r).toBeGreaterThan(1.05)
            expect(r).toBeLessThan(1.55)
          } else expect(r).toBeGreaterThan(1.7)
        }
      }
    },
  )
})
