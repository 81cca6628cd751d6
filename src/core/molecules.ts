import { type Box, fractional, minimumImage } from './box.ts'
import { bondedNeighbors, type Topology } from './topology.ts'

/**
 * Indices of the bonds whose atoms are not each other's nearest images. After `makeMoleculesWhole` these close networks
 * across the boundary of the cell.
 * @param bonds [2M] atom indices @param positions [3N] Å
 */
export function crossingBonds(bonds: Int32Array, box: Box, positions: Float64Array): number[] {
  const crossing: number[] = []
  const displacement = new Float64Array(3)
  for (let k = 0; k < bonds.length; k += 2) {
    for (let axis = 0; axis < 3; axis++) {
      displacement[axis] = positions[3 * bonds[k]! + axis]! - positions[3 * bonds[k + 1]! + axis]!
    }
    const before = displacement.slice()
    minimumImage(box, displacement)
    if (displacement.some((value, axis) => Math.abs(value - before[axis]!) > 1e-6)) crossing.push(k / 2)
  }
  return crossing
}

/**
 * Moves atoms by lattice vectors, in place, until bonded atoms are nearest images. Molecules that are already whole keep
 * their positions to the last bit. A network that is bonded to its own image cannot be whole: the bonds that close it
 * stay across the boundary.
 * @param positions [3N] Å
 */
export function makeMoleculesWhole(
  topology: Pick<Topology, 'bonds'>,
  box: Box,
  positions: Float64Array,
): void {
  const atomCount = positions.length / 3
  const neighbors = bondedNeighbors(topology, atomCount)
  const placed = new Uint8Array(atomCount)
  const displacement = new Float64Array(3)
  for (let start = 0; start < atomCount; start++) {
    if (placed[start]) continue
    placed[start] = 1
    const stack = [start]
    while (stack.length > 0) {
      const i = stack.pop()!
      for (const j of neighbors[i]!) {
        if (placed[j]) continue
        placed[j] = 1
        stack.push(j)
        const original = [0, 1, 2].map(k => positions[3 * j + k]! - positions[3 * i + k]!)
        for (let k = 0; k < 3; k++) displacement[k] = original[k]!
        minimumImage(box, displacement)
        for (let k = 0; k < 3; k++) {
          const shift = displacement[k]! - original[k]!
          if (shift !== 0) positions[3 * j + k]! += shift
        }
      }
    }
  }
}

/**
 * Returns a function that moves whole molecules by lattice vectors, so that their centres are in the cell or
 * close to it.
 * @param margin distance of a centre outside the cell from which its molecule is moved, as a fraction of the cell
 */
export function createPlacement({ molecules }: Pick<Topology, 'molecules'>, margin = 0) {
  const count = molecules.reduce((largest, m) => Math.max(largest, m + 1), 0)
  const sizes = new Int32Array(count)
  for (const m of molecules) sizes[m]! += 1
  const cells = new Int32Array(3 * count)

  /** @param positions [3N] Å, unwrapped @returns [3N] Å */
  return function place({ matrix, inverse, ...box }: Box, positions: Float64Array): Float64Array {
    const centres = new Float64Array(3 * count)
    molecules.forEach((m, i) => {
      for (let c = 0; c < 3; c++) centres[3 * m + c]! += positions[3 * i + c]! / sizes[m]!
    })
    fractional({ matrix, inverse, ...box }, centres).forEach((s, k) => {
      const within = s - cells[k]!
      if (within < -margin || within > 1 + margin) cells[k] = Math.floor(s)
    })
    const placed = new Float64Array(positions.length)
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
