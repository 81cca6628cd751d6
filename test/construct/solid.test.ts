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
  it('lists atoms layer by layer, in a layer as in the crystal', () => {
    const { layers } = ideal.report
    expect([...layers]).toEqual([...layers].sort((a, b) => a - b))
    const layer = ideal.structure.elements.slice(0, 32).join('')
    expect(layer).toBe(`${'Ni'.repeat(8)}${'Li'.repeat(8)}${'O'.repeat(16)}`)
  })

  it('has types, frozen layers and no charges', () => {
    expect(ideal.structure.types!.slice(0, 9).join(' ')).toBe('Ni3 Ni3 Ni3 Ni3 Ni3 Ni3 Ni3 Ni3 Li')
    expect(ideal.structure.frozen!.reduce((sum, x) => sum + x, 0)).toBe(64)
    expect(ideal.structure.charges).toBeNull()
  })

  it('takes charges from what the types have', () => {
    const charges: Record<string, number> = { Li: 0.6, Ni3: 1.8, O: -1.2 }
    const { structure } = buildSolid(NICKELATE, { ...OPTIONS, chargeOf: type => charges[type]! })
    expect(structure.charges!.reduce((sum, q) => sum + q, 0)).toBeCloseTo(0, 9)
    expect(structure.charges![0]).toBe(1.8)
  })

  it('is stoichiometric, and says so', () => {
    expect(ideal.report).toMatchObject({ formula: 'Li40Ni40O80', stoichiometric: true, notes: [] })
  })

  it('does not take bulk repeats', () => {
    const error = caught(() => buildSolid({ ...NICKELATE, repeat: [2, 2, 1] }, OPTIONS))
    expect(error).toMatchObject({ message: 'repeat and slab do not go together', where: 'repeat' })
  })
})

describe('sites', () => {
  const search = { box: ideal.structure.box, sites: ideal.report.sites, among: 'filled' } as const
  const at = (recipe: SiteRecipe) => ideal.report.sites[findSite(recipe, search)]!
  const refused = (recipe: SiteRecipe) => caught(() => findSite(recipe, { ...search, where: 'hop › ion' }))

  it('are found by element, layer and place across the surface', () => {
    expect(at(surfaceLi).position).toEqual([
      expect.closeTo(5.756, 6),
      expect.closeTo(8.616134638661412, 6),
      expect.closeTo(8.77412118961306, 6),
    ])
  })

  it('are found through the cell edge', () => {
    expect(at({ type: 'Ni3', layer: 1, near: [0.99, -0.01] }).position.slice(0, 2)).toEqual([0, 0])
  })

  it('are found by three coordinates without a layer', () => {
    expect(at({ element: 'Li', near: [0.5, 0.744, 0.375] })).toEqual(at(surfaceLi))
  })

  it('are found by number', () => {
    expect(findSite({ atom: 71 }, search)).toBe(70)
  })

  it('that are equally near are both named', () => {
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
      'layers run from 1, at the bottom, to 5',
    ],
    [
      { atom: 161 },
      'there is no atom 161',
      'atoms are numbered from 1 to 160 as in the ideal lattice, before any edit',
    ],
    [{ element: 'Li', layer: 5 }, '8 sites are Li in layer 5', 'say which with near: [u, v], fractional'],
    [{ element: 'Li', near: [0.5] }, 'near has 1 numbers', 'near: [u, v] or [u, v, w], fractional'],
  ])('%o is refused', (recipe, message, hint) => {
    expect(refused(recipe)).toMatchObject({ message, hint })
  })

  it('of a crystal have no layer', () => {
    const { structure, report } = buildSolid({ crystal: NICKELATE.crystal }, OPTIONS)
    const bulk = { box: structure.box, sites: report.sites, among: 'filled' } as const
    expect(caught(() => findSite({ element: 'Li', layer: 1 }, bulk)).message).toBe(
      'a crystal has no layers, and no layer 1',
    )
  })
})

describe('edits', () => {
  it('remove an atom, which leaves a vacancy in the list of sites', () => {
    const { structure, report } = build({ remove: innerLi })
    expect(structure.elements).toHaveLength(159)
    expect(report.stoichiometric).toBe(false)
    const vacancy = findSite(innerLi, { box: structure.box, sites: report.sites, among: 'vacant' })
    expect(report.atomOfSite[vacancy]).toBe(-1)
    expect(report.sites[vacancy]!.position[1]).toBeCloseTo(7.186121, 5)
  })

  it('keep what belongs to an atom with it', () => {
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

  it('retype an atom, which the next edit finds under its new type', () => {
    const { structure } = build(
      { retype: { site: surfaceLi, type: 'Li_mobile' } },
      { retype: { site: { type: 'Li_mobile' }, type: 'Lm' } },
    )
    expect(structure.types!.filter(type => type === 'Lm')).toHaveLength(1)
    expect(structure.elements).toEqual(ideal.structure.elements)
  })

  it('swap an antisite pair', () => {
    const ni: SiteRecipe = { element: 'Ni', layer: 5, near: [0.5, 0.49] }
    const { structure, report } = build({ swap: [surfaceLi, ni] })
    const search = { box: structure.box, sites: ideal.report.sites, among: 'all' } as const
    const [a, b] = [findSite(surfaceLi, search), findSite(ni, search)]
    expect([structure.elements[a], structure.types![a]]).toEqual(['Ni', 'Ni3'])
    expect([structure.elements[b], structure.types![b]]).toEqual(['Li', 'Li'])
    expect(report.stoichiometric).toBe(true)
  })

  it('number atoms as before any of them', () => {
    const { report } = build({ remove: { atom: 10 } }, { remove: { atom: 20 } })
    expect(report.sites.flatMap((site, i) => (site.vacant ? [i + 1] : []))).toEqual([10, 20])
  })

  it('do not remove an atom twice', () => {
    const error = caught(() => build({ remove: { atom: 10 } }, { remove: { atom: 10 } }))
    expect(error.message).toMatch(/^site 10 \(Li, layer 1, .*\) is vacant$/)
    expect(error.where).toBe('edits › 1 › remove')
  })

  it('do not swap like with like', () => {
    const error = caught(() => build({ swap: [surfaceLi, innerLi] }))
    expect(error.message).toMatch(/^swapping 142 \(Li, .*\) with 108 \(Li, .*\) changes nothing$/)
  })

  it('say something', () => {
    expect(caught(() => build({})).message).toBe('the edit says nothing')
  })
})
