import { type Box, minimumImage } from '../../core/box.ts'
import type { Accumulator } from './nonbonded.ts'

/**
 * A sum over named atoms: adds forces, returns the energy, eV.
 *
 * Such terms are functions of separation vectors v = x_a − x_b (nearest image). With the gradient g = ∂E/∂v known, the
 * force is −g on a and +g on b, and the virial −v⊗g, whose sum over a term is symmetric.
 * @param x [3N] Å, unwrapped @param wantsVirial whether the virial is to be added too
 */
export type BondedTerm = (box: Box, x: Float64Array, into: Accumulator, wantsVirial: boolean) => number

/** Returns the square of the length, Å², below which a separation is its own nearest image: molecules are mostly whole. */
export function ownImage(box: Box): number {
  return (0.5 * Math.min(...box.heights)) ** 2
}

/** Writes the nearest image of the separation x, y, z, Å, to v. */
export function nearestImage(v: Float64Array, box: Box, x: number, y: number, z: number): void {
  v[0] = x
  v[1] = y
  v[2] = z
  minimumImage(box, v)
}

/** Rows of parameters, each kept once: few are different, and small tables stay in the processor's cache. */
export interface Rows {
  /** [M] offset of each row in `values`. */
  readonly offsets: Int32Array
  readonly values: Float64Array
}

/** @param values [M·width] */
export function distinctRows(values: Float64Array, width: number): Rows {
  const known = new Map<string, number>()
  const kept: number[] = []
  const offsets = Int32Array.from({ length: values.length / width }, (_, k) => {
    const row = values.subarray(k * width, (k + 1) * width)
    const key = row.join()
    const offset = known.get(key) ?? kept.length
    if (offset === kept.length) {
      known.set(key, offset)
      kept.push(...row)
    }
    return offset
  })
  return { offsets, values: Float64Array.from(kept) }
}
