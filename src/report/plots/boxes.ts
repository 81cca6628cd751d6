import type { PairRatios } from '../../analysis/boxes.ts'
import type { Comparison } from '../../analysis/comparison.ts'
import { formatMeasurement, formatNumber, formatShare } from '../../format.ts'
import {
  axis,
  column,
  type DataSeries,
  errorBars,
  type Figure,
  guideLine,
  hoverLabel,
  type Layout,
  label,
  logAxis,
  PUBLISHED_LINE,
  perSystem,
  plotText,
  systemColors,
  type Trace,
} from '../../web/figure.ts'
import type { SystemReport, TransportReport } from '../model.ts'
import { publishedLabel, publishedLine } from './trust.ts'

const SLOPE_AXIS = 'slope / Å² ps⁻¹'
/** Left and right end of a system's dots, systems being 1 apart; the published value stands to their left. */
const CLOUD = [-0.1, 0.2] as const

/** The slope of every box, one column of dots a system, with their typical value and what was published. */
export function boxesFigure(report: TransportReport): Figure {
  const colors = systemColors(report.systems)
  const perBox = report.systems.map(system => moving(system).map(({ slope_A2_per_ps }) => slope_A2_per_ps))
  const typical = report.systems.map(({ boxes }) => boxes.geometricMean ?? boxes.median)
  const published = report.published.map(({ system, slope_A2_per_ps, label }) => ({
    column: report.systems.findIndex(({ name }) => name === system),
    slope_A2_per_ps,
    label,
  }))
  const shown = [
    ...perBox.flat(),
    ...typical.flatMap(({ ci95 }) => ci95 ?? []),
    ...published.map(one => one.slope_A2_per_ps),
  ].filter(slope => slope > 0)
  const dots = report.systems.map(
    (system, k): DataSeries => ({
      keys: { system: system.name, kind: 'box' },
      columns: {
        seed: moving(system).map(({ seed }) => seed),
        slope_A2_per_ps: column(perBox[k]!),
      },
    }),
  )
  const means = report.systems.map(
    ({ name, boxes }, k): DataSeries => ({
      keys: { system: name, kind: boxes.geometricMean ? 'geometric mean' : 'median' },
      columns: {
        slope_A2_per_ps: column([typical[k]!.value]),
        low_A2_per_ps: column([typical[k]!.ci95?.[0] ?? Number.NaN]),
        high_A2_per_ps: column([typical[k]!.ci95?.[1] ?? Number.NaN]),
      },
    }),
  )
  return {
    id: 'box-slopes',
    title: 'Slope of every box',
    alt: `Slopes of single boxes, logarithmic axis. ${perSystem(
      report,
      ({ replicas, boxes }) =>
        `${replicas.length} boxes from ${formatNumber(boxes.range[0])} to ${formatNumber(boxes.range[1])} Å²/ps, median ${formatNumber(boxes.median.value)}${
          boxes.geometricMean ? `, geometric mean ${formatMeasurement(boxes.geometricMean)}` : ''
        }`,
    )}.${published.map(one => ` ${one.label}: ${formatNumber(one.slope_A2_per_ps)} Å²/ps.`).join('')}`,
    dataset: { id: 'box-slopes', title: 'Slope of every box', series: [...dots, ...means] },
    traces: [
      ...dots.map(
        ({ keys }, k): Trace => ({
          series: k,
          x: spread(k, perBox[k]!.length),
          y: 'slope_A2_per_ps',
          mode: 'markers',
          name: plotText(keys.system!),
          marker: { color: colors[k], size: 9, opacity: 0.75 },
          hovertemplate: hoverLabel(`${keys.system}, one box`, '%{y:.3~g} Å²/ps'),
        }),
      ),
      ...means.map((mean, k) => meanTrace(mean, k, report.systems.length + k, typical[k]!, colors[k]!)),
    ],
    layout: boxesLayout(
      report.systems.map(({ name }) => name),
      published,
      means.every(({ keys }) => keys.kind === 'geometric mean'),
      [Math.min(...shown) / 1.6, Math.max(...shown) * 1.8],
    ),
  }
}

interface PublishedLine {
  /** Index of the system. */
  readonly column: number
  readonly slope_A2_per_ps: number
}

const boxesLayout = (
  names: readonly string[],
  published: readonly PublishedLine[],
  isGeometric: boolean,
  range: readonly [number, number],
): Layout => ({
  xaxis: axis(`◆ ${isGeometric ? 'geometric mean' : 'typical value'}, 95 %`, {
    range: [-0.5, names.length - 0.5],
    tickmode: 'array',
    tickvals: names.map((_, k) => k),
    ticktext: names.map(plotText),
    showgrid: false,
    ticks: '',
  }),
  yaxis: logAxis(SLOPE_AXIS, range),
  shapes: published.map(one => ({
    type: 'line',
    x0: one.column - 0.46,
    x1: one.column + 0.42,
    y0: one.slope_A2_per_ps,
    y1: one.slope_A2_per_ps,
    line: PUBLISHED_LINE,
  })),
  annotations: published.map(one =>
    label(formatNumber(one.slope_A2_per_ps), {
      x: one.column - 0.46,
      y: Math.log10(one.slope_A2_per_ps),
      xanchor: 'left',
      yanchor: 'bottom',
    }),
  ),
})

const moving = ({ replicas }: SystemReport) => replicas.filter(({ slope_A2_per_ps }) => slope_A2_per_ps > 0)

/** Places of the dots beside each other, in the order of the boxes. */
function spread(system: number, boxes: number): number[] {
  const [left, right] = CLOUD
  const place = (k: number) => (boxes > 1 ? k / (boxes - 1) : 0.5)
  return Array.from({ length: boxes }, (_, k) => system + left + (right - left) * place(k))
}

function meanTrace(
  { keys }: DataSeries,
  system: number,
  series: number,
  { value, ci95 }: { value: number; ci95: readonly [number, number] | null },
  color: string,
): Trace {
  const name = `${keys.system}, ${keys.kind}`
  return {
    series,
    x: [system + 0.33],
    y: 'slope_A2_per_ps',
    mode: 'markers',
    name: plotText(name),
    marker: { color, size: 13, symbol: 'diamond', line: { color: 'var(--surface)', width: 1.5 } },
    ...(ci95 && {
      error_y: errorBars([value], [ci95], { color, thickness: 2.4, width: 5 }),
    }),
    hovertemplate: hoverLabel(name, formatMeasurement({ value, ci95 }, 'Å²/ps')),
  }
}

interface Curve {
  readonly name: string
  readonly pairs: PairRatios
  readonly color: string
  readonly width: number
}

/** Distribution of the ratios of single boxes, of two materials and of one. */
export function oneBoxFigure(report: TransportReport): Figure | null {
  const { comparison, publishedRatio } = report
  if (!comparison) return null
  const { factor, oneBox } = comparison
  const { pooled } = comparison.sameMaterial
  const [numerator, denominator] = [comparison.numerator.name, comparison.denominator.name]
  const color = systemColors(report.systems)[report.systems.findIndex(({ name }) => name === numerator)]!
  const curves: Curve[] = [
    ...(pooled ? [{ name: 'same material', pairs: pooled, color: 'var(--null)', width: 3 }] : []),
    { name: `${numerator} : ${denominator}`, pairs: oneBox, color, width: 3 },
  ]
  const series = curves.map(({ name, pairs }): DataSeries => {
    const ratios = Array.from(pairs.ratios).filter(ratio => ratio > 0 && Number.isFinite(ratio))
    return {
      keys: { pairs: name },
      columns: {
        ratio: column(ratios),
        // Ratios that have no logarithm count; infinite ones are the largest.
        share_at_least: column(ratios.map((_, k) => 1 - (k + zeros(pairs)) / pairs.pairs)),
      },
    }
  })
  const all = series.flatMap(({ columns }) => columns.ratio as number[])
  const marks = [factor, 1 / factor, ...(publishedRatio ? [publishedRatio.value] : [])]
  return {
    id: 'one-box',
    title: 'One box against one box',
    alt: `Fraction of pairs of single boxes whose slopes have at least a given ratio. ${describePairs(comparison, `${numerator} against ${denominator}`)}.`,
    dataset: { id: 'one-box', title: 'Ratios of single boxes', series },
    traces: curves.map(
      ({ name, color: lineColor, width }, k): Trace => ({
        series: k,
        x: 'ratio',
        y: 'share_at_least',
        mode: 'lines',
        name: plotText(name),
        line: { color: lineColor, width, shape: 'vh' },
        hovertemplate: hoverLabel(name, '%{y:.1%} of pairs have %{x:.3~g} or more'),
      }),
    ),
    layout: {
      xaxis: logAxis('ratio of two boxes', [
        Math.min(...all, ...marks) / 1.3,
        Math.max(...all, ...marks) * 1.3,
      ]),
      yaxis: axis('share of pairs with at least this ratio', {
        range: [0, 1.02],
        tickformat: '.0%',
      }),
      shapes: [guideLine({ x0: 1, x1: 1 }), ...(publishedRatio ? [publishedLine(publishedRatio.value)] : [])],
      annotations: publishedRatio ? [besidePublished(publishedRatio)] : [],
    } satisfies Layout,
  }
}

/** Label of the published ratio on the side towards 1, where there is room: the curves fall only farther to the right. */
function besidePublished({ value, label }: NonNullable<TransportReport['publishedRatio']>): Layout {
  const shared = publishedLabel(value, label)
  return value >= 1 ? shared : { ...shared, xanchor: 'left', xshift: 4 }
}

const zeros = ({ ratios }: PairRatios) => Array.from(ratios).filter(ratio => !(ratio > 0)).length

function describePairs({ factor, oneBox, sameMaterial: { pooled } }: Comparison, names: string): string {
  const phrase = (name: string, pairs: PairRatios) =>
    `${name}: 90 % of ${pairs.pairs} pairs from ${formatNumber(pairs.range90[0])} to ${formatNumber(pairs.range90[1])}, at least ${formatNumber(factor)} in ${formatShare(pairs.atLeast)}`
  return [phrase(names, oneBox), ...(pooled ? [phrase('Same material', pooled)] : [])].join('; ')
}
