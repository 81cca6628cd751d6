import FFT from 'fft.js'

/** In-place complex transforms of a [n₀][n₁][n₂] grid, real and imaginary parts interleaved; unnormalised. */
export interface Transform3D {
  forward(grid: Float64Array): void
  backward(grid: Float64Array): void
}

/** @param size powers of two, at least 2 */
export function createTransform3D(size: readonly [number, number, number]): Transform3D {
  const plans = size.map(n => new FFT(n))
  const lines = size.map(n => ({
    in: new Float64Array(2 * n),
    out: new Float64Array(2 * n),
  }))
  const strides = [size[1] * size[2], size[2], 1]

  const along = (grid: Float64Array, axis: number, inverse: boolean) => {
    const n = size[axis]!
    const plan = plans[axis]!
    const line = lines[axis]!
    const stride = 2 * strides[axis]!
    const [outer, inner] = [0, 1, 2].filter(k => k !== axis) as [number, number]
    // fft.js divides its inverse by n; the sums here are plain.
    const scale = inverse ? n : 1
    for (let a = 0; a < size[outer]!; a++) {
      for (let b = 0; b < size[inner]!; b++) {
        const start = 2 * (a * strides[outer]! + b * strides[inner]!)
        for (let k = 0, at = start; k < n; k++, at += stride) {
          line.in[2 * k] = grid[at]!
          line.in[2 * k + 1] = grid[at + 1]!
        }
        if (inverse) plan.inverseTransform(line.out, line.in)
        else plan.transform(line.out, line.in)
        for (let k = 0, at = start; k < n; k++, at += stride) {
          grid[at] = line.out[2 * k]! * scale
          grid[at + 1] = line.out[2 * k + 1]! * scale
        }
      }
    }
  }
  return {
    forward: grid => {
      for (const axis of [0, 1, 2]) along(grid, axis, false)
    },
    backward: grid => {
      for (const axis of [0, 1, 2]) along(grid, axis, true)
    },
  }
}
