import { formatFixed, formatNumber, formatRange, formatSigned } from '../format.ts'
import { doiLink, html, type Markup } from '../web/html.ts'
import { placement } from './answer.ts'
import type { BarrierCase, BarrierReport, SensitivityRange } from './barrierModel.ts'
import { casesOf, findCase } from './barrierSentence.ts'
import type { CalibrationRow } from './model.ts'
import { recordTable, tag } from './parts.ts'

/** The table of differences between cases, beside the published ones. */
export function differencesTable({ differences }: BarrierReport): Markup | null {
  return recordTable(
    'Differences',
    ['Difference', 'Here / eV', 'Range / eV', 'Published / eV', 'Status'],
    differences.map(({ name, of, minus, value_eV, range, published, status }) => [
      html`${name}${name !== `${of} − ${minus}` && html`<small>${of} − ${minus}</small>`}`,
      formatSigned(value_eV),
      rangeCell(range),
      published
        ? html`${formatSigned(published.value_eV)}<small>${published.doi === null ? published.label : doiLink(published.doi, published.label)}${
            range && `, ${placement(published.value_eV, range.range_eV)} the range`
          }</small>`
        : 'none',
      tag(status),
    ]),
    'short',
  )
}

function rangeCell(range: SensitivityRange | null): Markup | string {
  return range
    ? html`<span class="nowrap">${formatRange(range.range_eV)}</span><small>${range.varied}</small>`
    : 'nothing varied'
}

function caseHead(report: BarrierReport, item: BarrierCase): Markup {
  return html`<span class="swatch system-${report.cases.indexOf(item)}"></span>${item.name}`
}

/** The table of the convergence of every band. */
export function convergenceTable(report: BarrierReport): Markup | null {
  return recordTable(
    'Convergence',
    ['Band', 'State', 'Largest force / eV Å⁻¹', 'Wanted / eV Å⁻¹', 'Images', 'Force calls'],
    report.cases.map(item => [
      caseHead(report, item),
      item.converged
        ? html`converged${!item.climbing && html`<small>no climbing image</small>`}`
        : html`<strong class="bad">✗ not converged</strong>`,
      formatFixed(item.fmax_eV_per_A, 4),
      formatFixed(item.fmaxWanted_eV_per_A, 4),
      item.path.energies_eV.length,
      item.forceCalls,
    ]),
    'short',
  )
}

/** The table of the cases that must not differ from another one. */
export function nullTable(report: BarrierReport): Markup | null {
  return recordTable(
    'Null tests',
    ['Test', 'Barrier / eV', 'Shift / eV', 'Held against', 'Outcome'],
    casesOf(report, 'null-test').map(item => {
      const tolerance_eV = item.against?.tolerance_eV ?? null
      const shift_eV = shiftOf(report, item)
      return [
        caseHead(report, item),
        formatFixed(item.barrier_eV, 3),
        shift_eV === null ? 'not known' : formatSigned(shift_eV, 3),
        html`${item.against?.case ?? 'nothing'}${tolerance_eV !== null && html`<small>at most ${formatNumber(tolerance_eV)} eV</small>`}`,
        outcome(item, shift_eV, tolerance_eV),
      ]
    }),
    'short',
  )
}

function outcome({ converged }: BarrierCase, shift_eV: number | null, tolerance_eV: number | null): Markup {
  if (!converged || shift_eV === null || tolerance_eV === null) return html`– cannot be judged`
  return Math.abs(shift_eV) <= tolerance_eV
    ? html`<span class="good">✓</span> holds`
    : html`<strong class="bad">✗ fails</strong>`
}

/** The table of counter-examples, which are choices of equal merit with another result, and of variations. */
export function otherCasesTable(report: BarrierReport): Markup | null {
  const others = [...casesOf(report, 'counter-example'), ...casesOf(report, 'sensitivity')]
  return recordTable(
    'Counter-examples and variations',
    ['Case', 'Kind', 'Barrier / eV', 'Shift / eV', 'Held against'],
    others.map(item => {
      const shift_eV = shiftOf(report, item)
      return [
        html`${caseHead(report, item)}<small>${item.label}</small>`,
        item.role === 'sensitivity' ? 'variation' : 'counter-example',
        formatFixed(item.barrier_eV),
        shift_eV === null ? 'not known' : formatSigned(shift_eV),
        item.against?.case ?? 'nothing',
      ]
    }),
    'short',
  )
}

function shiftOf(report: BarrierReport, { barrier_eV, against }: BarrierCase): number | null {
  return against ? barrier_eV - findCase(report, against.case).barrier_eV : null
}

/** The table of barriers forward and back, with rates where they were computed. */
export function hopsTable(report: BarrierReport): Markup | null {
  const rated = report.cases.some(({ rate }) => rate)
  return recordTable(
    'Hops, forward and back',
    [
      'Case',
      'Forward / eV',
      'Back / eV',
      'End minus start / eV',
      ...(rated ? ['Prefactor / Hz', 'Rate / Hz'] : []),
    ],
    report.cases.map(item => [
      caseHead(report, item),
      formatFixed(item.barrier_eV),
      formatFixed(item.reverse_barrier_eV),
      formatSigned(item.reaction_energy_eV),
      ...(rated ? rateCells(item) : []),
    ]),
    'short',
  )
}

function rateCells({ rate }: BarrierCase): (Markup | string)[] {
  if (!rate) return ['not computed', 'not computed']
  return [
    formatNumber(rate.prefactor_Hz, 2),
    html`<span class="nowrap">${formatNumber(rate.hop_rate_Hz, 2)}</span><small>at ${formatNumber(rate.temperature_K, 4)} K, ${rate.atoms === 1 ? 'ion alone' : `${rate.atoms} atoms`}</small>`,
  ]
}

/** Returns a row for every barrier and difference on the page, with its source. */
export function resultRows(report: BarrierReport): CalibrationRow[] {
  const barriers = report.cases.map(({ name, barrier_eV, status, basis }) => ({
    quantity: `Barrier, ${name}`,
    value: `${formatFixed(barrier_eV)} eV`,
    status,
    source: basis ?? 'this calculation',
    doi: null,
  }))
  const differences = report.differences.map(({ name, value_eV, status, basis }) => ({
    quantity: `Difference, ${name}`,
    value: `${formatSigned(value_eV)} eV`,
    status,
    source: basis ?? 'this calculation',
    doi: null,
  }))
  return [...differences, ...barriers]
}
