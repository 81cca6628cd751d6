/** Covalent bonds and the molecules that they form; angles, dihedrals and exclusions are derived from it. */
export interface Topology {
  /** [2M] atom indices of each covalent bond. */
  readonly bonds: Int32Array
  /** [M] bond order: 1 single, 2 double, 3 triple. */
  readonly bondOrders: Uint8Array
  /** [N] molecule (connected component) of each atom, numbered from 0 in order of first atom. */
  readonly molecules: Int32Array
}

/** Pairs that are one, two or three bonds apart: their non-bonded interactions are scaled. */
export interface SpecialPairs {
  /** [2S] atom indices, i < j, sorted. */
  readonly pairs: Int32Array
  /** [S] number of bonds on the shortest path: 1, 2 or 3. */
  readonly separation: Uint8Array
}

/** Neighbours of each atom along bonds, in ascending order. */
export function bondedNeighbors(topology: Pick<Topology, 'bonds'>, atomCount: number): number[][] {
  const neighbors: number[][] = Array.from({ length: atomCount }, () => [])
  for (let k = 0; k < topology.bonds.length; k += 2) {
    const i = topology.bonds[k]!
    const j = topology.bonds[k + 1]!
    neighbors[i]!.push(j)
    neighbors[j]!.push(i)
  }
  for (const list of neighbors) list.sort((a, b) => a - b)
  return neighbors
}

/** The topology of a list of bonds. @param bonds [2M] atom indices @param bondOrders [M]. Default: single bonds. */
export function createTopology(
  atomCount: number,
  bonds: ArrayLike<number>,
  bondOrders?: ArrayLike<number>,
): Topology {
  const bondArray = Int32Array.from(bonds)
  const orders = bondOrders ? Uint8Array.from(bondOrders) : new Uint8Array(bondArray.length / 2).fill(1)
  const neighbors = bondedNeighbors({ bonds: bondArray }, atomCount)
  const molecules = new Int32Array(atomCount).fill(-1)
  let count = 0
  for (let start = 0; start < atomCount; start++) {
    if (molecules[start] !== -1) continue
    const stack = [start]
    molecules[start] = count
    while (stack.length > 0) {
      for (const next of neighbors[stack.pop()!]!) {
        if (molecules[next] !== -1) continue
        molecules[next] = count
        stack.push(next)
      }
    }
    count++
  }
  return { bonds: bondArray, bondOrders: orders, molecules }
}

/** All pairs of atoms within three bonds, each once, with the number of bonds on the shortest path. */
export function specialPairs(topology: Topology, atomCount: number): SpecialPairs {
  const neighbors = bondedNeighbors(topology, atomCount)
  const pairs: number[] = []
  const separation: number[] = []
  for (let i = 0; i < atomCount; i++) {
    const distance = new Map<number, number>([[i, 0]])
    let shell = [i]
    for (let depth = 1; depth <= 3; depth++) {
      const next: number[] = []
      for (const atom of shell) {
        for (const j of neighbors[atom]!) {
          if (distance.has(j)) continue
          distance.set(j, depth)
          next.push(j)
        }
      }
      shell = next
    }
    for (const [j, depth] of [...distance].sort((a, b) => a[0] - b[0])) {
      if (j <= i) continue
      pairs.push(i, j)
      separation.push(depth)
    }
  }
  return { pairs: Int32Array.from(pairs), separation: Uint8Array.from(separation) }
}

/** Disjoint sets of the numbers 0 … count − 1, each alone at first. */
export function disjointSets(count: number): {
  /** Joins the sets that contain a and b. */
  join(a: number, b: number): void
  /** Returns the representative of the set that contains k: the same number for all members. */
  root(k: number): number
} {
  const parent = Int32Array.from({ length: count }, (_, k) => k)
  const root = (k: number): number => {
    let top = k
    while (parent[top] !== top) top = parent[top]!
    parent[k] = top
    return top
  }
  return {
    join(a, b) {
      parent[root(a)] = root(b)
    },
    root,
  }
}
