/** Atoms of a cubic periodic box sorted into cells, to find the nearest one to a point. */
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
 * @param edge_A edge of the box
 * @param reach_A largest distance of interest
 */
export function createContactGrid(positions: Float64Array, edge_A: number, reach_A: number): ContactGrid {
  const perEdge = Math.max(1, Math.floor(edge_A / reach_A))
  const cells = new Map<number, number[]>()
  /** The cell of each atom in the order of adding. */
  const history: number[] = []
  const cellAlong = (value: number) => {
    const scaled = value / edge_A
    return Math.min(perEdge - 1, Math.floor((scaled - Math.floor(scaled)) * perEdge))
  }
  // With fewer than three cells per edge, all are neighbours, and each must be visited once.
  const offsets = perEdge < 3 ? Array.from({ length: perEdge }, (_, k) => k) : [-1, 0, 1]
  const wrap = (cell: number) => (cell + perEdge) % perEdge

  return {
    add(atom) {
      const [x, y, z] = [0, 1, 2].map(c => cellAlong(positions[3 * atom + c]!)) as [number, number, number]
      const cell = (x * perEdge + y) * perEdge + z
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
      const [x, y, z] = [cellAlong(px), cellAlong(py), cellAlong(pz)]
      let best = reach_A ** 2
      let found = false
      for (const i of offsets) {
        for (const j of offsets) {
          for (const k of offsets) {
            const cell = (wrap(x + i) * perEdge + wrap(y + j)) * perEdge + wrap(z + k)
            for (const other of cells.get(cell) ?? []) {
              if (other === atom || ignore(other)) continue
              const distance2 =
                nearestImage(positions[3 * other]! - px, edge_A) ** 2 +
                nearestImage(positions[3 * other + 1]! - py, edge_A) ** 2 +
                nearestImage(positions[3 * other + 2]! - pz, edge_A) ** 2
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

const nearestImage = (delta: number, edge: number) => delta - edge * Math.round(delta / edge)
