import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { type Figure, systemColors } from './figure.ts'
import { formatNumber } from './format.ts'
import { doiLink, embedJson, embedScript, html, type Markup } from './html.ts'
import type { TransportReport } from './model.ts'
import { type EmbeddedMolecule, embeddedMolecules } from './molecule.ts'
import { type Payload, withoutSeries } from './payload.ts'
import { alphaFigure, ionPairFigure, rdfFigures } from './plots/mechanism.ts'
import { msdFigures } from './plots/msd.ts'
import { convergenceFigure, nullFigure, thermoFigures } from './plots/trust.ts'
import { repeatSection } from './repeat.ts'
import { answer, checklist, checkSummary, curveKey, systemKey } from './sections.ts'
import { styleSheet } from './style.ts'
import { calibrationTable, coordinationTable, numbersTable } from './tables.ts'

interface Section {
  readonly id: string
  readonly title: string
  readonly lead: Markup
  readonly body: Markup
}

/** The whole page as one self-contained HTML document: no network, a strict content security policy. */
export function renderTransportReport(report: TransportReport): string {
  const picture = msdFigures(report)
  const rdfs = rdfFigures(report)
  const motion = present([alphaFigure(report), ionPairFigure(report)])
  const certainty = present([nullFigure(report), convergenceFigure(report)])
  const logged = thermoFigures(report)
  const figures = [...picture, ...rdfs, ...motion, ...certainty, ...logged]
  const molecules = embeddedMolecules(report)
  const payload: Payload = { title: report.title, figures, molecules, report: withoutSeries(report) }
  const datasets = [...new Map(figures.map(({ dataset }) => [dataset.id, dataset])).values()]

  const sections: Section[] = [
    {
      id: 'picture',
      title: 'The picture',
      lead: html`How far ${report.speciesLabel} gets in a given time.${publishedConditions(report)}`,
      body: html`<ul class="key">${systemKey(report)}${curveKey(report)}</ul>${figureGrid(picture)}${numbersTable(report)}`,
    },
    ...(rdfs.length + motion.length > 0
      ? [
          {
            id: 'mechanism',
            title: 'The mechanism',
            lead: html`What holds ${report.speciesLabel}: g(r) solid, running coordination n(r) dashed.`,
            body: html`<ul class="key">${systemKey(report)}</ul>${figureGrid(rdfs, 'small')}${figureGrid(motion, 'medium')}${coordinationTable(report)}`,
          },
        ]
      : []),
    ...(molecules.length > 0
      ? [
          {
            id: 'box',
            title: 'The box',
            lead: html`The last frame.`,
            body: boxView(molecules, report.speciesLabel),
          },
        ]
      : []),
    {
      id: 'trust',
      title: 'Can I trust it?',
      lead: html`${checkSummary(report.checks)}. ${report.comparison?.method} ${
        logged.length > 0 && 'Bold lines below are means over blocks of time.'
      }`,
      body: html`${checklist(report.checks)}${figureGrid(certainty, 'medium')}${figureGrid(logged, 'small')}`,
    },
    {
      id: 'calibrated',
      title: 'What is calibrated',
      lead: html`Calibrated: fitted to something. Chosen: decided by us. Predicted: came out by itself.`,
      body: html`${calibrationTable(report)}`,
    },
    {
      id: 'repeat',
      title: 'How to repeat it',
      lead: html`The same command, seeds and inputs give the same numbers.`,
      body: repeatSection(report.provenance, datasets, molecules),
    },
  ]
  return htmlDocument(report, sections, payload)
}

function present<T>(items: readonly (T | null)[]): T[] {
  return items.filter(item => item !== null)
}

function figureGrid(figures: readonly Figure[], kind = ''): Markup | null {
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

function publishedConditions({ publishedRatio }: TransportReport): Markup | null {
  if (!publishedRatio?.conditions) return null
  return html` Published: ${doiLink(publishedRatio.doi, publishedRatio.label)}, ${publishedRatio.conditions}.`
}

function boxView(molecules: readonly EmbeddedMolecule[], speciesLabel: string): Markup {
  const span = molecules[0]!.trajectorySpan_ps
  const has = (test: (molecule: EmbeddedMolecule) => boolean) => molecules.some(test)
  const toggles = [
    { group: 'host', text: molecules[0]!.hostLabel, there: has(({ groups }) => groups.includes('host')) },
    { group: 'double', text: 'C=C', there: has(({ bondOrders }) => bondOrders.includes(2)) },
    { group: 'anion', text: 'anions', there: has(({ groups }) => groups.includes('anion')) },
    { group: 'ion', text: speciesLabel, there: has(({ groups }) => groups.includes('ion')) },
    {
      group: 'path',
      text: span === null ? 'paths' : `paths, ${formatNumber(span)} ps`,
      there: has(({ trajectories_A }) => trajectories_A.length > 0),
    },
    { group: 'cell', text: 'cell', there: true },
  ].filter(({ there }) => there)
  return html`<div class="box"><div class="controls"><div class="pills" role="group" aria-label="System">${molecules.map(
    ({ system }, k) =>
      html`<button type="button" data-action="system" data-target="${k}" aria-pressed="${k === 0 ? 'true' : 'false'}">${system}</button>`,
  )}</div><div class="pills" role="group" aria-label="What is shown">${toggles.map(
    ({ group, text }) =>
      html`<button type="button" data-action="toggle" data-target="${group}" aria-pressed="true"><span class="chip chip-${group}"></span>${text}</button>`,
  )}</div></div>
<div class="scene" id="scene" role="img" tabindex="0" aria-label="${molecules[0]!.description}"><div class="wait"><button type="button" data-action="load">Show the box</button></div></div>
<p class="note"><span id="scene-text">${molecules[0]!.description}</span><span class="hint">Click or tap, then drag; arrow keys turn, + and − zoom.</span></p></div>`
}

/** A package's file, found the way Node finds packages. */
function packageFile(name: string, path: string): string {
  const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`)
  return readFileSync(join(dirname(manifest), path), 'utf8')
}

const CLIENT_FILES = ['theme.js', 'figures.js', 'scene.js', 'download.js', 'main.js'] as const

/** The page's own script: modules whose imports are dropped, as they all share one scope here. */
function clientScript(): string {
  const sources = CLIENT_FILES.map(file => readFileSync(new URL(`./client/${file}`, import.meta.url), 'utf8'))
  const joined = sources
    .join('\n')
    .replace(/^import [^']*'[^']+'$/gm, '')
    .replace(/^export /gm, '')
  return `(() => {\n'use strict'\n${joined}\n})()`
}

function htmlDocument(report: TransportReport, sections: readonly Section[], payload: Payload): string {
  const data = embedJson(payload)
  // Unguessable for whoever wrote the data, and the same for the same report.
  const nonce = createHash('sha256').update(data).digest('base64url').slice(0, 22)
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; img-src data: blob:; base-uri 'none'; form-action 'none'`
  const plotly = packageFile('plotly.js-dist-min', 'plotly.min.js')
  const viewer = `/*\n${packageFile('3dmol', 'LICENSE')}*/\n${packageFile('3dmol', 'build/3Dmol-min.js')}`
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
<meta name="generator" content="hoplite ${report.provenance.hopliteVersion}">
<title>${report.title}</title>
<link rel="icon" href="data:,">
<style nonce="${nonce}">${raw(styleSheet(systemColors(report.systems)))}</style>
</head>
<body>
<header><div class="masthead"><strong>hoplite</strong><span>${report.title}</span><time datetime="${report.provenance.date}">${report.provenance.date.slice(0, 10)}</time></div></header>
<main>
${answer(report)}
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
<footer><span>Made with hoplite ${report.provenance.hopliteVersion}</span><span>Figures by plotly.js, 3D by 3Dmol.js</span></footer>
<script nonce="${nonce}" type="application/json" id="payload">${raw(data)}</script>
${script(plotly, ' type="text/plain" id="plotly-source"')}${script(viewer, ' type="text/plain" id="viewer-source"')}${script(clientScript())}</body>
</html>
`.markup
}
