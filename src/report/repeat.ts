import type { Dataset } from './figure.ts'
import { formatDuration, formatNumber } from './format.ts'
import { html, type Markup } from './html.ts'
import type { Provenance } from './model.ts'
import type { EmbeddedMolecule } from './molecule.ts'
import { recordTable } from './tables.ts'

/** Command, machine, runs, inputs, recipes and everything there is to download. */
export function repeatSection(
  provenance: Provenance,
  datasets: readonly Dataset[],
  molecules: readonly EmbeddedMolecule[],
): Markup {
  const { command, date, hopliteVersion, nodeVersion, machine } = provenance
  return html`<pre class="command"><code>${command}</code></pre>
<dl><dt>Version</dt><dd>hoplite ${hopliteVersion}, Node ${nodeVersion}</dd>
<dt>Machine</dt><dd>${machine.cpu}, ${machine.cores} cores</dd>
<dt>Date</dt><dd>${date}</dd></dl>
${runsTable(provenance)}${inputsTable(provenance)}${provenance.recipes.map(
  ({ name, text }) =>
    html`<details><summary>Recipe ${name}</summary><pre><code>${text}</code></pre></details>`,
)}
${downloads(datasets, molecules)}`
}

function runsTable({ runs }: Provenance): Markup | null {
  return recordTable(
    'Runs',
    ['System', 'Seed', 'Platform', 'Precision', 'Wall time', 'ns/day'],
    runs.map(run => {
      const asked = run.platformAsked === run.platformRan ? '' : `, asked for ${run.platformAsked}`
      return [
        run.system,
        run.seed,
        html`${run.platformRan}${asked}${run.fallbackReason && html`<small>${run.fallbackReason}</small>`}`,
        run.precision,
        html`<span class="nowrap">${formatDuration(run.wallTime_s)}</span>`,
        formatNumber(run.rate_ns_per_day),
      ]
    }),
  )
}

function inputsTable({ inputs }: Provenance): Markup | null {
  return recordTable(
    'Inputs',
    ['File', 'SHA-256'],
    inputs.map(({ path, sha256 }) => [path, html`<span class="hash">${sha256}</span>`]),
  )
}

function downloads(datasets: readonly Dataset[], molecules: readonly EmbeddedMolecule[]): Markup {
  return html`<h3 class="sub">Data</h3>
<div class="actions"><button type="button" data-action="json">Everything, JSON</button>${datasets.map(
    ({ id, title }) =>
      html`<button type="button" data-action="csv" data-target="${id}">${title}, CSV</button>`,
  )}${molecules.map(
    ({ system }, k) =>
      html`<button type="button" data-action="extxyz" data-target="${k}">${system} structure, extxyz</button>`,
  )}</div>`
}
