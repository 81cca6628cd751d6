import { html, type Markup } from '../web/html.ts'
import type { Quantity, SystemReport, TransportReport } from './model.ts'
import { measured, systemHeads } from './tables.ts'

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
