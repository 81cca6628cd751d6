import { type Box, fractional } from '../core/box.ts'
import { cross, dot, scale, subtract, type Vector, vector, vectorAt } from './vectors.ts'

/** Three integers. */
export type Triple = readonly [number, number, number]

/** The primitive lattice of a crystal whose cell may contain several primitive cells. */
export interface PrimitiveLattice {
  /** Primitive lattice vectors as multiples of 1/order of those of the cell. */
  readonly basis: readonly [Triple, Triple, Triple]
  /** Number of lattice points in the cell. */
  readonly order: number
  /** Atoms of one primitive cell: the first of each set of atoms that are lattice translations of each other. */
  readonly atoms: readonly number[]
}

/** Tolerance within which a translation maps an atom onto another, Å. */
const SAME_PLACE_A = 1e-3

/**
 * Finds the primitive lattice: all translations that map each atom onto an atom with the same label.
 * @param labels [N] @param positions [3N] Å
 */
export function primitiveLattice(
  box: Box,
  labels: readonly string[],
  positions: Float64Array,
): PrimitiveLattice {
  const s = fractional(box, positions)
  const byLabel = new Map<string, number[]>()
  labels.forEach((label, i) => {
    byLabel.set(label, [...(byLabel.get(label) ?? []), i])
  })
  const fewest = [...byLabel.values()].reduce((best, atoms) => (atoms.length < best.length ? atoms : best))
  const first = fewest[0]!
  const at = (i: number) => vectorAt(s, i)
  const image = (i: number, by: Vector) =>
    byLabel.get(labels[i]!)!.find(j => isLattice(box, subtract(subtract(at(j), at(i)), by)))
  const translations = fewest
    .map(j => subtract(at(j), at(first)))
    .filter(by => labels.every((_, i) => image(i, by) !== undefined))
  const order = translations.length
  const rows: Triple[] = [
    ...translations.map(by => vector(k => Math.round(by[k]! * order))),
    [order, 0, 0],
    [0, order, 0],
    [0, 0, order],
  ]
  const seen = new Set<number>()
  const atoms = labels.flatMap((_, i) => {
    if (seen.has(i)) return []
    for (const by of translations) seen.add(image(i, by)!)
    return [i]
  })
  return { basis: echelon(rows), order, atoms }
}

/** True if a fractional vector is a lattice vector of the cell, within the tolerance. */
function isLattice(box: Box, [a, b, c]: Vector): boolean {
  const m = box.matrix
  const [x, y, z] = [a - Math.round(a), b - Math.round(b), c - Math.round(c)]
  return [0, 1, 2].every(k => Math.abs(x * m[k]! + y * m[3 + k]! + z * m[6 + k]!) < SAME_PLACE_A)
}

/** A triangular basis of the lattice that integer vectors of rank 3 span (Hermite normal form). */
function echelon(vectors: readonly Triple[]): [Triple, Triple, Triple] {
  let rows = [...vectors]
  const pivotOf = (column: number): Triple => {
    // Euclid's algorithm on all rows at once leaves the greatest common divisor in one of them.
    for (;;) {
      const used = rows.filter(row => row[column] !== 0)
      const pivot = used.reduce((best, row) =>
        Math.abs(row[column]!) < Math.abs(best[column]!) ? row : best,
      )
      rows = rows.map(row => {
        const times = row === pivot ? 0 : Math.round(row[column]! / pivot[column]!)
        return times === 0 ? row : combine(row, pivot, -times)
      })
      if (rows.every(row => row === pivot || row[column] === 0)) {
        rows = rows.filter(row => row !== pivot)
        return pivot
      }
    }
  }
  return [pivotOf(0), pivotOf(1), pivotOf(2)]
}

function combine(a: Triple, b: Triple, times: number): Triple {
  return [a[0] + times * b[0], a[1] + times * b[1], a[2] + times * b[2]]
}

/** Two lattice vectors in a plane and one to the next lattice plane, as multiples of a basis. */
export interface PlaneBasis {
  readonly inPlane: readonly [Triple, Triple]
  readonly up: Triple
}

/** A lattice basis for a plane. @param indices indices of the plane in the reciprocal basis, without a common divisor */
export function planeBasis(indices: Triple): PlaneBasis {
  let rows: { vector: Triple; height: number }[] = [
    { vector: [1, 0, 0], height: indices[0] },
    { vector: [0, 1, 0], height: indices[1] },
    { vector: [0, 0, 1], height: indices[2] },
  ]
  for (;;) {
    const used = rows.filter(row => row.height !== 0)
    const pivot = used.reduce((best, row) => (Math.abs(row.height) < Math.abs(best.height) ? row : best))
    if (used.length === 1) {
      const [first, second] = rows.filter(row => row !== pivot)
      const up = pivot.height > 0 ? pivot.vector : combine([0, 0, 0], pivot.vector, -1)
      return { inPlane: [first!.vector, second!.vector], up }
    }
    rows = rows.map(row => {
      const times = row === pivot ? 0 : Math.trunc(row.height / pivot.height)
      return { vector: combine(row.vector, pivot.vector, -times), height: row.height - times * pivot.height }
    })
  }
}

/**
 * The shortest two vectors of a plane lattice (Lagrange–Gauss reduction): orthogonal in a rectangular lattice, at 120° in
 * a hexagonal one.
 * @param normal u, v and this vector are right-handed
 */
export function reducedPair(a: Vector, b: Vector, normal: Vector): [Vector, Vector] {
  let [u, v] = dot(a, a) <= dot(b, b) ? [a, b] : [b, a]
  for (;;) {
    v = subtract(v, scale(u, Math.round(dot(u, v) / dot(u, u))))
    if (dot(v, v) >= dot(u, u) * (1 - ROUND_OFF)) break
    ;[u, v] = [v, u]
  }
  if (dot(cross(u, v), normal) < 0) v = scale(v, -1)
  const hexagonal = Math.abs(dot(u, v) / dot(u, u) - 0.5) < ROUND_OFF
  return [u, hexagonal ? subtract(v, u) : v]
}

const ROUND_OFF = 1e-6

export function greatestCommonDivisor(values: readonly number[]): number {
  return values.reduce((a, b) => {
    let [x, y] = [Math.abs(a), Math.abs(b)]
    while (y !== 0) [x, y] = [y, x % y]
    return x
  }, 0)
}
