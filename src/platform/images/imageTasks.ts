import type { Box } from '../../core/box.ts'
import type { System } from '../../core/system.ts'
import { SimulationError, UserError } from '../../errors.ts'
import type { PlatformChoice } from '../choose.ts'
import type { Evaluator } from '../platform.ts'

/** Data that a thread needs once, at its start. */
export interface ImageSetup {
  readonly choice: PlatformChoice
  readonly system: System
  readonly box: Box
}

/** Images of one round and their results, in memory shared by all threads. */
export interface ImageMemory {
  readonly count: number
  /** [1] number of the next image to take. */
  readonly next: Int32Array
  /** [count·3N] Å */
  readonly positions: Float64Array
  /** [count·3N] eV/Å */
  readonly forces: Float64Array
  /** [count] eV */
  readonly energies: Float64Array
}

/** The error of an image as plain data: threads cannot send each other errors of their own classes. */
export interface ImageFailure {
  readonly image: number
  readonly name: string
  readonly message: string
  readonly where: string | undefined
  readonly hint: string | undefined
}

/**
 * Takes one image after another until none is left.
 * @param pause called between images
 * @returns the images that failed
 */
export async function takeImages(
  evaluator: Evaluator,
  box: Box,
  { count, next, positions, forces, energies }: ImageMemory,
  pause?: () => Promise<unknown>,
): Promise<readonly ImageFailure[]> {
  const failures: ImageFailure[] = []
  const size = positions.length / count
  const atRest = new Float64Array(size)
  for (;;) {
    const image = Atomics.add(next, 0, 1)
    if (image >= count) return failures
    try {
      const from = image * size
      const at = positions.subarray(from, from + size)
      const result = await evaluator.evaluate({ positions: at, velocities: atRest, box, step: 0, time_ps: 0 })
      energies[image] = result.energy
      forces.set(result.forces, from)
    } catch (error) {
      failures.push(failureOf(image, error))
    }
    await pause?.()
  }
}

function failureOf(image: number, error: unknown): ImageFailure {
  const known = error instanceof SimulationError || error instanceof UserError
  return {
    image,
    name: error instanceof Error ? error.name : 'Error',
    message: known ? error.message : String(error instanceof Error ? error.stack : error),
    where: known ? error.where : undefined,
    hint: known ? error.hint : undefined,
  }
}

/** Returns the error of a failure. @param image number in the caller's list, from 0 on; messages count from 1 */
export function errorOf({ name, message, where, hint }: ImageFailure, image: number): Error {
  if (name !== 'SimulationError' && name !== 'UserError') return new Error(`image ${image + 1}: ${message}`)
  const place = where === undefined ? `image ${image + 1}` : `image ${image + 1}, ${where}`
  const detail = { message, where: place, ...(hint === undefined ? {} : { hint }) }
  return name === 'UserError' ? new UserError(detail) : new SimulationError(detail)
}
