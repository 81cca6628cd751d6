import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chainSequence, type ReplaceRecipe } from '../../src/construct/polymer.ts'
import { UserError } from '../../src/errors.ts'
import { randomSequence, STREAM } from '../../src/rng.ts'

const random = (seed: number) => randomSequence(seed, STREAM.build)

/** `VVCV…`, reversed units in lower case. */
function letters(count: number, seed: number, replace?: Partial<ReplaceRecipe>, defect_fraction = 0): string {
  const recipe = {
    unit: 'V',
    units_per_chain: count,
    defect_fraction,
    ...(replace && {
      replace: { unit: 'C', fraction: 0, placement: 'random', keep_ends: true, ...replace } as const,
    }),
  }
  return chainSequence(recipe, random(seed))
    .map(({ unit, reversed }) => (reversed ? unit.toLowerCase() : unit))
    .join('')
}

const count = fc.integer({ min: 1, max: 30 })
const seed = fc.integer({ min: 0, max: 1e6 })
const fraction = fc.double({ min: 0, max: 0.5, noNaN: true })
const keepEnds = fc.boolean()

/** Largest number of replaced units that the recipe's rules leave room for. */
const most = (units: number, placement: string, keep_ends: boolean) => {
  const room = Math.max(0, units - (keep_ends ? 2 : 0))
  return placement === 'isolated' ? Math.ceil(room / 2) : room
}

describe('replacement', () => {
  test.each(['isolated', 'adjacent', 'random'] as const)(
    'placement %s replaces the rounded number of units, keeps the ends and follows its rule',
    placement => {
      fc.assert(
        fc.property(count, seed, fraction, keepEnds, (units, s, f, keep_ends) => {
          const wanted = Math.round(f * units)
          const make = () => letters(units, s, { fraction: f, placement, keep_ends })
          if (wanted > most(units, placement, keep_ends)) {
            expect(make).toThrow(UserError)
            return
          }
          const chain = make()
          expect(chain.length).toBe(units)
          expect([...chain].filter(letter => letter === 'C').length).toBe(wanted)
          if (keep_ends && units > 1) expect(chain[0]! + chain.at(-1)!).toBe('VV')
          if (placement === 'isolated') expect(chain).not.toContain('CC')
          if (placement === 'adjacent') expect(chain).toMatch(/^V*C*V*$/)
        }),
      )
    },
  )

  test('all isolated arrangements of replaced units are about equally frequent', () => {
    const seen = new Map<string, number>()
    for (let s = 0; s < 3000; s++) {
      const chain = letters(7, s, { fraction: 3 / 7, placement: 'isolated', keep_ends: false })
      seen.set(chain, (seen.get(chain) ?? 0) + 1)
    }
    // Three of seven without neighbours: C(5, 3) = 10 arrangements, 300 ± 16 each.
    expect(seen.size).toBe(10)
    for (const times of seen.values()) expect(Math.abs(times - 300)).toBeLessThan(80)
  })

  test('a fraction of 0.333 replaces 4 of 12 units', () => {
    expect(letters(12, 1, { fraction: 0.333, placement: 'isolated' }).match(/C/g)).toHaveLength(4)
  })

  test('a fraction that is too large is refused with the largest possible number', () => {
    expect(() => letters(12, 1, { fraction: 0.6, placement: 'isolated' })).toThrow(
      "7 of 12 units are to be replaced, but with placement 'isolated' and kept ends there is room for 5",
    )
  })
})

describe('head-to-head defects', () => {
  test('reversed units have the rounded number and are never end units or replaced units', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 6, max: 30 }),
        seed,
        fc.double({ min: 0, max: 0.2, noNaN: true }),
        (n, s, f) => {
          const chain = letters(n, s, { fraction: 0.2, placement: 'isolated' }, f)
          expect([...chain].filter(letter => letter === 'v').length).toBe(Math.round(f * n))
          expect(chain).not.toContain('c')
          expect(chain[0]! + chain.at(-1)!).toBe('VV')
        },
      ),
    )
  })

  test('too many reversed units are refused', () => {
    expect(() => letters(4, 1, undefined, 1)).toThrow('only 2 can be reversed')
  })
})

test('chain sequences are equal for equal seeds and differ between seeds', () => {
  const make = (s: number) => letters(24, s, { fraction: 0.3, placement: 'random' }, 0.1)
  expect(make(5)).toBe(make(5))
  expect(new Set([1, 2, 3, 4, 5].map(make)).size).toBeGreaterThan(1)
})
