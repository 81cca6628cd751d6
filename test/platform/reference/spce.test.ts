import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { orthorhombicBox } from '../../../src/core/box.ts'
import { createState } from '../../../src/core/state.ts'
import type { Structure } from '../../../src/core/structure.ts'
import { createTopology } from '../../../src/core/topology.ts'
import type { PlatformKey } from '../../../src/platform/choose.ts'
import { assign } from '../../../src/potentials/assign.ts'
import { loadPotential } from '../../../src/potentials/load.ts'
import { CODATA_2018, KJ_PER_MOL } from '../../../src/units.ts'
import { platformOf, withEvaluator } from '../parity/platforms.ts'

const golden = join(import.meta.dirname, '../../golden/spce')
const { nist_K, feasst_kJ_per_mol } = JSON.parse(readFileSync(join(golden, 'energies.json'), 'utf8')) as {
  nist_K: Record<string, number>
  feasst_kJ_per_mol: Record<string, number>
}
const potential = loadPotential(join(import.meta.dirname, '../../../potentials/spce.yaml'))

const L_A = 20
const box = orthorhombicBox(L_A, L_A, L_A)

/** [3N] Å */
const positions = readFileSync(join(golden, 'config1.xyz'), 'utf8')
  .trim()
  .split('\n')
  .slice(2)
  .flatMap(line => line.trim().split(/\s+/).slice(1, 4).map(Number))

/** Atoms in the order O, H, H, with or without the bonds of molecules. */
function water(at: number[], bonded: boolean): Structure {
  const n = at.length / 3
  const bonds = Array.from({ length: bonded ? n / 3 : 0 }, (_, m) => [3 * m, 3 * m + 1, 3 * m, 3 * m + 2])
  return {
    elements: Array.from({ length: n }, (_, i) => (i % 3 === 0 ? 'O' : 'H')),
    types: null,
    positions: Float64Array.from(at),
    box,
    topology: createTopology(n, bonds.flat()),
    charges: null,
    masses: null,
    velocities: null,
    frozen: null,
  }
}

/** Terms of the energy, eV, with α = 5.6/L and all reciprocal vectors with |n|² < 27. */
async function termsOf(key: PlatformKey, at: number[], { bonded = true, tail = true } = {}) {
  const system = assign(water(at, bonded), potential, {
    cutoff_A: 10,
    truncation: 'plain',
    tail_correction: tail,
    coulomb: 'ewald',
    coulomb_alpha_per_A: 5.6 / L_A,
    coulomb_accuracy: 1e-4,
    slab_correction: false,
  })
  const kCutoff_per_A = (2 * Math.PI * Math.sqrt(26.5)) / L_A
  const forces = system.forces.map(force =>
    force.kind === 'coulomb' && force.method.name === 'ewald'
      ? { ...force, method: { ...force.method, kCutoff_per_A } }
      : force,
  )
  const { terms, energy } = await withEvaluator(key, { ...system, forces }, evaluator =>
    evaluator.evaluate(createState(at, box)),
  )
  return { ...(terms as Record<'pair' | 'coulomb' | 'coulomb_reciprocal', number>), energy }
}

/**
 * Energies by the names of the reference, eV. Our Coulomb term is the sum of real space, self and intramolecular energy: atoms
 * that are all farther apart than the cut-off have only the self energy, and single molecules also the intramolecular one.
 */
async function energiesOf(key: PlatformKey) {
  const molecules = positions.length / 9
  const all = await termsOf(key, positions)
  const withoutTail = await termsOf(key, positions, { tail: false })
  const apart = await termsOf(key, [0, 0, 0, 10, 10, 0, 10, 0, 10], { bonded: false })
  let single = 0
  for (let m = 0; m < molecules; m++) {
    single += (await termsOf(key, positions.slice(9 * m, 9 * m + 9))).coulomb
  }
  const self = molecules * apart.coulomb
  return {
    pair: withoutTail.pair,
    tail: all.pair - withoutTail.pair,
    real: all.coulomb - single,
    reciprocal: all.coulomb_reciprocal,
    self,
    intra: single - self,
    total: all.energy,
  }
}

const inKelvin = (energy_eV: number) => (energy_eV / CODATA_2018.boltzmann_eV_per_K).toExponential(5)
const { total: nistTotal_K, ...nistTerms_K } = nist_K
const feasst = Object.entries(feasst_kJ_per_mol)
const feasstTotal_kJ_per_mol = feasst.reduce((sum, [, energy]) => sum + energy, 0)

describe('100 molecules of SPC/E water', () => {
  it('have the energies of NIST to all six digits on the reference platform', async () => {
    const { total: _, ...terms } = await energiesOf('reference')
    const rounded = Object.entries(terms).map(([name, energy]) => [name, Number(inKelvin(energy))] as const)
    expect(Object.fromEntries(rounded)).toEqual(nistTerms_K)
    // The total of the page is the sum of its rounded terms: with all digits FEASST has −488603.1 K.
    expect(rounded.reduce((sum, [, energy]) => sum + energy, 0).toExponential(5)).toBe(
      nistTotal_K!.toExponential(5),
    )
  })

  it('have the energies of FEASST to eleven digits on the reference platform', async () => {
    const energies: Record<string, number> = await energiesOf('reference')
    for (const [name, expected] of [...feasst, ['total', feasstTotal_kJ_per_mol] as const]) {
      expect(Math.abs(energies[name]! / KJ_PER_MOL / expected - 1), name).toBeLessThan(1e-11)
    }
  })

  it('have the energies of FEASST within its tolerance on the simd platform', async () => {
    const energies: Record<string, number> = await energiesOf('simd')
    const { real, self, intra } = feasst_kJ_per_mol
    // As in the comparisons with reference: relative to the largest term, which is that of the charges.
    const allowed = platformOf('simd').tolerance.energy * Math.abs(real! + self! + intra!)
    for (const [name, expected] of [...feasst, ['total', feasstTotal_kJ_per_mol] as const]) {
      expect(Math.abs(energies[name]! / KJ_PER_MOL - expected), name).toBeLessThanOrEqual(allowed)
    }
  })
})
