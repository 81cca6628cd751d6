import ndarray, { type NdArray } from 'ndarray'
import { UserError } from '../errors.ts'

/** Atoms of a trajectory that is read frame by frame. */
export interface AtomCollector {
  /** @param positions [3N] Å, unwrapped @throws UserError for a wrong length, or more frames than announced */
  add(positions: ArrayLike<number>): void
  /** [frames so far, selected, 3] Å; each atom's series lies in one piece, as `meanSquaredDisplacement` reads it. */
  trajectory(): NdArray<Float32Array>
}

/**
 * Keeps some atoms of every frame, as single precision (which trajectory files have), with the motion of the centre of mass
 * of all atoms since the first frame taken out: `removeDrift` for a trajectory that does not fit in memory. 200 ions over
 * 10⁵ frames take 240 MB.
 *
 * @param masses [N] g/mol @param selected indices of the atoms to keep @param frameCount at most so many frames come
 */
export function createAtomCollector(
  masses: ArrayLike<number>,
  selected: ArrayLike<number>,
  frameCount: number,
): AtomCollector {
  const kept = new Float32Array(3 * selected.length * frameCount)
  const totalMass = Array.from(masses).reduce((sum, mass) => sum + mass, 0)
  const centre = new Float64Array(3)
  const first = new Float64Array(3)
  let frame = 0
  return {
    add(positions) {
      if (positions.length !== 3 * masses.length || frame === frameCount) {
        throw new UserError({
          message: `frame ${frame} with ${positions.length / 3} atoms, where ${frameCount} frames of ${masses.length} were to come`,
        })
      }
      centre.fill(0)
      for (let atom = 0; atom < masses.length; atom++) {
        const weight = masses[atom]! / totalMass
        for (let axis = 0; axis < 3; axis++) centre[axis]! += weight * positions[3 * atom + axis]!
      }
      if (frame === 0) first.set(centre)
      for (let k = 0; k < selected.length; k++) {
        for (let axis = 0; axis < 3; axis++) {
          const drift = centre[axis]! - first[axis]!
          kept[(3 * k + axis) * frameCount + frame] = positions[3 * selected[k]! + axis]! - drift
        }
      }
      frame++
    },
    trajectory: () => ndarray(kept, [frame, selected.length, 3], [1, 3 * frameCount, frameCount]),
  }
}
