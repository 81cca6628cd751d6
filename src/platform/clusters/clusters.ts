import type { Box } from '../../core/box.ts'
import { SimulationError } from '../../errors.ts'
import type { Crew } from '../wasm/crew.ts'
import type { NonbondedExports } from '../wasm/exports.ts'
import type { Arena } from '../wasm/memory.ts'
import type { NonbondedModel } from './coefficients.ts'
import { createLists, type Lists, type SearchSpace } from './lists.ts'

/** Pairs that the list leaves out, by atom, as linked to cluster pairs when a list is built. */
export interface MaskedPairs {
  readonly count: number
  /** Addresses: [2P] atoms; [P] whether a translation separates a pair from its nearest image, and [3P] which. */
  readonly pairs: number
  readonly apart: number
  readonly translations: number
}

/** Edge of the blocks whose centres are the origins of f32 coordinates: up to 16 Å, they are exact to 1e-6 Å. */
const BLOCK_EDGE_A = 32

/** What a list is to be; half a list, for kernels that add to both atoms of a pair, is usual. */
export interface ListKind {
  /** For kernels that gather: every pair of clusters from either side. */
  readonly full: boolean
}

/** The atoms of a system sorted into clusters of four, and the pairs of clusters near each other. */
export interface Clusters {
  readonly count: number
  /** Addresses of what kernels read of clusters, and atoms in the order of clusters. */
  readonly clusters: number
  readonly order: number
  /** Address of [3N] i32: cells that atoms were in when the list was built, counted along each axis. */
  readonly cells: number
  readonly rows: number
  readonly rowBytes: number
  readonly rowOffsets: number
  readonly lists: Lists
  /** Lattice translations within the reach of the list, [S·3] cells along each axis; entries of lists number them. */
  readonly translations: Int32Array
  /** Most that two atoms of one cluster were apart when the list was built, Å. */
  widest_A(): number
  /** Whether, in a small cell, a pair that the list leaves out may meanwhile be nearest to another image. */
  readonly mayTurn: boolean
  /**
   * Sorts and searches anew.
   * @param movable_A how far two atoms may move apart or together while the list lasts
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

/** @param positions address of [3N] f64 as given, unwrapped */
export function createClusters(
  model: NonbondedModel,
  positions: number,
  atomCount: number,
  masked: MaskedPairs,
  arena: Arena,
  kernels: NonbondedExports,
  crew: Crew,
  { full }: ListKind,
): Clusters {
  const count = Math.ceil(atomCount / 4)
  const rowBytes = 16 * model.classCount * model.width
  const links = full ? 2 * masked.count : masked.count
  const perAtom = (bytes: number) => arena.allocate(bytes * atomCount)
  const perCluster = (bytes: number) => arena.allocate(bytes * count)
  const at = {
    positions,
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
    rowOffsets: perCluster(16),
    rows: perCluster(rowBytes),
    table: arena.allocate(model.table.byteLength),
    heads: perCluster(4),
    next: arena.allocate(4 * links),
    links: arena.allocate(12 * links),
    box: arena.allocate(18 * 8),
    ranges: arena.allocate(12),
    margins: arena.allocate(24),
    result: arena.allocate(64),
  }
  arena.f32(at.charges, atomCount).set(model.charges)
  arena.i32(at.classOf, atomCount).set(model.classOf)
  arena.f32(at.table, model.table.length).set(model.table)

  let shiftRoom = 0
  let shiftIndex = 0
  let shiftVectors = 0
  let translations = new Int32Array(0)
  let mayTurn = false
  const lists = createLists(count, atomCount, arena, crew)

  async function build(box: Box, reach_A: number, movable_A: number): Promise<void> {
    await lists.search(crew.book('neighbours', () => sort(box, reach_A, movable_A)))
    gather(1)
    kernels.keepPositions(atomCount, 1, at.clusters, at.built)
  }

  /** @returns what there is to search */
  function sort(box: Box, reach_A: number, movable_A: number): SearchSpace {
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
    arena.f64(at.margins, 3).set(box.heights.map(height => movable_A / height))
    mayTurn =
      1 ===
      kernels.linkSpecialPairs(
        ...[masked.count, masked.pairs, at.positions, at.cells, at.box, at.slotOf],
        ...[at.ranges, shiftIndex, at.heads, at.next, at.links, masked.apart, masked.translations],
        ...[full ? 1 : 0, at.margins],
      )
    // Single precision in the search must not lose a pair.
    const margin = 1e-6 * Math.max(...extent, reach_A) + 1e-5
    arena.f32(at.built, 12 * count).fill(0)
    return {
      ...at,
      reach_A: reach_A + margin,
      slabs: nx,
      columnsPerSlab: ny,
      shiftCount,
      shifts: shiftVectors,
      full,
    }
  }

  /** Images within reach, home first; of half a list the lexicographically positive one of two opposite ones. */
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
    const count = full ? rows : home + 1
    translations = new Int32Array(3 * count)
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
    return count
  }

  async function prune(reach_A: number, scale: number): Promise<void> {
    await lists.prune(at.clusters, reach_A, scale)
    kernels.keepPositions(atomCount, scale, at.clusters, at.pruned)
  }

  function gather(scale: number) {
    kernels.gatherPositions(
      ...[atomCount, at.order, at.positions, at.offsets, scale, at.clusters, at.built, at.pruned, at.result],
    )
    // Squares of the largest and second largest in each lane.
    const distances = Float64Array.from(arena.f32(at.result, 16), Math.sqrt)
    return {
      sinceBuilt: twoLargest(distances.subarray(0, 8)),
      sincePruned: twoLargest(distances.subarray(8)),
    }
  }

  return {
    count,
    clusters: at.clusters,
    order: at.order,
    cells: at.cells,
    rows: at.rows,
    rowBytes,
    rowOffsets: at.rowOffsets,
    lists,
    get mayTurn() {
      return mayTurn
    },
    get translations() {
      return translations
    },
    widest_A: () => widest(arena.f32(at.bounds, 8 * count)),
    build,
    prune,
    gather,
  }
}

/** Longest diagonal of boxes, low and high corner each. */
function widest(bounds: Float32Array): number {
  let square = 0
  for (let k = 0; k < bounds.length; k += 8) {
    const [x, y, z] = [0, 1, 2].map(c => bounds[k + 4 + c]! - bounds[k + c]!) as [number, number, number]
    square = Math.max(square, x * x + y * y + z * z)
  }
  return Math.sqrt(square)
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

/** Sum of the two largest of what is not negative; NaN when any is. */
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
