import { describe, expect, test } from 'vitest'
import { chiSquaredCdf, normalCdf } from '../../src/analysis/distributions.ts'
import {
  blockAverage,
  bootstrapInterval,
  bootstrapMeans,
  mean,
  quantile,
  variance,
} from '../../src/analysis/stats.ts'
import { UserError } from '../../src/errors.ts'
import { ksTest, linearDrift } from '../tools/statistics.ts'
import { normalSequence, uniformSequence } from './walks.ts'

/** x(k + 1) = φ x(k) + noise: integrated correlation (1 + φ)/(1 − φ). */
function autoregressive(seed: number, length: number, phi: number): Float64Array {
  const normal = normalSequence(seed)
  const series = new Float64Array(length)
  series[0] = normal() / Math.sqrt(1 - phi * phi)
  for (let k = 1; k < length; k++) series[k] = phi * series[k - 1]! + normal()
  return series
}

test('mean, unbiased variance and interpolated quantiles', () => {
  const values = [1, 2, 4, 9]
  expect(mean(values)).toBe(4)
  expect(variance(values)).toBeCloseTo(38 / 3, 14)
  expect(quantile(values, 0.5)).toBe(3)
  expect(quantile(values, 0)).toBe(1)
  expect(quantile(values, 1)).toBe(9)
  expect(quantile([0, Infinity, Infinity], 0.75)).toBe(Infinity)
})

describe('Kolmogorov–Smirnov test', () => {
  test('has the statistic of SciPy 1.17 (kstest) and nearly its exact p-value', () => {
    const sample = [0.02, 0.11, 0.19, 0.35, 0.38, 0.52, 0.57, 0.7, 0.71, 0.93]
    const uniform = ksTest(sample, x => x)
    expect(uniform.statistic).toBeCloseTo(0.19, 12)
    expect(Math.abs(uniform.pValue - 0.79946)).toBeLessThan(0.03)
    const cubic = ksTest(sample, x => x ** 3)
    expect(cubic.statistic).toBeCloseTo(0.542089, 6)
    expect(Math.abs(cubic.pValue - 0.0027974)).toBeLessThan(0.002)
  })

  test('the Kolmogorov–Smirnov test rejects the right distribution in 5 % of samples and a wrong one nearly always', () => {
    let rejected = 0
    let found = 0
    for (let seed = 0; seed < 400; seed++) {
      const normal = normalSequence(seed)
      const sample = Float64Array.from({ length: 100 }, () => normal() ** 2 + normal() ** 2 + normal() ** 2)
      if (ksTest(sample, x => chiSquaredCdf(x, 3)).pValue < 0.05) rejected++
      if (ksTest(sample, x => chiSquaredCdf(x, 4.5)).pValue < 0.05) found++
    }
    expect(rejected).toBeGreaterThan(6)
    expect(rejected).toBeLessThan(36)
    expect(found).toBeGreaterThan(380)
  })

  test('p-values of the right distribution are uniform', () => {
    const pValues = Array.from({ length: 300 }, (_, seed) => {
      const normal = normalSequence(1000 + seed)
      return ksTest(Float64Array.from({ length: 40 }, normal), normalCdf).pValue
    })
    expect(ksTest(pValues, p => p).pValue).toBeGreaterThan(0.01)
  })
})

describe('block average', () => {
  test('the block average finds the error of a correlated series', () => {
    const phi = 0.9
    const length = 20_000
    const exact = Math.sqrt((1 / (1 - phi * phi)) * ((1 + phi) / (1 - phi)) * (1 / length))
    const results = Array.from({ length: 20 }, (_, seed) => blockAverage(autoregressive(seed, length, phi)))
    const ratio = mean(results.map(result => result.standardError)) / exact
    expect(ratio).toBeGreaterThan(0.85)
    expect(ratio).toBeLessThan(1.15)
    expect(mean(results.map(result => result.statisticalInefficiency))).toBeGreaterThan(12)
    expect(results.every(result => result.converged)).toBe(true)
  })

  test('the block average of uncorrelated values has the plain standard error', () => {
    const normal = normalSequence(3)
    const { standardError, statisticalInefficiency } = blockAverage(
      Float64Array.from({ length: 4096 }, normal),
    )
    expect(standardError * 64).toBeGreaterThan(0.9)
    expect(standardError * 64).toBeLessThan(1.3)
    expect(statisticalInefficiency).toBeLessThan(1.6)
  })

  test('the block average reports a series that is too short for its correlation', () => {
    expect(blockAverage(Float64Array.from({ length: 512 }, (_, k) => k)).converged).toBe(false)
    expect(() => blockAverage([1, 2, 3])).toThrow(UserError)
  })
})

test('the error of a drift covers the truth for correlated noise', () => {
  let covered = 0
  const times = Float64Array.from({ length: 4000 }, (_, k) => 0.5 * k)
  for (let seed = 0; seed < 200; seed++) {
    const noise = autoregressive(seed, times.length, 0.8)
    const { slope, intercept, standardError } = linearDrift(
      times,
      times.map((t, k) => 3 - 0.01 * t + noise[k]!),
    )
    if (Math.abs(slope + 0.01) < 1.96 * standardError) covered++
    expect(intercept).toBeCloseTo(3, -0.5)
  }
  expect(covered).toBeGreaterThan(180)
  expect(covered).toBeLessThan(199)
})

describe('bootstrap', () => {
  test('the bootstrap interval of a mean of few values covers with the stated frequency', () => {
    let covered = 0
    for (let seed = 0; seed < 400; seed++) {
      const normal = normalSequence(seed)
      const values = Array.from({ length: 10 }, normal)
      const [low, high] = bootstrapInterval(bootstrapMeans([values], { seed, resamples: 1000 }), 10)
      if (low < 0 && 0 < high) covered++
    }
    expect(covered).toBeGreaterThan(364)
    expect(covered).toBeLessThan(396)
  })

  test('a bootstrap is a function of the seed alone', () => {
    const options = { seed: 7, resamples: 20 }
    const groups = [[1, 2, 3], [4, 5], [9]]
    expect(bootstrapMeans(groups, options)).toEqual(bootstrapMeans(groups, options))
    expect(bootstrapMeans(groups, { ...options, seed: 8 })).not.toEqual(bootstrapMeans(groups, options))
    expect(bootstrapMeans(groups, { ...options, substream: 1 })).not.toEqual(bootstrapMeans(groups, options))
  })

  test('the bootstrap resamples groups, not only the values within them', () => {
    const apart = bootstrapMeans([Array(10).fill(0), Array(10).fill(1)], { seed: 1, resamples: 1000 })
    expect([...new Set(apart)].sort()).toEqual([0, 0.5, 1])
    const uniform = uniformSequence(4)
    const values = Array.from({ length: 50 }, uniform)
    const spread = Math.sqrt(variance(bootstrapMeans([values], { seed: 1 })))
    expect(spread / Math.sqrt(variance(values) / 50)).toBeCloseTo(1, 1)
  })
})
