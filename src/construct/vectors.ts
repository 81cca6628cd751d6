/** Three Cartesian components, Å, or three fractional ones. */
export type Vector = readonly [number, number, number]

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

/** Row vector times 3×3 matrix, rows one after the other. */
export function times(a: Vector, m: ArrayLike<number>): Vector {
  return [0, 1, 2].map(k => a[0] * m[k]! + a[1] * m[3 + k]! + a[2] * m[6 + k]!) as unknown as Vector
}

/** A vector turned about a unit axis (Rodrigues). @param angle rad */
export function turned(a: Vector, axis: Vector, angle: number): Vector {
  const [c, s] = [Math.cos(angle), Math.sin(angle)]
  return add(add(scale(a, c), scale(cross(axis, a), s)), scale(axis, dot(axis, a) * (1 - c)))
}

export function vectorAt(positions: ArrayLike<number>, atom: number): Vector {
  return [positions[3 * atom]!, positions[3 * atom + 1]!, positions[3 * atom + 2]!]
}
