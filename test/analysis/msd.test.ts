import fc from 'fast-check'
import ndarray from 'ndarray'
import { describe, expect, test } from 'vitest'
import { meanSquaredDisplacement, removeDrift, type Trajectory } from '../../src/analysis/msd.ts'
import { variance } from '../../src/analysis/stats.ts'
import { UserError } from '../../src/errors.ts'
import { normalSequence, randomWalk } from './walks.ts'

const everyFrame = { frameInterval_ps: 1 }

/** The definition, origin by origin. */
function bruteForce(positions: Trajectory, lag: number, ions: readonly number[], axes = [0, 1, 2]): number {
  const frames = positions.shape[0]!
  let sum = 0
  for (const ion of ions) {
    for (let frame = 0; frame + lag < frames; frame++) {
      for (const axis of axes) {
        sum += (positions.get(frame + lag, ion, axis) - positions.get(frame, ion, axis)) ** 2
      }
    }
  }
  return sum / (ions.length * (frames - lag))
}

function expectRelative(value: number, expected: number, tolerance: number): void {
  expect(Math.abs(value - expected)).toBeLessThanOrEqual(tolerance * Math.abs(expected))
}

test('a constant velocity is exact at every lag, far from the origin too', () => {
  const frames = 3000
  const velocity = [0.1, -0.02, 0.037]
  const positions = ndarray(
    Float64Array.from({ length: frames * 3 }, (_, k) => velocity[k % 3]! * 0.5 * Math.floor(k / 3)),
    [frames, 1, 3],
  )
  const speedSquared = velocity.reduce((sum, v) => sum + v * v, 0)
  const msd = meanSquaredDisplacement(positions, { frameInterval_ps: 0.5 })
  expect(msd.lag_ps).toHaveLength(frames - 1)
  msd.lag_ps.forEach((lag, k) => {
    expectRelative(msd.mean_A2[k]!, speedSquared * lag * lag, 1e-10)
  })

  const far = ndarray(
    positions.data.map(x => x + 1000),
    [frames, 1, 3],
  )
  const shifted = meanSquaredDisplacement(far, { frameInterval_ps: 0.5 })
  // Here the positions themselves are only known to 1e-13 Å.
  shifted.lag_ps.forEach((lag, k) => {
    expectRelative(shifted.mean_A2[k]!, speedSquared * lag * lag, 1e-10)
  })
})

describe('against the definition', () => {
  test.each([
    ['a random walk', randomWalk({ seed: 1, frames: 257, ions: 3 })],
    ['white noise', ndarray(Float64Array.from({ length: 100 * 12 }, normalSequence(2)), [100, 4, 3])],
    ['two frames', ndarray(Float64Array.from({ length: 6 }, normalSequence(3)), [2, 1, 3])],
    [
      'a view in another memory order',
      ndarray(Float64Array.from({ length: 450 }, normalSequence(4)), [3, 3, 50]).transpose(2, 0, 1),
    ],
    ['single precision', ndarray(Float32Array.from({ length: 300 }, normalSequence(5)), [50, 2, 3])],
  ])('%s: mean, per ion, per axis', (_name, positions: Trajectory) => {
    const [frames, ions] = positions.shape as [number, number]
    const msd = meanSquaredDisplacement(positions, everyFrame)
    const all = Array.from({ length: ions }, (_, ion) => ion)
    for (let lag = 1; lag < frames; lag++) {
      expectRelative(msd.mean_A2[lag - 1]!, bruteForce(positions, lag, all), 1e-9)
      for (const ion of all)
        expectRelative(msd.perIon_A2[ion]![lag - 1]!, bruteForce(positions, lag, [ion]), 1e-9)
      for (const axis of [0, 1, 2] as const) {
        expectRelative(msd.perAxis_A2[axis][lag - 1]!, bruteForce(positions, lag, all, [axis]), 1e-9)
      }
    }
  })
})

test('an anisotropic walk shows in the axes', () => {
  const positions = randomWalk({ seed: 6, frames: 4000, ions: 20, step_A: (_, axis) => axis + 1 })
  const msd = meanSquaredDisplacement(positions, { ...everyFrame, maximumLag_ps: 20 })
  for (const axis of [0, 1, 2] as const) {
    const expected = (axis + 1) ** 2 * 10
    expect(Math.abs(msd.perAxis_A2[axis][9]! / expected - 1)).toBeLessThan(0.05)
    const alone = meanSquaredDisplacement(positions, { ...everyFrame, maximumLag_ps: 20, axis })
    alone.mean_A2.forEach((value, k) => {
      expectRelative(value, msd.perAxis_A2[axis][k]!, 1e-9)
    })
  }
})

test('squared displacements of a random walk have variance 2/3 MSD², and n falls as 1/t', () => {
  const msd = meanSquaredDisplacement(randomWalk({ seed: 7, frames: 5000, ions: 30 }), {
    ...everyFrame,
    maximumLag_ps: 40,
  })
  for (const lag of [1, 5, 20, 40]) {
    const expected = (2 / 3) * (3 * lag) ** 2
    expect(Math.abs(msd.squaredDisplacementVariance_A4[lag - 1]! / expected - 1)).toBeLessThan(0.12)
    expect(msd.independentObservations[lag - 1]).toBeCloseTo((30 * 4999) / lag, 9)
  }
})

test('the variance of single squared displacements is that of the definition at short lags', () => {
  const positions = randomWalk({ seed: 8, frames: 40, ions: 2 })
  const squares: number[] = []
  for (const ion of [0, 1]) {
    for (let k = 0; k + 3 < 40; k++) {
      squares.push(
        [0, 1, 2].reduce((sum, a) => sum + (positions.get(k + 3, ion, a) - positions.get(k, ion, a)) ** 2, 0),
      )
    }
  }
  const population = (variance(squares) * (squares.length - 1)) / squares.length
  expectRelative(
    meanSquaredDisplacement(positions, everyFrame).squaredDisplacementVariance_A4[2]!,
    population,
    1e-10,
  )
})

describe('properties', () => {
  const walkArguments = fc.record({
    seed: fc.nat(1e6),
    frames: fc.integer({ min: 2, max: 70 }),
    ions: fc.integer({ min: 1, max: 4 }),
  })
  const vector = fc.tuple(
    ...([0, 1, 2].map(() => fc.double({ min: -50, max: 50, noNaN: true })) as [
      fc.Arbitrary<number>,
      fc.Arbitrary<number>,
      fc.Arbitrary<number>,
    ]),
  )

  test('a translation of every ion by its own vector changes nothing', () => {
    fc.assert(
      fc.property(walkArguments, vector, (walk, shift) => {
        const positions = randomWalk(walk)
        const moved = ndarray(
          positions.data.map((x, k) => x + shift[k % 3]! * (1 + (Math.floor(k / 3) % walk.ions))),
          positions.shape,
        )
        const before = meanSquaredDisplacement(positions, everyFrame).mean_A2
        const after = meanSquaredDisplacement(moved, everyFrame).mean_A2
        before.forEach((value, k) => {
          expect(Math.abs(after[k]! - value)).toBeLessThan(1e-9 * (1 + value))
        })
      }),
      { numRuns: 60 },
    )
  })

  test('scaling all positions scales the MSD by the square', () => {
    fc.assert(
      fc.property(walkArguments, fc.double({ min: 0.01, max: 100, noNaN: true }), (walk, factor) => {
        const positions = randomWalk(walk)
        const scaled = ndarray(
          positions.data.map(x => x * factor),
          positions.shape,
        )
        const before = meanSquaredDisplacement(positions, everyFrame).mean_A2
        const after = meanSquaredDisplacement(scaled, everyFrame).mean_A2
        before.forEach((value, k) => {
          expectRelative(after[k]!, value * factor * factor, 1e-9)
        })
      }),
      { numRuns: 60 },
    )
  })

  test('a motion common to all atoms is taken out, whatever the masses', () => {
    const masses = [6.94, 12.011, 18.998, 1.008]
    fc.assert(
      fc.property(fc.nat(1e6), fc.integer({ min: 2, max: 50 }), (seed, frames) => {
        const positions = randomWalk({ seed, frames, ions: 4 })
        const common = randomWalk({ seed: seed + 1, frames, ions: 1, step_A: () => 5 })
        const drifting = ndarray(
          positions.data.map((x, k) => x + common.data[Math.floor(k / 12) * 3 + (k % 3)]!),
          positions.shape,
        )
        const still = removeDrift(positions, masses, [0, 2])
        const corrected = removeDrift(drifting, masses, [0, 2])
        expect(corrected.shape).toEqual([frames, 2, 3])
        corrected.data.forEach((x, k) => {
          expect(x).toBeCloseTo(still.data[k]!, 9)
        })
        // The centre of mass itself stands still.
        const all = removeDrift(drifting, masses)
        const centre = (frame: number) =>
          masses.reduce((sum, m, atom) => sum + m * all.get(frame, atom, 1), 0)
        expect(centre(frames - 1)).toBeCloseTo(centre(0), 8)
      }),
      { numRuns: 40 },
    )
  })
})

test('what cannot be analysed is refused in words', () => {
  const walk = randomWalk({ seed: 1, frames: 10, ions: 2 })
  expect(() => meanSquaredDisplacement(ndarray(walk.data, [10, 6]), everyFrame)).toThrow('[10, 6]')
  expect(() => meanSquaredDisplacement(ndarray(new Float64Array(3), [1, 1, 3]), everyFrame)).toThrow(
    'two frames',
  )
  expect(() => meanSquaredDisplacement(walk, { frameInterval_ps: 0 })).toThrow(UserError)
  expect(() => meanSquaredDisplacement(walk, { frameInterval_ps: 1, maximumLag_ps: 0.5 })).toThrow(UserError)
  expect(() => removeDrift(walk, [1, 1, 1])).toThrow('3 masses')
  walk.set(4, 1, 2, Number.NaN)
  expect(() => meanSquaredDisplacement(walk, everyFrame)).toThrow('not a finite number')
})
