import { describe, expect, it } from 'vitest'
import { createBox, orthorhombicBox } from '../../src/core/box.ts'
import { distanceMismatch, initialPath } from '../../src/neb/path.ts'
import { pathWarnings } from '../../src/neb/warnings.ts'

const box = orthorhombicBox(10, 10, 10)
const straight = { box, via: [], kind: 'linear', frozen: null } as const

/** An atom at the origin of a hexagonal cell. */
const hexagonal = createBox([6, 0, 0, -3, 3 * Math.sqrt(3), 0, 0, 0, 12])

describe('a linear path', () => {
  it('takes the short way through the face of the cell, without a jump between images', async () => {
    const path = await initialPath({
      ...straight,
      initial: Float64Array.of(9.5, 0, 0),
      final: Float64Array.of(0.5, 0, 0),
      images: 5,
    })
    expect(path.map(image => image[0])).toEqual([9.5, 9.75, 10, 10.25, 10.5])
  })

  it('finds the nearest image in a skewed cell, too', async () => {
    // Fractional (0.45, −0.45) is 4.7 Å as rounding leaves it; one cell vector further it is 3.0 Å.
    const final = Float64Array.of(0.45 * 6 + 0.45 * 3, -0.45 * 3 * Math.sqrt(3), 0)
    const path = await initialPath({
      ...straight,
      box: hexagonal,
      initial: new Float64Array(3),
      final,
      images: 3,
    })
    expect(Math.hypot(...path[2]!)).toBeLessThan(3.1)
  })

  it('passes exactly through its via points, with images distributed by length', async () => {
    const via = Float64Array.of(0, 3, 0)
    const path = await initialPath({
      ...straight,
      initial: new Float64Array(3),
      via: [via],
      final: Float64Array.of(1, 3, 0),
      images: 5,
    })
    expect(path.map(image => [...image.slice(0, 2)])).toEqual([
      [0, 0],
      [0, 1],
      [0, 2],
      [0, 3],
      [1, 3],
    ])
  })

  it('leaves frozen atoms where the initial end has them', async () => {
    const path = await initialPath({
      ...straight,
      initial: Float64Array.of(0, 0, 0, 5, 5, 5),
      final: Float64Array.of(2, 0, 0, 5.001, 5, 5),
      frozen: Uint8Array.of(0, 1),
      images: 4,
    })
    for (const image of path) expect([...image.slice(3)]).toEqual([5, 5, 5])
  })

  it('refuses fewer images than points', async () => {
    const point = new Float64Array(3)
    const given = { ...straight, initial: point, final: point, via: [point, point], images: 3 }
    await expect(initialPath(given)).rejects.toThrow('3 images are too few')
  })
})

describe('an IDPP path', () => {
  /** An ion passes a fixed one that stands 0.1 Å off its straight line, among others that hold the frame. */
  const ends = {
    initial: Float64Array.of(3, 5, 5, 5, 5.1, 5, 5, 8, 5, 5, 2, 5),
    final: Float64Array.of(7, 5, 5, 5, 5.1, 5, 5, 8, 5, 5, 2, 5),
  }
  const elements = ['Li', 'O', 'O', 'O']
  const frozen = Uint8Array.of(0, 1, 1, 1)
  const nearest = (image: Float64Array) => Math.hypot(image[0]! - 5, image[1]! - 5.1, image[2]! - 5)

  it('leads round an atom that the straight line runs into', async () => {
    const linear = await initialPath({ ...straight, ...ends, frozen, images: 7 })
    const idpp = await initialPath({ ...straight, ...ends, frozen, images: 7, kind: 'idpp' })
    expect(nearest(linear[3]!)).toBeLessThan(0.11)
    for (const image of idpp) expect(nearest(image)).toBeGreaterThan(1.2)
    const warnings = pathWarnings(box, elements, linear)
    expect(warnings.map(warning => warning.images)).toContainEqual([3])
    expect(warnings.find(({ images }) => images[0] === 3)!.message).toContain(
      'atoms 1 (Li) and 2 (O) are 0.10 Å apart in image 4 of 7',
    )
  })

  it('is continuous through the face of the cell', async () => {
    const shift = (positions: Float64Array) => positions.map((x, k) => (k % 3 === 0 ? x - 5.4 : x))
    const moved = { initial: shift(ends.initial), final: shift(ends.final) }
    moved.final[0]! += 10
    const path = await initialPath({ ...straight, ...moved, frozen, images: 7, kind: 'idpp' })
    const same = await initialPath({ ...straight, ...ends, frozen, images: 7, kind: 'idpp' })
    path.forEach((image, i) => {
      expect(image[0]).toBeCloseTo(same[i]![0]! - 5.4, 6)
      expect(image[1]).toBeCloseTo(same[i]![1]!, 6)
    })
  })

  it('has forces that are minus the gradient of its function', () => {
    const positions = Float64Array.of(0, 0, 0, 1.1, 0.3, 9.6, 0.4, 1.7, 0.2)
    const pairs = [
      { i: 0, j: 1, shift: Float64Array.of(0, 0, -10) },
      { i: 0, j: 2, shift: new Float64Array(3) },
      { i: 1, j: 2, shift: Float64Array.of(0, 0, 10) },
    ]
    const wanted = [1.5, 1.4, 2.2]
    const { forces } = distanceMismatch(positions, pairs, wanted)
    for (let k = 0; k < 9; k++) {
      const at = (h: number) =>
        distanceMismatch(
          positions.map((x, m) => (m === k ? x + h : x)),
          pairs,
          wanted,
        ).energy
      expect(forces[k]).toBeCloseTo(-(at(1e-5) - at(-1e-5)) / 2e-5, 7)
    }
  })
})
