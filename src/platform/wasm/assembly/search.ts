import { lane0, lane1, lane2, lane3, moved } from './cluster'
import { Entry, EVERY_PAIR, Kept, Link, ListCounts, PATCH, Search } from './layout'

// Which pairs of clusters come within reach. A list has entries of 48 bytes (i cluster, from, to, image of j, and as f64
// what to add to the coordinates of i to see it in the frame and image of j) over j clusters: plain ones of four bytes,
// and of eight (cluster, mask of atom pairs) where some pairs do not count.

/** Bits i·4 + j of the pairs within one cluster, each once. */
const TRIANGLE: i32 = 0x8ce
/** The same from either side. */
const OFF_DIAGONAL: i32 = 0x7bde

/** Square of the distance between two boxes. */
@inline
function gap2(low: v128, high: v128, bounds: usize): f32 {
  const apart = f32x4.pmax(
    f32x4.pmax(f32x4.sub(v128.load(bounds), high), f32x4.sub(low, v128.load(bounds, 16))),
    f32x4.splat(0),
  )
  const square = f32x4.mul(apart, apart)
  return f32x4.extract_lane(square, 0) + f32x4.extract_lane(square, 1) + f32x4.extract_lane(square, 2)
}

@inline
function square(x: v128, y: v128, z: v128): v128 {
  return f32x4.add(f32x4.add(f32x4.mul(x, x), f32x4.mul(y, y)), f32x4.mul(z, z))
}

/** True when any atom of one cluster is within reach of any atom of the other: `at` holds x4 y4 z4. */
@inline
function near(xi: v128, yi: v128, zi: v128, at: usize, reach2: v128): bool {
  const xj = v128.load(at)
  const yj = v128.load(at, 16)
  const zj = v128.load(at, 32)
  let least = square(f32x4.sub(lane0(xi), xj), f32x4.sub(lane0(yi), yj), f32x4.sub(lane0(zi), zj))
  least = f32x4.pmin(
    least,
    square(f32x4.sub(lane1(xi), xj), f32x4.sub(lane1(yi), yj), f32x4.sub(lane1(zi), zj)),
  )
  least = f32x4.pmin(
    least,
    square(f32x4.sub(lane2(xi), xj), f32x4.sub(lane2(yi), yj), f32x4.sub(lane2(zi), zj)),
  )
  least = f32x4.pmin(
    least,
    square(f32x4.sub(lane3(xi), xj), f32x4.sub(lane3(yi), yj), f32x4.sub(lane3(zi), zj)),
  )
  return v128.any_true(f32x4.lt(least, reach2))
}

@inline
function closeEntry(entry: usize, ci: i32, from: i32, to: i32, shift: i32, vx: f64, vy: f64, vz: f64): void {
  store<i32>(entry, ci, Entry.cluster)
  store<i32>(entry, from, Entry.from)
  store<i32>(entry, to, Entry.to)
  store<i32>(entry, shift, Entry.shift)
  store<f64>(entry, vx, Entry.x)
  store<f64>(entry, vy, Entry.y)
  store<f64>(entry, vz, Entry.z)
}

/**
 * The list of the i clusters [from, to). A half list has every pair once: those of clusters in the home image go from the
 * earlier to the later, and of two opposite images the one that is lexicographically positive is taken. A full one has
 * every pair from either side.
 * @param p a record of SEARCH, ../layout.ts
 * @param result a record of LIST_COUNTS; when an array is too short it counts what there would be
 */
export function buildList(p: usize, from: i32, to: i32, result: usize): void {
  const shiftCount = load<i32>(p, Search.shiftCount)
  memory.fill(result, 0, ListCounts.bytes)
  for (let ci = from; ci < to; ci++) {
    for (let shift = 0; shift < shiftCount; shift++) {
      let count = findPartners(p, ci, shift)
      if (count == 0) continue
      maskPairs(p, ci, shift)
      // One entry per block of j clusters, as each block has a frame of its own.
      while (count > 0) count = addBlock(p, ci, shift, count, result)
      unmaskPairs(p, ci, shift)
    }
  }
  const fits =
    load<i32>(result, ListCounts.plain) <= load<i32>(p, Search.plainCapacity) &&
    load<i32>(result, ListCounts.masked) <= load<i32>(p, Search.maskedCapacity) &&
    load<i32>(result, ListCounts.entries) <= load<i32>(p, Search.entryCapacity) &&
    load<i32>(result, ListCounts.maskedEntries) <= load<i32>(p, Search.maskedEntryCapacity)
  store<i32>(result, fits ? 1 : 0, ListCounts.fits)
  if (!fits) return
  for (let ci = from; ci < to; ci += 1) touch(p, ci)
  touchAll(p, <usize>load<i32>(p, Search.plain), load<i32>(result, ListCounts.plain), 4)
  touchAll(p, <usize>load<i32>(p, Search.masked), load<i32>(result, ListCounts.masked), 8)
}

/** Address of the translation of an image, three doubles. */
@inline
function translation(p: usize, shift: i32): usize {
  return <usize>load<i32>(p, Search.shifts) + <usize>shift * 24
}

/** Writes the j clusters that come within reach of an i cluster in one image to `found`. @returns how many */
@inline
function findPartners(p: usize, ci: i32, shift: i32): i32 {
  const reach2 = load<f32>(p, Search.reach2)
  const coordinates = <usize>load<i32>(p, Search.coordinates)
  const bounds = <usize>load<i32>(p, Search.bounds)
  const columns = <usize>load<i32>(p, Search.columns)
  const columnsPerSlab = load<i32>(p, Search.columnsPerSlab)
  const columnBounds = <usize>load<i32>(p, Search.columnBounds)
  const slabs = load<i32>(p, Search.slabs)
  const slabBounds = <usize>load<i32>(p, Search.slabBounds)
  const found = <usize>load<i32>(p, Search.found)
  const by = translation(p, shift)
  const sx = <f32>load<f64>(by)
  const sy = <f32>load<f64>(by, 8)
  const sz = <f32>load<f64>(by, 16)
  const away = f32x4(sx, sy, sz, 0)
  const low = f32x4.sub(v128.load(bounds + (<usize>ci << 5)), away)
  const high = f32x4.sub(v128.load(bounds + (<usize>ci << 5), 16), away)
  if (gap2(low, high, <usize>load<i32>(p, Search.allBounds)) >= reach2) return 0
  const at = coordinates + <usize>ci * 48
  const xi = f32x4.sub(v128.load(at), f32x4.splat(sx))
  const yi = f32x4.sub(v128.load(at, 16), f32x4.splat(sy))
  const zi = f32x4.sub(v128.load(at, 32), f32x4.splat(sz))
  const first = shift == 0 && !load<i32>(p, Search.isFull) ? ci : 0
  let count = 0
  for (let slab = 0; slab < slabs; slab++) {
    const lastColumn = (slab + 1) * columnsPerSlab
    if (load<i32>(columns + (<usize>lastColumn << 2)) <= first) continue
    if (gap2(low, high, slabBounds + (<usize>slab << 5)) >= reach2) continue
    for (let column = slab * columnsPerSlab; column < lastColumn; column++) {
      if (gap2(low, high, columnBounds + (<usize>column << 5)) >= reach2) continue
      const end = load<i32>(columns + (<usize>column << 2), 4)
      for (let cj = max<i32>(first, load<i32>(columns + (<usize>column << 2))); cj < end; cj++) {
        if (gap2(low, high, bounds + (<usize>cj << 5)) >= reach2) continue
        store<i32>(found + (<usize>count << 2), cj)
        count += near(xi, yi, zi, coordinates + <usize>cj * 48, f32x4.splat(reach2)) ? 1 : 0
      }
    }
  }
  return count
}

/** Takes the pairs of an i cluster that do not count in one image out of the masks of its j clusters. */
@inline
function maskPairs(p: usize, ci: i32, shift: i32): void {
  const masks = <usize>load<i32>(p, Search.masks)
  if (shift == 0) store<i32>(masks + (<usize>ci << 2), load<i32>(p, Search.isFull) ? OFF_DIAGONAL : TRIANGLE)
  for (let q = firstLink(p, ci); q >= 0; q = nextLink(p, q)) {
    const link = <usize>load<i32>(p, Search.links) + <usize>q * Link.bytes
    if (load<i32>(link, Link.shift) != shift) continue
    const mask = masks + (<usize>load<i32>(link, Link.cluster) << 2)
    store<i32>(mask, load<i32>(mask) & ~(1 << load<i32>(link, Link.bit)))
  }
}

@inline
function unmaskPairs(p: usize, ci: i32, shift: i32): void {
  const masks = <usize>load<i32>(p, Search.masks)
  if (shift == 0) store<i32>(masks + (<usize>ci << 2), EVERY_PAIR)
  for (let q = firstLink(p, ci); q >= 0; q = nextLink(p, q)) {
    const link = <usize>load<i32>(p, Search.links) + <usize>q * Link.bytes
    store<i32>(masks + (<usize>load<i32>(link, Link.cluster) << 2), EVERY_PAIR)
  }
}

/** The first special pair of an i cluster; −1 where there is none. */
@inline
function firstLink(p: usize, ci: i32): i32 {
  return load<i32>(<usize>load<i32>(p, Search.heads) + (<usize>ci << 2))
}

@inline
function nextLink(p: usize, link: i32): i32 {
  return load<i32>(<usize>load<i32>(p, Search.next) + (<usize>link << 2))
}

/** Moves the partners that share the block of the first one from `found` to the lists. @returns how many are left there */
@inline
function addBlock(p: usize, ci: i32, shift: i32, count: i32, result: usize): i32 {
  const found = <usize>load<i32>(p, Search.found)
  const masks = <usize>load<i32>(p, Search.masks)
  const blockOf = <usize>load<i32>(p, Search.blockOf)
  const plain = <usize>load<i32>(p, Search.plain)
  const plainCapacity = load<i32>(p, Search.plainCapacity)
  const plainFrom = load<i32>(result, ListCounts.plain)
  const masked = <usize>load<i32>(p, Search.masked)
  const maskedCapacity = load<i32>(p, Search.maskedCapacity)
  const maskedFrom = load<i32>(result, ListCounts.masked)
  const head = load<i32>(found)
  const block = load<i32>(blockOf + (<usize>head << 2))
  let plainCount = plainFrom
  let maskedCount = maskedFrom
  let left = 0
  for (let k = 0; k < count; k++) {
    const cj = load<i32>(found + (<usize>k << 2))
    if (load<i32>(blockOf + (<usize>cj << 2)) != block) {
      store<i32>(found + (<usize>left << 2), cj)
      left++
      continue
    }
    const mask = load<i32>(masks + (<usize>cj << 2))
    if (mask == EVERY_PAIR) {
      if (plainCount < plainCapacity) store<i32>(plain + (<usize>plainCount << 2), cj)
      plainCount++
    } else if (mask != 0) {
      if (maskedCount < maskedCapacity) {
        store<i32>(masked + (<usize>maskedCount << 3), cj)
        store<i32>(masked + (<usize>maskedCount << 3), mask, 4)
      }
      maskedCount++
    }
  }
  store<i32>(result, plainCount, ListCounts.plain)
  store<i32>(result, maskedCount, ListCounts.masked)
  addEntry(p, 0, ci, head, plainFrom, plainCount, shift, result + ListCounts.entries)
  const toMasked = Search.maskedEntries - Search.entries
  addEntry(p, toMasked, ci, head, maskedFrom, maskedCount, shift, result + ListCounts.maskedEntries)
  return left
}

/** Adds an entry over the j clusters [from, to) of a list, if any. @param list offset of the masked list's fields in SEARCH, or 0 */
@inline
function addEntry(p: usize, list: usize, ci: i32, cj: i32, from: i32, to: i32, shift: i32, counter: usize): void {
  if (from == to) return
  const count = load<i32>(counter)
  store<i32>(counter, count + 1)
  if (count >= load<i32>(p + list, Search.entryCapacity)) return
  const origins = <usize>load<i32>(p, Search.origins)
  const oi = origins + <usize>ci * 24
  const oj = origins + <usize>cj * 24
  const by = translation(p, shift)
  const vx = load<f64>(oi) - load<f64>(oj) - load<f64>(by)
  const vy = load<f64>(oi, 8) - load<f64>(oj, 8) - load<f64>(by, 8)
  const vz = load<f64>(oi, 16) - load<f64>(oj, 16) - load<f64>(by, 16)
  closeEntry(<usize>load<i32>(p + list, Search.entries) + <usize>count * Entry.bytes, ci, from, to, shift, vx, vy, vz)
}

/** Marks the patch of a cluster. */
@inline
function touch(p: usize, cluster: i32): void {
  store<u8>(<usize>load<i32>(p, Search.touched) + <usize>(cluster / PATCH), 1)
}

/** Marks the patches of the j clusters of a list. */
@inline
function touchAll(p: usize, js: usize, count: i32, stride: usize): void {
  for (let k = 0; k < count; k++) touch(p, load<i32>(js + <usize>k * stride))
}

/**
 * Copies of the entries what is within a shorter reach now. @param stride 4 for plain, 8 for masked lists
 * @param result entries, js: how many there are then
 */
export function pruneList(
  clusters: usize,
  scale: f64,
  reach: f32,
  entries: usize,
  entriesToPrune: i32,
  js: usize,
  stride: usize,
  keptEntries: usize,
  keptJs: usize,
  result: usize,
): void {
  const reach2 = f32x4.splat(reach * reach)
  let entryCount = 0
  let count = 0
  for (let e = 0; e < entriesToPrune; e++) {
    const entry = entries + <usize>e * Entry.bytes
    const ci = clusters + (<usize>load<i32>(entry, Entry.cluster) << 6)
    const vx = load<f64>(entry, Entry.x)
    const vy = load<f64>(entry, Entry.y)
    const vz = load<f64>(entry, Entry.z)
    const xi = moved(v128.load(ci), scale * vx)
    const yi = moved(v128.load(ci, 16), scale * vy)
    const zi = moved(v128.load(ci, 32), scale * vz)
    const first = count
    const end = js + <usize>load<i32>(entry, Entry.to) * stride
    for (let j = js + <usize>load<i32>(entry, Entry.from) * stride; j < end; j += stride) {
      const cj = load<i32>(j)
      const kept = keptJs + <usize>count * stride
      store<i32>(kept, cj)
      if (stride == 8) store<i32>(kept, load<i32>(j, 4), 4)
      count += near(xi, yi, zi, clusters + (<usize>cj << 6), reach2) ? 1 : 0
    }
    if (count == first) continue
    const shift = load<i32>(entry, Entry.shift)
    closeEntry(keptEntries + <usize>entryCount * Entry.bytes, load<i32>(entry, Entry.cluster), first, count, shift, vx, vy, vz)
    entryCount++
  }
  store<i32>(result, entryCount, Kept.entries)
  store<i32>(result, count, Kept.js)
}
