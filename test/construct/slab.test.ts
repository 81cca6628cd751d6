import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crystalOfStructure, layeredCrystal } from '../../src/construct/crystal.ts'
import { cutSlab } from '../../src/construct/slab.ts'
import { buildSolid } from '../../src/construct/solid.ts'
import type { SlabRecipe } from '../../src/construct/solidRecipe.ts'
import { createBox } from '../../src/core/box.ts'
import { caught } from '../tools/caught.ts'
import { fcc, NICKELATE, OPTIONS, plainStructure, shells } from './solids.ts'

const nickelate = layeredCrystal(NICKELATE.crystal)
const VACUUM = { vacuum_A: 10 }

describe('LiNiO2 (104)', () => {
  const slab = cutSlab(nickelate, NICKELATE.slab)

  it('LiNiO2 (104) has the surface cell of the reference calculations', () => {
    const [ax, , , , by, , , , cz] = slab.box.matrix
    expect(ax).toBeCloseTo(11.512, 9)
    expect(by).toBeCloseTo(11.584365555926373, 9)
    expect(cz).toBeCloseTo(23.382722602641635, 9)
    expect([1, 2, 3, 5, 6, 7].map(k => slab.box.matrix[k])).toEqual([0, 0, 0, 0, 0, 0])
  })

  it('LiNiO2 (104) has the sites of the reference calculations', () => {
    // Layer n is the lowest one moved by n times the shift; the four atoms of its surface cell, Å.
    const shift = [1.439, 1.430010812419954, 2.041379944146122] as const
    const cell = [2.878, 5.792182777963187] as const
    const motif = [
      ['Ni', 0, 0, 0.6086014130285726],
      ['Li', 0, 2.896091388981595, 0.6086014130285726],
      ['O', 1.439, 1.2930141768708074, 0.7172028260571472],
      ['O', 1.439, 4.49916860109238, 0.5],
    ] as const
    const sites = [0, 1, 2, 3, 4].flatMap(n =>
      motif.flatMap(([element, x, y, z]) =>
        [0, 1, 2, 3].flatMap(i =>
          [0, 1].map(j => ({
            element,
            at: [x + n * shift[0] + i * cell[0], y + n * shift[1] + j * cell[1], z + n * shift[2]],
          })),
        ),
      ),
    )
    expect(slab.atoms).toHaveLength(160)
    const distance = (a: readonly number[], b: readonly number[]) =>
      Math.hypot(
        ...a.map((x, k) => {
          const edge = slab.box.matrix[4 * k]!
          return x - b[k]! - edge * Math.round((x - b[k]!) / edge)
        }),
      )
    const found = sites.map(({ at }) => slab.atoms.findIndex(({ position }) => distance(at, position) < 1e-9))
    expect(new Set(found).size).toBe(160)
    expect(found.map(i => nickelate.elements[slab.atoms[i]!.source])).toEqual(
      sites.map(({ element }) => element),
    )
  })

  it('LiNiO2 (104) is neutral and non-polar', () => {
    expect(slab.surface.termination).toMatchObject({
      bottom: 'LiNiO2',
      top: 'LiNiO2',
      polar: false,
      tasker: 1,
    })
    expect(slab.surface.termination.dipole_e_per_A).toBeCloseTo(0, 12)
    expect(slab.surface.area_A2).toBeCloseTo(11.512 * 11.584365555926373, 9)
  })
})

describe('terminations', () => {
  const basal = (termination?: number) =>
    cutSlab(nickelate, { miller: [0, 0, 1], layers: 3, termination, ...VACUUM })

  it('the basal plane of LiNiO2 has four terminations, all polar', () => {
    const list = basal().surface.terminations
    expect(list.map(({ bottom, top }) => `${bottom}…${top}`)).toEqual(['O…Li', 'Li…O', 'Ni…O', 'O…Ni'])
    expect(list.map(({ polar, tasker }) => [polar, tasker])).toEqual(Array(4).fill([true, 3]))
  })

  it('a termination is chosen by its number', () => {
    const { atoms } = basal(3)
    const bottom = atoms.reduce((low, atom) => (atom.position[2] < low.position[2] ? atom : low))
    expect(nickelate.elements[bottom.source]).toBe('Ni')
  })

  it('a wrong number of a termination is refused with the list of terminations', () => {
    const error = caught(() => basal(5))
    expect(error.message).toBe('there is no termination 5: the plane has 4')
    expect(error.hint).toContain('3: Ni at the bottom, O on top, polar')
  })

  it('the dipole of a termination equals that of two charged planes', () => {
    // Rock salt (111): planes of ±1 e per a²√3/4, a/(2√3) apart.
    const a = 5.64
    const salt = rockSalt(a)
    const { terminations } = cutSlab(salt, { miller: [1, 1, 1], layers: 4, ...VACUUM }).surface
    const expected = a / (2 * Math.sqrt(3)) / ((a * a * Math.sqrt(3)) / 4)
    expect(terminations.map(({ dipole_e_per_A }) => Math.abs(dipole_e_per_A!))).toEqual([
      expect.closeTo(expected, 9),
      expect.closeTo(expected, 9),
    ])
  })

  it.each([
    { miller: [1, 0, 0], tasker: 1 },
    { miller: [1, 1, 1], tasker: 3 },
  ])('rock salt $miller is of Tasker type $tasker', ({ miller, tasker }) => {
    expect(cutSlab(rockSalt(5.64), { miller, layers: 2, ...VACUUM }).surface.termination.tasker).toBe(tasker)
  })

  it('fluorite (111) is of Tasker type 2: charged planes, no dipole', () => {
    const a = 5.46
    const metal = fcc('Ca', a)
    const q = a / 4
    const anions = [1, 3].flatMap(i => [1, 3].flatMap(j => [1, 3].flatMap(k => [i * q, j * q, k * q])))
    const fluorite = plainStructure(
      metal.box,
      [...metal.elements, ...Array<string>(8).fill('F')],
      [...metal.positions, ...anions],
    )
    const { termination } = cutSlab(crystalOfStructure(fluorite, ''), {
      miller: [1, 1, 1],
      layers: 2,
      ...VACUUM,
    }).surface
    expect(termination).toMatchObject({ bottom: 'F', top: 'F', tasker: 2, polar: false })
  })

  it('a polar slab is built with a note', () => {
    const slab = { ...NICKELATE.slab, miller: [0, 0, 3], repeat: [1, 1] }
    const { report } = buildSolid({ ...NICKELATE, slab }, OPTIONS)
    expect(report.notes[0]).toMatch(/^the \(0 0 3\) slab is polar \(Tasker type 3\)/)
  })
})

function rockSalt(a: number) {
  const metal = fcc('Na', a)
  return crystalOfStructure(
    plainStructure(
      metal.box,
      [...metal.elements, 'Cl', 'Cl', 'Cl', 'Cl'],
      [...metal.positions, ...metal.positions.map((x, k) => (k % 3 === 0 ? x + a / 2 : x))],
    ),
    '',
  )
}

describe('a face-centred cubic metal', () => {
  const a = 4.05
  const cut = (miller: number[], rest: Partial<SlabRecipe> = {}) =>
    cutSlab(crystalOfStructure(fcc('Al', a), ''), { miller, layers: 4, ...VACUUM, ...rest })

  it.each([
    { miller: [1, 0, 0], spacing: a / 2, area: a ** 2 / 2, angle: 90 },
    { miller: [2, 0, 0], spacing: a / 2, area: a ** 2 / 2, angle: 90 },
    { miller: [1, 1, 0], spacing: a / Math.sqrt(8), area: a ** 2 / Math.SQRT2, angle: 90 },
    { miller: [1, 1, 1], spacing: a / Math.sqrt(3), area: (a ** 2 * Math.sqrt(3)) / 4, angle: 120 },
    { miller: [-1, 1, 1], spacing: a / Math.sqrt(3), area: (a ** 2 * Math.sqrt(3)) / 4, angle: 120 },
  ])(
    'an fcc metal cut along $miller has the known spacing and surface cell',
    ({ miller, spacing, area, angle }) => {
      const { atoms, surface } = cut(miller)
      expect(atoms).toHaveLength(4)
      expect(surface.spacing_A).toBeCloseTo(spacing, 9)
      expect(surface.area_A2).toBeCloseTo(area, 9)
      expect(surface.cell.angle_deg).toBeCloseTo(angle, 6)
    },
  )

  it('an fcc metal gives the same slab from a primitive and from a repeated cell', () => {
    const h = a / 2
    const primitive = plainStructure(createBox([0, h, h, h, 0, h, h, h, 0]), ['Al'], [0, 0, 0])
    // (1 1 1) of the cubic cell is (1 1 1) of the primitive one.
    const slab = cutSlab(crystalOfStructure(primitive, ''), { miller: [1, 1, 1], layers: 4, ...VACUUM })
    const other = cut([1, 1, 1])
    expect(slab.surface.thickness_A).toBeCloseTo(other.surface.thickness_A, 9)
    expect(slab.surface.area_A2).toBeCloseTo(other.surface.area_A2, 9)
  })

  it('atoms of an fcc metal have nine neighbours at the (111) surface and twelve inside', () => {
    const { box, atoms } = cut([1, 1, 1])
    const positions = atoms.flatMap(atom => [...atom.position])
    expect(atoms.map((_, i) => shells(box, positions, i, a * 0.8).length)).toEqual([9, 12, 12, 9])
  })

  it('layers are numbered from the bottom, and the lowest atom is at 0.5 Å', () => {
    const { atoms } = cut([1, 0, 0], { repeat: [2, 1] })
    expect(atoms.map(atom => atom.layer)).toEqual([1, 1, 2, 2, 3, 3, 4, 4])
    expect(atoms[0]!.position[2]).toBeCloseTo(0.5, 12)
  })

  it('frozen_layers freezes layers at the bottom of the slab', () => {
    const { structure } = buildSolid(
      { crystal: { file: 'Al' }, slab: { miller: [1, 0, 0], layers: 4, vacuum_A: 10, frozen_layers: 3 } },
      { ...OPTIONS, readCrystal: () => fcc('Al', a) },
    )
    expect([...structure.frozen!]).toEqual([1, 1, 1, 0])
  })
})

describe('any plane of any crystal', () => {
  const length = fc.double({ min: 2.5, max: 4, noNaN: true })
  const cosine = fc.double({ min: -0.35, max: 0.35, noNaN: true })
  const cell = fc.tuple(length, length, length, cosine, cosine, cosine).map(([a, b, c, p, q, r]) => {
    const y = Math.sqrt(1 - r * r)
    const cy = (p - q * r) / y
    return createBox([a, 0, 0, b * r, b * y, 0, c * q, c * cy, c * Math.sqrt(1 - q * q - cy * cy)])
  })
  const index = fc.integer({ min: -3, max: 3 })
  const plane = fc.tuple(index, index, index).filter(miller => miller.some(i => i !== 0))

  it('a slab has the density of its crystal, and inside the coordination of the crystal', () => {
    fc.assert(
      fc.property(cell, plane, (box, miller) => {
        const m = box.matrix
        const second = [0, 1, 2].map(k => 0.31 * m[k]! + 0.45 * m[3 + k]! + 0.52 * m[6 + k]!)
        const crystal = crystalOfStructure(plainStructure(box, ['Na', 'Cl'], [0.1, 0.2, 0.3, ...second]), '')
        const radius = 3.2
        const { spacing_A } = cutSlab(crystal, { miller, layers: 1, ...VACUUM }).surface
        const layers = Math.ceil((2 * radius) / spacing_A) + 5
        const slab = cutSlab(crystal, { miller, layers, ...VACUUM })
        expect(slab.surface.area_A2 * spacing_A).toBeCloseTo(box.volume, 6)
        expect(slab.atoms).toHaveLength(2 * layers)
        const positions = slab.atoms.flatMap(atom => [...atom.position])
        const middle = Math.ceil(layers / 2)
        slab.atoms.forEach(({ layer, source }, i) => {
          if (layer !== middle) return
          const expected = shells(box, crystal.positions, source, radius)
          const found = shells(slab.box, positions, i, radius)
          expect(found).toHaveLength(expected.length)
          found.forEach((r, k) => {
            expect(r).toBeCloseTo(expected[k]!, 6)
          })
        })
      }),
      { numRuns: 60 },
    )
  })

  it('a supercell of a crystal gives the same layers', () => {
    fc.assert(
      fc.property(cell, plane, (box, miller) => {
        const m = box.matrix
        const double = createBox(m.map((x, k) => (k < 3 ? 2 * x : x)))
        const one = crystalOfStructure(plainStructure(box, ['Na'], [0, 0, 0]), '')
        const two = crystalOfStructure(
          plainStructure(double, ['Na', 'Na'], [0, 0, 0, m[0]!, m[1]!, m[2]!]),
          '',
        )
        const [a, b] = [
          cutSlab(one, { miller, layers: 2, ...VACUUM }).surface,
          cutSlab(two, { miller: [2 * miller[0]!, miller[1]!, miller[2]!], layers: 2, ...VACUUM }).surface,
        ]
        expect(b.spacing_A).toBeCloseTo(a.spacing_A, 9)
        expect(b.cell.u_A).toBeCloseTo(a.cell.u_A, 6)
        expect(b.cell.v_A).toBeCloseTo(a.cell.v_A, 6)
      }),
      { numRuns: 60 },
    )
  })
})

describe('slabs that cannot be cut', () => {
  const cut = (changes: Partial<SlabRecipe>) =>
    caught(() => cutSlab(nickelate, { ...NICKELATE.slab, ...changes })).message

  it.each([
    [{ miller: [0, 0, 0] }, '(0 0 0) is not a plane'],
    [{ miller: [1, 0.5, 0] }, '(1 0.5 0) is not a plane'],
    [{ layers: 0 }, 'a slab of 0 layers, repeated 4 × 2 times, cannot be cut'],
    [{ vacuum_A: 0 }, 'vacuum_A is 0: it must be positive'],
    [{ frozen_layers: 6 }, 'frozen_layers is 6: the slab has 5 layers'],
  ])('%o is refused', (changes, message) => {
    expect(cut(changes)).toBe(message)
  })

  it('a slab of a molecular crystal is refused', () => {
    const molecule = { ...fcc('Al', 4), topology: { ...fcc('Al', 4).topology, bonds: Int32Array.of(0, 1) } }
    expect(caught(() => crystalOfStructure(molecule, 'ice.cif'))).toMatchObject({ where: 'ice.cif' })
  })
})
