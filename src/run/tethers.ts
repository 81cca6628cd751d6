import type { RestraintForce } from '../core/force.ts'
import type { Structure } from '../core/structure.ts'
import { UserError } from '../errors.ts'
import { readStructureFile } from '../files/structureFile.ts'
import { checkSameAtoms } from '../neb/checks.ts'
import { continueFrom } from '../neb/geometry.ts'

/** Tethers of atoms to points: ½k·dx² each. */
export interface Tethers {
  readonly stiffness_eV_per_A2: number
  /** Structure file with the points, atom by atom. Default: the positions of the structure itself. */
  readonly to?: string | undefined
  /** Atom types that are tethered. Default: all. */
  readonly types?: readonly string[] | undefined
}

/**
 * The force of tethers on a structure; null at zero stiffness. Points are taken by the nearest image.
 * @param free indices of atoms without a tether; frozen atoms have none either
 * @throws UserError when the file has other atoms or no atom has one of the types
 */
export function tethersOf(
  structure: Structure,
  { stiffness_eV_per_A2, to, types }: Tethers,
  name: string,
  free: ReadonlySet<number> = new Set(),
): RestraintForce | null {
  if (stiffness_eV_per_A2 === 0) return null
  const present = new Set(structure.types)
  const unknown = types?.find(type => !present.has(type))
  if (unknown !== undefined) {
    throw new UserError({
      message: `tethers name the atom type ${unknown}, which the structure does not have`,
      where: name,
      hint: `types: ${[...present].join(', ')}`,
    })
  }
  const anchors = to === undefined ? structure.positions : pointsOf(structure, to, name)
  const atoms = structure.elements.flatMap((_, i) => {
    const isTethered = types === undefined || types.includes(structure.types![i]!)
    return isTethered && !free.has(i) && !structure.frozen?.[i] ? [i] : []
  })
  return tethersTo(anchors, atoms, stiffness_eV_per_A2)
}

function pointsOf(structure: Structure, file: string, name: string): Float64Array {
  const points = readStructureFile(file)
  checkSameAtoms({ ...structure, types: null }, { ...points, types: null }, { initial: name, final: file })
  return continueFrom(structure.box, structure.positions, points.positions)
}

/** The force of tethers of some atoms to points. @param positions [3N] Å, of all atoms */
export function tethersTo(
  positions: Float64Array,
  atoms: readonly number[],
  stiffness_eV_per_A2: number,
): RestraintForce {
  return {
    kind: 'restraint',
    atoms: Int32Array.from(atoms),
    anchors: Float64Array.from(atoms.flatMap(i => [...positions.slice(3 * i, 3 * i + 3)])),
    stiffness: new Float64Array(atoms.length).fill(stiffness_eV_per_A2),
  }
}
