import { expect, it } from 'vitest'
import { createTransform3D } from '../../../src/platform/reference/fft3d.ts'
import { randomSequence, STREAM } from '../../../src/rng.ts'

it.each([
  [4, 8, 2],
  [12, 5, 20],
  [1, 36, 7],
] as const)('a transform of %i × %i × %i points is what its definition says, and back', (...size) => {
  const [n0, n1, n2] = size
  const random = randomSequence(3, STREAM.build)
  const grid = Float64Array.from({ length: 2 * n0 * n1 * n2 }, () => random.normal())
  const found = grid.slice()
  const transform = createTransform3D([n0, n1, n2])
  transform.forward(found)
  for (const [a, b, c] of [
    [0, 0, 0],
    [0, 1, 1],
    [n0 - 1, 3, n2 - 1],
  ] as const) {
    let re = 0
    let im = 0
    for (let i = 0; i < n0; i++) {
      for (let j = 0; j < n1; j++) {
        for (let k = 0; k < n2; k++) {
          const angle = -2 * Math.PI * ((a * i) / n0 + (b * j) / n1 + (c * k) / n2)
          const at = 2 * ((i * n1 + j) * n2 + k)
          re += grid[at]! * Math.cos(angle) - grid[at + 1]! * Math.sin(angle)
          im += grid[at]! * Math.sin(angle) + grid[at + 1]! * Math.cos(angle)
        }
      }
    }
    const at = 2 * ((a * n1 + b) * n2 + c)
    expect(found[at]).toBeCloseTo(re, 10)
    expect(found[at + 1]).toBeCloseTo(im, 10)
  }
  transform.backward(found)
  found.forEach((value, k) => {
    expect(value / (n0 * n1 * n2)).toBeCloseTo(grid[k]!, 12)
  })
})
