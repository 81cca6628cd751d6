import { type Box, fractional } from '../core/box.ts'
import { UserError } from '../errors.ts'
import { blockAverage, FEWEST_BLOCKS, mean } from './stats.ts'
import { boxOfFrame, type Frames } from './structure.ts'

/** Van der Waals radii, Å: Bondi 1964, https://doi.org/10.1021/j100785a001. */
const BONDI_A: Readonly<Record<string, number>> = {
  H: 1.2,
  Li: 1.82,
  C: 1.7,
  N: 1.55,
  O: 1.52,
  F: 1.47,
  Na: 2.27,
  Si: 2.1,
  P: 1.8,
  S: 1.8,
  Cl: 1.75,
  Br: 1.85,
  I: 1.98,
}

/**
 * Bondi's van der Waals radii of atoms, [N] Å. Those of Li and Na are for neutral atoms, not for ions.
 * @throws UserError naming an element that Bondi does not list
 */
export function vanDerWaalsRadii(elements: readonly string[]): Float64Array {
  const unknown = elements.find(element => BONDI_A[element] === undefined)
  if (unknown !== undefined)
    throw new UserError({
      message: `no van der Waals radius is known for ${unknown}`,
      hint: `elements with a radius: ${Object.keys(BONDI_A).join(', ')}`,
    })
  return Float64Array.from(elements, element => BONDI_A[element]!)
}

/** Fractional free volume of a trajectory. */
export interface FreeVolume {
  /** Mean over the frames. */
  readonly fraction: number
  /** Standard error of the mean with the serial correlation of the frames; null for fewer than 8 frames. */
  readonly standardError: number | null
  readonly perFrame: Float64Array
  readonly probe_A: number
  readonly spacing_A: number
}

/**
 * Fractional free volume: the fraction of grid points at which a probe sphere overlaps no atom. A probe of radius 0 gives
 * the volume outside all van der Waals spheres, a larger probe less: always give the radius with the result. For polymer
 * boxes of 900 atoms, grids of 0.4 and 0.2 Å agree within 0.0005.
 *
 * @param radii_A [atoms]
 * @param options.probe_A radius of the probe @param options.spacing_A distance of grid points. Default: 0.4
 * @throws UserError for a wrong number of radii, a negative probe or a spacing that is not positive
 */
export function fractionalFreeVolume(
  frames: Frames,
  radii_A: ArrayLike<number>,
  options: { readonly probe_A: number; readonly spacing_A?: number },
): FreeVolume {
  const { probe_A, spacing_A = 0.4 } = options
  const [frameCount, atoms] = frames.positions.shape as [number, number, number]
  if (radii_A.length !== atoms)
    throw new UserError({ message: `${radii_A.length} radii were given for ${atoms} atoms` })
  if (!(probe_A >= 0 && spacing_A > 0)) {
    throw new UserError({
      message: `free volume needs a probe radius of 0 or more and a grid, not ${probe_A} and ${spacing_A} Å`,
    })
  }
  const perFrame = Float64Array.from({ length: frameCount }, (_, frame) => {
    const positions = new Float64Array(3 * atoms)
    for (let k = 0; k < positions.length; k++)
      positions[k] = frames.positions.get(frame, Math.floor(k / 3), k % 3)
    return emptyFraction(boxOfFrame(frames, frame), positions, radii_A, probe_A, spacing_A)
  })
  return {
    fraction: mean(perFrame),
    standardError: frameCount >= FEWEST_BLOCKS ? blockAverage(perFrame).standardError : null,
    perFrame,
    probe_A,
    spacing_A,
  }
}

/** Fraction of grid points outside all spheres. The points of a row along c inside a sphere are consecutive. */
function emptyFraction(
  box: Box,
  positions: Float64Array,
  radii_A: ArrayLike<number>,
  probe_A: number,
  spacing_A: number,
): number {
  const points = box.heights.map(height => Math.max(1, Math.ceil(height / spacing_A)))
  const [na, nb, nc] = points as [number, number, number]
  const taken = new Uint8Array(na * nb * nc)
  const fractions = fractional(box, positions)
  const m = box.matrix
  const c2 = m[6]! ** 2 + m[7]! ** 2 + m[8]! ** 2
  const wrapped = (index: number, count: number) => ((index % count) + count) % count
  for (let atom = 0; atom < radii_A.length; atom++) {
    const reach = radii_A[atom]! + probe_A
    const at = points.map((count, k) => fractions[3 * atom + k]! * count) as [number, number, number]
    const span = (count: number, height: number) => (reach / height) * count
    const [spanA, spanB] = [span(na, box.heights[0]!), span(nb, box.heights[1]!)]
    for (let a = Math.ceil(at[0] - spanA); a <= at[0] + spanA; a++) {
      const sa = (a - at[0]) / na
      for (let b = Math.ceil(at[1] - spanB); b <= at[1] + spanB; b++) {
        const sb = (b - at[1]) / nb
        const x = sa * m[0]! + sb * m[3]!
        const y = sa * m[1]! + sb * m[4]!
        const z = sa * m[2]! + sb * m[5]!
        // |(x, y, z) + s c|² < reach² between the roots of a quadratic in s.
        const middle = -(x * m[6]! + y * m[7]! + z * m[8]!) / c2
        const half2 = middle * middle - (x * x + y * y + z * z - reach * reach) / c2
        if (!(half2 > 0)) continue
        const half = Math.sqrt(half2)
        const first = Math.floor(at[2] + nc * (middle - half)) + 1
        const end = Math.ceil(at[2] + nc * (middle + half))
        // A sphere that only touches the row contains none of its points.
        if (end <= first) continue
        const row = (wrapped(a, na) * nb + wrapped(b, nb)) * nc
        const start = wrapped(first, nc)
        const stop = start + Math.min(nc, end - first)
        taken.fill(1, row + start, row + Math.min(nc, stop))
        if (stop > nc) taken.fill(1, row, row + stop - nc)
      }
    }
  }
  let filled = 0
  for (const point of taken) filled += point
  return 1 - filled / taken.length
}
