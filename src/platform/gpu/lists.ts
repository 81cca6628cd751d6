import type { Box } from '../../core/box.ts'
import type { PairList } from '../../core/neighbors.ts'
import { SimulationError } from '../../errors.ts'
import { MAX_INDEX } from './backends.ts'

/**
 * The cell that kernels see: fractions of it, taken modulo 1, are positions. It is a whole fraction of the box along
 * each axis, or several boxes where the box is small, and always wide enough that of all images of a pair only the
 * nearest can be within the cut-off. Kernels need no lattice translations then, and single precision resolves positions
 * alike in boxes of any size.
 */
export interface Frame {
  /** Frames along a, b, c of the box; below 1 where the frame holds several boxes. */
  readonly perBox: readonly [number, number, number]
  /** Images of every atom in the frame along a, b, c. */
  readonly images: readonly [number, number, number]
}

/** @param reach_A of the pair list */
export function frameFor(box: Box, reach_A: number): Frame {
  const boxes = box.heights.map(height => height / (2 * reach_A))
  const images = boxes.map(n => (n < 1 ? Math.ceil(1 / n) : 1)) as [number, number, number]
  const perBox = boxes.map((n, k) => (n < 1 ? 1 / images[k]! : Math.floor(n))) as [number, number, number]
  return { perBox, images }
}

/** Lattice vectors of the frame, row by row, Å. */
export const frameMatrix = (box: Box, { perBox }: Frame): number[] =>
  Array.from(box.matrix, (value, k) => value / perBox[Math.floor(k / 3)]!)

/**
 * Every pair of a list seen from both of its atoms, in rows that all have room for the same number of partners; an atom
 * has as many rows as it needs. Atoms are numbered in the order of the pair list, which goes cell by cell; other images
 * of atom n are n + N, n + 2N and so on.
 */
export interface FullList {
  readonly frame: Frame
  /** Rows that there is room for. */
  readonly rows: number
  /** Most partners of a row. */
  readonly width: number
  /**
   * [2 + width, rows], column by column so that neighbouring rows are read together: for each row its atom, 2 + its
   * number of partners, and its partners.
   */
  readonly entries: Float32Array
  /** [N+1] rows of each atom. */
  readonly firstRow: Int32Array
}

export interface Capacity {
  readonly rows: number
  readonly width: number
}

/** Rows are made for so many more pairs, so that the next list likely fits into the arrays of this one. */
const SPARE = 1.1

/**
 * @param capacity of the arrays that there are
 * @param targetRows how many rows keep the device busy; no fewer than one for each atom
 * @returns a list of that capacity if it fits, and otherwise one of a larger capacity
 */
export function fullList(
  pairs: PairList,
  frame: Frame,
  targetRows: number,
  capacity: Capacity | undefined,
): FullList {
  const atomCount = pairs.atoms.length
  const { images } = frame
  const numbers = atomCount * images[0] * images[1] * images[2]
  if (numbers > MAX_INDEX) {
    throw new SimulationError({
      message: `${numbers} atoms are more than the ${MAX_INDEX} that single precision can number`,
      hint: 'use platform: simd',
    })
  }
  const slotOf = new Int32Array(atomCount)
  pairs.atoms.forEach((atom, slot) => {
    slotOf[atom] = slot
  })
  const partnerCounts = new Int32Array(atomCount)
  forEachPair(pairs, slotOf, images, (a, b) => {
    partnerCounts[a]!++
    partnerCounts[b]!++
  })
  const most = partnerCounts.reduce((m, count) => Math.max(m, count), 1)
  const all = 2 * pairs.partners.length
  const width =
    capacity?.width ?? Math.min(Math.ceil(SPARE * most), Math.max(16, Math.ceil(all / targetRows)))
  const firstRow = new Int32Array(atomCount + 1)
  partnerCounts.forEach((count, a) => {
    firstRow[a + 1] = firstRow[a]! + Math.max(1, Math.ceil(count / width))
  })
  const used = firstRow[atomCount]!
  const rows =
    capacity && used <= capacity.rows ? capacity.rows : Math.max(atomCount, Math.ceil(SPARE * used))

  const entries = new Float32Array((2 + width) * rows)
  for (let a = 0; a < atomCount; a++) {
    for (let row = firstRow[a]!; row < firstRow[a + 1]!; row++) {
      entries[row] = a
      entries[rows + row] = 2
    }
  }
  const filled = new Int32Array(atomCount)
  /** Deals the partners of an atom out to its rows. */
  const put = (a: number, partner: number) => {
    const first = firstRow[a]!
    const own = firstRow[a + 1]! - first
    const k = filled[a]!++
    const row = first + (k % own)
    entries[(2 + Math.floor(k / own)) * rows + row] = partner
    entries[rows + row]!++
  }
  forEachPair(pairs, slotOf, images, (a, b, there, back) => {
    put(a, b + there * atomCount)
    put(b, a + back * atomCount)
  })
  return { frame, rows, width, entries, firstRow }
}

/** @param use is called with slots, and the image of each as seen from the other */
function forEachPair(
  { atomRuns, runStarts, runShifts, partners, shifts }: PairList,
  slotOf: Int32Array,
  images: Frame['images'],
  use: (a: number, b: number, there: number, back: number) => void,
): void {
  for (let a = 0; a < slotOf.length; a++) {
    for (let run = atomRuns[a]!; run < atomRuns[a + 1]!; run++) {
      const cell = shifts.subarray(3 * runShifts[run]!, 3 * runShifts[run]! + 3)
      const there = imageIndex(cell, images, 1)
      const back = imageIndex(cell, images, -1)
      for (let k = runStarts[run]!; k < runStarts[run + 1]!; k++) {
        use(a, slotOf[partners[k]!]!, there, back)
      }
    }
  }
}

function imageIndex(cell: Int32Array, images: Frame['images'], sign: 1 | -1): number {
  return images.reduce((index, count, axis) => {
    const shift = (sign * cell[axis]!) % count
    return index * count + (shift < 0 ? shift + count : shift)
  }, 0)
}

/**
 * Positions as kernels read them: fractions of the frame between −½ and ½, and charges.
 * @param atoms [4·N·images] written
 * @param charges [N] of every atom
 */
export function placeAtoms(
  atoms: Float32Array,
  box: Box,
  positions: Float64Array,
  charges: Float32Array,
  { atoms: order, cells }: PairList,
  { perBox, images }: Frame,
): void {
  const w = box.inverse
  const atomCount = order.length
  const [fa, fb, fc] = perBox
  let at = 0
  for (let a = 0; a < images[0]; a++) {
    for (let b = 0; b < images[1]; b++) {
      for (let c = 0; c < images[2]; c++) {
        for (let n = 0; n < atomCount; n++) {
          const i = 3 * order[n]!
          const [x, y, z] = [positions[i]!, positions[i + 1]!, positions[i + 2]!]
          const sa = (x * w[0]! + y * w[3]! + z * w[6]! - cells[i]! + a) * fa
          const sb = (x * w[1]! + y * w[4]! + z * w[7]! - cells[i + 1]! + b) * fb
          const sc = (x * w[2]! + y * w[5]! + z * w[8]! - cells[i + 2]! + c) * fc
          atoms[at] = sa - Math.round(sa)
          atoms[at + 1] = sb - Math.round(sb)
          atoms[at + 2] = sc - Math.round(sc)
          atoms[at + 3] = charges[order[n]!]!
          at += 4
        }
      }
    }
  }
}
