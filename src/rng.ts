/**
 * Counter-based random numbers: Philox4x32-10 (Salmon et al., SC'11, https://doi.org/10.1145/2063384.2063405).
 * A draw is a pure function of (seed, stream, step, index): a restart and another platform see the same noise.
 */

const MULTIPLIER_0 = 0xd2511f53
const MULTIPLIER_1 = 0xcd9e8d57
const WEYL_0 = 0x9e3779b9
const WEYL_1 = 0xbb67ae85

/** Streams of random numbers, one for each use, so that a new use does not change the numbers of another. */
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

/**
 * High 32 bits of the 64-bit product of two unsigned 32-bit integers, from sixteen-bit halves: every sum below fits in 32
 * bits, so that integers stay integers.
 */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0
  const carry = (Math.imul(aLow, bHigh) + (middle & 0xffff)) | 0
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (carry >>> 16)) | 0
}

/** Result of `philox`; to allocate an array for every draw would cost more time than the draw. */
const words = new Uint32Array(4)

/** Ten rounds on a counter (c) and a key (k) of 32-bit words, into `words`. */
function philox(c0: number, c1: number, c2: number, c3: number, k0: number, k1: number): void {
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0)
    const low0 = Math.imul(MULTIPLIER_0, c0)
    const high1 = multiplyHigh(MULTIPLIER_1, c2)
    const low1 = Math.imul(MULTIPLIER_1, c2)
    c0 = high1 ^ c1 ^ k0
    c1 = low1
    c2 = high0 ^ c3 ^ k1
    c3 = low0
    k0 = (k0 + WEYL_0) | 0
    k1 = (k1 + WEYL_1) | 0
  }
  words[0] = c0
  words[1] = c1
  words[2] = c2
  words[3] = c3
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
  philox(counter[0] | 0, counter[1] | 0, counter[2] | 0, counter[3] | 0, key[0] | 0, key[1] | 0)
  return [words[0]!, words[1]!, words[2]!, words[3]!]
}

const highWord = (value: number) => Math.floor(value / 0x100000000) | 0

/** Four 32-bit words for (seed, stream, step, index), into `words`. Seeds and steps use 53 bits. */
function draw(seed: number, stream: number, step: number, index: number): void {
  philox(step | 0, highWord(step) ^ (stream << 24), index | 0, highWord(index), seed | 0, highWord(seed))
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
  draw(seed, stream, step, index)
  return [open01(words[0]!), open01(words[1]!), open01(words[2]!), open01(words[3]!)]
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

/** The first three `normals` of indices 0, 1, …: a vector for every atom. @param out [3N], overwritten */
export function normalVectors(out: Float64Array, seed: number, stream: Stream, step: number): void {
  for (let index = 0, k = 0; k < out.length; index++, k += 3) {
    draw(seed, stream, step, index)
    const radius0 = Math.sqrt(-2 * Math.log(open01(words[0]!)))
    const angle0 = 2 * Math.PI * open01(words[1]!)
    out[k] = radius0 * Math.cos(angle0)
    out[k + 1] = radius0 * Math.sin(angle0)
    out[k + 2] = Math.sqrt(-2 * Math.log(open01(words[2]!))) * Math.cos(2 * Math.PI * open01(words[3]!))
  }
}

/** Random numbers of one stream in sequence, for code that draws an unknown number of times (builders, bootstrap). */
export interface RandomSequence {
  /** Uniform in (0, 1). */
  uniform(): number
  /** Standard normal. */
  normal(): number
  /** Integer in [0, bound). */
  integer(bound: number): number
}

/** The items in random order (Fisher–Yates). */
export function shuffled<T>(items: readonly T[], random: RandomSequence): T[] {
  const result = [...items]
  for (let k = result.length - 1; k > 0; k--) {
    const other = random.integer(k + 1)
    ;[result[k], result[other]] = [result[other]!, result[k]!]
  }
  return result
}

/** Starts a sequence of random numbers. @param substream number of an independent sequence of the same seed and stream */
export function randomSequence(seed: number, stream: Stream, substream = 0): RandomSequence {
  let drawn = 0
  let numbers: [number, number, number, number] = [0, 0, 0, 0]
  let left = 0
  const uniform = () => {
    if (left === 0) {
      numbers = uniforms(seed, stream, drawn++, substream)
      left = 4
    }
    return numbers[--left]!
  }
  return {
    uniform,
    normal: () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
    integer: bound => Math.min(bound - 1, Math.floor(uniform() * bound)),
  }
}
