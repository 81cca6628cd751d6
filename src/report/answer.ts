import type { PairRatios } from '../analysis/boxes.ts'
import type { Comparison } from '../analysis/comparison.ts'
import type { Measured } from '../analysis/estimate.ts'
import type { Interval } from '../analysis/stats.ts'
import {
  formatEstimate,
  formatInterval,
  formatMeasurement,
  formatNumber,
  formatShare,
  formatUncertain,
  joinWords,
} from '../format.ts'
import { html, type Markup } from '../web/html.ts'
import type { SystemReport, TransportReport } from './model.ts'
import { answerBlock, card, count } from './parts.ts'

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
      body: html`${ratio.value > 0 ? html`${number(ratio, '')}${intervalLine(ratio)}` : 'none: a slope is not above zero'}${published}<div class="aside">${ofWhat}: ${formatInterval(nullRatio_ci95)}</div>`,
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

/**
 * Returns true unless the MSD of every system has been shown to be diffusive: slopes are then called
 * "apparent slopes".
 */
export function slopesAreApparent(systems: readonly SystemReport[]): boolean {
  return systems.some(system => system.verdict !== 'diffusive')
}

/** The two systems of a comparison. */
export function comparedSystems(
  { systems }: TransportReport,
  { numerator, denominator }: Comparison,
): readonly [numerator: SystemReport, denominator: SystemReport] {
  const find = (name: string) => {
    const system = systems.find(candidate => candidate.name === name)
    if (!system) throw new Error(`the report has no system "${name}"`)
    return system
  }
  return [find(numerator.name), find(denominator.name)]
}

/** Place of a published value with respect to an interval: "lies inside", "lies outside". */
export function placement(value: number, interval: Interval | null): string {
  if (!interval) return 'cannot be judged without an interval'
  if (!Number.isFinite(interval[1])) return 'is neither supported nor excluded'
  return value >= interval[0] && value <= interval[1] ? 'lies inside' : 'lies outside'
}

/** Number of boxes of each system from which the sentence tells the ratios of single boxes. */
const BOXES_FOR_PAIRS = 4

/**
 * The answer in one sentence: value, interval, boxes, the published value against it, and the regime. With enough boxes a
 * second sentence tells the ratios of single boxes.
 */
export function sentence(report: TransportReport): string {
  const { comparison } = report
  const subjects: readonly SystemReport[] = comparison ? comparedSystems(report, comparison) : report.systems
  const answer = comparison ? ratioClause(report, subjects) : slopeClause(report, subjects)
  const first = [answer, ...publishedClause(report, subjects), regimeClause(report)].join('; ')
  return [`${first}.`, ...pairSentence(report, subjects)].join(' ')
}

/** Frequency of the published factor between single boxes, of two materials and of one. */
function pairSentence(
  { comparison, publishedRatio }: TransportReport,
  subjects: readonly SystemReport[],
): string[] {
  if (!comparison || !publishedRatio) return []
  if (subjects.some(({ replicas }) => replicas.length < BOXES_FOR_PAIRS)) return []
  const { factor, oneBox, sameMaterial } = comparison
  const isFaster = publishedRatio.value >= 1
  const share = (pairs: PairRatios) => formatShare(isFaster ? pairs.atLeast : pairs.atMostInverse)
  const times = isFaster ? `${formatNumber(factor)} times or more` : `1/${formatNumber(factor)} or less`
  const { pooled } = sameMaterial
  const chance = pooled ? `, two boxes of the same material in ${share(pooled)}` : ''
  return [`One box against one box shows ${times} in ${share(oneBox)} of pairs${chance}.`]
}

function conditions(system: SystemReport): string {
  const temperature = `${formatNumber(system.temperature_K, 4)} K`
  return system.chargeScale === null
    ? temperature
    : `${temperature} and charge scale ${formatNumber(system.chargeScale)}`
}

function ratioClause(report: TransportReport, subjects: readonly SystemReport[]): string {
  const { ratio, of } = report.comparison!
  const { value, interval, power } = formatEstimate(ratio)
  const [at, numerator, denominator] = placed(subjects)
  if (!(ratio.value > 0)) {
    return `${at} ${report.speciesLabel} MSD slopes in ${numerator} and ${denominator} have no ratio, as one of them is not above zero (${boxes(subjects)})`
  }
  const why = ratio.ci95?.[1] === Number.POSITIVE_INFINITY ? ', as a slope may be zero' : ''
  const certainty = interval === null ? 'no interval' : `95 %: ${interval}${power}${why}`
  return (
    `${at} ${report.speciesLabel} MSD slope in ${numerator} is ${value}${power} times that in ${denominator} ` +
    `(${certainty}, ${of === 'geometric means' ? 'geometric means of ' : ''}${boxes(subjects)})`
  )
}

function slopeClause(report: TransportReport, subjects: readonly SystemReport[]): string {
  const [at, ...labels] = placed(subjects)
  const kind = slopesAreApparent(subjects) ? 'apparent slope' : 'slope'
  if (subjects.length === 1) {
    const { slope_A2_per_ps, fit } = subjects[0]!
    const { value, interval, power } = formatEstimate(slope_A2_per_ps)
    const certainty = interval === null ? 'no interval' : `95 %: ${interval}${power}`
    const window = `fit ${formatNumber(fit.from_ps)}–${formatNumber(fit.to_ps)} ps`
    return (
      `${at} ${kind} of the ${report.speciesLabel} MSD in ${labels[0]} is ${value}${power} Å²/ps ` +
      `(${certainty}, ${window}, ${boxes(subjects)})`
    )
  }
  const values = subjects.map(
    (system, k) => `${formatMeasurement(system.slope_A2_per_ps, 'Å²/ps')} in ${labels[k]}`,
  )
  return `${at} ${kind}s of the ${report.speciesLabel} MSD are ${joinWords(values)} (${boxes(subjects)})`
}

/** "At 500 K … the" and the systems' labels; conditions move to the labels when they differ. */
function placed(subjects: readonly SystemReport[]): [at: string, ...labels: string[]] {
  const all = subjects.map(conditions)
  if (all.every(text => text === all[0])) return [`At ${all[0]} the`, ...subjects.map(system => system.label)]
  return ['The', ...subjects.map((system, k) => `${system.label} at ${all[k]}`)]
}

/** "2 boxes each" */
export function boxes(subjects: readonly SystemReport[]): string {
  const counts = subjects.map(system => system.replicas.length)
  const noun = counts.at(-1) === 1 ? 'box' : 'boxes'
  if (counts.length === 1) return `${counts[0]} ${noun}`
  if (counts.every(count => count === counts[0])) return `${counts[0]} ${noun} each`
  return `${joinWords(counts.map(String))} boxes`
}

function publishedClause(report: TransportReport, subjects: readonly SystemReport[]): string[] {
  if (report.comparison) {
    if (!report.publishedRatio) return []
    const { value } = report.publishedRatio
    return [`the published ratio ${formatNumber(value)} ${placement(value, report.comparison.ratio.ci95)}`]
  }
  const judged = subjects.flatMap(system => {
    const published = report.published.find(candidate => candidate.system === system.name)
    if (!published) return []
    const value = published.slope_A2_per_ps
    return [{ label: system.label, value, verdict: placement(value, system.slope_A2_per_ps.ci95) }]
  })
  const first = judged[0]
  if (!first) return []
  if (subjects.length === 1)
    return [`the published slope ${formatNumber(first.value)} Å²/ps ${first.verdict}`]
  const verdicts = [...new Set(judged.map(({ verdict }) => verdict))]
  return verdicts.map(verdict => {
    const labels = judged.filter(candidate => candidate.verdict === verdict).map(({ label }) => label)
    return labels.length === 1
      ? `the published slope for ${labels[0]} ${verdict}`
      : `the published slopes for ${joinWords(labels)} ${verdict.replace('lies', 'lie')}`
  })
}

/** Regime of the MSDs; slopes of a ratio are called apparent here. */
function regimeClause({ systems, comparison }: TransportReport): string {
  const alphas = systems.map(system => formatEstimate(system.alpha).value)
  const named = systems.map((system, k) => `${alphas[k]} in ${system.label}`)
  const alphaText = `α = ${alphas.every(alpha => alpha === alphas[0]) ? alphas[0] : joinWords(named)}`
  const consequence = comparison && slopesAreApparent(systems) ? ', so these are apparent slopes' : ''
  const [{ verdict }] = systems
  if (systems.some(system => system.verdict !== verdict)) {
    const each = systems.map((system, k) => `${system.label} is ${REGIME[system.verdict]} (α = ${alphas[k]})`)
    return joinWords(each) + consequence
  }
  if (verdict === 'undetermined') {
    const subject = ['the MSD is not', 'neither MSD is'][systems.length - 1] ?? 'no MSD is'
    return `${subject} shown to be diffusive (${alphaText})${consequence}`
  }
  const subject = ['the MSD is', 'both MSDs are'][systems.length - 1] ?? 'all MSDs are'
  return `${subject} ${REGIME[verdict]} (${alphaText})${consequence}`
}

const REGIME = {
  ballistic: 'still ballistic',
  diffusive: 'diffusive',
  'sub-diffusive': 'still sub-diffusive',
  arrested: 'arrested',
  undetermined: 'undetermined',
} as const
