import { describe, expect, it } from 'vitest'
import { createBox, orthorhombicBox } from '../../../src/core/box.ts'
import { type Force, PAIR_PARAMETERS, type PairForce, type PairForm } from '../../../src/core/force.ts'
import { cases } from './cases.ts'
import {
  broken,
  CUTOFF_A,
  configuration,
  coulomb,
  EWALD,
  errors,
  evaluateOnce,
  lennardJones,
  scattered,
} from './configurations.ts'
import { onEachComparedPlatform, sample, withEvaluator } from './platforms.ts'

const TYPES = 3
const BOX = createBox([21, 0, 0, 4, 22, 0, -3, 5, 20])
const POSITIONS = scattered(BOX, 401, 1.7)
const BONDS = Array.from({ length: 120 }, (_, k) => [3 * k, 3 * k + 1, 3 * k + 1, 3 * k + 2]).flat()
const CHARGES = Float64Array.from({ length: 401 }, (_, i) => [1.2, -0.4, -0.8][i % TYPES]!)

const PARAMETERS: Record<PairForm, readonly number[]> = {
  'lennard-jones': [0.004, 2.4],
  buckingham: [900, 0.28, 20],
  born: [0.3, 0.3, 1.8, 5, 4],
  morse: [0.03, 2.7, 2.4],
  'inverse-twelfth': [3],
}

/** A term between some pairs of types, given as 'ab bc'; parameters grow with the types. */
function term(
  form: PairForm,
  between: string,
  changes: Partial<PairForce> = {},
  cutoff_A = CUTOFF_A,
): PairForce {
  const stride = PAIR_PARAMETERS[form].length
  const parameters = new Float64Array(stride * TYPES * TYPES).fill(1)
  const cutoffs = new Float64Array(TYPES * TYPES)
  for (const names of between.split(' ')) {
    const [i, j] = [...names].map(name => 'abc'.indexOf(name)) as [number, number]
    for (const t of [TYPES * i + j, TYPES * j + i]) {
      parameters.set(
        PARAMETERS[form].map(p => p * (1 + 0.03 * (i + j))),
        stride * t,
      )
      cutoffs[t] = cutoff_A
    }
  }
  return {
    kind: 'pair',
    form,
    parameters,
    cutoffs,
    truncation: { kind: 'shifted' },
    tailCorrection: false,
    special: [0, 0, 0.5],
    ...changes,
  }
}

const system = (forces: readonly Force[], positions = POSITIONS, box = BOX, bonds = BONDS) =>
  configuration(box, positions, forces, { charges: CHARGES.slice(0, positions.length / 3), bonds })

const mixtures: readonly [string, readonly Force[]][] = [
  [
    'forms between different types',
    [
      term('lennard-jones', 'aa ab'),
      term('buckingham', 'bb bc'),
      term('born', 'cc'),
      term('morse', 'ac'),
      coulomb(EWALD),
    ],
  ],
  [
    'Morse and r⁻¹² between cations and anions alone, as in oxides',
    [term('morse', 'ab bb'), term('inverse-twelfth', 'ab bb'), coulomb(EWALD)],
  ],
  [
    'terms that bonds scale differently',
    [
      term('morse', 'aa ab bc', { special: [0, 0.3, 1] }),
      term('lennard-jones', 'aa ab bc', { special: [0.5, 1, 0.25] }),
      coulomb(EWALD, CUTOFF_A, [0, 0.7, 1]),
    ],
  ],
  [
    'plain, shifted and switched',
    [
      term('buckingham', 'aa ab'),
      term('inverse-twelfth', 'aa bb', { truncation: { kind: 'plain' } }),
      term('morse', 'bc cc', { truncation: { kind: 'switched', from_A: 6 } }),
      coulomb(EWALD),
    ],
  ],
  [
    'cut-offs between different types, none of them that of Coulomb',
    [term('morse', 'aa', {}, 5), term('buckingham', 'ab bc', {}, 7.5), coulomb(EWALD)],
  ],
  [
    'several exponentials between the same types',
    [term('buckingham', 'aa ab cc'), term('morse', 'aa bc'), term('born', 'aa bc')],
  ],
  [
    'two Lennard-Jones terms, one with a tail',
    [lennardJones(), lennardJones({ tailCorrection: false, special: [0, 0, 0] })],
  ],
]

onEachComparedPlatform(platform => {
  const { key } = platform

  describe('pair terms together', () => {
    it.each(sample(platform, mixtures))(
      'results of reference, computed without it: %s',
      async (_name, forces) => {
        const together = system(forces)
        expect(await broken(platform, together)).toEqual({})
        await withEvaluator(key, together.system, async evaluator =>
          expect(evaluator.fallbackReason).toBeNull(),
        )
      },
    )

    it('terms of different cut-offs between the same types are computed by reference, and named', async () => {
      const together = system([term('buckingham', 'aa ab'), term('morse', 'ab', {}, 7), coulomb(EWALD)])
      expect(await broken(platform, together)).toEqual({})
      await withEvaluator(key, together.system, async evaluator =>
        expect(evaluator.fallbackReason).toMatch(/^morse by reference$/),
      )
    })
  })

  it.each(sample(platform, cases))('no term is left to reference: $name', async ({ system }) => {
    await withEvaluator(key, system, async evaluator => expect(evaluator.fallbackReason).toBeNull())
  })

  describe('close to the origin', () => {
    const cube = orthorhombicBox(40, 40, 40)
    const forces = [term('buckingham', 'ab'), coulomb(EWALD)]
    const pair = (r: number) => system(forces, Float64Array.of(3, 3, 3, 3 + r, 3, 3, 25, 25, 25), cube, [])

    it.each(sample(platform, [1.2, 0.4, 0.02]))(
      'results of reference for a pair %f Å apart, where Buckingham attracts',
      async r => {
        const one = pair(r)
        const found = await errors(await evaluateOnce(key, one), one)
        // Coordinates are exact to 1e-6 Å, and the force goes with r⁻⁷.
        for (const error of Object.values(found)) expect(error).toBeLessThan(1e-5 / r)
      },
    )

    it('an excluded pair in one place contributes nothing', async () => {
      const { system: two, state } = system(
        [term('morse', 'ab', { special: [0, 0, 0] })],
        Float64Array.of(3, 3, 3, 3, 3, 3),
        cube,
        [0, 1],
      )
      const { energy, forces: found } = await evaluateOnce(key, { system: two, state })
      expect(energy).toBe(0)
      expect([...found]).toEqual([0, 0, 0, 0, 0, 0])
    })
  })
})
