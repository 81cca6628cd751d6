import type { Box } from '../../core/box.ts'
import { SimulationError } from '../../errors.ts'
import type { Clusters, Workplace } from '../clusters/clusters.ts'
import type { Job } from '../wasm/crew.ts'
import { CLUSTER_BYTES, FRAME, FULL_LIST } from '../wasm/layout.ts'
import { MAX_INDEX } from './backends.ts'

/**
 * The cell that kernels see: fractions of it, taken modulo 1, are positions. It is a whole fraction of the box along
 * each axis, or several boxes where the box is small. It is so wide that of all images of a pair only the nearest can be
 * within the cut-off, and that no atoms of a pair of clusters in the list look nearer than they are. Kernels need no
 * lattice translations then, and single precision resolves positions alike in boxes of any size.
 */
export interface Frame {
  /** Frames along a, b, c of the box; below 1 where the frame holds several boxes. */
  readonly perBox: readonly [number, number, number]
  /** Images of every atom in the frame along a, b, c. */
  readonly images: readonly [number, number, number]
}

/** Atoms that a bonded term joins are nearest images of each other in a frame this wide, Å. */
const NARROWEST_A = 20

/**
 * @param reach_A of the list of cluster pairs
 * @param widest_A most that two atoms of one cluster are apart
 */
export function frameFor(box: Box, reach_A: number, widest_A: number): Frame {
  const perFrame = box.heights.map(height => Math.max(2 * reach_A, NARROWEST_A) / height)
  const images = perFrame.map(n => Math.max(1, Math.ceil(n))) as [number, number, number]
  const narrowest_A = Math.max(2 * (reach_A + widest_A), NARROWEST_A)
  const parts = box.heights.map(height => Math.max(1, Math.floor(height / narrowest_A)))
  const perBox = parts.map((n, k) => n / images[k]!) as [number, number, number]
  return { perBox, images }
}

/** Lattice vectors of the frame, row by row, Å. */
export const frameMatrix = (box: Box, { perBox }: Frame): number[] =>
  Array.from(box.matrix, (value, k) => value / perBox[Math.floor(k / 3)]!)

/** Sizes of the arrays of a list. */
export interface Capacity {
  readonly rows: number
  /** Most partners of a row, and most masked ones of a cluster. */
  readonly width: number
  readonly maskedWidth: number
}

/**
 * Every pair of clusters seen from both of them. Partners are in rows that all have room for the same number; a cluster
 * has as many rows as it needs. Image n of cluster c is number c + n·clusters.
 */
export interface FullList extends Capacity {
  readonly frame: Frame
  /** Images of each atom in the frame. */
  readonly images: number
  /**
   * [3 + width, rows], column by column so that neighbouring rows are read together: for each row its cluster, 3 + its
   * number of partners, twice its number of masked partners, and its partners. Like `masked` a view of memory, to be read
   * before more of that is allocated.
   */
  readonly entries: Float32Array
  /** [2·maskedWidth, clusters] partner and mask of each: bit 4i + j where atom j of the partner counts for atom i. */
  readonly masked: Float32Array
  /** [clusters+1] rows of each cluster. */
  readonly firstRow: Int32Array
}

/** Rows are made for so many more pairs, so that the next list likely fits into the arrays of this one. */
const SPARE = 1.1
/** Fewest partners for which a row of its own is worth while. */
const FEWEST = 8

/** Addresses of the arrays of the list, and their sizes, which grow with the list. */
interface Room extends Capacity {
  readonly list: number
  readonly masked: number
}

export interface FullLists {
  /**
   * The full list of what the cluster lists hold. Its arrays are overwritten by the next one.
   * @param targetRows how many rows keep the device busy; no fewer than one for each cluster
   * @throws SimulationError where there are more clusters than single precision can number
   */
  fill(box: Box, reach_A: number, targetRows: number): Promise<FullList>
  /** Writes positions and charges, [16, clusters·images], and what their rounding has cost. */
  place(box: Box, list: FullList): { highs: Float32Array; lows: Float32Array }
}

export function createFullLists(workplace: Workplace, clusters: Clusters): FullLists {
  const { system, positions, arena, kernels } = workplace
  const { count } = clusters
  const firstRows = arena.allocate(4 * (count + 1))
  const counts = arena.allocate(8 * count)
  const frameAt = arena.allocate(FRAME.bytes)
  const rows = createRowWriter(workplace, clusters, counts, firstRows)
  let room: Room = { rows: 0, width: 0, maskedWidth: 0, list: 0, masked: 0 }
  let imageRoom = 0
  let highs = 0
  let lows = 0

  function makeRoomForImages(images: number): void {
    if (images <= imageRoom) return
    imageRoom = images
    rows.makeRoom(images)
    highs = arena.allocate(CLUSTER_BYTES * count * images)
    lows = arena.allocate(CLUSTER_BYTES * count * images)
  }

  /** Makes room for a list of this size, and for its growth as atoms move. */
  function grow(needed: Capacity): void {
    const size = (of: keyof Capacity) => Math.max(room[of], Math.ceil(SPARE * needed[of]))
    const [rows, width, maskedWidth] = [size('rows'), size('width'), size('maskedWidth')]
    const list = arena.allocate(4 * (3 + width) * rows)
    room = { rows, width, maskedWidth, list, masked: arena.allocate(8 * maskedWidth * count) }
  }

  async function fill(box: Box, reach_A: number, targetRows: number): Promise<FullList> {
    const frame = frameFor(box, reach_A, clusters.widest_A())
    const images = frame.images.reduce((product, n) => product * n, 1)
    if (count * images > MAX_INDEX) {
      throw new SimulationError({
        message: `${4 * count * images} atoms are more than single precision can number`,
        hint: 'use platform: simd',
      })
    }
    makeRoomForImages(images)
    rows.describe(frame)
    await rows.write({ list: 0, rows: 0, masked: 0 })
    const used = divideIntoRows(arena.i32(counts, 2 * count), targetRows, arena.i32(firstRows, count + 1))
    if (used.rows > room.rows || used.width > room.width || used.maskedWidth > room.maskedWidth) grow(used)
    await rows.write(room)
    // Rows to spare belong to the first cluster, and have no partners.
    const entries = arena.f32(room.list, (3 + room.width) * room.rows)
    entries.fill(0, used.rows, room.rows)
    entries.fill(3, room.rows + used.rows, 2 * room.rows)
    entries.fill(0, 2 * room.rows + used.rows, 3 * room.rows)
    const { width, maskedWidth } = room
    return {
      ...{ frame, images, rows: room.rows, width, maskedWidth, entries },
      masked: arena.f32(room.masked, 2 * maskedWidth * count),
      firstRow: arena.i32(firstRows, count + 1).slice(),
    }
  }

  function place(box: Box, { frame: { perBox, images }, images: total }: FullList) {
    arena.write(FRAME, frameAt, { toFractions: box.inverse.map((w, k) => w * perBox[k % 3]!), perBox })
    kernels.exports.gatherFractions(
      ...[system.atomCount, clusters.order, positions, clusters.cells, frameAt, ...images],
      ...[clusters.clusters, highs, lows],
    )
    const length = 16 * count * total
    return { highs: arena.f32(highs, length), lows: arena.f32(lows, length) }
  }

  return { fill, place }
}

/** Writes the rows of a full list from the cluster lists, on the crew's threads. @param counts, firstRows addresses, see `fullRows` */
function createRowWriter({ arena, crew }: Workplace, clusters: Clusters, counts: number, firstRows: number) {
  const { count, lists } = clusters
  const parameters = lists.parts.map(() => arena.allocate(FULL_LIST.bytes))
  let stamps: number[] = []
  let found: number[] = []
  let shiftRoom = 0
  let imageOfShift = 0
  return {
    makeRoom(images: number): void {
      stamps = lists.parts.map(() => arena.allocate(4 * count * images))
      found = lists.parts.map(() => arena.allocate(8 * count * images))
    },
    describe({ images }: Frame): void {
      const shifts = clusters.translations.length / 3
      if (shifts > shiftRoom) {
        shiftRoom = shifts
        imageOfShift = arena.allocate(4 * shifts)
      }
      const imageOf = arena.i32(imageOfShift, shifts)
      for (let n = 0; n < shifts; n++) {
        imageOf[n] = imageIndex(clusters.translations.subarray(3 * n, 3 * n + 3), images)
      }
      lists.parts.forEach(({ inner: { plain, masked } }, k) => {
        arena.write(FULL_LIST, parameters[k]!, {
          ...{ entries: plain.entries, entryCount: plain.entryCount, js: plain.js },
          ...{ maskedEntries: masked.entries, maskedEntryCount: masked.entryCount, maskedJs: masked.js },
          ...{ imageOfShift, clusterCount: count },
        })
      })
    },
    /** @param list 0 to count partners only */
    async write({ list, rows, masked }: Pick<Room, 'list' | 'rows' | 'masked'>): Promise<void> {
      const jobs = lists.parts.map(({ from, to }, k): Job => {
        const workspace = [stamps[k]!, found[k]!, counts, firstRows]
        const args = [parameters[k]!, from, to, ...workspace, list, rows, masked]
        return { part: 'neighbours', calls: [{ kernel: 'fullRows', args }] }
      })
      crew.start(jobs)
      await crew.finish()
    },
  }
}

/**
 * Divides the partners of clusters into rows. The division depends on the list alone, not on the room for it, and so do
 * sums of rows, to the last bit.
 * @param counts [2·clusters] plain and masked partners
 * @param firstRow [clusters+1] written
 */
function divideIntoRows(counts: Int32Array, targetRows: number, firstRow: Int32Array): Capacity {
  let all = 0
  let most = 1
  let maskedWidth = 1
  for (let k = 0; k < counts.length; k += 2) {
    all += counts[k]!
    most = Math.max(most, counts[k]!)
    maskedWidth = Math.max(maskedWidth, counts[k + 1]!)
  }
  const width = Math.min(most, Math.max(FEWEST, Math.ceil(all / targetRows)))
  firstRow[0] = 0
  for (let c = 0; c + 1 < firstRow.length; c++) {
    firstRow[c + 1] = firstRow[c]! + Math.max(1, Math.ceil(counts[2 * c]! / width))
  }
  return { rows: firstRow.at(-1)!, width, maskedWidth }
}

/** Returns the number of the image to which a translation leads, in a frame of so many boxes. */
function imageIndex(cells: Int32Array, images: Frame['images']): number {
  return images.reduce((index, count, axis) => {
    const shift = cells[axis]! % count
    return index * count + (shift < 0 ? shift + count : shift)
  }, 0)
}
