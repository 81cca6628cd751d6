import { type Box, fractional, isNearestImage } from '../../core/box.ts'
import type { Exclusions, PairList } from '../../core/neighbors.ts'
import { SimulationError } from '../../errors.ts'

/**
 * A pair list in an order that depends on the pairs alone: by atom i, then by lattice translation, then by partner
 * j ≥ i, with separations between the unwrapped positions. Pairs beyond the cut-off contribute nothing, so sums over a
 * configuration are the same to the last bit from whichever positions the list was built.
 *
 * Every pair is tried with every translation that could bring it near: for the hundreds of atoms of a band that is as
 * fast as a search in cells, and it needs no sorting.
 * @param positions [3N] Å, unwrapped
 * @param exclusions applied to the nearest image of a pair only
 * @throws SimulationError naming the first atom whose position is not finite
 */
export function buildOrderedPairList(
  box: Box,
  positions: Float64Array,
  reach_A: number,
  exclusions: Exclusions,
): PairList {
  const bad = positions.findIndex(x => !Number.isFinite(x))
  if (bad >= 0) {
    throw new SimulationError({
      message: `the position of atom ${Math.floor(bad / 3) + 1} is not finite`,
      where: `coordinate ${'xyz'[bad % 3]}`,
      hint: 'start from a path without overlaps, or take shorter steps',
    })
  }
  const atomCount = positions.length / 3
  const s = fractional(box, positions)
  const translations = translationsInReach(box, s, reach_A)
  const nearest = createNearestTest(box, exclusions)
  const found = createPartners(64 * atomCount)
  const atomRuns = new Int32Array(atomCount + 1)
  const runStarts: number[] = []
  const runShifts: number[] = []

  for (let i = 0; i < atomCount; i++) {
    atomRuns[i] = runStarts.length
    for (let t = 0; t < translations.count; t++) {
      // An atom and its own image: once, not once in either direction.
      const from = t > translations.home ? i : i + 1
      if (!translations.mayReach(t, s, i)) continue
      const before = found.count
      addPartners(found, positions, i, from, translations.vectors, t, reach_A * reach_A)
      found.count = nearest.remove(found, before, positions, i, translations.vectors, t)
      if (found.count === before) continue
      runStarts.push(before)
      runShifts.push(t)
    }
  }
  atomRuns[atomCount] = runStarts.length
  runStarts.push(found.count)
  return {
    reach_A,
    atoms: Int32Array.from({ length: atomCount }, (_, i) => i),
    atomRuns,
    runStarts: Int32Array.from(runStarts),
    runShifts: Int32Array.from(runShifts),
    partners: found.partners.slice(0, found.count),
    shifts: translations.cells,
    cells: new Int32Array(3 * atomCount),
  }
}

interface Partners {
  count: number
  partners: Int32Array
}

const createPartners = (capacity: number): Partners => ({ count: 0, partners: new Int32Array(capacity) })

/** Appends the atoms j ≥ from whose image t is within reach of atom i. @param vectors [3T] Å */
function addPartners(
  found: Partners,
  x: Float64Array,
  i: number,
  from: number,
  vectors: Float64Array,
  t: number,
  reach2: number,
): void {
  const atomCount = x.length / 3
  if (found.count + atomCount > found.partners.length) {
    const larger = new Int32Array(2 * found.partners.length + atomCount)
    larger.set(found.partners)
    found.partners = larger
  }
  const { partners } = found
  const xi = x[3 * i]! - vectors[3 * t]!
  const yi = x[3 * i + 1]! - vectors[3 * t + 1]!
  const zi = x[3 * i + 2]! - vectors[3 * t + 2]!
  let count = found.count
  for (let j = from; j < atomCount; j++) {
    const dx = x[3 * j]! - xi
    const dy = x[3 * j + 1]! - yi
    const dz = x[3 * j + 2]! - zi
    partners[count] = j
    // Without a branch: an atom out of reach is overwritten by the next.
    count += dx * dx + dy * dy + dz * dz < reach2 ? 1 : 0
  }
  found.count = count
}

/** Lattice translations that bring any two of the atoms within reach, in lexicographic order. */
function translationsInReach(box: Box, s: Float64Array, reach: number) {
  const range = box.heights.map(height => reach / height)
  const low = [0, 1, 2].map(c => least(s, c, 1))
  const high = [0, 1, 2].map(c => -least(s, c, -1))
  const most = [0, 1, 2].map(c => Math.floor(high[c]! - low[c]! + range[c]!))
  const cells: number[] = []
  for (let a = -most[0]!; a <= most[0]!; a++) {
    for (let b = -most[1]!; b <= most[1]!; b++) {
      for (let c = -most[2]!; c <= most[2]!; c++) cells.push(a, b, c)
    }
  }
  const count = cells.length / 3
  const m = box.matrix
  const vectors = Float64Array.from(cells, (_, k) => {
    const t = k - (k % 3)
    const c = k % 3
    return cells[t]! * m[c]! + cells[t + 1]! * m[3 + c]! + cells[t + 2]! * m[6 + c]!
  })
  /** False when no atom's image t can be within reach of atom i. */
  const mayReach = (t: number, of: Float64Array, i: number) => {
    for (let c = 0; c < 3; c++) {
      const from = of[3 * i + c]! - cells[3 * t + c]!
      if (low[c]! - from > range[c]! || from - high[c]! > range[c]!) return false
    }
    return true
  }
  return { count, home: (count - 1) / 2, cells: Int32Array.from(cells), vectors, mayReach }
}

/** Smallest of sign·s along an axis. */
function least(s: Float64Array, axis: number, sign: number): number {
  let result = Number.POSITIVE_INFINITY
  for (let k = axis; k < s.length; k += 3) result = Math.min(result, sign * s[k]!)
  return result
}

/** Takes excluded pairs out again where they are nearest images. */
function createNearestTest(box: Box, { starts, partners: excluded }: Exclusions) {
  const remove = (
    { count, partners }: Partners,
    before: number,
    x: Float64Array,
    i: number,
    vectors: Float64Array,
    t: number,
  ): number => {
    if (starts[i] === starts[i + 1]) return count
    const own = excluded.subarray(starts[i], starts[i + 1])
    const isNearest = (j: number) => {
      const [dx, dy, dz] = [0, 1, 2].map(c => x[3 * j + c]! + vectors[3 * t + c]! - x[3 * i + c]!)
      return isNearestImage(box, dx!, dy!, dz!)
    }
    let kept = before
    for (let k = before; k < count; k++) {
      const j = partners[k]!
      if (!own.includes(j) || !isNearest(j)) partners[kept++] = j
    }
    return kept
  }
  return { remove }
}
