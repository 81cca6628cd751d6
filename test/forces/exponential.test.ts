import { describe, expect, it } from 'vitest'
import { exponential } from '../../src/forces/exponential.ts'
import { randomSequence, STREAM } from '../../src/rng.ts'

describe('the exponential of the pair kernels', () => {
  it.each([1, 30, 699])('agrees with Math.exp to 2 units in the last place up to |x| = %i', limit => {
    const random = randomSequence(3, STREAM.build)
    for (let k = 0; k < 20_000; k++) {
      const x = limit * (2 * random.uniform() - 1)
      expect(Math.abs(exponential(x) / Math.exp(x) - 1)).toBeLessThan(2 * Number.EPSILON)
    }
  })

  it.each([0, -0, 800, -740, -800, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN])(
    'of %d is that of Math.exp',
    x => expect(exponential(x)).toBe(Math.exp(x)),
  )
})
