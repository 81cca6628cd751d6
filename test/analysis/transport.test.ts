import { describe, expect, test } from 'vitest'
import { meanSquaredDisplacement, type Trajectory } from '../../src/analysis/msd.ts'
import { localExponent, replicateMean, systemTransport } from '../../src/analysis/transport.ts'
import { hoppingWalk, randomWalk } from './walks.ts'

const msdOf = (positions: Trajectory, maximumLag_ps = 150) =>
  meanSquaredDisplacement(positions, { frameInterval_ps: 1, maximumLag_ps })

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
