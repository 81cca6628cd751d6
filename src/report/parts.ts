import { formatDuration, unbroken } from '../format.ts'
import type { Dataset, Figure } from '../web/figure.ts'
import { doiLink, html, type Markup } from '../web/html.ts'
import type { CalibrationRow, Check, ProvenanceOf, RunRecord, Status } from './model.ts'

/** The generated sentence, the number cards, and what failed: the top of every page. */
export function answerBlock(sentence: string, cards: readonly Markup[], checks: readonly Check[]): Markup {
  return html`<h1 class="answer">${unbroken(sentence)}</h1>
<div class="cards">${cards}</div>
${alarm(checks)}`
}

export interface Card {
  readonly title: Markup
  readonly body: Markup
  readonly status: Status
  readonly aside: string
}

/** A number that gets its own card, tagged with where it comes from. */
export function card({ title, body, status, aside }: Card): Markup {
  return html`<div class="card"><h2>${title}</h2><div class="body">${body}</div>
<div class="foot"><span class="aside">${aside}</span>${tag(status)}</div></div>`
}

/** A tag that says whether a number was predicted, calibrated or chosen. */
export function tag(status: Status): Markup {
  return html`<span class="tag tag-${status}">${status}</span>`
}

/** The failed checks, beside the answer. */
function alarm(checks: readonly Check[]): Markup | null {
  const failed = checks.filter(({ passed }) => passed === false)
  if (failed.length === 0) return null
  return html`<p class="alarm"><strong>✗ ${count(failed.length, 'check', 'checks')} failed:</strong> ${failed
    .map(({ name }) => name)
    .join(', ')}. <a href="#trust">What that means</a></p>`
}

const MARKS = { true: ['✓', 'passed'], false: ['✗', 'failed'], null: ['–', 'untested'] } as const

/** Failures first; each in one line. */
export function checklist(checks: readonly Check[]): Markup | null {
  if (checks.length === 0) return null
  const rank = ({ passed }: Check) => (passed === false ? 0 : passed === null ? 1 : 2)
  const ordered = [...checks].sort((a, b) => rank(a) - rank(b))
  return html`<ul class="checks">${ordered.map(({ name, passed, detail }) => {
    const [mark, kind] = MARKS[`${passed}`]
    return html`<li class="${kind}"><span class="mark" role="img" aria-label="${kind}">${mark}</span>
<strong>${name}</strong><span class="detail">${detail}</span></li>`
  })}</ul>`
}

/** "4 of 7 checks passed, 2 failed, 1 could not be tested" */
export function checkSummary(checks: readonly Check[]): string {
  if (checks.length === 0) return 'No checks were made'
  const passed = checks.filter(check => check.passed).length
  const failed = checks.filter(check => check.passed === false).length
  const untested = checks.length - passed - failed
  return [
    `${passed} of ${checks.length} checks passed`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(untested > 0 ? [`${untested} could not be tested`] : []),
  ].join(', ')
}

/** Figures side by side as far as there is room, each with its title and its downloads. */
export function figureGrid(figures: readonly Figure[], kind = ''): Markup | null {
  if (figures.length === 0) return null
  return html`<div class="figures ${kind}">${figures.map(
    ({ id, title, alt, legend, dataset }) => html`<figure><figcaption><h3>${title}</h3><div class="tools">
<button type="button" data-action="csv" data-target="${dataset.id}" aria-label="${title}: data as CSV">CSV</button>
<button type="button" data-action="svg" data-target="${id}" aria-label="${title}: figure as SVG">SVG</button>
<button type="button" data-action="png" data-target="${id}" aria-label="${title}: figure as PNG">PNG</button>
</div></figcaption>${legend ? legendList(legend) : null}<div class="plot" id="${id}" role="img" aria-label="${alt}"></div></figure>`,
  )}</div>`
}

function legendList(entries: NonNullable<Figure['legend']>): Markup {
  return html`<ul class="key">${entries.map(
    ({ text, className }) => html`<li class="${className}"><span class="chip"></span>${text}</li>`,
  )}</ul>`
}

/** The table of what was fitted or decided, and of what came out by itself. */
export function calibrationTable(
  caption: string | null,
  calibration: readonly CalibrationRow[],
): Markup | null {
  return recordTable(
    caption,
    ['Quantity', 'Value', 'Status', 'Source'],
    calibration.map(({ quantity, value, status, source, doi }) => [
      quantity,
      value,
      tag(status),
      html`${source}${doi && html`<small>${doiLink(doi)}</small>`}`,
    ]),
  )
}

/**
 * A table with one record in each row, named by its first cell. On a narrow screen each record is a block of its own.
 * @param cells `short` cells are side by side in such a block, `long` ones below each other
 */
export function recordTable(
  caption: string | null,
  heads: readonly string[],
  records: readonly (readonly (Markup | string | number)[])[],
  cells: 'long' | 'short' = 'long',
): Markup | null {
  if (records.length === 0) return null
  return html`<div class="table records${cells === 'short' && ' dense'}"><table>${caption && html`<caption>${caption}</caption>`}<thead><tr>${heads.map(
    head => html`<th scope="col">${head}</th>`,
  )}</tr></thead><tbody>${records.map(
    ([first = '', ...rest]) =>
      html`<tr><th scope="row">${first}</th>${rest.map(
        (cell, k) => html`<td data-label="${heads[k + 1]}"><div>${cell}</div></td>`,
      )}</tr>`,
  )}</tbody></table></div>`
}

export function count(n: number, one: string, many: string): string {
  return `${n} ${n === 1 ? one : many}`
}

interface Extras<Run> {
  /** The last column of the table of runs: the amount or the speed of the computation. */
  readonly rate: { readonly head: string; readonly text: (run: Run) => string }
  readonly datasets: readonly Dataset[]
  /** Names of the structures for download as extended XYZ, in the order of the payload's molecules and paths. */
  readonly structures: readonly string[]
}

/** The section with command, machine, runs, inputs, recipes and downloads. */
export function repeatSection<Run extends RunRecord>(
  provenance: ProvenanceOf<Run>,
  { rate, datasets, structures }: Extras<Run>,
): Markup {
  const { command, date, hopliteVersion, nodeVersion, machine } = provenance
  return html`<pre class="command"><code>${command}</code></pre>
<dl><dt>Version</dt><dd>hoplite ${hopliteVersion}, Node ${nodeVersion}</dd>
<dt>Machine</dt><dd>${machine.cpu}, ${machine.cores} cores</dd>
<dt>Date</dt><dd>${date}</dd></dl>
${runsTable(provenance.runs, rate)}${inputsTable(provenance)}${provenance.recipes.map(
  ({ name, text }) =>
    html`<details><summary>Recipe ${name}</summary><pre><code>${text}</code></pre></details>`,
)}
${downloads(datasets, structures)}`
}

function runsTable<Run extends RunRecord>(runs: readonly Run[], rate: Extras<Run>['rate']): Markup | null {
  return recordTable(
    'Runs',
    ['System', 'Seed', 'Platform', 'Precision', 'Wall time', rate.head],
    runs.map(run => {
      const asked = run.platformAsked === run.platformRan ? '' : `, asked for ${run.platformAsked}`
      return [
        run.system,
        run.seed,
        html`${run.platformRan}${asked}${run.fallbackReason && html`<small>${run.fallbackReason}</small>`}`,
        run.precision,
        html`<span class="nowrap">${formatDuration(run.wallTime_s)}</span>`,
        rate.text(run),
      ]
    }),
  )
}

function inputsTable({ inputs }: Pick<ProvenanceOf<RunRecord>, 'inputs'>): Markup | null {
  return recordTable(
    'Inputs',
    ['File', 'SHA-256'],
    inputs.map(({ path, sha256 }) => [path, html`<span class="hash">${sha256}</span>`]),
  )
}

function downloads(datasets: readonly Dataset[], structures: readonly string[]): Markup {
  return html`<h3 class="sub">Data</h3>
<div class="actions"><button type="button" data-action="json">Everything, JSON</button>${datasets.map(
    ({ id, title }) =>
      html`<button type="button" data-action="csv" data-target="${id}">${title}, CSV</button>`,
  )}${structures.map(
    (name, k) => html`<button type="button" data-action="extxyz" data-target="${k}">${name}, extxyz</button>`,
  )}</div>`
}
