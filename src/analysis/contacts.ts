import { disjointSets } from '../core/topology.ts'
import { createAutocorrelation, type Decay, decayTime } from './correlate.ts'
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
  /** Fraction of all ions in the largest cluster of a frame, mean over frames; near 1 the ions percolate. */
  readonly largest: number
  /** Clusters by composition, the one with most cations first. */
  readonly kinds: readonly ClusterKind[]
}

/**
 * Clusters of ions: a cation and an anion are connected if any site of the anion is within the cut-off. A pair whose
 * anion touches a second cation is an aggregate.
 * @param cations indices of atoms
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

/** Lifetimes of contacts by two definitions, with their correlation functions. Entry k of a curve has a lag of k frames. */
export interface ContactLifetimes {
  /** Lifetime with breaks allowed, from C(t) = ⟨h(0) h(t)⟩ / ⟨h⟩ without its plateau. */
  readonly intermittent: Decay
  /** Lifetime up to the first break, from S(t) = ⟨h(0) … h(t)⟩ / ⟨h⟩. */
  readonly continuous: Decay
  readonly lag_ps: Float64Array
  readonly intermittentCurve: Float64Array
  readonly continuousCurve: Float64Array
  /** Mean number of groups that one cation touches. */
  readonly partners: number
}

/** Record of contacts of a trajectory that is read frame by frame: the frames in which each pair touches. */
export interface ContactRecord {
  /** Adds one frame. @throws UserError when the cut-off is beyond half the cell */
  add(frames: Frames, frame: number): void
  /** Returns the lifetimes of the contacts so far; null without any contact. */
  lifetimes(options: LifetimeOptions): ContactLifetimes | null
}

export interface LifetimeOptions {
  readonly frameInterval_ps: number
  /** Longest break that does not end a continuous contact (t* of Impey et al.). Default: 0. */
  readonly tolerance_ps?: number
}

/**
 * Records contacts between cations and groups; h is 1 while a cation touches a group. Intermittent lifetimes: Rapaport
 * 1983 (https://doi.org/10.1080/00268978300102931), without the plateau ⟨h⟩ of chance encounters. Continuous lifetimes,
 * with a tolerance for short breaks: Impey, Madden & McDonald 1983 (https://doi.org/10.1021/j150643a008). A lifetime is
 * the time at which its curve, an average over all origins, falls to 1/e. Breaks between two frames are not seen.
 *
 * @param groups atoms of each partner: one anion, one monomer, or one atom
 */
export function createContactRecord(
  cations: ArrayLike<number>,
  groups: readonly ArrayLike<number>[],
  cutoff_A: number,
): ContactRecord {
  const atoms = groups.flatMap(group => Array.from(group))
  const groupOf = groups.flatMap((group, index) => Array.from(group, () => index))
  const held = new Map<number, number[]>()
  let frameCount = 0
  return {
    add(frames, frame) {
      checkFrames(frames, cutoff_A)
      const touching = new Set<number>()
      visitPairs(frames, frame, cations, atoms, cutoff_A, (cation, atom) =>
        touching.add(cation * groups.length + groupOf[atom]!),
      )
      for (const pair of touching) {
        const times = held.get(pair)
        if (times) times.push(frameCount)
        else held.set(pair, [frameCount])
      }
      frameCount++
    },
    lifetimes({ frameInterval_ps, tolerance_ps = 0 }) {
      const histories = [...held.values()]
      if (histories.length === 0) return null
      const total = histories.reduce((sum, { length }) => sum + length, 0)
      const chance = total / (frameCount * cations.length * groups.length)
      const kept = intermittentCurve(histories, frameCount)
      const intermittent = kept.map(value => (chance < 1 ? (value - chance) / (1 - chance) : 1))
      const continuous = continuousCurve(
        histories,
        frameCount,
        Math.floor(tolerance_ps / frameInterval_ps + 1e-9),
      )
      return {
        intermittent: decayTime(intermittent, frameInterval_ps),
        continuous: decayTime(continuous, frameInterval_ps),
        lag_ps: Float64Array.from({ length: frameCount }, (_, k) => k * frameInterval_ps),
        intermittentCurve: intermittent,
        continuousCurve: continuous,
        partners: total / (frameCount * cations.length),
      }
    },
  }
}

/** C(lag): contacts in both of two frames, divided by contacts in the first. @param histories frames, ascending */
function intermittentCurve(histories: readonly number[][], frameCount: number): Float64Array {
  const correlation = createAutocorrelation(frameCount)
  const begun = new Float64Array(frameCount)
  const series = new Uint8Array(frameCount)
  for (const times of histories) {
    series.fill(0)
    for (const time of times) {
      series[time] = 1
      begun[time]!++
    }
    correlation.add(series)
  }
  return perOrigin(correlation.sums(), begun)
}

/** S(lag): contacts that last from one frame to another, divided by contacts in the first. @param tolerance frames */
function continuousCurve(
  histories: readonly number[][],
  frameCount: number,
  tolerance: number,
): Float64Array {
  const begun = new Float64Array(frameCount)
  // In an unbroken contact of n frames, n − lag origins survive a lag: its second differences are summed twice.
  const ends = new Float64Array(frameCount + 1)
  for (const times of histories) {
    let start = times[0]!
    times.forEach((time, k) => {
      const next = times[k + 1]
      if (next !== undefined && next - time <= tolerance + 1) return
      for (let frame = start; frame <= time; frame++) begun[frame]!++
      ends[time - start + 1]!++
      if (next !== undefined) start = next
    })
  }
  const lasted = new Float64Array(frameCount)
  let stretches = 0
  let origins = 0
  for (let lag = frameCount - 1; lag >= 0; lag--) {
    stretches += ends[lag + 1]!
    origins += stretches
    lasted[lag] = origins
  }
  return perOrigin(lasted, begun)
}

/** sums[lag] / Σ begun over the frames that have a frame `lag` later. */
function perOrigin(sums: Float64Array, begun: Float64Array): Float64Array {
  let origins = begun.reduce((sum, n) => sum + n, 0)
  return sums.map((sum, lag) => {
    if (lag > 0) origins -= begun[begun.length - lag]!
    return origins > 0 ? sum / origins : 0
  })
}
