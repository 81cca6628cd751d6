import { disjointSets } from '../core/topology.ts'
import { checkFrames, type Frames, visitPairs } from './structure.ts'

/** Clusters of one composition. */
export interface ClusterKind {
  readonly cations: number
  readonly anions: number
  /** Mean number of such clusters in one frame. */
  readonly perFrame: number
  /** Fraction of all cations in such clusters. */
  readonly cationFraction: number
}

/** Fractions of ions by the size of their cluster; the three fractions of cations add up to 1. */
export interface IonClusters {
  /** Fraction of cations that touch no anion. */
  readonly free: number
  /** Fraction of cations in pairs of one cation and one anion that touch no other ion. */
  readonly contactPair: number
  /** Fraction of cations in larger clusters. */
  readonly aggregate: number
  /** Fraction of anions that touch no cation. */
  readonly freeAnions: number
  /** Number of ions in the cluster of a cation, mean over cations. */
  readonly meanSize: number
  /** Mean fraction of all ions in the largest cluster of a frame; near 1: the ions percolate. */
  readonly largest: number
  /** Clusters by composition, the one with most cations first. */
  readonly kinds: readonly ClusterKind[]
}

/**
 * Connected clusters of the graph in which a cation and an anion are joined when any site of the anion is within the
 * cut-off: a pair whose anion holds a second cation is an aggregate.
 * @param anions atoms of each anion that count as contact sites
 * @throws UserError when the cut-off is beyond half the cell
 */
export function ionClusters(
  frames: Frames,
  cations: ArrayLike<number>,
  anions: readonly ArrayLike<number>[],
  cutoff_A: number,
): IonClusters {
  checkFrames(frames, cutoff_A)
  const sites = anions.flatMap(atoms => Array.from(atoms))
  const anionOf = anions.flatMap((atoms, anion) => Array.from(atoms, () => anion))
  const frameCount = frames.positions.shape[0]!
  const ions = cations.length + anions.length
  const counts = new Map<string, { cations: number; anions: number; clusters: number }>()
  let weightedSize = 0
  let largest = 0
  for (let frame = 0; frame < frameCount; frame++) {
    const { join, root } = disjointSets(ions)
    visitPairs(frames, frame, cations, sites, cutoff_A, (i, j) => join(i, cations.length + anionOf[j]!))
    const members = new Map<number, { cations: number; anions: number }>()
    for (let ion = 0; ion < ions; ion++) {
      const cluster = members.get(root(ion)) ?? { cations: 0, anions: 0 }
      cluster[ion < cations.length ? 'cations' : 'anions']++
      members.set(root(ion), cluster)
    }
    let size = 0
    for (const cluster of members.values()) {
      const key = `${cluster.cations} ${cluster.anions}`
      const kind = counts.get(key) ?? { ...cluster, clusters: 0 }
      kind.clusters++
      counts.set(key, kind)
      weightedSize += cluster.cations * (cluster.cations + cluster.anions)
      size = Math.max(size, cluster.cations + cluster.anions)
    }
    largest += size / ions / frameCount
  }
  const kinds = [...counts.values()]
    .map(({ clusters, ...kind }) => ({
      ...kind,
      perFrame: clusters / frameCount,
      cationFraction: (clusters * kind.cations) / (frameCount * cations.length),
    }))
    .sort((a, b) => b.cationFraction - a.cationFraction || b.perFrame - a.perFrame)
  const of = (c: number, a: number) => kinds.find(kind => kind.cations === c && kind.anions === a)
  const free = of(1, 0)?.cationFraction ?? 0
  const contactPair = of(1, 1)?.cationFraction ?? 0
  return {
    free,
    contactPair,
    aggregate: Math.max(0, 1 - free - contactPair),
    freeAnions: (of(0, 1)?.perFrame ?? 0) / anions.length,
    meanSize: weightedSize / (frameCount * cations.length),
    largest,
    kinds,
  }
}
