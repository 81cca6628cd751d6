import { describe, expect, it } from 'vitest'
import {
  type Box,
  cartesian,
  createBox,
  fractional,
  orthorhombicBox,
  scaleBox,
} from '../../../src/core/box.ts'
import type { CoulombMethod } from '../../../src/core/force.ts'
import { createState } from '../../../src/core/state.ts'
import { SimulationError } from '../../../src/errors.ts'
import { prepareEvaluator } from '../../../src/platform/choose.ts'
import { randomSequence, STREAM } from '../../../src/rng.ts'
import {
  alternating,
  between,
  broken,
  CUTOFF_A,
  chain,
  configuration,
  coulomb,
  cubicLattice,
  EWALD,
  evaluateOnce,
  lennardJones,
  METHODS,
  pme,
  rotated,
  scattered,
  star,
  unwrapped,
  withEvaluator,
} from './helpers.ts'

const METHOD_CASES = Object.entries(METHODS)
const PME = pme([16, 16, 16])
const LIQUID = orthorhombicBox(20, 21, 22)
/** Skewed, and of no special shape. */
const CELL = createBox([18, 0, 0, 4, 17, 0, -5, 3, 19])
const ATOMS = scattered(CELL, 150, 2.2, 4)
const DIMERS = Array.from(ATOMS.subarray(0, 150), (_, i) => i)

describe('cells smaller than the cut-off', () => {
  const fractions = [0.95, 0.7, 0.5, 0.34]
  it.each(
    fractions.flatMap(fraction => METHOD_CASES.map(([name, method]) => [fraction, name, method] as const)),
  )('edges of %s of it, %s', async (fraction, _name, method) => {
    const e = fraction * CUTOFF_A
    const box = createBox([e, 0, 0, 0.2 * e, 0.9 * e, 0, -0.3 * e, 0.1 * e, 1.1 * e])
    for (const atomCount of [1, 2, 5]) {
      const forces = [lennardJones({ sigma_A: 1.7 }), coulomb(method)]
      const positions = scattered(box, atomCount, 1.6, 3)
      const scales = atomCount === 1 ? { forces: between(0.5, e) } : {}
      expect(await broken(configuration(box, positions, forces), undefined, scales)).toEqual({})
    }
  })

  it('molecules that meet their own images', async () => {
    const box = createBox([4.6, 0, 0, 0.7, 5, 0, -0.4, 0.3, 5.3])
    for (const [, method] of METHOD_CASES) {
      const forces = [lennardJones({ sigma_A: 1.3 }), coulomb(method)]
      expect(await broken(configuration(box, scattered(box, 9, 1.2), forces, { bonds: star(9) }))).toEqual({})
    }
  })
})

it('special pairs that come nearest to another image', async () => {
  const forces = [lennardJones({ cutoff_A: 7 }), coulomb(METHODS.dsf!, 7)]
  const at = (apart_A: number) =>
    configuration(orthorhombicBox(8, 21, 21), [0, 0, 0, 1.3, 0.3, 0, 2.6, 0, 0, apart_A, 0.3, 0], forces, {
      bonds: chain(4),
    })
  const near = at(3.97)
  for (const platform of ['simd', 'gpu:webasm'] as const) {
    const evaluator = await prepareEvaluator(platform, near.system)
    await evaluator.evaluate(near.state)
    const beyond = at(4.03)
    expect(await broken(beyond, await evaluator.evaluate(beyond.state))).toEqual({})
    await evaluator.dispose()
  }
})

describe('few atoms', () => {
  it.each(Array.from({ length: 17 }, (_, k) => k + 1))('%i', async atomCount => {
    const forces = [lennardJones(), coulomb(atomCount % 2 === 0 ? EWALD : PME)]
    const charges = alternating(atomCount)
    const positions = scattered(orthorhombicBox(9, 9, 9), atomCount, 2.2, atomCount)
    expect(await broken(configuration(LIQUID, positions, forces, { charges }))).toEqual({})
  })

  it.each(METHOD_CASES)('a charge alone: %s', async (_name, method) => {
    for (const charge of [1, 0]) {
      const alone = configuration(LIQUID, [1, 2, 3], [coulomb(method)], { charges: Float64Array.of(charge) })
      // As strong as the charge and the cloud that screens it, 1/α wide, act on each other.
      expect(await broken(alone, undefined, { forces: between(1, 3) })).toEqual({})
    }
  })

  it.each(METHOD_CASES)('two across a border: %s', async (_name, method) => {
    const forces = [lennardJones(), coulomb(method)]
    expect(await broken(configuration(LIQUID, [1, 2, 3, 19.5, 1, 2], forces))).toEqual({})
  })

  it('none at all, or nothing that acts on them', async () => {
    for (const [positions, forces] of [
      [[], [lennardJones(), coulomb(PME)]],
      [[1, 2, 3, 4, 5, 6], []],
    ] as const) {
      const {
        energy,
        forces: found,
        virial,
      } = await evaluateOnce('simd', configuration(LIQUID, positions, forces))
      expect(energy).toBe(0)
      expect([...found, ...virial].every(x => x === 0)).toBe(true)
    }
  })
})

describe('skewed cells', () => {
  const cells: Readonly<Record<string, readonly number[]>> = {
    'at the tilt limit': [22, 0, 0, 11, 24, 0, -11, 12, 23],
    'beyond the tilt limit': [22, 0, 0, 30, 24, 0, -40, 50, 23],
    'far beyond it': [22, 0, 0, 60, 24, 0, -100, 150, 23],
    flat: [40, 0, 0, 39.5, 2.5, 0, 5, 3, 20],
    'flat along all axes': [30, 0, 0, 0, 30, 0, 28, 29, 2.5],
    'a needle': [3.1, 0, 0, 0, 3.1, 0, 0, 0, 120],
    'a plate': [60, 0, 0, 0, 60, 0, 0, 0, 2.6],
  }
  it.each(Object.entries(cells))('%s, and rotated', async (_name, matrix) => {
    for (const box of [createBox(matrix), rotated(createBox(matrix))]) {
      const positions = scattered(box, Math.round(0.03 * box.volume), 2, 2)
      for (const method of [EWALD, pme([32, 8, 16], 6)]) {
        const forces = [lennardJones({ sigma_A: 2 }), coulomb(method)]
        expect(await broken(configuration(box, positions, forces))).toEqual({})
      }
    }
  })
})

describe('atoms on a lattice', () => {
  const SPACING_A = 2.9
  it.each([
    [2, 0],
    [4, 0],
    [4, 1.3],
    [7, 0],
    [8, 0],
    [16, 0.7],
  ])('%i per side, from %s Å', async (perSide, from_A) => {
    const charges = Float64Array.from({ length: perSide ** 3 }, (_, k) =>
      (Math.floor(k / perSide ** 2) + Math.floor(k / perSide) + k) % 2 === 0 ? 0.5 : -0.5,
    )
    const edge = perSide * SPACING_A
    const box = orthorhombicBox(edge, edge, edge)
    const forces = [lennardJones({ cutoff_A: 8.5 }), coulomb(PME, 8.5)]
    const salt = configuration(box, cubicLattice(perSide, SPACING_A, from_A), forces, { charges })
    const scales = { forces: between(0.5, SPACING_A) * Math.sqrt(perSide ** 3) }
    expect(await broken(salt, undefined, scales)).toEqual({})
  })

  it('on the borders of a skewed cell', async () => {
    const m = CELL.matrix
    const corners = [0, 1, 2, 3, 4, 5, 6, 7].flatMap(n =>
      [0, 1, 2].map(d =>
        [0, 1, 2].reduce((sum, axis) => sum + (((n >> axis) & 1) * m[3 * axis + d]!) / 2, 0),
      ),
    )
    const behind = corners.map((x, k) => x + m[k % 3]! + (k % 2 === 0 ? -1e-16 : 1e-16))
    const forces = [lennardJones(), coulomb(EWALD)]
    const charges = Float64Array.of(1, -1, 0.5, -0.5, 1, 0.2, -0.7, -0.5)
    const scales = { forces: between(1, 9) }
    for (const positions of [corners, behind]) {
      expect(await broken(configuration(CELL, positions, forces, { charges }), undefined, scales)).toEqual({})
    }
  })
})

describe('bonded pairs', () => {
  it.each(METHOD_CASES)('that are all excluded: %s', async (_name, method) => {
    for (const atomCount of [2, 5, 9, 17]) {
      const positions = scattered(orthorhombicBox(7, 7, 7), atomCount, 1.6, atomCount)
      const molecule = configuration(LIQUID, positions, [lennardJones(), coulomb(method)], {
        bonds: star(atomCount),
      })
      // What screening gives and takes nearly cancels.
      const scales = {
        forces: between(0.5, 3) * Math.sqrt(atomCount),
        virial: between(0.5, 3) * 3 * atomCount,
      }
      expect(await broken(molecule, undefined, scales)).toEqual({})
    }
  })

  it('that all are, of Lennard-Jones alone: nothing is left', async () => {
    const forces = [lennardJones({ tailCorrection: false })]
    const positions = scattered(orthorhombicBox(7, 7, 7), 9, 1.6)
    const { energy, forces: found } = await evaluateOnce(
      'simd',
      configuration(LIQUID, positions, forces, { bonds: star(9) }),
    )
    expect([energy, ...found].every(x => x === 0)).toBe(true)
  })

  it.each([
    ['0 0 0.5', [0, 0, 0.5], '0 0 0.8333', [0, 0, 0.8333]],
    ['none', [1, 1, 1], 'all', [0, 0, 0]],
    ['all', [0, 0, 0], 'none', [1, 1, 1]],
    ['more than one', [0.2, 0.3, 2], 'less than none', [0.5, 1, -1]],
  ] as const)('scaled in Lennard-Jones: %s, in Coulomb: %s', async (_a, ofPairs, _b, ofCharges) => {
    const positions = scattered(orthorhombicBox(8, 8, 8), 17, 1.6)
    for (const [, method] of METHOD_CASES) {
      const forces = [lennardJones({ sigma_A: 1.6, special: ofPairs }), coulomb(method, CUTOFF_A, ofCharges)]
      expect(await broken(configuration(LIQUID, positions, forces, { bonds: chain(17) }))).toEqual({})
    }
  })
})

describe('charges', () => {
  const each = (charge: (i: number) => number) => Float64Array.from({ length: 150 }, (_, i) => charge(i))
  it.each([
    ['that do not sum to zero', each(i => (i % 2 === 0 ? 0.5 : -0.45))],
    ['of one sign', each(() => 0.7)],
    ['that are zero', each(() => 0)],
    ['on some atoms', each(i => (i % 5 === 0 ? (i % 2 === 0 ? 1 : -1) : 0))],
    ['of four', alternating(150, 4)],
    ['of a ten-thousandth', alternating(150, 1e-4)],
  ])('%s', async (_name, charges) => {
    for (const [, method] of METHOD_CASES) {
      const mixture = configuration(CELL, ATOMS, [lennardJones(), coulomb(method)], { charges })
      expect(await broken(mixture)).toEqual({})
    }
  })
})

describe('atoms far outside the cell', () => {
  it.each([1, 300, 5000])('%i cells', async cells => {
    const positions = unwrapped(CELL, ATOMS, cells)
    for (const [, method] of METHOD_CASES) {
      const forces = [lennardJones(), coulomb(method)]
      const scattered = configuration(CELL, positions, forces, { bonds: DIMERS })
      await withEvaluator('simd', scattered.system, async simd => {
        for (const growth of [1, 1.001, 0.9995]) {
          const state = createState(
            positions.map(x => x * growth),
            scaleBox(CELL, growth),
          )
          expect(await broken({ ...scattered, state }, await simd.evaluate(state))).toEqual({})
        }
      })
    }
  })
})

describe('positions that make no sense', () => {
  const away = [6, 7, 8, 6, 8, 9]
  it.each([0, 1e-12, 1e-4])(
    'two atoms %s Å apart: a number that nobody takes for an energy',
    async apart_A => {
      for (const forces of [
        [lennardJones()],
        [coulomb(EWALD)],
        [coulomb(PME)],
        [lennardJones(), coulomb({ name: 'dsf', alpha_per_A: 0.2 })],
        [lennardJones({ truncation: { kind: 'switched', from_A: 7 } }), coulomb({ name: 'cut' })],
      ]) {
        const overlap = configuration(LIQUID, [5, 6, 7, 5 + apart_A, 6, 7, ...away], forces)
        for (const platform of ['simd', 'reference'] as const) {
          const { energy } = await evaluateOnce(platform, overlap)
          expect(Math.abs(energy) < 1e4).toBe(false)
        }
      }
    },
  )

  it('two atoms in one place that do not see each other: as if they were not', async () => {
    const forces = [lennardJones(), coulomb({ name: 'cut' })]
    const overlap = configuration(LIQUID, [5, 6, 7, 5, 6, 7, ...away], forces, { bonds: [0, 1] })
    expect(await broken(overlap)).toEqual({})
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'an atom at %s is named, and later evaluations are none the worse',
    async nowhere => {
      for (const forces of [[lennardJones()], [coulomb(PME)], [lennardJones(), coulomb(EWALD)]]) {
        const sound = configuration(CELL, ATOMS, forces)
        const lost = createState(ATOMS.with(3 * 17 + 1, nowhere), CELL)
        await withEvaluator('simd', sound.system, async simd => {
          for (let time = 0; time < 2; time++) {
            await expect(simd.evaluate(lost)).rejects.toThrow(SimulationError)
            await expect(simd.evaluate(lost)).rejects.toThrow(/atom 18 .*finite/)
            expect(await broken(sound, await simd.evaluate(sound.state))).toEqual({})
          }
        })
      }
    },
  )
})

describe('cells that change under one evaluator', () => {
  const forces = (method: CoulombMethod) => [lennardJones(), coulomb(method)]
  const follow = async (method: CoulombMethod, cells: readonly Box[]) => {
    const { system } = configuration(CELL, ATOMS, forces(method), { bonds: DIMERS })
    await withEvaluator('simd', system, async simd => {
      for (const [step, box] of cells.entries()) {
        const positions = cartesian(box, fractional(CELL, ATOMS)).map((x, k) => x + 0.05 * Math.sin(k * step))
        const state = createState(positions, box)
        expect(await broken({ system, state }, await simd.evaluate(state))).toEqual({})
      }
    })
  }

  it.each(METHOD_CASES)('in size: %s', (_name, method) =>
    follow(
      method,
      [1, 1.001, 1.02, 0.98, 0.9, 1.3, 0.8, 1].map(growth => scaleBox(CELL, growth)),
    ),
  )

  it.each(METHOD_CASES)('in shape: %s', (_name, method) =>
    follow(
      method,
      [
        [1, 1, 0],
        [1 + 1e-8, 1, 0],
        [1.003, 0.999, 0],
        [1.1, 0.9, 0],
        [1, 1, 5],
        [0.8, 1.4, -3],
        [1, 1, 0],
      ].map(([x, y, tilt]) =>
        createBox(CELL.matrix.map((v, k) => v * [x!, y!, 1][k % 3]! + (k === 6 ? tilt! : 0))),
      ),
    ),
  )

  it('from a gas to three times a liquid and back', async () => {
    const random = randomSequence(3, STREAM.build)
    const dense = cubicLattice(9, 1.7).map(x => x + 0.15 * (random.uniform() - 0.5))
    const cell = orthorhombicBox(15.3, 15.3, 15.3)
    const { system } = configuration(cell, dense, [lennardJones({ sigma_A: 1.6 }), coulomb(PME)])
    await withEvaluator('simd', system, async simd => {
      for (const factor of [5, 1.5, 1, 2, 8]) {
        const state = createState(
          dense.map(x => x * factor),
          scaleBox(cell, factor),
        )
        expect(await broken({ system, state }, await simd.evaluate(state))).toEqual({})
      }
    })
  })
})

it.each([0, 50, -7, 113])('a slab at %s Å with vacuum around it', async z => {
  const positions = scattered(orthorhombicBox(17, 18, 14), 150, 2.2, 4).map((x, k) =>
    k % 3 === 2 ? x + z : x,
  )
  for (const method of [EWALD, pme([16, 16, 128])]) {
    for (const slabCorrection of [false, true]) {
      const forces = [lennardJones(), { ...coulomb(method), slabCorrection }]
      expect(await broken(configuration(orthorhombicBox(17, 18, 120), positions, forces))).toEqual({})
    }
  }
})

describe('meshes', () => {
  it.each([
    [4, 4, 4],
    [4, 8, 16],
    [64, 4, 4],
    [8, 128, 16],
    [16, 32, 64],
    [8, 8, 256],
    [12, 20, 36],
  ] as const)('%i × %i × %i', async (...grid) => {
    for (const order of [4, 5, 6, 7, 8].filter(n => n <= Math.min(...grid))) {
      const forces = [lennardJones(), coulomb(pme(grid, order))]
      expect(await broken(configuration(CELL, ATOMS, forces))).toEqual({})
    }
  })

  it('60 × 60 × 60: the Ewald sum that it stands for', async () => {
    const sum = (method: CoulombMethod) => configuration(CELL, ATOMS, [lennardJones(), coulomb(method)])
    const whole = sum({ name: 'ewald', alpha_per_A: 0.3, kCutoff_per_A: 3.6 })
    expect(await broken(whole, await evaluateOnce('simd', sum(pme([60, 60, 60], 8))))).toEqual({})
  })
})

it.each([1, 5, 17, 250, 729])(
  '%i atoms: to the last bit the same for any number of threads',
  async atomCount => {
    const box = orthorhombicBox(27, 27, 27)
    const positions = cubicLattice(9, 3, 0.1)
      .map((x, k) => x + 0.3 * Math.sin(k))
      .slice(0, 3 * atomCount)
    const { system, state } = configuration(box, positions, [lennardJones(), coulomb(PME)], {
      bonds: chain(atomCount),
    })
    const [one, ...others] = await Promise.all(
      [1, 2, 3].map(async threads => {
        const simd = await prepareEvaluator('simd', system, { threads })
        const { energy, forces, virial } = await simd.evaluate(state)
        const found = [energy, ...forces, ...virial]
        await simd.dispose()
        return found
      }),
    )
    for (const other of others) expect(other).toEqual(one)
  },
)
