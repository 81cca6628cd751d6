import { formatDuration } from '../format.ts'
import type { Dataset } from '../web/figure.ts'
import { html, type Markup } from '../web/html.ts'
import type { ProvenanceOf, RunRecord } from './common.ts'
import { recordTable } from './parts.ts'

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
