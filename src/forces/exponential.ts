/** The exponential is tabulated at multiples of ln 2/64; the remainder of x is at most ln 2/128. */
const STEPS = 64
/** ln 2 in two parts, as in fdlibm's e_exp.c; the first has so few digits that its small multiples are exact. */
const LN2_HIGH = 0.6931471803691238 / STEPS
const LN2_LOW = 1.9082149292705877e-10 / STEPS
const STEPS_PER_UNIT = STEPS / Math.LN2

const fractions = Float64Array.from({ length: STEPS }, (_, j) => 2 ** (j / STEPS))
/** Smallest k for which 2^k is tabulated. */
const LOWEST = -1075
const powers = Float64Array.from({ length: 1024 - LOWEST }, (_, k) => 2 ** (k + LOWEST))

/**
 * e^x to 2 units in the last place (Tang 1989, https://doi.org/10.1145/63522.214389), in half the time of `Math.exp`,
 * which cannot be inlined into the loops over pairs.
 */
export function exponential(x: number): number {
  // This form of the condition also sends NaN to Math.exp.
  if (!(x > -700 && x < 700)) return Math.exp(x)
  const n = Math.floor(x * STEPS_PER_UNIT + 0.5)
  const r = x - n * LN2_HIGH - n * LN2_LOW
  const rest = r * (1 + r * (1 / 2 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120)))))
  const fraction = fractions[n & (STEPS - 1)]!
  return (fraction + fraction * rest) * powers[(n >> 6) - LOWEST]!
}
