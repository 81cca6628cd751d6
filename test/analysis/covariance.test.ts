import { inverse, Matrix } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { displacementCovariance, lineWeights } from '../../src/analysis/covariance.ts'
import { meanSquaredDisplacement } from '../../src/analysis/msd.ts'
import { fractionalWalk } from './walks.ts'

describe('covariance of overlapping averages', () => {
  test.each([1, 0.7, 0.3])('agrees with the scatter of simulated walks, MSD ∝ t^%d', alpha => {
    const [frames, ions] = [60, 12_000]
    const positions = fractionalWalk({ seed: 3, frames, ions, exponent: alpha })
    const { perIon_A2, mean_A2 } = meanSquaredDisplacement(positions, { frameInterval_ps: 1 })
    for (const [a, b] of [
      [1, 1],
      [4, 9],
      [10, 10],
      [5, 30],
      [20, 50],
    ] as const) {
      const products = perIon_A2.map(ion => (ion[a - 1]! - mean_A2[a - 1]!) * (ion[b - 1]! - mean_A2[b - 1]!))
      const sampled = products.reduce((sum, value) => sum + value, 0) / ions
      // Three axes, single displacements of variance 2 lag^2α.
      const expected = 3 * 2 * (a * b) ** alpha * displacementCovariance(frames, alpha)(a, b)
      expect(Math.abs(sampled / expected - 1)).toBeLessThan(0.1)
    }
  })

  test('is symmetric, 1 for a single displacement, and has its limit for long random walks', () => {
    const [frames, a, b] = [1e6, 200, 500]
    const covariance = displacementCovariance(frames, 1)
    expect((covariance(a, b) * b * frames) / (a * (b - a / 3))).toBeCloseTo(1, 3)
    expect(displacementCovariance(5000, 0.5)(4999, 4999)).toBeCloseTo(1, 9)
    expect(displacementCovariance(300, 0.4)(20, 90)).toBeCloseTo(displacementCovariance(300, 0.4)(90, 20), 12)
  })

  test('of long lags is that of short ones in coarser frames', () => {
    for (const alpha of [1, 0.6, 0.3]) {
      const coarse = displacementCovariance(1000, alpha)(150, 180)
      expect(Math.abs(displacementCovariance(20_000, alpha)(3000, 3600) / coarse - 1)).toBeLessThan(0.02)
    }
  })
})

describe('weights of a straight line', () => {
  const lags = [20, 22, 27, 31, 40, 55, 80, 100]

  test.each(['generalised', 'uniform'] as const)('%s: any straight line comes out exact', weighting => {
    const { slope, intercept } = lineWeights(lags, weighting)
    const apply = (weights: Float64Array) =>
      weights.reduce((sum, w, i) => sum + w * (3.5 - 0.7 * lags[i]!), 0)
    expect(apply(slope)).toBeCloseTo(-0.7, 10)
    expect(apply(intercept)).toBeCloseTo(3.5, 9)
  })

  test('generalised: the textbook formula with Σ_ij = σ²(x_i) n_i / n_j', () => {
    const observations = lags.map(lag => 15_000 / lag)
    const variances = lags.map((lag, i) => (2 / 3) * (3 * lag) ** 2 * (1 / observations[i]!))
    const covariance = new Matrix(
      lags.map((_, i) =>
        lags.map((_, j) => {
          const [shorter, longer] = [Math.min(i, j), Math.max(i, j)]
          return (variances[shorter]! * observations[shorter]!) / observations[longer]!
        }),
      ),
    )
    const design = new Matrix(lags.map(lag => [1, lag]))
    const weighted = design.transpose().mmul(inverse(covariance))
    const expected = inverse(weighted.mmul(design)).mmul(weighted)
    const { slope, intercept } = lineWeights(lags, 'generalised')
    for (let i = 0; i < lags.length; i++) {
      expect(slope[i]).toBeCloseTo(expected.get(1, i), 9)
      expect(intercept[i]).toBeCloseTo(expected.get(0, i), 7)
    }
  })

  test('uniform: ordinary least squares', () => {
    const centre = lags.reduce((sum, lag) => sum + lag, 0) / lags.length
    const squares = lags.reduce((sum, lag) => sum + (lag - centre) ** 2, 0)
    const { slope } = lineWeights(lags, 'uniform')
    slope.forEach((w, i) => {
      expect(w).toBeCloseTo((lags[i]! - centre) / squares, 12)
    })
  })
})
