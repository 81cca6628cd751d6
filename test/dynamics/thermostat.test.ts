import { describe, expect, it } from 'vitest'
import { regularizedGamma } from '../../src/analysis/distributions.ts'
import { mean, variance } from '../../src/analysis/stats.ts'
import { gammaVariate, ornsteinUhlenbeck, velocityRescalingFactor } from '../../src/dynamics/thermostat.ts'
import { CODATA_2018 } from '../../src/units.ts'
import { ksTest } from '../tools/statistics.ts'

describe('the yardstick of these tests', () => {
  it('knows the exponential and the chi-square distribution', () => {
    expect(regularizedGamma(1, 0.7)).toBeCloseTo(1 - Math.exp(-0.7), 12)
    // Chi-square with 10 degrees of freedom has its 95 % point at 18.307.
    expect(regularizedGamma(5, 18.307038 / 2)).toBeCloseTo(0.95, 6)
  })

  it('rejects a distribution that is 5 % too wide', () => {
    const samples = Array.from({ length: 2000 }, (_, step) => 1.05 * gammaVariate(40, { seed: 1, step }))
    expect(ksTest(samples, x => regularizedGamma(40, x)).pValue).toBeLessThan(1e-6)
  })
})

describe('gammaVariate', () => {
  it.each([0.5, 1, 2.5, 40, 1300])('is Gamma distributed for shape %s', shape => {
    const samples = Array.from({ length: 4000 }, (_, step) => gammaVariate(shape, { seed: 7, step }))
    expect(ksTest(samples, x => regularizedGamma(shape, x)).pValue).toBeGreaterThan(0.01)
  })
})

describe('velocityRescalingFactor', () => {
  it.each([1, 2, 3, 78])('samples the canonical kinetic energy of %s degrees of freedom', freedom => {
    const average = 0.025 * freedom
    let kinetic = average
    const samples: number[] = []
    for (let step = 0; step < 60_000; step++) {
      kinetic *= velocityRescalingFactor(kinetic, average, freedom, 0.2, { seed: 3, step }) ** 2
      if (step % 30 === 0) samples.push(kinetic)
    }
    // K / (kT) is Gamma distributed with shape N_f / 2, kT = 2 K̄ / N_f.
    const scale = (2 * average) / freedom
    expect(ksTest(samples, x => regularizedGamma(freedom / 2, x / scale)).pValue).toBeGreaterThan(0.01)
  })

  it('relaxes the mean exponentially', () => {
    const after = Array.from({ length: 20_000 }, (_, step) => {
      return 3 * velocityRescalingFactor(3, 1, 60, 0.5, { seed: 4, step }) ** 2
    })
    const expected = 1 + 2 * Math.exp(-0.5)
    // Bussi 2007, equation 7: variance from the noise 2 K̄/N_f · …, at most 0.2 here.
    expect(Math.abs(mean(after) - expected)).toBeLessThan(
      (5 * Math.sqrt(variance(after))) / Math.sqrt(20_000),
    )
  })

  it('does next to nothing in next to no time', () => {
    expect(velocityRescalingFactor(1, 1, 60, 1e-12, { seed: 4, step: 0 })).toBeCloseTo(1, 5)
  })

  it('turns a single degree of freedom round at times, as its canonical distribution asks', () => {
    let sign = 1
    let positive = 0
    let kinetic = 0.5
    for (let step = 0; step < 5000; step++) {
      const factor = velocityRescalingFactor(kinetic, 0.5, 1, 1, { seed: 2, step })
      kinetic *= factor ** 2
      sign *= Math.sign(factor)
      if (sign > 0) positive++
    }
    expect(positive / 5000).toBeGreaterThan(0.42)
    expect(positive / 5000).toBeLessThan(0.58)
  })
})

describe('ornsteinUhlenbeck', () => {
  const kT = CODATA_2018.boltzmann_eV_per_K * 300 * CODATA_2018.accelerationPerForce

  it('forgets exponentially and fills up with thermal noise', () => {
    const count = 20_000
    const masses = new Float64Array(count).fill(12)
    const velocities = new Float64Array(3 * count).fill(50)
    ornsteinUhlenbeck(masses, velocities, 300, 0.7, { seed: 1, step: 5 }, CODATA_2018)
    const values = Array.from(velocities)
    expect(mean(values)).toBeCloseTo(50 * Math.exp(-0.7), 1)
    expect(variance(values) / ((kT / 12) * (1 - Math.exp(-1.4)))).toBeCloseTo(1, 1.5)
  })

  it('keeps what is canonical canonical', () => {
    const count = 5000
    const masses = new Float64Array(count).fill(4)
    const velocities = new Float64Array(3 * count)
    for (let step = 0; step < 60; step++) {
      ornsteinUhlenbeck(masses, velocities, 300, 0.3, { seed: 1, step }, CODATA_2018)
    }
    expect(variance(Array.from(velocities)) / (kT / 4)).toBeCloseTo(1, 1.5)
  })
})
