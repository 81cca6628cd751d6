import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { loadUnit } from '../../src/construct/library.ts'
import { polymerChain, singleMolecule } from '../../src/construct/polymer.ts'
import { orthorhombicBox } from '../../src/core/box.ts'
import type { Structure } from '../../src/core/structure.ts'
import { netCharge } from '../../src/core/system.ts'
import { createTopology, specialPairs } from '../../src/core/topology.ts'
import { assign } from '../../src/potentials/assign.ts'
import { loadPotential } from '../../src/potentials/load.ts'
import { DEGREE, KCAL_PER_MOL } from '../../src/units.ts'
import { countBy, formatParameters, type TopologyCounts } from '../tools/referenceTopology.ts'

const potential = loadPotential(fileURLToPath(new URL('../../potentials/pvdf-lifsi.yaml', import.meta.url)))
const golden: Record<string, TopologyCounts> = JSON.parse(
  readFileSync(new URL('../golden/pvdf-topology.json', import.meta.url), 'utf8'),
)
const interactions = {
  cutoff_A: 9,
  truncation: 'plain',
  tail_correction: false,
  coulomb: 'none',
  coulomb_accuracy: 1e-6,
  slab_correction: false,
} as const

const units = new Map(['VDF', 'CHCF'].map(name => [name, loadUnit(name, '.')]))

/** Chains of the given units (V, C) and salt pairs, all at the origin. */
function structureOf(chains: readonly string[], ions: readonly string[]): Structure {
  const graphs = [
    ...chains.map(chain => {
      const sequence = [...chain].map(letter => ({ unit: letter === 'V' ? 'VDF' : 'CHCF', reversed: false }))
      return polymerChain('chain', sequence, units)
    }),
    ...ions.map(name => singleMolecule(loadUnit(name, '.'))),
  ]
  const types = graphs.flatMap(graph => graph.types)
  let offset = 0
  const bonds = graphs.flatMap(graph => {
    const shifted = Array.from(graph.topology.bonds, i => i + offset)
    offset += graph.types.length
    return shifted
  })
  const orders = graphs.flatMap(graph => [...graph.topology.bondOrders])
  return {
    elements: graphs.flatMap(graph => graph.elements),
    types,
    positions: new Float64Array(3 * types.length),
    box: orthorhombicBox(30, 30, 30),
    topology: createTopology(types.length, bonds, orders),
    charges: null,
    masses: null,
    velocities: null,
    frozen: null,
  }
}

/** Counts of terms by their parameters in the units of the reference. */
function countTerms(structure: Structure, chains: readonly string[]): TopologyCounts {
  const system = assign(structure, potential, interactions, {
    charges: { scale: 0.7 },
    hydrogenMass_g_per_mol: 4,
  })
  const counts = { bonds: {}, angles: {}, dihedrals: {}, impropers: {} }
  for (const force of system.forces) {
    if (force.kind === 'bond' || force.kind === 'angle') {
      const scale = force.kind === 'angle' ? DEGREE : 1
      const keys = Array.from({ length: force.parameters.length / 2 }, (_, m) =>
        formatParameters([force.parameters[2 * m + 1]! / scale, force.parameters[2 * m]! / KCAL_PER_MOL]),
      )
      counts[force.kind === 'bond' ? 'bonds' : 'angles'] = countBy(keys)
    } else if (force.kind === 'dihedral' || (force.kind === 'improper' && force.form === 'fourier')) {
      const width = force.order + 1
      const keys = Array.from({ length: force.atoms.length / 4 }, (_, m) => {
        const cosine = [...force.coefficients.subarray(2 * m * width, (2 * m + 1) * width)]
        const padded = [...cosine, ...new Array<number>(7 - width).fill(0)]
        expect(
          force.coefficients.subarray((2 * m + 1) * width, 2 * (m + 1) * width).every(b => b === 0),
        ).toBe(true)
        return formatParameters(padded.map(value => value / KCAL_PER_MOL))
      })
      counts[force.kind === 'dihedral' ? 'dihedrals' : 'impropers'] = countBy(keys)
    }
  }
  const { separation } = specialPairs(structure.topology, system.atomCount)
  return {
    atoms: system.atomCount,
    charge_e: Math.round(netCharge(system) * 1e9) / 1e9 + 0,
    chains,
    ...counts,
    pairs14: separation.filter(bonds => bonds === 3).length,
  }
}

describe('pvdf-lifsi', () => {
  test.each(['pvdf', 'dhf'])('every bonded term of the GROMACS box %s, with its parameters', name => {
    const expected = golden[name]!
    const ions = [...new Array<string>(15).fill('FSI'), ...new Array<string>(15).fill('Li')]
    expect(countTerms(structureOf(expected.chains, ions), expected.chains)).toEqual(expected)
  })

  test('a conjugated block, head-to-head units and TFSI are covered too', () => {
    const chain = structureOf(['VVCCCCVV'], ['TFSI', 'Li'])
    expect(() => assign(chain, potential, interactions)).not.toThrow()
    const reversed = polymerChain(
      'chain',
      [false, true, false, false, true, true, false].map(value => ({ unit: 'VDF', reversed: value })),
      units,
    )
    const structure: Structure = {
      ...chain,
      elements: reversed.elements,
      types: reversed.types,
      topology: reversed.topology,
      positions: new Float64Array(3 * reversed.types.length),
    }
    const system = assign(structure, potential, interactions)
    expect(Math.abs(netCharge(system))).toBeLessThan(1e-9)
  })

  test('out-of-plane terms run from the carbon before over H or F and the centre to the carbon after', () => {
    const structure = structureOf(['VCV'], [])
    const { forces } = assign(structure, potential, interactions)
    const improper = forces.find(force => force.kind === 'improper')!
    const names = [...improper.atoms].map(i => structure.types![i])
    expect(names).toEqual(['C_F2', 'H_d', 'C_dH', 'C_dF', 'C_dH', 'F_d', 'C_dF', 'C_H2'])
  })

  test('units and molecules carry the charges they should', () => {
    const charge = (chains: string[], ions: string[]) =>
      netCharge(assign(structureOf(chains, ions), potential, interactions, { charges: { background: true } }))
    expect(charge(['VV'], [])).toBeCloseTo(0, 9)
    expect(charge(['VCV'], [])).toBeCloseTo(0, 9)
    expect(charge([], ['FSI'])).toBeCloseTo(-1, 9)
    expect(charge([], ['TFSI'])).toBeCloseTo(-1, 9)
    expect(charge([], ['Li'])).toBe(1)
  })

  test('types of one class differ in charge only', () => {
    const carbons = ['C_H3', 'C_H2', 'C_F2', 'C_F3'].map(name => potential.types[name]!)
    expect(new Set(carbons.map(type => JSON.stringify(type.lennardJones))).size).toBe(1)
    expect(new Set(carbons.map(type => type.charge_e)).size).toBe(4)
  })

  test('what was fitted or carried over is marked', () => {
    const fitted = Object.entries(potential.types).filter(([, type]) => type.calibrated)
    expect(fitted.map(([name]) => name)).toEqual(['C_dH', 'C_dF', 'H_d', 'F_d'])
    for (const entry of [...potential.angles, ...potential.dihedrals]) {
      if (entry.source.includes('closure')) expect(entry.analogy, entry.pattern.text).toBe(true)
    }
    const used = [
      ...Object.values(potential.types),
      ...potential.bonds,
      ...potential.angles,
      ...potential.dihedrals,
      ...potential.impropers,
    ].flatMap(entry => entry.source)
    const scale = ['leontyev2011', 'doherty2017', 'gudla2020', 'fang2021']
    expect([...new Set([...used, ...scale])].sort()).toEqual(Object.keys(potential.sources).sort())
  })
})
