import FFT from 'fft.js'
import ndarray, { type NdArray } from 'ndarray'
import { UserError } from '../errors.ts'

/** Positions over time, [frames, atoms, 3] Å, unwrapped. */
export type Trajectory = NdArray<Float64Array | Float32Array>

/** Mean-squared displacements of one trajectory. Arrays [L] are by lag: entry k has a lag of k + 1 frames. */
export interface MeanSquaredDisplacement {
  readonly frameInterval_ps: number
  readonly frames: number
  readonly ions: number
  /** [L] */
  readonly lag_ps: Float64Array
  /** [L] mean over ions and all time origins. */
  readonly mean_A2: Float64Array
  /** [ions][L] mean over all time origins. */
  readonly perIon_A2: readonly Float64Array[]
  /** [3][L] mean over ions and all time origins of the squared displacement along x, y, z. */
  readonly perAxis_A2: readonly [Float64Array, Float64Array, Float64Array]
  /** [L] variance of single squared displacements |Δr|² over ions and origins. */
  readonly squaredDisplacementVariance_A4: Float64Array
  /** [L] number of displacements that do not overlap: ions · (frames − 1) / lag, not rounded. */
  readonly independentObservations: Float64Array
}

function checkTrajectory(positions: Trajectory): void {
  if (positions.dimension !== 3 || positions.shape[2] !== 3) {
    throw new UserError({
      message: `positions have shape [${positions.shape.join(', ')}], not [frames, atoms, 3]`,
    })
  }
  if (positions.shape[0]! < 2 || positions.shape[1]! < 1) {
    throw new UserError({ message: 'a displacement needs at least two frames and one atom' })
  }
}

/** One coordinate of one atom over all frames. @throws UserError when it is not finite */
function coordinateSeries(positions: Trajectory, atom: number, axis: number): Float64Array {
  const [perFrame, perAtom, perAxis] = positions.stride as [number, number, number]
  const start = positions.offset + atom * perAtom + axis * perAxis
  const series = new Float64Array(positions.shape[0]!)
  for (let frame = 0; frame < series.length; frame++) {
    series[frame] = positions.data[start + frame * perFrame]!
    if (!Number.isFinite(series[frame]!)) {
      throw new UserError({
        message: 'a position is not a finite number',
        where: `frame ${frame + 1}, atom ${atom + 1} of those followed`,
      })
    }
  }
  return series
}

/**
 * Adds one coordinate to the sums of squared displacements over origins, without their correlation part, and to the power
 * spectra, from which `finish` computes the correlation part.
 *
 * The straight line between the end points is removed first, x = x₀ + g k + y, so that
 * Σ(Δx)² = g²m²(F − m) + 2gm Σ Δy + Σ(Δy)² with Σ(Δy)² = Σ y_k² + Σ y_{k+m}² − 2 Σ y_k y_{k+m}: the result for a constant
 * velocity is then exact, not a small difference of large sums.
 */
function addCoordinate(
  series: Float64Array,
  fft: FFT,
  buffers: { input: Float64Array; spectrum: Float64Array; linear: Float64Array; square: Float64Array },
  sums: readonly Float64Array[],
  powers: readonly Float64Array[],
): void {
  const frames = series.length
  const gradient = (series[frames - 1]! - series[0]!) / (frames - 1)
  const { input, spectrum, linear, square } = buffers
  let residualMean = 0
  for (let k = 0; k < frames; k++) {
    input[k] = series[k]! - series[0]! - gradient * k
    residualMean += input[k]! / frames
  }
  for (let k = 0; k < frames; k++) {
    input[k]! -= residualMean
    linear[k + 1] = linear[k]! + input[k]!
    square[k + 1] = square[k]! + input[k]! ** 2
  }
  input.fill(0, frames)
  fft.realTransform(spectrum, input)
  for (let k = 0; k <= input.length / 2; k++) {
    const power = spectrum[2 * k]! ** 2 + spectrum[2 * k + 1]! ** 2
    for (const target of powers) target[k]! += power
  }
  for (let lag = 1; lag <= sums[0]!.length; lag++) {
    const origins = frames - lag
    const step = gradient * lag
    const drift = linear[frames]! - linear[lag]! - linear[origins]!
    const value = step * step * origins + 2 * step * drift + square[origins]! + square[frames]! - square[lag]!
    for (const target of sums) target[lag - 1]! += value
  }
}

/** Longest lag up to which every lag is sampled; beyond it, this many lags are sampled in every factor of e. */
const VARIANCE_LAGS = 32

/**
 * Variance of |Δr|² over ions and over origins a quarter of the lag apart, because closer origins give nearly the same
 * value. Between sampled lags it is interpolated as a power of the lag.
 */
function squaredDisplacementVariance(longest: number) {
  const lags: number[] = []
  for (let lag = 1; lag < longest; lag = Math.max(lag + 1, Math.round(lag * (1 + 1 / VARIANCE_LAGS))))
    lags.push(lag)
  lags.push(longest)
  const counts = new Float64Array(lags.length)
  const centres = new Float64Array(lags.length)
  const squares = new Float64Array(lags.length)
  return {
    /** Adds one ion. */
    add(x: Float64Array, y: Float64Array, z: Float64Array): void {
      lags.forEach((lag, entry) => {
        let count = counts[entry]!
        let centre = centres[entry]!
        let sum = squares[entry]!
        const stride = Math.max(1, Math.floor(lag / 4))
        for (let k = 0; k + lag < x.length; k += stride) {
          const value = (x[k + lag]! - x[k]!) ** 2 + (y[k + lag]! - y[k]!) ** 2 + (z[k + lag]! - z[k]!) ** 2
          const delta = value - centre
          count++
          centre += delta / count
          sum += delta * (value - centre)
        }
        counts[entry] = count
        centres[entry] = centre
        squares[entry] = sum
      })
    },
    /** [longest] Å⁴ */
    perLag(): Float64Array {
      const result = new Float64Array(longest)
      const sampled = squares.map((sum, entry) => sum / counts[entry]!)
      lags.forEach((lag, entry) => {
        result[lag - 1] = sampled[entry]!
        const before = lags[entry - 1] ?? lag
        for (let between = before + 1; between < lag; between++) {
          const fraction = Math.log(between / before) / Math.log(lag / before)
          result[between - 1] = sampled[entry - 1]! ** (1 - fraction) * sampled[entry]! ** fraction
        }
      })
      return result
    },
  }
}

/**
 * Mean-squared displacement over all time origins by fast Fourier transform in O(F log F) per coordinate
 * (Kneller et al. 1995, https://doi.org/10.1016/0010-4655(95)00048-K; Calandrini et al. 2011, eq. 8–15,
 * https://doi.org/10.1051/sfn/201112010).
 *
 * @param positions [frames, ions, 3] Å, unwrapped, equally spaced in time, without drift (`removeDrift`)
 * @param options.frameInterval_ps time between frames
 * @param options.maximumLag_ps longest lag. Default: the whole trajectory
 * @param options.axis only displacements along x (0), y (1) or z (2). Default: all three
 * @throws UserError for a wrong shape, fewer than two frames, or positions that are not finite
 */
export function meanSquaredDisplacement(
  positions: Trajectory,
  options: {
    readonly frameInterval_ps: number
    readonly maximumLag_ps?: number
    readonly axis?: 0 | 1 | 2
  },
): MeanSquaredDisplacement {
  checkTrajectory(positions)
  const { frameInterval_ps, maximumLag_ps = Number.POSITIVE_INFINITY } = options
  if (!(frameInterval_ps > 0)) {
    throw new UserError({
      message: `the time between frames is ${frameInterval_ps} ps, not a positive number`,
    })
  }
  const [frames, ions] = positions.shape as [number, number, number]
  const lags = Math.min(frames - 1, Math.floor(maximumLag_ps / frameInterval_ps + 1e-9))
  if (lags < 1) throw new UserError({ message: `maximumLag_ps ${maximumLag_ps} is shorter than one frame` })

  // Zeros after the series prevent that its end is correlated with its beginning within the longest lag.
  const size = 2 ** Math.ceil(Math.log2(frames + lags))
  const fft = new FFT(size)
  const buffers = {
    input: new Float64Array(size),
    spectrum: new Float64Array(2 * size),
    linear: new Float64Array(frames + 1),
    square: new Float64Array(frames + 1),
  }
  const finish = (sums: Float64Array, power: Float64Array, divisor: number) => {
    // A power spectrum is real and even: its inverse transform is its transform.
    for (let k = 1; k < size / 2; k++) power[size - k] = power[k]!
    fft.realTransform(buffers.spectrum, power)
    return sums.map((sum, k) =>
      Math.max(0, (sum - (2 * buffers.spectrum[2 * (k + 1)]!) / size) / (divisor * (frames - k - 1))),
    )
  }

  const axisSums = [0, 1, 2].map(() => new Float64Array(lags))
  const axisPowers = [0, 1, 2].map(() => new Float64Array(size))
  const variances = squaredDisplacementVariance(lags)
  const perIon_A2: Float64Array[] = []
  const mean_A2 = new Float64Array(lags)
  const ionPower = new Float64Array(size)
  const still = new Float64Array(frames)
  for (let ion = 0; ion < ions; ion++) {
    const ionSums = new Float64Array(lags)
    ionPower.fill(0)
    const [x, y, z] = [0, 1, 2].map(axis =>
      options.axis === undefined || options.axis === axis ? coordinateSeries(positions, ion, axis) : still,
    )
    ;[x!, y!, z!].forEach((series, axis) => {
      if (series === still) return
      addCoordinate(series, fft, buffers, [ionSums, axisSums[axis]!], [ionPower, axisPowers[axis]!])
    })
    variances.add(x!, y!, z!)
    const curve = finish(ionSums, ionPower, 1)
    for (let k = 0; k < lags; k++) mean_A2[k]! += curve[k]! / ions
    perIon_A2.push(curve)
  }
  const axis = (k: number) => finish(axisSums[k]!, axisPowers[k]!, ions)
  const perLag = (value: (lag: number) => number) =>
    Float64Array.from({ length: lags }, (_, k) => value(k + 1))
  return {
    frameInterval_ps,
    frames,
    ions,
    lag_ps: perLag(lag => lag * frameInterval_ps),
    mean_A2,
    perIon_A2,
    perAxis_A2: [axis(0), axis(1), axis(2)],
    squaredDisplacementVariance_A4: variances.perLag(),
    independentObservations: perLag(lag => (ions * (frames - 1)) / lag),
  }
}

/**
 * Positions of some atoms without the motion of the centre of mass of all atoms since the first frame.
 * @param positions [frames, atoms, 3] Å, unwrapped
 * @param masses [atoms] g/mol
 * @param selected indices of the atoms to return. Default: all
 * @returns [frames, selected, 3] Å
 * @throws UserError for a wrong shape or a wrong number of masses
 */
export function removeDrift(
  positions: Trajectory,
  masses: ArrayLike<number>,
  selected: ArrayLike<number> = Array.from(masses, (_, atom) => atom),
): NdArray<Float64Array> {
  checkTrajectory(positions)
  const [frames, atoms] = positions.shape as [number, number, number]
  if (masses.length !== atoms) {
    throw new UserError({ message: `${masses.length} masses were given for ${atoms} atoms` })
  }
  const [perFrame, perAtom, perAxis] = positions.stride as [number, number, number]
  const { data, offset } = positions
  let totalMass = 0
  for (let atom = 0; atom < atoms; atom++) totalMass += masses[atom]!
  const result = new Float64Array(frames * selected.length * 3)
  for (let axis = 0; axis < 3; axis++) {
    const first = offset + axis * perAxis
    for (let frame = 0; frame < frames; frame++) {
      const start = first + frame * perFrame
      let drift = 0
      for (let atom = 0; atom < atoms; atom++) {
        drift += masses[atom]! * (data[start + atom * perAtom]! - data[first + atom * perAtom]!)
      }
      drift /= totalMass
      for (let k = 0; k < selected.length; k++) {
        result[(frame * selected.length + k) * 3 + axis] = data[start + selected[k]! * perAtom]! - drift
      }
    }
  }
  return ndarray(result, [frames, selected.length, 3])
}

/** Record of centres of mass of a trajectory that is read frame by frame. */
export interface Collector {
  /** Adds one frame. @param positions [3N] Å, unwrapped @throws UserError for a wrong length or too many frames */
  add(positions: ArrayLike<number>): void
  /** Multiplies all positions so far, as row vectors, by a matrix. @param matrix [9], rows first */
  transform(matrix: Float64Array): void
  /**
   * Returns [frames so far, groups, 3] Å, with the series of each coordinate contiguous in memory.
   * @param from first group. Default: 0 @param to one past the last group. Default: all
   */
  trajectory(from?: number, to?: number): NdArray<Float32Array>
}

/** Number of frames that are copied into the series at once, because the series lie far apart in memory. */
const FRAMES_AT_ONCE = 64

/**
 * Records the centres of mass of groups of atoms in every frame, without the motion of the centre of mass of all atoms
 * since the first frame: `removeDrift` for a trajectory that does not fit in memory. Values are in single precision, as in
 * trajectory files; 200 ions over 10⁵ frames take 240 MB.
 *
 * @param masses [N] g/mol @param groups atoms of each group; a single atom is a group of one
 * @param frameCount largest number of frames
 */
export function createCollector(
  masses: ArrayLike<number>,
  groups: readonly ArrayLike<number>[],
  frameCount: number,
): Collector {
  const row = 3 * groups.length
  const kept = new Float32Array(row * frameCount)
  const recent = new Float32Array(row * FRAMES_AT_ONCE)
  const totalMass = Array.from(masses).reduce((sum, mass) => sum + mass, 0)
  const groupMasses = groups.map(atoms => Array.from(atoms).reduce((sum, atom) => sum + masses[atom]!, 0))
  const first = new Float64Array(3)
  let frame = 0
  let stored = 0
  const store = () => {
    for (let column = 0; column < row; column++) {
      for (let k = stored; k < frame; k++)
        kept[column * frameCount + k] = recent[(k - stored) * row + column]!
    }
    stored = frame
  }
  return {
    add(positions) {
      if (positions.length !== 3 * masses.length || frame === frameCount) {
        throw new UserError({
          message: `frame ${frame + 1} has ${positions.length / 3} atoms; expected at most ${frameCount} frames of ${masses.length} atoms`,
        })
      }
      for (let axis = 0; axis < 3; axis++) {
        let centre = 0
        for (let atom = 0; atom < masses.length; atom++) centre += masses[atom]! * positions[3 * atom + axis]!
        centre /= totalMass
        if (frame === 0) first[axis] = centre
        const drift = centre - first[axis]!
        const start = (frame - stored) * row + axis
        for (let group = 0; group < groups.length; group++) {
          const atoms = groups[group]!
          let sum = 0
          for (let k = 0; k < atoms.length; k++) sum += masses[atoms[k]!]! * positions[3 * atoms[k]! + axis]!
          recent[start + 3 * group] = sum / groupMasses[group]! - drift
        }
      }
      frame++
      if (frame - stored === FRAMES_AT_ONCE) store()
    },
    transform(matrix) {
      store()
      for (let group = 0; group < groups.length; group++) {
        const [x, y, z] = [0, 1, 2].map(axis => frameCount * (3 * group + axis)) as [number, number, number]
        for (let k = 0; k < frame; k++) {
          const place = [kept[x + k]!, kept[y + k]!, kept[z + k]!] as const
          for (const [axis, start] of [x, y, z].entries()) {
            kept[start + k] =
              place[0] * matrix[axis]! + place[1] * matrix[3 + axis]! + place[2] * matrix[6 + axis]!
          }
        }
      }
    },
    trajectory(from = 0, to = groups.length) {
      store()
      return ndarray(kept, [frame, to - from, 3], [1, 3 * frameCount, frameCount], 3 * frameCount * from)
    },
  }
}
