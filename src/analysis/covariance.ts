import { CholeskyDecomposition, Matrix, solve } from 'ml-matrix'
import { type Estimate, fromComponents } from './estimate.ts'
import type { MeanSquaredDisplacement } from './msd.ts'
import { mean, variance } from './stats.ts'

/** Gap, in units of the longer lag, beyond which displacements of sub-diffusive walkers count as independent. */
const MEMORY_LAGS = 2
/** Most frames of the shorter of two lags; longer lags are counted in coarser frames, as the walk has no length scale. */
const ENOUGH_STEPS = 200

/**
 * Covariance of the time-averaged squared displacements of one walker at lags `a` and `b`, over all overlapping
 * origins of a trajectory of `frames`, divided by 2 MSD(a) MSD(b). For a = b it is 1 / (effective number of observations).
 *
 * Exact for a Gaussian walker with stationary steps and MSD ∝ t^α, fractional Brownian motion (Mandelbrot & Van Ness
 * 1968, https://doi.org/10.1137/1010093): displacements over [s, s + a) and [s + d, s + d + b) have covariance
 * c(d) ∝ (|d + b|^α + |d − a|^α − |d|^α − |d + b − a|^α) / 2, their squares 2 c(d)² (Isserlis). For α = 1, c is the
 * number of steps they share (Qian, Sheetz & Elson 1991, https://doi.org/10.1016/S0006-3495(91)82125-7), and for a ≤ b
 * much shorter than the trajectory the result is a (b − a/3) / (b · frames): for a = b, 2/3 of the value for displacements
 * that do not overlap. For α < 1 it is smaller, because displacements decorrelate sooner.
 *
 * @param alpha between 0 and 1
 * @returns a function of two lags in frames
 */
export function displacementCovariance(frames: number, alpha: number): (a: number, b: number) => number {
  let powers = new Float64Array(0)
  return (lagA, lagB) => {
    const scale = Math.max(1, Math.min(lagA, lagB) / ENOUGH_STEPS)
    const [a, b] = [Math.round(lagA / scale), Math.round(lagB / scale)]
    const originsA = Math.max(1, frames / scale - a)
    const originsB = Math.max(1, frames / scale - b)
    // Random walks have no covariance beyond the overlap; that of sub-diffusive walks fades.
    const reach = alpha === 1 ? 0 : MEMORY_LAGS * Math.max(a, b)
    const farthest = a + b + reach
    if (powers.length <= farthest)
      powers = Float64Array.from({ length: 2 * farthest + 1 }, (_, steps) => steps ** alpha)
    const first = Math.max(1 - b - reach, Math.ceil(1 - originsA))
    const last = Math.min(a - 1 + reach, originsB - 1)
    let sum = 0
    for (let d = first; d <= last; d++) {
      const pairs = Math.min(originsA, originsB - d) - Math.max(0, -d)
      const ends = powers[Math.abs(d + b)]! + powers[Math.abs(d - a)]!
      const shared = (ends - powers[Math.abs(d)]! - powers[Math.abs(d + b - a)]!) / 2
      sum += pairs * shared * shared
    }
    return sum / (originsA * originsB * powers[a]! * powers[b]!)
  }
}

/** Weights of the points of a straight line: see `lineWeights`. */
export type Weighting = 'generalised' | 'uniform'

/**
 * Weights w with which Σ w_i MSD(lag_i) is the slope, or the intercept, of a straight line.
 *
 * `generalised`: least squares with Σ_ij = σ²(x_i) n_i / n_j for t_i ≤ t_j, n the number of non-overlapping
 * displacements (McCluskey, Coles & Morgan 2025, https://doi.org/10.48550/arXiv.2305.18244). With the variances of a
 * random walk, σ²(x_i) ∝ t_i² / n_i and n ∝ 1/t, this is Σ_ij ∝ t_i² t_j: positive definite for distinct lags,
 * solved after scaling to unit diagonal, √(t_i/t_j). The weights do not depend on the data, so the slope of any
 * MSD that is a straight line in the window comes out unbiased.
 *
 * `uniform`: ordinary least squares.
 */
export function lineWeights(
  lags: ArrayLike<number>,
  weighting: Weighting,
): { slope: Float64Array; intercept: Float64Array } {
  const t = Array.from(lags)
  const scale = t.map(lag => (weighting === 'generalised' ? lag ** 1.5 : 1))
  const correlation = new Matrix(
    t.map((a, i) =>
      t.map((b, j) => {
        if (weighting === 'uniform') return i === j ? 1 : 0
        return Math.sqrt(Math.min(a, b) / Math.max(a, b))
      }),
    ),
  )
  const design = new Matrix(t.map((lag, i) => [1 / scale[i]!, lag / scale[i]!]))
  const whitened = new CholeskyDecomposition(correlation).solve(design)
  const normal = design.transpose().mmul(whitened)
  const rows = solve(normal, whitened.transpose())
  const row = (k: number) => Float64Array.from(t, (_, i) => rows.get(k, i) / scale[i]!)
  return { intercept: row(0), slope: row(1) }
}

/** Source of an error: the largest of the scatters between time origins of a walk, between ions and between replicas. */
export type VarianceSource = 'time origins' | 'ions' | 'replicas'

/** A linear combination of MSDs with its error. */
export interface MsdEstimate extends Estimate {
  readonly varianceFrom: VarianceSource
  /** [replicas][ions] The same quantity of each single ion. */
  readonly perIon: readonly (readonly number[])[]
}

/**
 * A linear combination Σ w_i MSD(lag_i) of the mean over all ions of all replicas, and its standard error.
 *
 * There are three estimates of its variance, with fewer assumptions from one to the next:
 * 1. time origins: all ions are equal Gaussian walkers with MSD ∝ t^α. The variance is wΣw with Σ_ij = √(v_i v_j) ρ_ij /
 *    ions: v is the observed variance of single squared displacements at each lag, ρ the exact covariance of such a walk
 *    over overlapping origins (`displacementCovariance`), α the observed exponent of the window, at most 1. Its degrees
 *    of freedom ν are a third of the effective number of observations at the geometric middle of the window, because
 *    the sample variance of χ²₃ values (kurtosis κ = 7) has relative variance (κ − 1)/n = 2/(n/3).
 * 2. ions: s²/n over the values of single ions within replicas, unbiased also if ions differ in mobility.
 * 3. replicas: s²/R over the means of replicas, unbiased also if boxes differ.
 *
 * The variance is the largest of them. The excess of each over the one before is a component with its degrees of freedom
 * (ν, ions − replicas, replicas − 1), combined by `fromComponents`. A small, accidental excess widens the interval
 * little; a large one brings in the t quantile of a few ions or boxes.
 *
 * @param lags in frames, ascending
 */
export function linearEstimate(
  replicas: readonly MeanSquaredDisplacement[],
  lags: ArrayLike<number>,
  weights: Float64Array,
): MsdEstimate {
  const combine = (curve: Float64Array) => weights.reduce((sum, w, i) => sum + w * curve[lags[i]! - 1]!, 0)
  const perIon = replicas.map(replica => replica.perIon_A2.map(combine))
  const all = perIon.flat()
  const value = mean(all)

  const middle = Math.round(Math.sqrt(lags[0]! * lags[lags.length - 1]!))
  const alpha = apparentExponent(replicas, lags)
  const walks = perLength(frames => {
    const covariance = displacementCovariance(frames, alpha)
    return { covariances: walkCovariances(covariance, lags), ofMiddle: covariance(middle, middle) }
  })
  let observations = 0
  let ofOrigins = 0
  for (const replica of replicas) {
    const { covariances, ofMiddle } = walks(replica.frames)
    observations += replica.ions / ofMiddle
    ofOrigins += (replica.ions / all.length) ** 2 * walkVarianceOf(replica, lags, weights, covariances)
  }
  const components = [{ variance: ofOrigins, degreesOfFreedom: Math.max(1, observations / 3) }]
  let total = ofOrigins
  let varianceFrom: VarianceSource = 'time origins'
  const raise = (candidate: number, degreesOfFreedom: number, source: VarianceSource) => {
    if (!(candidate > total)) return
    components.push({ variance: candidate - total, degreesOfFreedom })
    total = candidate
    varianceFrom = source
  }
  const ionFreedom = all.length - replicas.length
  const withinReplicas = perIon.reduce(
    (sum, ions) => sum + (ions.length > 1 ? variance(ions) * (ions.length - 1) : 0),
    0,
  )
  raise(withinReplicas / ionFreedom / all.length, ionFreedom, 'ions')
  if (replicas.length > 1) {
    const spread = perIon.reduce(
      (sum, ions) => sum + ((ions.length / all.length) * (mean(ions) - value)) ** 2,
      0,
    )
    raise((spread * replicas.length) / (replicas.length - 1), replicas.length - 1, 'replicas')
  }
  return { ...fromComponents(value, components), varianceFrom, perIon }
}

/** Returns the function with a memory, so that it is computed once for every number of frames. */
function perLength<T>(of: (frames: number) => T): (frames: number) => T {
  const known = new Map<number, T>()
  return frames => {
    const value = known.get(frames) ?? of(frames)
    known.set(frames, value)
    return value
  }
}

/** Smallest exponent of the covariance, also for bound walkers: with an exponent of zero it would not be defined. */
const SMALLEST_EXPONENT = 0.05

/**
 * d ln MSD / d ln t between the first and the last lag, or around a single lag, plus one standard error: an exponent that
 * is too small by chance would make the error too small. At most 1, and 1 if the MSD has no logarithm.
 */
function apparentExponent(replicas: readonly MeanSquaredDisplacement[], lags: ArrayLike<number>): number {
  const shortest = lags[0]!
  const longest = lags[lags.length - 1]!
  const single = shortest === longest
  const available = Math.min(...replicas.map(replica => replica.lag_ps.length))
  const low = single ? Math.max(1, Math.floor(shortest / 2)) : shortest
  const high = single ? Math.min(available, 2 * longest) : longest
  const msd = (lag: number) => replicas.reduce((sum, r) => sum + r.ions * r.mean_A2[lag - 1]!, 0)
  const span = Math.log(high / low)
  const alpha = Math.log(msd(high) / msd(low)) / span
  if (!Number.isFinite(alpha)) return 1
  const bounded = Math.min(1, Math.max(SMALLEST_EXPONENT, alpha))
  const ofHigh = perLength(frames => displacementCovariance(frames, bounded)(high, high))
  const observations = replicas.reduce((sum, { ions, frames }) => sum + ions / ofHigh(frames), 0)
  // χ²₃ values have relative variance 2/3.
  return Math.min(1, bounded + Math.sqrt(2 / 3 / observations) / span)
}

/** The lower triangle of ρ over the lags, row by row. */
function walkCovariances(
  covariance: (a: number, b: number) => number,
  lags: ArrayLike<number>,
): Float64Array {
  const triangle = new Float64Array((lags.length * (lags.length + 1)) / 2)
  for (let i = 0, at = 0; i < lags.length; i++) {
    for (let j = 0; j <= i; j++, at++) triangle[at] = covariance(lags[j]!, lags[i]!)
  }
  return triangle
}

/** wΣw of one replica for equal walkers with the observed variance at each lag. */
function walkVarianceOf(
  replica: MeanSquaredDisplacement,
  lags: ArrayLike<number>,
  weights: Float64Array,
  covariances: Float64Array,
): number {
  let sum = 0
  for (let i = 0, at = 0; i < lags.length; i++) {
    for (let j = 0; j <= i; j++, at++) {
      const deviations = Math.sqrt(
        replica.squaredDisplacementVariance_A4[lags[i]! - 1]! *
          replica.squaredDisplacementVariance_A4[lags[j]! - 1]!,
      )
      const term = weights[i]! * weights[j]! * deviations * covariances[at]!
      sum += i === j ? term : 2 * term
    }
  }
  return Math.max(0, sum) / replica.ions
}
