import { type Box, fractional } from '../../core/box.ts'
import type { Topology } from '../../core/topology.ts'

/** Distance of the centre outside the cell at which a molecule is moved to the other side, as a fraction of the cell. */
const MARGIN = 0.05

/** Returns a function that moves whole molecules by lattice vectors, so that their centres are in the cell or close to it. */
export function createPlacement({ molecules }: Pick<Topology, 'molecules'>) {
  const count = molecules.reduce((largest, m) => Math.max(largest, m + 1), 0)
  const sizes = new Int32Array(count)
  for (const m of molecules) sizes[m]! += 1
  const cells = new Int32Array(3 * count)

  /** @param positions [3N] Å, unwrapped @returns [3N] Å */
  return function place({ matrix, inverse, ...box }: Box, positions: Float64Array): Float32Array {
    const centres = new Float64Array(3 * count)
    molecules.forEach((m, i) => {
      for (let c = 0; c < 3; c++) centres[3 * m + c]! += positions[3 * i + c]! / sizes[m]!
    })
    fractional({ matrix, inverse, ...box }, centres).forEach((s, k) => {
      const within = s - cells[k]!
      if (within < -MARGIN || within > 1 + MARGIN) cells[k] = Math.floor(s)
    })
    const placed = new Float32Array(positions.length)
    molecules.forEach((m, i) => {
      for (let c = 0; c < 3; c++) {
        let x = positions[3 * i + c]!
        for (let k = 0; k < 3; k++) x -= cells[3 * m + k]! * matrix[3 * k + c]!
        placed[3 * i + c] = x
      }
    })
    return placed
  }
}
