import { existsSync } from 'node:fs'
import { type Box, minimumImage } from '../core/box.ts'
import { buildPairList, createExclusions } from '../core/neighbors.ts'
import type { Structure } from '../core/structure.ts'
import { UserError } from '../errors.ts'

/** Distance of two atoms below which the file is wrong, Å. */
const OVERLAP_A = 0.4

/** Largest coordinate, Å: beyond it a double has a resolution of 1e-8 Å only, too little for bonded forces. */
const FAR_A = 1e7

/**
 * @param where the key that names the file
 * @returns the file
 * @throws UserError there when it does not exist
 */
export function namedFile(file: string, where: string): string {
  if (existsSync(file)) return file
  throw new UserError({
    message: `there is no file ${file}`,
    where,
    hint: 'a path is relative to the recipe that it stands in',
  })
}

/** Checks the coordinates. @throws UserError naming the first atom whose position is not finite or too large */
export function checkPositions(structure: Structure, where: string): void {
  const far = structure.positions.findIndex(x => !(Math.abs(x) <= FAR_A))
  if (far < 0) return
  const atom = Math.floor(far / 3)
  throw new UserError({
    message: `atom ${atom + 1} (${structure.elements[atom]}) has the coordinate ${structure.positions[far]} Å`,
    where,
    hint: `coordinates may lie outside the cell, but by no more than ${FAR_A} Å`,
  })
}

/** Checks that no atoms overlap. @throws UserError naming two atoms at the same place */
export function checkOverlaps(structure: Structure, where: string): void {
  const { box, positions, elements } = structure
  const list = buildPairList(box, positions, OVERLAP_A, createExclusions(elements.length, []))
  if (list.partners.length === 0) return
  const first = list.atoms[list.atomRuns.findIndex(run => list.runStarts[run]! > 0) - 1]!
  const [i, j] = [first, list.partners[0]!].sort((a, b) => a - b) as [number, number]
  const d = Float64Array.from([0, 1, 2], c => positions[3 * j + c]! - positions[3 * i + c]!)
  minimumImage(box, d)
  const pairs = list.partners.length
  throw new UserError({
    message: `atoms ${i + 1} (${elements[i]}) and ${j + 1} (${elements[j]}) overlap: ${Math.hypot(...d).toFixed(3)} Å apart${pairs > 1 ? `, and ${pairs - 1} more pairs` : ''}`,
    where,
    hint: `no two atoms may be closer than ${OVERLAP_A} Å`,
  })
}

/** @throws UserError when atoms are frozen: dynamics would move them */
export function checkNothingFrozen({ elements, frozen }: Structure, where: string): void {
  const first = frozen?.indexOf(1) ?? -1
  if (first < 0) return
  const count = frozen!.reduce((sum, flag) => sum + flag, 0)
  const which = `atom ${first + 1} (${elements[first]})${count > 1 ? ` and ${count - 1} more` : ''}`
  throw new UserError({
    message: `${which} ${count > 1 ? 'are' : 'is'} frozen, and molecular dynamics would move ${count > 1 ? 'them' : 'it'}`,
    where,
    hint: 'take the selective dynamics (POSCAR) or move_mask (extxyz) out of the file; hoplite neb keeps frozen atoms still',
  })
}

/**
 * Runs what may refuse, and adds the file or key that it was about to what the error says of the place.
 * @throws what `run` throws
 */
export function about<T>(place: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof UserError) || error.where?.includes(place)) throw error
    const { message, where, hint } = error
    throw new UserError({
      message,
      where: where === undefined ? place : `${where}, for ${place}`,
      hint,
    })
  }
}

/**
 * Checks that no molecule can interact with its own image. A box without bonds may have any size: all images are summed.
 * @throws UserError with the size that is needed
 */
export function checkBoxAgainstCutoff(
  { box, topology }: Pick<Structure, 'box' | 'topology'>,
  cutoff_A: number,
  where: string,
): void {
  const smallest = Math.min(...box.heights)
  if (topology.bonds.length === 0 || smallest >= 2 * cutoff_A) return
  const repeats = box.heights.map(height => Math.ceil((2 * cutoff_A) / height)).join(' × ')
  throw new UserError({
    message: `the box of molecules is only ${smallest.toFixed(2)} Å high in its shortest direction, less than twice the cut-off of ${cutoff_A} Å`,
    where,
    hint: `use a cut-off of at most ${(Math.floor(smallest * 50) / 100).toFixed(2)} Å, or a box of at least ${2 * cutoff_A} Å along each height, such as this one repeated ${repeats}`,
  })
}

/** Returns a line on motion in a cell smaller than twice the cut-off, where forces are right and long waves are missing. */
export function remarksOnSmallCell({ heights }: Box, cutoff_A: number): string[] {
  const smallest = Math.min(...heights)
  if (smallest >= 2 * cutoff_A) return []
  const size = `${smallest.toFixed(2)} Å high in its shortest direction, less than twice the cut-off of ${cutoff_A} Å`
  return [
    `the cell is only ${size}: forces include all images, but motion with longer waves than the cell is missing`,
  ]
}
