import ndarray from 'ndarray'
import { describe, expect, test } from 'vitest'
import {
  coatingResistance,
  collectiveConductivity,
  havenRatio,
  nernstEinstein,
  totalDipole,
} from '../../src/analysis/conductivity.ts'
import { fitSlope } from '../../src/analysis/diffusion.ts'
import { meanSquaredDisplacement, type Trajectory } from '../../src/analysis/msd.ts'
import { UserError } from '../../src/errors.ts'
import { randomWalk } from './walks.ts'

const window = { fitFrom_ps: 5, fitTo_ps: 25 }
const conditions = { volume_A3: 10_000, temperature_K: 500 }
const slope = (positions: Trajectory) =>
  fitSlope(meanSquaredDisplacement(positions, { frameInterval_ps: 1, maximumLag_ps: 30 }), window)
    .slope_A2_per_ps

/** Cations and anions in turn; a bound anion shares every step of its cation. */
function salt(seed: number, pairs: number, bound: boolean) {
  const frames = 3000
  const cations = randomWalk({ seed, frames, ions: pairs })
  const anions = bound ? cations : randomWalk({ seed: seed + 1, frames, ions: pairs })
  const both = ndarray(new Float64Array(frames * pairs * 6), [frames, 2 * pairs, 3])
  for (let frame = 0; frame < frames; frame++) {
    for (let k = 0; k < pairs; k++) {
      for (let axis = 0; axis < 3; axis++) {
        both.set(frame, k, axis, cations.get(frame, k, axis))
        both.set(frame, pairs + k, axis, anions.get(frame, k, axis))
      }
    }
  }
  const charges = Array.from({ length: 2 * pairs }, (_, k) => (k < pairs ? 1 : -1))
  return { cations, anions, both, charges }
}

describe('conductivity', () => {
  test('the Nernst–Einstein conductivity equals an evaluation in SI units', () => {
    const slope_A2_per_ps = { value: 0.6, standardError: 0.06, degreesOfFreedom: 50 }
    const sigma = nernstEinstein([{ charge_e: 1, ions: 15, slope_A2_per_ps }], conditions)
    // 15 e² · 1e-9 m²/s / (1e-26 m³ · k_B · 500 K), S/m → S/cm.
    const expected = (15 * 1.602176634e-19 ** 2 * 1e-9) / (1e-26 * 1.380649e-23 * 500) / 100
    expect(sigma.value / expected).toBeCloseTo(1, 9)
    expect(sigma.standardError / sigma.value).toBeCloseTo(0.1, 9)
    expect(() => nernstEinstein([], { ...conditions, volume_A3: 0 })).toThrow(UserError)
  })

  test('the Haven ratio of ions that move independently is 1', () => {
    let covered = 0
    for (let seed = 0; seed < 40; seed++) {
      const { cations, anions, both, charges } = salt(10 * seed, 6, false)
      const alone = nernstEinstein(
        [
          { charge_e: 1, ions: 6, slope_A2_per_ps: slope(cations) },
          { charge_e: -1, ions: 6, slope_A2_per_ps: slope(anions) },
        ],
        conditions,
      )
      const together = collectiveConductivity(slope(totalDipole(both, charges)), conditions)
      const { ci95 } = havenRatio(alone, together)
      if (ci95[0] <= 1 && 1 <= ci95[1]) covered++
    }
    expect(covered).toBeGreaterThanOrEqual(34)
  })

  test('the collective conductivity of bound pairs is zero', () => {
    const { both, charges } = salt(1, 6, true)
    const together = collectiveConductivity(slope(totalDipole(both, charges)), conditions)
    expect(together.value).toBeCloseTo(0, 20)
  })

  test('the total dipole does not depend on a common drift and needs neutral ions', () => {
    const { both, charges } = salt(3, 4, false)
    const moved = ndarray(
      both.data.map((x, k) => x + 0.7 * Math.floor(k / 24)),
      both.shape,
    )
    const before = totalDipole(both, charges)
    const after = totalDipole(moved, charges)
    before.data.forEach((value, k) => {
      expect(after.data[k]).toBeCloseTo(value, 6)
    })
    expect(() => totalDipole(both, [2, ...charges.slice(1)])).toThrow('1 e together')
    expect(() => totalDipole(both, [1, -1])).toThrow('2 charges')
  })
})

test('a coating of 1–3 nm at 3.4e-8 S/cm resists with 3–9 Ω cm²', () => {
  // The interval of its logarithm is that of a factor of two.
  const sigma = { value: 3.4e-8, standardError: 3.4e-8 * (Math.LN2 / 1.96), degreesOfFreedom: 1e6 }
  expect(coatingResistance(1, sigma).value).toBeCloseTo(2.94, 2)
  expect(coatingResistance(3, sigma).value).toBeCloseTo(8.82, 2)
  expect(coatingResistance(1, sigma).ci95[0]).toBeCloseTo(1.47, 2)
  expect(coatingResistance(1, { ...sigma, standardError: 3e-8 }).ci95[1]).toBe(Number.POSITIVE_INFINITY)
})
