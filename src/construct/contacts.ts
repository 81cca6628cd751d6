import type { Vector } from './vectors.ts'

/** Atoms of a rectangular periodic box sorted into cells, to find the nearest one to a point. */
export interface ContactGrid {
  /** Adds the atom with its current position. */
  add(atom: number): void
  /** Takes back the most recently added atoms down to a number of atoms. */
  shrink(atomCount: number): void
  readonly atomCount: number
  /** Distance from an atom's position to the nearest other one within reach, Å; Infinity when there is none. */
  nearest(atom: number, ignore: (other: number) => boolean): number
}

/**
 * @param positions [3N] Å, unwrapped; read when an atom is added or asked about
 * @param edges_A of the box
 * @param reach_A largest distance of interest
 */
export function createContactGrid(positions: Float64Array, edges_A: Vector, reach_A: number): ContactGrid {
  const axis = (c: 0 | 1 | 2): Axis => {
    const edge = edges_A[c]
    const count = Math.max(1, Math.floor(edge / reach_A))
    return {
      count,
      // With fewer than three cells per edge, all are neighbours, and each must be visited once.
      offsets: count < 3 ? Array.from({ length: count }, (_, k) => k) : [-1, 0, 1],
      cellOf(atom: number) {
        const scaled = positions[3 * atom + c]! / edge
        return Math.min(count - 1, Math.floor((scaled - Math.floor(scaled)) * count))
      },
    }
  }
  const [alongX, alongY, alongZ] = [axis(0), axis(1), axis(2)]
  const [edgeX, edgeY, edgeZ] = edges_A
  const cellAt = (x: number, y: number, z: number) => (x * alongY.count + y) * alongZ.count + z
  const cells = new Map<number, number[]>()
  /** The cell of each atom in the order of adding. */
  const history: number[] = []

  return {
    add(atom) {
      const cell = cellAt(alongX.cellOf(atom), alongY.cellOf(atom), alongZ.cellOf(atom))
      const members = cells.get(cell)
      if (members) members.push(atom)
      else cells.set(cell, [atom])
      history.push(cell)
    },
    shrink(atomCount) {
      while (history.length > atomCount) cells.get(history.pop()!)!.pop()
    },
    get atomCount() {
      return history.length
    },
    nearest(atom, ignore) {
      const [px, py, pz] = [positions[3 * atom]!, positions[3 * atom + 1]!, positions[3 * atom + 2]!]
      const [x, y, z] = [alongX.cellOf(atom), alongY.cellOf(atom), alongZ.cellOf(atom)]
      let best = reach_A ** 2
      let found = false
      for (const i of alongX.offsets) {
        for (const j of alongY.offsets) {
          for (const k of alongZ.offsets) {
            const cell = cellAt(wrap(x + i, alongX), wrap(y + j, alongY), wrap(z + k, alongZ))
            for (const other of cells.get(cell) ?? []) {
              if (other === atom || ignore(other)) continue
              const distance2 =
                nearestImage(positions[3 * other]! - px, edgeX) ** 2 +
                nearestImage(positions[3 * other + 1]! - py, edgeY) ** 2 +
                nearestImage(positions[3 * other + 2]! - pz, edgeZ) ** 2
              if (distance2 <= best) {
                best = distance2
                found = true
              }
            }
          }
        }
      }
      return found ? Math.sqrt(best) : Number.POSITIVE_INFINITY
    },
  }
}

interface Axis {
  /** Number of cells. */
  readonly count: number
  readonly offsets: readonly number[]
  cellOf(atom: number): number
}

const wrap = (cell: number, { count }: Axis) => (cell + count) % count

const nearestImage = (delta: number, edge: number) => delta - edge * Math.round(delta / edge)
