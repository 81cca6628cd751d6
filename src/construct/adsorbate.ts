import type { Box } from '../core/box.ts'
import type { Structure } from '../core/structure.ts'
import { bondedNeighbors } from '../core/topology.ts'
import { UserError } from '../errors.ts'
import { DEGREE } from '../units.ts'
import {
  add,
  cross,
  dot,
  imagesOf,
  nearestImage,
  norm,
  perpendicular,
  scale,
  subtract,
  turned,
  unit,
  type Vector,
  vectorAt,
} from './vectors.ts'

/** A molecule to place on a surface, and the atoms around it. */
export interface AdsorbateRequest {
  /** The molecule as in its file. Above a site, its z axis points away from the surface. */
  readonly molecule: Structure
  readonly name: string
  readonly box: Box
  readonly host: readonly HostAtom[]
  /** Index of the site's atom in `host`, counted from 0. */
  readonly site: number
  /** Rotation about the surface normal; null: 0 above a site, found by a search for room with a bond. */
  readonly rotation_deg: number | null
  readonly where: string
}

/** A molecule in its place. */
export interface Placed {
  /** Positions of the molecule's atoms, Å. */
  readonly positions: readonly Vector[]
  /** Angle between the bond and the free valence of the bonded atom; null without a bond. */
  readonly tilt_deg: number | null
  /** Rotation about the surface normal, given or found. */
  readonly rotation_deg: number
  /** Closest contact with the surface, the other adsorbates or periodic images of the molecule. */
  readonly contact: Contact
}

const UP: Vector = [0, 0, 1]
/** Least distance of a contact without strain, divided by the sum of the van der Waals radii. */
export const ROOM = 0.75
/** Least distance that is accepted, divided by the sum of the van der Waals radii. */
const OVERLAP = 0.4
/** Largest tilt of a bonded molecule that is tried, °. */
const STEEPEST_DEG = 90
/** Neighbours of the site closer than this are two bonds away from the bonded atom and are left out of contacts, Å. */
const PARTNER_A = 2.6

/**
 * Places the centre of a molecule above an atom of the surface, with its lowest atom at the given height.
 * @throws UserError when atoms overlap there
 */
export function placeAbove(request: AdsorbateRequest & { readonly height_A: number }): Placed {
  const { molecule, host, site, height_A } = request
  const rotation_deg = request.rotation_deg ?? 0
  const atoms = vectors(molecule)
  const lowest = Math.min(...atoms.map(r => r[2]))
  const centre = scale(atoms.reduce(add), 1 / atoms.length)
  const [x, y, z] = host[site]!.position
  const positions = atoms.map(r => {
    const out = turned([r[0] - centre[0], r[1] - centre[1], r[2] - lowest], UP, rotation_deg * DEGREE)
    return add(out, [x, y, z + height_A])
  })
  const middle = scale(positions.reduce(add), 1 / positions.length)
  const region = { centre: middle, extent_A: extent(positions, middle) }
  const closest = contactFinder(request.box, host, molecule.elements, region)
  return finish(request, { positions, tilt_deg: null, rotation_deg, contact: closest(positions) })
}

/**
 * Bonds one atom of the molecule to an atom of the surface. The bond is vertical, and the free valence of the molecule's
 * atom (opposite to its other bonds) points along it. If another pair of atoms is then closer than 0.75 of its van der
 * Waals distance, the molecule is tilted about the bonded atom by the smallest angle that removes the contact: in steps
 * of 5°, in 24 directions (and rotated in steps of 15° if no rotation is given). If no angle does, the orientation whose
 * closest contact is the widest is taken.
 * @throws UserError for an atom that the molecule lacks, or when atoms overlap in the best orientation
 */
export function placeBonded(
  request: AdsorbateRequest & { readonly atom: string; readonly length_A: number },
): Placed & { readonly bonded: number } {
  const { molecule, host, site, length_A, rotation_deg } = request
  const bonded = namedAtom(request)
  const atoms = vectors(molecule)
  const root = atoms[bonded]!
  const foot = host[site]!.position
  const start = add(foot, [0, 0, length_A])
  // Atoms one or two bonds apart across the new bond are close in every orientation.
  const partners = new Set(
    host.flatMap(({ position }, k) =>
      norm(nearestImage(request.box, subtract(position, foot))) < PARTNER_A ? [k] : [],
    ),
  )
  const beside = bondedNeighbors(molecule.topology, atoms.length)[bonded]!
  const closest = contactFinder(
    request.box,
    host,
    molecule.elements,
    { centre: start, extent_A: extent(atoms, root) },
    (atom, other) => (atom === bonded && partners.has(other)) || (other === site && beside.includes(atom)),
  )
  const align = alignment(freeValence(molecule, bonded), [0, 0, -1])
  const upright = atoms.map(r => align(subtract(r, root)))
  const candidate = (tilt_deg: number, azimuth: number, rotation: number, enough: number) => {
    const axis: Vector = [Math.cos(azimuth * DEGREE), Math.sin(azimuth * DEGREE), 0]
    const positions = upright.map(r => {
      return add(start, turned(turned(r, UP, rotation * DEGREE), axis, tilt_deg * DEGREE))
    })
    return { positions, tilt_deg, rotation_deg: rotation, contact: closest(positions, enough) }
  }
  const around = Array.from({ length: 24 }, (_, k) => 15 * k)
  const rotations = rotation_deg === null ? around : [rotation_deg]
  let best = candidate(0, 0, rotations[0]!, 0)
  for (let tilt = 0; tilt <= STEEPEST_DEG && best.contact.share < ROOM; tilt += 5) {
    for (const rotation of rotations) {
      for (const azimuth of tilt === 0 ? [0] : around) {
        const next = candidate(tilt, rotation + azimuth, rotation, best.contact.share)
        if (next.contact.share > best.contact.share + 1e-9) best = next
      }
    }
  }
  return { ...finish(request, best), bonded }
}

function finish(request: AdsorbateRequest, placed: Placed): Placed {
  const { name, where, molecule, host } = request
  const { atom, other, distance_A, share } = placed.contact
  if (share >= OVERLAP) return placed
  const partner = other === null ? 'its own image' : `${host[other]!.element} (atom ${other + 1})`
  throw new UserError({
    message: `no room for ${name}: its ${molecule.elements[atom]} (atom ${atom + 1}) is ${distance_A.toFixed(2)} Å from ${partner}`,
    where,
    hint: 'place it higher, turn it, choose another site, or repeat the slab more often',
  })
}

const extent = (atoms: readonly Vector[], centre: Vector) =>
  Math.max(...atoms.map(r => norm(subtract(r, centre))))

const vectors = (molecule: Structure) => molecule.elements.map((_, i) => vectorAt(molecule.positions, i))

/** Names of a molecule's atoms: element and number among the atoms of that element: C1, H1, H2, C2, … */
export function atomNames(elements: readonly string[]): string[] {
  return elements.map(
    (element, i) => `${element}${elements.slice(0, i + 1).filter(other => other === element).length}`,
  )
}

function namedAtom({ molecule, atom, name, where }: AdsorbateRequest & { readonly atom: string }): number {
  const names = atomNames(molecule.elements)
  const index = names.indexOf(atom)
  if (index >= 0) return index
  throw new UserError({
    message: `${name} has no atom '${atom}'`,
    where,
    hint: `its atoms are ${names.join(', ')}`,
  })
}

/** Direction of one more bond of an atom: opposite to its bonds, or normal to their plane. */
function freeValence(molecule: Structure, atom: number): Vector {
  const at = vectorAt(molecule.positions, atom)
  const towards = bondedNeighbors(molecule.topology, molecule.elements.length)[atom]!.map(other =>
    unit(subtract(vectorAt(molecule.positions, other), at)),
  )
  const sum = towards.reduce(add, [0, 0, 0])
  if (norm(sum) > 0.1) return unit(scale(sum, -1))
  // No neighbours, or neighbours that balance each other: the normal of their plane, if they have one.
  const [first = UP, second = UP] = towards
  const normal = cross(first, second)
  if (norm(normal) > 0.1) return unit(normal)
  return unit(perpendicular(first))
}

/** The rotation by the smallest angle that carries one unit vector to another. */
function alignment(from: Vector, to: Vector): (vector: Vector) => Vector {
  const axis = cross(from, to)
  const sine = norm(axis)
  if (sine > 1e-9) {
    const angle = Math.atan2(sine, dot(from, to))
    return vector => turned(vector, scale(axis, 1 / sine), angle)
  }
  if (dot(from, to) > 0) return vector => vector
  const across = unit(perpendicular(from))
  return vector => turned(vector, across, Math.PI)
}

/** An atom of the slab or of an adsorbate that was placed before. */
export interface HostAtom {
  readonly element: string
  /** Å */
  readonly position: Vector
}

/** The closest pair of a molecule's atom and an atom around it. */
export interface Contact {
  /** Atom of the molecule, counted from 0. */
  readonly atom: number
  /** Atom of the surroundings, counted from 0; null for an image of the molecule itself. */
  readonly other: number | null
  readonly distance_A: number
  /** Distance divided by the sum of the van der Waals radii. */
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

/** Largest distance of a contact, Å. */
const REACH_A = 6

/**
 * Returns a function that finds the closest contact of a molecule from the positions of its atoms, Å. With the argument
 * `enough`, the search stops after an atom with a smaller share than this.
 * @param elements elements of the atoms of the molecule
 * @param region sphere that contains the molecule in every orientation
 * @param expected returns true for pairs that are close in every orientation; they are left out
 */
function contactFinder(
  box: Box,
  host: readonly HostAtom[],
  elements: readonly string[],
  region: { readonly centre: Vector; readonly extent_A: number },
  expected: (atom: number, other: number) => boolean = () => false,
): (positions: readonly Vector[], enough?: number) => Contact {
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
  return (positions, enough = 0) => {
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
  }
}
