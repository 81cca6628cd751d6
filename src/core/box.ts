import { UserError } from '../errors.ts'

/**
 * A periodic cell. `matrix` holds the lattice vectors a, b, c as rows (9 numbers, Å); every right-handed cell is
 * allowed. `inverse` maps Cartesian to fractional: s = r · inverse (row vectors).
 */
export interface Box {
  readonly matrix: Float64Array
  readonly inverse: Float64Array
  /** Volume, Å³. */
  readonly volume: number
  /** Distances between opposite faces along a, b, c, Å; limits for cut-offs. */
  readonly heights: readonly [number, number, number]
}

/**
 * The cell of three lattice vectors.
 * @param matrix lattice vectors as rows, 9 numbers, Å
 * @throws UserError when the cell is flat, left-handed or not finite
 */
export function createBox(matrix: ArrayLike<number>): Box {
  const m = Float64Array.from(matrix)
  const [ax = 0, ay = 0, az = 0, bx = 0, by = 0, bz = 0, cx = 0, cy = 0, cz = 0] = m
  const crossBC = [by * cz - bz * cy, bz * cx - bx * cz, bx * cy - by * cx] as const
  const crossCA = [cy * az - cz * ay, cz * ax - cx * az, cx * ay - cy * ax] as const
  const crossAB = [ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx] as const
  const volume = ax * crossBC[0] + ay * crossBC[1] + az * crossBC[2]
  if (m.length !== 9 || !(volume > 0) || !Number.isFinite(volume)) {
    throw new UserError({
      message: `the cell has volume ${volume} Å³`,
      hint: 'give three right-handed, linearly independent lattice vectors in Å',
    })
  }
  const inverse = new Float64Array(9)
  for (let k = 0; k < 3; k++) {
    inverse[3 * k] = crossBC[k]! / volume
    inverse[3 * k + 1] = crossCA[k]! / volume
    inverse[3 * k + 2] = crossAB[k]! / volume
  }
  const height = (cross: readonly [number, number, number]) => volume / Math.hypot(...cross)
  return { matrix: m, inverse, volume, heights: [height(crossBC), height(crossCA), height(crossAB)] }
}

/** A rectangular cell with edges in Å. */
export function orthorhombicBox(a: number, b: number, c: number): Box {
  return createBox([a, 0, 0, 0, b, 0, 0, 0, c])
}

/** The cell with all lengths multiplied by a factor. */
export function scaleBox(box: Box, factor: number): Box {
  return createBox(box.matrix.map(value => value * factor))
}

/**
 * Replaces a displacement in place by its image with fractional coordinates in [−½, ½).
 * This is the nearest image for separations up to half of the smallest height of the cell.
 */
export function minimumImage(box: Box, displacement: Float64Array): void {
  const { matrix: m, inverse: w } = box
  const x = displacement[0]!
  const y = displacement[1]!
  const z = displacement[2]!
  const sa = Math.round(x * w[0]! + y * w[3]! + z * w[6]!)
  const sb = Math.round(x * w[1]! + y * w[4]! + z * w[7]!)
  const sc = Math.round(x * w[2]! + y * w[5]! + z * w[8]!)
  displacement[0] = x - sa * m[0]! - sb * m[3]! - sc * m[6]!
  displacement[1] = y - sa * m[1]! - sb * m[4]! - sc * m[7]!
  displacement[2] = z - sa * m[2]! - sb * m[5]! - sc * m[8]!
}

/** True when a displacement is the one that `minimumImage` gives. @param dx, dy, dz Å */
export function isNearestImage(box: Box, dx: number, dy: number, dz: number): boolean {
  const w = box.inverse
  return [0, 1, 2].every(k => Math.round(dx * w[k]! + dy * w[3 + k]! + dz * w[6 + k]!) === 0)
}

/** Fractional coordinates of every position. @param positions [3N] Å @returns [3N] */
export function fractional(box: Box, positions: Float64Array): Float64Array {
  const w = box.inverse
  const result = new Float64Array(positions.length)
  for (let i = 0; i < positions.length; i += 3) {
    const x = positions[i]!
    const y = positions[i + 1]!
    const z = positions[i + 2]!
    for (let k = 0; k < 3; k++) result[i + k] = x * w[k]! + y * w[3 + k]! + z * w[6 + k]!
  }
  return result
}

/** Cartesian coordinates. @param coordinates [3N] fractional @returns [3N] Å */
export function cartesian(box: Box, coordinates: Float64Array): Float64Array {
  const m = box.matrix
  const result = new Float64Array(coordinates.length)
  for (let i = 0; i < coordinates.length; i += 3) {
    const a = coordinates[i]!
    const b = coordinates[i + 1]!
    const c = coordinates[i + 2]!
    for (let k = 0; k < 3; k++) result[i + k] = a * m[k]! + b * m[3 + k]! + c * m[6 + k]!
  }
  return result
}

/** Positions wrapped into the cell [0, 1)³. @param positions [3N] Å, unwrapped @returns [3N] Å */
export function wrapPositions(box: Box, positions: Float64Array): Float64Array {
  const s = fractional(box, positions)
  for (let k = 0; k < s.length; k++) s[k] = s[k]! - Math.floor(s[k]!)
  return cartesian(box, s)
}

/** The widest gap between atoms along a cell vector, Å, and the fraction at its middle. @param fractions [3N] */
export function widestGap(
  box: Box,
  fractions: Float64Array,
  axis: number,
): { width_A: number; middle: number } {
  const heights = fractions.filter((_, k) => k % 3 === axis)
  const sorted = heights.map(s => s - Math.floor(s)).sort()
  const gaps = Array.from(sorted, (s, k) => (sorted[k + 1] ?? sorted[0]! + 1) - s)
  const widest = gaps.indexOf(Math.max(...gaps))
  return { width_A: gaps[widest]! * box.heights[axis]!, middle: sorted[widest]! + gaps[widest]! / 2 }
}

/** Positions moved by whole cells along one cell vector, so that none lies beyond a fraction. @param positions [3N] Å */
export function joinedAt(box: Box, positions: Float64Array, axis: number, fraction: number): Float64Array {
  const fractions = fractional(box, positions)
  return positions.map((x, k) => {
    const cells = Math.floor(fractions[3 * Math.floor(k / 3) + axis]! - fraction + 1)
    return x - cells * box.matrix[3 * axis + (k % 3)]!
  })
}
