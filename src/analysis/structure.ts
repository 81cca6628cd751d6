import { type Box, minimumImage } from '../core/box.ts'
import { UserError } from '../errors.ts'
import { confidenceInterval, meanOf } from './estimate.ts'
import type { Trajectory } from './msd.ts'
import { blockAverage, FEWEST_BLOCKS, type Interval, mean } from './stats.ts'

/** Positions and cells of all atoms over time. */
export interface Frames {
  /** [frames, atoms, 3] Å, wrapped or not. */
  readonly positions: Trajectory
  /** One cell for all frames, or one per frame. */
  readonly box: Box | readonly Box[]
}

/** The cell of one frame. */
export function boxOfFrame({ box }: Frames, frame: number): Box {
  return 'matrix' in box ? box : box[frame]!
}

/** Half the smallest height of any frame's cell: the longest distance with one nearest image. */
export function longestDistance(frames: Frames): number {
  const boxes = 'matrix' in frames.box ? [frames.box] : frames.box
  return Math.min(...boxes.flatMap(box => box.heights)) / 2
}

/** Checks that distances up to `distance_A` can be measured. @throws UserError for a wrong number of cells, or beyond half a cell */
export function checkFrames(frames: Frames, distance_A: number): void {
  const count = frames.positions.shape[0]!
  if (!('matrix' in frames.box) && frames.box.length !== count) {
    throw new UserError({ message: `${frames.box.length} cells were given for ${count} frames` })
  }
  const longest = longestDistance(frames)
  if (!(distance_A > 0 && distance_A <= longest * (1 + 1e-12))) {
    throw new UserError({
      message: `a distance of ${distance_A} Å cannot be measured in this cell`,
      hint: `stay at or below half its smallest height, ${longest.toFixed(3)} Å`,
    })
  }
}

/** Calls `visit` for every pair of different atoms, one of a and one of b, nearer than `reach_A` in one frame. */
export function visitPairs(
  frames: Frames,
  frame: number,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  reach_A: number,
  visit: (indexA: number, indexB: number, distance_A: number) => void,
): void {
  const { data, offset, stride } = frames.positions
  const [perFrame, perAtom, perAxis] = stride as [number, number, number]
  const box = boxOfFrame(frames, frame)
  const start = offset + frame * perFrame
  const delta = new Float64Array(3)
  for (let i = 0; i < a.length; i++) {
    const from = start + a[i]! * perAtom
    for (let j = 0; j < b.length; j++) {
      if (a[i] === b[j]) continue
      const to = start + b[j]! * perAtom
      for (let axis = 0; axis < 3; axis++)
        delta[axis] = data[to + axis * perAxis]! - data[from + axis * perAxis]!
      minimumImage(box, delta)
      const squared = delta[0]! ** 2 + delta[1]! ** 2 + delta[2]! ** 2
      if (squared < reach_A * reach_A) visit(i, j, Math.sqrt(squared))
    }
  }
}

/** Radial distribution function with its running coordination number. */
export interface RadialDistribution {
  /** [bins] middle of each bin, Å */
  readonly r_A: Float64Array
  readonly binWidth_A: number
  /** [bins] */
  readonly g: Float64Array
  /** [bins] pairs counted over all frames. */
  readonly pairs: Float64Array
  /** [bins] mean number of b around one a, up to the *outer* edge of each bin. */
  readonly coordination: Float64Array
}

/**
 * Radial distribution function of species b around species a, g(r) = ⟨n(r)⟩ / (pairs · 4/3 π (r₊³ − r₋³) / V), each
 * frame with its own volume (Allen & Tildesley 2017, eq. 2.94, https://doi.org/10.1093/oso/9780198803195.001.0001).
 * An atom in both lists forms no pair with itself, so that an ideal gas has g = 1 for any number of atoms.
 *
 * @param a and @param b indices of atoms
 * @param options.maximum_A end of the last bin. Default, and largest value: half the smallest height of the cells
 * @param options.binWidth_A width of a bin, adjusted to divide the range evenly. Default: 0.05
 * @throws UserError for an empty species or a range beyond half the cell
 */
export function radialDistribution(
  frames: Frames,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  options: { readonly maximum_A?: number; readonly binWidth_A?: number } = {},
): RadialDistribution {
  const maximum_A = options.maximum_A ?? longestDistance(frames)
  checkFrames(frames, maximum_A)
  const inB = new Set(Array.from(b))
  const pairs = a.length * b.length - Array.from(a).filter(atom => inB.has(atom)).length
  if (pairs === 0)
    throw new UserError({ message: 'a radial distribution function needs atoms of both species' })
  const bins = Math.max(1, Math.round(maximum_A / (options.binWidth_A ?? 0.05)))
  const width = maximum_A / bins
  const counts = new Float64Array(bins)
  const frameCount = frames.positions.shape[0]!
  let density = 0
  for (let frame = 0; frame < frameCount; frame++) {
    density += pairs / boxOfFrame(frames, frame).volume
    visitPairs(frames, frame, a, b, maximum_A, (_i, _j, distance) => {
      counts[Math.min(bins - 1, Math.floor(distance / width))]!++
    })
  }
  let total = 0
  return {
    binWidth_A: width,
    r_A: Float64Array.from({ length: bins }, (_, k) => (k + 0.5) * width),
    g: counts.map((n, k) => n / (density * (4 / 3) * Math.PI * width ** 3 * ((k + 1) ** 3 - k ** 3))),
    pairs: counts,
    coordination: counts.map(n => {
      total += n
      return total / (frameCount * a.length)
    }),
  }
}

/** Width over which g(r) is smoothed before the search for peaks. */
const SMOOTHING_A = 0.15
/** Least height of a peak above 1, in Poisson standard errors of its number of pairs. */
const PEAK_SIGNIFICANCE = 4
/** Distance on either side within which an extremum of the smoothed g(r) must be the highest or lowest value. */
const EXTREMUM_REACH_A = 0.4
const LOWEST_PEAK = 1.2

/**
 * End of the first shell of neighbours: the first minimum of g(r), smoothed over 0.15 Å, after its first peak. The peak is
 * above 1.2 and significantly above 1; both are extrema over ±0.4 Å, and the minimum is at most half the peak or 1,
 * whichever is higher.
 * @returns distance of the minimum, Å; null if g(r) has no such peak and minimum, as in a gas or for too few frames
 */
export function firstMinimum(rdf: RadialDistribution): number | null {
  const half = Math.round(SMOOTHING_A / 2 / rdf.binWidth_A)
  const reach = Math.max(1, Math.round(EXTREMUM_REACH_A / rdf.binWidth_A))
  const near = (values: Float64Array, k: number, distance: number) =>
    values.subarray(Math.max(0, k - distance), k + distance + 1)
  const smooth = rdf.g.map((_, k) => mean(near(rdf.g, k, half)))
  const peak = smooth.findIndex((value, k) => {
    const pairs = near(rdf.pairs, k, half).reduce((sum, n) => sum + n, 0)
    const significant = value * (1 - PEAK_SIGNIFICANCE / Math.sqrt(pairs)) > 1
    return value > LOWEST_PEAK && significant && value >= Math.max(...near(smooth, k, reach))
  })
  if (peak < 0) return null
  const highest = Math.max(1, smooth[peak]! / 2)
  const minimum = smooth.findIndex((value, k) => {
    const complete = k > peak && k + reach < smooth.length
    return complete && value <= highest && value <= Math.min(...near(smooth, k, reach))
  })
  return minimum < 0 ? null : rdf.r_A[minimum]!
}

/** Coordination number of one kind of pair. */
export interface Coordination {
  /** Mean number of b within `radius_A` of one a. */
  readonly value: number
  readonly ci95: Interval | null
  readonly radius_A: number
  readonly radiusFrom: 'first minimum' | 'given'
}

/**
 * Coordination number within the first minimum of g(r), or within `fallback_A` if there is none. The interval (Student t)
 * is the wider of two: from the scatter between atoms of a, and from the time series (block average).
 * @throws UserError as `radialDistribution`
 */
export function coordinationNumber(
  frames: Frames,
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  options: { readonly fallback_A: number; readonly maximum_A?: number },
): Coordination {
  const found = firstMinimum(radialDistribution(frames, a, b, options))
  const radius_A = found ?? options.fallback_A
  checkFrames(frames, radius_A)
  const frameCount = frames.positions.shape[0]!
  const perAtom = new Float64Array(a.length)
  const perFrame = new Float64Array(frameCount)
  for (let frame = 0; frame < frameCount; frame++) {
    visitPairs(frames, frame, a, b, radius_A, i => {
      perAtom[i]! += 1 / frameCount
      perFrame[frame]! += 1 / a.length
    })
  }
  const value = mean(perFrame)
  const intervals = [
    ...(a.length > 1 ? [confidenceInterval({ ...meanOf(perAtom), value })] : []),
    ...(frameCount >= FEWEST_BLOCKS
      ? [confidenceInterval({ ...blockAverage(perFrame), value, degreesOfFreedom: FEWEST_BLOCKS - 1 })]
      : []),
  ]
  return {
    value,
    ci95: intervals.sort((one, other) => other[1] - one[1])[0] ?? null,
    radius_A,
    radiusFrom: found === null ? 'given' : 'first minimum',
  }
}
