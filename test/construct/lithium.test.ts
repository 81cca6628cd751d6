import { describe, expect, it } from 'vitest'
import { layeredCrystal, repeatCrystal } from '../../src/construct/crystal.ts'
import { formalCharges } from '../../src/construct/formalCharges.ts'
import { lowestOrdering, unitChargeEnergies } from '../../src/construct/ordering.ts'
import { buildSolid } from '../../src/construct/solid.ts'
import type { LithiumRecipe } from '../../src/construct/solidRecipe.ts'
import { createState } from '../../src/core/state.ts'
import { createTopology } from '../../src/core/topology.ts'
import { ewaldMethod } from '../../src/forces/ewald.ts'
import { referencePlatform } from '../../src/platform/reference/reference.ts'
import { randomSequence, STREAM } from '../../src/rng.ts'
import { CODATA_2018 } from '../../src/units.ts'
import { caught } from '../tools/caught.ts'
import { NICKELATE, OPTIONS } from './solids.ts'

const build = (lithium: LithiumRecipe, seed = 1) =>
  buildSolid({ ...NICKELATE, edits: [{ lithium }] }, { ...OPTIONS, seed })
const filledSites = (report: ReturnType<typeof build>['report']) =>
  report.sites.flatMap((site, i) => (site.element === 'Li' && !site.vacant ? [i + 1] : []))

describe('a lithium content', () => {
  it('a lithium content leaves the exact number of lithium at random sites', () => {
    const { report } = build({ content: 0.5, ordering: 'random' })
    expect(report.composition).toEqual({ Li: 20, Ni: 40, O: 80 })
    expect(report.lithium).toEqual([{ lithiumSites: 40, filled: 20, electrostatic: null }])
  })

  it('the random sites of a lithium content depend on the seed', () => {
    const random = { content: 0.5, ordering: 'random' } as const
    expect(filledSites(build(random).report)).toEqual(filledSites(build(random).report))
    expect(filledSites(build(random, 2).report)).not.toEqual(filledSites(build(random).report))
  })

  it.each(['random', 'electrostatic'] as const)(
    'a lithium content with %s ordering keeps the sites of keep and empties those of vacate',
    ordering => {
      const [kept, vacated] = [
        [9, 42, 140, 142],
        [10, 44, 108],
      ]
      const { report } = build({
        content: 0.25,
        ordering,
        keep: kept.map(atom => ({ atom })),
        vacate: vacated.map(atom => ({ atom })),
      })
      const filled = filledSites(report)
      expect(filled).toHaveLength(10)
      expect(filled).toEqual(expect.arrayContaining(kept))
      expect(filled.filter(site => vacated.includes(site))).toEqual([])
    },
  )

  it.each<[LithiumRecipe, string]>([
    [{ content: 1.5 }, 'content is 1.5'],
    [
      { content: 0.025, keep: [{ atom: 9 }, { atom: 10 }] },
      'content 0.025 of 40 lithium sites is 1 Li, but keep names 2',
    ],
    [
      { content: 1, vacate: [{ atom: 9 }] },
      'content 1 of 40 lithium sites is 40 Li, but only 39 are left to choose from',
    ],
    [
      { content: 0.5, keep: [{ atom: 1 }] },
      'site 1 (Ni, type Ni3, layer 1, fractional 0.000 0.000 0.026) is not a lithium site',
    ],
    [
      { content: 0.5, keep: [{ atom: 9 }], vacate: [{ atom: 9 }] },
      'site 9 (Li, layer 1, fractional 0.000 0.250 0.026) is in keep and in vacate',
    ],
  ])('%o is refused', (recipe, message) => {
    expect(caught(() => build(recipe))).toMatchObject({ message, where: 'edits › 0 › lithium' })
  })
})

describe('formal charges', () => {
  it('the transition metal takes the formal charge that removed lithium leaves', () => {
    expect([...formalCharges(['Li', 'Ni', 'Ni', 'O', 'O', 'O', 'O'])!]).toEqual([1, 3.5, 3.5, -2, -2, -2, -2])
  })

  it('given formal charges are used', () => {
    expect([...formalCharges(['Mg', 'O'], { Mg: 1.2, O: -1.2 })!]).toEqual([1.2, -1.2])
  })

  it('formal charges are null where they cannot cancel', () => {
    expect(formalCharges(['Li', 'O'])).toBeNull()
    expect(formalCharges(['Xe', 'O'])).toBeNull()
  })
})

describe('the energy of an ordering', () => {
  const charges: Record<string, number> = { Li: 1, Ni: 3.5, O: -2 }

  it.each([false, true])(
    'energy differences between fillings equal those of the full Ewald sum; slab: %s',
    async slab => {
      const solid = slab
        ? buildSolid({ ...NICKELATE, slab: { ...NICKELATE.slab, layers: 3, repeat: [3, 1] } }, OPTIONS)
        : buildSolid({ crystal: NICKELATE.crystal, repeat: [2, 2, 1] }, OPTIONS)
      const { box } = solid.structure
      const { sites } = solid.report
      const lithium = sites.flatMap((site, i) => (site.element === 'Li' ? [i] : []))
      const half = Math.floor(lithium.length / 2)
      const q = half / lithium.length
      const hosts: Record<string, number> = { ...charges, Ni: 4 - q }
      const { field, pair } = unitChargeEnergies({
        box,
        slab,
        candidates: lithium.map(i => sites[i]!.position),
        surroundings: sites.flatMap(({ element, position }) =>
          element === 'Li' ? [] : [{ position, charge: hosts[element]! }],
        ),
      })
      const model = (filled: readonly number[]) =>
        filled.reduce(
          (sum, i) => sum + field[i]! + filled.reduce((s, j) => s + 0.5 * pair[i * lithium.length + j]!, 0),
          0,
        )
      const full = async (filled: readonly number[]) => {
        const atoms = sites.flatMap((site, i) =>
          site.element !== 'Li' || filled.includes(lithium.indexOf(i)) ? [site] : [],
        )
        const all = Float64Array.from(atoms, atom => hosts[atom.element]!)
        const cutoff_A = Math.min(...box.heights) / 2
        const evaluator = await referencePlatform.prepare({
          atomCount: atoms.length,
          elements: atoms.map(atom => atom.element),
          typeNames: ['ion'],
          typeIndex: new Int32Array(atoms.length),
          masses: new Float64Array(atoms.length).fill(1),
          charges: all,
          topology: createTopology(atoms.length, []),
          forces: [
            {
              kind: 'coulomb',
              method: ewaldMethod({ name: 'ewald', box, charges: all, cutoff_A, accuracy: 1e-8 }),
              cutoff_A,
              constant_eV_A: CODATA_2018.coulomb_eV_A,
              special: [1, 1, 1],
              erfc: 'exact',
              slabCorrection: slab,
            },
          ],
        })
        return (
          await evaluator.evaluate(
            createState(
              atoms.flatMap(atom => [...atom.position]),
              box,
            ),
          )
        ).energy
      }
      const first = lithium.map((_, k) => k).slice(0, half)
      const other = lithium
        .map((_, k) => k)
        .filter(k => k % 2 === 0)
        .slice(0, half)
      const difference = (await full(other)) - (await full(first))
      expect(Math.abs(difference)).toBeGreaterThan(0.01)
      expect(model(other) - model(first)).toBeCloseTo(difference, 5)
    },
  )

  it('the energy of an ordering is the lowest of all fillings, in a cell small enough to try all', () => {
    const crystal = layeredCrystal(NICKELATE.crystal)
    const { box, atoms } = repeatCrystal(crystal, [2, 2, 1])
    const of = (wanted: boolean) =>
      atoms.filter(({ source }) => (crystal.elements[source] === 'Li') === wanted)
    const candidates = of(true).map(atom => atom.position)
    const request = {
      box,
      slab: false,
      candidates,
      charge: 1,
      filled: 5,
      surroundings: of(false).map(({ source, position }, k) => ({
        position,
        // Charges that differ from site to site leave one lowest filling.
        charge: charges[crystal.elements[source]!]! + 0.3 * Math.sin(3 * k),
      })),
    }
    const { field, pair } = unitChargeEnergies(request)
    const size = candidates.length
    let lowest = Number.POSITIVE_INFINITY
    for (let mask = 0; mask < 1 << size; mask++) {
      const filled = Array.from({ length: size }, (_, i) => i).filter(i => mask & (1 << i))
      if (filled.length !== 5) continue
      const energy = filled.reduce(
        (sum, i) => sum + field[i]! + filled.reduce((s, j) => s + 0.5 * pair[i * size + j]!, 0),
        0,
      )
      lowest = Math.min(lowest, energy)
    }
    const found = lowestOrdering({ ...request, random: randomSequence(1, STREAM.solid) })
    expect(found.energy_eV).toBeCloseTo(lowest, 6)
    expect(found.random_eV.mean).toBeGreaterThan(lowest + 0.5)
  })

  it('most searches find the same lowest ordering of half-filled LiNiO2 (104), for every seed', () => {
    const results = [1, 2].map(
      seed => build({ content: 0.5, ordering: 'electrostatic' }, seed).report.lithium[0]!.electrostatic!,
    )
    expect(results[0]!.energy_eV).toBeCloseTo(results[1]!.energy_eV, 5)
    for (const { hits, starts } of results) expect(hits).toBeGreaterThan(starts / 2)
  })
})
