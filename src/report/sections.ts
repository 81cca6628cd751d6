import { formatEstimate, formatInterval, formatNumber, formatUncertain } from './format.ts'
import { html, type Markup } from './html.ts'
import type { Check, Estimate, Headline, SystemReport, TransportReport } from './model.ts'
import { boxes, findSystem, placement, sentence, slopesAreApparent } from './sentence.ts'

/** The generated sentence, the number cards, and what failed. */
export function answer(report: TransportReport): Markup {
  return html`<h1 class="answer">${unbroken(sentence(report))}</h1>
<div class="cards">${cards(report)}</div>
${alarm(report.checks)}`
}

/** Numbers stay with their units, and intervals in one piece, when lines are broken. */
function unbroken(text: string): string {
  return text
    .replace(/(\d) (?=[%KpÅ×±])/g, '$1\u00a0')
    .replace(/([×=]) /g, '$1\u00a0')
    .replace(/(\d)–(?=\d)/g, '$1\u2060–\u2060')
    .replaceAll('sub-diffusive', 'sub\u2011diffusive')
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
  const { slope_A2_per_ps: slope, fit, replicas } = system
  const kind = slopesAreApparent([system]) ? 'apparent slope' : 'slope'
  const aside = `${formatNumber(fit.from_ps)}–${formatNumber(fit.to_ps)} ps, ${count(replicas.length, 'box', 'boxes')}`
  const published = report.published.find(candidate => candidate.system === system.name)
  return card({
    title: html`<span class="swatch system-${k}"></span>${system.name}, ${kind}`,
    body: html`${number(slope, 'Å²/ps')}${intervalLine(slope)}${
      published && html`<div class="aside">published: ${formatNumber(published.slope_A2_per_ps)} Å²/ps</div>`
    }`,
    status: slope.status,
    aside,
  })
}

function ratioCard(report: TransportReport): Markup[] {
  const { comparison, publishedRatio } = report
  if (!comparison) return []
  const { numerator, denominator, ratio, nullRatio_ci95 } = comparison
  const chance = nullRatio_ci95 ? formatInterval(nullRatio_ci95) : 'not measured'
  const published =
    publishedRatio &&
    html`<div class="aside">published: ${formatNumber(publishedRatio.value)} ${placement(publishedRatio.value, ratio.ci95)}</div>`
  return [
    card({
      title: html`Ratio, ${numerator} : ${denominator}`,
      body: html`${number(ratio, '')}${intervalLine(ratio)}${published}<div class="aside">chance alone: ${chance}</div>`,
      status: ratio.status,
      aside: boxes([findSystem(report, numerator), findSystem(report, denominator)]),
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
    status: alpha.status,
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

interface Card {
  readonly title: Markup
  readonly body: Markup
  readonly status: Headline['status']
  readonly aside: string
}

function card({ title, body, status, aside }: Card): Markup {
  return html`<div class="card"><h2>${title}</h2><div class="body">${body}</div>
<div class="foot"><span class="aside">${aside}</span>${tag(status)}</div></div>`
}

function number(estimate: Estimate, unit: string): Markup {
  const { value, power } = formatEstimate(estimate)
  return html`<div class="value">${value}<span class="unit">${power}${unit && ` ${unit}`}</span></div>`
}

function intervalLine(estimate: Estimate): Markup {
  const { interval, power } = formatEstimate(estimate)
  return html`<div class="interval">${interval ? `95 %: ${interval}${power}` : 'no interval'}</div>`
}

/** Whether a number was predicted, calibrated or chosen. */
export function tag(status: Headline['status']): Markup {
  return html`<span class="tag tag-${status}">${status}</span>`
}

/** What failed stands beside the answer, not only at the foot of the page. */
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

/** Colours and line styles of the figures that compare systems. */
export function systemKey({ systems }: TransportReport): Markup[] {
  return systems.map(({ name }, k) => html`<li class="system-${k}"><span class="line"></span>${name}</li>`)
}

/** What else there is in the plots of the mean-squared displacement. */
export function curveKey({ systems, published }: TransportReport): Markup[] {
  const several = systems.some(({ replicas }) => replicas.length > 1)
  const banded = systems.some(({ mean }) => mean.low_A2 && mean.high_A2)
  return [
    ...(several ? [html`<li><span class="line line-thin"></span>one box</li>`] : []),
    ...(banded ? [html`<li><span class="line line-band"></span>95 % of the mean</li>`] : []),
    ...(published.length > 0 ? [html`<li><span class="line line-dashed"></span>published</li>`] : []),
  ]
}

export function count(n: number, one: string, many: string): string {
  return `${n} ${n === 1 ? one : many}`
}
