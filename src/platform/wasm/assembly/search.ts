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
 * every pair from either side. `result`: entries, js, masked entries, masked js,
 * and 1, or 0 when an array is too short: the result then counts what there would be.
 * @param p addresses and sizes: see `searchJob` in src/platform/clusters/lists.ts
 */
export function buildList(p: usize, from: i32, to: i32, result: usize): void {
  const reach2 = load<f32>(p, Search.reach2)
  const clusterCount = load<i32>(p, Search.clusterCount)
  const coordinates = <usize>load<i32>(p, Search.coordinates)
  const bounds = <usize>load<i32>(p, Search.bounds)
  const slabs = load<i32>(p, Search.slabs)
  const columnsPerSlab = load<i32>(p, Search.columnsPerSlab)
  const columns = <usize>load<i32>(p, Search.columns)
  const columnBounds = <usize>load<i32>(p, Search.columnBounds)
  const slabBounds = <usize>load<i32>(p, Search.slabBounds)
  const allBounds = <usize>load<i32>(p, Search.allBounds)
  const shiftCount = load<i32>(p, Search.shiftCount)
  const shifts = <usize>load<i32>(p, Search.shifts)
  const blockOf = <usize>load<i32>(p, Search.blockOf)
  const origins = <usize>load<i32>(p, Search.origins)
  const heads = <usize>load<i32>(p, Search.heads)
  const next = <usize>load<i32>(p, Search.next)
  const links = <usize>load<i32>(p, Search.links)
  const found = <usize>load<i32>(p, Search.found)
  const masks = <usize>load<i32>(p, Search.masks)
  const entries = <usize>load<i32>(p, Search.entries)
  const entryCapacity = load<i32>(p, Search.entryCapacity)
  const plain = <usize>load<i32>(p, Search.plain)
  const plainCapacity = load<i32>(p, Search.plainCapacity)
  const maskedEntries = <usize>load<i32>(p, Search.maskedEntries)
  const maskedEntryCapacity = load<i32>(p, Search.maskedEntryCapacity)
  const masked = <usize>load<i32>(p, Search.masked)
  const maskedCapacity = load<i32>(p, Search.maskedCapacity)
  const touched = <usize>load<i32>(p, Search.touched)
  const full = load<i32>(p, Search.isFull) != 0
  const reach2s = f32x4.splat(reach2)

  let entryCount = 0
  let plainCount = 0
  let maskedEntryCount = 0
  let maskedCount = 0

  for (let ci = from; ci < to; ci++) {
    const at = coordinates + <usize>ci * 48
    const oi = origins + <usize>ci * 24
    for (let shift = 0; shift < shiftCount; shift++) {
      const vector = shifts + <usize>shift * 24
      const sx = load<f64>(vector)
      const sy = load<f64>(vector, 8)
      const sz = load<f64>(vector, 16)
      const away = f32x4(<f32>sx, <f32>sy, <f32>sz, 0)
      const low = f32x4.sub(v128.load(bounds + (<usize>ci << 5)), away)
      const high = f32x4.sub(v128.load(bounds + (<usize>ci << 5), 16), away)
      if (gap2(low, high, allBounds) >= reach2) continue
      const xi = f32x4.sub(v128.load(at), f32x4.splat(<f32>sx))
      const yi = f32x4.sub(v128.load(at, 16), f32x4.splat(<f32>sy))
      const zi = f32x4.sub(v128.load(at, 32), f32x4.splat(<f32>sz))
      const first = !full && shift == 0 ? ci : 0
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
            count += near(xi, yi, zi, coordinates + <usize>cj * 48, reach2s) ? 1 : 0
          }
        }
      }
      if (count == 0) continue
      if (shift == 0) store<i32>(masks + (<usize>ci << 2), full ? OFF_DIAGONAL : TRIANGLE)
      for (let q = load<i32>(heads + (<usize>ci << 2)); q >= 0; q = load<i32>(next + (<usize>q << 2))) {
        const link = links + <usize>q * Link.bytes
        if (load<i32>(link, Link.shift) != shift) continue
        const mask = masks + (<usize>load<i32>(link) << 2)
        store<i32>(mask, load<i32>(mask) & ~(1 << load<i32>(link, Link.bit)))
      }
      // One entry per block of j clusters, as each block has a frame of its own.
      while (count > 0) {
        const head = <usize>load<i32>(found)
        const block = load<i32>(blockOf + (head << 2))
        const oj = origins + head * 24
        const plainFrom = plainCount
        const maskedFrom = maskedCount
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
        count = left
        const vx = load<f64>(oi) - load<f64>(oj) - sx
        const vy = load<f64>(oi, 8) - load<f64>(oj, 8) - sy
        const vz = load<f64>(oi, 16) - load<f64>(oj, 16) - sz
        if (plainCount > plainFrom) {
          if (entryCount < entryCapacity) {
            closeEntry(entries + <usize>entryCount * Entry.bytes, ci, plainFrom, plainCount, shift, vx, vy, vz)
          }
          entryCount++
        }
        if (maskedCount > maskedFrom) {
          if (maskedEntryCount < maskedEntryCapacity) {
            const entry = maskedEntries + <usize>maskedEntryCount * Entry.bytes
            closeEntry(entry, ci, maskedFrom, maskedCount, shift, vx, vy, vz)
          }
          maskedEntryCount++
        }
      }
      if (shift == 0) store<i32>(masks + (<usize>ci << 2), EVERY_PAIR)
      for (let q = load<i32>(heads + (<usize>ci << 2)); q >= 0; q = load<i32>(next + (<usize>q << 2))) {
        store<i32>(masks + (<usize>load<i32>(links + <usize>q * Link.bytes, Link.cluster) << 2), EVERY_PAIR)
      }
    }
  }
  store<i32>(result, entryCount, ListCounts.entries)
  store<i32>(result, plainCount, ListCounts.plain)
  store<i32>(result, maskedEntryCount, ListCounts.maskedEntries)
  store<i32>(result, maskedCount, ListCounts.masked)
  const fits =
    plainCount <= plainCapacity &&
    maskedCount <= maskedCapacity &&
    entryCount <= entryCapacity &&
    maskedEntryCount <= maskedEntryCapacity
  store<i32>(result, fits ? 1 : 0, ListCounts.fits)
  if (!fits) return
  for (let ci = from; ci < to; ci += 1) store<u8>(touched + <usize>(ci / PATCH), 1)
  for (let k = 0; k < plainCount; k++) {
    store<u8>(touched + <usize>(load<i32>(plain + (<usize>k << 2)) / PATCH), 1)
  }
  for (let k = 0; k < maskedCount; k++) {
    store<u8>(touched + <usize>(load<i32>(masked + (<usize>k << 3)) / PATCH), 1)
  }
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
