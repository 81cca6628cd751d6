import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createBox, scaleBox } from '../../../src/core/box.ts'
import type { SpecialFactors, Truncation } from '../../../src/core/force.ts'
import { createState } from '../../../src/core/state.ts'
import { randomSequence, STREAM } from '../../../src/rng.ts'
import {
  bondsWithin,
  broken,
  configuration,
  coulomb,
  lennardJones,
  METHODS,
  rotated,
  scattered,
  unwrapped,
} from './configurations.ts'
import { onEachComparedPlatform, withEvaluator } from './platforms.ts'

onEachComparedPlatform(platform => {
  const { key } = platform

  it('results of reference for random cells, atoms, charges and cut-offs', async () => {
    const between0and1 = fc.double({ min: 0, max: 1, noNaN: true })
    const edge = fc.double({ min: 6, max: 18, noNaN: true })
    const choices = fc.record({
      edges: fc.tuple(edge, edge, edge),
      tilts: fc.tuple(...[0, 1, 2].map(() => fc.double({ min: -1.5, max: 1.5, noNaN: true }))),
      turned: fc.boolean(),
      density: fc.double({ min: 0.02, max: 0.05, noNaN: true }),
      cutoff_A: fc.double({ min: 4, max: 9, noNaN: true }),
      coulombCutoff: fc.constantFrom(0.9, 1, 1.2),
      method: fc.constantFrom(...Object.values(METHODS)),
      truncation: fc.constantFrom('plain', 'shifted', 'switched'),
      special: fc.constantFrom([0, 0, 0.5], [0, 0, 0], [1, 1, 1], [0, 0.3, 1]),
      chargedPart: between0and1,
      cells: fc.integer({ min: 0, max: 300 }),
      seed: fc.integer({ min: 1, max: 1e6 }),
    })
    const property = fc.asyncProperty(choices, async choice => {
      const { cutoff_A, coulombCutoff, method, special, cells, seed } = choice
      const [a, b, c] = choice.edges
      const [ba, ca, cb] = choice.tilts as [number, number, number]
      const upright = createBox([a, 0, 0, ba * a, b, 0, ca * a, cb * b, c])
      const box = choice.turned ? rotated(upright) : upright
      const positions = scattered(box, Math.max(8, Math.round(choice.density * box.volume)), 2, seed)
      const random = randomSequence(seed, STREAM.velocities)
      const charges = Float64Array.from({ length: positions.length / 3 }, () =>
        random.uniform() < choice.chargedPart ? random.normal() / 2 : 0,
      )
      const truncation: Truncation =
        choice.truncation === 'switched'
          ? { kind: 'switched', from_A: 0.8 * cutoff_A }
          : { kind: choice.truncation as 'plain' | 'shifted' }
      const factors = special as unknown as SpecialFactors
      const forces = [
        lennardJones({ cutoff_A, sigma_A: 1.9, truncation, special: factors }),
        coulomb(method, coulombCutoff * cutoff_A, factors),
      ]
      const bonds = bondsWithin(box, positions, Math.min(3, 0.15 * Math.min(...box.heights)))
      const { system } = configuration(box, positions, forces, { charges, bonds })
      await withEvaluator(key, system, async evaluator => {
        for (const [growth, moved] of [
          [1, unwrapped(box, positions, cells)],
          [1.004, positions.map(x => x + 0.02 * random.normal())],
        ] as const) {
          const state = createState(
            moved.map(x => x * growth),
            scaleBox(box, growth),
          )
          expect(await broken(platform, { system, state }, await evaluator.evaluate(state))).toEqual({})
        }
      })
    })
    await fc.assert(property, { seed: 4, numRuns: Math.ceil(60 / platform.every) })
  })
})
