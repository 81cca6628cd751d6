import { formatMeasurement, formatNumber } from '../../format.ts'
import {
  axis,
  column,
  type DataSeries,
  type Dataset,
  type Figure,
  fitWindows,
  hoverLabel,
  type Layout,
  label,
  logAxis,
  perSystem,
  plotText,
  pointsPerSeries,
  systemColors,
  type Trace,
  thinnedForBothScales,
  VEILED,
} from '../../web/figure.ts'
import type { TransportReport } from '../model.ts'

const TIME_AXIS = '<i>t</i> / ps'
const MSD_AXIS = '⟨Δ<i>r</i>²⟩ / Å²'
/** Height of the plotting area on a wide screen, for keeping labels apart. */
const PLOT_HEIGHT_PX = 320
const LABEL_HEIGHT_PX = 16

/** Extremes over every curve; what is not positive has no place on logarithmic axes. */
interface Range {
  readonly firstLag_ps: number
  readonly lastLag_ps: number
  readonly lowest_A2: number
  readonly highest_A2: number
}

/** The mean-squared displacement on linear and on logarithmic axes; both show the same data. None without data. */
export function msdFigures(report: TransportReport): Figure[] {
  const dataset = msdDataset(report)
  const range = rangeOf(dataset)
  if (!range) return []
  const published = report.published.map(
    ({ system, slope_A2_per_ps }) => `${system} ${formatNumber(slope_A2_per_ps)} Å²/ps`,
  )
  const alt = [
    perSystem(report, ({ slope_A2_per_ps, fit, replicas, verdict }) =>
      [
        `slope ${formatMeasurement(slope_A2_per_ps, 'Å²/ps')} from ${fit.from_ps} to ${fit.to_ps} ps`,
        `${replicas.length} replicas, ${verdict}`,
      ].join(', '),
    ),
    ...(published.length > 0 ? [`Published slopes: ${published.join(', ')}`] : []),
  ].join('. ')
  return [
    {
      id: 'msd-linear',
      title: 'Linear',
      alt: `Mean-squared displacement against time, linear axes. ${alt}.`,
      dataset,
      traces: curves(report, dataset, range, false),
      layout: linearLayout(report, range),
    },
    {
      id: 'msd-log',
      title: 'Log–log',
      alt: `Mean-squared displacement against time, logarithmic axes. ${alt}. ${perSystem(
        report,
        ({ alpha }) => `α ${formatMeasurement(alpha)}`,
      )}.`,
      dataset,
      traces: [...curves(report, dataset, range, true), slopeOneGuide(range)],
      layout: logarithmicLayout(report, range),
    },
  ]
}

function msdDataset(report: TransportReport): Dataset {
  const limit = pointsPerSeries(report, 6000)
  const pick = (lags: ArrayLike<number>) => thinnedForBothScales(lags.length, limit)
  const means: DataSeries[] = report.systems.map(({ name, mean }) => {
    const indices = pick(mean.lag_ps)
    return {
      keys: { system: name, replica: 'mean' },
      columns: {
        lag_ps: column(mean.lag_ps, indices),
        msd_A2: column(mean.msd_A2, indices),
        ...(mean.low_A2 && { low_A2: column(mean.low_A2, indices) }),
        ...(mean.high_A2 && { high_A2: column(mean.high_A2, indices) }),
      },
    }
  })
  const replicas = report.systems.flatMap(system =>
    system.replicas.map(({ seed, lag_ps, msd_A2 }): DataSeries => {
      const indices = pick(lag_ps)
      return {
        keys: { system: system.name, replica: `seed ${seed}` },
        columns: { lag_ps: column(lag_ps, indices), msd_A2: column(msd_A2, indices) },
      }
    }),
  )
  const published = publishedSeries(report, [...means, ...replicas])
  return { id: 'msd', title: 'Mean-squared displacement', series: [...means, ...replicas, ...published] }
}

/** A published slope is a straight line through the origin, drawn over the range of our lags. */
function publishedSeries(report: TransportReport, ours: readonly DataSeries[]): DataSeries[] {
  const lags = ours.flatMap(series => series.columns.lag_ps as (number | null)[])
  const positive = lags.filter((lag): lag is number => lag !== null && lag > 0)
  const ends = [Math.min(...positive), Math.max(...positive)]
  return report.published.map(({ system, label, slope_A2_per_ps }) => ({
    keys: { system, replica: `published, ${label}` },
    columns: {
      lag_ps: column(ends),
      msd_A2: column(ends.map(lag => lag * slope_A2_per_ps)),
    },
  }))
}

function rangeOf(dataset: Dataset): Range | null {
  const all = (name: string) =>
    dataset.series.flatMap(({ columns }) =>
      (columns[name] ?? []).filter((value): value is number => typeof value === 'number' && value > 0),
    )
  const lags = all('lag_ps')
  const msds = all('msd_A2')
  if (lags.length === 0 || msds.length === 0) return null
  const ours = dataset.series.filter(({ keys }) => !keys.replica!.startsWith('published'))
  const highest = ours.flatMap(({ columns }) => [...(columns.msd_A2 ?? []), ...(columns.high_A2 ?? [])])
  return {
    firstLag_ps: lags.reduce((a, b) => Math.min(a, b)),
    lastLag_ps: lags.reduce((a, b) => Math.max(a, b)),
    lowest_A2: msds.reduce((a, b) => Math.min(a, b)),
    highest_A2: highest.reduce<number>((a, b) => (typeof b === 'number' ? Math.max(a, b) : a), 0),
  }
}

function curves(report: TransportReport, dataset: Dataset, range: Range, logarithmic: boolean): Trace[] {
  const colors = systemColors(report.systems)
  const systemOf = (series: DataSeries) => report.systems.findIndex(({ name }) => name === series.keys.system)
  const indexed = dataset.series.map((series, index) => ({ series, index, system: systemOf(series) }))
  const means = indexed.filter(({ series }) => series.keys.replica === 'mean')
  const replicas = indexed.filter(({ series }) => series.keys.replica!.startsWith('seed'))
  const published = indexed.filter(({ series }) => series.keys.replica!.startsWith('published'))
  const hover = (name: string) => hoverLabel(name, '%{y:.3~g} Å² at %{x:.3~g} ps')
  // A band that reaches below zero would be torn on a logarithmic axis; it ends at the axis instead.
  const floor = range.lowest_A2 / 100
  const lowEdge = (series: DataSeries) =>
    (series.columns.low_A2 ?? []).map(value =>
      logarithmic && typeof value === 'number' ? Math.max(value, floor) : value,
    )
  return [
    ...means
      .filter(({ series }) => series.columns.low_A2 && series.columns.high_A2)
      .flatMap(({ series, index }): Trace[] => {
        const edge = { series: index, x: 'lag_ps', mode: 'lines', line: { width: 0 }, hoverinfo: 'skip' }
        return [
          { ...edge, y: lowEdge(series), showlegend: false },
          { ...edge, y: 'high_A2', fill: 'tonexty', fillcolor: 'var(--band)', showlegend: false },
        ]
      }),
    ...replicas.map(({ series, index, system }) => ({
      series: index,
      x: 'lag_ps',
      y: 'msd_A2',
      mode: 'lines',
      name: plotText(`${series.keys.system}, ${series.keys.replica}`),
      line: { color: colors[system], width: 1.1 },
      opacity: 0.7,
      showlegend: false,
      hovertemplate: hover(`${series.keys.system}, ${series.keys.replica}`),
    })),
    ...means.map(({ series, index, system }) => ({
      series: index,
      x: 'lag_ps',
      y: 'msd_A2',
      mode: 'lines',
      name: plotText(series.keys.system!),
      line: { color: colors[system], width: 3 },
      hovertemplate: hover(`${series.keys.system}, mean`),
    })),
    ...published.map(({ series, index }, k) => ({
      series: index,
      x: 'lag_ps',
      y: 'msd_A2',
      mode: 'lines',
      name: plotText(`${series.keys.system}, ${series.keys.replica}`),
      line: { color: 'var(--ink)', width: 1.6, dash: DASHES[k % DASHES.length] },
      hovertemplate: hover(`${series.keys.system}, ${series.keys.replica}`),
    })),
  ]
}

const DASHES = ['dash', 'dot', 'dashdot'] as const

function publishedText(report: TransportReport, k: number): string {
  const { label, system, slope_A2_per_ps } = report.published[k]!
  return plotText(`${label}, ${system}: ${formatNumber(slope_A2_per_ps)} Å²/ps`)
}

const BESIDE_LINE = { ...VEILED, borderpad: 1 }

function linearLayout(report: TransportReport, range: Range): Layout {
  const window = fitWindows(report.systems)
  const top = range.highest_A2 * 1.1
  const order = report.published
    .map(({ slope_A2_per_ps }, k) => ({ k, end_A2: slope_A2_per_ps * range.lastLag_ps }))
    .sort((a, b) => a.end_A2 - b.end_A2)
  let free_px = 0
  const labels = order.map(({ k, end_A2 }) => {
    const line_px = Math.min(1, end_A2 / top) * PLOT_HEIGHT_PX
    const place_px = Math.min(Math.max(line_px + 3, free_px), PLOT_HEIGHT_PX - 2 * LABEL_HEIGHT_PX)
    free_px = place_px + LABEL_HEIGHT_PX
    const offScale = end_A2 > top ? ' ↑' : ''
    return label(publishedText(report, k) + offScale, {
      ...BESIDE_LINE,
      x: 1,
      xref: 'paper',
      xanchor: 'right',
      y: Math.min(end_A2, top),
      yref: 'y',
      yanchor: 'bottom',
      yshift: place_px - line_px,
    })
  })
  return {
    xaxis: axis(TIME_AXIS, { range: [0, range.lastLag_ps] }),
    yaxis: axis(MSD_AXIS, { range: [0, top] }),
    shapes: window.shapes,
    annotations: [...window.annotations, ...labels],
  }
}

function logarithmicLayout(report: TransportReport, range: Range): Layout {
  const window = fitWindows(report.systems, true)
  const guide = slopeOneGuide(range)
  const order = report.published
    .map(({ slope_A2_per_ps }, k) => ({ k, slope_A2_per_ps }))
    .sort((a, b) => b.slope_A2_per_ps - a.slope_A2_per_ps)
  // Lines rise to the right and stay below what rattles: labels end above the steepest one, begin below the others.
  const part = (fraction: number) => range.firstLag_ps * (range.lastLag_ps / range.firstLag_ps) ** fraction
  const labels = order.map(({ k, slope_A2_per_ps }, rank) => {
    const [xanchor, yanchor, yshift] = rank === 0 ? ['right', 'bottom', 2] : ['left', 'top', -2]
    // The longest text is half as wide as the plot: so it keeps off the axis.
    const lag_ps = part(rank === 0 ? 0.6 : 0.45)
    return label(publishedText(report, k), {
      ...BESIDE_LINE,
      x: Math.log10(lag_ps),
      xanchor,
      y: Math.log10(lag_ps * slope_A2_per_ps),
      yanchor,
      yshift,
    })
  })
  const lowest = range.lowest_A2 / (order.length > 1 ? 6 : 2)
  return {
    xaxis: logAxis(TIME_AXIS, [range.firstLag_ps, range.lastLag_ps * 1.02]),
    yaxis: logAxis(MSD_AXIS, [lowest, Math.max(range.highest_A2, ...(guide.y as number[])) * 3]),
    shapes: window.shapes,
    annotations: [
      ...window.annotations,
      ...labels,
      label('slope 1', {
        ...BESIDE_LINE,
        x: Math.log10((guide.x as number[])[0]!),
        y: Math.log10((guide.y as number[])[0]!),
        xanchor: 'right',
        yanchor: 'bottom',
        xshift: -4,
        font: { size: 12, color: 'var(--muted)' },
      }),
    ],
  }
}

/** Half a decade of MSD ∝ t, above everything else. */
function slopeOneGuide({ lastLag_ps, highest_A2 }: Range): Trace {
  const ends = [lastLag_ps / Math.sqrt(10), lastLag_ps]
  return {
    series: 0,
    x: ends,
    y: ends.map(lag => (4 * highest_A2 * lag) / lastLag_ps),
    mode: 'lines',
    name: 'slope 1',
    line: { color: 'var(--muted)', width: 1.4 },
    hoverinfo: 'skip',
    showlegend: false,
  }
}
