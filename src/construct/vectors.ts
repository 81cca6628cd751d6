import type { Box } from '../core/box.ts'

/** Three Cartesian components, Å, or three fractional coordinates. */
export type Vector = readonly [number, number, number]

/** The vector of three values f(0), f(1), f(2). */
export const vector = (f: (k: number) => number): Vector => [f(0), f(1), f(2)]

export const dot = (a: Vector, b: Vector) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
export const norm = (a: Vector) => Math.hypot(...a)
export const add = (a: Vector, b: Vector): Vector => [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
export const subtract = (a: Vector, b: Vector): Vector => [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
export const scale = (a: Vector, factor: number): Vector => [a[0] * factor, a[1] * factor, a[2] * factor]

export function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

export function unit(a: Vector): Vector {
  return scale(a, 1 / norm(a))
}

/** Product of a row vector and a 3×3 matrix, which is given row by row. */
export function times(a: Vector, m: ArrayLike<number>): Vector {
  return vector(k => a[0] * m[k]! + a[1] * m[3 + k]! + a[2] * m[6 + k]!)
}

/** The vector rotated about a unit axis (Rodrigues' formula). @param angle rad */
export function turned(a: Vector, axis: Vector, angle: number): Vector {
  const [c, s] = [Math.cos(angle), Math.sin(angle)]
  return add(add(scale(a, c), scale(cross(axis, a), s)), scale(axis, dot(axis, a) * (1 - c)))
}

/** Position of an atom, counted from 0. @param positions [3N] */
export function vectorAt(positions: ArrayLike<number>, atom: number): Vector {
  return vector(k => positions[3 * atom + k]!)
}

/** A vector perpendicular to a unit vector; not normalised. */
export function perpendicular(a: Vector): Vector {
  return cross(a, Math.abs(a[0]) < 0.9 ? [1, 0, 0] : [0, 1, 0])
}

/** Lattice vectors, Å, that include all images within a distance of the origin, for every point of the cell around it. */
export function imagesOf(box: Box, distance_A: number): Vector[] {
  const [na = 0, nb = 0, nc = 0] = box.heights.map(height => Math.ceil(distance_A / height + 0.5))
  const images: Vector[] = []
  for (let i = -na; i <= na; i++) {
    for (let j = -nb; j <= nb; j++) {
      for (let k = -nc; k <= nc; k++) images.push(times([i, j, k], box.matrix))
    }
  }
  return images
}

/** The periodic image of a displacement, Å, with fractional coordinates in [−½, ½). */
export function nearestImage(box: Box, displacement: Vector): Vector {
  const s = times(displacement, box.inverse)
  return times(
    vector(k => s[k]! - Math.round(s[k]!)),
    box.matrix,
  )
}
