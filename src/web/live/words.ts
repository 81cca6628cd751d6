import { formatMeasurement, formatNumber } from '../../format.ts'
import type { LiveInput } from './input.ts'
import type { Displacements, Report } from './messages.ts'

export interface Seen {
  readonly stage: Omit<Extract<Report, { kind: 'stage' }>, 'kind'> | null
  readonly time_ps: number
  readonly displacements: Displacements | null
}

/** Returns the state of the run in a sentence or two; never a diffusion coefficient, which one short run does not give. */
export function sentenceOf(
  { speciesLabel, window }: Pick<LiveInput, 'speciesLabel' | 'window'>,
  { stage, time_ps, displacements }: Seen,
): string {
  if (!stage) return 'Getting ready.'
  if (!stage.isProduction) {
    const since_ps = formatNumber(Math.max(0, time_ps - stage.from_ps), 2)
    const done = stage.time_ps === null ? '' : `, ${since_ps} of ${formatNumber(stage.time_ps)} ps`
    return `The box settles: stage “${stage.name}”${done}. Displacements are followed afterwards.`
  }
  if (!displacements) return `Waiting for the first displacements of ${speciesLabel}.`
  const { curve, ions, span_ps, exponent } = displacements
  const last = curve.lag_ps.length - 1
  const msd = { value: curve.msd_A2[last]!, ci95: [curve.low_A2[last]!, curve.high_A2[last]!] as const }
  const found = [
    `After ${formatNumber(span_ps)} ps the mean-squared displacement of ${ions} ${speciesLabel} is`,
    formatMeasurement({ value: msd.value, ci95: [...msd.ci95] }, 'Å²'),
    `at a lag of ${formatNumber(curve.lag_ps[last]!, 2)} ps`,
  ].join(' ')
  if (!exponent) return `${found}: too short for a diffusion coefficient.`
  const alpha = formatMeasurement({ value: exponent.alpha, ci95: exponent.alpha_ci95 })
  const lags = `${formatNumber(window.from_ps)} to ${formatNumber(window.to_ps)} ps`
  return `${found}. ${MEANING[exponent.verdict]}: the displacement grows with the power ${alpha} of the lag from ${lags}.`
}

const MEANING = {
  ballistic: 'The motion is still ballistic, so that no diffusion coefficient can be read from it',
  'sub-diffusive': 'The motion is still sub-diffusive, so that no diffusion coefficient can be read from it',
  diffusive: 'That looks like diffusion, but one short run of one box gives no diffusion coefficient',
  arrested:
    'The motion is arrested: the displacement does not grow, so that there is no diffusion coefficient',
  undetermined: 'Whether that is diffusion cannot be told yet, so that there is no diffusion coefficient',
} as const
