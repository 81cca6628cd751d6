import { describe, expect, it } from 'vitest'
import type { CoulombForce, CoulombMethod, Force, PairForce } from '../../../src/core/force.ts'
import type { System } from '../../../src/core/system.ts'
import { createTopology } from '../../../src/core/topology.ts'
import {
  fitScreening,
  nonbondedModel,
  nonbondedTerms,
  smoothParts,
  unsupportedTerms,
} from '../../../src/platform/clusters/coefficients.ts'

const lennardJones: PairForce = {
  kind: 'pair',
  form: 'lennard-jones',
  parameters: Float64Array.of(0.01, 3),
  cutoffs: Float64Array.of(10),
  truncation: { kind: 'plain' },
  tailCorrection: false,
  special: [0, 0, 0.5],
}

const coulomb = (method: CoulombMethod): CoulombForce => ({
  kind: 'coulomb',
  method,
  cutoff_A: 10,
  constant_eV_A: 14.399645,
  special: [0, 0, 0.5],
  erfc: 'exact',
  slabCorrection: false,
})

it('terms that the kernels do not compute are named', () => {
  const ewald = coulomb({ name: 'ewald', alpha_per_A: 0.28, kCutoff_per_A: 2 })
  const narrow = coulomb({ name: 'ewald', alpha_per_A: 2, kCutoff_per_A: 15 })
  const shorter = { ...lennardJones, cutoffs: Float64Array.of(8) }
  expect(unsupportedTerms({ forces: [lennardJones, lennardJones, ewald] })).toEqual([])
  const second = { ...ewald }
  expect(unsupportedTerms({ forces: [lennardJones, shorter, narrow, ewald, second] })).toEqual([
    ...[shorter, narrow, second],
  ])
})

const two = (forces: readonly Force[]): System => ({
  atomCount: 2,
  elements: ['C', 'C'],
  typeNames: ['a'],
  typeIndex: Int32Array.of(0, 0),
  masses: Float64Array.of(12, 12),
  charges: Float64Array.of(1, -1),
  topology: createTopology(2, []),
  forces,
})

describe('the fastest kernels for a set of pair terms', () => {
  const ewald = coulomb({ name: 'ewald', alpha_per_A: 0.28, kCutoff_per_A: 2 })
  const wall = { ...lennardJones, form: 'inverse-twelfth', parameters: Float64Array.of(3) } as const
  const well = { ...lennardJones, form: 'morse', parameters: Float64Array.of(0.03, 2, 2.5) } as const

  it.each([
    ['lj', [lennardJones]],
    ['ljCoulomb', [lennardJones, wall, ewald]],
    ['ljCoulomb', [ewald]],
    ['general', [lennardJones, { ...ewald, cutoff_A: 9 }]],
    ['general', [{ ...lennardJones, truncation: { kind: 'switched', from_A: 8 } }]],
    ['general', [lennardJones, { ...wall, truncation: { kind: 'shifted' } }]],
    ['general', [well, wall, ewald]],
  ] as const)('%s', (kind, forces) => {
    const system = two(forces)
    expect(nonbondedModel(system, nonbondedTerms(system)).kind).toBe(kind)
  })
})

/** Both polynomials in t = 2u/R² − 1 against the reference, at many u = r² from near 0 to the cut-off. */
it.each([
  ['ewald', 0.2],
  ['ewald', 0.3],
  ['dsf', 0.2],
  ['wolf', 0.45],
  ['pme', 0.8],
] as const)('the polynomials of %s at α = %f/Å are good to 2e-7 of the screening at 0', (name, alpha) => {
  const force = coulomb({ name, alpha_per_A: alpha } as CoulombMethod)
  const { force: f, energy: e } = fitScreening(force)
  const { smoothForce, smoothEnergy } = smoothParts(force)
  const horner = (c: Float64Array, t: number) => c.reduce((sum, v) => sum * t + v, 0)
  const atOrigin = {
    force: (4 / 3 / Math.sqrt(Math.PI)) * alpha ** 3,
    energy: (2 / Math.sqrt(Math.PI)) * alpha,
  }
  for (let k = 1; k <= 5000; k++) {
    const u = (100 * k) / 5000
    const t = (2 * k) / 5000 - 1
    expect(Math.abs(horner(f, t) - smoothForce(u)) / atOrigin.force).toBeLessThan(2e-7)
    expect(Math.abs(horner(e, t) - smoothEnergy(u)) / atOrigin.energy).toBeLessThan(2e-7)
  }
})
