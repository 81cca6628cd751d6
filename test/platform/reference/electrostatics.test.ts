import { describe, expect, it } from 'vitest'
import { type Box, createBox } from '../../../src/core/box.ts'
import type { CoulombMethod } from '../../../src/core/force.ts'
import { createState } from '../../../src/core/state.ts'
import type { System } from '../../../src/core/system.ts'
import { createTopology } from '../../../src/core/topology.ts'
import { erfc } from '../../../src/forces/erfc.ts'
import { ewaldMethod } from '../../../src/forces/ewald.ts'
import { referencePlatform } from '../../../src/platform/reference/reference.ts'
import { randomSequence, STREAM } from '../../../src/rng.ts'
import { CODATA_2018 } from '../../../src/units.ts'

const C = CODATA_2018.coulomb_eV_A

function ions(charges: Float64Array, method: CoulombMethod, cutoff_A: number): System {
  const n = charges.length
  return {
    atomCount: n,
    elements: Array.from(charges, q => (q > 0 ? 'Na' : 'Cl')),
    typeNames: ['ion'],
    typeIndex: new Int32Array(n),
    masses: new Float64Array(n).fill(1),
    charges,
    topology: createTopology(n, []),
    forces: [
      {
        kind: 'coulomb',
        method,
        cutoff_A,
        constant_eV_A: C,
        special: [0, 0, 0],
        erfc: 'exact',
        slabCorrection: false,
      },
    ],
  }
}

async function energyOf(
  box: Box,
  positions: number[],
  charges: number[],
  method: CoulombMethod,
  cutoff_A: number,
) {
  const evaluator = await referencePlatform.prepare(ions(Float64Array.from(charges), method, cutoff_A))
  return evaluator.evaluate(createState(positions, box))
}

/** Primitive vectors of the face-centred cubic lattice of edge 1. */
const FCC = [0, 0.5, 0.5, 0.5, 0, 0.5, 0.5, 0.5, 0]

/** Madelung constants referred to the nearest-neighbour distance: Kittel, Introduction to Solid State Physics, ch. 3. */
const crystals = [
  {
    name: 'NaCl',
    madelung: 1.747564594633,
    cell: FCC,
    anion: [0.5, 0.5, 0.5],
    nearest: 0.5,
    charge: 1,
  },
  {
    name: 'CsCl',
    madelung: 1.762674773071,
    cell: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    anion: [0.5, 0.5, 0.5],
    nearest: Math.sqrt(3) / 2,
    charge: 1,
  },
  {
    name: 'ZnS',
    madelung: 1.638055053389,
    cell: FCC,
    anion: [0.25, 0.25, 0.25],
    nearest: Math.sqrt(3) / 4,
    charge: 2,
  },
]

describe.each(crystals)('the Madelung constant of $name', ({ madelung, cell, anion, nearest, charge }) => {
  const a = 5
  const box = createBox(cell.map(x => x * a))
  const positions = [0, 0, 0, ...anion.map(x => x * a)]

  it.each([
    ['ewald', { name: 'ewald', alpha_per_A: 0.6, kCutoff_per_A: 7.5 }],
    ['pme', { name: 'pme', alpha_per_A: 0.6, grid: [64, 64, 64], order: 8 }],
  ] as const)('to 1e-6 with %s, in a cell far smaller than the cut-off', async (_name, method) => {
    const { energy } = await energyOf(box, positions, [charge, -charge], method, 10)
    expect(Math.abs((-energy * nearest * a) / (C * charge * charge) / madelung - 1)).toBeLessThan(1e-6)
  })
})

describe('an Ewald sum', () => {
  const random = randomSequence(3, STREAM.build)
  const box = createBox([14, 0, 0, 3, 13, 0, -2, 4, 15])
  const positions: number[] = []
  const charges: number[] = []
  for (let k = 0; k < 60; k++) {
    const s = [random.uniform(), random.uniform(), random.uniform()]
    for (let c = 0; c < 3; c++) {
      positions.push(s[0]! * box.matrix[c]! + s[1]! * box.matrix[3 + c]! + s[2]! * box.matrix[6 + c]!)
    }
    charges.push(k % 2 === 0 ? 0.7 : -0.7)
  }

  it('does not depend on where it is split', async () => {
    const results = await Promise.all(
      [0.5, 0.6, 0.7].map(alpha =>
        energyOf(
          box,
          positions,
          charges,
          { name: 'ewald', alpha_per_A: alpha, kCutoff_per_A: 12 * alpha },
          12,
        ),
      ),
    )
    for (const { energy } of results) expect(energy / results[0]!.energy).toBeCloseTo(1, 9)
  })

  it('of a charged cell does not depend on where it is split either, thanks to the background', async () => {
    const charged = charges.map(q => q + 0.05)
    const results = await Promise.all(
      [0.5, 0.7].map(alpha =>
        energyOf(
          box,
          positions,
          charged,
          { name: 'ewald', alpha_per_A: alpha, kCutoff_per_A: 12 * alpha },
          12,
        ),
      ),
    )
    expect(results[1]!.energy / results[0]!.energy).toBeCloseTo(1, 9)
  })

  it.each([1e-3, 1e-4, 1e-5, 1e-6])(
    'and particle-mesh Ewald keep the force error they are asked for: %f',
    async accuracy => {
      const exact = await energyOf(
        box,
        positions,
        charges,
        { name: 'ewald', alpha_per_A: 0.6, kCutoff_per_A: 8 },
        12,
      )
      const exactForces = exact.forces.slice()
      for (const name of ['ewald', 'pme'] as const) {
        const method = ewaldMethod({ name, box, charges: Float64Array.from(charges), cutoff_A: 6, accuracy })
        const { forces } = await energyOf(box, positions, charges, method, 6)
        const rms = Math.sqrt(
          forces.reduce((sum, f, k) => sum + (f - exactForces[k]!) ** 2, 0) / charges.length,
        )
        // Real and reciprocal space may each spend the accuracy.
        expect(rms / C).toBeLessThan(2 * accuracy)
      }
    },
  )

  it('refuses an accuracy that no grid reaches', () => {
    expect(() =>
      ewaldMethod({ name: 'pme', box, charges: Float64Array.from(charges), cutoff_A: 6, accuracy: 1e-30 }),
    ).toThrow(/no particle-mesh grid/)
  })
})

describe('truncated sums', () => {
  it('damped shifted force: energy and force vanish at the cut-off', async () => {
    const box = createBox([30, 0, 0, 0, 30, 0, 0, 0, 30])
    const method = { name: 'dsf', alpha_per_A: 0.2 } as const
    const at = async (r: number) => {
      const { energy, forces } = await energyOf(box, [0, 0, 0, r, 0, 0], [1, -1], method, 10)
      return { energy, force: forces[0]! }
    }
    const far = await at(12)
    const near = await at(10 - 1e-7)
    expect(near.energy).toBeCloseTo(far.energy, 12)
    expect(near.force).toBeCloseTo(0, 7)
    expect((await at(5)).force).toBeGreaterThan(0.1)
  })
})

describe('erfc', () => {
  // NIST DLMF table of erfc, https://dlmf.nist.gov/7.24
  it.each([
    [0, 1],
    [0.5, 0.4795001221869535],
    [1, 0.15729920705028513],
    [2, 0.004677734981047266],
    [3, 2.209049699858544e-5],
    [5, 1.5374597944280349e-12],
    [-1, 1.8427007929497148],
  ])('of %f', (x, value) => {
    expect(erfc(x) / value).toBeCloseTo(1, 13)
  })
})
