import { formatMeasurement, formatNumber } from '../../format.ts'
import {
  axis,
  column,
  type DataSeries,
  type Figure,
  guideLine,
  hoverLabel,
  type Layout,
  logAxis,
  plotText,
} from '../../web/figure.ts'
import type { Condition, PublishedRatio } from '../model.ts'
import { publishedLabel, publishedLine } from './trust.ts'

/** Colour of ratios whose numerators have none. */
const PLAIN = 'var(--ink)'

/** The ratio under every condition with its interval, one line each. */
export function conditionsFigure(conditions: readonly Condition[], published: PublishedRatio | null): Figure {
  const rows = conditions.map(row => ({ ...row, text: rowName(row, conditions) }))
  const kinds = [...new Set(rows.map(({ of }) => of))]
  const bounds = [
    1,
    ...(published ? [published.value] : []),
    ...rows.flatMap(({ ratio }) => [ratio.value, ...(ratio.ci95 ?? [])]),
  ].filter(value => value > 0 && Number.isFinite(value))
  // Beyond a hundredth and a hundredfold an interval says no more than that it is wide.
  const range = [Math.max(0.01, Math.min(...bounds)) / 1.4, Math.min(100, Math.max(...bounds)) * 1.4] as const
  const clipped = (value: number) => Math.min(range[1], Math.max(range[0], value))
  const series = rows.map(
    ({ name, numerator, denominator, ratio }): DataSeries => ({
      keys: { case: name, numerator: numerator.name, denominator: denominator.name },
      columns: {
        ratio: column([ratio.value]),
        low: column([ratio.ci95?.[0] ?? Number.NaN]),
        high: column([ratio.ci95?.[1] ?? Number.NaN]),
      },
    }),
  )
  return {
    id: 'ratios',
    title: 'Ratio under every condition',
    alt: `Ratio of slopes with 95 % interval. ${rows
      .map(({ text, ratio }) => `${text}: ${formatMeasurement(ratio)}`)
      .join('; ')}.${published ? ` Published: ${formatNumber(published.value)}.` : ''}`,
    dataset: { id: 'ratios', title: 'Ratios under all conditions', series },
    traces: rows.flatMap(({ text, ratio, color: own }, k) => {
      const color = own ?? PLAIN
      const shared = {
        series: k,
        name: plotText(text),
        showlegend: false,
        hovertemplate: hoverLabel(text, formatMeasurement(ratio)),
      }
      const ends = ratio.ci95?.map(clipped)
      return [
        ...(ends
          ? [{ ...shared, x: ends, y: ends.map(() => k), mode: 'lines', line: { color, width: 4 } }]
          : []),
        { ...shared, x: [clipped(ratio.value)], y: [k], mode: 'markers', marker: { color, size: 12 } },
      ]
    }),
    layout: {
      xaxis: logAxis(`ratio of ${kinds.length === 1 ? kinds[0] : 'slopes'}`, range),
      yaxis: axis('', {
        range: [rows.length - 0.4, published ? -1.1 : -0.6],
        tickmode: 'array',
        tickvals: rows.map((_, k) => k),
        ticktext: rows.map(({ text }) => plotText(text)),
        showgrid: false,
        showline: false,
        ticks: '',
        ticksuffix: ' ',
      }),
      shapes: [guideLine({ x0: 1, x1: 1 }), ...(published ? [publishedLine(published.value)] : [])],
      annotations: published ? [publishedLabel(published.value, published.label)] : [],
    } satisfies Layout,
  }
}

/** The case, and the systems where a case has several ratios. */
export function rowName(
  { name, numerator, denominator }: Condition,
  conditions: readonly Condition[],
): string {
  const rows = conditions.filter(row => row.name === name)
  if (rows.length === 1) return name
  const isOnly = rows.filter(row => row.numerator.name === numerator.name).length === 1
  return `${name} (${isOnly ? numerator.name : `${numerator.name} : ${denominator.name}`})`
}
