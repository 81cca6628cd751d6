import type { Arena } from '../wasm/memory.ts'

/** Radices that the kernel has, in the order in which they are tried. */
const RADICES = [4, 2, 3, 5] as const

/** What four transforms at a time take of work space per point: a real and an imaginary vector. */
export const COMPLEX_BYTES = 32

export interface FftKernels {
  /**
   * Four complex transforms at once, e^{−2πi jk/n}, unnormalised: x and y are addresses of the first real and the
   * first imaginary vector and the bytes from one element to the next. x and y may be the same.
   * @param axis from `createAxisPlan` @param work 2·n·COMPLEX_BYTES
   */
  fft(
    axis: number,
    xr: number,
    xi: number,
    xStep: number,
    yr: number,
    yi: number,
    yStep: number,
    work: number,
  ): void
}

/** Prime factors as radices of passes; null when there are others than 2, 3 and 5. */
export function radices(n: number): number[] | null {
  const found: number[] = []
  let rest = n
  for (const radix of RADICES) {
    while (rest % radix === 0) {
      found.push(radix)
      rest /= radix
    }
  }
  return rest === 1 && found.length > 0 ? found : null
}

/** Radices and twiddle factors of transforms of one length, laid out as assembly/fft.ts says. @returns address */
export function createAxisPlan(n: number, arena: Arena): number {
  const passes = radices(n)
  if (!passes) throw new TypeError(`no transform of length ${n}`)
  const plan = arena.allocate(4 * (2 + 2 * passes.length))
  const header = [n, passes.length]
  let length = n
  for (const radix of passes) {
    const factors = twiddles(length, radix)
    const address = arena.allocate(4 * factors.length)
    arena.f32(address, factors.length).set(factors)
    header.push(radix, address)
    length /= radix
  }
  arena.i32(plan, header.length).set(header)
  return plan
}

/** e^{−2πi jp/length}, j = 1…radix−1 for each p < length/radix. */
function twiddles(length: number, radix: number): number[] {
  const factors: number[] = []
  for (let p = 0; p < length / radix; p++) {
    for (let j = 1; j < radix; j++) {
      const angle = (-2 * Math.PI * j * p) / length
      factors.push(Math.cos(angle), Math.sin(angle))
    }
  }
  return factors
}
