import { UserError } from '../errors.ts'
import { confidenceInterval, meanOf } from './estimate.ts'
import type { Trajectory } from './msd.ts'
import { type Interval, mean } from './stats.ts'

/** Distribution of the displacements in one lag. */
export interface VanHove {
  readonly lag_ps: number
  /** [bins] middle of each bin, Å */
  readonly r_A: Float64Array
  /** [bins] 4πr² G_s(r, t), 1/Å: probability density of the distances that ions move. */
  readonly density_per_A: Float64Array
  /** [bins] 1/Å, the density of Gaussian displacements with the same mean square. */
  readonly gaussian_per_A: Float64Array
  /** α₂ = 3⟨r⁴⟩ / (5⟨r²⟩²) − 1: 0 for Gaussian displacements, above 0 if few ions hop and most rattle. */
  readonly nonGaussian: number
}

/**
 * Self part of the van Hove function over all origins (Van Hove 1954, https://doi.org/10.1103/PhysRev.95.249) with the
 * non-Gaussian parameter (Rahman 1964, https://doi.org/10.1103/PhysRev.136.A405).
 *
 * @param positions [frames, ions, 3] Å, unwrapped, without drift (`removeDrift`)
 * @param options.maximum_A end of the last bin. Default: 8
 * @param options.binWidth_A width of a bin, adjusted to divide the range evenly. Default: 0.1
 * @throws UserError for a lag that the trajectory does not have
 */
export function vanHoveSelf(
  positions: Trajectory,
  options: {
    readonly frameInterval_ps: number
    readonly lag_ps: number
    readonly maximum_A?: number
    readonly binWidth_A?: number
  },
): VanHove {
  const { frameInterval_ps, lag_ps, maximum_A = 8, binWidth_A = 0.1 } = options
  const [frames, ions] = positions.shape as [number, number, number]
  const lag = Math.round(lag_ps / frameInterval_ps)
  if (!(lag >= 1 && lag < frames)) {
    throw new UserError({
      message: `the trajectory has no lag of ${lag_ps} ps`,
      hint: `choose a lag between ${frameInterval_ps} and ${frameInterval_ps * (frames - 1)} ps`,
    })
  }
  const bins = Math.max(1, Math.round(maximum_A / binWidth_A))
  const width = maximum_A / bins
  const counts = new Float64Array(bins)
  const { data, offset, stride } = positions
  const [perFrame, perAtom, perAxis] = stride as [number, number, number]
  let second = 0
  let fourth = 0
  for (let ion = 0; ion < ions; ion++) {
    for (let frame = 0; frame + lag < frames; frame++) {
      const from = offset + frame * perFrame + ion * perAtom
      let squared = 0
      for (let axis = 0; axis < 3; axis++) {
        const at = from + axis * perAxis
        squared += (data[at + lag * perFrame]! - data[at]!) ** 2
      }
      second += squared
      fourth += squared * squared
      const bin = Math.floor(Math.sqrt(squared) / width)
      if (bin < bins) counts[bin]!++
    }
  }
  const samples = ions * (frames - lag)
  const meanSquare = second / samples
  const r_A = Float64Array.from({ length: bins }, (_, k) => (k + 0.5) * width)
  const gaussian = (r: number) =>
    4 * Math.PI * r * r * (3 / (2 * Math.PI * meanSquare)) ** 1.5 * Math.exp((-1.5 * r * r) / meanSquare)
  return {
    lag_ps: lag * frameInterval_ps,
    r_A,
    density_per_A: counts.map(n => n / (samples * width)),
    gaussian_per_A: r_A.map(gaussian),
    nonGaussian: (3 * fourth) / samples / (5 * meanSquare ** 2) - 1,
  }
}

/** Options of `detectHops`. */
export interface HopOptions {
  readonly frameInterval_ps: number
  /** Length of the window before and of the window after a hop, ps; longer than the rattling in a cage. */
  readonly window_ps: number
  /** Least p_hop of a hop, Å²; a hop of length ℓ between cages of mean square width w² has p_hop = ℓ² + w². */
  readonly threshold_A2: number
}

/** Move of an ion from one cage to another. */
export interface Hop {
  /** Index of the ion. */
  readonly ion: number
  readonly time_ps: number
  readonly length_A: number
}

/** Hops of all ions of one trajectory. */
export interface HopStatistics {
  readonly hops: readonly Hop[]
  /** Fraction of the time with p_hop above the threshold. If it is not small, hops overlap in time and some are missed. */
  readonly above: number
  /** Number of hops of one ion in 1 ps, mean over ions. */
  readonly rate_per_ps: number
  /** Interval from the scatter between ions (Student t); null for one ion. */
  readonly rate_ci95_per_ps: Interval | null
  /** Mean length of a hop; null without hops. */
  readonly meanLength_A: number | null
  /** rate · ⟨ℓ²⟩: the MSD slope of independent hops. A smaller measured slope shows that ions hop back. */
  readonly uncorrelatedSlope_A2_per_ps: number
}

/**
 * Finds hops between cages by p_hop(t) = √(⟨|r_A − ⟨r⟩_B|²⟩_A ⟨|r_B − ⟨r⟩_A|²⟩_B) with the windows A before and B after t
 * (after Candelier, Dauchot & Biroli 2009, https://doi.org/10.1103/PhysRevLett.102.088001). A hop is the maximum of a
 * period above the threshold; its length is the distance between the mean positions in A and B. Hops closer in time than
 * the window count as one.
 *
 * @param positions [frames, ions, 3] Å, unwrapped, without drift (`removeDrift`)
 * @throws UserError when the trajectory is shorter than two windows, or a window shorter than two frames
 */
export function detectHops(positions: Trajectory, options: HopOptions): HopStatistics {
  const { frameInterval_ps, threshold_A2 } = options
  const [frames, ions] = positions.shape as [number, number, number]
  const window = Math.round(options.window_ps / frameInterval_ps)
  if (!(window >= 2 && 2 * window <= frames)) {
    throw new UserError({
      message: `a window of ${options.window_ps} ps cannot detect hops in this trajectory`,
      hint: `choose a window between ${2 * frameInterval_ps} ps and half the trajectory, ${(frames / 2) * frameInterval_ps} ps`,
    })
  }
  const hops: Hop[] = []
  let framesAbove = 0
  for (let ion = 0; ion < ions; ion++) {
    const { p_hop, length } = cageChange(positions, ion, window)
    let peak = -1
    for (let frame = window; frame <= frames - window + 1; frame++) {
      const above = frame <= frames - window && p_hop[frame]! >= threshold_A2
      if (above) framesAbove++
      if (above && (peak < 0 || p_hop[frame]! > p_hop[peak]!)) peak = frame
      if (above || peak < 0) continue
      hops.push({ ion, time_ps: peak * frameInterval_ps, length_A: length[peak]! })
      peak = -1
    }
  }
  const seen_ps = (frames - 2 * window + 1) * frameInterval_ps
  const perIon = new Float64Array(ions)
  for (const { ion } of hops) perIon[ion]! += 1 / seen_ps
  const rate = mean(perIon)
  const interval = ions > 1 ? confidenceInterval(meanOf(perIon)) : null
  const lengths = hops.map(hop => hop.length_A)
  return {
    hops,
    above: framesAbove / (ions * (frames - 2 * window + 1)),
    rate_per_ps: rate,
    rate_ci95_per_ps: interval && [Math.max(0, interval[0]), interval[1]],
    meanLength_A: hops.length > 0 ? mean(lengths) : null,
    uncorrelatedSlope_A2_per_ps: hops.length > 0 ? rate * mean(lengths.map(x => x * x)) : 0,
  }
}

/** [frames] p_hop (Å²) and the distance between the means, at the first frame after the change. */
function cageChange(positions: Trajectory, ion: number, window: number) {
  const frames = positions.shape[0]!
  const p_hop = new Float64Array(frames + 1)
  const length = new Float64Array(frames + 1)
  // Cumulative sums of the displacements from the first frame, and of their squares.
  const sums = [0, 1, 2].map(() => new Float64Array(frames + 1))
  const squares = new Float64Array(frames + 1)
  for (let frame = 0; frame < frames; frame++) {
    let squared = 0
    for (let axis = 0; axis < 3; axis++) {
      const value = positions.get(frame, ion, axis) - positions.get(0, ion, axis)
      sums[axis]![frame + 1] = sums[axis]![frame]! + value
      squared += value * value
    }
    squares[frame + 1] = squares[frame]! + squared
  }
  for (let frame = window; frame <= frames - window; frame++) {
    const before = sums.map(sum => (sum[frame]! - sum[frame - window]!) / window)
    const after = sums.map(sum => (sum[frame + window]! - sum[frame]!) / window)
    const squaredMean = (centre: readonly number[]) => centre.reduce((sum, x) => sum + x * x, 0)
    const cross = before.reduce((sum, x, axis) => sum + x * after[axis]!, 0)
    const squareBefore = (squares[frame]! - squares[frame - window]!) / window
    const squareAfter = (squares[frame + window]! - squares[frame]!) / window
    const fromAfter = squareBefore - 2 * cross + squaredMean(after)
    const fromBefore = squareAfter - 2 * cross + squaredMean(before)
    p_hop[frame] = Math.sqrt(Math.max(0, fromAfter) * Math.max(0, fromBefore))
    length[frame] = Math.sqrt(Math.max(0, squaredMean(before) + squaredMean(after) - 2 * cross))
  }
  return { p_hop, length }
}
