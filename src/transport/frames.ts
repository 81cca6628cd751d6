import { type Box, fractional } from '../core/box.ts'
import { bondedNeighbors } from '../core/topology.ts'
import { UserError } from '../errors.ts'
import { boxOfCell, readFrames } from '../files/trajectory.ts'
import { about } from '../run/checks.ts'
import type { LoadedRun } from '../run/loadRun.ts'

export interface RunFrame {
  readonly index: number
  /** [3N] Å, as the file has them. */
  readonly positions: Float32Array
  readonly box: Box
}

/** A run's frames, one after the other. @throws UserError for one that is damaged */
export async function* framesOf(run: LoadedRun, every = 1): AsyncGenerator<RunFrame> {
  const where = run.trajectory
  // A run that goes on writes more of them.
  for await (const { index, positions, cell } of readFrames(where, { every, to: run.frameCount })) {
    if (!cell) throw new UserError({ message: 'the trajectory holds no cells', where })
    for (let k = 0; k < positions.length; k++) {
      if (Number.isFinite(positions[k]!)) continue
      const atom = Math.floor(k / 3)
      throw new UserError({ message: `atom ${atom + 1} has no place in frame ${index + 1}`, where })
    }
    yield { index, positions, box: about(`${where}, frame ${index + 1}`, () => boxOfCell(cell)) }
  }
}

/** A run's frame with unwrapped positions. */
export interface UnwrappedFrame extends RunFrame {
  /** True from the first frame that was not as the file has it. */
  readonly isUnwrapped: boolean
}

/**
 * A run's frames with unwrapped positions, where another program has wrapped those of the file into the cell. Jumps by a cell
 * vector between frames tell: they are undone in fractional coordinates, so that the cell may change. Molecules get the images
 * that they have in the structure of the run.
 * @throws UserError for a frame that is damaged, or positions that are wrapped but lie too far apart in time to be unwrapped
 */
export async function* unwrappedFrames(run: LoadedRun): AsyncGenerator<UnwrappedFrame> {
  let shifts: Int32Array | null = null
  let before: Float64Array | null = null
  let isWrapped: boolean | null = null
  for await (const frame of framesOf(run)) {
    const now = fractional(frame.box, Float64Array.from(frame.positions))
    if (before === null) {
      shifts = imagesOfMolecules(run, now)
    } else {
      for (let k = 0; k < now.length; k++) {
        const cells = Math.round(now[k]! - before[k]!)
        if (cells === 0) continue
        isWrapped ??= await positionsAreWrapped(run)
        if (!isWrapped) break
        shifts ??= new Int32Array(now.length)
        shifts[k]! -= cells
      }
    }
    before = now
    if (shifts) shift(frame.positions, frame.box, shifts)
    yield { ...frame, isUnwrapped: shifts !== null }
  }
}

/** Adds whole cell vectors to positions, in place. */
function shift(positions: Float32Array, { matrix }: Box, cells: Int32Array): void {
  for (let i = 0; i < positions.length; i += 3) {
    for (let axis = 0; axis < 3; axis++) {
      const [a, b, c] = [matrix[axis]!, matrix[3 + axis]!, matrix[6 + axis]!]
      positions[i + axis]! += cells[i]! * a + cells[i + 1]! * b + cells[i + 2]! * c
    }
  }
}

/**
 * [3N] numbers of cell vectors that give every bond of the first frame the image that it has in the structure of the run; null
 * where all have it, as no bond grows by half a cell.
 */
function imagesOfMolecules({ structure }: LoadedRun, first: Float64Array): Int32Array | null {
  const { topology, elements, positions, box } = structure
  const reference = fractional(box, positions)
  const neighbors = bondedNeighbors(topology, elements.length)
  const shifts = new Int32Array(first.length)
  const seen = new Uint8Array(elements.length)
  for (let start = 0; start < elements.length; start++) {
    const waiting = seen[start] ? [] : [start]
    seen[start] = 1
    for (let i = waiting.pop(); i !== undefined; i = waiting.pop()) {
      for (const j of neighbors[i]!) {
        if (seen[j]) continue
        seen[j] = 1
        for (let k = 0; k < 3; k++) {
          const [p, q] = [3 * i + k, 3 * j + k]
          shifts[q] = shifts[p]! - Math.round(first[q]! - first[p]! - (reference[q]! - reference[p]!))
        }
        waiting.push(j)
      }
    }
  }
  return shifts.some(cells => cells !== 0) ? shifts : null
}

/** Longest range of an atom's fractional coordinate that wrapped positions have: a cell, and half of one by which molecules jut out. */
const WRAPPED_RANGE = 1.5
/** Largest step between frames that is unwrapped, as a part of the cell: with none between this and a half, none is beyond. */
const LARGEST_STEP = 0.4

/**
 * Returns true where the jumps between frames are those of wrapping: no atom leaves the cell. Unwrapped positions of atoms that move
 * farther than half a cell between frames jump too, but get away.
 * @throws UserError where steps between frames are too long to tell
 */
async function positionsAreWrapped(run: LoadedRun): Promise<boolean> {
  let before: Float64Array | null = null
  let lowest = new Float64Array()
  let highest = new Float64Array()
  let largest = 0
  for await (const { positions, box } of framesOf(run)) {
    const now = fractional(box, Float64Array.from(positions))
    if (before === null) {
      lowest = now.slice()
      highest = now.slice()
    } else {
      for (let k = 0; k < now.length; k++) {
        const step = now[k]! - before[k]!
        largest = Math.max(largest, Math.abs(step - Math.round(step)))
        lowest[k] = Math.min(lowest[k]!, now[k]!)
        highest[k] = Math.max(highest[k]!, now[k]!)
      }
    }
    before = now
  }
  if (highest.some((high, k) => high - lowest[k]! > WRAPPED_RANGE)) return false
  if (largest <= LARGEST_STEP) return true
  throw new UserError({
    message: `positions are wrapped into the cell, and atoms move by up to ${largest.toFixed(2)} of it between frames: they cannot be unwrapped`,
    where: run.trajectory,
    hint: 'give unwrapped positions, as hoplite md writes them, or frames closer in time',
  })
}
