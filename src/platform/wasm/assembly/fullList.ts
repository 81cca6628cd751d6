// What a kernel that gathers reads, such as one on a GPU: positions as fractions, and every pair of clusters from either
// side in rows. See src/platform/gpu/lists.ts.

import { Entry, EVERY_PAIR, Frame, FullList, NO_ATOM } from './layout'

/**
 * Positions of clusters as fractions of a frame, between −½ and ½: x4 y4 z4 q4 of each, then all again for each further
 * image. Lanes without an atom have the charge NO_ATOM. @param lows what rounding to f32 has cost, laid out alike; 0 for none
 * @param frame nine doubles that turn positions into fractions, then three: what an image adds along each axis
 * @param clusters where the charges are
 */
export function gatherFractions(
  atomCount: i32,
  order: usize,
  positions: usize,
  cells: usize,
  frame: usize,
  imagesA: i32,
  imagesB: i32,
  imagesC: i32,
  clusters: usize,
  highs: usize,
  lows: usize,
): void {
  const slots = (atomCount + 3) & ~3
  let image = 0
  for (let na = 0; na < imagesA; na++) {
    for (let nb = 0; nb < imagesB; nb++) {
      for (let nc = 0; nc < imagesC; nc++) {
        for (let slot = 0; slot < slots; slot++) {
          const lane = <usize>(slot & 3) << 2
          const to = (<usize>((image + slot) >> 2) << 6) + lane
          const charge = load<f32>(clusters + (<usize>(slot >> 2) << 6) + lane, 48)
          store<f32>(highs + to, slot < atomCount ? charge : NO_ATOM, 48)
          if (slot >= atomCount) continue
          const atom = <usize>load<i32>(order + (<usize>slot << 2))
          const at = positions + atom * 24
          const cell = cells + atom * 12
          const x = load<f64>(at)
          const y = load<f64>(at, 8)
          const z = load<f64>(at, 16)
          place(to, 0, fraction(x, y, z, frame, cell, na), highs, lows)
          place(to, 16, fraction(x, y, z, frame + 8, cell + 4, nb), highs, lows)
          place(to, 32, fraction(x, y, z, frame + 16, cell + 8, nc), highs, lows)
        }
        image += slots
      }
    }
  }
}

/** @param frame that of one axis: its columns, 24 bytes apart */
@inline
function fraction(x: f64, y: f64, z: f64, frame: usize, cell: usize, image: i32): f64 {
  const cells = <f64>(image - load<i32>(cell)) * load<f64>(frame, Frame.perBox)
  const s = x * load<f64>(frame) + y * load<f64>(frame, 24) + z * load<f64>(frame, 48) + cells
  return s - nearest<f64>(s)
}

@inline
function place(to: usize, offset: usize, s: f64, highs: usize, lows: usize): void {
  const high = <f32>s
  store<f32>(highs + to + offset, high)
  if (lows) store<f32>(lows + to + offset, <f32>(s - <f64>high))
}

/** Notes a partner with the pairs that count; one that has been noted before loses those that do not. @returns how many */
@inline
function note(partner: i32, mask: i32, stamps: usize, found: usize, count: i32): i32 {
  const stamp = stamps + (<usize>partner << 2)
  const known = load<i32>(stamp)
  if (known > 0) {
    const at = found + (<usize>(known - 1) << 3)
    store<i32>(at, load<i32>(at, 4) & mask, 4)
    return count
  }
  store<i32>(found + (<usize>count << 3), partner)
  store<i32>(found + (<usize>count << 3), mask, 4)
  store<i32>(stamp, count + 1)
  return count + 1
}

/**
 * Partners of the i clusters [from, to) of a full list in rows: each j cluster once, in the image that the frame has of
 * it, although several shifts of the cell may lead there; apart from them those of which some pairs do not count.
 * @param p entries, their count and js of the plain list, then of the masked one; image of each shift; clusters
 * @param stamps [clusters·images] i32, zeros @param found workspace [2·clusters·images] i32
 * @param counts [2·clusters] i32: plain and masked partners, written
 * @param firstRows [clusters+1] i32 rows of each cluster
 * @param list [3+width][rows] f32: cluster, 3 + partners, 2·masked ones (0 but in a cluster's first row), partners; no
 *   address when there is none yet and partners are to be counted only
 * @param masked [2·maskedWidth][clusters] f32: partner and mask of each
 */
export function fullRows(
  p: usize,
  from: i32,
  to: i32,
  stamps: usize,
  found: usize,
  counts: usize,
  firstRows: usize,
  list: usize,
  rows: i32,
  masked: usize,
): void {
  const images = <usize>load<i32>(p, FullList.imageOfShift)
  const clusterCount = load<i32>(p, FullList.clusterCount)
  let plainEntry = 0
  let maskedEntry = 0
  for (let ci = from; ci < to; ci++) {
    let count = 0
    for (let kind = 0; kind < 2; kind++) {
      const entries = <usize>load<i32>(p + <usize>kind * FullList.maskedEntries)
      const entryCount = load<i32>(p + <usize>kind * FullList.maskedEntries, FullList.entryCount)
      const js = <usize>load<i32>(p + <usize>kind * FullList.maskedEntries, FullList.js)
      const stride = kind == 0 ? 4 : 8
      let entry = kind == 0 ? plainEntry : maskedEntry
      for (; entry < entryCount && load<i32>(entries + <usize>entry * Entry.bytes, Entry.cluster) == ci; entry++) {
        const at = entries + <usize>entry * Entry.bytes
        const image = load<i32>(images + (<usize>load<i32>(at, Entry.shift) << 2)) * clusterCount
        const end = js + <usize>(load<i32>(at, Entry.to) * stride)
        for (let j = js + <usize>(load<i32>(at, Entry.from) * stride); j < end; j += stride) {
          const cj = load<i32>(j)
          const mask = kind == 0 ? EVERY_PAIR : load<i32>(j, 4)
          count = note(image + cj, mask, stamps, found, count)
        }
      }
      if (kind == 0) plainEntry = entry
      else maskedEntry = entry
    }
    const first = load<i32>(firstRows + (<usize>ci << 2))
    const own = load<i32>(firstRows + (<usize>ci << 2), 4) - first
    let plainCount = 0
    let maskedCount = 0
    for (let k = 0; k < count; k++) {
      const partner = load<i32>(found + (<usize>k << 3))
      const mask = load<i32>(found + (<usize>k << 3), 4)
      store<i32>(stamps + (<usize>partner << 2), 0)
      if (mask == EVERY_PAIR) {
        if (list) {
          const column = 3 + plainCount / own
          store<f32>(list + (<usize>(column * rows + first + (plainCount % own)) << 2), <f32>partner)
        }
        plainCount++
      } else if (mask != 0) {
        if (list) {
          const at = masked + (<usize>(2 * maskedCount * clusterCount + ci) << 2)
          store<f32>(at, <f32>partner)
          store<f32>(at + (<usize>clusterCount << 2), <f32>mask)
        }
        maskedCount++
      }
    }
    store<i32>(counts + (<usize>ci << 3), plainCount)
    store<i32>(counts + (<usize>ci << 3), maskedCount, 4)
    if (!list) continue
    for (let row = 0; row < own; row++) {
      const at = list + (<usize>(first + row) << 2)
      const end = 3 + (plainCount + own - 1 - row) / own
      const maskedEnd = row == 0 ? 2 * maskedCount : 0
      store<f32>(at, <f32>ci)
      store<f32>(at + (<usize>rows << 2), <f32>end)
      store<f32>(at + (<usize>rows << 3), <f32>maskedEnd)
    }
  }
}
