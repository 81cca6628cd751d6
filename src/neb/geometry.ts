import { type Box, minimumImage } from '../core/box.ts'

/** A displacement to the nearest periodic image. */
export interface NearestImage {
  /** [3] Å */
  readonly displacement: Float64Array
  /** Å */
  readonly length_A: number
  /** Length of the next shortest image, Å. */
  readonly second_A: number
}

/** The shortest periodic image of a displacement, and the length of the next one; exact unless a cell is very skewed. */
export function nearestImage(box: Box, displacement: Float64Array): NearestImage {
  const start = displacement.slice()
  minimumImage(box, start)
  const { matrix: m } = box
  let best = start
  let length = Number.POSITIVE_INFINITY
  let second = Number.POSITIVE_INFINITY
  for (let a = -1; a <= 1; a++) {
    for (let b = -1; b <= 1; b++) {
      for (let c = -1; c <= 1; c++) {
        const image = start.map((x, k) => x + a * m[k]! + b * m[3 + k]! + c * m[6 + k]!)
        const size = Math.hypot(image[0]!, image[1]!, image[2]!)
        if (size < length) {
          second = length
          length = size
          best = image
        } else if (size < second) second = size
      }
    }
  }
  return { displacement: best, length_A: length, second_A: second }
}

/** Shortest displacement of each atom from one configuration to another. @param from, to [3N] Å */
export function displacementsOf(box: Box, from: Float64Array, to: Float64Array): NearestImage[] {
  return Array.from({ length: from.length / 3 }, (_, atom) =>
    nearestImage(
      box,
      to.slice(3 * atom, 3 * atom + 3).map((x, c) => x - from[3 * atom + c]!),
    ),
  )
}

/** The configuration `to` with each atom in the periodic image nearest to its position in `from`. @param from, to [3N] Å */
export function continueFrom(box: Box, from: Float64Array, to: Float64Array): Float64Array {
  const moves = displacementsOf(box, from, to)
  return from.map((x, k) => x + moves[Math.floor(k / 3)]!.displacement[k % 3]!)
}

/** Two atoms that are close. */
export interface ClosePair {
  readonly i: number
  readonly j: number
  readonly distance_A: number
  /** [3] Å, lattice vector to add to position j − position i for the nearest image. */
  readonly shift: Float64Array
}

/** Pairs (i < j) of atoms closer than `reach_A`, by nearest image. @param positions [3N] Å */
export function closePairs(box: Box, positions: Float64Array, reach_A: number): ClosePair[] {
  const pairs: ClosePair[] = []
  const d = new Float64Array(3)
  for (let i = 0; i < positions.length; i += 3) {
    for (let j = i + 3; j < positions.length; j += 3) {
      for (let c = 0; c < 3; c++) d[c] = positions[j + c]! - positions[i + c]!
      minimumImage(box, d)
      const squared = d[0]! ** 2 + d[1]! ** 2 + d[2]! ** 2
      if (squared < reach_A ** 2) {
        const shift = d.map((x, c) => x - (positions[j + c]! - positions[i + c]!))
        pairs.push({ i: i / 3, j: j / 3, distance_A: Math.sqrt(squared), shift })
      }
    }
  }
  return pairs
}

/** Distance below which two atoms collide, Å: no bond is shorter. */
const COLLISION_A = 0.6
/** Least relative displacement of two atoms that is checked for a collision, Å. */
const RELATIVE_WAY_A = 0.5
/** Number of parts of a displacement; the nearest image of a pair is found once for each part. */
const PIECES = 8

/** The closest approach of two atoms. */
export interface Meeting {
  readonly i: number
  readonly j: number
  readonly distance_A: number
  /** Fraction of the way, 0 to 1. */
  readonly fraction: number
}

/**
 * The two atoms that come closest while all atoms move along straight lines at the same time; null without a collision.
 * @param from [3N] Å @param ways [N]
 */
export function closestApproach(box: Box, from: Float64Array, ways: readonly NearestImage[]): Meeting | null {
  let best: Meeting | null = null
  const start = new Float64Array(3)
  const moving = ways.flatMap((way, atom) => (way.length_A > RELATIVE_WAY_A / 2 ? [atom] : []))
  const isMoving = new Set(moving)
  for (const i of moving) {
    for (let j = 0; j < ways.length; j++) {
      if (j === i || (isMoving.has(j) && j < i)) continue
      const way = ways[j]!.displacement.map((x, c) => x - ways[i]!.displacement[c]!)
      const squared = way[0]! ** 2 + way[1]! ** 2 + way[2]! ** 2
      if (squared < RELATIVE_WAY_A ** 2) continue
      for (let piece = 0; piece < PIECES; piece++) {
        for (let c = 0; c < 3; c++) {
          start[c] = from[3 * j + c]! - from[3 * i + c]! + (piece / PIECES) * way[c]!
        }
        minimumImage(box, start)
        const along = -(start[0]! * way[0]! + start[1]! * way[1]! + start[2]! * way[2]!) / squared
        const step = Math.min(Math.max(along, 0), 1 / PIECES)
        const distance_A = Math.hypot(...start.map((x, c) => x + step * way[c]!))
        if (distance_A < (best?.distance_A ?? COLLISION_A)) {
          best = { i: Math.min(i, j), j: Math.max(i, j), distance_A, fraction: piece / PIECES + step }
        }
      }
    }
  }
  return best
}
