import { describe, expect, test } from 'vitest'
import { meanSquaredDisplacement, type Trajectory } from '../../src/analysis/msd.ts'
import {
  exponent,
  localExponent,
  replicateMean,
  systemTransport,
  verdict,
} from '../../src/analysis/transport.ts'
import { hoppingWalk, randomWalk, trappedWalk } from './walks.ts'

const window = { fitFrom_ps: 20, fitTo_ps: 100 }
const msdOf = (positions: Trajectory, maximumLag_ps = 150) =>
  meanSquaredDisplacement(positions, { frameInterval_ps: 1, maximumLag_ps })

describe('the exponent', () => {
  test('the interval of the exponent of random walks covers 1 with the stated frequency', () => {
    let covered = 0
    let diffusive = 0
    for (let seed = 0; seed < 200; seed++) {
      const { alpha_ci95, verdict: word } = exponent(
        msdOf(randomWalk({ seed, frames: 1000, ions: 12 })),
        window,
      )
      if (alpha_ci95[0] <= 1 && 1 <= alpha_ci95[1]) covered++
      if (word === 'diffusive') diffusive++
    }
    expect(covered / 200).toBeGreaterThanOrEqual(0.9)
    expect(covered / 200).toBeLessThanOrEqual(0.99)
    expect(diffusive).toBeGreaterThan(150)
  })

  test('the exponent of ballistic motion is 2', () => {
    const positions = randomWalk({ seed: 1, frames: 300, ions: 2 })
    for (let frame = 0; frame < 300; frame++) {
      for (let ion = 0; ion < 2; ion++)
        for (let axis = 0; axis < 3; axis++) positions.set(frame, ion, axis, frame * 0.3)
    }
    const result = exponent(msdOf(positions), window)
    expect(result.alpha).toBeCloseTo(2, 9)
    expect(result.verdict).toBe('undetermined')
    for (const alpha of localExponent(msdOf(positions)).alpha) expect(alpha).toBeCloseTo(2, 9)
  })

  test('walkers on springs and rattling with rare hops are sub-diffusive', () => {
    for (let seed = 0; seed < 20; seed++) {
      const trapped = exponent(msdOf(trappedWalk({ seed, frames: 1000, ions: 12, memory: 0.95 })), window)
      expect(trapped.verdict).toBe('sub-diffusive')
      const hopping = hoppingWalk({ seed, frames: 1000, ions: 12, hopProbability: 0.001, rattle_A: 0.4 })
      expect(exponent(msdOf(hopping), window).verdict).toBe('sub-diffusive')
    }
  })

  test('the exponent of a short run of few ions is undetermined', () => {
    for (let seed = 0; seed < 10; seed++) {
      expect(exponent(msdOf(randomWalk({ seed, frames: 150, ions: 2 })), window).verdict).not.toBe(
        'diffusive',
      )
    }
  })

  test('ions that stand still have no exponent', () => {
    const still = randomWalk({ seed: 1, frames: 150, ions: 2, step_A: () => 0 })
    expect(exponent(msdOf(still), window)).toMatchObject({ alpha: Number.NaN, verdict: 'undetermined' })
    expect(localExponent(msdOf(still)).alpha).toEqual([])
  })
})

test.each([
  [[0.9, 1.1], 'diffusive'],
  [[0.81, 1.0], 'diffusive'],
  [[0.7, 1.1], 'undetermined'],
  [[0.9, 1.4], 'undetermined'],
  [[1.05, 1.15], 'undetermined'],
  [[0.3, 0.99], 'sub-diffusive'],
  [[-1, 3], 'undetermined'],
] as const)('α in %j is %s', (interval, word) => {
  expect(verdict([...interval])).toBe(word)
})

test('the local exponent goes from caged to diffusive', () => {
  const positions = hoppingWalk({ seed: 4, frames: 6000, ions: 40, hopProbability: 0.05, rattle_A: 0.6 })
  const { lag_ps, alpha } = localExponent(msdOf(positions, 1000))
  expect(alpha[0]).toBeLessThan(0.35)
  lag_ps.forEach((t, k) => {
    // MSD = 6 · 0.36 + 0.45 t
    if (t > 4 && t < 300) expect(Math.abs(alpha[k]! - (0.45 * t) / (2.16 + 0.45 * t))).toBeLessThan(0.1)
  })
  expect(lag_ps.at(-1)).toBeLessThan(1000)
  expect(lag_ps).toEqual([...lag_ps].sort((a, b) => a - b))
})

describe('one system from several replicas', () => {
  const replicas = [300, 300, 200].map((frames, seed) => msdOf(randomWalk({ seed, frames, ions: 8 }), 299))

  test('the mean MSD is that over all ions, lies within its band and covers the common lags', () => {
    const curve = replicateMean(replicas)
    expect(curve.lag_ps).toHaveLength(199)
    curve.lag_ps.forEach((lag, k) => {
      const expected = replicas.reduce((sum, replica) => sum + replica.mean_A2[lag - 1]! / 3, 0)
      expect(curve.msd_A2[k]).toBeCloseTo(expected, 9)
      expect(curve.low_A2[k]).toBeLessThan(expected)
      expect(curve.high_A2[k]).toBeGreaterThan(expected)
    })
    const truthInside = curve.lag_ps.filter(
      (lag, k) => curve.low_A2[k]! < 3 * lag && 3 * lag < curve.high_A2[k]!,
    )
    expect(truthInside.length).toBeGreaterThan(150)
  })

  test('a long MSD curve is thinned and keeps its ends', () => {
    const { lag_ps } = replicateMean(msdOf(randomWalk({ seed: 1, frames: 3000, ions: 1 }), 2000))
    expect(lag_ps.length).toBeLessThanOrEqual(400)
    expect(lag_ps[0]).toBe(1)
    expect(lag_ps.at(-1)).toBe(2000)
    expect(lag_ps).toEqual([...new Set(lag_ps)].sort((a, b) => a - b))
  })

  test('the summary of a system is plain JSON', () => {
    const summary = systemTransport(replicas, { species: 'Li', fitFrom_ps: 10, fitTo_ps: 60 })
    expect(JSON.parse(JSON.stringify(summary))).toEqual(summary)
    expect(summary).toMatchObject({ species: 'Li', ions: 24, replicas: 3, fit_from_ps: 10, fit_to_ps: 60 })
    expect(summary.slope_A2_per_ps).toBeGreaterThan(summary.slope_ci95_A2_per_ps[0])
    expect(summary.slope_A2_per_ps).toBeLessThan(summary.slope_ci95_A2_per_ps[1])
    expect(summary.lag_ps.at(-1)).toBe(99)
    expect(summary.alpha_curve.lag_ps.length).toBe(summary.alpha_curve.alpha.length)
  })
})
