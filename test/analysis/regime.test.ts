import { describe, expect, test } from 'vitest'
import { meanSquaredDisplacement, type Trajectory } from '../../src/analysis/msd.ts'
import { exponent, type Verdict, verdict } from '../../src/analysis/regime.ts'
import { localExponent } from '../../src/analysis/transport.ts'
import { fractionalWalk, hoppingWalk, randomWalk, trappedWalk } from './walks.ts'

const window = { fitFrom_ps: 20, fitTo_ps: 100 }
const msdOf = (positions: Trajectory, maximumLag_ps = 150) =>
  meanSquaredDisplacement(positions, { frameInterval_ps: 1, maximumLag_ps })

describe('the exponents', () => {
  test('the intervals of both exponents of random walks cover 1 with the stated frequency', () => {
    const covered = { alpha: 0, gamma: 0 }
    const holdsOne = (interval: readonly [number, number] | null) =>
      interval !== null && interval[0] <= 1 && 1 <= interval[1] ? 1 : 0
    for (let seed = 0; seed < 200; seed++) {
      const found = exponent(msdOf(randomWalk({ seed, frames: 1000, ions: 12 })), window)
      covered.alpha += holdsOne(found.alpha_ci95)
      covered.gamma += holdsOne(found.gamma_ci95)
    }
    for (const count of Object.values(covered)) {
      expect(count / 200).toBeGreaterThanOrEqual(0.9)
      expect(count / 200).toBeLessThanOrEqual(0.99)
    }
  })

  test.each([0.3, 0.8, 1, 1.5, 2])('γ of an MSD 5 + t^%d is the power, α is smaller', power => {
    const lags = Array.from({ length: 150 }, (_, k) => k + 1)
    const curve = Float64Array.from(lags, lag => 5 + lag ** power)
    const msd = {
      ...msdOf(randomWalk({ seed: 1, frames: 1000, ions: 1 })),
      mean_A2: curve,
      perIon_A2: [curve],
    }
    const { alpha, gamma } = exponent(msd, window)
    expect(gamma).toBeCloseTo(power, 9)
    expect(alpha).toBeLessThan(power)
  })

  test('both exponents of ballistic motion are 2', () => {
    const positions = randomWalk({ seed: 1, frames: 300, ions: 2 })
    for (let frame = 0; frame < 300; frame++) {
      for (let ion = 0; ion < 2; ion++)
        for (let axis = 0; axis < 3; axis++) positions.set(frame, ion, axis, frame * 0.3)
    }
    const result = exponent(msdOf(positions), window)
    expect(result.alpha).toBeCloseTo(2, 9)
    expect(result.gamma).toBeCloseTo(2, 9)
    expect(result.verdict).toBe('ballistic')
    for (const alpha of localExponent(msdOf(positions)).alpha) expect(alpha).toBeCloseTo(2, 9)
  })
})

describe('the verdict on walkers of known exponent', () => {
  // One box of the prototype's size: 12 Li⁺ in 1000 frames. The study's fit windows reach a tenth to a half of a trajectory.
  test.each([
    [0.5, 'sub-diffusive'],
    [0.8, 'sub-diffusive'],
    [1, 'diffusive'],
    [2, 'ballistic'],
  ] as const)('fractional walks of exponent %d are %s in at least 95 of 100 seeds', (power, word) => {
    let right = 0
    for (let seed = 1; seed <= 100; seed++) {
      const positions = fractionalWalk({ seed, frames: 1000, ions: 12, exponent: power })
      if (exponent(msdOf(positions), window).verdict === word) right++
    }
    expect(right).toBeGreaterThanOrEqual(95)
  })

  test('a random walk with a rattle larger than its steps is diffusive where there are data enough, and α below 0.9', () => {
    for (let seed = 1; seed <= 10; seed++) {
      // MSD = 6 · 2.25 + 0.9 t over lags of 10 to 100
      const positions = hoppingWalk({ seed, frames: 2000, ions: 400, hopProbability: 0.1, rattle_A: 1.5 })
      const found = exponent(msdOf(positions), { fitFrom_ps: 10, fitTo_ps: 100 })
      expect(found.alpha_ci95[1]).toBeLessThan(0.9)
      expect(found.verdict).toBe('diffusive')
    }
  })

  test('walkers on springs that still relax, and rattling with rare hops, are sub-diffusive', () => {
    for (let seed = 0; seed < 20; seed++) {
      const trapped = exponent(msdOf(trappedWalk({ seed, frames: 1000, ions: 12, memory: 0.95 })), window)
      expect(trapped.verdict).toBe('sub-diffusive')
      const hopping = hoppingWalk({ seed, frames: 1000, ions: 12, hopProbability: 0.001, rattle_A: 0.4 })
      expect(exponent(msdOf(hopping), window).verdict).toBe('sub-diffusive')
    }
  })

  test('walkers on springs that have relaxed are arrested in at least 95 of 100 seeds', () => {
    let right = 0
    for (let seed = 1; seed <= 100; seed++) {
      const positions = trappedWalk({ seed, frames: 1000, ions: 12, memory: 0.5 })
      if (exponent(msdOf(positions), window).verdict === 'arrested') right++
    }
    expect(right).toBeGreaterThanOrEqual(95)
  })

  test('the exponent of a short run of few ions is undetermined', () => {
    for (let seed = 0; seed < 10; seed++) {
      expect(exponent(msdOf(randomWalk({ seed, frames: 150, ions: 2 })), window).verdict).not.toBe(
        'diffusive',
      )
    }
  })

  test('ions that stand still have no exponent and are arrested', () => {
    const still = randomWalk({ seed: 1, frames: 150, ions: 2, step_A: () => 0 })
    expect(exponent(msdOf(still), window)).toMatchObject({
      alpha: Number.NaN,
      gamma: null,
      verdict: 'arrested',
    })
    expect(localExponent(msdOf(still)).alpha).toEqual([])
  })
})

test.each<
  [alpha: readonly [number, number], gamma: readonly [number, number] | null, Verdict, grows?: boolean]
>([
  [[0.9, 1.1], null, 'diffusive'],
  [[0.83, 1.01], [0.5, 1.2], 'diffusive'],
  [[1.04, 1.14], [0.9, 1.3], 'diffusive'],
  [[0.7, 1.3], null, 'undetermined'],
  [[0.78, 1.0], [0.5, 1.2], 'undetermined'],
  [[0.9, 1.4], null, 'undetermined'],
  [[-1, 3], null, 'undetermined'],
  [[-0.2, 0.3], null, 'sub-diffusive'],
  [[0.3, 0.99], null, 'sub-diffusive'],
  [[0.83, 0.85], [0.95, 1.12], 'sub-diffusive'],
  [[0.83, 0.85], [0.95, 1.05], 'diffusive'],
  [[0.9, 1.0], [0.6, 0.8], 'sub-diffusive'],
  [[1.2, 1.3], [0.6, 0.8], 'sub-diffusive'],
  [[1.2, 1.3], [0.98, 1.02], 'diffusive'],
  [[1.2, 1.3], [0.8, 1.5], 'ballistic'],
  [[1.9, 2.1], null, 'ballistic'],
  [[1.0, 1.1], [1.3, 1.5], 'ballistic'],
  [[-0.05, 0.04], null, 'arrested', false],
  [[-0.2, -0.1], null, 'arrested', false],
  [[0.01, 0.04], null, 'arrested', false],
  [[0.01, 0.04], null, 'sub-diffusive'],
  [[-0.05, 0.2], null, 'sub-diffusive', false],
])('α in %j with γ in %j is %s', (alpha, gamma, word, grows = true) => {
  const middle = (interval: readonly [number, number]) => ({
    value: (interval[0] + interval[1]) / 2,
    ci95: interval,
  })
  expect(verdict({ alpha: middle(alpha), gamma: gamma && middle(gamma), grows })).toBe(word)
})
