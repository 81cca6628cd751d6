import { describe, expect, it } from 'vitest'
import { findSite } from '../../src/construct/sites.ts'
import { buildSolid } from '../../src/construct/solid.ts'
import type { EditRecipe, SiteRecipe } from '../../src/construct/solidRecipe.ts'
import { caught } from '../tools/caught.ts'
import { NICKELATE, OPTIONS } from './solids.ts'

const build = (...edits: EditRecipe[]) => buildSolid({ ...NICKELATE, edits }, OPTIONS)
const ideal = build()
const surfaceLi: SiteRecipe = { element: 'Li', layer: 5, near: [0.5, 0.744] }
const innerLi: SiteRecipe = { element: 'Li', layer: 4, near: [0.375, 0.62] }

describe('a slab', () => {
  it('atoms of a slab are listed layer by layer, within a layer in the order of the crystal', () => {
    const { layers } = ideal.report
    expect([...layers]).toEqual([...layers].sort((a, b) => a - b))
    const layer = ideal.structure.elements.slice(0, 32).join('')
    expect(layer).toBe(`${'Ni'.repeat(8)}${'Li'.repeat(8)}${'O'.repeat(16)}`)
  })

  it('a slab has types and frozen layers, and no charges', () => {
    expect(ideal.structure.types!.slice(0, 9).join(' ')).toBe('Ni3 Ni3 Ni3 Ni3 Ni3 Ni3 Ni3 Ni3 Li')
    expect(ideal.structure.frozen!.reduce((sum, x) => sum + x, 0)).toBe(64)
    expect(ideal.structure.charges).toBeNull()
  })

  it('charges of a slab come from its atom types', () => {
    const charges: Record<string, number> = { Li: 0.6, Ni3: 1.8, O: -1.2 }
    const { structure } = buildSolid(NICKELATE, { ...OPTIONS, chargeOf: type => charges[type]! })
    expect(structure.charges!.reduce((sum, q) => sum + q, 0)).toBeCloseTo(0, 9)
    expect(structure.charges![0]).toBe(1.8)
  })

  it('a slab is reported as stoichiometric', () => {
    expect(ideal.report).toMatchObject({ formula: 'Li40Ni40O80', stoichiometric: true, notes: [] })
  })

  it('a slab with the key repeat of bulk crystals is refused', () => {
    const error = caught(() => buildSolid({ ...NICKELATE, repeat: [2, 2, 1] }, OPTIONS))
    expect(error).toMatchObject({ message: 'repeat and slab exclude each other', where: 'repeat' })
  })
})

describe('sites', () => {
  const search = { box: ideal.structure.box, sites: ideal.report.sites, among: 'filled' } as const
  const at = (recipe: SiteRecipe) => ideal.report.sites[findSite(recipe, search)]!
  const refused = (recipe: SiteRecipe) => caught(() => findSite(recipe, { ...search, where: 'hop › ion' }))

  it('a site is found by element, layer and lateral position', () => {
    expect(at(surfaceLi).position).toEqual([
      expect.closeTo(5.756, 6),
      expect.closeTo(8.616134638661412, 6),
      expect.closeTo(8.77412118961306, 6),
    ])
  })

  it('a site is found across the cell boundary', () => {
    expect(at({ type: 'Ni3', layer: 1, near: [0.99, -0.01] }).position.slice(0, 2)).toEqual([0, 0])
  })

  it('a site is found by three coordinates without a layer', () => {
    expect(at({ element: 'Li', near: [0.5, 0.744, 0.375] })).toEqual(at(surfaceLi))
  })

  it('a site is found by its number', () => {
    expect(findSite({ atom: 71 }, search)).toBe(70)
  })

  it('two equally near sites are refused, and the message names both', () => {
    const error = refused({ element: 'Li', layer: 5, near: [0.375, 0.744] })
    expect(error.message).toBe(
      'near: [0.375, 0.744] lies between two sites: 140 (Li, layer 5, fractional 0.250 0.744 0.375) at 1.44 Å, and 142 (Li, layer 5, fractional 0.500 0.744 0.375) at 1.44 Å',
    )
    expect(error.where).toBe('hop › ion')
  })

  it.each<[SiteRecipe, string, string]>([
    [{ element: 'Na', near: [0, 0] }, 'there is no element Na in the lattice', 'its elements: Li, Ni, O'],
    [{ type: 'Ni', near: [0, 0] }, 'there is no type Ni in the lattice', 'its types: Li, Ni3, O'],
    [
      { element: 'Li', layer: 6, near: [0, 0] },
      'there is no layer 6',
      'layers are numbered from 1, at the bottom, to 5',
    ],
    [
      { atom: 161 },
      'there is no atom 161',
      'atoms are numbered from 1 to 160 in the ideal lattice, before any edit',
    ],
    [{ element: 'Li', layer: 5 }, '8 sites are Li in layer 5', 'choose one by near: [u, v], fractional'],
    [
      { element: 'Li', near: [0.5] },
      'near has 1 numbers, and needs 2 or 3',
      'give near: [u, v] or [u, v, w], fractional',
    ],
  ])('%o is refused', (recipe, message, hint) => {
    expect(refused(recipe)).toMatchObject({ message, hint })
  })

  it('a layer is refused in a bulk crystal', () => {
    const { structure, report } = buildSolid({ crystal: NICKELATE.crystal }, OPTIONS)
    const bulk = { box: structure.box, sites: report.sites, among: 'filled' } as const
    expect(caught(() => findSite({ element: 'Li', layer: 1 }, bulk)).message).toBe(
      'a bulk crystal has no layers, and so no layer 1',
    )
  })
})

describe('edits', () => {
  it('the edit remove leaves a vacancy in the list of sites', () => {
    const { structure, report } = build({ remove: innerLi })
    expect(structure.elements).toHaveLength(159)
    expect(report.stoichiometric).toBe(false)
    const vacancy = findSite(innerLi, { box: structure.box, sites: report.sites, among: 'vacant' })
    expect(report.atomOfSite[vacancy]).toBe(-1)
    expect(report.sites[vacancy]!.position[1]).toBeCloseTo(7.186121, 5)
  })

  it('edits keep type, layer and frozen flag together with their atom', () => {
    const { structure, report } = build({ remove: innerLi })
    structure.elements.forEach((element, atom) => {
      const site = report.sites[report.siteOfAtom[atom]!]!
      expect(report.atomOfSite[report.siteOfAtom[atom]!]).toBe(atom)
      expect([element, [...structure.positions.slice(3 * atom, 3 * atom + 3)]]).toEqual([
        site.element,
        site.position,
      ])
      expect(report.layers[atom]).toBe(site.layer)
      expect(structure.frozen![atom]).toBe(site.layer! <= 2 ? 1 : 0)
    })
  })

  it('the edit retype changes a type, and the next edit finds the atom by its new type', () => {
    const { structure } = build(
      { retype: { site: surfaceLi, type: 'Li_mobile' } },
      { retype: { site: { type: 'Li_mobile' }, type: 'Lm' } },
    )
    expect(structure.types!.filter(type => type === 'Lm')).toHaveLength(1)
    expect(structure.elements).toEqual(ideal.structure.elements)
  })

  it('the edit swap makes an antisite pair', () => {
    const ni: SiteRecipe = { element: 'Ni', layer: 5, near: [0.5, 0.49] }
    const { structure, report } = build({ swap: [surfaceLi, ni] })
    const search = { box: structure.box, sites: ideal.report.sites, among: 'all' } as const
    const [a, b] = [findSite(surfaceLi, search), findSite(ni, search)]
    expect([structure.elements[a], structure.types![a]]).toEqual(['Ni', 'Ni3'])
    expect([structure.elements[b], structure.types![b]]).toEqual(['Li', 'Li'])
    expect(report.stoichiometric).toBe(true)
  })

  it('atom numbers in edits are those before any edit', () => {
    const { report } = build({ remove: { atom: 10 } }, { remove: { atom: 20 } })
    expect(report.sites.flatMap((site, i) => (site.vacant ? [i + 1] : []))).toEqual([10, 20])
  })

  it('removing an atom twice is refused', () => {
    const error = caught(() => build({ remove: { atom: 10 } }, { remove: { atom: 10 } }))
    expect(error.message).toMatch(/^site 10 \(Li, layer 1, .*\) is vacant$/)
    expect(error.where).toBe('edits › 1 › remove')
  })

  it('swapping two equal atoms is refused', () => {
    const error = caught(() => build({ swap: [surfaceLi, innerLi] }))
    expect(error.message).toMatch(/^swapping 142 \(Li, .*\) with 108 \(Li, .*\) changes nothing$/)
  })

  it('an edit without a key is refused', () => {
    expect(caught(() => build({})).message).toBe('the edit has no key')
  })
})
