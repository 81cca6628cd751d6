import { UserError } from '../errors.ts'
import { CODATA_2018 } from '../units.ts'
import { chiSquaredCdf, studentTQuantile } from './distributions.ts'
import type { Interval } from './stats.ts'

/** A slope, diffusion coefficient or conductivity at one temperature, of any unit. */
export interface ArrheniusPoint {
  readonly temperature_K: number
  readonly value: number
  readonly standardError: number
  /** Of the standard error; infinite when left out. */
  readonly degreesOfFreedom?: number
}

export interface ArrheniusFit {
  readonly activationEnergy_eV: number
  readonly activationEnergy_ci95_eV: Interval
  /** Natural logarithm of the prefactor, in the unit of the values. */
  readonly lnPrefactor: number
  readonly lnPrefactor_ci95: Interval
  /** Lowest and highest temperature that was measured. */
  readonly measured_K: Interval
  readonly points: number
  /** That points of a straight line scatter this much or more; null for two points, which any line fits. */
  readonly pStraight: number | null
  readonly line: Line
}

/** ln value = intercept − energy · (x − centre), x = 1/(k_B T). */
interface Line {
  readonly centre: number
  readonly intercept: Estimated
  readonly slope: Estimated
}

interface Estimated {
  readonly value: number
  readonly components: readonly Component[]
}

/** A part of a variance, and how well it is known. */
interface Component {
  readonly variance: number
  readonly freedom: number
}

/** Half the 95 % interval: Student t, degrees of freedom of the summed components after Satterthwaite. */
function halfWidth(components: readonly Component[]): number {
  const total = components.reduce((sum, { variance }) => sum + variance, 0)
  const uncertainty = components.reduce((sum, { variance, freedom }) => sum + variance ** 2 / freedom, 0)
  const freedom = uncertainty > 0 ? total ** 2 / uncertainty : MANY
  return studentTQuantile(0.975, Math.min(freedom, MANY)) * Math.sqrt(total)
}

/** Degrees of freedom at which t is normal for all purposes. */
const MANY = 1e6

/**
 * ln value = ln A − E_a / (k_B T) by least squares weighted with the relative errors of the values. The variance is that
 * propagated from the errors; when the points scatter more about the line than their errors (χ² > points − 2), it is
 * scaled up to the scatter (Birge 1932, https://doi.org/10.1103/PhysRev.40.207; as the Particle Data Group does), and
 * what the scatter adds brings only points − 2 degrees of freedom. Of 100 intervals 96 contain the truth when the errors
 * are right, 82–93 when points scatter more than they say (three temperatures 82–90, six 89–93). Polymers above their
 * glass transition bend (Vogel–Tammann–Fulcher): see `pStraight`.
 *
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
      hint: 'leave out temperatures at which no motion is seen; its logarithm does not exist',
    })
  }
  const x = temperatures.map(T => 1 / (CODATA_2018.boltzmann_eV_per_K * T))
  const y = points.map(point => Math.log(point.value))
  const errors = points.map(point => (point.standardError / point.value) ** 2)
  const weights = errors.map(error => 1 / error)
  const total = weights.reduce((sum, w) => sum + w, 0)
  const centre = weights.reduce((sum, w, i) => sum + w * x[i]!, 0) / total
  const squares = weights.reduce((sum, w, i) => sum + w * (x[i]! - centre) ** 2, 0)
  const slopeWeights = weights.map((w, i) => (w * (x[i]! - centre)) / squares)
  const meanWeights = weights.map(w => w / total)
  const combine = (by: readonly number[]) => by.reduce((sum, u, i) => sum + u * y[i]!, 0)
  const slope = combine(slopeWeights)
  const intercept = combine(meanWeights)
  const chiSquared = weights.reduce(
    (sum, w, i) => sum + w * (y[i]! - intercept - slope * (x[i]! - centre)) ** 2,
    0,
  )
  const freedom = points.length - 2
  const excess = freedom > 0 ? Math.max(0, chiSquared / freedom - 1) : 0
  const estimated = (value: number, by: readonly number[]): Estimated => {
    const propagated = by.map((u, i) => ({
      variance: u * u * errors[i]!,
      freedom: points[i]!.degreesOfFreedom ?? MANY,
    }))
    const scatter = excess * propagated.reduce((sum, { variance }) => sum + variance, 0)
    return { value, components: excess > 0 ? [...propagated, { variance: scatter, freedom }] : propagated }
  }
  const line = { centre, intercept: estimated(intercept, meanWeights), slope: estimated(slope, slopeWeights) }
  const energyHalf = halfWidth(line.slope.components)
  const atInfinity = predicted(line, 0)
  return {
    activationEnergy_eV: -slope,
    activationEnergy_ci95_eV: [-slope - energyHalf, -slope + energyHalf],
    lnPrefactor: atInfinity.value,
    lnPrefactor_ci95: [atInfinity.value - atInfinity.half, atInfinity.value + atInfinity.half],
    measured_K: [Math.min(...temperatures), Math.max(...temperatures)],
    points: points.length,
    pStraight: freedom > 0 ? 1 - chiSquaredCdf(chiSquared, freedom) : null,
    line,
  }
}

/** ln value and half its interval at x = 1/(k_B T); about their centre intercept and slope are uncorrelated. */
function predicted({ centre, intercept, slope }: Line, x: number): { value: number; half: number } {
  const distance = x - centre
  const scaled = slope.components.map(({ variance, freedom }) => ({
    variance: variance * distance ** 2,
    freedom,
  }))
  return {
    value: intercept.value + slope.value * distance,
    half: halfWidth([...intercept.components, ...scaled]),
  }
}

export interface ArrheniusPrediction {
  readonly temperature_K: number
  readonly value: number
  readonly ci95: Interval
  /** Outside what was measured: the interval assumes that the line goes on straight, which nothing here shows. */
  readonly extrapolated: boolean
}

/** The fitted value at a temperature, with its 95 % interval. */
export function arrheniusAt(fit: ArrheniusFit, temperature_K: number): ArrheniusPrediction {
  const { value, half } = predicted(fit.line, 1 / (CODATA_2018.boltzmann_eV_per_K * temperature_K))
  return {
    temperature_K,
    value: Math.exp(value),
    ci95: [Math.exp(value - half), Math.exp(value + half)],
    extrapolated: temperature_K < fit.measured_K[0] || temperature_K > fit.measured_K[1],
  }
}
