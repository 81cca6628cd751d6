import type { Measured } from '../analysis/estimate.ts'
import { formatEstimate, formatMeasurement, formatNumber, formatUncertain, joinWords } from '../format.ts'
import { doiLink, html, type Markup } from '../web/html.ts'
import { slopesAreApparent } from './answer.ts'
import type { Quantity, Residence, SystemReport, TransportReport } from './model.ts'

/** Seeds of more boxes than this stand only in the table of runs. */
const SEEDS_SHOWN = 3

/** Head of a row of the table of numbers, and the cell of a system. */
type Row = [string, (system: SystemReport) => Markup | string]

/** Every system's numbers side by side. */
export function numbersTable(report: TransportReport): Markup {
  const apparent = slopesAreApparent(report.systems)
  const several = report.systems.some(({ replicas }) => replicas.length > 1)
  const betweenBoxes: Row[] = [
    ['Geometric mean of boxes', ({ boxes }) => orNone(boxes.geometricMean, 'Å²/ps')],
    ['Median of boxes', ({ boxes }) => measured(boxes.median, 'Å²/ps')],
    [
      'Slowest and fastest box',
      ({ boxes }) => `${boxes.range.map(slope => formatNumber(slope)).join(' and ')} Å²/ps`,
    ],
    ['SD of ln slope between boxes', ({ boxes }) => orNone(boxes.sdLog)],
  ]
  const byAxes: Row[] = [['Slope along x, y, z', axisSlopes]]
  const published: Row[] = [['Published slope', system => publishedText(report, system)]]
  const rows: Row[] = [
    [apparent ? 'Apparent slope' : 'Slope', system => measured(system.slope_A2_per_ps, 'Å²/ps')],
    ...(several ? betweenBoxes : []),
    [
      'Fit',
      ({ fit }) =>
        html`${formatNumber(fit.from_ps)}–${formatNumber(fit.to_ps)} ps<span class="aside">${fit.method}</span>`,
    ],
    [
      'By the other fit',
      ({ fit }) => html`${measured(fit.other, 'Å²/ps')}<span class="aside">${fit.other.method}</span>`,
    ],
    ['Exponent α', system => html`${measured(system.alpha)}<span class="aside">${system.verdict}</span>`],
    ['Exponent γ, after the intercept', ({ gamma }) => orNone(gamma)],
    ...(report.systems.some(({ axisSlopes_A2_per_ps }) => axisSlopes_A2_per_ps) ? byAxes : []),
    ['Density', densityText],
    [
      'Boxes',
      ({ replicas }) =>
        replicas.length > SEEDS_SHOWN
          ? `${replicas.length}`
          : `${replicas.length} (seed ${joinWords(replicas.map(({ seed }) => `${seed}`))})`,
    ],
    ['Atoms', ({ atoms, ions }) => `${atoms} (${ions} ${report.speciesLabel})`],
    ...(report.published.length > 0 ? published : []),
  ]
  return html`<div class="table"><table><caption>Numbers <span class="aside">small print: 95 % intervals</span></caption><thead><tr><td></td>${systemHeads(report)}</tr></thead><tbody>${rows.map(
    ([name, cell]) =>
      html`<tr><th scope="row">${name}</th>${report.systems.map(system => html`<td>${cell(system)}</td>`)}</tr>`,
  )}</tbody></table></div>`
}

export function systemHeads(report: TransportReport): Markup[] {
  return report.systems.map(
    ({ name }, k) => html`<th scope="col"><span class="swatch system-${k}"></span>${name}</th>`,
  )
}

export function measured(estimate: Measured, unit = ''): Markup {
  const { value, interval, power } = formatEstimate(estimate)
  return html`<span class="nowrap">${value}${power}${unit && ` ${unit}`}</span>${
    interval && html`<small>${interval}${power}</small>`
  }`
}

function orNone(estimate: Measured | null, unit = ''): Markup | string {
  return estimate ? measured(estimate, unit) : 'not known'
}

function axisSlopes({ axisSlopes_A2_per_ps: slopes }: SystemReport): Markup | string {
  if (!slopes) return 'not measured'
  return html`${slopes.map((slope, k) => html`<div class="axis">${'xyz'[k]} ${measured(slope, 'Å²/ps')}</div>`)}`
}

function densityText({ density_g_per_cm3: density }: SystemReport): string {
  return density ? `${formatUncertain(density.value, density.standardError)} g/cm³` : 'not measured'
}

function publishedText(report: TransportReport, system: SystemReport): Markup {
  const found = report.published.filter(candidate => candidate.system === system.name)
  if (found.length === 0) return html`none`
  return html`${found.map(
    ({ slope_A2_per_ps, label, doi }) =>
      html`<span class="nowrap">${formatNumber(slope_A2_per_ps)} Å²/ps</span><small>${doiLink(doi, label)}</small>`,
  )}`
}

/** Coordination numbers and residence times, one row per pair. */
export function coordinationTable(report: TransportReport): Markup | null {
  const all = report.systems.flatMap(({ coordination }) => coordination)
  if (all.length === 0) return null
  const pairs = [...new Set(all.map(({ pair }) => pair))]
  return html`<div class="table"><table><caption>Coordination <span class="aside">small print: 95 % intervals</span></caption><thead><tr><th scope="col">Pair</th>${systemHeads(
    report,
  )}</tr></thead><tbody>${pairs.map(
    pair =>
      html`<tr><th scope="row">${pair}</th>${report.systems.map(system => coordinationCell(system, pair))}</tr>`,
  )}</tbody></table></div>`
}

function coordinationCell(system: SystemReport, pair: string): Markup {
  const found = system.coordination.find(candidate => candidate.pair === pair)
  if (!found) return html`<td>none</td>`
  const { radiusFrom, residence, unbroken } = found
  const chosen = radiusFrom === 'chosen' ? ' (no shell: chosen)' : ''
  const time = ({ time_ps, ci95, atLeast }: Residence) =>
    atLeast ? `≥ ${formatNumber(time_ps)} ps` : formatMeasurement({ value: time_ps, ci95 }, 'ps')
  const lives = residence ? `, lives ${time(residence)}` : ''
  const breaks = unbroken ? `, unbroken ${time(unbroken)}` : ''
  return html`<td>${measured(found)}<small>within ${formatNumber(found.radius_A)} Å${chosen}${lives}${breaks}</small></td>`
}

const BOUNDS = { 'at least': '≥ ', 'at most': '≤ ' } as const

/** All numbers of the mechanism, systems side by side, in the groups and the order in which they come. */
export function mechanismTable(report: TransportReport): Markup | null {
  const all = report.systems.flatMap(({ mechanism }) => mechanism)
  if (all.length === 0) return null
  const columns = report.systems.length + 1
  return html`<div class="table"><table><caption>The mechanism, in numbers <span class="aside">small print: 95 % intervals, between boxes where there are three or more</span></caption><thead><tr><td></td>${systemHeads(
    report,
  )}</tr></thead>${[...new Set(all.map(({ group }) => group))].map(group => {
    const rows = distinct(all.filter(quantity => quantity.group === group))
    return html`<tbody><tr class="group"><th scope="rowgroup" colspan="${columns}">${groupHead(group)}</th></tr>${rows.map(
      row =>
        html`<tr><th scope="row">${row.name}</th>${report.systems.map(system => html`<td>${cell(system, row)}</td>`)}</tr>`,
    )}</tbody>`
  })}</table></div>`
}

/** Heading of a group: a title, and an explanation after the first colon. */
function groupHead(group: string): Markup {
  const [title, ...rest] = group.split(': ')
  return html`${title}${rest.length > 0 && html` <span class="aside">${rest.join(': ')}</span>`}`
}

/** One of each name. */
const distinct = (rows: readonly Quantity[]): Quantity[] => [
  ...new Map(rows.map(row => [row.name, row])).values(),
]

function cell({ mechanism }: SystemReport, { group, name }: Quantity): Markup {
  const found = mechanism.find(quantity => quantity.group === group && quantity.name === name)
  if (!found) return html`<span class="aside">none</span>`
  const { value, ci95, unit, bound, note } = found
  if (value === null) return html`<span class="aside">${note}</span>`
  return html`${bound && BOUNDS[bound]}${measured({ value, ci95 }, unit)}${note && html`<span class="aside">${note}</span>`}`
}
