import { expect, test } from 'vitest'
import { createCollector, meanSquaredDisplacement, removeDrift } from '../../src/analysis/msd.ts'
import { UserError } from '../../src/errors.ts'
import { randomWalk } from './walks.ts'

const masses = [6.94, 12.011, 18.998, 1.008]
const walk = randomWalk({ seed: 1, frames: 150, ions: 4 })
const frame = (k: number) => walk.data.subarray(12 * k, 12 * (k + 1))

test('frame by frame gives what the whole trajectory gives', () => {
  const collector = createCollector(masses, [[0], [2]], 150)
  for (let k = 0; k < 150; k++) collector.add(frame(k))
  const collected = collector.trajectory()
  const expected = removeDrift(walk, masses, [0, 2])
  expect(collected.shape).toEqual([150, 2, 3])
  const msd = meanSquaredDisplacement(collected, { frameInterval_ps: 1 }).mean_A2
  meanSquaredDisplacement(expected, { frameInterval_ps: 1 }).mean_A2.forEach((value, k) => {
    expect(Math.abs(msd[k]! / value - 1)).toBeLessThan(1e-5)
  })
  expect(collected.get(31, 1, 2)).toBeCloseTo(expected.get(31, 1, 2), 4)
})

test('groups stand for their centres of mass, and can be had in part', () => {
  const collector = createCollector(masses, [[3], [0, 2, 1], [1]], 70)
  for (let k = 0; k < 70; k++) collector.add(frame(k))
  const still = removeDrift(walk, masses)
  const centre = (k: number, axis: number) =>
    (6.94 * still.get(k, 0, axis) + 18.998 * still.get(k, 2, axis) + 12.011 * still.get(k, 1, axis)) / 37.949
  const part = collector.trajectory(1, 2)
  expect(part.shape).toEqual([70, 1, 3])
  expect(part.get(66, 0, 1)).toBeCloseTo(centre(66, 1), 4)
  expect(part.get(3, 0, 2)).toBeCloseTo(centre(3, 2), 4)
})

test('frames that do not belong are refused', () => {
  const collector = createCollector(masses, [[0]], 1)
  expect(() => collector.add(new Float64Array(9))).toThrow(UserError)
  collector.add(frame(0))
  expect(() => collector.add(frame(1))).toThrow('frame 2')
})
