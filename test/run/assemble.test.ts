import { describe, expect, it } from 'vitest'
import { orthorhombicBox } from '../../src/core/box.ts'
import { createState } from '../../src/core/state.ts'
import type { Structure } from '../../src/core/structure.ts'
import { createTopology } from '../../src/core/topology.ts'
import { createReferenceEvaluator } from '../../src/platform/reference/reference.ts'
import type { Interactions } from '../../src/potentials/interactions.ts'
import { parsePotential } from '../../src/potentials/load.ts'
import { type AssembleOptions, assemble } from '../../src/run/assemble.ts'
import { caught } from '../tools/caught.ts'

const potential = parsePotential(
  `name: salt
energy_unit: eV
mixing: geometric
sources: { s: { citation: made up for a test } }
types:
  Li: { class: Li, element: Li, mass_g_per_mol: 7, charge_e: 1, epsilon: 0.01, sigma_A: 1.6, ion: true, source: s }
  F: { class: F, element: F, mass_g_per_mol: 19, charge_e: -1, epsilon: 0.01, sigma_A: 2.4, ion: true, source: s }
`,
  'salt.yaml',
)
const interactions: Interactions = {
  cutoff_A: 7,
  truncation: 'shifted',
  tail_correction: false,
  coulomb: 'ewald',
  coulomb_accuracy: 1e-8,
  slab_correction: false,
}
const options: AssembleOptions = {
  name: 'slab.vasp',
  constants: 'codata2018',
  frozen: 'held',
  smallCells: 'allowed',
}

/** Two polar layers of rock salt, Li below F, in a cell of this height; the file names no types. */
function slab(height_A: number, bottom_A: number): Structure {
  const sites = [0, 1].flatMap(layer =>
    [0, 1, 2, 3].map(k => ({ layer, x: 2 * (k % 2), y: 2 * Math.floor(k / 2) })),
  )
  return {
    elements: sites.map(({ layer }) => (layer === 0 ? 'Li' : 'F')),
    types: null,
    positions: Float64Array.from(
      sites.flatMap(({ layer, x, y }) => [x, y, (bottom_A + 2 * layer) % height_A]),
    ),
    box: orthorhombicBox(4, 4, height_A),
    topology: createTopology(sites.length, []),
    charges: null,
    masses: null,
    velocities: null,
    frozen: null,
  }
}

const energyOf = async (structure: Structure, more: Partial<Interactions>) => {
  const { system, structure: whole } = assemble(
    structure,
    potential,
    { ...interactions, ...more },
    {},
    options,
  )
  return (await createReferenceEvaluator(system).evaluate(createState(whole.positions, whole.box))).energy
}

describe('assemble', () => {
  it('takes elements for types where the structure names none', () => {
    const { system, remarks, warnings } = assemble(slab(4, 0), potential, interactions, {}, options)
    expect(system.typeNames).toEqual(['Li', 'F'])
    expect([...system.charges]).toEqual([1, 1, 1, 1, -1, -1, -1, -1])
    expect(remarks).toEqual([])
    expect(warnings).toEqual([])
  })

  it('puts a slab that the cell cuts in one piece for the slab correction', async () => {
    const whole = await energyOf(slab(30, 5), { slab_correction: true })
    const cut = await energyOf(slab(30, 29), { slab_correction: true })
    expect(cut).toBeCloseTo(whole, 9)
    expect(Math.abs(whole - (await energyOf(slab(30, 5), {})))).toBeGreaterThan(1)
  })

  it('warns of vacuum without a slab correction, and refuses a correction without vacuum', () => {
    const { warnings } = assemble(slab(30, 5), potential, interactions, {}, options)
    expect(warnings).toEqual([
      'there are 28.0 Å of vacuum along z and no slab_correction: right only without a dipole',
    ])
    const corrected = { ...interactions, slab_correction: true }
    const error = caught(() => assemble(slab(4, 0), potential, corrected, {}, options))
    expect(error.message).toBe('slab_correction needs vacuum along z: the widest gap is 2.0 Å')
    expect(error.where).toBe('slab.vasp')
  })

  it('refuses a net charge unless a background is allowed, and warns of its energy', () => {
    const charged = { ...slab(4, 0), charges: Float64Array.of(1, 1, 1, 1, -1, -1, -1, -0.5) }
    const error = caught(() => assemble(charged, potential, interactions, {}, options))
    expect(error.message).toContain('a net charge of 0.5000 e')
    const { warnings } = assemble(charged, potential, interactions, { background: true }, options)
    expect(warnings[0]).toMatch(/net charge of 0\.5000 e: its energy includes a uniform background of -\d/)
  })

  it('neutralises, then transfers electrons, and says both', () => {
    const charged = { ...slab(4, 0), charges: Float64Array.of(1, 1, 1, 1, -1, -1, -1, -0.5) }
    const choice = { neutralize: ['F'], transfers: [{ from: 0, to: ['F'], electrons: 0.4 }] }
    const { system, remarks } = assemble(charged, potential, interactions, choice, options)
    expect([...system.charges].map(q => Number(q.toFixed(9)))).toEqual([
      1.4, 1, 1, 1, -1.225, -1.225, -1.225, -0.725,
    ])
    expect(remarks).toEqual([
      'net charge +0.5000 e neutralised: 4 F by −0.1250 e each',
      'atom 1 (Li) gives 0.4 electrons: 4 F by −0.1000 e each',
    ])
  })

  it('refuses frozen atoms and small cells where dynamics asks for it', () => {
    const frozen = { ...slab(30, 5), frozen: Uint8Array.of(0, 1, 0, 0, 0, 0, 0, 0) }
    const refused = (structure: Structure, more: Partial<AssembleOptions>) =>
      caught(() => assemble(structure, potential, interactions, {}, { ...options, ...more })).message
    expect(refused(frozen, { frozen: 'refused' })).toMatch(/^atom 2 \(Li\) is frozen/)
    const bonded = { ...slab(30, 5), topology: createTopology(8, [0, 1]) }
    expect(refused(bonded, { smallCells: 'without bonds' })).toMatch(/less than twice the cut-off of 7 Å/)
  })
})
