import type { Box } from '../core/box.ts'
import { add, norm, subtract, times, type Vector } from './vectors.ts'

/** An atom of what is already there. */
export interface HostAtom {
  readonly element: string
  /** Å */
  readonly position: Vector
}

/** How near a molecule comes to what is around it. */
export interface Contact {
  /** Atom of the molecule, 0-based. */
  readonly atom: number
  /** Atom of the surroundings, 0-based; null for an image of the molecule itself. */
  readonly other: number | null
  readonly distance_A: number
  /** Distance over the sum of the van der Waals radii. */
  readonly share: number
}

/** Bondi 1964 (https://doi.org/10.1021/j100785a001) for non-metals; 1.2 Å for the cations of an oxide is a choice. */
const RADII_A: Readonly<Record<string, number>> = {
  H: 1.2,
  C: 1.7,
  N: 1.55,
  O: 1.52,
  F: 1.47,
  S: 1.8,
  Cl: 1.75,
}
const radius = (element: string) => RADII_A[element] ?? 1.2

/** Farther atoms are in contact with nothing, Å. */
const REACH_A = 6

/** Finds the closest pair of a molecule that may be turned and tilted, but stays where it is. */
export interface ContactFinder {
  /**
   * @param positions Å, of the molecule's atoms
   * @param enough the search stops at a pair with a smaller share than this
   */
  closest(positions: readonly Vector[], enough?: number): Contact
}

/**
 * @param elements of the molecule
 * @param region the molecule stays within `extent_A` of the point `centre`
 * @param expected pairs that are close for a reason, and are left out
 */
export function contactFinder(
  box: Box,
  host: readonly HostAtom[],
  elements: readonly string[],
  region: { readonly centre: Vector; readonly extent_A: number },
  expected: (atom: number, other: number) => boolean = () => false,
): ContactFinder {
  const { centre, extent_A } = region
  const images = imagesOf(box, extent_A + REACH_A)
  const around = host.flatMap(({ element, position }, other) => {
    const nearest = nearestImage(box, subtract(position, centre))
    return images
      .map(image => add(nearest, image))
      .filter(delta => norm(delta) < extent_A + REACH_A)
      .map(delta => ({ other, radius: radius(element), position: add(centre, delta) }))
  })
  const own = imagesOf(box, 2 * extent_A + REACH_A).filter(
    image => norm(image) > 1e-9 && norm(image) < 2 * extent_A + REACH_A,
  )
  const partners = elements.map((_, atom) => around.filter(({ other }) => !expected(atom, other)))
  const sizes = elements.map(radius)
  return {
    closest(positions, enough = 0) {
      let best: Contact = { atom: 0, other: null, distance_A: REACH_A, share: Number.POSITIVE_INFINITY }
      for (const [atom, r] of positions.entries()) {
        for (const { other, radius, position: q } of partners[atom]!) {
          const distance_A = Math.sqrt((r[0] - q[0]) ** 2 + (r[1] - q[1]) ** 2 + (r[2] - q[2]) ** 2)
          const share = distance_A / (sizes[atom]! + radius)
          if (share < best.share) best = { atom, other, distance_A, share }
        }
        for (const image of own) {
          for (const [partner, q] of positions.entries()) {
            const distance_A = norm(subtract(add(q, image), r))
            const share = distance_A / (sizes[atom]! + sizes[partner]!)
            if (share < best.share) best = { atom, other: null, distance_A, share }
          }
        }
        if (best.share < enough) return best
      }
      return best
    },
  }
}

/** Lattice vectors that carry a point of the cell around the origin to within a distance of it. */
function imagesOf(box: Box, distance_A: number): Vector[] {
  const [na, nb, nc] = box.heights.map(height => Math.ceil(distance_A / height + 0.5)) as [
    number,
    number,
    number,
  ]
  const images: Vector[] = []
  for (let i = -na; i <= na; i++) {
    for (let j = -nb; j <= nb; j++) {
      for (let k = -nc; k <= nc; k++) images.push(times([i, j, k], box.matrix))
    }
  }
  return images
}

/** The image with fractional coordinates in [−½, ½). */
export function nearestImage(box: Box, displacement: Vector): Vector {
  const s = times(displacement, box.inverse)
  return times(s.map(x => x - Math.round(x)) as unknown as Vector, box.matrix)
}
