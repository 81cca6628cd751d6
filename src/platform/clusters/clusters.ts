import type { Box } from '../../core/box.ts'
import type { System } from '../../core/system.ts'
import { SimulationError } from '../../errors.ts'
import type { Crew } from '../wasm/crew.ts'
import type { Kernels } from '../wasm/kernels.ts'
import { CELL, CLUSTER_BYTES, LINK } from '../wasm/layout.ts'
import type { Arena } from '../wasm/memory.ts'
import type { NonbondedModel } from './coefficients.ts'
import { createLists, type Lists, type SearchSpace } from './lists.ts'

/** A system in WebAssembly memory, with the kernels and threads that work on it. */
export interface Workplace {
  /** The system with the terms that are to be computed here. */
  readonly system: System
  /** Address of [3N] f64, Å, unwrapped. */
  readonly positions: number
  readonly arena: Arena
  readonly kernels: Kernels
  readonly crew: Crew
}

/** Pairs of atoms that the list leaves out, as linked to cluster pairs when a list is built. */
export interface MaskedPairs {
  readonly count: number
  /** Addresses: [2P] atoms; [P] 1 where a translation separates a pair from its nearest image; [3P] the translation. */
  readonly pairs: number
  readonly apart: number
  readonly translations: number
}

/** Edge of the blocks whose centres are the origins of f32 coordinates: up to 16 Å, they are exact to 1e-6 Å. */
const BLOCK_EDGE_A = 32

/** Kind of a list. A half list, for kernels that add to both atoms of a pair, is usual. */
export interface ListKind {
  /** True for kernels that gather: the list has every pair of clusters from either side. */
  readonly full: boolean
}

/** The atoms of a system sorted into clusters of four, and the pairs of clusters near each other. */
export interface Clusters {
  readonly count: number
  /** Address of x4 y4 z4 q4 of every cluster, and of [N] i32, the atoms in the order of clusters. */
  readonly clusters: number
  readonly order: number
  /** Address of [3N] i32: the cells of the atoms when the list was built, counted along each axis. */
  readonly cells: number
  readonly rows: number
  readonly rowBytes: number
  readonly rowOffsets: number
  readonly lists: Lists
  /** [3S] lattice translations within the reach of the list, cells along each axis; entries of lists number them. */
  readonly translations: Int32Array
  /** Largest distance between two atoms of one cluster when the list was built, Å. */
  widest_A(): number
  /** True where, in a small cell, a pair that the list leaves out may meanwhile be nearest to another image. */
  readonly mayTurn: boolean
  /**
   * Sorts atoms and searches for pairs anew.
   * @param movable_A the largest change of a distance between two atoms while the list lasts
   * @throws SimulationError naming the first atom whose position is not finite
   */
  build(box: Box, reach_A: number, movable_A: number): Promise<void>
  prune(reach_A: number, scale: number): Promise<void>
  /**
   * Reads positions in a box grown by `scale` since the list was built.
   * @returns sum of the two largest displacements since then, and since the list was pruned, Å
   */
  gather(scale: number): { sinceBuilt: number; sincePruned: number }
}

export function createClusters(
  workplace: Workplace,
  model: NonbondedModel,
  masked: MaskedPairs,
  { full }: ListKind,
): Clusters {
  const { system, positions, arena, crew } = workplace
  const { atomCount } = system
  const kernels = workplace.kernels.exports
  const count = Math.ceil(atomCount / 4)
  const at = allocateArrays(workplace, model, full ? 2 * masked.count : masked.count)
  const images = createImages(arena, full)
  const lists = createLists(count, atomCount, arena, crew)
  let mayTurn = false

  async function build(box: Box, reach_A: number, movable_A: number): Promise<void> {
    await lists.search(crew.book('neighbours', () => prepareSearch(box, reach_A, movable_A)))
    gather(1)
    kernels.keepPositions(atomCount, 1, at.clusters, at.built)
  }

  function prepareSearch(box: Box, reach_A: number, movable_A: number): SearchSpace {
    const { slabs, columnsPerSlab, extent } = sortIntoClusters(workplace, model, at, box)
    images.place(box, reach_A)
    arena.i32(at.heads, count).fill(-1)
    arena.f64(at.margins, 3).set(box.heights.map(height => movable_A / height))
    mayTurn =
      1 ===
      kernels.linkSpecialPairs(
        ...[masked.count, masked.pairs, positions, at.cells, at.cell, at.slotOf],
        ...[images.ranges, images.index, at.heads, at.next, at.links, masked.apart, masked.translations],
        ...[full ? 1 : 0, at.margins],
      )
    // The search is in single precision and must not lose a pair by that.
    const margin_A = 1e-6 * Math.max(...extent, reach_A) + 1e-5
    arena.f32(at.built, 12 * count).fill(0)
    const { coordinates, bounds, columns, columnBounds, slabBounds, allBounds } = at
    const { blockOf, origins, heads, next, links } = at
    return {
      ...{ reach2: (reach_A + margin_A) ** 2, slabs, columnsPerSlab, isFull: full ? 1 : 0 },
      ...{ coordinates, bounds, columns, columnBounds, slabBounds, allBounds },
      ...{ blockOf, origins, heads, next, links },
      ...{ shiftCount: images.translations.length / 3, shifts: images.vectors },
    }
  }

  async function prune(reach_A: number, scale: number): Promise<void> {
    await lists.prune(at.clusters, reach_A, scale)
    kernels.keepPositions(atomCount, scale, at.clusters, at.pruned)
  }

  function gather(scale: number) {
    kernels.gatherPositions(
      ...[atomCount, at.order, positions, at.offsets, scale, at.clusters, at.built, at.pruned, at.result],
    )
    // Squares of the largest and second largest in each lane.
    const distances = Float64Array.from(arena.f32(at.result, 16), Math.sqrt)
    return {
      sinceBuilt: twoLargest(distances.subarray(0, 8)),
      sincePruned: twoLargest(distances.subarray(8)),
    }
  }

  return {
    ...{ count, clusters: at.clusters, order: at.order, cells: at.cells },
    ...{ rows: at.rows, rowBytes: at.rowBytes, rowOffsets: at.rowOffsets, lists },
    get mayTurn() {
      return mayTurn
    },
    get translations() {
      return images.translations
    },
    widest_A: () => widest(arena.f32(at.bounds, 8 * count)),
    build,
    prune,
    gather,
  }
}

/** Addresses of the arrays of clusters; comments in wasm/assembly say what the kernels make of them. */
type Arrays = ReturnType<typeof allocateArrays>

function allocateArrays({ system, arena }: Workplace, model: NonbondedModel, links: number) {
  const { atomCount } = system
  const count = Math.ceil(atomCount / 4)
  const rowBytes = 16 * model.classCount * model.width
  const perAtom = (bytes: number) => arena.allocate(bytes * atomCount)
  const perCluster = (bytes: number) => arena.allocate(bytes * count)
  const at = {
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
    clusters: perCluster(CLUSTER_BYTES),
    built: perCluster(48),
    pruned: perCluster(48),
    rowOffsets: perCluster(16),
    rowBytes,
    rows: perCluster(rowBytes),
    table: arena.allocate(model.table.byteLength),
    heads: perCluster(4),
    next: arena.allocate(4 * links),
    links: arena.allocate(LINK.bytes * links),
    cell: arena.allocate(CELL.bytes),
    margins: arena.allocate(24),
    result: arena.allocate(64),
  }
  arena.f32(at.charges, atomCount).set(model.charges)
  arena.i32(at.classOf, atomCount).set(model.classOf)
  arena.f32(at.table, model.table.length).set(model.table)
  return at
}

/**
 * Sorts the atoms into clusters of four, in columns along z and slabs of columns along x.
 * @returns the numbers of slabs and of columns in each, and the extent of the atoms in the wrapped cell, Å
 */
function sortIntoClusters(
  { system, positions, arena, kernels: { exports: kernels } }: Workplace,
  model: NonbondedModel,
  at: Arrays,
  box: Box,
): { slabs: number; columnsPerSlab: number; extent: Float32Array } {
  const { atomCount } = system
  const count = Math.ceil(atomCount / 4)
  arena.write(CELL, at.cell, { matrix: box.matrix, inverse: box.inverse })
  const bad = kernels.wrapAtoms(atomCount, positions, at.cell, at.wrapped, at.cells)
  if (bad >= 0) throw notFinite(bad, arena.f64(positions + 24 * bad, 3))
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
    ...[atomCount, count, at.order, at.cells, at.cell, at.bounds, at.allBounds],
    ...[edge, blocks[1]!, blocks[2]!, at.blockOf, at.origins, at.offsets],
  )
  kernels.fillClusters(
    ...[atomCount, count, at.order, at.charges, at.classOf, model.classCount, model.width],
    ...[at.table, at.clusters, at.rowOffsets, at.rows],
  )
  return { slabs: nx, columnsPerSlab: ny, extent }
}

/** Lattice translations within reach, in memory that grows with their number. */
function createImages(arena: Arena, full: boolean) {
  const images = {
    /** Address of three i32: the largest translation along each axis, cells. */
    ranges: arena.allocate(12),
    /** Addresses: the number of every translation in the range, -1 where a half list has none; [3S] f64 vectors, Å. */
    index: 0,
    vectors: 0,
    translations: new Int32Array(0),
    place,
  }
  let room = 0

  /** Numbers the translations, home first; a half list has the lexicographically positive one of two opposite ones. */
  function place(box: Box, reach_A: number): void {
    const [ra, rb, rc] = box.heights.map(h => Math.floor(1 + (reach_A + 0.01) / h)) as [
      number,
      number,
      number,
    ]
    const rows = (2 * ra + 1) * (2 * rb + 1) * (2 * rc + 1)
    if (rows > room) {
      room = rows
      images.index = arena.allocate(4 * rows)
      images.vectors = arena.allocate(24 * rows)
    }
    arena.i32(images.ranges, 3).set([ra, rb, rc])
    const index = arena.i32(images.index, rows).fill(-1)
    const vectors = arena.f64(images.vectors, 3 * rows)
    const home = (rows - 1) / 2
    const count = full ? rows : home + 1
    const translations = new Int32Array(3 * count)
    const m = box.matrix
    for (let n = 0; n < count; n++) {
      const k = (home + n) % rows
      index[k] = n
      const c = (k % (2 * rc + 1)) - rc
      const b = (Math.floor(k / (2 * rc + 1)) % (2 * rb + 1)) - rb
      const a = Math.floor(k / ((2 * rc + 1) * (2 * rb + 1))) - ra
      translations.set([a, b, c], 3 * n)
      for (let d = 0; d < 3; d++) vectors[3 * n + d] = a * m[d]! + b * m[3 + d]! + c * m[6 + d]!
    }
    images.translations = translations
  }

  return images
}

/** Returns the longest diagonal of boxes that are given by low and high corner. */
function widest(bounds: Float32Array): number {
  let square = 0
  for (let k = 0; k < bounds.length; k += 8) {
    const [x, y, z] = [0, 1, 2].map(c => bounds[k + 4 + c]! - bounds[k + c]!) as [number, number, number]
    square = Math.max(square, x * x + y * y + z * z)
  }
  return Math.sqrt(square)
}

/** Returns the numbers of slabs along x and of columns in each for which clusters are about as wide as high. */
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

/** Returns the sum of the two largest of some numbers ≥ 0; NaN when any is NaN. */
export function twoLargest(values: Float64Array): number {
  let [first, second] = [0, 0]
  for (const value of values) {
    if (!(value <= second)) {
      if (Number.isNaN(value)) return Number.NaN
      if (value > first) [first, second] = [value, first]
      else second = value
    }
  }
  return first + second
}

function notFinite(atom: number, position: Float64Array): SimulationError {
  const axis = position.findIndex(x => !Number.isFinite(x))
  return new SimulationError({
    message: `the position of atom ${atom + 1} is ${axis < 0 ? 'more than a billion cells away' : 'not finite'}`,
    where: axis < 0 ? `at ${[...position].join(', ')} Å` : `coordinate ${'xyz'[axis]}`,
    hint: 'use a shorter timestep, or minimise the structure first',
  })
}
