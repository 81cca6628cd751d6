import { formatFixed, formatNumber, formatRange, formatSigned, joinWords } from '../format.ts'
import { placement } from './answer.ts'
import type { BarrierCase, BarrierDifference, BarrierReport, SensitivityRange } from './barrierModel.ts'
import type { Status } from './model.ts'

/** Difference below which two barriers are equal at the digits shown, eV. */
const SAME_eV = 0.005

export function findCase(report: BarrierReport, name: string): BarrierCase {
  const found = report.cases.find(candidate => candidate.name === name)
  if (!found) throw new Error(`the report has no case "${name}"`)
  return found
}

export function casesOf(report: BarrierReport, role: BarrierCase['role']): BarrierCase[] {
  return report.cases.filter(candidate => candidate.role === role)
}

/**
 * The answer in one sentence: barriers and their difference with its range, the published value against it, which
 * number is calibrated, what tells another story, and what has not converged.
 */
export function barrierSentence(report: BarrierReport): string {
  const [difference] = report.differences
  const subjects = difference
    ? [findCase(report, difference.of), findCase(report, difference.minus)]
    : mainCases(report)
  const clauses = difference
    ? [differenceClause(report, difference, subjects), ...publishedDifference(difference)]
    : [barriersClause(report, subjects), ...publishedBarriers(report, subjects)]
  return `${[
    ...clauses,
    statusClause(subjects, difference ?? null),
    ...(difference ? counterClause(report, difference) : []),
    ...convergenceClause(subjects),
  ].join('; ')}.`
}

/** The main cases; for a single band, this band. */
function mainCases(report: BarrierReport): readonly BarrierCase[] {
  const main = casesOf(report, 'main')
  return main.length > 0 ? main : report.cases
}

function differenceClause(
  report: BarrierReport,
  { value_eV, range }: BarrierDifference,
  [of, minus]: readonly BarrierCase[],
): string {
  const barriers = `${formatFixed(of!.barrier_eV)} eV ${of!.label} and ${formatFixed(minus!.barrier_eV)} eV ${minus!.label}`
  const change =
    Math.abs(value_eV) < SAME_eV
      ? 'the same'
      : `${formatFixed(Math.abs(value_eV))} eV ${value_eV < 0 ? 'lower' : 'higher'}`
  return `The ${report.ionLabel} barrier is ${barriers}: ${change} ${rangeText(range, value_eV < 0)}`
}

/** In brackets: from where to where, and over what; `downward` counts a lowering as positive. */
function rangeText(range: SensitivityRange | null, downward = false): string {
  if (!range) return '(nothing varied)'
  const [low, high] = range.range_eV
  const shown = downward ? ([-high, -low] as const) : ([low, high] as const)
  return `(${formatRange(shown)} eV over ${range.varied})`
}

function publishedDifference({ published, range }: BarrierDifference): string[] {
  if (!published) return []
  const verdict = range
    ? `${placement(published.value_eV, range.range_eV)} this range`
    : 'cannot be judged without a range'
  return [`the published difference ${formatSigned(published.value_eV)} eV (${published.label}) ${verdict}`]
}

function barriersClause(report: BarrierReport, subjects: readonly BarrierCase[]): string {
  const barriers = subjects.map(
    ({ barrier_eV, label, range }) => `${formatFixed(barrier_eV)} eV ${label} ${rangeText(range)}`,
  )
  return `The ${report.ionLabel} barrier is ${joinWords(barriers)}`
}

function publishedBarriers(report: BarrierReport, subjects: readonly BarrierCase[]): string[] {
  return subjects.flatMap(({ name, label, barrier_eV, range }) => {
    const published = report.published.find(candidate => candidate.case === name)
    if (!published) return []
    const subject = subjects.length === 1 ? 'the published barrier' : `the published barrier ${label}`
    const verdict = range
      ? `${placement(published.barrier_eV, range.range_eV)} this range`
      : `is ${distance(published.barrier_eV - barrier_eV)}`
    return [`${subject}, ${formatFixed(published.barrier_eV)} eV (${published.label}), ${verdict}`]
  })
}

function distance(difference_eV: number): string {
  if (Math.abs(difference_eV) < SAME_eV) return 'the same'
  return `${formatFixed(Math.abs(difference_eV))} eV ${difference_eV > 0 ? 'higher' : 'lower'}`
}

/** Order of statuses: the one that depends most on fitted data first. */
const STATUSES: readonly Status[] = ['calibrated', 'chosen', 'predicted']

const VERBS: Readonly<Record<Status, readonly [one: string, several: string]>> = {
  calibrated: ['is calibrated', 'are calibrated'],
  chosen: ['rests on choices', 'rest on choices'],
  predicted: ['is predicted', 'are predicted'],
}

function statusClause(subjects: readonly BarrierCase[], difference: BarrierDifference | null): string {
  const numbers = [
    ...subjects.map(({ label, status }) => ({ text: `the barrier ${label}`, status })),
    ...(difference ? [{ text: 'the difference', status: difference.status }] : []),
  ]
  const present = STATUSES.filter(status => numbers.some(number => number.status === status))
  const [only] = present
  if (present.length === 1) return numbers.length === 1 ? `it ${VERBS[only!][0]}` : `all ${VERBS[only!][1]}`
  return joinWords(
    present.map(status => {
      const texts = numbers.filter(number => number.status === status).map(({ text }) => text)
      return `${joinWords(texts)} ${VERBS[status][texts.length === 1 ? 0 : 1]}`
    }),
  )
}

/** Counter-examples whose difference has the other sign; those that agree are in the tables only. */
function counterClause(report: BarrierReport, { minus, value_eV }: BarrierDifference): string[] {
  if (Math.abs(value_eV) < SAME_eV) return []
  const reference_eV = findCase(report, minus).barrier_eV
  const opposed = casesOf(report, 'counter-example').filter(({ barrier_eV }) => {
    const shift_eV = barrier_eV - reference_eV
    return Math.abs(shift_eV) >= SAME_eV && Math.sign(shift_eV) !== Math.sign(value_eV)
  })
  if (opposed.length === 0) return []
  const texts = opposed.map(({ label, barrier_eV }) => `${label} it is ${formatFixed(barrier_eV)} eV`)
  return [`${joinWords(texts)}: ${value_eV < 0 ? 'higher, not lower' : 'lower, not higher'}`]
}

function convergenceClause(subjects: readonly BarrierCase[]): string[] {
  const open = subjects.filter(({ converged }) => !converged)
  if (open.length === 0) return []
  const texts = open.map(
    ({ label, fmax_eV_per_A, fmaxWanted_eV_per_A }) =>
      `${label} (${formatNumber(fmax_eV_per_A, 2)} eV/Å left, ${formatNumber(fmaxWanted_eV_per_A, 2)} wanted)`,
  )
  const subject = open.length === 1 ? 'the band' : 'the bands'
  const verb = open.length === 1 ? 'has' : 'have'
  return [`${subject} ${joinWords(texts)} ${verb} not converged, so these numbers are provisional`]
}
