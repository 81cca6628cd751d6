import type { Measured } from '../analysis/estimate.ts'
import { formatEstimate, formatInterval, formatNumber, formatUncertain } from '../format.ts'
import { html, type Markup } from '../web/html.ts'
import type { SystemReport, TransportReport } from './model.ts'
import { answerBlock, card, count } from './parts.ts'
import { boxes, comparedSystems, placement, sentence, slopesAreApparent } from './sentence.ts'

/** The generated sentence, the number cards, and what failed. */
export function answer(report: TransportReport): Markup {
  return answerBlock(sentence(report), cards(report), report.checks)
}

function cards(report: TransportReport): Markup[] {
  const slopes = report.systems.map((system, k) => slopeCard(report, system, k))
  const single = report.systems.length === 1
  return [
    ...slopes,
    ...ratioCard(report),
    alphaCard(report),
    ...(single ? densityCard(report.systems[0]) : []),
  ]
}

function slopeCard(report: TransportReport, system: SystemReport, k: number): Markup {
  const { fit, replicas, boxes } = system
  const kind = slopesAreApparent([system]) ? 'apparent slope' : 'slope'
  // As in the ratio: with many boxes the geometric mean, because the fastest box dominates an arithmetic mean.
  const typical = report.comparison?.of === 'geometric means' ? boxes.geometricMean : null
  const slope = typical ?? system.slope_A2_per_ps
  const counted = count(replicas.length, 'box', 'boxes')
  const aside = `${formatNumber(fit.from_ps)}–${formatNumber(fit.to_ps)} ps, ${typical ? `geometric mean of ${counted}` : counted}`
  const published = report.published.find(candidate => candidate.system === system.name)
  return card({
    title: html`<span class="swatch system-${k}"></span>${system.name}, ${kind}`,
    body: html`${number(slope, 'Å²/ps')}${intervalLine(slope)}${
      published && html`<div class="aside">published: ${formatNumber(published.slope_A2_per_ps)} Å²/ps</div>`
    }`,
    status: 'predicted',
    aside,
  })
}

function ratioCard(report: TransportReport): Markup[] {
  const { comparison, publishedRatio } = report
  if (!comparison) return []
  const { numerator, denominator, ratio, nullRatio_ci95, sameMaterial } = comparison
  // Not what chance makes of a ratio of many boxes.
  const ofWhat = sameMaterial.pooled ? 'one box against another of the same' : 'chance alone'
  const published =
    publishedRatio &&
    html`<div class="aside">published: ${formatNumber(publishedRatio.value)} ${placement(publishedRatio.value, ratio.ci95)}</div>`
  return [
    card({
      title: html`Ratio, ${numerator.name} : ${denominator.name}`,
      body: html`${number(ratio, '')}${intervalLine(ratio)}${published}<div class="aside">${ofWhat}: ${formatInterval(nullRatio_ci95)}</div>`,
      status: 'predicted',
      aside: boxes(comparedSystems(report, comparison)),
    }),
  ]
}

function alphaCard({ systems }: TransportReport): Markup {
  const verdicts = [...new Set(systems.map(({ verdict }) => verdict))]
  const rows = systems.map(({ name, alpha }, k) => {
    const { value, interval } = formatEstimate(alpha)
    return html`<div class="row"><span class="name"><span class="swatch system-${k}"></span>${name}</span>
<span class="value">${value}</span>${interval && html`<span class="interval">95 %: ${interval}</span>`}</div>`
  })
  const [{ alpha }] = systems
  return card({
    title: html`Exponent α, 1 is diffusion`,
    body:
      systems.length === 1
        ? html`${number(alpha, '')}${intervalLine(alpha)}`
        : html`<div class="pair">${rows}</div>`,
    status: 'predicted',
    aside: verdicts.join(', '),
  })
}

function densityCard(system: SystemReport): Markup[] {
  const density = system.density_g_per_cm3
  if (!density) return []
  return [
    card({
      title: html`Density`,
      body: html`<div class="value">${formatUncertain(density.value, density.standardError)} <span class="unit">g/cm³</span></div>`,
      status: density.status,
      aside: `${formatNumber(system.temperature_K, 4)} K`,
    }),
  ]
}

function number(estimate: Measured, unit: string): Markup {
  const { value, power } = formatEstimate(estimate)
  return html`<div class="value">${value}<span class="unit">${power}${unit && ` ${unit}`}</span></div>`
}

function intervalLine(estimate: Measured): Markup {
  const { interval, power } = formatEstimate(estimate)
  return html`<div class="interval">${interval ? `95 %: ${interval}${power}` : 'no interval'}</div>`
}

/** The key of the colours of systems. */
export function systemKey({ systems }: TransportReport): Markup[] {
  return systems.map(({ name }, k) => html`<li class="system-${k}"><span class="line"></span>${name}</li>`)
}

/** The key of the other lines in plots of the mean-squared displacement. */
export function curveKey({ systems, published }: TransportReport): Markup[] {
  const several = systems.some(({ replicas }) => replicas.length > 1)
  const banded = systems.some(({ mean }) => mean.low_A2 && mean.high_A2)
  return [
    ...(several ? [html`<li><span class="line line-thin"></span>one box</li>`] : []),
    ...(banded ? [html`<li><span class="line line-band"></span>95 % of the mean</li>`] : []),
    ...(published.length > 0 ? [html`<li><span class="line line-dashed"></span>published</li>`] : []),
  ]
}
