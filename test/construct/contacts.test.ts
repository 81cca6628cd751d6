import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createContactGrid } from '../../src/construct/place.ts'
import { minimumImage, orthorhombicBox } from '../../src/core/box.ts'

const coordinate = fc.double({ min: -40, max: 40, noNaN: true })
const edge = fc.double({ min: 3, max: 25, noNaN: true })
const atoms = fc.array(fc.tuple(coordinate, coordinate, coordinate), { minLength: 2, maxLength: 25 })

test('the contact grid finds the same nearest atoms as an exhaustive search, in boxes of any size', () => {
  fc.assert(
    fc.property(
      atoms,
      fc.tuple(edge, edge, edge),
      fc.double({ min: 0.5, max: 6, noNaN: true }),
      (points, edges, reach) => {
        const positions = Float64Array.from(points.flat())
        const box = orthorhombicBox(...edges)
        const grid = createContactGrid(positions, edges, reach)
        points.forEach((_, i) => {
          grid.add(i)
        })
        points.forEach((p, i) => {
          const distances = points.flatMap((q, j) => {
            if (j === i || j === 0) return []
            const delta = Float64Array.of(q[0] - p[0], q[1] - p[1], q[2] - p[2])
            minimumImage(box, delta)
            return [Math.hypot(...delta)]
          })
          const nearest = Math.min(Number.POSITIVE_INFINITY, ...distances)
          const found = grid.nearest(i, other => other === 0)
          if (nearest > reach) expect(found).toBe(Number.POSITIVE_INFINITY)
          else expect(found).toBeCloseTo(nearest, 9)
        })
      },
    ),
  )
})

test('shrink removes the atoms added last from the contact grid', () => {
  const positions = Float64Array.of(0, 0, 0, 1, 0, 0, 2, 0, 0)
  const grid = createContactGrid(positions, [20, 20, 20], 3)
  for (const atom of [0, 1, 2]) grid.add(atom)
  expect(grid.nearest(0, () => false)).toBe(1)
  grid.shrink(1)
  expect(grid.atomCount).toBe(1)
  expect(grid.nearest(2, () => false)).toBe(2)
})
