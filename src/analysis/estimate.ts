import { studentTCdf, studentTQuantile } from './distributions.ts'
import { type Interval, mean, variance } from './stats.ts'

/** A number with its standard error: (value − truth) / standardError follows Student's t. */
export interface Estimate {
  readonly value: number
  readonly standardError: number
  /** Degrees of freedom of the standard error, > 0, not necessarily whole; infinite for an error that is known exactly. */
  readonly degreesOfFreedom: number
}

/** A number with its 95 % interval; the interval is null if it is not known. */
export interface Measured {
  readonly value: number
  readonly ci95: Interval | null
}

/** A number whose 95 % interval is known. */
export interface MeasuredInterval extends Measured {
  readonly ci95: Interval
}

/** A positive number, estimated by its logarithm. The interval is from 0 to infinity if the data give no bound. */
export interface LogEstimate extends MeasuredInterval {
  /** Natural logarithm of the value; null if the data give no bound. */
  readonly logarithm: Estimate | null
}

/** One part of a variance. */
export interface VarianceComponent {
  readonly variance: number
  readonly degreesOfFreedom: number
}

/**
 * The estimate whose variance is the sum of independent components, with ν = (Σ V_k)² / Σ (V_k² / ν_k) degrees of freedom
 * (Satterthwaite 1946, https://doi.org/10.2307/3002019).
 */
export function fromComponents(value: number, components: readonly VarianceComponent[]): Estimate {
  const total = components.reduce((sum, part) => sum + part.variance, 0)
  const uncertainty = components.reduce((sum, part) => sum + part.variance ** 2 / part.degreesOfFreedom, 0)
  return {
    value,
    standardError: Math.sqrt(total),
    degreesOfFreedom: uncertainty > 0 ? total ** 2 / uncertainty : Number.POSITIVE_INFINITY,
  }
}

/** Sum Σ w_k x_k of independent estimates. Default: all weights 1. */
export function sumOf(estimates: readonly Estimate[], weights?: readonly number[]): Estimate {
  const weight = (k: number) => weights?.[k] ?? 1
  return fromComponents(
    estimates.reduce((sum, { value }, k) => sum + weight(k) * value, 0),
    estimates.map(({ standardError, degreesOfFreedom }, k) => ({
      variance: (weight(k) * standardError) ** 2,
      degreesOfFreedom,
    })),
  )
}

/** The estimate times an exact factor. */
export const scaled = ({ value, standardError, degreesOfFreedom }: Estimate, factor: number): Estimate => ({
  value: factor * value,
  standardError: Math.abs(factor) * standardError,
  degreesOfFreedom,
})

/** Mean of independent values with the standard error s / √n. @param values at least two */
export const meanOf = (values: ArrayLike<number>): Estimate => ({
  value: mean(values),
  standardError: Math.sqrt(variance(values) / values.length),
  degreesOfFreedom: values.length - 1,
})

/** Half the width of the 95 % interval: t₀.₉₇₅(ν) · standard error. */
const halfWidth = ({ standardError, degreesOfFreedom }: Estimate) =>
  studentTQuantile(0.975, degreesOfFreedom) * standardError

/** 95 % interval, value ± t₀.₉₇₅(ν) · standard error. */
export function confidenceInterval(estimate: Estimate): Interval {
  const half = halfWidth(estimate)
  return [estimate.value - half, estimate.value + half]
}

/** The value with its 95 % interval. */
export const measured = (estimate: Estimate): MeasuredInterval => ({
  value: estimate.value,
  ci95: confidenceInterval(estimate),
})

/**
 * 95 % interval of a positive quantity: symmetric in the logarithm, which has the better coverage for skewed mobilities.
 * If the interval value ± t·s reaches zero, that interval is returned, so that zero is not excluded by the form alone.
 */
export function positiveInterval(estimate: Estimate): Interval {
  const { value } = estimate
  const half = halfWidth(estimate)
  if (!(value > half)) return [value - half, value + half]
  const factor = Math.exp(half / value)
  return [value / factor, value * factor]
}

/** Natural logarithm of a positive estimate, with the error of first order (delta method). */
export const logarithmOf = ({ value, standardError, degreesOfFreedom }: Estimate): Estimate => ({
  value: Math.log(value),
  standardError: standardError / value,
  degreesOfFreedom,
})

/** Exponential of an estimated logarithm; its interval is that of the logarithm. */
export function exponentialOf(logarithm: Estimate): LogEstimate {
  const value = Math.exp(logarithm.value)
  const factor = Math.exp(halfWidth(logarithm))
  return { value, ci95: [value / factor, value * factor], logarithm }
}

/**
 * Ratio a / b of two independent estimates; the interval is that of its logarithm. It has no bounds if the 95 % interval
 * of a or b reaches zero: the ratio of two numbers that may both be zero can have any value (Fieller 1954, J. R. Stat.
 * Soc. B 16, 175), and logarithms would hide that.
 */
export function ratioOf(a: Estimate, b: Estimate): LogEstimate {
  const value = a.value / b.value
  if ([a, b].some(estimate => !(estimate.value > halfWidth(estimate)))) {
    return { value, ci95: [0, Number.POSITIVE_INFINITY], logarithm: null }
  }
  return { ...exponentialOf(sumOf([a, b].map(logarithmOf), [1, -1])), value }
}

/** Probabilities of a factor between two quantities, in both directions. */
export interface FactorProbabilities {
  /** Probability that the true ratio is at least the factor. */
  readonly atLeast: number
  /** Probability that the true ratio is at most 1 / factor. */
  readonly atMostInverse: number
}

/**
 * Probabilities that the true ratio is at least `factor`, or at most 1 / `factor`: Student t on its logarithm, as for the
 * interval (the posterior for a flat prior on the logarithm).
 * @returns null if the ratio has no bound
 */
export function factorProbabilities(
  { logarithm }: Pick<LogEstimate, 'logarithm'>,
  factor: number,
): FactorProbabilities | null {
  if (!logarithm) return null
  // Lower tails keep small probabilities exact; 1 − (a number near 1) would lose their digits.
  const tail = (distance: number) => {
    if (logarithm.standardError === 0) return distance >= 0 ? 1 : 0
    return studentTCdf(distance / logarithm.standardError, logarithm.degreesOfFreedom)
  }
  return {
    atLeast: tail(logarithm.value - Math.log(factor)),
    atMostInverse: tail(-logarithm.value - Math.log(factor)),
  }
}
