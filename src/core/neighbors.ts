import { SimulationError } from '../errors.ts'
import { type Box, cartesian, fractional } from './box.ts'

/**
 * Every pair of atoms, and of atoms and periodic images, within `reach` of each other, each once. The cell may be
 * smaller than the reach: images are explicit, so an atom may neighbour several images of another, or of itself.
 */
export interface PairList {
  readonly reach_A: number
  /** [N+1] range of each atom's runs: partners that share one periodic image. */
  readonly atomRuns: Int32Array
  /** [R+1] range of each run in `partners`. */
  readonly runStarts: Int32Array
  /** [R] index into `shifts`. */
  readonly runShifts: Int32Array
  readonly partners: Int32Array
  /** [3S] integer lattice translations: partner position = wrapped position + shift · box. */
  readonly shifts: Int32Array
  /** [3N] integer lattice translation that brings each atom home: wrapped = position − cell · box. */
  readonly cells: Int32Array
}

/** Pairs to leave out, as sorted partner lists: `partners[starts[i]…starts[i+1]]` are the j > i excluded for i. */
export interface Exclusions {
  readonly starts: Int32Array
  readonly partners: Int32Array
}

/** @param pairs [2S] with i < j, sorted */
export function createExclusions(atomCount: number, pairs: ArrayLike<number>): Exclusions {
  const starts = new Int32Array(atomCount + 1)
  for (let k = 0; k < pairs.length; k += 2) starts[pairs[k]! + 1]!++
  for (let i = 0; i < atomCount; i++) starts[i + 1]! += starts[i]!
  const partners = new Int32Array(pairs.length / 2)
  const fill = starts.slice()
  for (let k = 0; k < pairs.length; k += 2) partners[fill[pairs[k]!]!++] = pairs[k + 1]!
  return { starts, partners }
}

const isExcluded = (exclusions: Exclusions, i: number, j: number): boolean => {
  const low = Math.min(i, j)
  const high = Math.max(i, j)
  for (let k = exclusions.starts[low]!; k < exclusions.starts[low + 1]!; k++) {
    if (exclusions.partners[k] === high) return true
  }
  return false
}

/** Cells are made about half as wide as the reach: a good balance of cells visited and atoms tested. */
const CELLS_PER_REACH = 2
const MAX_CELLS = 1 << 20

/**
 * Linked-cell search in fractional space, for any triclinic cell.
 * @param positions [3N] Å, unwrapped
 * @param exclusions applied to the nearest image of a pair only, as its farther images are not bonded to it
 * @throws SimulationError naming the first atom whose position is not finite
 */
export function buildPairList(
  box: Box,
  positions: Float64Array,
  reach_A: number,
  exclusions: Exclusions,
): PairList {
  const atomCount = positions.length / 3
  const s = fractional(box, positions)
  const cells = new Int32Array(3 * atomCount)
  for (let k = 0; k < s.length; k++) {
    if (!Number.isFinite(s[k]!)) {
      throw new SimulationError({
        message: `the position of atom ${Math.floor(k / 3) + 1} is not finite`,
        where: `coordinate ${'xyz'[k % 3]}`,
        hint: 'use a shorter timestep, or minimise the structure first',
      })
    }
    cells[k] = Math.floor(s[k]!)
    s[k] = s[k]! - cells[k]!
  }
  const wrapped = cartesian(box, s)
  const grid = gridFor(box, reach_A, atomCount)
  const { order, first } = sortIntoCells(s, grid)
  const offsets = halfStencil(box, grid, reach_A)

  const images = createImageNumbers()
  const reach2 = reach_A * reach_A
  const atomRuns = new Int32Array(atomCount + 1)
  const runStarts: number[] = []
  const runShifts: number[] = []
  let partners = new Int32Array(Math.max(64, atomCount * 64))
  let count = 0
  /** Partners of the current atom, by image. */
  const byImage: number[][] = []
  const [na, nb, nc] = grid
  const m = box.matrix
  const homeOf = (k: number, n: number) => Math.min(n - 1, Math.floor(k * n))

  for (let i = 0; i < atomCount; i++) {
    const xi = wrapped[3 * i]!
    const yi = wrapped[3 * i + 1]!
    const zi = wrapped[3 * i + 2]!
    const ca = homeOf(s[3 * i]!, na)
    const cb = homeOf(s[3 * i + 1]!, nb)
    const cc = homeOf(s[3 * i + 2]!, nc)
    for (let o = 0; o < offsets.length; o += 3) {
      const a = ca + offsets[o]!
      const b = cb + offsets[o + 1]!
      const c = cc + offsets[o + 2]!
      const wa = Math.floor(a / na)
      const wb = Math.floor(b / nb)
      const wc = Math.floor(c / nc)
      const cell = ((a - wa * na) * nb + (b - wb * nb)) * nc + (c - wc * nc)
      const from = first[cell]!
      const to = first[cell + 1]!
      if (from === to) continue
      const image = images.index(wa, wb, wc)
      const found = (byImage[image] ??= [])
      const sx = wa * m[0]! + wb * m[3]! + wc * m[6]! - xi
      const sy = wa * m[1]! + wb * m[4]! + wc * m[7]! - yi
      const sz = wa * m[2]! + wb * m[5]! + wc * m[8]! - zi
      const ownCell = o === 0
      for (let k = from; k < to; k++) {
        const j = order[k]!
        if (ownCell && j <= i) continue
        const dx = wrapped[3 * j]! + sx
        const dy = wrapped[3 * j + 1]! + sy
        const dz = wrapped[3 * j + 2]! + sz
        const r2 = dx * dx + dy * dy + dz * dz
        if (r2 >= reach2) continue
        if (i !== j && isExcluded(exclusions, i, j) && isNearestImage(box, dx, dy, dz)) continue
        found.push(j)
      }
    }
    atomRuns[i] = runStarts.length
    for (let image = 0; image < byImage.length; image++) {
      const found = byImage[image]
      if (!found || found.length === 0) continue
      runStarts.push(count)
      runShifts.push(image)
      if (count + found.length > partners.length) partners = grown(partners, 2 * (count + found.length))
      partners.set(found, count)
      count += found.length
      found.length = 0
    }
  }
  atomRuns[atomCount] = runStarts.length
  runStarts.push(count)
  return {
    reach_A,
    atomRuns,
    runStarts: Int32Array.from(runStarts),
    runShifts: Int32Array.from(runShifts),
    partners: partners.subarray(0, count),
    shifts: Int32Array.from(images.cells),
    cells,
  }
}

/** Numbers lattice translations in the order in which they are first met; the home cell is 0. */
function createImageNumbers() {
  const numbers = new Map<number, number>()
  const cells: number[] = []
  const index = (a: number, b: number, c: number): number => {
    const key = ((a + 512) * 1024 + (b + 512)) * 1024 + (c + 512)
    const known = numbers.get(key)
    if (known !== undefined) return known
    numbers.set(key, numbers.size)
    cells.push(a, b, c)
    return numbers.size - 1
  }
  index(0, 0, 0)
  return { index, cells }
}

function grown(from: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const to = new Int32Array(length)
  to.set(from)
  return to
}

function isNearestImage(box: Box, dx: number, dy: number, dz: number): boolean {
  const w = box.inverse
  return [0, 1, 2].every(k => Math.round(dx * w[k]! + dy * w[3 + k]! + dz * w[6 + k]!) === 0)
}

function gridFor(box: Box, reach: number, atomCount: number): [number, number, number] {
  const wanted = box.heights.map(h => Math.max(1, Math.floor((h * CELLS_PER_REACH) / reach))) as [
    number,
    number,
    number,
  ]
  const limit = Math.min(MAX_CELLS, 8 * atomCount + 8)
  const product = wanted[0] * wanted[1] * wanted[2]
  if (product <= limit) return wanted
  const shrink = Math.cbrt(limit / product)
  return wanted.map(n => Math.max(1, Math.floor(n * shrink))) as [number, number, number]
}

/** Counting sort of atoms by cell: `order[first[c]…first[c+1]]` are the atoms of cell c. */
function sortIntoCells(s: Float64Array, grid: readonly [number, number, number]) {
  const [na, nb, nc] = grid
  const atomCount = s.length / 3
  const cellOf = new Int32Array(atomCount)
  const first = new Int32Array(na * nb * nc + 1)
  const index = (value: number, n: number) => Math.min(n - 1, Math.floor(value * n))
  for (let i = 0; i < atomCount; i++) {
    const cell = (index(s[3 * i]!, na) * nb + index(s[3 * i + 1]!, nb)) * nc + index(s[3 * i + 2]!, nc)
    cellOf[i] = cell
    first[cell + 1]!++
  }
  for (let c = 0; c < first.length - 1; c++) first[c + 1]! += first[c]!
  const order = new Int32Array(atomCount)
  const fill = first.slice()
  for (let i = 0; i < atomCount; i++) order[fill[cellOf[i]!]!++] = i
  return { order, first }
}

/** Offsets to the own cell (first) and to the lexicographically later half of the cells within reach. */
function halfStencil(box: Box, grid: readonly [number, number, number], reach: number): number[] {
  const width = box.heights.map((h, k) => h / grid[k]!)
  const range = width.map(w => Math.ceil(reach / w))
  const offsets: number[] = [0, 0, 0]
  for (let a = 0; a <= range[0]!; a++) {
    for (let b = a === 0 ? 0 : -range[1]!; b <= range[1]!; b++) {
      for (let c = a === 0 && b === 0 ? 1 : -range[2]!; c <= range[2]!; c++) offsets.push(a, b, c)
    }
  }
  return offsets
}
