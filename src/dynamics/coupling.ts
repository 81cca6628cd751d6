import { SimulationError } from '../errors.ts'

/**
 * The matrix that couples constraints with a common atom, A_kl = c_kl b_k·b_l, and its sparse L·D·Lᵀ factors. The
 * constraints are ordered from the ends of a molecule to its root: for a tree-like molecule the factors then have no more
 * entries than the matrix, and a solution costs O(M). Direct solution of the constraint equations of polymers:
 * García-Risueño et al. 2011, https://arxiv.org/abs/1103.4425; ILVES 2025, https://arxiv.org/abs/2503.13075.
 */
export interface Coupling {
  /** [M] original number of the constraint at each place of the elimination order. */
  readonly order: Int32Array
  /** Computes the factors for given bond vectors. @param vectors [3M] b, in elimination order */
  factorize(vectors: Float64Array): void
  /** Solves A x = right-hand side in place, [M], in elimination order. */
  solve(rightHandSide: Float64Array): void
}

/**
 * The elimination order: breadth first from one constraint of each connected cluster, all clusters together, then
 * reversed. Leaves come first, and consecutive constraints mostly belong to different molecules, so that a processor can
 * compute them at the same time.
 */
function eliminationOrder(neighbors: readonly number[][]): Int32Array {
  const roots: number[] = []
  const spread = (from: readonly number[], seen: Uint8Array): number[] => {
    const order = [...from]
    for (const constraint of from) seen[constraint] = 1
    for (let head = 0; head < order.length; head++) {
      for (const next of neighbors[order[head]!]!) {
        if (seen[next]) continue
        seen[next] = 1
        order.push(next)
      }
    }
    return order
  }
  const known = new Uint8Array(neighbors.length)
  for (let root = 0; root < neighbors.length; root++) {
    if (known[root]) continue
    roots.push(root)
    spread([root], known)
  }
  return Int32Array.from(spread(roots, new Uint8Array(neighbors.length)).reverse())
}

/** The rows below the diagonal that are not zero in each column of L, ascending (fill-in included). */
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
 * Creates the coupling of a set of constraints.
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
  const entryCount = columnStart[count]!
  const coefficients = new Float64Array(entryCount)
  const diagonalCoefficients = new Float64Array(count)
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
  const pattern: Pattern = {
    columnStart,
    rowOf: Int32Array.from(columns.flat()),
    coefficients,
    diagonalCoefficients,
    target: Int32Array.from(targets),
  }
  const factors: Factors = { inverseDiagonal: new Float64Array(count), lower: new Float64Array(entryCount) }
  return {
    order,
    factorize(vectors) {
      const failed = factorize(pattern, factors, vectors)
      if (failed < 0) return
      const constraint = order[failed]!
      throw new SimulationError({
        message: 'the constraints of one molecule contradict each other, or a bond has length zero',
        where: `bond between atoms ${atoms[2 * constraint]! + 1} and ${atoms[2 * constraint + 1]! + 1}`,
        hint: 'look for atoms on top of one another, or constrain fewer bonds',
      })
    },
    solve: rightHandSide => solve(pattern, factors, rightHandSide),
  }
}

/** Non-zero entries of the matrix below the diagonal, column by column, and their sources. */
interface Pattern {
  /** [M+1] */
  readonly columnStart: Int32Array
  /** [E] */
  readonly rowOf: Int32Array
  /** [E] A_kl = coefficient · b_k·b_l */
  readonly coefficients: Float64Array
  /** [M] */
  readonly diagonalCoefficients: Float64Array
  /** Index in `lower` of each product of two entries of a column, in the order of `factorize`. */
  readonly target: Int32Array
}

interface Factors {
  /** [M] 1/D */
  readonly inverseDiagonal: Float64Array
  /** [E] L without its unit diagonal. */
  readonly lower: Float64Array
}

/** Computes L·D·Lᵀ in place. @returns the first column with a pivot that is not positive, or −1 */
function factorize(pattern: Pattern, factors: Factors, vectors: Float64Array): number {
  const { columnStart, rowOf, coefficients, diagonalCoefficients, target } = pattern
  const { inverseDiagonal: diagonal, lower } = factors
  const count = diagonal.length
  for (let k = 0, e = 0; k < count; k++) {
    const x = vectors[3 * k]!
    const y = vectors[3 * k + 1]!
    const z = vectors[3 * k + 2]!
    diagonal[k] = diagonalCoefficients[k]! * (x * x + y * y + z * z)
    const end = columnStart[k + 1]!
    for (; e < end; e++) {
      const row = 3 * rowOf[e]!
      lower[e] = coefficients[e]! * (x * vectors[row]! + y * vectors[row + 1]! + z * vectors[row + 2]!)
    }
  }
  for (let k = 0, e = 0, next = 0; k < count; k++) {
    const pivot = diagonal[k]!
    if (!(pivot > 0)) return k
    const perPivot = 1 / pivot
    diagonal[k] = perPivot
    const end = columnStart[k + 1]!
    for (; e < end; e++) {
      const entry = lower[e]!
      const factor = entry * perPivot
      diagonal[rowOf[e]!]! -= factor * entry
      for (let f = e + 1; f < end; f++) lower[target[next++]!]! -= factor * lower[f]!
      lower[e] = factor
    }
  }
  return -1
}

/** Solves L·D·Lᵀ x = right-hand side in place. */
function solve({ columnStart, rowOf }: Pattern, { inverseDiagonal, lower }: Factors, x: Float64Array): void {
  const count = inverseDiagonal.length
  for (let k = 0, e = 0; k < count; k++) {
    const value = x[k]!
    const end = columnStart[k + 1]!
    for (; e < end; e++) x[rowOf[e]!]! -= lower[e]! * value
    x[k] = value * inverseDiagonal[k]!
  }
  for (let k = count - 1, e = rowOf.length - 1; k >= 0; k--) {
    let value = x[k]!
    const start = columnStart[k]!
    for (; e >= start; e--) value -= lower[e]! * x[rowOf[e]!]!
    x[k] = value
  }
}
