import type { PairRatios } from '../analysis/boxes.ts'
import type { ComparedSystem, Comparison } from '../analysis/comparison.ts'
import type { Interval } from '../analysis/stats.ts'
import {
  formatEstimate,
  formatInterval,
  formatMeasurement,
  formatNumber,
  formatShare,
  joinWords,
  unbroken,
} from '../format.ts'
import type { Figure } from '../web/figure.ts'
import { html, type Markup } from '../web/html.ts'
import { systemKey } from './answer.ts'
import type { AbsentCondition, Activation, Condition, StudyOverview, TransportReport } from './model.ts'
import { count, figureGrid, recordTable } from './parts.ts'
import { arrheniusFigure, conditionGroups } from './plots/arrhenius.ts'
import { boxesFigure, oneBoxFigure } from './plots/boxes.ts'
import { conditionsFigure, rowName } from './plots/conditions.ts'
import type { Section } from './shell.ts'
import { measured } from './tables.ts'

interface Drawn {
  readonly section: Section
  readonly figures: Figure[]
}

/** All conditions of a study side by side; none where there is one row and nothing is absent. */
export function conditionsSection(report: TransportReport): Drawn | null {
  const { study, publishedRatio } = report
  if (!study || study.conditions.length + study.absent.length < 2) return null
  const { conditions, absent } = study
  const figures = conditions.length > 1 ? [conditionsFigure(conditions, publishedRatio)] : []
  return {
    figures,
    section: {
      id: 'conditions',
      title: 'Other conditions',
      lead: html`${unbroken(conditionsSentence(study, publishedRatio?.value ?? null))}`,
      body: html`${figureGrid(figures, conditions.length > 9 ? 'tall' : '')}${conditionsTable(conditions, publishedRatio?.value ?? null)}${absentList(absent)}`,
    },
  }
}

/** Sentence on the conditions whose interval contains the published ratio, or else on those that differ from 1. */
export function conditionsSentence(study: StudyOverview, published: number | null): string {
  const { conditions } = study
  const judged = conditions.filter(({ publishedInside }) => publishedInside !== null)
  const isAsked = published !== null && conditions.some(({ ofPublished }) => ofPublished)
  const verdict = !isAsked
    ? verdictOnOne(conditions)
    : judged.length > 0
      ? verdictOnPublished(conditions, judged, formatNumber(published))
      : []
  return [...verdict, ...withoutBound(conditions)].join(' ')
}

const namesOf = (rows: readonly Condition[], all: readonly Condition[]) =>
  joinWords(rows.map(row => rowName(row, all)))

/** Number of the judged conditions in words, such as "3 conditions with a bound". */
function judgedOf(judged: readonly Condition[], conditions: readonly Condition[]): string {
  const isAll = conditions.every(({ oneInside }) => oneInside !== null)
  return `${count(judged.length, 'condition', 'conditions')}${isAll ? '' : ' with a bound'}`
}

function verdictOnOne(conditions: readonly Condition[]): string[] {
  const judged = conditions.filter(({ oneInside }) => oneInside !== null)
  if (judged.length === 0) return []
  const different = judged.filter(({ oneInside }) => !oneInside)
  const all = judgedOf(judged, conditions)
  const every = judged.length === 1 ? namesOf(judged, conditions) : `all of ${all}`
  return different.length === 0
    ? [`The interval of the ratio contains 1 under ${every}: no difference is shown.`]
    : [`Of ${all}, the interval of the ratio excludes 1 under ${namesOf(different, conditions)}.`]
}

function verdictOnPublished(
  conditions: readonly Condition[],
  judged: readonly Condition[],
  value: string,
): string[] {
  const inside = judged.filter(({ publishedInside }) => publishedInside)
  const of = judgedOf(judged, conditions)
  if (inside.length === 0) {
    return judged.length === 1
      ? [`The published ratio ${value} lies outside the interval of ${namesOf(judged, conditions)}.`]
      : [`The published ratio ${value} lies inside the interval of none of ${of}.`]
  }
  const silent = inside.filter(({ oneInside }) => oneInside)
  const telling = inside.filter(({ oneInside }) => !oneInside)
  const clauses = [
    ...(telling.length > 0 ? [`${namesOf(telling, conditions)}, where 1 lies outside`] : []),
    ...(silent.length > 0
      ? [
          `${namesOf(silent, conditions)}, where 1 lies inside as well, so that it says nothing for or against`,
        ]
      : []),
  ]
  return [
    `The published ratio ${value} lies inside the interval of ${inside.length} of ${of}: ${clauses.join('; ')}.`,
  ]
}

function withoutBound(conditions: readonly Condition[]): string[] {
  const open = conditions.filter(({ oneInside }) => oneInside === null)
  return open.length === 0
    ? []
    : [`Under ${namesOf(open, conditions)} a slope may be zero, so that the ratio has no bound.`]
}

function conditionsTable(conditions: readonly Condition[], published: number | null): Markup | null {
  const factor = formatNumber(conditions[0]?.factor ?? Number.NaN)
  const isFaster = published === null || published >= 1
  const sides = conditions.flatMap(({ numerator, denominator }) => [numerator, denominator])
  const isApparent = sides.some(({ verdict }) => verdict !== 'diffusive')
  const isMixed = new Set(conditions.map(({ of }) => of)).size > 1
  const varies = (of: (row: Condition) => unknown) => conditions.some(row => of(row) !== null)
  const hasUnits = varies(({ degree }) => degree) || varies(({ placement }) => placement)
  return recordTable(
    null,
    [
      'Case',
      'Conditions',
      `${isApparent ? 'Apparent slopes' : 'Slopes'}, Å²/ps`,
      'Ratio',
      isFaster ? `P(≥ ${factor})` : `P(≤ 1/${factor})`,
      ...(published === null ? [] : [`${formatNumber(published)} inside?`]),
      '1 inside?',
    ],
    conditions.map(row => [
      html`<a href="${row.page}">${rowName(row, conditions)}</a>`,
      html`${formatNumber(row.temperature_K, 4)} K<small>charge scale ${formatNumber(row.chargeScale)}</small>${hasUnits && units(row)}`,
      html`${side(row.numerator)}${side(row.denominator, row.borrowedFrom)}`,
      html`${measured(row.ratio)}${isMixed && html`<small>${row.of}</small>`}`,
      row.probabilities
        ? html`<span class="nowrap">${formatShare(isFaster ? row.probabilities.atLeast : row.probabilities.atMostInverse)}</span>`
        : NOT_KNOWN,
      ...(published === null ? [] : [row.ofPublished ? yesOrNo(row.publishedInside) : '–']),
      yesOrNo(row.oneInside),
    ]),
  )
}

const NOT_KNOWN = 'not known'
const yesOrNo = (yes: boolean | null) => (yes === null ? NOT_KNOWN : yes ? 'yes' : 'no')

function units({ degree, placement }: Condition): Markup | null {
  if (degree === null && placement === null) return null
  const words = [
    ...(degree === null ? [] : [`${formatNumber(100 * degree)} % of units`]),
    ...(placement === null ? [] : [placement]),
  ]
  return html`<small>${words.join(', ')}</small>`
}

function side(
  { name, boxes, slope_A2_per_ps, alpha, verdict }: ComparedSystem,
  borrowedFrom: string | null = null,
): Markup {
  const from = borrowedFrom === null ? '' : ` of ${borrowedFrom}`
  const slope = formatEstimate(slope_A2_per_ps)
  const certainty = slope.interval === null ? '' : `${slope.interval}${slope.power}, `
  return html`<div>${name}${from} <span class="nowrap">${slope.value}${slope.power}</span><small>${certainty}${count(boxes, 'box', 'boxes')}, α ${formatEstimate(alpha).value}, ${verdict}</small></div>`
}

function absentList(absent: readonly AbsentCondition[]): Markup | null {
  if (absent.length === 0) return null
  const reasons = [...new Set(absent.map(({ reason }) => reason))]
  const texts = reasons.map(reason => {
    const names = absent.filter(one => one.reason === reason).map(({ name }) => name)
    return html`<li>${joinWords(names)}: ${reason}</li>`
  })
  return html`<h3 class="sub">Without a result</h3><ul class="note">${texts}</ul>`
}

/** Section on the dependence of slopes on temperature; null where no system was run at two temperatures. */
export function temperatureSection(report: TransportReport): Drawn | null {
  const { study } = report
  if (!study || study.activations.length === 0) return null
  const { activations } = study
  const figures = [arrheniusFigure(activations)]
  const apparent = activations.some(({ points }) => points.some(({ verdict }) => verdict !== 'diffusive'))
  return {
    figures,
    section: {
      id: 'activation',
      title: 'Dependence on temperature',
      lead: html`Slopes at temperatures that differ in nothing else.${
        apparent &&
        ' Not all of them are of diffusive motion: the energies are those of apparent slopes, not of diffusion.'
      }`,
      body: html`<ul class="key">${systemKey(report)}${conditionKey(activations)}</ul>${figureGrid(figures)}${activationTable(activations)}${warnings(activations)}`,
    },
  }
}

/** Key of the symbols of conditions, where there are several. */
function conditionKey(activations: readonly Activation[]): Markup[] {
  const groups = conditionGroups(activations)
  return groups.length < 2 ? [] : groups.map(({ conditions, mark }) => html`<li>${mark} ${conditions}</li>`)
}

function activationTable(activations: readonly Activation[]): Markup | null {
  return recordTable(
    null,
    ['System', 'Activation energy, eV', 'Measured', 'Straight line?'],
    activations.map(({ system, conditions, energy_eV, measured_K, points, pStraight, of }) => [
      html`${system}<small>${conditions}</small>`,
      html`${measured(energy_eV)}<small>${of}</small>`,
      `${measured_K.map(T => formatNumber(T, 4)).join('–')} K, ${count(points.length, 'point', 'points')}`,
      pStraight === null ? 'two points: any line fits' : `p = ${formatNumber(pStraight, 2)}`,
    ]),
  )
}

function warnings(activations: readonly Activation[]): Markup | null {
  const read = activations.flatMap(({ system, conditions, outside, measured_K }) =>
    outside
      ? [
          html`<li><strong>${formatNumber(outside.asked_K, 4)} K lies outside what was measured</strong> of ${system} (${conditions}, ${measured_K
            .map(T => formatNumber(T, 4))
            .join(
              '–',
            )} K). The line there, ${formatMeasurement(outside.value, 'Å²/ps')}, assumes that nothing changes on the way, such as a glass transition.</li>`,
        ]
      : [],
  )
  const still = activations.flatMap(({ system, conditions, leftOut_K }) =>
    leftOut_K.length === 0
      ? []
      : [
          html`<li>${system} (${conditions}) may stand still at ${joinWords(leftOut_K.map(T => `${formatNumber(T, 4)} K`))}: the line leaves that out.</li>`,
        ],
  )
  const all = [...read, ...still]
  return all.length === 0 ? null : html`<ul class="note">${all}</ul>`
}

/** Number of boxes of each system from which their distribution is shown. */
const BOXES_FOR_SECTION = 3

/** Section on the ratios of single boxes; null for a few boxes. */
export function boxesSection(report: TransportReport): { section: Section; figures: Figure[] } | null {
  const { comparison } = report
  const oneBox = oneBoxFigure(report)
  if (!comparison || !oneBox) return null
  if (Math.min(comparison.numerator.boxes, comparison.denominator.boxes) < BOXES_FOR_SECTION) return null
  const figures = [boxesFigure(report), oneBox]
  return {
    figures,
    section: {
      id: 'boxes',
      title: 'One box is not enough',
      lead: html`Boxes of one material differ. Whoever has one box of each sees one of the pairs below.`,
      body: html`<ul class="key">${systemKey(report)}<li><span class="line line-null"></span>two boxes of the same material</li>${publishedKey(report)}</ul>${figureGrid(figures, 'medium')}${statisticsTable(comparison)}`,
    },
  }
}

function publishedKey({ published }: TransportReport): Markup | null {
  const labels = [...new Set(published.map(({ label }) => label))]
  return labels.length === 0
    ? null
    : html`<li><span class="line line-dashed"></span>published, ${joinWords(labels)}</li>`
}

function statisticsTable(comparison: Comparison): Markup | null {
  const { of, factor, probabilities, meanSlopes, geometricMeans, oneBox, sameMaterial } = comparison
  const times = formatNumber(factor)
  const likely = (fraction: number | undefined) =>
    fraction === undefined ? 'not known' : html`${formatShare(fraction)}<small>probability</small>`
  const certain = (kind: Comparison['of']) =>
    kind === of ? [likely(probabilities?.atLeast), likely(probabilities?.atMostInverse)] : ['–', '–']
  const bootstrap = (interval: Interval, how: string) =>
    html`<small>${how}: ${formatInterval(interval)}</small>`
  const byMeans = html`${measured(meanSlopes)}${bootstrap(meanSlopes.bootstrap_ci95, 'bootstrap over boxes, then ions')}`
  const byBoxes =
    geometricMeans &&
    html`${measured(geometricMeans)}${bootstrap(geometricMeans.bootstrap_ci95, 'bootstrap over boxes')}<small>permutation test: p = ${formatNumber(geometricMeans.pValue, 2)}</small>`
  return recordTable(
    null,
    ['', 'Ratio', `${times} or more`, `1/${times} or less`],
    [
      ...(byBoxes ? [['Geometric means of boxes', byBoxes, ...certain('geometric means')]] : []),
      ['Mean slopes', byMeans, ...certain('mean slopes')],
      ['One box against one box', pairRange(oneBox), share(oneBox), formatShare(oneBox.atMostInverse)],
      ...(sameMaterial.pooled
        ? [['Two boxes of the same material', pairRange(sameMaterial.pooled), ...sameShares(comparison)]]
        : []),
    ],
  )
}

const pairRange = (pairs: PairRatios): Markup =>
  html`${formatInterval(pairs.range90)}<small>90 % of ${pairs.pairs} pairs</small>`

function share({ atLeast, atLeast_ci95: [low, high] }: PairRatios): Markup {
  // Where no pair has the ratio, or every pair, resampling cannot give the error of the fraction.
  const interval = low < high && html`<small>95 %: ${formatShare(low)} to ${formatShare(high)}</small>`
  return html`${formatShare(atLeast)}${interval}`
}

/** Frequencies of the factor between boxes of one material, equal in both directions as every pair is taken twice. */
function sameShares({ numerator, denominator, sameMaterial }: Comparison): (Markup | string)[] {
  const { pooled, logNormal } = sameMaterial
  const each = [
    { name: denominator.name, pairs: sameMaterial.denominator },
    { name: numerator.name, pairs: sameMaterial.numerator },
  ].flatMap(({ name, pairs }) => (pairs ? [html`<small>${name}: ${formatShare(pairs.atLeast)}</small>`] : []))
  const model =
    logNormal === null ? null : html`<small>if ln slope is normal: ${formatShare(logNormal)}</small>`
  return [html`${share(pooled!)}${each}${model}`, formatShare(pooled!.atMostInverse)]
}
