import FFT from 'fft.js'
import ndarray, { type NdArray } from 'ndarray'

/** Trajectories with known statistics, from a generator of their own. */
export interface WalkOptions {
  readonly seed: number
  readonly frames: number
  readonly ions: number
  /** Standard deviation of one step along one axis, Å; the MSD slope is the sum of their squares per frame. */
  readonly step_A?: (ion: number, axis: number) => number
}

/** Uniform numbers in (0, 1): mulberry32. */
export function uniformSequence(seed: number): () => number {
  let state = (seed * 0x9e3779b1) >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let word = Math.imul(state ^ (state >>> 15), 1 | state)
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word
    return (((word ^ (word >>> 14)) >>> 0) + 0.5) / 0x100000000
  }
}

/** Standard normal numbers. */
export function normalSequence(seed: number): () => number {
  const uniform = uniformSequence(seed)
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
}

/** x(k + 1) = memory · x(k) + noise: a random walk for memory 1, a walker on a spring below. */
function walk(options: WalkOptions, memory: number): NdArray<Float64Array> {
  const { seed, frames, ions, step_A = () => 1 } = options
  const normal = normalSequence(seed)
  const data = new Float64Array(frames * ions * 3)
  for (let column = 0; column < 3 * ions; column++) {
    const step = step_A(Math.floor(column / 3), column % 3)
    for (let k = column + 3 * ions; k < data.length; k += 3 * ions) {
      data[k] = memory * data[k - 3 * ions]! + step * normal()
    }
  }
  return ndarray(data, [frames, ions, 3])
}

export const randomWalk = (options: WalkOptions) => walk(options, 1)

/** Its MSD levels off at 6 step² / (1 − memory²). */
export const trappedWalk = (options: WalkOptions & { readonly memory: number }) =>
  walk(options, options.memory)

/** Rare 3 Å hops between sites with white rattling on top: MSD slope 9 · hopProbability per frame. */
export function hoppingWalk(
  options: WalkOptions & { readonly hopProbability: number; readonly rattle_A: number },
): NdArray<Float64Array> {
  const { seed, frames, ions, hopProbability, rattle_A } = options
  const uniform = uniformSequence(seed)
  const normal = normalSequence(seed + 1_000_003)
  const data = new Float64Array(frames * ions * 3)
  for (let ion = 0; ion < ions; ion++) {
    const site = [0, 0, 0]
    for (let frame = 0; frame < frames; frame++) {
      if (uniform() < hopProbability) site[Math.floor(3 * uniform())]! += uniform() < 0.5 ? 3 : -3
      for (let axis = 0; axis < 3; axis++) {
        data[(frame * ions + ion) * 3 + axis] = site[axis]! + rattle_A * normal()
      }
    }
  }
  return ndarray(data, [frames, ions, 3])
}

/**
 * Fractional Brownian motion, MSD 3 · lag^exponent per ion: Gaussian with stationary, correlated steps, by circulant
 * embedding (Davies & Harte 1987, https://doi.org/10.1093/biomet/74.1.95).
 */
export function fractionalWalk(options: WalkOptions & { readonly exponent: number }): NdArray<Float64Array> {
  const { seed, frames, ions, exponent, step_A = () => 1 } = options
  const size = 2 ** Math.ceil(Math.log2(2 * frames))
  const fft = new FFT(size)
  const power = (k: number) => Math.abs(k) ** exponent
  const covariance = Array.from({ length: size }, (_, k) => {
    const d = Math.min(k, size - k)
    return [(power(d + 1) - 2 * power(d) + power(d - 1)) / 2, 0]
  })
  const eigenvalues = new Float64Array(2 * size)
  fft.transform(eigenvalues, Float64Array.from(covariance.flat()))
  const normal = normalSequence(seed)
  const data = new Float64Array(frames * ions * 3)
  const noise = new Float64Array(2 * size)
  const steps = new Float64Array(2 * size)
  for (let column = 0; column < 3 * ions; column++) {
    // Real and imaginary part are two independent series.
    if (column % 2 === 0) {
      for (let k = 0; k < 2 * size; k++)
        noise[k] = Math.sqrt(Math.max(0, eigenvalues[2 * (k >> 1)]!) / size) * normal()
      fft.transform(steps, noise)
    }
    const scale = step_A(Math.floor(column / 3), column % 3)
    for (let frame = 1; frame < frames; frame++) {
      const k = column + 3 * ions * frame
      data[k] = data[k - 3 * ions]! + scale * steps[2 * frame + (column % 2)]!
    }
  }
  return ndarray(data, [frames, ions, 3])
}
