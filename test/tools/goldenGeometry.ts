import { type Box, cartesian, createBox, fractional, minimumImage } from '../../src/core/box.ts'
import { bondedNeighbors } from '../../src/core/topology.ts'
import { type RandomSequence, randomSequence, STREAM } from '../../src/rng.ts'

/** A small random arrangement of atoms: what golden data files are written from. */
export interface Geometry {
  readonly box: Box
  /** [N][3] Å, unwrapped */
  readonly positions: number[][]
  /** [N] from 1 */
  readonly types: number[]
  /** [N] e, neutral in total */
  readonly charges: number[]
  readonly bonds: number[][]
  readonly angles: number[][]
  readonly dihedrals: number[][]
  readonly impropers: number[][]
}

export const ORTHORHOMBIC = createBox([13.1, 0, 0, 0, 14.2, 0, 0, 0, 13.6])
export const TRICLINIC = createBox([14.2, 0, 0, 4.1, 13.9, 0, -3.3, 2.7, 14.4])
/** Tilted by more than half an edge: the lattice vectors are not reduced. */
export const SKEWED = createBox([15.3, 0, 0, 10.9, 15.1, 0, -2.1, 9.4, 14.8])

const TYPE_COUNT = 3

/** Atoms without bonds, no two closer than 2 Å. */
export function randomAtoms(seed: number, box: Box, count = 24): Geometry {
  const random = randomSequence(seed, STREAM.build)
  const positions: number[][] = []
  while (positions.length < count) {
    const candidate = randomPoint(random, box)
    if (farFrom(box, positions, candidate, 2)) positions.push(candidate)
  }
  return {
    box,
    positions,
    types: positions.map((_, i) => (i % TYPE_COUNT) + 1),
    charges: randomCharges(random, count),
    bonds: [],
    angles: [],
    dihedrals: [],
    impropers: [],
  }
}

/** Branched molecules grown at random across the faces of the cell, and a few single atoms. */
export function randomMolecules(seed: number, box: Box, sizes: readonly number[] = [11, 9, 1, 1]): Geometry {
  const random = randomSequence(seed, STREAM.build)
  const positions: number[][] = []
  const bonds: number[][] = []
  for (const size of sizes) {
    const first = positions.length
    while (positions.length < first + size) {
      const atom = positions.length
      if (atom === first) {
        const start = randomPoint(random, box)
        if (farFrom(box, positions, start, 2.2)) positions.push(start)
        continue
      }
      // Mostly the previous atom: long enough chains for dihedrals, branched enough for impropers.
      const parent = random.uniform() < 0.45 ? atom - 1 : first + random.integer(atom - first)
      const direction = [random.normal(), random.normal(), random.normal()]
      const length = 1.2 + 0.4 * random.uniform()
      const scale = length / Math.hypot(...direction)
      const candidate = positions[parent]!.map((x, k) => x + scale * direction[k]!)
      const grandparents = bonds
        .filter(bond => bond.includes(parent))
        .map(([a, b]) => (a === parent ? b! : a!))
      const straight = grandparents.some(
        other => cosine(positions[other]!, positions[parent]!, candidate) < -0.95,
      )
      if (straight || !farFrom(box, positions, candidate, 1.8, parent)) continue
      positions.push(candidate)
      bonds.push([parent, atom])
    }
  }
  const neighbors = bondedNeighbors({ bonds: Int32Array.from(bonds.flat()) }, positions.length)
  const angles = neighbors.flatMap((around, j) =>
    around.flatMap((i, a) => around.slice(a + 1).map(k => [i, j, k])),
  )
  const dihedrals = bonds.flatMap(([j, k]) =>
    neighbors[j!]!.filter(i => i !== k).flatMap(i =>
      neighbors[k!]!.filter(l => l !== j && l !== i).map(l => [i, j!, k!, l]),
    ),
  )
  const impropers = neighbors.flatMap((around, i) => (around.length >= 3 ? [[i, ...around.slice(0, 3)]] : []))
  return {
    box,
    positions,
    types: positions.map((_, i) => (i % TYPE_COUNT) + 1),
    charges: randomCharges(random, positions.length),
    bonds,
    angles,
    dihedrals,
    impropers,
  }
}

/** Position inside the cell and the image flags that lead back to where the atom is. */
export function wrapped(box: Box, position: readonly number[]): { inside: number[]; images: number[] } {
  const s = fractional(box, Float64Array.from(position))
  const images = Array.from(s, Math.floor)
  return {
    inside: Array.from(
      cartesian(
        box,
        s.map((value, k) => value - images[k]!),
      ),
    ),
    images,
  }
}

function randomPoint(random: RandomSequence, box: Box): number[] {
  return Array.from(cartesian(box, Float64Array.of(random.uniform(), random.uniform(), random.uniform())))
}

function farFrom(
  box: Box,
  positions: readonly number[][],
  candidate: readonly number[],
  distance: number,
  except = -1,
): boolean {
  return positions.every((position, atom) => {
    const separation = Float64Array.from(position, (x, k) => x - candidate[k]!)
    minimumImage(box, separation)
    return atom === except || Math.hypot(...separation) > distance
  })
}

function cosine(a: readonly number[], center: readonly number[], b: readonly number[]): number {
  const u = a.map((x, k) => x - center[k]!)
  const v = b.map((x, k) => x - center[k]!)
  return u.reduce((sum, x, k) => sum + x * v[k]!, 0) / (Math.hypot(...u) * Math.hypot(...v))
}

/** Two decimals, summing to exactly zero. */
function randomCharges(random: RandomSequence, count: number): number[] {
  const hundredths = Array.from({ length: count }, () => Math.round(120 * (random.uniform() - 0.5)))
  hundredths[0]! -= hundredths.reduce((sum, q) => sum + q, 0)
  return hundredths.map(q => q / 100)
}
