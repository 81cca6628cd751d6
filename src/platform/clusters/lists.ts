import type { Crew, Job } from '../wasm/crew.ts'
import {
  CLUSTER_BYTES,
  ENTRY,
  EVERY_PAIR,
  KEPT,
  LIST_COUNTS,
  PAIR_WORK,
  PATCH,
  SEARCH,
} from '../wasm/layout.ts'
import type { Arena } from '../wasm/memory.ts'

/** A list of cluster pairs: addresses of entries and j clusters, and their numbers. */
export interface ClusterList {
  readonly entries: number
  readonly js: number
  /** Bytes per j cluster: 4, or 8 with a mask. */
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
  /** Pairs within the reach of the last `search`, and within the shorter reach of the last `prune`. */
  outer: ClusterLists
  inner: ClusterLists
  /** Addresses: forces of all clusters, marks of the patches of clusters that the part adds to, workspace of the kernels. */
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

/** The fields of SEARCH that are the same for all parts; see ./clusters.ts. */
export type SearchSpace = Readonly<
  Record<
    | ('reach2' | 'slabs' | 'columnsPerSlab' | 'isFull')
    | ('coordinates' | 'bounds' | 'columns' | 'columnBounds' | 'slabBounds' | 'allBounds')
    | ('blockOf' | 'origins' | 'heads' | 'next' | 'links' | 'shiftCount' | 'shifts'),
    number
  >
>

/** The pairs of clusters near each other, in parts whose number depends on the system alone. */
export interface Lists {
  readonly parts: readonly Part[]
  /** Addresses of the forces and of the marks of all parts, which stand one behind the other; a mark per patch. */
  readonly forces: number
  readonly forceBytes: number
  readonly touched: number
  readonly patches: number
  search(space: SearchSpace): Promise<void>
  prune(clusters: number, reach_A: number, scale: number): Promise<void>
}

/** A part with the memory that searching it needs. */
interface Share {
  readonly part: Part
  capacity: Capacity
  readonly masks: number
  readonly found: number
  readonly search: number
  readonly result: number
}

const NONE: Capacity = { plainEntries: 0, plain: 0, maskedEntries: 0, masked: 0 }

export function createLists(count: number, atomCount: number, arena: Arena, crew: Crew): Lists {
  const ranges = shares(count, partsFor(atomCount))
  const patches = Math.ceil(count / PATCH)
  const forceBytes = CLUSTER_BYTES * PATCH * patches
  const forces = arena.allocate(forceBytes * ranges.length)
  const touched = arena.allocate(patches * ranges.length)
  const own = ranges.map(([from, to], k): Share => {
    const masks = arena.allocate(4 * count)
    arena.i32(masks, count).fill(EVERY_PAIR)
    const part: Part = {
      from,
      to,
      outer: newLists(arena, NONE),
      inner: newLists(arena, NONE),
      forces: forces + k * forceBytes,
      touched: touched + k * patches,
      work: arena.allocate(PAIR_WORK.bytes),
    }
    return {
      part,
      capacity: NONE,
      masks,
      found: arena.allocate(4 * count),
      search: arena.allocate(SEARCH.bytes),
      result: arena.allocate(LIST_COUNTS.bytes),
    }
  })

  async function search(space: SearchSpace): Promise<void> {
    arena.u8(touched, patches * own.length).fill(0)
    let left: readonly Share[] = own
    while (left.length > 0) {
      crew.start(left.map(share => searchJob(arena, share, space)))
      await crew.finish()
      // A list that is too long has only been counted; at the very first every list is.
      left = left.filter(share => {
        const counts = arena.read(LIST_COUNTS, share.result)
        const { plain, masked } = share.part.outer
        Object.assign(plain, { entryCount: counts.entries, count: counts.plain })
        Object.assign(masked, { entryCount: counts.maskedEntries, count: counts.masked })
        if (counts.fits === 1) return false
        grow(arena, share)
        return true
      })
    }
  }

  async function prune(clusters: number, reach_A: number, scale: number): Promise<void> {
    crew.start(own.map(share => pruneJob(share, clusters, reach_A, scale)))
    await crew.finish()
    for (const { part, result } of own) {
      SECTIONS.forEach((kind, k) => {
        const { entries, js } = arena.read(KEPT, result + k * KEPT.bytes)
        Object.assign(part.inner[kind], { entryCount: entries, count: js })
      })
    }
  }

  return { parts: own.map(({ part }) => part), forces, forceBytes, touched, patches, search, prune }
}

const SECTIONS = ['plain', 'masked'] as const

/** Makes room for lists as long as those counted, and for their growth as atoms move. */
function grow(arena: Arena, share: Share): void {
  const { plain, masked } = share.part.outer
  const room = (now: number, needed: number) => Math.max(now, Math.ceil(1.1 * needed) + 32)
  share.capacity = {
    plainEntries: room(share.capacity.plainEntries, plain.entryCount),
    plain: room(share.capacity.plain, plain.count),
    maskedEntries: room(share.capacity.maskedEntries, masked.entryCount),
    masked: room(share.capacity.masked, masked.count),
  }
  share.part.outer = newLists(arena, share.capacity)
  share.part.inner = newLists(arena, share.capacity)
}

function searchJob(
  arena: Arena,
  { part, capacity, masks, found, search, result }: Share,
  space: SearchSpace,
): Job {
  const { plain, masked } = part.outer
  arena.write(SEARCH, search, {
    ...space,
    ...{ found, masks, touched: part.touched },
    ...{ entries: plain.entries, entryCapacity: capacity.plainEntries },
    ...{ plain: plain.js, plainCapacity: capacity.plain },
    ...{ maskedEntries: masked.entries, maskedEntryCapacity: capacity.maskedEntries },
    ...{ masked: masked.js, maskedCapacity: capacity.masked },
  })
  const args = [search, part.from, part.to, result]
  return { part: 'neighbours', calls: [{ kernel: 'buildList', args }] }
}

function pruneJob({ part, result }: Share, clusters: number, reach_A: number, scale: number): Job {
  const calls = SECTIONS.map((kind, k) => {
    const [from, to] = [part.outer[kind], part.inner[kind]]
    const list = [from.entries, from.entryCount, from.js, from.stride]
    const args = [clusters, scale, reach_A, ...list, to.entries, to.js, result + k * KEPT.bytes]
    return { kernel: 'pruneList', args }
  })
  return { part: 'neighbours', calls }
}

function newLists(arena: Arena, capacity: Capacity): ClusterLists {
  const list = (stride: 4 | 8, entries: number, js: number): ClusterList => ({
    entries: arena.allocate(ENTRY.bytes * entries),
    // One more: pruning writes a j cluster before it knows whether it is kept.
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
 * Returns the number of parts: enough for threads to share, few enough that their sums cost little. It does not depend on
 * the number of threads, so that results do not either.
 */
const partsFor = (atomCount: number) => (atomCount < 200 ? 1 : atomCount < 20_000 ? 12 : 16)

/** Size of the first part over that of the last: small parts fill the gaps at the end. */
const FIRST_TO_LAST = 6

/** Returns ranges of clusters, each smaller than the one before by the same factor. */
function shares(count: number, parts: number): [number, number][] {
  const factor = FIRST_TO_LAST ** (-1 / Math.max(parts - 1, 1))
  const edge = (k: number) => Math.round((count * (1 - factor ** k)) / (1 - factor ** parts))
  return Array.from({ length: parts }, (_, k) => [edge(k), edge(k + 1)])
}
