import { describe, expect, test } from 'vitest'
import { type ArrheniusPoint, arrhenius, arrheniusAt } from '../../src/analysis/arrhenius.ts'
import { finiteSizeShift, viscosityForShift } from '../../src/analysis/diffusion.ts'
import { UserError } from '../../src/errors.ts'
import { CODATA_2018 } from '../../src/units.ts'
import { normalSequence } from './walks.ts'

/** Degrees of freedom of errors that are known exactly. */
const EXACT = Number.POSITIVE_INFINITY

const TEMPERATURES = [400, 500, 600, 700]
const law = (T: number, energy_eV = 0.4) => 1000 * Math.exp(-energy_eV / (CODATA_2018.boltzmann_eV_per_K * T))

/** @param scatter standard deviation of the logarithm beyond that in the stated errors */
function measured(seed: number, scatter: number, stated = 0.2): ArrheniusPoint[] {
  const normal = normalSequence(seed)
  return TEMPERATURES.map(temperature_K => {
    const value = law(temperature_K) * Math.exp(Math.hypot(scatter, stated) * normal())
    return { temperature_K, value, standardError: stated * value, degreesOfFreedom: EXACT }
  })
}

describe('an Arrhenius line', () => {
  test('an exact Arrhenius line is found with its prefactor and its predictions', () => {
    const points = TEMPERATURES.map(T => ({
      temperature_K: T,
      value: law(T),
      standardError: 0.1 * law(T),
      degreesOfFreedom: EXACT,
    }))
    const fit = arrhenius(points)
    expect(fit.activationEnergy_eV.value).toBeCloseTo(0.4, 12)
    expect(fit.lnPrefactor.value).toBeCloseTo(Math.log(1000), 9)
    expect(fit.pStraight).toBeCloseTo(1, 9)
    expect(arrheniusAt(fit, 550).value / law(550)).toBeCloseTo(1, 9)
  })

  test('an Arrhenius line follows the points with the smallest errors', () => {
    const points = [
      { temperature_K: 400, value: law(400), standardError: 1e-4 * law(400), degreesOfFreedom: EXACT },
      { temperature_K: 500, value: law(500), standardError: 1e-4 * law(500), degreesOfFreedom: EXACT },
      { temperature_K: 600, value: 5 * law(600), standardError: 5 * law(600), degreesOfFreedom: EXACT },
    ]
    expect(arrhenius(points).activationEnergy_eV.value).toBeCloseTo(0.4, 3)
  })

  test.each([
    [0, 368],
    [0.4, 340],
  ])(
    'intervals of an Arrhenius line cover the truth with a scatter of %d beyond the stated errors',
    (scatter, fewest) => {
      const covered = { energy: 0, inside: 0, outside: 0 }
      for (let seed = 0; seed < 400; seed++) {
        const fit = arrhenius(measured(seed, scatter))
        const has = ([low, high]: readonly [number, number], truth: number) =>
          low <= truth && truth <= high ? 1 : 0
        covered.energy += has(fit.activationEnergy_eV.ci95, 0.4)
        covered.inside += has(arrheniusAt(fit, 500).ci95, law(500))
        covered.outside += has(arrheniusAt(fit, 300).ci95, law(300))
      }
      for (const count of Object.values(covered)) {
        expect(count).toBeGreaterThanOrEqual(fewest)
        expect(count).toBeLessThanOrEqual(393)
      }
    },
  )

  test('a prediction outside the measured temperatures is marked and has a wider interval', () => {
    const fit = arrhenius(measured(3, 0))
    const width = (T: number) => {
      const { ci95 } = arrheniusAt(fit, T)
      return ci95[1] / ci95[0]
    }
    expect([300, 399, 400, 700, 701].map(T => arrheniusAt(fit, T).extrapolated)).toEqual([
      true,
      true,
      false,
      false,
      true,
    ])
    expect(width(300)).toBeGreaterThan(2 * width(500))
  })

  test('pStraight is small for a bend that the errors do not explain', () => {
    const bent = TEMPERATURES.map(T => {
      const value = Math.exp(-1500 / (T - 250))
      return { temperature_K: T, value, standardError: 0.05 * value, degreesOfFreedom: EXACT }
    })
    expect(arrhenius(bent).pStraight).toBeLessThan(1e-6)
  })

  test('errors with few degrees of freedom give a wider interval', () => {
    const few = measured(1, 0).map(point => ({ ...point, degreesOfFreedom: 2 }))
    const width = ([low, high]: readonly [number, number]) => high - low
    expect(width(arrhenius(few).activationEnergy_eV.ci95)).toBeGreaterThan(
      1.1 * width(arrhenius(measured(1, 0)).activationEnergy_eV.ci95),
    )
  })

  test('two temperatures give a line, one does not, and a value of zero is refused', () => {
    expect(arrhenius(measured(1, 0).slice(0, 2)).pStraight).toBeNull()
    expect(() => arrhenius(measured(1, 0).slice(0, 1))).toThrow('two temperatures')
    const still = [
      ...measured(1, 0),
      { temperature_K: 300, value: 0, standardError: 1e-4, degreesOfFreedom: EXACT },
    ]
    expect(() => arrhenius(still)).toThrow(UserError)
  })
})

describe('the finite-size shift of Yeh and Hummer', () => {
  test('the finite-size shift equals an evaluation in SI units', () => {
    // ΔD = k_B T ξ / (6 π η L) in SI, an independent evaluation: 298 K, 0.31 mPa s, 20 Å.
    const expected_m2_per_s = (1.380649e-23 * 298 * 2.837297) / (6 * Math.PI * 0.31e-3 * 20e-10)
    const shift = finiteSizeShift({ temperature_K: 298, edge_A: 20, viscosity_mPa_s: 0.31 })
    expect(shift / (6 * expected_m2_per_s * 1e8)).toBeCloseTo(1, 6)
  })

  test('the finite-size shift is the asked fraction at the viscosity for it', () => {
    const box = { temperature_K: 500, edge_A: 22 }
    const viscosity_mPa_s = viscosityForShift(0.4, 0.1, box)
    expect(finiteSizeShift({ ...box, viscosity_mPa_s })).toBeCloseTo(0.04, 12)
    expect(() => finiteSizeShift({ ...box, viscosity_mPa_s: 0 })).toThrow(UserError)
  })
})
