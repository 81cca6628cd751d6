import FFT from 'fft.js'

/** In-place complex transforms of a [n₀][n₁][n₂] grid, real and imaginary parts interleaved; unnormalised. */
export interface Transform3D {
  forward(grid: Float64Array): void
  backward(grid: Float64Array): void
}

/** Along one axis, interleaved, unnormalised. */
interface Transform {
  forward(out: Float64Array, from: Float64Array): void
  backward(out: Float64Array, from: Float64Array): void
}

function createTransform(n: number): Transform {
  if (n < 2 || (n & (n - 1)) !== 0) return createChirpTransform(n)
  const plan = new FFT(n)
  return {
    forward: (out, from) => plan.transform(out, from),
    backward(out, from) {
      plan.inverseTransform(out, from)
      // fft.js divides its inverse by n; the sums here are plain.
      for (let k = 0; k < out.length; k++) out[k]! *= n
    },
  }
}

/**
 * Any length, as a convolution with a chirp: Bluestein 1970, https://doi.org/10.1109/TAU.1970.1162132. With
 * jk = (j² + k² − (k−j)²)/2 the transform is a product, a convolution of a power of two, and a product.
 */
function createChirpTransform(n: number): Transform {
  const length = 2 ** Math.ceil(Math.log2(2 * n))
  const plan = new FFT(length)
  // e^{−πi k²/n}; k² modulo 2n keeps the angle small and exact.
  const chirp = Float64Array.from({ length: 2 * n }, (_, at) => {
    const k = at >> 1
    const angle = (Math.PI * ((k * k) % (2 * n))) / n
    return at % 2 === 0 ? Math.cos(angle) : -Math.sin(angle)
  })
  const filter = new Float64Array(2 * length)
  for (let k = 0; k < n; k++) {
    for (const at of k === 0 ? [0] : [k, length - k]) {
      filter[2 * at] = chirp[2 * k]!
      filter[2 * at + 1] = -chirp[2 * k + 1]!
    }
  }
  const filterSpectrum = new Float64Array(2 * length)
  plan.transform(filterSpectrum, filter)
  const signal = new Float64Array(2 * length)
  const spectrum = new Float64Array(2 * length)

  /** @param sign of the imaginary parts of `from` and `out`: the inverse is the conjugate's conjugate transform */
  function transform(out: Float64Array, from: Float64Array, sign: 1 | -1): void {
    signal.fill(0)
    for (let k = 0; k < 2 * n; k += 2) multiply(signal, k, from[k]!, sign * from[k + 1]!, chirp)
    plan.transform(spectrum, signal)
    for (let k = 0; k < 2 * length; k += 2) {
      multiply(spectrum, k, spectrum[k]!, spectrum[k + 1]!, filterSpectrum)
    }
    plan.inverseTransform(signal, spectrum)
    for (let k = 0; k < 2 * n; k += 2) {
      multiply(out, k, signal[k]!, signal[k + 1]!, chirp)
      out[k + 1]! *= sign
    }
  }
  return {
    forward: (out, from) => transform(out, from, 1),
    backward: (out, from) => transform(out, from, -1),
  }
}

/** out[k] = (re + i·im)·factors[k], interleaved. */
function multiply(out: Float64Array, k: number, re: number, im: number, factors: Float64Array): void {
  const c = factors[k]!
  const s = factors[k + 1]!
  out[k] = re * c - im * s
  out[k + 1] = re * s + im * c
}

/** Lengths that are powers of two are several times as fast as others. */
export function createTransform3D(size: readonly [number, number, number]): Transform3D {
  const plans = size.map(createTransform)
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
    for (let a = 0; a < size[outer]!; a++) {
      for (let b = 0; b < size[inner]!; b++) {
        const start = 2 * (a * strides[outer]! + b * strides[inner]!)
        for (let k = 0, at = start; k < n; k++, at += stride) {
          line.in[2 * k] = grid[at]!
          line.in[2 * k + 1] = grid[at + 1]!
        }
        if (inverse) plan.backward(line.out, line.in)
        else plan.forward(line.out, line.in)
        for (let k = 0, at = start; k < n; k++, at += stride) {
          grid[at] = line.out[2 * k]!
          grid[at + 1] = line.out[2 * k + 1]!
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
