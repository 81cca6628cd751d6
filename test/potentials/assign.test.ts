import { describe, expect, test } from 'vitest'
import { orthorhombicBox } from '../../src/core/box.ts'
import type { Force } from '../../src/core/force.ts'
import type { Structure } from '../../src/core/structure.ts'
import { netCharge, totalMass } from '../../src/core/system.ts'
import { createTopology } from '../../src/core/topology.ts'
import { UserError } from '../../src/errors.ts'
import { assign } from '../../src/potentials/assign.ts'
import type { Interactions } from '../../src/potentials/interactions.ts'
import { parsePotential } from '../../src/potentials/load.ts'
import { CODATA_2018 } from '../../src/units.ts'

const interactions: Interactions = {
  cutoff_A: 9,
  truncation: 'plain',
  tail_correction: true,
  coulomb: 'cut',
  coulomb_accuracy: 1e-6,
  slab_correction: false,
}

const head = `name: toy
energy_unit: eV
mixing: arithmetic
special: { pair: [0, 0, 0.5], coulomb: [0, 0, 0.8] }
sources: { s: { citation: made up for a test } }
types:
  C_a: { class: c, element: C, mass_g_per_mol: 12, charge_e: -0.2, epsilon: 0.01, sigma_A: 3, source: s }
  H_a: { class: h, element: H, mass_g_per_mol: 1, charge_e: 0.1, epsilon: 0.04, sigma_A: 2, source: s }
  Li: { class: Li, element: Li, mass_g_per_mol: 7, charge_e: 1, epsilon: 0.01, sigma_A: 2, ion: true, source: s }
  F: { class: F, element: F, mass_g_per_mol: 19, charge_e: -1, epsilon: 0.01, sigma_A: 3, ion: true, source: s }
`
const bonded = `bonds:
  - { pattern: c=c, form: harmonic, k: 60, r0_A: 1.34, source: s }
  - { pattern: c-h, form: harmonic, k: 30, r0_A: 1.08, source: s }
angles:
  - { pattern: c=c-h, form: harmonic, k: 3, theta0_deg: 120, source: s }
  - { pattern: h-c-h, form: harmonic, k: 2, theta0_deg: 118, source: s }
dihedrals: [{ pattern: '*-c=c-*', form: opls, V: [0, 0.6], source: s }]
impropers: [{ atoms: ['*', h, c, '*'], centre: 3, form: charmm, terms: [{ k: 1, n: 2, phase_deg: 180 }], source: s }]
`
const toy = parsePotential(head + bonded, 'toy.yaml')

/** Ethene (C 0, C 1, H 2–5), then ions. */
function ethene(ions: readonly string[] = []): Structure {
  const types = ['C_a', 'C_a', 'H_a', 'H_a', 'H_a', 'H_a', ...ions]
  const bonds = [0, 1, 0, 2, 0, 3, 1, 4, 1, 5]
  return {
    elements: types.map(name => name.split('_')[0]!),
    types,
    positions: Float64Array.from({ length: 3 * types.length }, (_, k) => k),
    box: orthorhombicBox(30, 30, 30),
    topology: createTopology(types.length, bonds, [2, 1, 1, 1, 1]),
    charges: null,
    masses: null,
    velocities: null,
    frozen: null,
  }
}

const find = <K extends Force['kind']>(forces: readonly Force[], kind: K) =>
  forces.find((force): force is Extract<Force, { kind: K }> => force.kind === kind)!

function failure(run: () => unknown): UserError {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(UserError)
    return error as UserError
  }
  throw new Error('it did not fail')
}

describe('assign', () => {
  test('makes every term of a molecule', () => {
    const system = assign(ethene(), toy, interactions)
    expect(system.typeNames).toEqual(['C_a', 'H_a'])
    expect([...system.typeIndex]).toEqual([0, 0, 1, 1, 1, 1])
    const bond = find(system.forces, 'bond')
    expect([...bond.atoms]).toEqual([0, 1, 0, 2, 0, 3, 1, 4, 1, 5])
    expect([...bond.parameters]).toEqual([60, 1.34, 30, 1.08, 30, 1.08, 30, 1.08, 30, 1.08])
    const angle = find(system.forces, 'angle')
    expect(angle.atoms.length / 3).toBe(6)
    const dihedral = find(system.forces, 'dihedral')
    expect([...dihedral.atoms]).toEqual([2, 0, 1, 4, 2, 0, 1, 5, 3, 0, 1, 4, 3, 0, 1, 5])
    expect(dihedral.order).toBe(2)
    expect([...dihedral.coefficients.subarray(0, 6)]).toEqual([0.3, 0, -0.3, 0, 0, 0])
  })

  test('of several arrangements of an improper, atoms ascend', () => {
    const improper = find(assign(ethene(), toy, interactions).forces, 'improper')
    expect([...improper.atoms]).toEqual([1, 2, 0, 3, 0, 4, 1, 5])
  })

  test('carries the special factors and the Coulomb options', () => {
    const { forces } = assign(ethene(), toy, interactions)
    expect(find(forces, 'pair').special).toEqual([0, 0, 0.5])
    expect(find(forces, 'coulomb')).toMatchObject({
      special: [0, 0, 0.8],
      method: { name: 'cut' },
      constant_eV_A: CODATA_2018.coulomb_eV_A,
      cutoff_A: 9,
    })
    const without = assign(ethene(), toy, { ...interactions, coulomb: 'none' })
    expect(without.forces.some(force => force.kind === 'coulomb')).toBe(false)
  })

  test('a dihedral without energy is left out', () => {
    const flat = parsePotential(head + bonded.replace('V: [0, 0.6]', 'V: [0, 0]'), 'toy.yaml')
    expect(find(assign(ethene(), flat, interactions).forces, 'dihedral')).toBeUndefined()
  })

  test('does not change the structure', () => {
    const structure = ethene(['Li', 'F'])
    const copy = structuredClone(structure)
    assign(structure, toy, interactions, { charges: { scale: 0.5 }, hydrogenMass_g_per_mol: 3 })
    expect(structure).toEqual(copy)
  })
})

describe('pairs', () => {
  const pairOf = (text: string, form: string, a: string, b: string) => {
    const potential = parsePotential(text, 'toy.yaml')
    const system = assign(ethene(['Li', 'F']), potential, interactions)
    const force = system.forces.find(f => f.kind === 'pair' && f.form === form)
    if (force?.kind !== 'pair') return null
    const slot = system.typeNames.indexOf(a) * system.typeNames.length + system.typeNames.indexOf(b)
    const width = force.parameters.length / system.typeNames.length ** 2
    return {
      parameters: [...force.parameters.subarray(slot * width, (slot + 1) * width)],
      cutoff: force.cutoffs[slot],
      tail: force.tailCorrection,
    }
  }

  test('mixing: arithmetic and geometric', () => {
    expect(pairOf(head + bonded, 'lennard-jones', 'C_a', 'H_a')).toEqual({
      parameters: [0.02, 2.5],
      cutoff: 9,
      tail: true,
    })
    const geometric = pairOf(
      (head + bonded).replace('arithmetic', 'geometric'),
      'lennard-jones',
      'H_a',
      'C_a',
    )!
    expect(geometric.parameters[0]).toBeCloseTo(0.02, 12)
    expect(geometric.parameters[1]).toBeCloseTo(Math.sqrt(6), 12)
  })

  const explicit = `${head + bonded}pairs:
  - { types: ['{Li,F}', '{Li,F}'], terms: [], source: s }
  - { types: [F, Li], cutoff_A: 7, source: s, terms: [
      { form: buckingham, A: 443.83, rho_A: 0.2705, C_A6: 1 }, { form: morse, D: 0.1, a_per_A: 1.5, r0_A: 2 } ] }
`
  test('an explicit pair replaces what mixing would give, on both sides of the diagonal', () => {
    for (const [a, b] of [
      ['Li', 'F'],
      ['F', 'Li'],
    ] as const) {
      expect(pairOf(explicit, 'lennard-jones', a, b)).toMatchObject({ parameters: [0, 0], cutoff: 0 })
      expect(pairOf(explicit, 'buckingham', a, b)).toEqual({
        parameters: [443.83, 0.2705, 1],
        cutoff: 7,
        tail: false,
      })
      expect(pairOf(explicit, 'morse', a, b)).toMatchObject({ parameters: [0.1, 1.5, 2], cutoff: 7 })
    }
    expect(pairOf(explicit, 'lennard-jones', 'Li', 'Li')).toMatchObject({ cutoff: 0 })
    expect(pairOf(explicit, 'lennard-jones', 'Li', 'C_a')).toMatchObject({ cutoff: 9 })
    expect(pairOf(explicit, 'buckingham', 'Li', 'Li')).toMatchObject({ parameters: [0, 0, 0], cutoff: 0 })
  })

  test('an oxide: terms add up on one pair, a wildcard leaves the rest to their charges', () => {
    const oxide = parsePotential(
      `name: oxide
energy_unit: eV
sources: { s: { citation: made up for a test } }
types:
  Ni: { class: Ni, element: Ni, mass_g_per_mol: 58.693, charge_e: 1.2, source: s }
  O: { class: O, element: O, mass_g_per_mol: 15.999, charge_e: -1.2, source: s }
pairs:
  - { types: ['*', '*'], terms: [], source: s }
  - { types: [Ni, O], source: s, terms: [{ form: morse, D: 0.03, a_per_A: 2.7, r0_A: 2.5 }, { form: inverse-twelfth, R_A12: 3 }] }
`,
      'oxide.yaml',
    )
    const structure: Structure = {
      ...ethene(),
      elements: ['Ni', 'O'],
      types: ['Ni', 'O'],
      positions: new Float64Array(6),
      topology: createTopology(2, []),
    }
    const pairs = assign(structure, oxide, interactions).forces.filter(force => force.kind === 'pair')
    expect(pairs.map(force => [force.form, [...force.cutoffs], force.tailCorrection])).toEqual([
      ['morse', [0, 9, 9, 0], false],
      ['inverse-twelfth', [0, 9, 9, 0], false],
    ])
    expect([...pairs[1]!.parameters]).toEqual([0, 3, 3, 0])
  })

  test('a pair that nothing covers is an error', () => {
    const bare = head.replace('epsilon: 0.01, sigma_A: 2, ion', 'ion') + bonded
    const error = failure(() => assign(ethene(['Li', 'F']), parsePotential(bare, 'toy.yaml'), interactions))
    expect(error.message).toContain('missing pair Li – F')
    expect(error.message).toContain('missing pair C_a – Li')
    expect(error.message).not.toContain('C_a – F')
    expect(error.hint).toContain('terms: []')
  })
})

describe('charges', () => {
  test('the charge scale acts on ions only', () => {
    const { charges } = assign(ethene(['Li', 'F']), toy, interactions, { charges: { scale: 0.7 } })
    expect([...charges]).toEqual([-0.2, -0.2, 0.1, 0.1, 0.1, 0.1, 0.7, -0.7])
  })

  test('a net charge is an error that names charge and composition', () => {
    const error = failure(() =>
      assign(ethene(['Li', 'Li', 'F']), toy, interactions, { charges: { scale: 0.7 } }),
    )
    expect(error.message).toContain('net charge of 0.7000 e')
    expect(error.message).toContain('2 Li: 1.400 e')
    expect(error.message).toContain('1 F: -0.700 e')
    const system = assign(ethene(['Li']), toy, interactions, { charges: { background: true } })
    expect(netCharge(system)).toBeCloseTo(1, 12)
  })

  test('a chain that is not neutral is named', () => {
    const charged = parsePotential(head.replace('charge_e: 0.1,', 'charge_e: 0.2,') + bonded, 'toy.yaml')
    const error = failure(() => assign(ethene(['Li', 'F']), charged, interactions))
    expect(error.hint).toBe('a molecule without ions should be neutral: 2 C_a + 4 H_a carry 0.4000 e')
    expect(failure(() => assign(ethene(['Li']), toy, interactions)).hint).toMatch(/^balance/)
  })

  test("a structure's own charges stand, and cannot be scaled", () => {
    const own = { ...ethene(), charges: Float64Array.of(0.5, -0.5, 0, 0, 0, 0) }
    expect([...assign(own, toy, interactions).charges]).toEqual([0.5, -0.5, 0, 0, 0, 0])
    expect(failure(() => assign(own, toy, interactions, { charges: { scale: 0.7 } })).message).toContain(
      '0.7',
    )
  })
})

describe('masses', () => {
  test('repartitioning keeps the mass of every molecule', () => {
    const structure = ethene(['Li', 'F'])
    const plain = assign(structure, toy, interactions)
    const heavy = assign(structure, toy, interactions, { hydrogenMass_g_per_mol: 4 })
    expect([...plain.masses]).toEqual([12, 12, 1, 1, 1, 1, 7, 19])
    expect([...heavy.masses]).toEqual([6, 6, 4, 4, 4, 4, 7, 19])
    expect(totalMass(heavy)).toBeCloseTo(totalMass(plain), 12)
  })

  test('a carbon lighter than 1 g/mol is an error', () => {
    const error = failure(() => assign(ethene(), toy, interactions, { hydrogenMass_g_per_mol: 6.6 }))
    expect(error.message).toContain('would weigh 0.800 g/mol')
    expect(error.message).toContain('C_a')
  })

  test('a hydrogen without a heavy neighbour is an error', () => {
    const lone = { ...ethene(), topology: createTopology(6, [0, 1, 0, 2, 0, 3, 1, 4], [2, 1, 1, 1]) }
    const error = failure(() => assign(lone, toy, interactions, { hydrogenMass_g_per_mol: 3 }))
    expect(error.message).toContain('hydrogen 6')
  })
})

describe('what is missing is named all at once', () => {
  test('bonds, angles, dihedrals and impropers, with atoms, types and pattern', () => {
    const partial = parsePotential(
      `${head}bonds:\n  - { pattern: c-h, form: harmonic, k: 30, r0_A: 1.08, source: s }\n`,
      'toy.yaml',
    )
    const error = failure(() => assign(ethene(), partial, interactions))
    expect(error.where).toBe('toy.yaml')
    expect(error.message).toContain('missing bond c=c, atoms 1 2 of types C_a C_a')
    expect(error.message).toContain('missing angle c=c-h, 4 times, first atoms 2 1 3 of types C_a C_a H_a')
    expect(error.message).toContain('missing angle h-c-h, 2 times')
    expect(error.message).toContain('missing dihedral h-c=c-h, 4 times, first atoms 3 1 2 5')
    expect(error.message).toContain('missing improper c with neighbours c, h, h, 2 times')
    expect(error.hint).toBe("add to `bonds` an entry with the pattern 'c=c'")
  })

  test('a bond of another order is not the same term', () => {
    const structure = { ...ethene(), topology: createTopology(6, [0, 1, 0, 2, 0, 3, 1, 4, 1, 5]) }
    expect(failure(() => assign(structure, toy, interactions)).message).toContain('missing bond c-c')
  })

  test('two equally specific entries', () => {
    const twice = parsePotential(
      `${head + bonded}`.replace('angles:\n', 'angles:\n  - { pattern: h-c=c, form: none, source: s }\n'),
      'toy.yaml',
    )
    const error = failure(() => assign(ethene(), twice, interactions))
    expect(error.message).toMatch(/ambiguous angle c=c-h.*toy\.yaml:\d+:\d+ angles\[0\] and .*angles\[1\]/)
  })

  test('explicit none is a decision, not an omission', () => {
    const none = parsePotential(
      head +
        bonded
          .replace(/dihedrals: .*/, "dihedrals: [{ pattern: '*-c=c-*', form: none, source: s }]")
          .replace(
            /impropers: .*/,
            "impropers: [{ atoms: [c, '*', '*', '*'], centre: 1, form: none, source: s }]",
          ),
      'toy.yaml',
    )
    const { forces } = assign(ethene(), none, interactions)
    expect(forces.map(force => force.kind)).toEqual(['pair', 'coulomb', 'bond', 'angle'])
  })
})

describe('structures that do not fit', () => {
  test('no types', () => {
    const error = failure(() => assign({ ...ethene(), types: null }, toy, interactions))
    expect(error.message).toContain('names no atom types')
    expect(error.hint).toContain('C_a, H_a, Li, F')
  })

  test('unknown types and wrong elements', () => {
    const unknown = { ...ethene(), types: ['C_b', 'C_a', 'H_a', 'H_a', 'H_a', 'H_a'] }
    const error = failure(() => assign(unknown, toy, interactions))
    expect(error.message).toContain("no atom type 'C_b'")
    expect(error.hint).toBe('did you mean `C_a`?')
    const wrong = { ...ethene(), elements: ['N', 'C', 'H', 'H', 'H', 'H'] }
    expect(failure(() => assign(wrong, toy, interactions)).message).toContain('atom 1 is N')
  })

  test('positions that are not finite', () => {
    const structure = ethene()
    structure.positions[4] = Number.NaN
    expect(failure(() => assign(structure, toy, interactions)).message).toContain('position of atom 2')
  })
})
