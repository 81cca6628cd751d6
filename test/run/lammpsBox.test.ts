import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { referencePlatform } from '../../src/platform/reference/reference.ts'
import { prepareSinglePoint, type SinglePointRequest } from '../../src/run/singlePoint.ts'
import { KCAL_PER_MOL } from '../../src/units.ts'

const request: SinglePointRequest = {
  file: join(import.meta.dirname, '../golden/pvdf.data'),
  specialLJ: [0, 0, 0.5],
  specialCoulomb: [0, 0, 0.5],
  interactions: {},
  charges: {},
  constants: 'lammps',
}

/** kcal/mol, as LAMMPS prints them: PVDF + LiFSI, 1664 atoms, geometric mixing, no tail. */
const BONDED = { bond: 465.957730688, angle: 948.02854555, dihedral: 343.611479573 }

async function energies(more: Partial<SinglePointRequest>) {
  const { system, state } = prepareSinglePoint({ ...request, ...more })
  const { energy, terms } = await (await referencePlatform.prepare(system)).evaluate(state)
  const inKcal = Object.entries(terms).map(([term, value]) => [term, value / KCAL_PER_MOL] as const)
  return { total: energy / KCAL_PER_MOL, ...Object.fromEntries(inKcal) } as Record<string, number>
}

describe('the PVDF box that LAMMPS computed', () => {
  it('with the damped shifted force: every term to 1e-6', async () => {
    const found = await energies({
      styles: { pair: 'lj/cut/coul/dsf' },
      interactions: { coulomb: 'dsf', coulomb_alpha_per_A: 0.2, cutoff_A: 12 },
    })
    const expected = { total: -3793.65447361, pair: -343.452375, coulomb: -5207.799855, ...BONDED }
    for (const [term, value] of Object.entries(expected)) {
      expect(Math.abs(found[term]! / value - 1), term).toBeLessThan(1e-6)
    }
  })

  it('with an Ewald sum: every bonded term and the total to 1e-6', async () => {
    const found = await energies({
      styles: { pair: 'lj/cut/coul/long' },
      interactions: { cutoff_A: 10, coulomb_accuracy: 1e-7 },
    })
    for (const [term, value] of Object.entries({ total: -3747.90762798, ...BONDED })) {
      expect(Math.abs(found[term]! / value - 1), term).toBeLessThan(1e-6)
    }
  })
})
