import { describe, expect, it } from 'vitest'
import { fitSlope } from '../../src/analysis/diffusion.ts'
import { boxSlopes, compareSystems } from '../../src/transport/comparison.ts'
import { walkers } from './walkBoxes.ts'

const slopesOf = ({ msds }: ReturnType<typeof walkers>) =>
  boxSlopes(fitSlope(msds, { fitFrom_ps: 2, fitTo_ps: 10, weighting: 'uniform' }))
const geometricMean = (slopes: readonly number[]) =>
  Math.exp(slopes.reduce((sum, slope) => sum + Math.log(slope), 0) / slopes.length)

describe('the ratio of two systems', () => {
  const first = walkers('slow', [1, 2, 3, 4])
  const second = walkers('fast', [2, 3, 8, 12, 20], 2)

  it('is that of the geometric means from four boxes of each on', () => {
    const compared = compareSystems(first, second)
    expect(compared.of).toBe('geometric means')
    expect(compared.ratio).toBeCloseTo(geometricMean(slopesOf(second)) / geometricMean(slopesOf(first)), 10)
    expect(compared.method).toMatch(/^Ratio of the geometric means over boxes, as 4 or more of each move/)
  })

  it('is that of the mean slopes of fewer boxes, and says so', () => {
    const three = walkers('slow', [1, 2, 3])
    const compared = compareSystems(three, second)
    expect(compared.of).toBe('mean slopes')
    expect(compared.ratio).toBe(compared.meanSlopes.ratio)
    expect(compared.method).toContain('there are fewer than 4 boxes of a system')
    expect(compared.geometricMeans).not.toBeNull()
  })

  it('is that of the mean slopes when a box stands still, and says so', () => {
    const compared = compareSystems(walkers('stuck', [1, 0, 3, 4]), second)
    expect(compared.of).toBe('mean slopes')
    expect(compared.method).toContain('a box has a slope that is not positive')
    expect(compared.geometricMeans).toBeNull()
  })

  it('has no bound where a slope may be zero', () => {
    const unsure = walkers('unsure', [0.01, 9])
    expect(fitSlope(unsure.msds, { fitFrom_ps: 2, fitTo_ps: 10 }).slope_ci95_A2_per_ps[0]).toBeLessThan(0)
    const { ratio_ci95, probabilities } = compareSystems(unsure, second)
    expect(ratio_ci95).toEqual([0, Number.POSITIVE_INFINITY])
    expect(probabilities).toBeNull()
  })

  it.each([
    [first, second],
    [walkers('slow', [1, 2]), second],
  ])('is the quotient of the slopes that stand beside it', (below, above) => {
    const { ratio, slopes } = compareSystems(below, above)
    expect(ratio).toBeCloseTo(slopes[1].value / slopes[0].value, 12)
  })

  it('comes with the probability of a factor either way, of the same distribution as its interval', () => {
    const { ratio_ci95, probabilities } = compareSystems(first, second, 2)
    const atUpperEnd = compareSystems(first, second, ratio_ci95[1]).probabilities!
    expect(atUpperEnd.atLeast).toBeCloseTo(0.025, 6)
    expect(probabilities!.atLeast).toBeGreaterThan(probabilities!.atMostInverse)
  })

  it('comes with all pairs of single boxes, of both materials and of each', () => {
    const { oneBox, sameMaterial } = compareSystems(first, second)
    expect(oneBox.pairs).toBe(20)
    expect([sameMaterial.first, sameMaterial.second, sameMaterial.pooled].map(one => one!.pairs)).toEqual([
      12, 20, 32,
    ])
  })

  it('of single boxes has no null from boxes', () => {
    const { oneBox, sameMaterial, method } = compareSystems(walkers('a', [1]), walkers('b', [2]))
    expect(oneBox.pairs).toBe(1)
    expect(sameMaterial).toEqual({ pooled: null, first: null, second: null, logNormal: null })
    expect(method).toMatch(/null from halves of the ions of one replica\.$/)
  })
})
