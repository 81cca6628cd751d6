import { UserError } from '../errors.ts'
import { CODATA_2018 } from '../units.ts'
import { chiSquaredCdf } from './distributions.ts'
import {
  type Estimate,
  exponentialOf,
  fromComponents,
  logarithmOf,
  type MeasuredInterval,
  measured,
  scaled,
  sumOf,
} from './estimate.ts'
import type { Interval } from './stats.ts'

/** A slope, diffusion coefficient or conductivity at one temperature, of any unit. */
export interface ArrheniusPoint extends Estimate {
  readonly temperature_K: number
}

/** Straight line through ln value against 1/T. */
export interface ArrheniusFit {
  readonly activationEnergy_eV: MeasuredInterval
  /** Natural logarithm of the prefactor, in the unit of the values. */
  readonly lnPrefactor: MeasuredInterval
  /** Lowest and highest temperature of the points, K. */
  readonly measured_K: Interval
  readonly points: number
  /** p value of a straight line (χ² test); null for two points. */
  readonly pStraight: number | null
  readonly line: Line
}

/** ln value = intercept + slope · (x − centre), x = 1/(k_B T). */
interface Line {
  readonly centre: number
  readonly intercept: Estimate
  readonly slope: Estimate
}

/**
 * Fits ln value = ln A − E_a / (k_B T) by least squares, weighted with the relative errors of the values. The variance is
 * propagated from the errors. If the points scatter more than their errors (χ² > points − 2), it is scaled up to the
 * scatter (Birge 1932, https://doi.org/10.1103/PhysRev.40.207; also the rule of the Particle Data Group), and the added
 * part has points − 2 degrees of freedom. Of 100 intervals, 96 contain the truth if the errors are right, and 82–93 if
 * the points scatter more than their errors (three temperatures 82–90, six 89–93). The line of a polymer above its glass
 * transition is curved (Vogel–Tammann–Fulcher): see `pStraight`.
 * @throws UserError for fewer than two temperatures, or values and errors that are not positive
 */
export function arrhenius(points: readonly ArrheniusPoint[]): ArrheniusFit {
  const temperatures = points.map(point => point.temperature_K)
  if (new Set(temperatures).size < 2)
    throw new UserError({ message: 'an activation energy needs at least two temperatures' })
  const bad = points.find(p => !(p.value > 0 && p.standardError > 0 && p.temperature_K > 0))
  if (bad) {
    throw new UserError({
      message: `the value at ${bad.temperature_K} K is ${bad.value} ± ${bad.standardError}`,
      hint: 'leave out temperatures without motion: a value and its error must be positive',
    })
  }
  const x = temperatures.map(T => 1 / (CODATA_2018.boltzmann_eV_per_K * T))
  const logarithms = points.map(logarithmOf)
  const weights = logarithms.map(({ standardError }) => 1 / standardError ** 2)
  const total = weights.reduce((sum, w) => sum + w, 0)
  const centre = weights.reduce((sum, w, i) => sum + w * x[i]!, 0) / total
  const squares = weights.reduce((sum, w, i) => sum + w * (x[i]! - centre) ** 2, 0)
  const mean = sumOf(
    logarithms,
    weights.map(w => w / total),
  )
  const slope = sumOf(
    logarithms,
    weights.map((w, i) => (w * (x[i]! - centre)) / squares),
  )
  const chiSquared = weights.reduce(
    (sum, w, i) => sum + w * (logarithms[i]!.value - mean.value - slope.value * (x[i]! - centre)) ** 2,
    0,
  )
  const freedom = points.length - 2
  const excess = freedom > 0 ? Math.max(0, chiSquared / freedom - 1) : 0
  const withScatter = ({ value, standardError, degreesOfFreedom }: Estimate) => {
    const variance = standardError ** 2
    return fromComponents(value, [
      { variance, degreesOfFreedom },
      ...(excess > 0 ? [{ variance: excess * variance, degreesOfFreedom: freedom }] : []),
    ])
  }
  const line = { centre, intercept: withScatter(mean), slope: withScatter(slope) }
  return {
    activationEnergy_eV: measured(scaled(line.slope, -1)),
    lnPrefactor: measured(onLine(line, 0)),
    measured_K: [Math.min(...temperatures), Math.max(...temperatures)],
    points: points.length,
    pStraight: freedom > 0 ? 1 - chiSquaredCdf(chiSquared, freedom) : null,
    line,
  }
}

/** ln value at x = 1/(k_B T). Intercept at the centre and slope are uncorrelated. */
const onLine = ({ centre, intercept, slope }: Line, x: number): Estimate =>
  sumOf([intercept, slope], [1, x - centre])

/** Value of a fitted line at one temperature. */
export interface ArrheniusPrediction extends MeasuredInterval {
  readonly temperature_K: number
  /** True for a temperature outside the points: the interval assumes that the line is straight there too. */
  readonly extrapolated: boolean
}

/** Returns the fitted value at a temperature, with its 95 % interval. */
export function arrheniusAt({ line, measured_K }: ArrheniusFit, temperature_K: number): ArrheniusPrediction {
  const { value, ci95 } = exponentialOf(onLine(line, 1 / (CODATA_2018.boltzmann_eV_per_K * temperature_K)))
  return {
    temperature_K,
    value,
    ci95,
    extrapolated: temperature_K < measured_K[0] || temperature_K > measured_K[1],
  }
}
