import { blockAverage, mean } from '../../src/analysis/stats.ts'

/**
 * One-sample Kolmogorov–Smirnov test: the largest distance between the sample's distribution and `cdf`, and the
 * probability of one as large if the sample follows `cdf`. Small-sample correction of Stephens 1970
 * (https://doi.org/10.1111/j.2517-6161.1970.tb00821.x). The values must be independent.
 */
export function ksTest(
  sample: ArrayLike<number>,
  cdf: (x: number) => number,
): { statistic: number; pValue: number } {
  const sorted = Float64Array.from(sample).sort()
  const n = sorted.length
  let statistic = 0
  for (let k = 0; k < n; k++) {
    const expected = cdf(sorted[k]!)
    statistic = Math.max(statistic, expected - k / n, (k + 1) / n - expected)
  }
  const root = Math.sqrt(n)
  return { statistic, pValue: kolmogorovSurvival((root + 0.12 + 0.11 / root) * statistic) }
}

/**
 * P(K > x) of the Kolmogorov distribution, 2 Σ (−1)^(k−1) exp(−2k²x²); below x = 1 by the theta-function dual,
 * which converges there (Marsaglia, Tsang & Wang 2003, https://doi.org/10.18637/jss.v008.i18).
 */
export function kolmogorovSurvival(x: number): number {
  if (x <= 0) return 1
  let sum = 0
  if (x < 1) {
    for (let k = 1; k <= 20; k++) sum += Math.exp((-((2 * k - 1) ** 2) * Math.PI ** 2) / (8 * x * x))
    return 1 - (Math.sqrt(2 * Math.PI) / x) * sum
  }
  for (let k = 1; k <= 20; k++) sum += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k * k * x * x)
  return sum
}

/**
 * Least-squares slope of a series and its standard error, with the serial correlation of the residuals (by `blockAverage`).
 * @param times and @param values of equal length, at least 8
 */
export function linearDrift(
  times: ArrayLike<number>,
  values: ArrayLike<number>,
): { slope: number; intercept: number; standardError: number } {
  const centreTime = mean(times)
  const centreValue = mean(values)
  let squares = 0
  let products = 0
  for (let k = 0; k < times.length; k++) {
    squares += (times[k]! - centreTime) ** 2
    products += (times[k]! - centreTime) * (values[k]! - centreValue)
  }
  const slope = products / squares
  const residuals = Float64Array.from(
    values,
    (value, k) => value - centreValue - slope * (times[k]! - centreTime),
  )
  const { statisticalInefficiency } = blockAverage(residuals)
  const residualVariance = residuals.reduce((sum, r) => sum + r * r, 0) / (residuals.length - 2)
  return {
    slope,
    intercept: centreValue - slope * centreTime,
    standardError: Math.sqrt((statisticalInefficiency * residualVariance) / squares),
  }
}
