import { CholeskyDecomposition, Matrix, solve } from 'ml-matrix'

/**
 * Covariance of the time-averaged squared displacements of one walker at lags `a` and `b`, over all overlapping
 * origins of a trajectory of `frames`, divided by that of single displacements, 2 ab in units of (2Dt₁)². Exact for a
 * random walk: displacements over [s, s + a) and [s + d, s + d + b) share o(d) steps, so their squares have
 * covariance 2 o(d)² (Qian, Sheetz & Elson 1991, https://doi.org/10.1016/S0006-3495(91)82125-7). For a ≤ b much
 * shorter than the trajectory it comes to a (b − a/3) / (b · frames), whose diagonal is 2/3 of what displacements
 * that do not overlap would give.
 */
export function walkCovariance(frames: number, a: number, b: number): number {
  const originsA = frames - a
  const originsB = frames - b
  let sum = 0
  for (let d = 1 - b; d < a; d++) {
    const pairs = Math.min(originsA, originsB - d) - Math.max(0, -d)
    if (pairs <= 0) continue
    const shared = Math.min(a, d + b) - Math.max(0, d)
    sum += pairs * shared * shared
  }
  return sum / (originsA * originsB * a * b)
}

/** `walkCovariance(frames, lag, lag)` by power sums, in constant time: 1 / (effective number of observations). */
export function walkVariance(frames: number, lag: number): number {
  const origins = frames - lag
  const q = Math.min(lag, origins) - 1
  const first = (q * (q + 1)) / 2
  const second = (q * (q + 1) * (2 * q + 1)) / 6
  const half =
    origins * lag * lag * q -
    (lag * lag + 2 * origins * lag) * first +
    (origins + 2 * lag) * second -
    first * first
  return (origins * lag * lag + 2 * half) / (origins * origins * lag * lag)
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
