import { describe, expect, it, test } from 'vitest'
import { exceedance } from '../../src/analysis/boxes.ts'
import { compareSystems, nullRatio, slopeRatio } from '../../src/analysis/comparison.ts'
import { boxSlopes, fitSlope } from '../../src/analysis/diffusion.ts'
import { factorProbabilities } from '../../src/analysis/estimate.ts'
import { type MeanSquaredDisplacement, meanSquaredDisplacement } from '../../src/analysis/msd.ts'
import { walkers } from '../transport/walkBoxes.ts'
import { randomWalk, type WalkOptions } from './walks.ts'

const window = { fitFrom_ps: 20, fitTo_ps: 100 }

function walkMsd(options: WalkOptions): MeanSquaredDisplacement {
  return meanSquaredDisplacement(randomWalk(options), { frameInterval_ps: 1, maximumLag_ps: 100 })
}

const inside = (value: number, [low, high]: readonly [number, number]) => low <= value && value <= high

const slopesOf = ({ msds }: ReturnType<typeof walkers>) =>
  boxSlopes(fitSlope(msds, { fitFrom_ps: 2, fitTo_ps: 10, weighting: 'uniform' }))
const geometricMean = (slopes: readonly number[]) =>
  Math.exp(slopes.reduce((sum, slope) => sum + Math.log(slope), 0) / slopes.length)

describe('the ratio of two systems', () => {
  const first = walkers('slow', [1, 2, 3, 4])
  const second = walkers('fast', [2, 3, 8, 12, 20], 2)

  it('from four boxes of each system on the ratio is that of the geometric means', () => {
    const compared = compareSystems({ numerator: second, denominator: first })
    expect(compared.of).toBe('geometric means')
    expect(compared.ratio.value).toBeCloseTo(
      geometricMean(slopesOf(second)) / geometricMean(slopesOf(first)),
      10,
    )
    expect(compared.method).toMatch(/^Ratio of the geometric means over boxes, as 4 or more of each move/)
  })

  it('with fewer boxes the ratio is that of the mean slopes, and its method says so', () => {
    const three = walkers('slow', [1, 2, 3])
    const compared = compareSystems({ numerator: second, denominator: three })
    expect(compared.of).toBe('mean slopes')
    expect(compared.ratio.value).toBe(compared.meanSlopes.value)
    expect(compared.method).toContain('there are fewer than 4 boxes of a system')
    expect(compared.geometricMeans).not.toBeNull()
  })

  it('when a box stands still the ratio is that of the mean slopes, and its method says so', () => {
    const compared = compareSystems({ numerator: second, denominator: walkers('stuck', [1, 0, 3, 4]) })
    expect(compared.of).toBe('mean slopes')
    expect(compared.method).toContain('a box has a slope that is not positive')
    expect(compared.geometricMeans).toBeNull()
  })

  it('the ratio has no bound where a slope may be zero', () => {
    const unsure = walkers('unsure', [0.01, 9])
    expect(fitSlope(unsure.msds, { fitFrom_ps: 2, fitTo_ps: 10 }).slope_ci95_A2_per_ps[0]).toBeLessThan(0)
    const { ratio, probabilities } = compareSystems({ numerator: second, denominator: unsure })
    expect(ratio.ci95).toEqual([0, Number.POSITIVE_INFINITY])
    expect(probabilities).toBeNull()
  })

  it.each([
    [first, second],
    [walkers('slow', [1, 2]), second],
  ])('the ratio is the quotient of the slopes of the comparison', (below, above) => {
    const { ratio, numerator, denominator } = compareSystems({ numerator: above, denominator: below })
    expect(ratio.value).toBeCloseTo(numerator.slope_A2_per_ps.value / denominator.slope_A2_per_ps.value, 12)
  })

  it('the probabilities of a factor are those of the distribution of the interval', () => {
    const { ratio, probabilities } = compareSystems({ numerator: second, denominator: first }, 2)
    const atUpperEnd = compareSystems({ numerator: second, denominator: first }, ratio.ci95![1])
      .probabilities!
    expect(atUpperEnd.atLeast).toBeCloseTo(0.025, 6)
    expect(probabilities!.atLeast).toBeGreaterThan(probabilities!.atMostInverse)
  })

  it('a comparison holds all pairs of single boxes, of both materials and of each', () => {
    const { oneBox, sameMaterial } = compareSystems({ numerator: second, denominator: first })
    expect(oneBox.pairs).toBe(20)
    expect(
      [sameMaterial.denominator, sameMaterial.numerator, sameMaterial.pooled].map(one => one!.pairs),
    ).toEqual([12, 20, 32])
  })

  it('a comparison of single boxes has no null from boxes', () => {
    const { oneBox, sameMaterial, method } = compareSystems({
      numerator: walkers('b', [2]),
      denominator: walkers('a', [1]),
    })
    expect(oneBox.pairs).toBe(1)
    expect(sameMaterial).toEqual({ pooled: null, numerator: null, denominator: null, logNormal: null })
    expect(method).toMatch(/null from halves of the ions of one replica\.$/)
  })
})

describe('the ratio of the mean slopes of two systems', () => {
  const boxes = (seed: number, count: number, mobility: number) =>
    Array.from({ length: count }, (_, k) =>
      walkMsd({ seed: 100 * seed + k, frames: 300, ions: 12, step_A: () => Math.sqrt(mobility) }),
    )

  test.each([1, 2])('the interval of the ratio covers 1 for identical systems of %d boxes each', count => {
    let covered = 0
    for (let seed = 0; seed < 100; seed++) {
      const { ci95 } = slopeRatio(boxes(seed, count, 1), boxes(seed + 5000, count, 1), {
        ...window,
        seed,
        resamples: 50,
      })
      if (inside(1, ci95)) covered++
    }
    expect(covered).toBeGreaterThanOrEqual(90)
    expect(covered).toBeLessThanOrEqual(99)
  })

  test('the interval of the ratio contains a factor of three and excludes 1', () => {
    const result = slopeRatio(boxes(1, 2, 3), boxes(2, 2, 1), { ...window, seed: 1 })
    expect(inside(3, result.ci95)).toBe(true)
    expect(inside(3, result.bootstrap_ci95)).toBe(true)
    expect(result.ci95[0]).toBeGreaterThan(1.5)
    expect(result).toMatchObject({ replicas: [2, 2], resampled: 'replicas, then ions' })
    const inverse = slopeRatio(boxes(2, 2, 1), boxes(1, 2, 3), { ...window, seed: 1 })
    expect(inverse.value * result.value).toBeCloseTo(1, 12)
    expect(inverse.ci95[0] * result.ci95[1]).toBeCloseTo(1, 12)
  })

  test('the probability of a factor is the tail of its interval', () => {
    const result = slopeRatio(boxes(1, 2, 3), boxes(2, 2, 1), { ...window, seed: 1 })
    expect(factorProbabilities(result, result.ci95[1])!.atLeast).toBeCloseTo(0.025, 9)
    expect(factorProbabilities(result, 1 / result.ci95[0])!.atMostInverse).toBeCloseTo(0.025, 9)
    expect(factorProbabilities(result, result.value)!.atLeast).toBeCloseTo(0.5, 12)
    const sharp = { logarithm: { value: 0, standardError: 0.1, degreesOfFreedom: 400 } }
    const { atLeast, atMostInverse } = factorProbabilities(sharp, 6)!
    expect(atLeast).toBeGreaterThan(0)
    expect(atLeast / atMostInverse).toBeCloseTo(1, 6)
    const still = slopeRatio(boxes(1, 1, 1), boxes(2, 1, 0), { ...window, seed: 1, resamples: 5 })
    expect(factorProbabilities(still, 6)).toBeNull()
  })

  test('the method of a ratio of single boxes says that differences between boxes are not in it', () => {
    const result = slopeRatio(boxes(1, 1, 1), boxes(2, 1, 1), { ...window, seed: 1 })
    expect(result.resampled).toBe('ions')
    expect(result.method).toContain('single box')
  })

  test('a system that stands still leaves the ratio open', () => {
    const { ci95 } = slopeRatio(boxes(1, 1, 1), boxes(2, 1, 0), { ...window, seed: 1, resamples: 50 })
    expect(ci95).toEqual([0, Infinity])
  })
})

describe('the ratio of identical systems', () => {
  const different = Array.from({ length: 4 }, (_, k) =>
    walkMsd({ seed: k, frames: 300, ions: 12, step_A: () => 2 ** (k / 2) }),
  )

  test('the null ratio is as wide as the replicas differ, and symmetric', () => {
    const result = nullRatio([different], { ...window, seed: 1 })
    expect(result).toMatchObject({ basis: 'pairs of replicas', comparisons: 6 })
    expect(result.ci95[1]).toBeGreaterThan(5)
    expect(result.ci95[0] * result.ci95[1]).toBeCloseTo(1, 1)
  })

  test('the null ratio of many boxes is that of their pairs', () => {
    const boxes = Array.from({ length: 6 }, (_, k) =>
      walkMsd({ seed: k, frames: 300, ions: 12, step_A: () => 2 ** (k / 2) }),
    )
    const slopes = boxes.map(box => fitSlope(box, window).slope_A2_per_ps.value)
    const expected = slopes.flatMap((a, i) => slopes.flatMap((b, j) => (i === j ? [] : [a / b])))
    const { ratios, comparisons } = nullRatio([boxes], { ...window, seed: 1 })
    expect(comparisons).toBe(15)
    expect(Array.from(ratios)).toEqual(expected.sort((a, b) => a - b))
    expect(exceedance(ratios, 6)).toBe(expected.filter(ratio => ratio >= 6).length / 30)
  })

  test('the null ratio of one replica comes from halves of its ions, and says so', () => {
    const one = walkMsd({ seed: 3, frames: 300, ions: 12 })
    const result = nullRatio([one], { ...window, seed: 1 })
    expect(result).toMatchObject({ basis: 'halves of the ions of one replica', comparisons: 1 })
    expect(inside(1, result.ci95)).toBe(true)
    expect(result.ci95[1]).toBeLessThan(3)
    const mixed = walkMsd({ seed: 3, frames: 300, ions: 12, step_A: ion => (ion < 2 ? 5 : 1) })
    expect(nullRatio([mixed], { ...window, seed: 1 }).ci95[1]).toBeGreaterThan(4)
  })

  test('the null ratio of a single ion has no bound', () => {
    const one = walkMsd({ seed: 3, frames: 300, ions: 1 })
    expect(nullRatio([one], { ...window, seed: 1 }).ci95).toEqual([0, Infinity])
  })
})
