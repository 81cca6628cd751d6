import type { Box } from '../../core/box.ts'
import { SimulationError } from '../../errors.ts'
import type { Arena } from './arena.ts'
import type { NonbondedModel } from './coefficients.ts'
import type { NonbondedExports } from './exports.ts'

/** Pairs that the list leaves out, by atom, as linked to cluster pairs when a list is built. */
export interface MaskedPairs {
  readonly count: number
  /** Addresses: [2P] atoms; [P] whether a translation separates a pair from its nearest image, and [3P] which. */
  readonly pairs: number
  readonly apart: number
  readonly translations: number
}

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

/** Room for entries in either section, and for j clusters in each. */
interface Capacity {
  readonly entries: number
  readonly plain: number
  readonly masked: number
}

const BYTES_PER_ENTRY = 48
/** Edge of the blocks whose centres are the origins of f32 coordinates: up to 16 Å, they are exact to 1e-6 Å. */
const BLOCK_EDGE_A = 32
const EVERY_PAIR = 0xffff

/** The atoms of a system sorted into clusters of four, and the pairs of clusters near each other. */
export interface Clusters {
  readonly count: number
  /** Addresses: f64 positions as given [3N], in clusters, forces of clusters, atoms in the order of the list. */
  readonly positions: number
  readonly clusters: number
  readonly forces: number
  readonly order: number
  readonly rows: number
  readonly rowBytes: number
  readonly rowOffsets: number
  /** What there is within reach of the last `build`, and within the shorter one of the last `prune`. */
  readonly inner: ClusterLists
  /** Sorts and searches anew. @throws SimulationError naming the first atom whose position is not finite */
  build(box: Box, reach_A: number): void
  prune(reach_A: number, scale: number): void
  /**
   * Reads positions in a box grown by `scale` since the list was built.
   * @returns sum of the two largest displacements since then, and since the list was pruned, Å
   */
  gather(scale: number): { sinceBuilt: number; sincePruned: number }
  /** Adds forces of clusters to those of atoms. @param atoms address of [3N] f64 */
  scatter(atoms: number): void
}

export function createClusters(
  model: NonbondedModel,
  atomCount: number,
  masked: MaskedPairs,
  arena: Arena,
  kernels: NonbondedExports,
): Clusters {
  const count = Math.ceil(atomCount / 4)
  const rowBytes = 16 * model.classCount * model.width
  const perAtom = (bytes: number) => arena.allocate(bytes * atomCount)
  const perCluster = (bytes: number) => arena.allocate(bytes * count)
  const at = {
    positions: perAtom(24),
    wrapped: perAtom(12),
    cells: perAtom(12),
    keys: perAtom(8),
    scratch: perAtom(8),
    slotOf: perAtom(4),
    charges: perAtom(4),
    classOf: perAtom(4),
    order: perCluster(16),
    offsets: perCluster(96),
    coordinates: perCluster(48),
    bounds: perCluster(32),
    columns: arena.allocate(4 * (count + 1)),
    columnBounds: perCluster(32),
    slabBounds: perCluster(32),
    allBounds: arena.allocate(32),
    blockOf: perCluster(4),
    origins: perCluster(24),
    clusters: perCluster(64),
    built: perCluster(48),
    pruned: perCluster(48),
    forces: perCluster(64),
    rowOffsets: perCluster(16),
    rows: perCluster(rowBytes),
    table: arena.allocate(model.table.byteLength),
    heads: perCluster(4),
    found: perCluster(4),
    masks: perCluster(4),
    next: arena.allocate(4 * masked.count),
    links: arena.allocate(12 * masked.count),
    box: arena.allocate(18 * 8),
    ranges: arena.allocate(12),
    result: arena.allocate(64),
    search: arena.allocate(128),
  }
  arena.f32(at.charges, atomCount).set(model.charges)
  arena.i32(at.classOf, atomCount).set(model.classOf)
  arena.f32(at.table, model.table.length).set(model.table)
  arena.i32(at.masks, count).fill(EVERY_PAIR)

  let shiftRoom = 0
  let shiftIndex = 0
  let shiftVectors = 0
  const newLists = ({ entries, plain, masked }: Capacity): ClusterLists => ({
    plain: createList(arena, 4, entries, plain),
    masked: createList(arena, 8, entries, masked),
  })
  let capacity: Capacity = { entries: 0, plain: 0, masked: 0 }
  let outer = newLists(capacity)
  let inner = newLists(capacity)

  function build(box: Box, reach_A: number): void {
    arena.f64(at.box, 18).set([...box.matrix, ...box.inverse])
    const bad = kernels.wrapAtoms(atomCount, at.positions, at.box, at.wrapped, at.cells)
    if (bad >= 0) throw notFinite(bad, arena.f64(at.positions + 24 * bad, 3))
    const [nx, ny] = columnGrid(arena.f32(at.wrapped, 3 * atomCount), count, box.volume)
    kernels.sortAtoms(atomCount, count, at.wrapped, nx, ny, at.order, at.columns, at.keys, at.scratch)
    kernels.boundClusters(
      ...[atomCount, count, at.wrapped, at.order, at.coordinates, at.bounds, nx, ny],
      ...[at.columns, at.columnBounds, at.slabBounds, at.allBounds, at.slotOf],
    )
    const [low, high] = [arena.f32(at.allBounds, 3), arena.f32(at.allBounds + 16, 3)]
    const extent = low.map((x, c) => high[c]! - x)
    const blocks = Array.from(extent, length => Math.floor(length / BLOCK_EDGE_A) + 1)
    const edge = Math.max(...Array.from(extent, (length, c) => (1.001 * length) / blocks[c]!), 1)
    kernels.placeFrames(
      ...[atomCount, count, at.order, at.cells, at.box, at.bounds, at.allBounds],
      ...[edge, blocks[1]!, blocks[2]!, at.blockOf, at.origins, at.offsets],
    )
    kernels.fillClusters(
      ...[atomCount, count, at.order, at.charges, at.classOf, model.classCount, model.width],
      ...[at.table, at.clusters, at.rowOffsets, at.rows],
    )
    const shiftCount = placeShifts(box, reach_A)
    arena.i32(at.heads, count).fill(-1)
    kernels.linkSpecialPairs(
      ...[masked.count, masked.pairs, at.positions, at.cells, at.box, at.slotOf],
      ...[at.ranges, shiftIndex, at.heads, at.next, at.links, masked.apart, masked.translations],
    )
    // Single precision in the search must not lose a pair.
    const margin = 1e-6 * Math.max(...extent, reach_A) + 1e-5
    search(reach_A + margin, nx, ny, shiftCount, blocks[0]! * blocks[1]! * blocks[2]!, box.volume)
    arena.f32(at.built, 12 * count).fill(0)
    gather(1)
    kernels.keepPositions(atomCount, 1, at.clusters, at.built)
  }

  /** Half of the images within reach: home, and of two opposite ones the lexicographically positive. */
  function placeShifts(box: Box, reach_A: number): number {
    const [ra, rb, rc] = box.heights.map(h => Math.floor(1 + (reach_A + 0.01) / h)) as [
      number,
      number,
      number,
    ]
    const rows = (2 * ra + 1) * (2 * rb + 1) * (2 * rc + 1)
    if (rows > shiftRoom) {
      shiftRoom = rows
      shiftIndex = arena.allocate(4 * rows)
      shiftVectors = arena.allocate(24 * rows)
    }
    arena.i32(at.ranges, 3).set([ra, rb, rc])
    const index = arena.i32(shiftIndex, rows).fill(-1)
    const vectors = arena.f64(shiftVectors, 3 * rows)
    const home = (rows - 1) / 2
    const m = box.matrix
    for (let k = home; k < rows; k++) {
      index[k] = k - home
      const c = (k % (2 * rc + 1)) - rc
      const b = (Math.floor(k / (2 * rc + 1)) % (2 * rb + 1)) - rb
      const a = Math.floor(k / ((2 * rc + 1) * (2 * rb + 1))) - ra
      for (let d = 0; d < 3; d++) vectors[3 * (k - home) + d] = a * m[d]! + b * m[3 + d]! + c * m[6 + d]!
    }
    return home + 1
  }

  function search(
    reach_A: number,
    nx: number,
    ny: number,
    shiftCount: number,
    blockCount: number,
    volume: number,
  ) {
    if (capacity.plain === 0) {
      // Clusters within reach of each other in a uniform fluid, with room to spare.
      const perCluster = ((2 / 3) * Math.PI * (reach_A + 2) ** 3 * count) / volume
      grow({
        entries: 6 * count + blockCount,
        plain: Math.ceil(count * (1.2 * Math.min(perCluster, 1000) + 16)),
        masked: 8 * count + masked.count,
      })
    }
    for (;;) {
      arena.f32(at.search, 1)[0] = reach_A ** 2
      arena
        .i32(at.search + 4, 27)
        .set([
          ...[count, at.coordinates, at.bounds, nx, ny, at.columns, at.columnBounds, at.slabBounds],
          ...[at.allBounds, shiftCount, shiftVectors, at.blockOf, at.origins, at.heads, at.next, at.links],
          ...[at.found, at.masks, outer.plain.entries, capacity.entries, outer.plain.js, capacity.plain],
          ...[outer.masked.entries, capacity.entries, outer.masked.js, capacity.masked, blockCount],
        ])
      const fits = kernels.buildList(at.search, 0, count, at.result)
      const [entries, js, maskedEntries, maskedJs] = arena.i32(at.result, 4)
      Object.assign(outer.plain, { entryCount: entries, count: js })
      Object.assign(outer.masked, { entryCount: maskedEntries, count: maskedJs })
      if (fits) return
      const { entries: e, plain, masked: m } = capacity
      grow({ entries: 2 * e, plain: 2 * plain, masked: 2 * m })
    }
  }

  function grow(to: Capacity): void {
    capacity = to
    outer = newLists(to)
    inner = newLists(to)
  }

  function prune(reach_A: number, scale: number): void {
    for (const kind of ['plain', 'masked'] as const) {
      const [from, to] = [outer[kind], inner[kind]]
      arena.i32(at.result, 2).fill(0)
      kernels.pruneList(
        ...[at.clusters, scale, reach_A, from.entries, 0, from.entryCount, from.js, from.stride],
        ...[to.entries, to.js, at.result],
      )
      const [entries, js] = arena.i32(at.result, 2)
      Object.assign(to, { entryCount: entries, count: js })
    }
    kernels.keepPositions(atomCount, scale, at.clusters, at.pruned)
  }

  function gather(scale: number) {
    kernels.gatherPositions(
      ...[atomCount, at.order, at.positions, at.offsets, scale, at.clusters, at.built, at.pruned, at.result],
    )
    const squares = arena.f32(at.result, 16)
    return { sinceBuilt: twoLargest(squares.subarray(0, 8)), sincePruned: twoLargest(squares.subarray(8)) }
  }

  return {
    count,
    positions: at.positions,
    clusters: at.clusters,
    forces: at.forces,
    order: at.order,
    rows: at.rows,
    rowBytes,
    rowOffsets: at.rowOffsets,
    get inner() {
      return inner
    },
    build,
    prune,
    gather,
    scatter: atoms => {
      kernels.scatterForces(atomCount, at.order, at.forces, atoms, 0, count)
    },
  }
}

function createList(arena: Arena, stride: 4 | 8, entries: number, js: number): ClusterList {
  return {
    entries: arena.allocate(BYTES_PER_ENTRY * entries),
    // One more: the search writes before it knows whether to keep.
    js: arena.allocate(stride * (js + 1)),
    stride,
    entryCount: 0,
    count: 0,
  }
}

/** Numbers of slabs along x and of columns in each that make clusters about as wide as high. */
function columnGrid(wrapped: Float32Array, clusterCount: number, volume: number): [number, number] {
  const low = [0, 1, 2].map(() => Number.POSITIVE_INFINITY)
  const high = low.map(() => Number.NEGATIVE_INFINITY)
  for (let k = 0; k < wrapped.length; k += 3) {
    for (let c = 0; c < 3; c++) {
      const x = wrapped[k + c]!
      if (x < low[c]!) low[c] = x
      if (x > high[c]!) high[c] = x
    }
  }
  const [x, y, z] = low.map((from, c) => Math.max(high[c]! - from, 1)) as [number, number, number]
  const edge = Math.cbrt(Math.min(volume, x * y * z) / clusterCount)
  const nx = Math.min(clusterCount, Math.max(1, Math.round(x / edge)))
  const ny = Math.min(Math.floor(clusterCount / nx), Math.max(1, Math.round(y / edge)))
  return [nx, ny]
}

/** @param squares of largest and second largest in each lane @returns sum of the two largest; NaN when one is */
function twoLargest(squares: Float32Array): number {
  if (squares.some(Number.isNaN)) return Number.NaN
  const [a, b] = [...squares].sort((x, y) => y - x)
  return Math.sqrt(a!) + Math.sqrt(b!)
}

function notFinite(atom: number, position: Float64Array): SimulationError {
  const axis = Math.max(
    0,
    position.findIndex(x => !Number.isFinite(x)),
  )
  return new SimulationError({
    message: `the position of atom ${atom + 1} is not finite`,
    where: `coordinate ${'xyz'[axis]}`,
    hint: 'use a shorter timestep, or minimise the structure first',
  })
}
