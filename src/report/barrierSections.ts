import { formatFixed, formatRange, formatSigned, unbroken } from '../format.ts'
import { html, type Markup } from '../web/html.ts'
import type { EmbeddedPath } from '../web/payload.ts'
import type { BarrierCase, BarrierDifference, BarrierReport, SensitivityRange } from './barrierModel.ts'
import { barrierSentence, casesOf } from './barrierSentence.ts'
import { answerBlock, card } from './parts.ts'
import { pills, sceneView } from './sceneView.ts'
import { placement } from './sentence.ts'

/** The generated sentence, a card for every main barrier and difference, and what failed. */
export function barrierAnswer(report: BarrierReport): Markup {
  const cards = [
    ...report.cases.flatMap((item, k) => (item.role === 'main' ? [barrierCard(report, item, k)] : [])),
    // The first answers the question; the table below has all.
    ...report.differences.slice(0, 1).map(differenceCard),
  ]
  return answerBlock(barrierSentence(report), cards, report.checks)
}

function barrierCard(report: BarrierReport, item: BarrierCase, k: number): Markup {
  const { name, barrier_eV, reverse_barrier_eV, range, status, converged } = item
  const published = report.published.filter(candidate => candidate.case === name)
  return card({
    title: html`<span class="swatch system-${k}"></span>${name}, barrier`,
    body: html`${energy(formatFixed(barrier_eV))}${
      !converged && html`<div class="interval bad">✗ not converged</div>`
    }${rangeLine(range)}${published.map(
      ({ barrier_eV: value, label }) =>
        html`<div class="aside">published: ${formatFixed(value)} eV, ${label}</div>`,
    )}`,
    status,
    aside: `back: ${formatFixed(reverse_barrier_eV)} eV`,
  })
}

function differenceCard({ name, value_eV, range, published, status }: BarrierDifference): Markup {
  const verdict = published && range ? ` ${placement(published.value_eV, range.range_eV)}` : ''
  return card({
    title: html`${name}, difference`,
    body: html`${energy(formatSigned(value_eV))}${rangeLine(range)}${
      published && html`<div class="aside">published: ${formatSigned(published.value_eV)} eV${verdict}</div>`
    }`,
    status,
    aside: published?.label ?? '',
  })
}

function energy(value: string): Markup {
  return html`<div class="value">${value}<span class="unit"> eV</span></div>`
}

function rangeLine(range: SensitivityRange | null): Markup {
  if (!range) return html`<div class="interval">nothing varied</div>`
  return html`<div class="interval">${unbroken(`${formatRange(range.range_eV)} eV over ${range.varied}`)}</div>`
}

/** Colours of the main cases and what marks mean. */
export function pictureKey(report: BarrierReport): Markup {
  const ranged = report.cases.some(({ range }) => range)
  return html`<ul class="key">${caseKey(report)}<li><span class="mark-image"></span>image</li>
<li><span class="mark-saddle"></span>saddle</li>${
    ranged && html`<li><span class="mark-whisker"></span>range when varied</li>`
  }${report.published.length > 0 && html`<li><span class="line line-dashed"></span>published</li>`}</ul>`
}

function caseKey(report: BarrierReport): Markup[] {
  const main = casesOf(report, 'main')
  return (main.length > 0 ? main : report.cases).map(
    item =>
      html`<li class="system-${report.cases.indexOf(item)}"><span class="line"></span>${item.name}</li>`,
  )
}

const TOGGLES = [
  { group: 'host', shown: true },
  { group: 'frozen', shown: true },
  { group: 'adsorbate', shown: true },
  { group: 'trace', shown: true },
  { group: 'cell', shown: false },
] as const

/** The bands in 3D with a player: button, energy profile and slider over the images. */
export function bandView(paths: readonly EmbeddedPath[], report: BarrierReport): Markup {
  const [first] = paths
  if (!first) return html``
  const hostLabel = report.cases.find(({ molecule }) => molecule)?.molecule?.hostLabel ?? 'host'
  const texts = {
    host: hostLabel,
    frozen: 'fixed part',
    adsorbate: 'molecule',
    trace: `path of ${report.ionLabel}`,
    cell: 'cell',
  }
  const has = (group: string) => paths.some(({ groups }) => groups.includes(group))
  const toggles = TOGGLES.filter(({ group }) => group === 'trace' || group === 'cell' || has(group))
  const elements = [...new Set(paths.flatMap(path => path.elements))].filter(symbol =>
    /^[A-Z][a-z]?$/.test(symbol),
  )
  return sceneView({
    controls: html`${pills(
      'Case',
      paths.map(({ system }, k) => ({
        action: 'system',
        target: `${k}`,
        pressed: k === 0,
        content: html`${system}`,
      })),
    )}${pills(
      'What is shown',
      toggles.map(({ group, shown }) => ({
        action: 'toggle',
        target: group,
        pressed: shown,
        content: html`<span class="chip chip-${group}"></span>${texts[group]}`,
      })),
    )}`,
    description: first.description,
    below: html`<div class="player"><button type="button" data-action="play" id="play" aria-label="Play the hop">▶</button>
<div class="track"><svg id="profile" aria-hidden="true"></svg>
<input type="range" id="image" min="0" max="${first.images_A.length - 1}" step="1" value="0" aria-label="Image along the path"></div>
<output id="image-text" for="image"></output></div>
<ul class="key elements"><li class="element-hopping"><span class="chip"></span>${report.ionLabel} that hops</li>${elements.map(
      symbol => html`<li class="element-${symbol}"><span class="chip"></span>${symbol}</li>`,
    )}</ul>`,
  })
}
