import { describe, expect, test } from 'vitest'
import { lineWeights } from '../../src/analysis/covariance.ts'
import { bootstrapSlope, fitSlope, type SlopeOptions } from '../../src/analysis/diffusion.ts'
import { type MeanSquaredDisplacement, meanSquaredDisplacement } from '../../src/analysis/msd.ts'
import { mean } from '../../src/analysis/stats.ts'
import { UserError } from '../../src/errors.ts'
import {
  fractionalWalk,
  hoppingWalk,
  normalSequence,
  randomWalk,
  uniformSequence,
  type WalkOptions,
} from './walks.ts'

const window = { fitFrom_ps: 20, fitTo_ps: 100 }
/** Those of the window at 1 ps a frame. */
const LAGS = Array.from({ length: 41 }, (_, k) => 20 + 2 * k)

function walkMsd(options: WalkOptions): MeanSquaredDisplacement {
  return meanSquaredDisplacement(randomWalk(options), { frameInterval_ps: 1, maximumLag_ps: 100 })
}

const inside = (value: number, [low, high]: readonly [number, number]) => low <= value && value <= high

/** Fraction of `trials` trajectories whose interval contains the true slope. */
function coverage(
  trials: number,
  truth: number,
  simulate: (seed: number) => MeanSquaredDisplacement,
  options: SlopeOptions = window,
): number {
  let covered = 0
  for (let seed = 0; seed < trials; seed++) {
    if (inside(truth, fitSlope(simulate(seed), options).slope_ci95_A2_per_ps)) covered++
  }
  return covered / trials
}

describe('the 95 % interval of the slope covers the truth', () => {
  const expectNominal = (fraction: number) => {
    expect(fraction).toBeGreaterThanOrEqual(0.9)
    expect(fraction).toBeLessThanOrEqual(0.98)
  }

  test('the interval of the slope covers the truth for 15 random walkers over 1000 frames', () => {
    expectNominal(coverage(200, 3, seed => walkMsd({ seed, frames: 1000, ions: 15 })))
  })

  test('the interval of the slope covers the truth when the window ends at half the trajectory', () => {
    const options = { fitFrom_ps: 10, fitTo_ps: 100 }
    expectNominal(coverage(400, 3, seed => walkMsd({ seed, frames: 200, ions: 15 }), options))
  })

  test('the interval of the slope covers the truth with ordinary least squares', () => {
    const options = { ...window, weighting: 'uniform' } as const
    expectNominal(coverage(200, 3, seed => walkMsd({ seed, frames: 500, ions: 10 }), options))
  })

  test('the interval of the slope covers the truth for three walkers', () => {
    expectNominal(coverage(400, 3, seed => walkMsd({ seed, frames: 600, ions: 3 })))
  })

  test('the interval of the slope covers the truth for a single walker', () => {
    expectNominal(coverage(400, 3, seed => walkMsd({ seed, frames: 1000, ions: 1 })))
  })

  test('the interval of the slope covers the truth for slow and fast ions in one box', () => {
    const simulate = (seed: number) => {
      const uniform = uniformSequence(seed + 500)
      const steps = Array.from({ length: 15 }, () => Math.sqrt(uniform() < 0.5 ? 0.4 : 1.6))
      return walkMsd({ seed, frames: 400, ions: 15, step_A: ion => steps[ion]! })
    }
    expectNominal(coverage(200, 3, simulate))
  })

  test('the interval of the slope covers the truth for rattling with rare hops', () => {
    const simulate = (seed: number) =>
      meanSquaredDisplacement(
        hoppingWalk({ seed, frames: 600, ions: 12, hopProbability: 0.01, rattle_A: 0.3 }),
        { frameInterval_ps: 1, maximumLag_ps: 100 },
      )
    expectNominal(coverage(200, 0.09, simulate))
  })

  test.each([
    [12, 0.7, 'uniform', 400],
    [12, 0.3, 'uniform', 400],
    [5, 0.5, 'generalised', 400],
    [1, 0.5, 'uniform', 1000],
  ] as const)(
    'the interval covers the truth for %d sub-diffusive walkers, MSD ∝ t^%d, %s weights',
    (ions, exponent, weighting, frames) => {
      const { slope } = lineWeights(LAGS, weighting)
      const truth = slope.reduce((sum, w, i) => sum + w * 3 * LAGS[i]! ** exponent, 0)
      const simulate = (seed: number) =>
        meanSquaredDisplacement(fractionalWalk({ seed: seed + 4000, frames, ions, exponent }), {
          frameInterval_ps: 1,
          maximumLag_ps: 100,
        })
      const fraction = coverage(400, truth, simulate, { ...window, weighting })
      expect(fraction).toBeGreaterThanOrEqual(0.93)
      expect(fraction).toBeLessThanOrEqual(0.99)
    },
  )

  test('the interval of the slope nearly covers the truth for four boxes that differ', () => {
    let covered = 0
    for (let seed = 0; seed < 200; seed++) {
      const normal = normalSequence(seed + 900)
      const boxes = Array.from({ length: 4 }, (_, box) => {
        const mobility = Math.exp(0.3 * normal() - 0.045)
        return walkMsd({ seed: 1000 * seed + box, frames: 300, ions: 5, step_A: () => Math.sqrt(mobility) })
      })
      if (inside(3, fitSlope(boxes, window).slope_ci95_A2_per_ps)) covered++
    }
    expect(covered / 200).toBeGreaterThanOrEqual(0.84)
    expect(covered / 200).toBeLessThanOrEqual(0.98)
  })
})

describe('the slope itself', () => {
  test('the slope is unbiased and takes the frame interval into account', () => {
    const slopes = Array.from({ length: 100 }, (_, seed) => {
      const positions = randomWalk({ seed, frames: 400, ions: 10 })
      const msd = meanSquaredDisplacement(positions, { frameInterval_ps: 0.25, maximumLag_ps: 25 })
      return fitSlope(msd, { fitFrom_ps: 5, fitTo_ps: 25 }).slope_A2_per_ps.value
    })
    expect(Math.abs(mean(slopes) / 12 - 1)).toBeLessThan(0.04)
  })

  test('rattling goes into the intercept of the fit, not into its slope', () => {
    const positions = hoppingWalk({ seed: 5, frames: 4000, ions: 60, hopProbability: 0.02, rattle_A: 0.5 })
    const msd = meanSquaredDisplacement(positions, { frameInterval_ps: 1, maximumLag_ps: 60 })
    const fit = fitSlope(msd, { fitFrom_ps: 10, fitTo_ps: 50 })
    expect(fit.intercept_A2).toBeCloseTo(6 * 0.25, 1)
    expect(inside(0.18, fit.slope_ci95_A2_per_ps)).toBe(true)
  })

  test('a fit names the scatter that its interval rests on', () => {
    const different = (mobilities: readonly number[]) =>
      mobilities.map((mobility, seed) =>
        walkMsd({ seed, frames: 500, ions: 6, step_A: () => Math.sqrt(mobility) }),
      )
    const mixed = walkMsd({ seed: 1, frames: 500, ions: 6, step_A: ion => (ion < 3 ? 0.2 : 2) })
    expect(fitSlope(mixed, window).slope_A2_per_ps.varianceFrom).toBe('ions')
    expect(fitSlope(mixed, window).slope_A2_per_ps.degreesOfFreedom).toBeLessThan(10)
    const boxes = fitSlope(different([0.2, 1, 4]), window)
    expect(boxes.slope_A2_per_ps.varianceFrom).toBe('replicas')
    expect(boxes.slope_A2_per_ps.degreesOfFreedom).toBeLessThan(2.5)
    expect(boxes).toMatchObject({ replicas: 3, ions: 18 })
    const single = fitSlope(walkMsd({ seed: 1, frames: 500, ions: 1 }), window)
    expect(single.slope_A2_per_ps.varianceFrom).toBe('time origins')
    expect(single.independentObservations).toBeCloseTo(4.99, 9)
  })

  test('an ion that does not move has slope zero, inside its interval', () => {
    const fit = fitSlope(walkMsd({ seed: 1, frames: 300, ions: 4, step_A: () => 0 }), window)
    expect(fit.slope_A2_per_ps.value).toBe(0)
    expect(fit.slope_ci95_A2_per_ps).toEqual([0, 0])
    const cage = meanSquaredDisplacement(
      hoppingWalk({ seed: 2, frames: 500, ions: 10, hopProbability: 0, rattle_A: 0.5 }),
      { frameInterval_ps: 1 },
    )
    expect(inside(0, fitSlope(cage, window).slope_ci95_A2_per_ps)).toBe(true)
  })

  test('the interval of the slope is as wide as that of the bootstrap', () => {
    const ratios = Array.from({ length: 20 }, (_, seed) => {
      const msd = walkMsd({ seed, frames: 600, ions: 15 })
      const [low, high] = fitSlope(msd, window).slope_ci95_A2_per_ps
      const resampled = bootstrapSlope(msd, { ...window, seed, resamples: 1000 })
      expect(resampled.resampled).toBe('ions')
      expect(resampled.slope_A2_per_ps).toBe(fitSlope(msd, window).slope_A2_per_ps.value)
      return (resampled.slope_ci95_A2_per_ps[1] - resampled.slope_ci95_A2_per_ps[0]) / (high - low)
    })
    expect(mean(ratios)).toBeGreaterThan(0.8)
    expect(mean(ratios)).toBeLessThan(1.2)
    expect(Math.min(...ratios)).toBeGreaterThan(0.5)
    expect(Math.max(...ratios)).toBeLessThan(1.5)
  })

  test('windows that the trajectory cannot serve are refused', () => {
    const msd = walkMsd({ seed: 1, frames: 60, ions: 2 })
    expect(() => fitSlope(msd, window)).toThrow('no lag of 100 ps')
    expect(() => fitSlope(msd, { fitFrom_ps: 30, fitTo_ps: 20 })).toThrow('empty')
    expect(() => fitSlope(msd, { fitFrom_ps: 20, fitTo_ps: 21 })).toThrow('three lags')
    expect(() => fitSlope([], window)).toThrow(UserError)
    const other = { ...msd, frameInterval_ps: 2 }
    expect(() => fitSlope([msd, other], window)).toThrow('every 1 and every 2 ps')
  })
})
