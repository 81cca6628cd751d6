import { UserError } from '../errors.ts'

/** Barrier of a migration path. Energies of `saddle` and `curve` have the same zero as those of the images. */
export interface Barrier {
  /** Highest point of the path above the initial end, eV. */
  readonly barrier_eV: number
  /** Highest point of the path above the final end, eV. */
  readonly reverse_barrier_eV: number
  /** Final minus initial energy, eV. */
  readonly reaction_energy_eV: number
  /** The highest point of the path, and the index of the nearest image along the path. */
  readonly saddle: { readonly path_A: number; readonly energy_eV: number; readonly image: number }
  /** Points of the interpolated path for drawing, all images included. */
  readonly curve: { readonly path_A: readonly number[]; readonly energies_eV: readonly number[] }
}

/** Points per segment of `curve`. */
const POINTS = 20

interface Cubic {
  /** c₀ + c₁u + c₂u² + c₃u³ over u in [0, 1] */
  readonly c: readonly [number, number, number, number]
  readonly start: number
  readonly length: number
}

const valueAt = ({ c }: Cubic, u: number) => c[0] + u * (c[1] + u * (c[2] + u * c[3]))

/** Zeros of the slope c₁ + 2c₂u + 3c₃u² inside (0, 1). */
function stationaryPoints({ c: [, linear, quadratic, cubic] }: Cubic): number[] {
  const [a, halfB] = [3 * cubic, quadratic]
  const discriminant = halfB * halfB - a * linear
  if (discriminant < 0) return []
  // This form of the solution loses no digits if a is small.
  const q = -(halfB + (halfB < 0 ? -1 : 1) * Math.sqrt(discriminant))
  return [q / a, linear / q].filter(u => u > 0 && u < 1)
}

/**
 * The barrier of a path, by piecewise cubic Hermite interpolation of energies and slopes −F·τ (Henkelman & Jónsson 2000,
 * https://doi.org/10.1063/1.1323224, appendix). The maximum is at an image or between two images, never extrapolated.
 * @param path_A [M] lengths up to each image, increasing
 * @param energies_eV [M]
 * @param tangentForces_eV_per_A [M] force of the potential along the path
 * @throws UserError when lengths do not increase or the arrays differ in length
 */
export function barrierOf(
  path_A: readonly number[],
  energies_eV: readonly number[],
  tangentForces_eV_per_A: readonly number[],
): Barrier {
  const count = path_A.length
  if (count < 2 || energies_eV.length !== count || tangentForces_eV_per_A.length !== count) {
    throw new UserError({
      message: 'a barrier needs a length, an energy and a force for each of two images or more',
    })
  }
  const segments = path_A.slice(1).map((end, i): Cubic => {
    const start = path_A[i]!
    const length = end - start
    if (!(length > 0)) {
      throw new UserError({ message: `the path does not lengthen from image ${i + 1} to image ${i + 2}` })
    }
    const rise = energies_eV[i + 1]! - energies_eV[i]!
    const slope = -tangentForces_eV_per_A[i]! * length
    const nextSlope = -tangentForces_eV_per_A[i + 1]! * length
    return {
      c: [energies_eV[i]!, slope, 3 * rise - 2 * slope - nextSlope, slope + nextSlope - 2 * rise],
      start,
      length,
    }
  })
  const candidates = [
    ...path_A.map((at, i) => ({ path_A: at, energy_eV: energies_eV[i]! })),
    ...segments.flatMap(segment =>
      stationaryPoints(segment).map(u => ({
        path_A: segment.start + u * segment.length,
        energy_eV: valueAt(segment, u),
      })),
    ),
  ]
  const top = candidates.reduce((best, point) => (point.energy_eV > best.energy_eV ? point : best))
  const distances = path_A.map(at => Math.abs(at - top.path_A))
  const fractions = Array.from({ length: POINTS }, (_, k) => k / POINTS)
  const first = energies_eV[0]!
  const last = energies_eV[count - 1]!
  return {
    barrier_eV: top.energy_eV - first,
    reverse_barrier_eV: top.energy_eV - last,
    reaction_energy_eV: last - first,
    saddle: { ...top, image: distances.indexOf(Math.min(...distances)) },
    curve: {
      path_A: [...segments.flatMap(s => fractions.map(u => s.start + u * s.length)), path_A[count - 1]!],
      energies_eV: [...segments.flatMap(s => fractions.map(u => valueAt(s, u))), last],
    },
  }
}
