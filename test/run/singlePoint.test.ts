import { describe, expect, it } from 'vitest'
import { referencePlatform } from '../../src/platform/reference/reference.ts'
import { replicate } from '../../src/run/replicate.ts'
import { prepareSinglePoint, type SinglePointRequest } from '../../src/run/singlePoint.ts'
import { KJ_PER_MOL } from '../../src/units.ts'
import { caught } from '../tools/caught.ts'

/** GROMACS's ewald-rtol of 1e-6 at a cut-off of 9 Å: erfc(α · 9 Å) = 1e-6. */
const ALPHA_PER_A = 0.38432

const INTERACTIONS = { cutoff_A: 9, coulomb: 'ewald', coulomb_alpha_per_A: ALPHA_PER_A } as const

const request = (box: 'pvdf' | 'dhf', more: Partial<SinglePointRequest> = {}): SinglePointRequest => ({
  file: `test/golden/boxes/${box}-hot.extxyz`,
  potential: 'potentials/pvdf-lifsi.yaml',
  interactions: INTERACTIONS,
  charges: { scale: 0.7 },
  constants: 'codata2018',
  ...more,
})

/**
 * kJ/mol, from single points of GROMACS 2022.5 (mixed precision, https://doi.org/10.1016/j.softx.2015.06.001) of the
 * boxes in test/golden/boxes: OPLS-AA and CL&P parameters of potentials/pvdf-lifsi.yaml, geometric mixing, 1-4 factors
 * ½, charges × 0.7 on ions, PME with a cut-off of 9 Å and ewald-rtol 1e-6, no tail correction. Pair terms are the sums of
 * the 1-4 and short-range parts; the Verlet kernels of GROMACS count the Ewald self energy and what excluded pairs have
 * in the reciprocal sum as short-range Coulomb, as we do.
 */
const GROMACS = {
  pvdf: {
    bond: 22.5438,
    angle: 3854.7,
    proper: 1084.57,
    improper: 0,
    lennardJones: 542.991 - 944.139,
    coulomb: -49733.8 + 37721.9,
    reciprocal: 693.751,
    potential: -6757.46,
  },
  dhf: {
    bond: 20.48,
    angle: 3284.05,
    proper: 537.056,
    improper: 175.794,
    lennardJones: 522.26 - 870.546,
    coulomb: -39455.6 + 28545.9,
    reciprocal: 583.065,
    potential: -6657.57,
  },
} as const

const relative = (value: number, expected: number) => Math.abs(value / expected - 1)

describe.each(['pvdf', 'dhf'] as const)('the %s box', box => {
  it('has the energies that GROMACS finds, term by term', async () => {
    const { system, state } = prepareSinglePoint(request(box))
    const evaluator = await referencePlatform.prepare(system)
    const { energy, terms } = await evaluator.evaluate(state)
    await evaluator.dispose()
    const kJ = (eV = 0) => eV / KJ_PER_MOL
    const expected = GROMACS[box]
    expect(relative(kJ(terms.bond), expected.bond)).toBeLessThan(1e-4)
    expect(relative(kJ(terms.angle), expected.angle)).toBeLessThan(1e-4)
    expect(relative(kJ(terms.dihedral), expected.proper)).toBeLessThan(1e-4)
    if (expected.improper === 0) expect(terms.improper ?? 0).toBe(0)
    else expect(relative(kJ(terms.improper), expected.improper)).toBeLessThan(1e-4)
    expect(relative(kJ(terms.pair), expected.lennardJones)).toBeLessThan(1e-4)
    expect(relative(kJ(terms.coulomb), expected.coulomb)).toBeLessThan(1e-4)
    expect(relative(kJ(terms.coulomb_reciprocal), expected.reciprocal)).toBeLessThan(2e-3)
    expect(relative(kJ(energy), expected.potential)).toBeLessThan(1e-4)
  })

  it('has the same energy whatever the Ewald sum is split into', async () => {
    const energies = []
    for (const alpha of [0.33, ALPHA_PER_A]) {
      const interactions = { ...INTERACTIONS, coulomb_alpha_per_A: alpha }
      const { system, state } = prepareSinglePoint(request(box, { interactions }))
      const evaluator = await referencePlatform.prepare(system)
      energies.push((await evaluator.evaluate(state)).energy)
      await evaluator.dispose()
    }
    // What is left out beyond 9 Å of the real-space sum: erfc(0.33 · 9) = 3e-5 of a pair's energy.
    expect(relative(energies[0]!, energies[1]!)).toBeLessThan(3e-4)
  })
})

describe('a single point', () => {
  it('names the structure that the charges belong to', () => {
    const scaled = caught(() => prepareSinglePoint(request('pvdf', { charges: { scale: Number.MAX_VALUE } })))
    expect(scaled.where).toContain('test/golden/boxes/pvdf-hot.extxyz')
  })

  it('of molecules in a box smaller than twice the cut-off is an eighth of that of 2 × 2 × 2 boxes', async () => {
    const { system, state } = prepareSinglePoint(
      request('pvdf', { interactions: { cutoff_A: 13, coulomb: 'dsf', coulomb_alpha_per_A: 0.2 } }),
    )
    const large = replicate(system, state, 2)
    const energyOf = async (of: typeof large) => {
      const evaluator = await referencePlatform.prepare(of.system)
      const { energy } = await evaluator.evaluate(of.state)
      await evaluator.dispose()
      return energy
    }
    expect(relative(8 * (await energyOf({ system, state })), await energyOf(large))).toBeLessThan(1e-12)
  })
})
