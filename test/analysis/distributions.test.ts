import { describe, expect, test } from 'vitest'
import {
  chiSquaredCdf,
  logGamma,
  normalCdf,
  regularizedBeta,
  studentTCdf,
  studentTQuantile,
} from '../../src/analysis/distributions.ts'
import { kolmogorovSurvival } from '../tools/statistics.ts'

const relative = (value: number, expected: number) => Math.abs(value / expected - 1)

// Reference values: SciPy 1.17 (scipy.special.gammaln, scipy.special.kolmogorov, scipy.stats.chi2, t, norm).
describe('distribution functions against SciPy', () => {
  test.each([
    [0.1, 2.252712651734206],
    [0.5, 0.5723649429247],
    [3.7, 1.428072326665388],
    [100, 359.1342053695754],
  ])('ln Γ(%d)', (x, expected) => expect(relative(logGamma(x), expected)).toBeLessThan(1e-13))

  test.each([
    [1, 1, 0.6826894921370859],
    [2.5, 3, 0.5247089166569795],
    [10, 4.5, 0.9439279147584024],
    [300, 270, 0.8987560254131743],
    [2400, 2670, 6.72506953826142e-5],
  ])('χ² distribution at %d with %d degrees of freedom', (x, freedom, expected) =>
    expect(relative(chiSquaredCdf(x, freedom), expected)).toBeLessThan(1e-10),
  )

  test.each([
    [0.975, 1, 12.706204736174694],
    [0.975, 2.5, 3.5746548420036817],
    [0.975, 14, 2.144786687917804],
    [0.6, 3, 0.2766706623326898],
    [0.995, 1000.5, 2.5807522321743113],
  ])('Student t quantile %d with %d degrees of freedom', (probability, freedom, expected) => {
    expect(relative(studentTQuantile(probability, freedom), expected)).toBeLessThan(1e-9)
    expect(studentTQuantile(1 - probability, freedom)).toBeCloseTo(-expected, 8)
    expect(studentTCdf(expected, freedom)).toBeCloseTo(probability, 10)
  })

  test.each([
    [-3, 0.0013498980316300933],
    [-0.5, 0.3085375387259869],
    [0, 0.5],
    [1.959963984540054, 0.975],
  ])('normal distribution at %d', (x, expected) =>
    expect(relative(normalCdf(x), expected)).toBeLessThan(1e-11),
  )

  test.each([
    [0.3, 0.9999906941986655],
    [0.5, 0.9639452436648751],
    [0.8, 0.5441424115741981],
    [1, 0.26999967167735456],
    [1.36, 0.049485876755377876],
    [2, 0.0006709252557796953],
  ])('Kolmogorov distribution beyond %d', (x, expected) =>
    expect(relative(kolmogorovSurvival(x), expected)).toBeLessThan(1e-11),
  )
})

test('the incomplete beta function has its closed form for b = 1 and its symmetry', () => {
  expect(regularizedBeta(0.3, 4, 1)).toBeCloseTo(0.3 ** 4, 14)
  expect(regularizedBeta(0.2, 2.3, 5.1)).toBeCloseTo(1 - regularizedBeta(0.8, 5.1, 2.3), 14)
})
