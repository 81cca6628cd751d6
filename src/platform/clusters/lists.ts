import type { Crew, Job } from '../wasm/crew.ts'
import type { Arena } from '../wasm/memory.ts'

/** A list of cluster pairs: addresses of entries and j clusters, and how many there are. */
export interface ClusterList {
  readonly entries: number
  readonly js: number
  /** Bytes per j: 4, or 8 with a mask. */
  readonly stride: 4 | 8
  entryCount: number
  count: number
}

export interface ClusterLists {
  readonly plain: ClusterList
  readonly masked: ClusterList
}

/** A share of the i clusters: it has lists, forces and sums of its own, so that any thread may work on it. */
export interface Part {
  /** The i clusters [from, to). */
  readonly from: number
  readonly to: number
  /** What there is within reach of the last `search`, and within the shorter one of the last `prune`. */
  outer: ClusterLists
  inner: ClusterLists
  /** Addresses: forces of all clusters, marks of the patches of clusters that it adds to, workspace of the kernels. */
  readonly forces: number
  readonly touched: number
  readonly work: number
}

/** Room for entries and j clusters of either section. */
interface Capacity {
  readonly plainEntries: number
  readonly plain: number
  readonly maskedEntries: number
  readonly masked: number
}

/** What the search goes through: addresses, and sizes; see ./clusters.ts. */
export interface SearchSpace {
  readonly reach_A: number
  readonly slabs: number
  readonly columnsPerSlab: number
  readonly coordinates: number
  readonly bounds: number
  readonly columns: number
  readonly columnBounds: number
  readonly slabBounds: number
  readonly allBounds: number
  readonly shiftCount: number
  readonly shifts: number
  readonly blockOf: number
  readonly origins: number
  readonly heads: number
  readonly next: number
  readonly links: number
  /** Every pair of clusters from either side, rather than once. */
  readonly full: boolean
}

const BYTES_PER_ENTRY = 48
const EVERY_PAIR = 0xffff
/** Clusters of a patch, as in assembly/cluster.ts. */
export const PATCH = 64
const FORCE_BYTES = 64
/** Sums, spread coordinates of an i cluster: see assembly/nonbonded.ts. */
const WORK_BYTES = 384
const SEARCH_BYTES = 128
const RESULT_BYTES = 32

/** The pairs of clusters near each other, in parts whose number depends on the system alone. */
export interface Lists {
  readonly parts: readonly Part[]
  /** Of the forces and the marks of parts, which stand one behind the other; marks are one per patch. */
  readonly forces: number
  readonly forceBytes: number
  readonly touched: number
  readonly patches: number
  search(space: SearchSpace): Promise<void>
  prune(clusters: number, reach_A: number, scale: number): Promise<void>
}

export function createLists(count: number, atomCount: number, arena: Arena, crew: Crew): Lists {
  const ranges = shares(count, partsFor(atomCount))
  const patches = Math.ceil(count / PATCH)
  const forceBytes = FORCE_BYTES * PATCH * patches
  const forces = arena.allocate(forceBytes * ranges.length)
  const touched = arena.allocate(patches * ranges.length)
  const none: Capacity = { plainEntries: 0, plain: 0, maskedEntries: 0, masked: 0 }
  const own = ranges.map(([from, to], k) => {
    const masks = arena.allocate(4 * count)
    arena.i32(masks, count).fill(EVERY_PAIR)
    const part: Part = {
      from,
      to,
      outer: newLists(arena, none),
      inner: newLists(arena, none),
      forces: forces + k * forceBytes,
      touched: touched + k * patches,
      work: arena.allocate(WORK_BYTES),
    }
    return {
      part,
      capacity: none,
      masks,
      found: arena.allocate(4 * count),
      search: arena.allocate(SEARCH_BYTES),
      result: arena.allocate(RESULT_BYTES),
    }
  })
  type Own = (typeof own)[number]

  /** Room for lists so long, and for what they may grow by as atoms move. */
  function grow(share: Own, needed: Capacity): void {
    const room = (of: keyof Capacity) => Math.max(share.capacity[of], Math.ceil(1.1 * needed[of]) + 32)
    share.capacity = {
      plainEntries: room('plainEntries'),
      plain: room('plain'),
      maskedEntries: room('maskedEntries'),
      masked: room('masked'),
    }
    share.part.outer = newLists(arena, share.capacity)
    share.part.inner = newLists(arena, share.capacity)
  }

  async function search(space: SearchSpace): Promise<void> {
    arena.u8(touched, patches * own.length).fill(0)
    let left: readonly Own[] = own
    while (left.length > 0) {
      crew.start(left.map(share => searchJob(share, space)))
      await crew.finish()
      left = left.filter(share => {
        const [entries, js, maskedEntries, maskedJs, fits] = arena.i32(share.result, 5)
        Object.assign(share.part.outer.plain, { entryCount: entries, count: js })
        Object.assign(share.part.outer.masked, { entryCount: maskedEntries, count: maskedJs })
        return fits === 0
      })
      // A list that is too long has been counted: so it is at the very first, too.
      for (const share of left) {
        const { plain, masked } = share.part.outer
        const room = { plainEntries: plain.entryCount, plain: plain.count } as const
        grow(share, { ...room, maskedEntries: masked.entryCount, masked: masked.count })
      }
    }
  }

  function searchJob({ part, capacity, masks, found, search, result }: Own, space: SearchSpace): Job {
    const { plain, masked } = part.outer
    arena.f32(search, 1)[0] = space.reach_A ** 2
    arena
      .i32(search + 4, 28)
      .set([
        ...[count, space.coordinates, space.bounds, space.slabs, space.columnsPerSlab, space.columns],
        ...[space.columnBounds, space.slabBounds, space.allBounds, space.shiftCount, space.shifts],
        ...[space.blockOf, space.origins, space.heads, space.next, space.links, found, masks],
        ...[plain.entries, capacity.plainEntries, plain.js, capacity.plain],
        ...[masked.entries, capacity.maskedEntries, masked.js, capacity.masked],
        ...[part.touched, space.full ? 1 : 0],
      ])
    const args = [search, part.from, part.to, result]
    return { part: 'neighbours', calls: [{ kernel: 'buildList', args }] }
  }

  async function prune(clusters: number, reach_A: number, scale: number): Promise<void> {
    crew.start(own.map(share => pruneJob(share, clusters, reach_A, scale)))
    await crew.finish()
    for (const { part, result } of own) {
      const [entries, js, maskedEntries, maskedJs] = arena.i32(result, 4)
      Object.assign(part.inner.plain, { entryCount: entries, count: js })
      Object.assign(part.inner.masked, { entryCount: maskedEntries, count: maskedJs })
    }
  }

  function pruneJob({ part, result }: Own, clusters: number, reach_A: number, scale: number): Job {
    const calls = (['plain', 'masked'] as const).map((kind, k) => {
      const [from, to] = [part.outer[kind], part.inner[kind]]
      const list = [from.entries, from.entryCount, from.js, from.stride]
      const args = [clusters, scale, reach_A, ...list, to.entries, to.js, result + 8 * k]
      return { kernel: 'pruneList', args }
    })
    return { part: 'neighbours', calls }
  }

  return { parts: own.map(({ part }) => part), forces, forceBytes, touched, patches, search, prune }
}

function newLists(arena: Arena, capacity: Capacity): ClusterLists {
  const list = (stride: 4 | 8, entries: number, js: number): ClusterList => ({
    entries: arena.allocate(BYTES_PER_ENTRY * entries),
    // One more: the search writes before it knows whether to keep.
    js: arena.allocate(stride * (js + 1)),
    stride,
    entryCount: 0,
    count: 0,
  })
  return {
    plain: list(4, capacity.plainEntries, capacity.plain),
    masked: list(8, capacity.maskedEntries, capacity.masked),
  }
}

/**
 * Enough for threads to share, few enough that their sums cost little. It must not depend on the number of threads:
 * neither do results, then.
 */
const partsFor = (atomCount: number) => (atomCount < 200 ? 1 : atomCount < 20_000 ? 12 : 16)

/** The first part is so many times as large as the last: small ones fill the gaps at the end. */
const FIRST_TO_LAST = 6

/** Ranges of clusters, each smaller than the one before by the same factor. */
function shares(count: number, parts: number): [number, number][] {
  const factor = FIRST_TO_LAST ** (-1 / Math.max(parts - 1, 1))
  const edge = (k: number) => Math.round((count * (1 - factor ** k)) / (1 - factor ** parts))
  return Array.from({ length: parts }, (_, k) => [edge(k), edge(k + 1)])
}
