import { describe, expect, it } from 'vitest'
import { layeredCrystal, repeatCrystal } from '../../src/construct/crystal.ts'
import { buildSolid } from '../../src/construct/solid.ts'
import { caught } from '../tools/caught.ts'
import { NICKELATE, OPTIONS, plainStructure, shells } from './solids.ts'

const { a_A, c_A, z_oxygen } = NICKELATE.crystal

describe('the layered crystal', () => {
  const crystal = layeredCrystal(NICKELATE.crystal)
  const nearestOxygen = (element: string) => {
    const atoms = crystal.elements.flatMap((e, i) =>
      e === 'O' ? [...crystal.positions.slice(3 * i, 3 * i + 3)] : [],
    )
    const i = crystal.elements.indexOf(element)
    return shells(crystal.box, [...crystal.positions.slice(3 * i, 3 * i + 3), ...atoms], 0, 2.5)
  }

  it('the hexagonal cell of a layered oxide holds three formula units', () => {
    expect(crystal.elements.join('')).toBe('NiNiNiLiLiLiOOOOOO')
    expect(crystal.box.volume).toBeCloseTo((a_A ** 2 * Math.sqrt(3) * c_A) / 2, 9)
  })

  it('each metal of a layered oxide has six oxygen neighbours in an octahedron', () => {
    const expected = Math.hypot(a_A / Math.sqrt(3), c_A * (z_oxygen + 1 / 3 - 1 / 2))
    expect(nearestOxygen('Ni')).toHaveLength(6)
    for (const r of nearestOxygen('Ni')) expect(r).toBeCloseTo(expected, 9)
  })

  it('each lithium of a layered oxide has six oxygen neighbours in a wider octahedron', () => {
    const expected = Math.hypot(a_A / Math.sqrt(3), c_A * (1 / 3 - z_oxygen))
    expect(nearestOxygen('Li')).toHaveLength(6)
    for (const r of nearestOxygen('Li')) expect(r).toBeCloseTo(expected, 9)
  })

  it('a z_oxygen counted from the metal is refused', () => {
    const error = caught(() => layeredCrystal({ ...NICKELATE.crystal, z_oxygen: 0.2633 }))
    expect(error.message).toBe('z_oxygen is 0.2633: in a layered oxide it lies between 0.2 and 0.25')
    expect(error.hint).toContain('0.5 − z')
  })

  it('metal shares whose sum is not 1 are refused', () => {
    const error = caught(() => layeredCrystal({ ...NICKELATE.crystal, metals: { Ni: 0.8, Co: 0.1 } }))
    expect(error.message).toMatch(/add up to 0.9\d*, not to 1/)
  })
})

describe('a mixture of metals', () => {
  const ncm = (shares: Record<string, number>, seed = 1, repeat = [4, 4, 1]) =>
    buildSolid({ crystal: { ...NICKELATE.crystal, metals: shares }, repeat }, { ...OPTIONS, seed })

  it('the numbers of metals in a repeated cell follow the largest-remainder method', () => {
    expect(ncm({ Ni: 0.8, Co: 0.1, Mn: 0.1 }).report.composition).toEqual({
      Ni: 38,
      Co: 5,
      Mn: 5,
      Li: 48,
      O: 96,
    })
  })

  it('the numbers of metals in a slab follow the largest-remainder method', () => {
    const { report } = buildSolid(
      { ...NICKELATE, crystal: { ...NICKELATE.crystal, metals: { Ni: 0.8, Co: 0.1, Mn: 0.1 } } },
      OPTIONS,
    )
    expect(report.composition).toEqual({ Ni: 32, Co: 4, Mn: 4, Li: 40, O: 80 })
  })

  it('random metals are equal for equal seeds and differ between seeds', () => {
    const elements = (seed: number) => ncm({ Ni: 0.8, Co: 0.1, Mn: 0.1 }, seed).structure.elements.join('')
    expect(elements(1)).toBe(elements(1))
    expect(elements(1)).not.toBe(elements(2))
  })

  it('random metals leave lithium and oxygen unchanged', () => {
    const mixed = ncm({ Ni: 0.5, Mn: 0.5 }).structure
    const plain = buildSolid({ crystal: NICKELATE.crystal, repeat: [4, 4, 1] }, OPTIONS).structure
    expect(mixed.elements.map(e => (e === 'Mn' ? 'Ni' : e))).toEqual(plain.elements)
    expect(mixed.positions).toEqual(plain.positions)
  })

  it('metals ordered in thirds have three neighbours of each other metal', () => {
    const crystal = layeredCrystal({
      ...NICKELATE.crystal,
      metals: { Ni: 1 / 3, Co: 1 / 3, Mn: 1 / 3 },
      ordering: 'ordered',
    })
    expect(crystal.elements).toHaveLength(36)
    const { box, positions, elements } = crystal
    for (const own of ['Ni', 'Co', 'Mn']) {
      for (const other of ['Ni', 'Co', 'Mn']) {
        const atoms = elements.flatMap((e, i) => (e === other ? [i] : []))
        for (const i of elements.flatMap((e, k) => (e === own ? [k] : []))) {
          const list = [i, ...atoms.filter(j => j !== i)].flatMap(j => [...positions.slice(3 * j, 3 * j + 3)])
          expect(shells(box, list, 0, a_A * 1.01)).toHaveLength(own === other ? 0 : 3)
        }
      }
    }
  })

  it('ordering: ordered is refused for shares that are not thirds', () => {
    const metals = { Ni: 0.8, Co: 0.1, Mn: 0.1 }
    const error = caught(() => layeredCrystal({ ...NICKELATE.crystal, metals, ordering: 'ordered' }))
    expect(error.message).toBe('no ordered arrangement is known for Ni 0.8, Co 0.1, Mn 0.1')
    expect(error.hint).toContain('ordering: random')
  })
})

describe('a repeated crystal', () => {
  it('a repeated crystal keeps the coordination across cell boundaries', () => {
    const crystal = layeredCrystal(NICKELATE.crystal)
    const { box, atoms } = repeatCrystal(crystal, [3, 2, 1])
    expect(box.volume).toBeCloseTo(6 * crystal.box.volume, 6)
    const positions = atoms.flatMap(atom => [...atom.position])
    const expected = shells(crystal.box, crystal.positions, 0, 4)
    const firsts = atoms.flatMap(({ source }, i) => (source === 0 ? [i] : []))
    expect(firsts).toHaveLength(6)
    for (const i of firsts) {
      const found = shells(box, positions, i, 4)
      expect(found).toHaveLength(expected.length)
      found.forEach((r, k) => {
        expect(r).toBeCloseTo(expected[k]!, 9)
      })
    }
  })

  it('a crystal of a file keeps the types of the file where the recipe gives none', () => {
    const file = {
      ...plainStructure(layeredCrystal(NICKELATE.crystal).box, ['Li', 'O'], [0, 0, 0, 1, 1, 1]),
      types: ['Lx', 'Ox'],
    }
    const { structure } = buildSolid(
      { crystal: { file: 'POSCAR' }, types: { O: 'O2' }, repeat: [1, 1, 2] },
      { ...OPTIONS, readCrystal: () => file },
    )
    expect(structure.types).toEqual(['Lx', 'Lx', 'O2', 'O2'])
  })
})
