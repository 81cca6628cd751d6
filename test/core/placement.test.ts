import { expect, it } from 'vitest'
import { createBox } from '../../src/core/box.ts'
import { createPlacement } from '../../src/core/molecules.ts'

const box = createBox([10, 0, 0, 4, 10, 0, 0, 0, 10])

it('molecules are drawn whole, inside the cell', () => {
  const place = createPlacement({ molecules: Int32Array.of(0, 0, 1) }, 0.05)
  const placed = place(box, Float64Array.of(23, 1, 1, 27, 1, 1, 0, -12, 35))
  // A cell down the second vector is 4 Å to the side as well.
  expect([...placed]).toEqual([3, 1, 1, 7, 1, 1, 8, 8, 5])
})

it('a molecule at a face of the cell does not jump between two images', () => {
  const place = createPlacement({ molecules: Int32Array.of(0) }, 0.05)
  const along = (x: number) => place(box, Float64Array.of(x, 0, 0))[0]
  expect([9.9, 10.1, 9.9, 10.4].map(along)).toEqual([9.9, 10.1, 9.9, 10.4])
  expect(along(10.6)).toBeCloseTo(0.6, 6)
  expect(along(9.9)).toBeCloseTo(-0.1, 6)
})
