import { type Box, minimumImage } from '../core/box.ts'
import type { NearestImage } from './geometry.ts'

/** Atoms closer than this on a straight line have run into each other, Å: no bond is shorter. */
const COLLISION_A = 0.6
/** Relative ways shorter than this bring no two atoms together that were apart, Å. */
const RELATIVE_WAY_A = 0.5
/** Pieces of the way; within one, a pair keeps its periodic image. */
const PIECES = 8

export interface Meeting {
  readonly i: number
  readonly j: number
  readonly distance_A: number
  /** Of the way, 0 to 1. */
  readonly fraction: number
}

/**
 * The two atoms that come closest while all go straight and evenly, if they come so close that they collide.
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
