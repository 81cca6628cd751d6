/**
 * Distribution functions of the normal, χ² and Student t laws.
 *
 * | function | equation (NIST Digital Library of Mathematical Functions, https://dlmf.nist.gov) |
 * |---|---|
 * | `regularizedGamma` | P(a, x): series 8.11.4 below x = a + 1, continued fraction 8.9.2 above |
 * | `regularizedBeta` | I_x(a, b): continued fraction 8.17.22 |
 */

const RELATIVE_PRECISION = 1e-15
const SMALLEST = 1e-300

/** Lanczos approximation with g = 7 and nine terms (https://doi.org/10.1137/0701008), good to 1e-14 for x > 0. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
]

/** ln Γ(x) for x > 0. */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x)
  const shifted = x + 6.5
  const sum = LANCZOS.reduce((total, c, k) => total + (k === 0 ? c : c / (x - 1 + k)), 0)
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(shifted) - shifted + Math.log(sum)
}

/**
 * b₀ + a₁/(b₁ + a₂/(b₂ + …)) by the modified Lentz algorithm (Thompson & Barnett 1986,
 * https://doi.org/10.1016/0021-9991(86)90046-X).
 */
function continuedFraction(first: number, term: (k: number) => readonly [a: number, b: number]): number {
  const nonZero = (value: number) => (Math.abs(value) < SMALLEST ? SMALLEST : value)
  let value = nonZero(first)
  let c = value
  let d = 0
  for (let k = 1; k <= 10_000; k++) {
    const [a, b] = term(k)
    d = 1 / nonZero(b + a * d)
    c = nonZero(b + a / c)
    value *= c * d
    if (Math.abs(c * d - 1) < RELATIVE_PRECISION) break
  }
  return value
}

/** Regularised lower incomplete gamma function P(a, x), a > 0, x ≥ 0. */
export function regularizedGamma(a: number, x: number): number {
  if (x <= 0) return 0
  const prefactor = Math.exp(a * Math.log(x) - x - logGamma(a))
  if (x < a + 1) {
    let term = 1 / a
    let sum = term
    for (let k = 1; Math.abs(term) > RELATIVE_PRECISION * sum; k++) {
      term *= x / (a + k)
      sum += term
    }
    return prefactor * sum
  }
  return 1 - prefactor / continuedFraction(x + 1 - a, k => [-k * (k - a), x + 2 * k + 1 - a])
}

/** Regularised incomplete beta function I_x(a, b), a, b > 0, 0 ≤ x ≤ 1. */
export function regularizedBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  if (x > (a + 1) / (a + b + 2)) return 1 - regularizedBeta(1 - x, b, a)
  const prefactor = Math.exp(
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x),
  )
  const fraction = continuedFraction(1, k => {
    const m = Math.floor(k / 2)
    const step =
      k % 2 === 0
        ? (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
        : -((a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    return [step, 1]
  })
  return prefactor / (a * fraction)
}

/** P(X ≤ x) of the χ² distribution. @param degreesOfFreedom > 0, not necessarily whole */
export function chiSquaredCdf(x: number, degreesOfFreedom: number): number {
  return regularizedGamma(degreesOfFreedom / 2, x / 2)
}

/** P(X ≤ x) of the standard normal distribution. */
export function normalCdf(x: number): number {
  return 0.5 * (1 + Math.sign(x) * regularizedGamma(0.5, (x * x) / 2))
}

/** P(X ≤ t) of Student's t distribution. @param degreesOfFreedom > 0, not necessarily whole; infinite: normal */
export function studentTCdf(t: number, degreesOfFreedom: number): number {
  if (degreesOfFreedom === Number.POSITIVE_INFINITY) return normalCdf(t)
  const tail = 0.5 * regularizedBeta(degreesOfFreedom / (degreesOfFreedom + t * t), degreesOfFreedom / 2, 0.5)
  return t > 0 ? 1 - tail : tail
}

/** Returns the x ≥ 0 with cdf(x) = `probability`, by bisection to 1e-12. */
function inverseOf(cdf: (x: number) => number, probability: number): number {
  let low = 0
  let high = 1
  while (cdf(high) < probability) high *= 2
  while (high - low > 1e-12 * (1 + high)) {
    const middle = (low + high) / 2
    if (cdf(middle) < probability) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** Returns the t with P(X ≤ t) = `probability`, 0 < probability < 1. */
export function studentTQuantile(probability: number, degreesOfFreedom: number): number {
  if (probability < 0.5) return -studentTQuantile(1 - probability, degreesOfFreedom)
  return inverseOf(t => studentTCdf(t, degreesOfFreedom), probability)
}

/** Returns the x with P(X ≤ x) = `probability` of the χ² distribution, 0 < probability < 1. */
export function chiSquaredQuantile(probability: number, degreesOfFreedom: number): number {
  return inverseOf(x => chiSquaredCdf(x, degreesOfFreedom), probability)
}
