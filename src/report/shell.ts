import { createHash } from 'node:crypto'
import { bundlePage, packageFile } from '../web/bundle.ts'
import type { Dataset, Figure } from '../web/figure.ts'
import { embedJson, embedScript, html, type Markup } from '../web/html.ts'
import type { Payload } from '../web/payload.ts'

export interface Page {
  readonly title: string
  readonly provenance: { readonly date: string; readonly hopliteVersion: string }
  /** "#rrggbb" of every system or case, in order. */
  readonly colors: readonly string[]
  readonly answer: Markup
  readonly sections: readonly Section[]
  readonly payload: Payload
}

export interface Section {
  readonly id: string
  readonly title: string
  readonly lead: Markup
  readonly body: Markup
}

/** Returns a page as one self-contained HTML document, which needs no network and has a strict content security policy. */
export function htmlDocument(page: Page): string {
  const { title, provenance, colors, answer, sections, payload } = page
  const { date, hopliteVersion } = provenance
  const data = embedJson(payload)
  // Whoever writes the data cannot guess it, and the same report has the same one.
  const nonce = createHash('sha256').update(data).digest('base64url').slice(0, 22)
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; img-src data: blob:; base-uri 'none'; form-action 'none'`
  const { js, css } = bundlePage('report')
  const styles = [css, ...colors.map((color, k) => `.system-${k} { --system: ${color}; --chip: ${color} }`)]
  const plotly = packageFile('plotly.js-dist-min', 'plotly.min.js')
  const raw = (markup: string): Markup => ({ markup })
  const script = (source: string, attributes = '') =>
    html`<script nonce="${nonce}"${raw(attributes)}>${raw(embedScript(source))}</script>\n`
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="hoplite ${hopliteVersion}">
<title>${title}</title>
<link rel="icon" href="data:,">
<style nonce="${nonce}">${raw(styles.join('\n'))}</style>
</head>
<body>
<header><div class="masthead"><strong>hoplite</strong><span>${title}</span><time datetime="${date}">${date.slice(0, 10)}</time></div></header>
<main>
${answer}
<nav aria-label="On this page"><ul>${sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>
<noscript><p class="alarm">The figures need JavaScript; all numbers are in the tables.</p></noscript>
${sections.map(
  ({
    id,
    title,
    lead,
    body,
  }) => html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>
<p class="lead">${lead}</p>${body}</section>\n`,
)}
</main>
<footer><span>Made with hoplite ${hopliteVersion}</span><span>Figures by plotly.js</span></footer>
<script nonce="${nonce}" type="application/json" id="payload">${raw(data)}</script>
${script(plotly, ' type="text/plain" id="plotly-source"')}${script(js)}</body>
</html>
`.markup
}

/** Returns the data of a page for its program. @param scenes shown in 3D: boxes or bands */
export function pagePayload(
  report: { readonly title: string },
  figures: readonly Figure[],
  scenes: Partial<Pick<Payload, 'molecules' | 'paths'>>,
): Payload {
  return {
    title: report.title,
    figures: figures.map(figure => ({ ...figure, dataset: figure.dataset.id })),
    datasets: distinctDatasets(figures),
    molecules: [],
    paths: [],
    ...scenes,
    report: withoutSeries(report),
  }
}

/** Returns each dataset once: several figures may show the same one. */
export function distinctDatasets(figures: readonly Figure[]): Dataset[] {
  return [...new Map(figures.map(({ dataset }) => [dataset.id, dataset])).values()]
}

/** Returns the report without molecules and without arrays of numbers longer than an interval, a vector or a cell. */
function withoutSeries(report: object): unknown {
  return JSON.parse(
    JSON.stringify(report, (name, value) => {
      const series = name === 'molecule' || ArrayBuffer.isView(value) || isLongNumberArray(value)
      return series ? undefined : value
    }),
  )
}

function isLongNumberArray(value: unknown): boolean {
  return Array.isArray(value) && value.length > 9 && value.every(item => typeof item === 'number')
}
