import ndarray, { type NdArray } from 'ndarray'
import { UserError } from '../errors.ts'

/** Atoms and centres of mass of a trajectory that is read frame by frame. */
export interface Collector {
  /** @param positions [3N] Å, unwrapped @throws UserError for a wrong length, or more frames than announced */
  add(positions: ArrayLike<number>): void
  /**
   * [frames so far, groups, 3] Å; each group's series lies in one piece, as `meanSquaredDisplacement` reads it.
   * @param from first group, and @param to one past the last; all by default
   */
  trajectory(from?: number, to?: number): NdArray<Float32Array>
}

/** Number of frames that are turned into series at once: series lie far apart in memory. */
const FRAMES_AT_ONCE = 64

/**
 * Keeps the centres of mass of some groups of atoms in every frame, as single precision (which trajectory files have),
 * with the motion of the centre of mass of all atoms since the first frame taken out: `removeDrift` for a trajectory that
 * does not fit in memory. 200 ions over 10⁵ frames take 240 MB.
 *
 * @param masses [N] g/mol @param groups atoms of each group; a single atom is a group of one
 * @param frameCount largest number of frames
 */
export function createCollector(
  masses: ArrayLike<number>,
  groups: readonly ArrayLike<number>[],
  frameCount: number,
): Collector {
  const row = 3 * groups.length
  const kept = new Float32Array(row * frameCount)
  const recent = new Float32Array(row * FRAMES_AT_ONCE)
  const totalMass = Array.from(masses).reduce((sum, mass) => sum + mass, 0)
  const groupMasses = groups.map(atoms => Array.from(atoms).reduce((sum, atom) => sum + masses[atom]!, 0))
  const first = new Float64Array(3)
  let frame = 0
  let stored = 0
  const store = () => {
    for (let column = 0; column < row; column++) {
      for (let k = stored; k < frame; k++)
        kept[column * frameCount + k] = recent[(k - stored) * row + column]!
    }
    stored = frame
  }
  return {
    add(positions) {
      if (positions.length !== 3 * masses.length || frame === frameCount) {
        throw new UserError({
          message: `frame ${frame} with ${positions.length / 3} atoms, where ${frameCount} frames of ${masses.length} were to come`,
        })
      }
      for (let axis = 0; axis < 3; axis++) {
        let centre = 0
        for (let atom = 0; atom < masses.length; atom++) centre += masses[atom]! * positions[3 * atom + axis]!
        centre /= totalMass
        if (frame === 0) first[axis] = centre
        const drift = centre - first[axis]!
        const start = (frame - stored) * row + axis
        for (let group = 0; group < groups.length; group++) {
          const atoms = groups[group]!
          let sum = 0
          for (let k = 0; k < atoms.length; k++) sum += masses[atoms[k]!]! * positions[3 * atoms[k]! + axis]!
          recent[start + 3 * group] = sum / groupMasses[group]! - drift
        }
      }
      frame++
      if (frame - stored === FRAMES_AT_ONCE) store()
    },
    trajectory(from = 0, to = groups.length) {
      store()
      return ndarray(kept, [frame, to - from, 3], [1, 3 * frameCount, frameCount], 3 * frameCount * from)
    },
  }
}
