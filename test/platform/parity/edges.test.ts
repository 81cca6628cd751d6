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
import { randomSequence, STREAM } from '../../../src/rng.ts'
import { hotPvdf } from '../../tools/polymerBoxes.ts'
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
} from './configurations.ts'
import { onEachComparedPlatform, sample, withEvaluator } from './platforms.ts'

const METHOD_CASES = Object.entries(METHODS)
const PME = pme([16, 16, 16])
const LIQUID = orthorhombicBox(20, 21, 22)
/** Skewed, and of no special shape. */
const CELL = createBox([18, 0, 0, 4, 17, 0, -5, 3, 19])
const ATOMS = scattered(CELL, 150, 2.2, 4)
const DIMERS = Array.from(ATOMS.subarray(0, 150), (_, i) => i)

onEachComparedPlatform(platform => {
  const { key } = platform

  describe('results of reference in cells smaller than the cut-off', () => {
    // At 0.5 images are exactly at the cut-off: on gpu, in fractions of a frame, rounding decides whether they count.
    const fractions = [0.95, 0.7, key === 'simd' ? 0.5 : 0.49, 0.34]
    it.each(
      sample(
        platform,
        fractions.flatMap(fraction =>
          METHOD_CASES.map(([name, method]) => [fraction, name, method] as const),
        ),
      ),
    )('edges of %s times the cut-off, %s', async (fraction, _name, method) => {
      const e = fraction * CUTOFF_A
      const box = createBox([e, 0, 0, 0.2 * e, 0.9 * e, 0, -0.3 * e, 0.1 * e, 1.1 * e])
      for (const atomCount of [1, 2, 5]) {
        const forces = [lennardJones({ sigma_A: 1.7 }), coulomb(method)]
        const positions = scattered(box, atomCount, 1.6, 3)
        const scales = atomCount === 1 ? { forces: between(0.5, e) } : {}
        expect(await broken(platform, configuration(box, positions, forces), undefined, scales)).toEqual({})
      }
    })

    it('molecules whose images are within the cut-off', async () => {
      const box = createBox([4.6, 0, 0, 0.7, 5, 0, -0.4, 0.3, 5.3])
      for (const [, method] of sample(platform, METHOD_CASES)) {
        const forces = [lennardJones({ sigma_A: 1.3 }), coulomb(method)]
        expect(
          await broken(platform, configuration(box, scattered(box, 9, 1.2), forces, { bonds: star(9) })),
        ).toEqual({})
      }
    })
  })

  it('results of reference where a scaled pair becomes nearest to another image', async () => {
    const forces = [lennardJones({ cutoff_A: 7 }), coulomb(METHODS.dsf!, 7)]
    const at = (apart_A: number) =>
      configuration(orthorhombicBox(8, 21, 21), [0, 0, 0, 1.3, 0.3, 0, 2.6, 0, 0, apart_A, 0.3, 0], forces, {
        bonds: chain(4),
      })
    const near = at(3.97)
    await withEvaluator(key, near.system, async evaluator => {
      await evaluator.evaluate(near.state)
      const beyond = at(4.03)
      expect(await broken(platform, beyond, await evaluator.evaluate(beyond.state))).toEqual({})
    })
  })

  describe('results of reference for cut-offs far above and far below the box', () => {
    it('a box several times smaller than the cut-off: every image of an atom counts', async () => {
      const box = createBox([5, 0, 0, 1, 4.6, 0, -0.8, 0.9, 5.4])
      const forces = [lennardJones({ cutoff_A: 7 }), coulomb(EWALD, 7)]
      expect(await broken(platform, configuration(box, scattered(box, 5, 1.9), forces))).toEqual({})
      const small = [lennardJones({ sigma_A: 1.3 }), coulomb(METHODS.dsf!)]
      const bonded = configuration(box, scattered(box, 9, 1.2), small, { bonds: star(9) })
      expect(await broken(platform, bonded)).toEqual({})
    })

    it('a skewed box many times the cut-off, atoms far from the origin', async () => {
      const box = createBox([61, 0, 0, 9, 47, 0, -7, 5, 52])
      const positions = unwrapped(box, scattered(box, 900, 1.9), 3)
      const forces = [lennardJones({ cutoff_A: 4, sigma_A: 1.8 }), coulomb(EWALD, 4)]
      expect(await broken(platform, configuration(box, positions, forces))).toEqual({})
    })

    it('a drop around the corner of a cell of 400 Å', async () => {
      const positions = scattered(orthorhombicBox(14, 14, 14), 150, 2.2).map(x => x - 7)
      const forces = [lennardJones(), coulomb({ name: 'dsf', alpha_per_A: 0.2 })]
      const drop = configuration(orthorhombicBox(400, 400, 400), positions, forces)
      expect(await broken(platform, drop)).toEqual({})
    })

    it('a cut-off far below the box, and a box below the frame of the gpu platform', async () => {
      const box = createBox([12, 0, 0, 1, 13, 0, -2, 1, 19])
      const forces = [lennardJones({ cutoff_A: 2.4, sigma_A: 1.2 })]
      expect(await broken(platform, configuration(box, scattered(box, 300, 1.1), forces))).toEqual({})
    })

    it('the forces follow atoms of PVDF in a growing box', async () => {
      const { system, state } = hotPvdf()
      await withEvaluator(key, system, async evaluator => {
        for (let step = 0; step < 4; step++) {
          const scale = 1 + 0.002 * step
          const box = createBox(state.box.matrix.map(x => scale * x))
          const positions = state.positions.map((x, k) => scale * x + 0.25 * step * Math.sin(k))
          const moved = { ...state, box, positions }
          expect(await broken(platform, { system, state: moved }, await evaluator.evaluate(moved))).toEqual(
            {},
          )
        }
      })
    })
  })

  describe('results of reference for few atoms', () => {
    it.each(key === 'simd' ? Array.from({ length: 17 }, (_, k) => k + 1) : [1, 2, 3, 5, 6])(
      '%i atoms',
      async atomCount => {
        const forces = [lennardJones(), coulomb(atomCount % 2 === 0 ? EWALD : PME)]
        const charges = alternating(atomCount)
        const positions = scattered(orthorhombicBox(9, 9, 9), atomCount, 2.2, atomCount)
        expect(await broken(platform, configuration(LIQUID, positions, forces, { charges }))).toEqual({})
      },
    )

    it.each(sample(platform, METHOD_CASES))('one charged atom alone: %s', async (_name, method) => {
      for (const charge of [1, 0]) {
        const alone = configuration(LIQUID, [1, 2, 3], [coulomb(method)], {
          charges: Float64Array.of(charge),
        })
        // As strong as the charge and the cloud that screens it, 1/α wide, act on each other.
        expect(await broken(platform, alone, undefined, { forces: between(1, 3) })).toEqual({})
      }
    })

    it.each(sample(platform, METHOD_CASES))(
      'two atoms on either side of a face of the cell: %s',
      async (_name, method) => {
        const forces = [lennardJones(), coulomb(method)]
        expect(await broken(platform, configuration(LIQUID, [1, 2, 3, 19.5, 1, 2], forces))).toEqual({})
      },
    )

    it('no atoms, or no interaction: energy, forces and virial are zero', async () => {
      for (const [positions, forces] of [
        // The gpu platform refuses a system without atoms: see gpu.test.ts.
        ...(key.startsWith('gpu') ? [] : [[[], [lennardJones(), coulomb(PME)]] as const]),
        [[1, 2, 3, 4, 5, 6], []],
      ] as const) {
        const {
          energy,
          forces: found,
          virial,
        } = await evaluateOnce(key, configuration(LIQUID, positions, forces))
        expect(energy).toBe(0)
        expect([...found, ...virial].every(x => x === 0)).toBe(true)
      }
    })
  })

  describe('results of reference in skewed cells', () => {
    const cells: Readonly<Record<string, readonly number[]>> = {
      'at the tilt limit': [22, 0, 0, 11, 24, 0, -11, 12, 23],
      'beyond the tilt limit': [22, 0, 0, 30, 24, 0, -40, 50, 23],
      'far beyond it': [22, 0, 0, 60, 24, 0, -100, 150, 23],
      flat: [40, 0, 0, 39.5, 2.5, 0, 5, 3, 20],
      'flat along all axes': [30, 0, 0, 0, 30, 0, 28, 29, 2.5],
      'a needle': [3.1, 0, 0, 0, 3.1, 0, 0, 0, 120],
      'a plate': [60, 0, 0, 0, 60, 0, 0, 0, 2.6],
    }
    it.each(sample(platform, Object.entries(cells)))('%s, and rotated', async (_name, matrix) => {
      for (const box of [createBox(matrix), rotated(createBox(matrix))]) {
        const positions = scattered(box, Math.round(0.03 * box.volume), 2, 2)
        for (const method of [EWALD, pme([32, 8, 16], 6)]) {
          const forces = [lennardJones({ sigma_A: 2 }), coulomb(method)]
          expect(await broken(platform, configuration(box, positions, forces))).toEqual({})
        }
      }
    })
  })

  describe('results of reference for atoms on a lattice', () => {
    const SPACING_A = 2.9
    it.each(
      sample(platform, [
        [2, 0],
        [4, 0],
        [4, 1.3],
        [7, 0],
        [8, 0],
        [16, 0.7],
      ]),
    )('%i per side, from %s Å', async (perSide, from_A) => {
      const charges = Float64Array.from({ length: perSide ** 3 }, (_, k) =>
        (Math.floor(k / perSide ** 2) + Math.floor(k / perSide) + k) % 2 === 0 ? 0.5 : -0.5,
      )
      const edge = perSide * SPACING_A
      const box = orthorhombicBox(edge, edge, edge)
      const forces = [lennardJones({ cutoff_A: 8.5 }), coulomb(PME, 8.5)]
      const salt = configuration(box, cubicLattice(perSide, SPACING_A, from_A), forces, { charges })
      const scales = { forces: between(0.5, SPACING_A) * Math.sqrt(perSide ** 3) }
      expect(await broken(platform, salt, undefined, scales)).toEqual({})
    })

    it('atoms on the faces of a skewed cell', async () => {
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
        expect(
          await broken(platform, configuration(CELL, positions, forces, { charges }), undefined, scales),
        ).toEqual({})
      }
    })
  })

  describe('results of reference for bonded pairs', () => {
    it.each(sample(platform, METHOD_CASES))('all pairs excluded: %s', async (_name, method) => {
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
        expect(await broken(platform, molecule, undefined, scales)).toEqual({})
      }
    })

    it('all pairs excluded, Lennard-Jones alone: energy and forces are zero', async () => {
      const forces = [lennardJones({ tailCorrection: false })]
      const positions = scattered(orthorhombicBox(7, 7, 7), 9, 1.6)
      const { energy, forces: found } = await evaluateOnce(
        key,
        configuration(LIQUID, positions, forces, { bonds: star(9) }),
      )
      expect([energy, ...found].every(x => x === 0)).toBe(true)
    })

    it.each(
      sample(platform, [
        ['0 0 0.5', [0, 0, 0.5], '0 0 0.8333', [0, 0, 0.8333]],
        ['none', [1, 1, 1], 'all', [0, 0, 0]],
        ['all', [0, 0, 0], 'none', [1, 1, 1]],
        ['more than one', [0.2, 0.3, 2], 'less than none', [0.5, 1, -1]],
      ] as const),
    )('factors of Lennard-Jones: %s, of Coulomb: %s', async (_a, ofPairs, _b, ofCharges) => {
      const positions = scattered(orthorhombicBox(8, 8, 8), 17, 1.6)
      for (const [, method] of sample(platform, METHOD_CASES)) {
        const forces = [
          lennardJones({ sigma_A: 1.6, special: ofPairs }),
          coulomb(method, CUTOFF_A, ofCharges),
        ]
        expect(
          await broken(platform, configuration(LIQUID, positions, forces, { bonds: chain(17) })),
        ).toEqual({})
      }
    })
  })

  describe('results of reference for charges', () => {
    const each = (charge: (i: number) => number) => Float64Array.from({ length: 150 }, (_, i) => charge(i))
    it.each(
      sample(platform, [
        ['that do not sum to zero', each(i => (i % 2 === 0 ? 0.5 : -0.45))],
        ['of one sign', each(() => 0.7)],
        ['that are zero', each(() => 0)],
        ['on some atoms', each(i => (i % 5 === 0 ? (i % 2 === 0 ? 1 : -1) : 0))],
        ['of four', alternating(150, 4)],
        ['of a ten-thousandth', alternating(150, 1e-4)],
      ]),
    )('%s', async (_name, charges) => {
      for (const [, method] of sample(platform, METHOD_CASES)) {
        const mixture = configuration(CELL, ATOMS, [lennardJones(), coulomb(method)], { charges })
        expect(await broken(platform, mixture)).toEqual({})
      }
    })
  })

  describe('results of reference for atoms outside the cell', () => {
    it.each(sample(platform, [1, 300, 5000]))('up to %i cells away', async cells => {
      const positions = unwrapped(CELL, ATOMS, cells)
      for (const [, method] of sample(platform, METHOD_CASES)) {
        const forces = [lennardJones(), coulomb(method)]
        const scattered = configuration(CELL, positions, forces, { bonds: DIMERS })
        await withEvaluator(key, scattered.system, async evaluator => {
          for (const growth of [1, 1.001, 0.9995]) {
            const state = createState(
              positions.map(x => x * growth),
              scaleBox(CELL, growth),
            )
            expect(await broken(platform, { ...scattered, state }, await evaluator.evaluate(state))).toEqual(
              {},
            )
          }
        })
      }
    })
  })

  describe('positions without a physical meaning', () => {
    const away = [6, 7, 8, 6, 8, 9]
    it.each(sample(platform, [0, 1e-12, 1e-4]))(
      'two atoms %s Å apart: the energy is huge or not a number',
      async apart_A => {
        for (const forces of [
          [lennardJones()],
          [coulomb(EWALD)],
          [coulomb(PME)],
          [lennardJones(), coulomb({ name: 'dsf', alpha_per_A: 0.2 })],
          [lennardJones({ truncation: { kind: 'switched', from_A: 7 } }), coulomb({ name: 'cut' })],
        ]) {
          const overlap = configuration(LIQUID, [5, 6, 7, 5 + apart_A, 6, 7, ...away], forces)
          for (const which of [key, 'reference'] as const) {
            const { energy } = await evaluateOnce(which, overlap)
            expect(Math.abs(energy) < 1e4).toBe(false)
          }
        }
      },
    )

    it('two excluded atoms in one place contribute nothing', async () => {
      const forces = [lennardJones(), coulomb({ name: 'cut' })]
      const overlap = configuration(LIQUID, [5, 6, 7, 5, 6, 7, ...away], forces, { bonds: [0, 1] })
      expect(await broken(platform, overlap)).toEqual({})
    })

    it.each(sample(platform, [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]))(
      'an atom at %s is named in the error, and later evaluations are right',
      async nowhere => {
        for (const forces of [[lennardJones()], [coulomb(PME)], [lennardJones(), coulomb(EWALD)]]) {
          const sound = configuration(CELL, ATOMS, forces)
          const lost = createState(ATOMS.with(3 * 17 + 1, nowhere), CELL)
          await withEvaluator(key, sound.system, async evaluator => {
            for (let time = 0; time < 2; time++) {
              await expect(evaluator.evaluate(lost)).rejects.toThrow(SimulationError)
              await expect(evaluator.evaluate(lost)).rejects.toThrow(/atom 18 .*finite/)
              expect(await broken(platform, sound, await evaluator.evaluate(sound.state))).toEqual({})
            }
          })
        }
      },
    )
  })

  describe('results of reference in cells that change under one evaluator', () => {
    const forces = (method: CoulombMethod) => [lennardJones(), coulomb(method)]
    const follow = async (method: CoulombMethod, cells: readonly Box[]) => {
      const { system } = configuration(CELL, ATOMS, forces(method), { bonds: DIMERS })
      await withEvaluator(key, system, async evaluator => {
        for (const [step, box] of cells.entries()) {
          const positions = cartesian(box, fractional(CELL, ATOMS)).map(
            (x, k) => x + 0.05 * Math.sin(k * step),
          )
          const state = createState(positions, box)
          expect(await broken(platform, { system, state }, await evaluator.evaluate(state))).toEqual({})
        }
      })
    }

    it.each(sample(platform, METHOD_CASES))('in size: %s', (_name, method) =>
      follow(
        method,
        [1, 1.001, 1.02, 0.98, 0.9, 1.3, 0.8, 1].map(growth => scaleBox(CELL, growth)),
      ),
    )

    it.each(sample(platform, METHOD_CASES))('in shape: %s', (_name, method) =>
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
      await withEvaluator(key, system, async evaluator => {
        for (const factor of [5, 1.5, 1, 2, 8]) {
          const state = createState(
            dense.map(x => x * factor),
            scaleBox(cell, factor),
          )
          expect(await broken(platform, { system, state }, await evaluator.evaluate(state))).toEqual({})
        }
      })
    })
  })

  it.each(sample(platform, [0, 50, -7, 113]))(
    'results of reference for a slab at %s Å with vacuum around it',
    async z => {
      const positions = scattered(orthorhombicBox(17, 18, 14), 150, 2.2, 4).map((x, k) =>
        k % 3 === 2 ? x + z : x,
      )
      for (const method of [EWALD, pme([16, 16, 128])]) {
        for (const slabCorrection of [false, true]) {
          const forces = [lennardJones(), { ...coulomb(method), slabCorrection }]
          expect(
            await broken(platform, configuration(orthorhombicBox(17, 18, 120), positions, forces)),
          ).toEqual({})
        }
      }
    },
  )

  describe('results of reference with meshes of', () => {
    it.each(
      sample(platform, [
        [4, 4, 4],
        [4, 8, 16],
        [64, 4, 4],
        [8, 128, 16],
        [16, 32, 64],
        [8, 8, 256],
        [12, 20, 36],
      ] as const),
    )('%i × %i × %i', async (...grid) => {
      for (const order of sample(platform, [4, 5, 6, 7, 8]).filter(n => n <= Math.min(...grid))) {
        const forces = [lennardJones(), coulomb(pme(grid, order))]
        expect(await broken(platform, configuration(CELL, ATOMS, forces))).toEqual({})
      }
    })

    it('60 × 60 × 60 points: results of the full Ewald sum', async () => {
      const sum = (method: CoulombMethod) => configuration(CELL, ATOMS, [lennardJones(), coulomb(method)])
      const whole = sum({ name: 'ewald', alpha_per_A: 0.3, kCutoff_per_A: 3.6 })
      expect(await broken(platform, whole, await evaluateOnce(key, sum(pme([60, 60, 60], 8))))).toEqual({})
    })
  })

  it.each(sample(platform, [1, 5, 17, 250, 729]))(
    'results for %i atoms are the same to the last bit with 1, 2 and 3 threads',
    async atomCount => {
      const box = orthorhombicBox(27, 27, 27)
      const positions = cubicLattice(9, 3, 0.1)
        .map((x, k) => x + 0.3 * Math.sin(k))
        .slice(0, 3 * atomCount)
      const { system, state } = configuration(box, positions, [lennardJones(), coulomb(PME)], {
        bonds: chain(atomCount),
      })
      const [one, ...others] = await Promise.all(
        [1, 2, 3].map(threads =>
          withEvaluator(
            key,
            system,
            async evaluator => {
              const { energy, forces, virial } = await evaluator.evaluate(state)
              return [energy, ...forces, ...virial]
            },
            { threads },
          ),
        ),
      )
      for (const other of others) expect(other).toEqual(one)
    },
  )
})
