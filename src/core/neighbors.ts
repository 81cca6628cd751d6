import { SimulationError } from '../errors.ts'
import { type Box, cartesian, fractional, isNearestImage } from './box.ts'

/**
 * All pairs of atoms and periodic images closer than `reach_A`, each once. The cell may be smaller than the reach: images
 * are explicit, so an atom can have several images of another atom, or of itself, as partners.
 */
export interface PairList {
  readonly reach_A: number
  /** [N] atoms in the order of the list: cell by cell. */
  readonly atoms: Int32Array
  /** [N+1] range of runs of the n-th atom of `atoms`; the partners of a run are in the same periodic image. */
  readonly atomRuns: Int32Array
  /** [R+1] range of each run in `partners`. */
  readonly runStarts: Int32Array
  /** [R] index into `shifts`. */
  readonly runShifts: Int32Array
  readonly partners: Int32Array
  /** [3S] integer lattice translations: partner position = wrapped position + shift · box. */
  readonly shifts: Int32Array
  /** [3N] cell of each atom as integer lattice translation: wrapped = position − cell · box. */
  readonly cells: Int32Array
}

/** Excluded pairs: `partners[starts[i]…starts[i+1]]` are the atoms excluded for i; every pair is listed twice. */
export interface Exclusions {
  readonly starts: Int32Array
  readonly partners: Int32Array
}

/** Exclusions of a list of pairs. @param pairs [2S] atom indices */
export function createExclusions(atomCount: number, pairs: ArrayLike<number>): Exclusions {
  const starts = new Int32Array(atomCount + 1)
  for (let k = 0; k < pairs.length; k++) starts[pairs[k]! + 1]!++
  for (let i = 0; i < atomCount; i++) starts[i + 1]! += starts[i]!
  const partners = new Int32Array(pairs.length)
  const fill = starts.slice()
  for (let k = 0; k < pairs.length; k += 2) {
    const i = pairs[k]!
    const j = pairs[k + 1]!
    partners[fill[i]!++] = j
    partners[fill[j]!++] = i
  }
  return { starts, partners }
}

/** Number of cells per reach: a good balance between cells visited and atoms tested. */
const CELLS_PER_REACH = 2
const MAX_CELLS = 1 << 20

/**
 * Builds the pair list by a linked-cell search in fractional space, for any triclinic cell.
 * @param positions [3N] Å, unwrapped
 * @param exclusions excluded pairs: only the nearest image is left out, because farther images are not bonded
 * @throws SimulationError naming the first atom whose position is not finite
 */
export function buildPairList(
  box: Box,
  positions: Float64Array,
  reach_A: number,
  exclusions: Exclusions,
): PairList {
  const atomCount = positions.length / 3
  const { s, cells } = homeCell(box, positions)
  const wrapped = cartesian(box, s)
  const grid = gridFor(box, reach_A, atomCount)
  const { order, first } = sortIntoCells(s, grid)
  const images = createImageNumbers()
  const nearby = createStencil(box, grid, reach_A, images)

  const reach2 = reach_A * reach_A
  const atomRuns = new Int32Array(atomCount + 1)
  const runStarts: number[] = []
  const runShifts: number[] = []
  let partners = new Int32Array(Math.max(64, atomCount * 64))
  let count = 0
  /** marked[j] = i + 1 where the pair (i, j) is excluded. */
  const marked = new Int32Array(atomCount)

  for (let cell = 0, n = 0; cell < first.length - 1; cell++) {
    if (first[cell] === first[cell + 1]) continue
    const { cells: near, imageNumbers, translations } = nearby(cell)
    for (; n < first[cell + 1]!; n++) {
      const i = order[n]!
      const xi = wrapped[3 * i]!
      const yi = wrapped[3 * i + 1]!
      const zi = wrapped[3 * i + 2]!
      for (let k = exclusions.starts[i]!; k < exclusions.starts[i + 1]!; k++) {
        marked[exclusions.partners[k]!] = i + 1
      }
      atomRuns[n] = runStarts.length
      let image = -1
      for (let c = 0; c < near.length; c++) {
        const own = c === 0
        const from = own ? n + 1 : first[near[c]!]!
        const to = first[near[c]! + 1]!
        if (from >= to) continue
        if (count + to - from > partners.length) partners = grown(partners, 2 * (count + to - from))
        const sx = translations[3 * c]! - xi
        const sy = translations[3 * c + 1]! - yi
        const sz = translations[3 * c + 2]! - zi
        const before = count
        for (let k = from; k < to; k++) {
          const j = order[k]!
          const dx = wrapped[3 * j]! + sx
          const dy = wrapped[3 * j + 1]! + sy
          const dz = wrapped[3 * j + 2]! + sz
          if (dx * dx + dy * dy + dz * dz >= reach2) continue
          if (marked[j] === i + 1 && isNearestImage(box, dx, dy, dz)) continue
          partners[count++] = j
        }
        if (count > before && imageNumbers[c] !== image) {
          image = imageNumbers[c]!
          runStarts.push(before)
          runShifts.push(image)
        }
      }
    }
  }
  atomRuns[atomCount] = runStarts.length
  runStarts.push(count)
  return {
    reach_A,
    atoms: order,
    atomRuns,
    runStarts: Int32Array.from(runStarts),
    runShifts: Int32Array.from(runShifts),
    partners: partners.subarray(0, count),
    shifts: Int32Array.from(images.cells),
    cells,
  }
}

/** Wrapped fractional coordinates, [3N], and the cell that each atom was in, [3N]. */
function homeCell(box: Box, positions: Float64Array): { s: Float64Array; cells: Int32Array } {
  const s = fractional(box, positions)
  const cells = new Int32Array(s.length)
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
  return { s, cells }
}

/** Numbers lattice translations in the order of first use; the home cell is 0. */
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

interface NearbyCells {
  /** Indices of cells, the atom's own cell first. */
  readonly cells: Int32Array
  /** Number of the periodic image of each cell. */
  readonly imageNumbers: Int32Array
  /** [3C] Å */
  readonly translations: Float64Array
}

/**
 * A function that returns a cell and the lexicographically later half of the cells within reach, with their images.
 * Its result is overwritten by the next call.
 */
function createStencil(
  box: Box,
  grid: readonly [number, number, number],
  reach: number,
  images: ReturnType<typeof createImageNumbers>,
): (cell: number) => NearbyCells {
  const [na, nb, nc] = grid
  const range = box.heights.map((h, k) => Math.ceil((reach * grid[k]!) / h))
  const offsets: number[] = [0, 0, 0]
  for (let a = 0; a <= range[0]!; a++) {
    for (let b = a === 0 ? 0 : -range[1]!; b <= range[1]!; b++) {
      for (let c = a === 0 && b === 0 ? 1 : -range[2]!; c <= range[2]!; c++) offsets.push(a, b, c)
    }
  }
  const count = offsets.length / 3
  const cells = new Int32Array(count)
  const imageNumbers = new Int32Array(count)
  const translations = new Float64Array(3 * count)
  const m = box.matrix
  return cell => {
    const ca = Math.floor(cell / (nb * nc))
    const cb = Math.floor(cell / nc) % nb
    const cc = cell % nc
    for (let k = 0; k < count; k++) {
      const a = ca + offsets[3 * k]!
      const b = cb + offsets[3 * k + 1]!
      const c = cc + offsets[3 * k + 2]!
      const wa = Math.floor(a / na)
      const wb = Math.floor(b / nb)
      const wc = Math.floor(c / nc)
      cells[k] = ((a - wa * na) * nb + (b - wb * nb)) * nc + (c - wc * nc)
      imageNumbers[k] = images.index(wa, wb, wc)
      for (let d = 0; d < 3; d++) translations[3 * k + d] = wa * m[d]! + wb * m[3 + d]! + wc * m[6 + d]!
    }
    return { cells, imageNumbers, translations }
  }
}
