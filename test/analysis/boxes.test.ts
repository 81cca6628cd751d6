import { describe, expect, test } from 'vitest'
import {
  boxSummary,
  compareBoxes,
  nullProbability,
  oneBoxRatios,
  sameMaterialRatios,
} from '../../src/analysis/boxes.ts'
import { factorProbabilities } from '../../src/analysis/estimate.ts'
import { mean } from '../../src/analysis/stats.ts'
import { normalSequence } from './walks.ts'

const options = { factor: 6, seed: 1, resamples: 500 }
const logNormal = (seed: number, count: number, sdLog: number, median = 1) => {
  const normal = normalSequence(seed)
  return Array.from({ length: count }, () => median * Math.exp(sdLog * normal()))
}

describe('the slopes of many boxes', () => {
  test('boxes are summarised by order statistics and by logarithms', () => {
    const summary = boxSummary([1, 2, 4, 8, 16])
    expect(summary).toMatchObject({ boxes: 5, median: { value: 4, ci95: null }, range: [1, 16] })
    expect(summary.geometricMean!.value).toBeCloseTo(4, 12)
    expect(summary.sdLog!.value).toBeCloseTo(Math.LN2 * Math.sqrt(2.5), 12)
    expect(boxSummary([5, 1, 6, 2, 4, 3]).median.ci95).toEqual([1, 6])
    // Twelve values: between the third and the tenth with probability 0.961 (binomial tables).
    expect(boxSummary(Array.from({ length: 12 }, (_, k) => k + 1)).median.ci95).toEqual([3, 10])
  })

  test('boxes have no geometric mean when one of them stands still', () => {
    const summary = boxSummary([0, 1, 2])
    expect(summary).toMatchObject({ median: { value: 1 }, geometricMean: null, sdLog: null })
    expect(compareBoxes([0, 1], [1, 2], options)).toBeNull()
  })

  test('intervals of twelve log-normal boxes cover median, mean and spread', () => {
    const covered = { median: 0, geometric: 0, spread: 0 }
    for (let seed = 0; seed < 400; seed++) {
      const summary = boxSummary(logNormal(seed, 12, 0.85))
      const has = (interval: readonly number[], truth: number) =>
        interval[0]! <= truth && truth <= interval[1]! ? 1 : 0
      covered.median += has(summary.median.ci95!, 1)
      covered.geometric += has(summary.geometricMean!.ci95!, 1)
      covered.spread += has(summary.sdLog!.ci95!, 0.85)
    }
    for (const count of Object.values(covered)) {
      expect(count).toBeGreaterThanOrEqual(368)
      expect(count).toBeLessThanOrEqual(393)
    }
  })
})

describe('two materials by their boxes', () => {
  test('the interval of the ratio covers, also by bootstrap, and p is uniform when nothing differs', () => {
    let covered = 0
    let bootstrapped = 0
    const pValues: number[] = []
    for (let seed = 0; seed < 400; seed++) {
      const result = compareBoxes(logNormal(seed, 12, 0.9), logNormal(seed + 7000, 12, 0.7), options)!
      if (result.ci95[0] <= 1 && 1 <= result.ci95[1]) covered++
      if (result.bootstrap_ci95[0] <= 1 && 1 <= result.bootstrap_ci95[1]) bootstrapped++
      pValues.push(result.pValue)
    }
    for (const count of [covered, bootstrapped]) {
      expect(count).toBeGreaterThanOrEqual(364)
      expect(count).toBeLessThanOrEqual(392)
    }
    expect(mean(pValues)).toBeGreaterThan(0.42)
    expect(mean(pValues)).toBeLessThan(0.58)
  })

  test('the interval of the ratio covers the truth for three boxes each', () => {
    let covered = 0
    for (let seed = 0; seed < 400; seed++) {
      const { ci95 } = compareBoxes(logNormal(seed, 3, 0.8), logNormal(seed + 7000, 3, 0.8), options)!
      if (ci95[0] <= 1 && 1 <= ci95[1]) covered++
    }
    expect(covered).toBeGreaterThanOrEqual(368)
    expect(covered).toBeLessThanOrEqual(396)
  })

  test('a real factor between two materials is found, with its probabilities', () => {
    const result = compareBoxes(logNormal(1, 12, 0.3, 8), logNormal(2, 12, 0.3), options)!
    expect(result.value).toBeGreaterThan(6)
    expect(result.pValue).toBe(1 / 501)
    const { atLeast, atMostInverse } = factorProbabilities(result, 6)!
    expect(atLeast).toBeGreaterThan(0.9)
    expect(atMostInverse).toBeLessThan(1e-6)
  })

  test('the permutation test counts exactly, for few boxes', () => {
    // Of the six ways to split 1, 2, 4, 8 in halves, two are as extreme as {4, 8}.
    const { pValue } = compareBoxes([4, 8], [1, 2], { ...options, resamples: 20_000 })!
    expect(pValue).toBeCloseTo(1 / 3, 1.5)
  })
})

describe('one box against one box', () => {
  test('ratios of boxes take all pairs, and within one material all pairs of different boxes', () => {
    expect(oneBoxRatios([6, 12], [1, 3], options)).toMatchObject({
      pairs: 4,
      atLeast: 0.5,
      atMostInverse: 0,
    })
    const slopes = [1, 2, 12]
    expect(sameMaterialRatios([slopes], options)).toMatchObject({
      pairs: 6,
      atLeast: 1 / 3,
      atMostInverse: 1 / 3,
    })
  })

  test('pairs of one material are pooled over materials and never mixed', () => {
    const { ratios } = sameMaterialRatios([[1, 2], [10, 40], [5]], options)
    expect(Array.from(ratios)).toEqual([0.25, 0.5, 2, 4])
  })

  test('log-normal boxes with the spread of MSD.md show a factor of six by chance in 6–10 %', () => {
    const expected = nullProbability(0.85, 1e6, 6)
    expect(expected).toBeGreaterThan(0.06)
    expect(expected).toBeLessThan(0.1)
    const found = Array.from({ length: 100 }, (_, seed) => {
      const slopes = logNormal(seed, 12, 0.85)
      return sameMaterialRatios([slopes], { ...options, resamples: 1 }).atLeast
    })
    expect(Math.abs(mean(found) - expected)).toBeLessThan(0.012)
  })

  test('the fraction of pairs lies inside its bootstrap interval', () => {
    const slopes = logNormal(5, 12, 0.85)
    const { atLeast, atLeast_ci95 } = sameMaterialRatios([slopes], options)
    expect(atLeast_ci95[0]).toBeLessThanOrEqual(atLeast)
    expect(atLeast_ci95[1]).toBeGreaterThan(atLeast)
  })
})
