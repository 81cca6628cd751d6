import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { type BuildRecipe, buildBox } from '../../src/construct/pack.ts'
import { minimumImage } from '../../src/core/box.ts'
import type { Structure } from '../../src/core/structure.ts'
import { specialPairs } from '../../src/core/topology.ts'
import { UserError } from '../../src/errors.ts'
import { loadPotential, parsePotential } from '../../src/potentials/load.ts'

const potential = loadPotential(fileURLToPath(new URL('../../potentials/pvdf-lifsi.yaml', import.meta.url)))

const recipe: BuildRecipe = {
  polymers: [{ unit: 'VDF', chains: 4, units_per_chain: 12, conformation: 'random' }],
  ions: { Li: 6, FSI: 6 },
  density_g_per_cm3: 0.6,
}
const replace = { unit: 'CHCF', fraction: 0.333, placement: 'isolated', keep_ends: true } as const
const build = (changes: Partial<BuildRecipe> = {}, seed = 1) =>
  buildBox({ ...recipe, ...changes }, potential, seed, '.')

/** Smallest distance between atoms more than three bonds apart, by looking at every pair. */
function closest({ positions, box, topology, elements }: Structure): number {
  const { pairs } = specialPairs(topology, elements.length)
  const special = new Set(
    Array.from({ length: pairs.length / 2 }, (_, m) => `${pairs[2 * m]} ${pairs[2 * m + 1]}`),
  )
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < elements.length; i++) {
    for (let j = i + 1; j < elements.length; j++) {
      if (special.has(`${i} ${j}`)) continue
      const delta = Float64Array.of(0, 1, 2).map(c => positions[3 * j + c]! - positions[3 * i + c]!)
      minimumImage(box, delta)
      least = Math.min(least, Math.hypot(...delta))
    }
  }
  return least
}

describe('buildBox', () => {
  test('a packed box has the composition, charge and density of its recipe', () => {
    const { structure, report } = build({
      polymers: [{ ...recipe.polymers![0]!, replace, defect_fraction: 0.1 }],
    })
    expect(report.composition).toEqual([
      { name: 'VDF chain', molecules: 4, atoms_per_molecule: 66 },
      { name: 'Li', molecules: 6, atoms_per_molecule: 1 },
      { name: 'FSI', molecules: 6, atoms_per_molecule: 9 },
    ])
    expect(report.atoms).toBe(4 * 66 + 6 * 10)
    expect(structure.elements.length).toBe(report.atoms)
    expect(new Set(structure.topology.molecules).size).toBe(16)
    expect(report.net_charge_e).toBeCloseTo(0, 9)
    expect(report.replaced_units).toEqual([4, 4, 4, 4])
    expect(report.reversed_units).toEqual([1, 1, 1, 1])
    // 4 chains H–(C2H2F2)8(C2HF)4–F, 6 LiN(SO2F)2; g/mol from the periodic table.
    const mass = 4 * (8 * 64.034 + 4 * 44.028 + 20.006) + 6 * 187.06
    expect(((mass / 6.02214e23) * 1e24) / report.box_edges_A[0] ** 3).toBeCloseTo(0.6, 3)
    expect(structure.elements.filter(element => element === 'F').length).toBe(4 * (8 * 2 + 4 + 1) + 12)
  })

  test.each([
    ['random', 0.6, 2.4],
    ['trans', 0.4, 1.8],
    ['tgtg', 0.6, 1.8],
    ['random', 1.5, 1.2],
  ] as const)(
    'chains of conformation %s at %f g/cm³ have no contacts below %f Å, and the report gives the closest one',
    (conformation, density, least) => {
      const polymers = [{ ...recipe.polymers![0]!, conformation }]
      const { structure, report } = build({ polymers, density_g_per_cm3: density })
      expect(report.closest_contact_A).toBeCloseTo(closest(structure), 9)
      expect(report.closest_contact_A).toBeGreaterThanOrEqual(least)
    },
  )

  test('packed boxes are bit-equal for equal seeds and differ between seeds', () => {
    const [a, b, c] = [build({}, 7), build({}, 7), build({}, 8)]
    expect(a).toEqual(b)
    expect(a.structure.positions).not.toEqual(c.structure.positions)
    expect(a.structure.types).toEqual(c.structure.types)
  })

  test('a box of ions only is packed', () => {
    const { report } = build({ polymers: [], ions: { Li: 8, TFSI: 8 }, density_g_per_cm3: 0.5 })
    expect(report.atoms).toBe(8 * 16)
    expect(report.replaced_units).toEqual([])
  })
})

describe('boxes that cannot be built', () => {
  const fails = (run: () => unknown, message: string | RegExp) => {
    expect(run).toThrow(UserError)
    expect(run).toThrow(message)
  }

  test('a box without room for its molecules is refused', () => {
    fails(
      () => build({ polymers: [], ions: { Li: 60, FSI: 60 }, density_g_per_cm3: 12 }),
      /no room for another/,
    )
  })

  test('a recipe without polymers and ions is refused', () => {
    fails(() => build({ polymers: [], ions: {} }), 'builds nothing')
  })

  test('a repeat unit among the ions and an unknown unit are refused', () => {
    fails(() => build({ ions: { VDF: 1 } }), "'VDF' is a repeat unit")
    fails(() => build({ ions: { Na: 1 } }), "no unit called 'Na'")
  })

  test.each([
    ['C_F2', 'C_f2', "no atom type 'C_f2'", /:5:29 atoms\[1\]\.type$/, 'did you mean `C_F2`?'],
    ['C_H3', 'Xx99', "no atom type 'Xx99'", /:11:80 end_caps\.head\.retype\.C1$/, /^types of .*C_H3/],
    ['C_H3', 'F_p', "the atom is C, but its type 'F_p' is F", /retype\.C1$/, /pvdf-lifsi\.yaml$/],
  ])(
    'the type %s written as %s is refused with its place in the unit file',
    (from, to, message, where, hint) => {
      const file = join(mkdtempSync(join(tmpdir(), 'hoplite-pack-')), 'u.yaml')
      const text = `name: u
kind: repeat-unit
atoms:
  - { name: C1, element: C, type: C_H2 }
  - { name: C2, element: C, type: C_F2 }
bonds: [[C1, C2]]
head: C1
tail: C2
end_caps:
  head:
    { add: [{ name: H1, element: H, type: H_p }], bonds: [[C1, H1]], retype: { C1: C_H3 } }
`
      writeFileSync(file, text.replace(from, to))
      const polymers = [{ unit: file, chains: 1, units_per_chain: 2, conformation: 'random' as const }]
      expect(() => build({ polymers })).toThrow(
        expect.objectContaining({
          message: expect.stringContaining(message),
          where: expect.stringMatching(where),
          hint: expect.stringMatching(hint),
        }),
      )
      rmSync(dirname(file), { recursive: true })
    },
  )

  test('a potential that lacks a type or a term of the units is refused', () => {
    const text = (bond: string) => `name: half
energy_unit: eV
mixing: geometric
special: { pair: [0, 0, 1], coulomb: [0, 0, 1] }
sources: { s: { citation: made up for a test } }
types:
  FSI_F: { class: F, element: F, mass_g_per_mol: 19, charge_e: 0, epsilon: 1, sigma_A: 3, source: s }
  SBT: { class: S, element: S, mass_g_per_mol: 32, charge_e: 0, epsilon: 1, sigma_A: 3, source: s }
  OBT: { class: O, element: O, mass_g_per_mol: 16, charge_e: 0, epsilon: 1, sigma_A: 3, source: s }
  ${bond}
bonds: [{ pattern: F-S, form: harmonic, k: 1, r0_A: 1.5, source: s }]
`
    const nitrogen =
      'NBT: { class: N, element: N, mass_g_per_mol: 14, charge_e: 0, epsilon: 1, sigma_A: 3, source: s }'
    const ions = { polymers: [], ions: { FSI: 1 }, density_g_per_cm3: 0.1 }
    fails(() => buildBox(ions, parsePotential(text(''), 'half.yaml'), 1, '.'), "no atom type 'NBT'")
    fails(() => buildBox(ions, parsePotential(text(nitrogen), 'half.yaml'), 1, '.'), 'missing bond N-S')
  })
})
