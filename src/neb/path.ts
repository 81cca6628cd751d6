import { type Box, fractional } from '../core/box.ts'
import { UserError } from '../errors.ts'
import type { ImageEvaluation } from '../platform/platform.ts'
import { spacings } from './band.ts'
import { type ClosePair, closePairs, continueFrom } from './geometry.ts'
import { relaxedBand } from './neb.ts'

/** Options of `initialPath`. */
export interface PathOptions {
  readonly box: Box
  /** [3N] Å */
  readonly initial: Float64Array
  readonly final: Float64Array
  /** Configurations that the path goes through, in order; each becomes an image. */
  readonly via?: readonly Float64Array[]
  /** Number of images, both ends included. */
  readonly images: number
  readonly kind: 'linear' | 'idpp'
  /** [N] 1 for atoms that stay at their positions in `initial`; null if all may move. */
  readonly frozen: Uint8Array | null
}

/**
 * The initial path of a band: straight lines to the nearest periodic images (`linear`), or a path with interpolated
 * distances between atoms (`idpp`: Smidstrup et al. 2014, https://doi.org/10.1063/1.4878664), on which atoms avoid each
 * other.
 * @returns [images] of [3N] Å, continuous from image to image; the first is `initial`
 * @throws UserError when there are fewer images than end and via points, or lengths differ
 */
export async function initialPath(options: PathOptions): Promise<Float64Array[]> {
  const { box, initial, frozen, images, kind } = options
  const given = [...(options.via ?? []), options.final]
  if (given.some(point => point.length !== initial.length)) {
    throw new UserError({ message: 'the points of a path differ in their number of atoms' })
  }
  if (!Number.isInteger(images) || images < Math.max(3, given.length + 1)) {
    throw new UserError({
      message: `${images} images are too few for a path through ${given.length + 1} given points`,
      hint: `use at least ${Math.max(3, given.length + 1)}, better more`,
    })
  }
  const points: Float64Array[] = [initial.slice()]
  for (const point of given) {
    const next: Float64Array = continueFrom(box, points.at(-1)!, point)
    frozen?.forEach((held, atom) => {
      if (held) next.set(initial.subarray(3 * atom, 3 * atom + 3), 3 * atom)
    })
    points.push(next)
  }
  const path = alongLines(points, images)
  return kind === 'idpp' ? relaxDistances(path, points, box, frozen) : path
}

/** Distributes the images over the straight lines between the given points, as evenly as possible. */
function alongLines(points: readonly Float64Array[], images: number): Float64Array[] {
  const lengths = spacings(points)
  const segments = lengths.map(() => 1)
  for (let left = images - 1 - lengths.length; left > 0; left--) {
    const gaps = lengths.map((length, leg) => length / segments[leg]!)
    segments[gaps.indexOf(Math.max(...gaps))]!++
  }
  const path = [points[0]!]
  segments.forEach((count, leg) => {
    const [start, end] = [points[leg]!, points[leg + 1]!]
    for (let step = 1; step < count; step++) {
      path.push(start.map((x, k) => x + (step / count) * (end[k]! - x)))
    }
    path.push(end)
  })
  return path
}

/** Largest distance that counts for IDPP, Å: the weight d⁻⁴ of longer ones is below 1 % of that of a bond. */
const REACH_A = 7
/** Largest "force" on an atom at which IDPP stops, Å⁻³; the path only has to be a good guess. */
const IDPP_FMAX = 0.01
const IDPP_ITERATIONS = 200
/** Curvature of the IDPP function about a bond of 2 Å with six neighbours, Å⁻⁴. */
const IDPP_CURVATURE = 1
const IDPP_SPRING = 0.1

/** Relaxes Σ (d_wanted − d)²/d⁴ on a band; the wanted distances are interpolated between the given points. */
async function relaxDistances(
  path: readonly Float64Array[],
  points: readonly Float64Array[],
  box: Box,
  frozen: Uint8Array | null,
): Promise<Float64Array[]> {
  const pairs = pairsAlong(path, box, frozen)
  const pointAt = points.map(point => path.indexOf(point))
  const targets = points.map(point => pairs.map(pair => distanceOf(pair, point)))
  const wanted = path.map((_, image) => {
    const leg = Math.max(0, pointAt.findIndex(at => at >= image) - 1)
    const part = (image - pointAt[leg]!) / (pointAt[leg + 1]! - pointAt[leg]!)
    return targets[leg]!.map((d, p) => d + part * (targets[leg + 1]![p]! - d))
  })
  const band = await relaxedBand({
    evaluator: {
      evaluate: async (images, indices) =>
        images.map((image, k) => distanceMismatch(image, pairs, wanted[indices[k]!]!)),
    },
    images: path,
    frozen,
    springs: { kind: 'uniform', stiffness_eV_per_A2: IDPP_SPRING },
    optimizer: 'lbfgs',
    climb: false,
    fmax_eV_per_A: IDPP_FMAX,
    max_iterations: IDPP_ITERATIONS,
    firstCurvature_eV_per_A2: IDPP_CURVATURE,
  })
  return [...band.images]
}

/** A pair of atoms, at least one of them free, with the lattice vector between them, which is the same on the whole path. */
type TrackedPair = Pick<ClosePair, 'i' | 'j' | 'shift'>

function pairsAlong(path: readonly Float64Array[], box: Box, frozen: Uint8Array | null): TrackedPair[] {
  const reach_A = Math.min(REACH_A, Math.min(...box.heights) / 2)
  const found = new Map<string, TrackedPair>()
  for (const image of path) {
    for (const pair of closePairs(box, image, reach_A)) {
      if (frozen?.[pair.i] && frozen[pair.j]) continue
      const cells = Array.from(fractional(box, pair.shift), Math.round)
      found.set(`${pair.i} ${pair.j} ${cells}`, pair)
    }
  }
  return [...found.values()]
}

function distanceOf({ i, j, shift }: TrackedPair, x: Float64Array): number {
  return Math.hypot(
    x[3 * j]! - x[3 * i]! + shift[0]!,
    x[3 * j + 1]! - x[3 * i + 1]! + shift[1]!,
    x[3 * j + 2]! - x[3 * i + 2]! + shift[2]!,
  )
}

/** Shortest distance in the formula, Å: it is not defined for two atoms at the same position. */
const SHORTEST_A = 1e-3

/**
 * The IDPP function of an image: Smidstrup et al. 2014, eq. 3.
 * @param wanted_A one distance per pair
 * @returns S in Å⁻² as energy, −∇S in Å⁻³ as forces
 */
export function distanceMismatch(
  positions: Float64Array,
  pairs: readonly TrackedPair[],
  wanted_A: readonly number[],
): ImageEvaluation {
  const forces = new Float64Array(positions.length)
  let energy = 0
  pairs.forEach((pair, p) => {
    const r = Math.max(SHORTEST_A, distanceOf(pair, positions))
    const miss = r - wanted_A[p]!
    energy += miss ** 2 / r ** 4
    // −dS/dr = −2 miss/r⁴ + 4 miss²/r⁵, along the pair.
    const push = ((4 * miss) / r - 2) * (miss / r ** 5)
    for (let c = 0; c < 3; c++) {
      const pull = push * (positions[3 * pair.j + c]! - positions[3 * pair.i + c]! + pair.shift[c]!)
      forces[3 * pair.j + c]! += pull
      forces[3 * pair.i + c]! -= pull
    }
  })
  return { energy, forces }
}
