import { CholeskyDecomposition, Matrix, solve } from 'ml-matrix'

/** Farther apart than this many of the longer lag, squared displacements of sub-diffusive walkers are independent. */
const MEMORY_LAGS = 2
/** Longer lags are counted in coarser frames, so that the shorter has this many: such walks look alike on all scales. */
const ENOUGH_STEPS = 200

/**
 * Covariance of the time-averaged squared displacements of one walker at lags `a` and `b`, over all overlapping
 * origins of a trajectory of `frames`, divided by 2 MSD(a) MSD(b): for a = b 1 / (effective number of observations).
 *
 * Exact for a Gaussian walker with stationary steps and MSD ∝ t^α, fractional Brownian motion (Mandelbrot & Van Ness
 * 1968, https://doi.org/10.1137/1010093): displacements over [s, s + a) and [s + d, s + d + b) have covariance
 * c(d) ∝ (|d + b|^α + |d − a|^α − |d|^α − |d + b − a|^α) / 2, their squares 2 c(d)² (Isserlis). For α = 1 c is the
 * number of steps they share (Qian, Sheetz & Elson 1991, https://doi.org/10.1016/S0006-3495(91)82125-7), and for a ≤ b
 * much shorter than the trajectory the result comes to a (b − a/3) / (b · frames), whose diagonal is 2/3 of what
 * displacements that do not overlap would give. For α < 1 walkers come back and forget sooner: it is smaller.
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
    // Shared steps end where the displacements stop overlapping; memory of other kinds fades.
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

export type Weighting = 'generalised' | 'uniform'

/**
 * Weights that turn MSDs at the given lags into the slope and the intercept of a straight line.
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
