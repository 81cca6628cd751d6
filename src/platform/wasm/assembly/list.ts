import { nowhere } from './cluster'
import { Cell, Link } from './layout'

// Neighbour search: atoms sorted into clusters of four, and the pairs of clusters that come near each other. Every
// array is given by its address; see src/platform/clusters/clusters.ts for what holds what.

/** Moves atoms into the cell. @returns index of the first atom that is nowhere, or -1 */
export function wrapAtoms(
  atomCount: i32,
  positions: usize,
  box: usize,
  wrapped: usize,
  cells: usize,
): i32 {
  for (let i = 0; i < atomCount; i++) {
    const at = positions + <usize>i * 24
    const x = load<f64>(at)
    const y = load<f64>(at, 8)
    const z = load<f64>(at, 16)
    const a = floor<f64>(x * load<f64>(box, Cell.inverse) + y * load<f64>(box, Cell.inverse + 24) + z * load<f64>(box, Cell.inverse + 48))
    const b = floor<f64>(x * load<f64>(box, Cell.inverse + 8) + y * load<f64>(box, Cell.inverse + 32) + z * load<f64>(box, Cell.inverse + 56))
    const c = floor<f64>(x * load<f64>(box, Cell.inverse + 16) + y * load<f64>(box, Cell.inverse + 40) + z * load<f64>(box, Cell.inverse + 64))
    if (!(abs<f64>(a) < 1e9) || !(abs<f64>(b) < 1e9) || !(abs<f64>(c) < 1e9)) return i
    const cell = cells + <usize>i * 12
    store<i32>(cell, <i32>a)
    store<i32>(cell, <i32>b, 4)
    store<i32>(cell, <i32>c, 8)
    const home = wrapped + <usize>i * 12
    store<f32>(home, <f32>(x - a * load<f64>(box) - b * load<f64>(box, 24) - c * load<f64>(box, 48)))
    store<f32>(home, <f32>(y - a * load<f64>(box, 8) - b * load<f64>(box, 32) - c * load<f64>(box, 56)), 4)
    store<f32>(home, <f32>(z - a * load<f64>(box, 16) - b * load<f64>(box, 40) - c * load<f64>(box, 64)), 8)
  }
  return -1
}

/** A number whose order as an unsigned integer is that of the coordinate; equal ones go by atom. */
@inline
function sortKey(coordinate: f32, atom: i32): u64 {
  const bits = reinterpret<i32>(coordinate)
  const ordered = <u32>(bits ^ ((bits >> 31) | i32.MIN_VALUE))
  return ((<u64>ordered) << 32) | <u64>(<u32>atom)
}

/** Sorts order[from…to) along an axis: insertion into runs of eight, then merges. */
function sortRange(wrapped: usize, order: usize, from: i32, to: i32, axis: i32, keys: usize, scratch: usize): void {
  const count = to - from
  const offset = <usize>axis * 4
  for (let k = 0; k < count; k++) {
    const atom = load<i32>(order + (<usize>(from + k) << 2))
    const key = sortKey(load<f32>(wrapped + <usize>atom * 12 + offset), atom)
    let at = k
    while ((at & 7) != 0 && load<u64>(keys + (<usize>(at - 1) << 3)) > key) {
      store<u64>(keys + (<usize>at << 3), load<u64>(keys + (<usize>(at - 1) << 3)))
      at--
    }
    store<u64>(keys + (<usize>at << 3), key)
  }
  let source = keys
  let target = scratch
  for (let width = 8; width < count; width <<= 1) {
    for (let start = 0; start < count; start += width << 1) {
      const middle = min<i32>(start + width, count)
      const end = min<i32>(start + (width << 1), count)
      let left = start
      let right = middle
      for (let k = start; k < end; k++) {
        const takeLeft =
          left < middle &&
          (right >= end || load<u64>(source + (<usize>left << 3)) <= load<u64>(source + (<usize>right << 3)))
        store<u64>(target + (<usize>k << 3), load<u64>(source + (<usize>(takeLeft ? left : right) << 3)))
        if (takeLeft) left++
        else right++
      }
    }
    const swap = source
    source = target
    target = swap
  }
  for (let k = 0; k < count; k++) {
    store<i32>(order + (<usize>(from + k) << 2), <i32>load<u64>(source + (<usize>k << 3)))
  }
}

/**
 * Sorts atoms into nx slabs of equally many clusters, each into ny columns, each along z: clusters that are about as
 * wide as high, in any cell and at any density. `columns` [nx·ny+1] is the first cluster of each column.
 */
export function sortAtoms(
  atomCount: i32,
  clusterCount: i32,
  wrapped: usize,
  nx: i32,
  ny: i32,
  order: usize,
  columns: usize,
  keys: usize,
  scratch: usize,
): void {
  for (let i = 0; i < atomCount; i++) store<i32>(order + (<usize>i << 2), i)
  sortRange(wrapped, order, 0, atomCount, 0, keys, scratch)
  for (let slab = 0; slab < nx; slab++) {
    const first = <i32>((<i64>clusterCount * slab) / nx)
    const size = <i32>((<i64>clusterCount * (slab + 1)) / nx) - first
    sortRange(wrapped, order, first << 2, min<i32>((first + size) << 2, atomCount), 1, keys, scratch)
    for (let column = 0; column < ny; column++) {
      const from = first + (size * column) / ny
      const to = first + (size * (column + 1)) / ny
      store<i32>(columns + (<usize>(slab * ny + column) << 2), from)
      sortRange(wrapped, order, from << 2, min<i32>(to << 2, atomCount), 2, keys, scratch)
    }
  }
  store<i32>(columns + (<usize>(nx * ny) << 2), clusterCount)
}

/**
 * Coordinates of clusters in the wrapped cell, x4 y4 z4, and the boxes around clusters, columns, slabs and everything:
 * low and high corner. The last cluster is filled up with atoms that are nowhere; boxes leave them out.
 */
export function boundClusters(
  atomCount: i32,
  clusterCount: i32,
  wrapped: usize,
  order: usize,
  coordinates: usize,
  bounds: usize,
  nx: i32,
  ny: i32,
  columns: usize,
  columnBounds: usize,
  slabBounds: usize,
  allBounds: usize,
  slotOf: usize,
): void {
  for (let c = 0; c < clusterCount; c++) {
    const at = coordinates + <usize>c * 48
    let low = f32x4.splat(<f32>Infinity)
    let high = f32x4.splat(<f32>-Infinity)
    for (let lane = 0; lane < 4; lane++) {
      const slot = c * 4 + lane
      const to = at + (<usize>lane << 2)
      if (slot >= atomCount) {
        store<f32>(to, nowhere(lane))
        store<f32>(to, 0, 16)
        store<f32>(to, 0, 32)
        continue
      }
      const atom = load<i32>(order + (<usize>slot << 2))
      store<i32>(slotOf + (<usize>atom << 2), slot)
      const from = wrapped + <usize>atom * 12
      const x = load<f32>(from)
      const y = load<f32>(from, 4)
      const z = load<f32>(from, 8)
      store<f32>(to, x)
      store<f32>(to, y, 16)
      store<f32>(to, z, 32)
      const r = f32x4(x, y, z, 0)
      low = f32x4.pmin(low, r)
      high = f32x4.pmax(high, r)
    }
    v128.store(bounds + (<usize>c << 5), low)
    v128.store(bounds + (<usize>c << 5), high, 16)
  }
  for (let column = 0; column < nx * ny; column++) {
    const from = load<i32>(columns + (<usize>column << 2))
    const to = load<i32>(columns + (<usize>column << 2), 4)
    boundAll(bounds, from, to, columnBounds + (<usize>column << 5))
  }
  for (let slab = 0; slab < nx; slab++) {
    boundAll(columnBounds, slab * ny, (slab + 1) * ny, slabBounds + (<usize>slab << 5))
  }
  boundAll(slabBounds, 0, nx, allBounds)
}

function boundAll(bounds: usize, from: i32, to: i32, result: usize): void {
  let low = f32x4.splat(<f32>Infinity)
  let high = f32x4.splat(<f32>-Infinity)
  for (let k = from; k < to; k++) {
    low = f32x4.pmin(low, v128.load(bounds + (<usize>k << 5)))
    high = f32x4.pmax(high, v128.load(bounds + (<usize>k << 5), 16))
  }
  v128.store(result, low)
  v128.store(result, high, 16)
}

/**
 * Frames: small coordinates are exact ones. The cell is divided into blocks; positions of a cluster are relative to the
 * origin of its block. Writes the block of each cluster and, for each slot, what to subtract from the unwrapped position.
 */
export function placeFrames(
  atomCount: i32,
  clusterCount: i32,
  order: usize,
  cells: usize,
  box: usize,
  bounds: usize,
  allBounds: usize,
  edge_A: f64,
  blocksY: i32,
  blocksZ: i32,
  blockOf: usize,
  origins: usize,
  offsets: usize,
): void {
  const x0 = <f64>load<f32>(allBounds)
  const y0 = <f64>load<f32>(allBounds, 4)
  const z0 = <f64>load<f32>(allBounds, 8)
  for (let c = 0; c < clusterCount; c++) {
    const at = bounds + (<usize>c << 5)
    const bx = <i32>(((<f64>load<f32>(at) + <f64>load<f32>(at, 16)) * 0.5 - x0) / edge_A)
    const by = <i32>(((<f64>load<f32>(at, 4) + <f64>load<f32>(at, 20)) * 0.5 - y0) / edge_A)
    const bz = <i32>(((<f64>load<f32>(at, 8) + <f64>load<f32>(at, 24)) * 0.5 - z0) / edge_A)
    const block = (bx * blocksY + by) * blocksZ + bz
    const ox = x0 + (<f64>bx + 0.5) * edge_A
    const oy = y0 + (<f64>by + 0.5) * edge_A
    const oz = z0 + (<f64>bz + 0.5) * edge_A
    store<i32>(blockOf + (<usize>c << 2), block)
    store<f64>(origins + <usize>c * 24, ox)
    store<f64>(origins + <usize>c * 24, oy, 8)
    store<f64>(origins + <usize>c * 24, oz, 16)
    for (let slot = c << 2; slot < min<i32>((c + 1) << 2, atomCount); slot++) {
      const cell = cells + <usize>load<i32>(order + (<usize>slot << 2)) * 12
      const a = <f64>load<i32>(cell)
      const b = <f64>load<i32>(cell, 4)
      const d = <f64>load<i32>(cell, 8)
      const to = offsets + <usize>slot * 24
      store<f64>(to, ox + a * load<f64>(box) + b * load<f64>(box, 24) + d * load<f64>(box, 48))
      store<f64>(to, oy + a * load<f64>(box, 8) + b * load<f64>(box, 32) + d * load<f64>(box, 56), 8)
      store<f64>(to, oz + a * load<f64>(box, 16) + b * load<f64>(box, 40) + d * load<f64>(box, 64), 16)
    }
  }
}

/**
 * Charges, types and Lennard-Jones rows in the order of the clusters. A row holds, for four partners j, what a pair of
 * one type with them needs; table [classes][classes][width].
 */
export function fillClusters(
  atomCount: i32,
  clusterCount: i32,
  order: usize,
  charges: usize,
  classOf: usize,
  classes: i32,
  width: i32,
  table: usize,
  clusters: usize,
  rowOffsets: usize,
  rows: usize,
): void {
  for (let slot = 0; slot < clusterCount * 4; slot++) {
    const real = slot < atomCount
    const atom = real ? load<i32>(order + (<usize>slot << 2)) : 0
    const kind = real ? load<i32>(classOf + (<usize>atom << 2)) : 0
    const c = <usize>(slot >> 2)
    const lane = <usize>(slot & 3) << 2
    store<f32>(clusters + (c << 6) + lane, real ? load<f32>(charges + (<usize>atom << 2)) : 0, 48)
    store<i32>(rowOffsets + (<usize>slot << 2), kind * width * 16)
    for (let other = 0; other < classes; other++) {
      for (let k = 0; k < width; k++) {
        const value = load<f32>(table + (<usize>((other * classes + kind) * width + k) << 2))
        const to = rows + ((c * <usize>(classes * width) + <usize>(other * width + k)) << 4) + lane
        store<f32>(to, real ? value : 0)
      }
    }
  }
}

/** Adds a special pair to the list of the cluster of its first atom. */
function link(
  p: i32,
  si: i32,
  sj: i32,
  a: i32,
  b: i32,
  c: i32,
  ranges: usize,
  shiftIndex: usize,
  heads: usize,
  next: usize,
  links: usize,
): void {
  const ra = load<i32>(ranges)
  const rb = load<i32>(ranges, 4)
  const rc = load<i32>(ranges, 8)
  if (abs<i32>(a) > ra || abs<i32>(b) > rb || abs<i32>(c) > rc) return
  const row = ((a + ra) * (2 * rb + 1) + b + rb) * (2 * rc + 1) + c + rc
  const at = links + <usize>p * Link.bytes
  store<i32>(at, sj >> 2, Link.cluster)
  store<i32>(at, load<i32>(shiftIndex + (<usize>row << 2)), Link.shift)
  store<i32>(at, ((si & 3) << 2) | (sj & 3), Link.bit)
  const head = heads + (<usize>(si >> 2) << 2)
  store<i32>(next + (<usize>p << 2), load<i32>(head))
  store<i32>(head, p)
}

/**
 * Finds for every special pair the cluster pair and image in which it would be met, and what separates it from its
 * nearest image. `heads` [clusters] and `next` are linked lists by i cluster; `links` 3 numbers per pair: j cluster,
 * shift, bit. For a full list there are twice as many, as pairs are met from either side. A pair out of the range of
 * shifts is in no list.
 * @param margins three doubles: how far a pair may move along each axis while the list lasts, in cells
 * @returns 1 where another image of a pair may become the nearest meanwhile, else 0
 */
export function linkSpecialPairs(
  pairCount: i32,
  pairs: usize,
  positions: usize,
  cells: usize,
  box: usize,
  slotOf: usize,
  ranges: usize,
  shiftIndex: usize,
  heads: usize,
  next: usize,
  links: usize,
  apart: usize,
  translations: usize,
  full: i32,
  margins: usize,
): i32 {
  let mayTurn = 0
  for (let p = 0; p < pairCount; p++) {
    const i = load<i32>(pairs + (<usize>p << 3))
    const j = load<i32>(pairs + (<usize>p << 3), 4)
    const xi = positions + <usize>i * 24
    const xj = positions + <usize>j * 24
    const dx = load<f64>(xj) - load<f64>(xi)
    const dy = load<f64>(xj, 8) - load<f64>(xi, 8)
    const dz = load<f64>(xj, 16) - load<f64>(xi, 16)
    const sa = dx * load<f64>(box, Cell.inverse) + dy * load<f64>(box, Cell.inverse + 24) + dz * load<f64>(box, Cell.inverse + 48)
    const sb = dx * load<f64>(box, Cell.inverse + 8) + dy * load<f64>(box, Cell.inverse + 32) + dz * load<f64>(box, Cell.inverse + 56)
    const sc = dx * load<f64>(box, Cell.inverse + 16) + dy * load<f64>(box, Cell.inverse + 40) + dz * load<f64>(box, Cell.inverse + 64)
    const na = floor<f64>(0.5 + sa)
    const nb = floor<f64>(0.5 + sb)
    const nc = floor<f64>(0.5 + sc)
    if (abs<f64>(sa - na) + load<f64>(margins) >= 0.5) mayTurn = 1
    if (abs<f64>(sb - nb) + load<f64>(margins, 8) >= 0.5) mayTurn = 1
    if (abs<f64>(sc - nc) + load<f64>(margins, 16) >= 0.5) mayTurn = 1
    const away = na != 0 || nb != 0 || nc != 0
    store<i32>(apart + (<usize>p << 2), away ? 1 : 0)
    const to = translations + <usize>p * 24
    store<f64>(to, na * load<f64>(box) + nb * load<f64>(box, 24) + nc * load<f64>(box, 48))
    store<f64>(to, na * load<f64>(box, 8) + nb * load<f64>(box, 32) + nc * load<f64>(box, 56), 8)
    store<f64>(to, na * load<f64>(box, 16) + nb * load<f64>(box, 40) + nc * load<f64>(box, 64), 16)
    const ci = cells + <usize>i * 12
    const cj = cells + <usize>j * 12
    const a = load<i32>(cj) - load<i32>(ci) - <i32>na
    const b = load<i32>(cj, 4) - load<i32>(ci, 4) - <i32>nb
    const c = load<i32>(cj, 8) - load<i32>(ci, 8) - <i32>nc
    const si = load<i32>(slotOf + (<usize>i << 2))
    const sj = load<i32>(slotOf + (<usize>j << 2))
    const backwards = a != 0 ? a < 0 : b != 0 ? b < 0 : c != 0 ? c < 0 : sj < si
    if (full || !backwards) link(p, si, sj, a, b, c, ranges, shiftIndex, heads, next, links)
    const q = full ? p + pairCount : p
    if (full || backwards) link(q, sj, si, -a, -b, -c, ranges, shiftIndex, heads, next, links)
  }
  return mayTurn
}
