import { type ArrheniusFit, type ArrheniusPoint, arrhenius, arrheniusAt } from '../analysis/arrhenius.ts'
import { geometricMean } from '../analysis/boxes.ts'
import { ENOUGH_BOXES } from '../analysis/comparison.ts'
import { boxSlopes, fitSlope } from '../analysis/diffusion.ts'
import { scaled } from '../analysis/estimate.ts'
import type { Activation, ActivationLine, ActivationPoint } from '../report/model.ts'
import type { CaseResult, CaseSystem } from './compare.ts'

/** Points of a drawn line. */
const LINE_POINTS = 24

interface Measured {
  readonly result: CaseResult
  readonly system: CaseSystem
}

/**
 * ln slope against 1/T of every system that was run at two temperatures or more, everything else being equal.
 * @param asked_K where a line is read although nothing may have been measured there
 */
export function activations(results: readonly CaseResult[], asked_K: number | null): Activation[] {
  const groups = new Map<string, Measured[]>()
  for (const result of results) {
    for (const system of result.systems) {
      const { protocol, box } = system.likeness
      const key = JSON.stringify([system.name, result.conditions.charge_scale, protocol, box])
      groups.set(key, [...(groups.get(key) ?? []), { result, system }])
    }
  }
  return [...groups.values()].flatMap(group => {
    const found = activation(group, asked_K)
    return found ? [found] : []
  })
}

function activation(group: readonly Measured[], asked_K: number | null): Activation | null {
  const ordered = [...group].sort((a, b) => temperatureOf(a) - temperatureOf(b))
  const { of, points } = pointsOf(ordered)
  const moving = points.filter(
    ({ fit, shown }) => fit.standardError > 0 && shown.ci95 !== null && shown.ci95[0] > 0,
  )
  if (new Set(moving.map(({ fit }) => fit.temperature_K)).size < 2) return null
  const fit = arrhenius(moving.map(point => point.fit))
  const [{ system, result }] = ordered as [Measured, ...Measured[]]
  return {
    system: system.name,
    color: system.color,
    conditions: describe(result),
    points: moving.map(({ shown }) => shown),
    of,
    energy_eV: fit.activationEnergy_eV,
    pStraight: fit.pStraight,
    measured_K: fit.measured_K,
    line: lineOf(fit, ...fit.measured_K),
    outside: asked_K === null ? null : outside(fit, asked_K),
    leftOut_K: points.filter(point => !moving.includes(point)).map(point => point.fit.temperature_K),
  }
}

const temperatureOf = ({ result }: Measured) => result.conditions.temperature_K

function describe({ conditions: { charge_scale, degree, placement } }: CaseResult): string {
  return [
    `charge scale ${charge_scale}`,
    ...(degree === null ? [] : [`degree ${degree}`]),
    ...(placement === null ? [] : [placement]),
  ].join(', ')
}

interface Point {
  readonly fit: ArrheniusPoint
  readonly shown: ActivationPoint
}

/** Geometric means where every temperature has enough boxes that move, as for ratios; else mean slopes. */
function pointsOf(group: readonly Measured[]): { of: Activation['of']; points: Point[] } {
  const isDiffusive = group.every(({ system }) => system.transport.weighting === 'generalised')
  const weighting = isDiffusive ? ('generalised' as const) : ('uniform' as const)
  const fits = group.map(({ system: { msds, transport } }) =>
    fitSlope(msds, { fitFrom_ps: transport.fit_from_ps, fitTo_ps: transport.fit_to_ps, weighting }),
  )
  const boxes = fits.map(boxSlopes)
  const byBoxes = boxes.every(slopes => slopes.length >= ENOUGH_BOXES && slopes.every(slope => slope > 0))
  const points = group.map((measured, k): Point => {
    const { system, result } = measured
    const temperature_K = temperatureOf(measured)
    const fit = fits[k]!
    const typical = byBoxes ? geometricMean(boxes[k]!) : null
    const { value, ci95 } = typical ?? { value: fit.slope_A2_per_ps.value, ci95: fit.slope_ci95_A2_per_ps }
    const { standardError, degreesOfFreedom } = typical
      ? scaled(typical.logarithm!, value)
      : fit.slope_A2_per_ps
    return {
      fit: { temperature_K, value, standardError, degreesOfFreedom },
      shown: {
        temperature_K,
        value,
        ci95,
        case: result.name,
        boxes: system.transport.replicas,
        verdict: system.transport.verdict,
      },
    }
  })
  return { of: byBoxes ? 'geometric means' : 'mean slopes', points }
}

/** The fitted line with its band, at points that are equally spaced in 1/T. */
function lineOf(fit: ArrheniusFit, from_K: number, to_K: number): ActivationLine {
  const predictions = Array.from({ length: LINE_POINTS }, (_, k) => {
    const fraction = k / (LINE_POINTS - 1)
    return arrheniusAt(fit, 1 / ((1 - fraction) / from_K + fraction / to_K))
  })
  return {
    temperature_K: predictions.map(({ temperature_K }) => temperature_K),
    value: predictions.map(({ value }) => value),
    low: predictions.map(({ ci95 }) => ci95[0]),
    high: predictions.map(({ ci95 }) => ci95[1]),
  }
}

function outside(fit: ArrheniusFit, asked_K: number): Activation['outside'] {
  const { value, ci95, extrapolated } = arrheniusAt(fit, asked_K)
  if (!extrapolated) return null
  const [lowest, highest] = fit.measured_K
  return {
    line: lineOf(fit, asked_K < lowest ? lowest : highest, asked_K),
    asked_K,
    value: { value, ci95 },
  }
}
