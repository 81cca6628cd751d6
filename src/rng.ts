/**
 * Counter-based random numbers: Philox4x32-10 (Salmon et al., SC'11, https://doi.org/10.1145/2063384.2063405).
 * A draw is a pure function of (seed, stream, step, index): a restart and another platform see the same noise.
 */

const MULTIPLIER_0 = 0xd2511f53
const MULTIPLIER_1 = 0xcd9e8d57
const WEYL_0 = 0x9e3779b9
const WEYL_1 = 0xbb67ae85

/** Separate uses of randomness take separate streams, so that adding one never shifts another. */
export const STREAM = {
  velocities: 1,
  langevin: 2,
  velocityRescaling: 3,
  cellRescaling: 4,
  build: 5,
  bootstrap: 6,
  assignment: 7,
  solid: 8,
} as const
export type Stream = (typeof STREAM)[keyof typeof STREAM]

/** High 32 bits of the 64-bit product of two unsigned 32-bit integers, in sixteen-bit halves of doubles. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16)
  const carry = aLow * bHigh + (middle & 0xffff)
  return (aHigh * bHigh + (middle >>> 16) + (carry >>> 16)) >>> 0
}

/**
 * Four independent 32-bit words for one counter and key.
 * @param counter four unsigned 32-bit words
 * @param key two unsigned 32-bit words
 */
export function philox4x32(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  let [c0, c1, c2, c3] = counter
  let [k0, k1] = key
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0)
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0
    const high1 = multiplyHigh(MULTIPLIER_1, c2)
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0
    c0 = (high1 ^ c1 ^ k0) >>> 0
    c1 = low1
    c2 = (high0 ^ c3 ^ k1) >>> 0
    c3 = low0
    k0 = (k0 + WEYL_0) >>> 0
    k1 = (k1 + WEYL_1) >>> 0
  }
  return [c0, c1, c2, c3]
}

/** Four 32-bit words for (seed, stream, step, index). Seeds and steps use 53 bits. */
function draw(seed: number, stream: number, step: number, index: number): [number, number, number, number] {
  const high = (value: number) => Math.floor(value / 0x100000000) >>> 0
  return philox4x32(
    [step >>> 0, (high(step) ^ (stream << 24)) >>> 0, index >>> 0, high(index)],
    [seed >>> 0, high(seed)],
  )
}

/** A uniform number in (0, 1), from 32 random bits. */
const open01 = (word: number) => (word + 0.5) / 0x100000000

/** Four uniform numbers in (0, 1). */
export function uniforms(
  seed: number,
  stream: Stream,
  step: number,
  index: number,
): [number, number, number, number] {
  const [a, b, c, d] = draw(seed, stream, step, index)
  return [open01(a), open01(b), open01(c), open01(d)]
}

/** Four standard normal numbers (Box–Muller). */
export function normals(
  seed: number,
  stream: Stream,
  step: number,
  index: number,
): [number, number, number, number] {
  const [u0, u1, u2, u3] = uniforms(seed, stream, step, index)
  const radius0 = Math.sqrt(-2 * Math.log(u0))
  const radius1 = Math.sqrt(-2 * Math.log(u2))
  const angle0 = 2 * Math.PI * u1
  const angle1 = 2 * Math.PI * u3
  return [
    radius0 * Math.cos(angle0),
    radius0 * Math.sin(angle0),
    radius1 * Math.cos(angle1),
    radius1 * Math.sin(angle1),
  ]
}

/** A sequential view of one stream, for code that draws an unknown number of times (builders, bootstrap). */
export interface RandomSequence {
  /** Uniform in (0, 1). */
  uniform(): number
  /** Standard normal. */
  normal(): number
  /** Integer in [0, bound). */
  integer(bound: number): number
}

/** @param substream separates independent sequences of the same seed and stream */
export function randomSequence(seed: number, stream: Stream, substream = 0): RandomSequence {
  let drawn = 0
  let words: [number, number, number, number] = [0, 0, 0, 0]
  let left = 0
  const uniform = () => {
    if (left === 0) {
      words = draw(seed, stream, drawn++, substream)
      left = 4
    }
    return open01(words[--left]!)
  }
  return {
    uniform,
    normal: () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
    integer: bound => Math.min(bound - 1, Math.floor(uniform() * bound)),
  }
}
