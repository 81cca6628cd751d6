import { describe, expect, test } from 'vitest'
import {
  confidenceInterval,
  exponentialOf,
  factorProbabilities,
  fromComponents,
  logarithmOf,
  meanOf,
  positiveInterval,
  ratioOf,
  scaled,
  sumOf,
} from '../../src/analysis/estimate.ts'

describe('estimates', () => {
  const a = { value: 3, standardError: 0.3, degreesOfFreedom: 4 }
  const b = { value: 5, standardError: 0.4, degreesOfFreedom: 9 }

  test('a sum has the summed variance and the degrees of freedom of Satterthwaite', () => {
    const sum = sumOf([a, b])
    expect(sum.value).toBe(8)
    expect(sum.standardError).toBeCloseTo(0.5, 14)
    expect(sum.degreesOfFreedom).toBeCloseTo(0.25 ** 2 / (0.09 ** 2 / 4 + 0.16 ** 2 / 9), 12)
  })

  test('a weighted sum does not depend on how it is bracketed', () => {
    const c = { value: -1, standardError: 0.7, degreesOfFreedom: 2.5 }
    const once = sumOf([a, b, c], [2, -1, 0.5])
    const twice = sumOf([sumOf([a, b], [2, -1]), c], [1, 0.5])
    expect(twice.value).toBeCloseTo(once.value, 14)
    expect(twice.standardError).toBeCloseTo(once.standardError, 14)
    expect(twice.degreesOfFreedom).toBeCloseTo(once.degreesOfFreedom, 12)
  })

  test('a single component keeps its degrees of freedom, errors without scatter are known exactly', () => {
    expect(fromComponents(1, [{ variance: 4, degreesOfFreedom: 7 }])).toEqual({
      value: 1,
      standardError: 2,
      degreesOfFreedom: 7,
    })
    expect(fromComponents(1, [{ variance: 0, degreesOfFreedom: 7 }]).degreesOfFreedom).toBe(Infinity)
    const exact = { value: 1, standardError: 0.1, degreesOfFreedom: Infinity }
    expect(confidenceInterval(exact)[1]).toBeCloseTo(1 + 0.1 * 1.959963984540054, 12)
  })

  test('the interval of a mean is that of Student’s t', () => {
    // t(0.975, 4) = 2.7764451051977987; s = √2.5.
    const half = 2.7764451051977987 * Math.sqrt(2.5 / 5)
    const [low, high] = confidenceInterval(meanOf([1, 2, 3, 4, 5]))
    expect(low).toBeCloseTo(3 - half, 10)
    expect(high).toBeCloseTo(3 + half, 10)
  })

  test('a positive interval is symmetric in the logarithm, unless zero is within reach', () => {
    const [low, high] = positiveInterval(b)
    expect(low * high).toBeCloseTo(25, 12)
    expect(positiveInterval({ ...a, standardError: 3 })).toEqual(
      confidenceInterval({ ...a, standardError: 3 }),
    )
  })

  test('logarithm and exponential are inverse', () => {
    const { value, ci95, logarithm } = exponentialOf(logarithmOf(b))
    expect(value).toBeCloseTo(5, 14)
    expect(ci95[0] * ci95[1]).toBeCloseTo(25, 12)
    expect(scaled(logarithm!, value).standardError).toBeCloseTo(0.4, 14)
  })
})

describe('the ratio of two estimates', () => {
  // Student t(0.975, 10) = 2.228: an error of 0.5 keeps 2 off zero, one of 0.9 does not.
  const sure = { value: 2, standardError: 0.5, degreesOfFreedom: 10 }
  const unsure = { value: 2, standardError: 0.9, degreesOfFreedom: 10 }

  test('a ratio has bounds when the intervals of both estimates exclude zero', () => {
    const { value, ci95 } = ratioOf(sure, sure)
    expect(value).toBe(1)
    expect(ci95[0]).toBeGreaterThan(0.4)
    expect(ci95[1]).toBeLessThan(2.5)
  })

  test.each([
    [unsure, sure],
    [sure, unsure],
  ])('a ratio has no bound and no probability when either interval reaches zero', (a, b) => {
    const result = ratioOf(a, b)
    expect(result).toMatchObject({ value: 1, ci95: [0, Infinity], logarithm: null })
    expect(factorProbabilities(result, 6)).toBeNull()
  })
})
