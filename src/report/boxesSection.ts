import type { PairRatios } from '../analysis/boxes.ts'
import type { Comparison } from '../analysis/comparison.ts'
import type { Interval } from '../analysis/stats.ts'
import { formatInterval, formatNumber, formatShare, joinWords } from '../format.ts'
import type { Figure } from '../web/figure.ts'
import { html, type Markup } from '../web/html.ts'
import type { TransportReport } from './model.ts'
import { figureGrid, recordTable } from './parts.ts'
import { boxesFigure, oneBoxFigure } from './plots/boxes.ts'
import { systemKey } from './sections.ts'
import type { Section } from './shell.ts'
import { measured } from './tables.ts'

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
