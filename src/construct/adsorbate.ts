import type { Box } from '../core/box.ts'
import type { Structure } from '../core/structure.ts'
import { bondedNeighbors } from '../core/topology.ts'
import { UserError } from '../errors.ts'
import { DEGREE } from '../units.ts'
import { type Contact, contactFinder, type HostAtom, nearestImage } from './surfaceContacts.ts'
import { add, cross, dot, norm, scale, subtract, turned, unit, type Vector, vectorAt } from './vectors.ts'

export interface AdsorbateRequest {
  /** The molecule, as its file has it: z points away from the surface when it is put above a site. */
  readonly molecule: Structure
  readonly name: string
  readonly box: Box
  readonly host: readonly HostAtom[]
  /** Index of the site's atom in `host`. */
  readonly site: number
  /** About the normal; null leaves it to the search for room. */
  readonly rotation_deg: number | null
  readonly where: string
}

export interface Placed {
  /** Å, of the molecule's atoms */
  readonly positions: readonly Vector[]
  /** Angle between the bond and the free valence of the bonded atom; null without a bond. */
  readonly tilt_deg: number | null
  /** About the normal, as given or found. */
  readonly rotation_deg: number
  /** Closest approach to the surface, the other adsorbates or its own images, by share of the van der Waals distance. */
  readonly contact: Contact
}

const UP: Vector = [0, 0, 1]
/** Shares of the sum of van der Waals radii: enough room; and so little that atoms lie in one another. */
export const ROOM = 0.75
const OVERLAP = 0.4
/** Largest tilt that is tried. */
const STEEPEST_DEG = 90
/** Two bonds from the surface: partners of the site that cannot be farther from the bonded atom, Å. */
const PARTNER_A = 2.6

/**
 * Puts the molecule's centre above an atom, its lowest atom at a height above it.
 * @throws UserError when it then lies in another atom
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
  const { closest } = contactFinder(request.box, host, molecule.elements, region)
  return finish(request, { positions, tilt_deg: null, rotation_deg, contact: closest(positions) })
}

/**
 * Bonds one atom of the molecule to an atom of the surface that it then stands right above, its free valence (opposite to
 * its other bonds) on the bond. Where that brings any other pair of atoms nearer than 0.75 of their van der Waals distance,
 * the molecule is tilted about the bonded atom by as little as clears it, in steps of 5°, in 24 directions (and, where no
 * rotation is given, turned in steps of 15°); where nothing clears it, to where the closest pair has most room.
 * @throws UserError for an atom that the molecule lacks, or where even the best place lies in another atom
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
  // One and two bonds across the new bond atoms are close for a reason.
  const partners = new Set(
    host.flatMap(({ position }, k) =>
      norm(nearestImage(request.box, subtract(position, foot))) < PARTNER_A ? [k] : [],
    ),
  )
  const beside = bondedNeighbors(molecule.topology, atoms.length)[bonded]!
  const { closest } = contactFinder(
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

/** Names of a molecule's atoms: element and number among the atoms of that element, in order: C1, H1, H2, C2, … */
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

/** The direction in which an atom has room for one more bond. */
function freeValence(molecule: Structure, atom: number): Vector {
  const at = vectorAt(molecule.positions, atom)
  const towards = bondedNeighbors(molecule.topology, molecule.elements.length)[atom]!.map(other =>
    unit(subtract(vectorAt(molecule.positions, other), at)),
  )
  const sum = towards.reduce(add, [0, 0, 0])
  if (norm(sum) > 0.1) return unit(scale(sum, -1))
  // Neighbours all around it, or none: across their plane, where they have one.
  const [first = UP, second = UP] = towards
  const normal = cross(first, second)
  if (norm(normal) > 0.1) return unit(normal)
  return unit(cross(first, Math.abs(first[0]) < 0.9 ? [1, 0, 0] : [0, 1, 0]))
}

/** The shortest turn that carries one unit vector to another. */
function alignment(from: Vector, to: Vector): (vector: Vector) => Vector {
  const axis = cross(from, to)
  const sine = norm(axis)
  if (sine > 1e-9) {
    const angle = Math.atan2(sine, dot(from, to))
    return vector => turned(vector, scale(axis, 1 / sine), angle)
  }
  if (dot(from, to) > 0) return vector => vector
  const across = unit(cross(from, Math.abs(from[0]) < 0.9 ? [1, 0, 0] : [0, 1, 0]))
  return vector => turned(vector, across, Math.PI)
}
