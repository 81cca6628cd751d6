import type { Box } from '../../core/box.ts'

export type Vector = readonly [number, number, number]

/** Half of the reciprocal vectors within a cut-off, in rows along c*; with k, −k adds nothing new. */
export interface Vectors {
  readonly box: Box
  /** Largest |h|, |k|, |l|. */
  readonly limits: Vector
  /** c*, 1/Å, with the factor 2π. */
  readonly c: Vector
  readonly rows: readonly Row[]
}

/** The vectors base ± l·c*, l from 0 on. */
export interface Row {
  /** base = h·a* + k·b* + l₀·c*, the shortest of the row or next to it. */
  readonly indices: Vector
  /** 1/Å */
  readonly base: Vector
  /** 4πC/V · e^{−k²/4α²}/k² of l and −l in turn; 0 for a vector beyond the cut-off or of the other half. */
  readonly green: Float64Array
}

/** @param constant_eV_A C, e²/(4πε₀) */
export function reciprocalVectors(
  box: Box,
  alpha_per_A: number,
  kCutoff_per_A: number,
  constant_eV_A: number,
): Vectors {
  const reciprocal = (axis: number) => vector(d => 2 * Math.PI * box.inverse[3 * d + axis]!)
  const [a, b, c] = [reciprocal(0), reciprocal(1), reciprocal(2)]
  const limits = vector(axis => {
    const edge = Math.hypot(...box.matrix.subarray(3 * axis, 3 * axis + 3))
    return Math.floor((kCutoff_per_A * edge) / (2 * Math.PI))
  })
  const prefactor = (4 * Math.PI * constant_eV_A) / box.volume
  const weight = (k2: number) =>
    k2 > kCutoff_per_A ** 2 ? 0 : (prefactor * Math.exp(-k2 / (4 * alpha_per_A ** 2))) / k2
  const rows: Row[] = []
  for (let h = 0; h <= limits[0]; h++) {
    for (let k = h === 0 ? 0 : -limits[1]; k <= limits[1]; k++) {
      const plane = vector(d => h * a[d]! + k * b[d]!)
      const middle = Math.round(-dot(plane, c) / dot(c, c))
      if (Math.abs(middle) > limits[2]) continue
      const base = vector(d => plane[d]! + middle * c[d]!)
      const at = (l: number) => {
        const shifted = vector(d => base[d]! + l * c[d]!)
        return weight(dot(shifted, shifted))
      }
      const central = h === 0 && k === 0
      const green = central ? [0, 0] : [at(0), 0]
      for (let l = 1; l <= limits[2]; l++) green.push(at(l), central ? 0 : at(-l))
      while (green.at(-1) === 0 && green.at(-2) === 0) green.length -= 2
      if (green.length === 0) continue
      rows.push({
        indices: [h, k, middle],
        base,
        green: Float64Array.from(green),
      })
    }
  }
  return { box, limits, c, rows }
}

const vector = (component: (axis: number) => number): Vector => [component(0), component(1), component(2)]

const dot = (u: readonly number[], v: readonly number[]) => u[0]! * v[0]! + u[1]! * v[1]! + u[2]! * v[2]!
