import { SimulationError } from '../errors.ts'

/**
 * The matrix that couples constraints which share an atom, A_kl = c_kl b_k·b_l, and its sparse L·D·Lᵀ factors.
 * Constraints are renumbered so that a bond comes before the bond it hangs from: on a tree-like molecule the factors
 * then have no more entries than the matrix, and a solution costs O(M). Direct solution of the constraint equations
 * of polymers: García-Risueño et al. 2011, https://arxiv.org/abs/1103.4425; ILVES 2025,
 * https://arxiv.org/abs/2503.13075.
 */
export interface Coupling {
  /** [M] original number of the constraint at each place of the elimination order. */
  readonly order: Int32Array
  /** Overwrites the factors with those for these vectors. @param vectors [3M] b, in elimination order */
  factorize(vectors: Float64Array): void
  /** Solves A x = right-hand side in place, [M], in elimination order. */
  solve(rightHandSide: Float64Array): void
}

/** Constraints of each connected cluster, breadth first from any one of them, then reversed: leaves come first. */
function eliminationOrder(neighbors: readonly number[][]): Int32Array {
  const order: number[] = []
  const seen = new Uint8Array(neighbors.length)
  for (let root = 0; root < neighbors.length; root++) {
    if (seen[root]) continue
    seen[root] = 1
    order.push(root)
    for (let head = order.length - 1; head < order.length; head++) {
      for (const next of neighbors[order[head]!]!) {
        if (seen[next]) continue
        seen[next] = 1
        order.push(next)
      }
    }
  }
  return Int32Array.from(order.reverse())
}

/** For each column the rows below the diagonal that are not zero in L, ascending (fill-in included). */
function symbolicFactors(neighbors: readonly number[][], order: Int32Array): number[][] {
  const place = new Int32Array(order.length)
  order.forEach((constraint, k) => {
    place[constraint] = k
  })
  const below = Array.from(order, (constraint, k) => {
    return new Set(neighbors[constraint]!.map(other => place[other]!).filter(row => row > k))
  })
  return below.map((rows, k) => {
    const sorted = [...rows].sort((a, b) => a - b)
    const parent = sorted[0]
    if (parent !== undefined) for (const row of sorted) if (row !== parent) below[parent]!.add(row)
    below[k] = new Set(sorted)
    return sorted
  })
}

/**
 * @param atoms [2M] atom indices; no pair twice
 * @param masses [N] g/mol
 */
export function createCoupling(atoms: Int32Array, masses: Float64Array): Coupling {
  const count = atoms.length / 2
  const touching = new Map<number, number[]>()
  atoms.forEach((atom, end) => {
    const list = touching.get(atom)
    if (list) list.push(end >> 1)
    else touching.set(atom, [end >> 1])
  })
  const neighbors = Array.from({ length: count }, (_, k) =>
    [atoms[2 * k]!, atoms[2 * k + 1]!].flatMap(atom => touching.get(atom)!.filter(other => other !== k)),
  )
  const order = eliminationOrder(neighbors)
  const columns = symbolicFactors(neighbors, order)

  const columnStart = new Int32Array(count + 1)
  columns.forEach((rows, k) => {
    columnStart[k + 1] = columnStart[k]! + rows.length
  })
  const rowOf = Int32Array.from(columns.flat())
  const coefficients = new Float64Array(rowOf.length)
  const diagonalCoefficients = new Float64Array(count)
  // Where each product of two entries of a column goes, in the order in which `factorize` meets them.
  const targets: number[] = []
  columns.forEach((rows, k) => {
    const [i, j] = [atoms[2 * order[k]!]!, atoms[2 * order[k]! + 1]!]
    diagonalCoefficients[k] = 1 / masses[i]! + 1 / masses[j]!
    rows.forEach((row, n) => {
      const [p, q] = [atoms[2 * order[row]!]!, atoms[2 * order[row]! + 1]!]
      let coefficient = 0
      if (i === p) coefficient += 1 / masses[i]!
      if (j === q) coefficient += 1 / masses[j]!
      if (i === q) coefficient -= 1 / masses[i]!
      if (j === p) coefficient -= 1 / masses[j]!
      coefficients[columnStart[k]! + n] = coefficient
      for (const lower of rows.slice(n + 1)) targets.push(columnStart[row]! + columns[row]!.indexOf(lower))
    })
  })
  const target = Int32Array.from(targets)
  const diagonal = new Float64Array(count)
  const lower = new Float64Array(rowOf.length)

  return {
    order,
    factorize(vectors) {
      for (let k = 0; k < count; k++) {
        const x = vectors[3 * k]!
        const y = vectors[3 * k + 1]!
        const z = vectors[3 * k + 2]!
        diagonal[k] = diagonalCoefficients[k]! * (x * x + y * y + z * z)
        for (let e = columnStart[k]!; e < columnStart[k + 1]!; e++) {
          const row = 3 * rowOf[e]!
          lower[e] = coefficients[e]! * (x * vectors[row]! + y * vectors[row + 1]! + z * vectors[row + 2]!)
        }
      }
      let next = 0
      for (let k = 0; k < count; k++) {
        const pivot = diagonal[k]!
        if (!(pivot > 0)) {
          const constraint = order[k]!
          throw new SimulationError({
            message: 'the constraints of one molecule contradict one another or have collapsed',
            where: `bond between atoms ${atoms[2 * constraint]! + 1} and ${atoms[2 * constraint + 1]! + 1}`,
            hint: 'look for atoms on top of one another, or constrain fewer bonds',
          })
        }
        const end = columnStart[k + 1]!
        for (let e = columnStart[k]!; e < end; e++) {
          const factor = lower[e]! / pivot
          diagonal[rowOf[e]!]! -= factor * lower[e]!
          for (let f = e + 1; f < end; f++) {
            const t = target[next++]!
            lower[t]! -= factor * lower[f]!
          }
          lower[e] = factor
        }
      }
    },
    solve(x) {
      for (let k = 0; k < count; k++) {
        const value = x[k]!
        for (let e = columnStart[k]!; e < columnStart[k + 1]!; e++) {
          const row = rowOf[e]!
          x[row]! -= lower[e]! * value
        }
        x[k] = value / diagonal[k]!
      }
      for (let k = count - 1; k >= 0; k--) {
        let value = x[k]!
        for (let e = columnStart[k]!; e < columnStart[k + 1]!; e++) value -= lower[e]! * x[rowOf[e]!]!
        x[k] = value
      }
    },
  }
}
