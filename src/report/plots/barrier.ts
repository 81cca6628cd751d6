import { formatFixed, formatRange } from '../../format.ts'
import {
  axis,
  column,
  type DataSeries,
  errorBars,
  type Figure,
  hoverLabel,
  keptApart,
  type Layout,
  label,
  PUBLISHED_LINE,
  plotText,
  type Trace,
  VEILED,
} from '../../web/figure.ts'
import { type BarrierCase, type BarrierReport, type CaseRole, caseColors } from '../barrierModel.ts'
import { casesOf } from '../barrierSentence.ts'

const ROLE_TITLES: Readonly<Record<CaseRole, string>> = {
  main: 'Cases',
  sensitivity: 'Sensitivity',
  'counter-example': 'Counter-examples',
  'null-test': 'Null tests',
}

const ROLES = ['main', 'sensitivity', 'counter-example', 'null-test'] as const

/** Height of the plotting area on a narrow screen, for keeping labels apart. */
const PLOT_HEIGHT_PX = 260
const LABEL_HEIGHT_PX = 15
/** Share of the longest path that is added on the right for the published barriers. */
const GUTTER = 0.34

/** Smallest number of rows that the height is divided by: it limits the thickness of the bars of a few cases. */
const ROWS_AT_LEAST = 4.5

interface Coloured {
  readonly item: BarrierCase
  readonly color: string
}

interface PublishedTick {
  readonly published: BarrierReport['published'][number]
  readonly color: string
}

type Numbers = ArrayLike<number>

function coloured(report: BarrierReport, role: CaseRole): Coloured[] {
  const colors = caseColors(report.cases)
  return report.cases.flatMap((item, k) => (item.role === role ? [{ item, color: colors[k]! }] : []))
}

function publishedOf(report: BarrierReport, { name }: BarrierCase) {
  return report.published.filter(candidate => candidate.case === name)
}

/** Description of a case for the text alternative of the figure. */
function spoken(report: BarrierReport, item: BarrierCase): string {
  const { name, barrier_eV, range, converged } = item
  return [
    `${name}: ${formatFixed(barrier_eV)} eV`,
    ...(range ? [`${formatRange(range.range_eV)} eV over ${range.varied}`] : []),
    ...publishedOf(report, item).map(({ label, barrier_eV: value }) => `${label} ${formatFixed(value)} eV`),
    ...(converged ? [] : ['not converged']),
  ].join(', ')
}

/** Energy along the path for all main cases on one axis; published barriers as ticks at the right. */
export function energyFigure(report: BarrierReport): Figure {
  const found = coloured(report, casesOf(report, 'main').length > 0 ? 'main' : report.cases[0].role)
  const series = (kind: string, of: (path: BarrierCase['path']) => [path_A: Numbers, energy_eV: Numbers]) =>
    found.map(({ item: { name, path } }): DataSeries => {
      const [path_A, energy_eV] = of(path)
      return { keys: { case: name, kind }, columns: { path_A: column(path_A), energy_eV: column(energy_eV) } }
    })
  const all = [
    ...series('curve', ({ curve }) => [curve.path_A, curve.energies_eV]),
    ...series('image', ({ path_A, energies_eV }) => [path_A, energies_eV]),
    ...series('saddle', ({ saddle }) => [[saddle.path_A], [saddle.energy_eV]]),
  ]
  const longest_A = Math.max(...found.map(({ item: { path } }) => path.path_A[path.path_A.length - 1]!))
  const ticks = found
    .flatMap(({ item, color }) => publishedOf(report, item).map(published => ({ published, color })))
    .sort((a, b) => a.published.barrier_eV - b.published.barrier_eV)
  all.push(
    ...ticks.map(({ published: { case: name, label, barrier_eV } }) => ({
      keys: { case: name, kind: `published, ${label}` },
      columns: {
        path_A: column([longest_A * 1.05, longest_A * (1 + GUTTER)]),
        energy_eV: column([barrier_eV, barrier_eV]),
      },
    })),
  )
  const energies = all.flatMap(({ columns }) => columns.energy_eV!.filter(value => typeof value === 'number'))
  const lowest = Math.min(0, ...energies)
  const highest = Math.max(...energies)
  const height_eV = highest - lowest
  const range = [lowest - 0.05 * height_eV, highest + 0.13 * height_eV] as const
  return {
    id: 'energy',
    title: 'Energy profile',
    alt: `Energy along the path. ${found.map(({ item }) => spoken(report, item)).join('; ')}.`,
    dataset: { id: 'energy-along-path', title: 'Energy along the path', series: all },
    traces: [...profileTraces(found), ...tickTraces(ticks, 3 * found.length, 1.05 * longest_A)],
    layout: {
      xaxis: axis('path length <i>s</i> / Å', {
        range: [-0.03 * longest_A, longest_A * (ticks.length > 0 ? 1 + GUTTER : 1.03)],
      }),
      yaxis: axis('<i>E</i> / eV', { range }),
      annotations: tickLabels(
        ticks.map(({ published: { case: name, barrier_eV } }) => ({ name, barrier_eV })),
        (range[1] - range[0]) / PLOT_HEIGHT_PX,
      ),
    },
  }
}

/** Curve, images and saddle of every case; series as `energyFigure` orders them. */
const profileTraces = (found: readonly Coloured[]): Trace[] => [
  ...found.map(({ item, color }, k) => ({
    series: k,
    x: 'path_A',
    y: 'energy_eV',
    mode: 'lines',
    name: plotText(item.name),
    line: { color, width: 2.4, ...(item.converged ? {} : { dash: 'dot' }) },
    hoverinfo: 'skip',
  })),
  ...found.map(({ item, color }, k) => ({
    ...points(found.length + k, item.name, 'image %{customdata}: %{y:.3f} eV at %{x:.2f} Å'),
    customdata: Array.from(item.path.path_A, (_, image) => image + 1),
    marker: { color, size: 7 },
  })),
  ...found.map(({ item, color }, k) => ({
    ...points(2 * found.length + k, item.name, 'saddle: %{y:.3f} eV at %{x:.2f} Å'),
    marker: { color: 'var(--surface)', size: 13, symbol: 'diamond', line: { color, width: 2.6 } },
  })),
]

/** Published barriers as dashed lines with a triangle at their left end. @param first series of the first one */
const tickTraces = (ticks: readonly PublishedTick[], first: number, left_A: number): Trace[] =>
  ticks.flatMap(({ published: { case: name, label, barrier_eV }, color }, k): Trace[] => {
    const hovertemplate = hoverLabel(`${name}, ${label}`, `${formatFixed(barrier_eV)} eV`)
    const shared = {
      series: first + k,
      showlegend: false,
      hovertemplate,
      name: plotText(`${name}, ${label}`),
    }
    return [
      {
        ...shared,
        x: 'path_A',
        y: 'energy_eV',
        mode: 'lines',
        line: PUBLISHED_LINE,
      },
      {
        ...shared,
        x: [left_A],
        y: [barrier_eV],
        mode: 'markers',
        marker: { color, size: 10, symbol: 'triangle-left' },
      },
    ]
  })

function points(series: number, name: string, text: string): Trace {
  return {
    series,
    x: 'path_A',
    y: 'energy_eV',
    mode: 'markers',
    name: plotText(name),
    showlegend: false,
    hovertemplate: hoverLabel(name, text),
  }
}

/** Labels on their lines, pushed up where two of them would meet. */
function tickLabels(
  ticks: readonly { readonly name: string; readonly barrier_eV: number }[],
  eV_per_px: number,
): Layout[] {
  const places_eV = keptApart(
    ticks.map(({ barrier_eV }) => barrier_eV),
    LABEL_HEIGHT_PX * eV_per_px,
  )
  return ticks.map(({ name, barrier_eV }, k) =>
    label(`${plotText(name)} ${formatFixed(barrier_eV)}`, {
      ...VEILED,
      x: 1,
      xref: 'paper',
      xanchor: 'right',
      y: places_eV[k],
      yanchor: 'bottom',
      yshift: 1,
      borderpad: 0,
    }),
  )
}

interface Row extends Coloured {
  readonly y: number
}

/** Rows of bars from top to bottom, a gap and a heading before every group but the main one. */
function barRows(report: BarrierReport): { rows: Row[]; heads: { text: string; y: number }[]; end: number } {
  const rows: Row[] = []
  const heads: { text: string; y: number }[] = []
  let y = 0
  for (const role of ROLES) {
    const found = coloured(report, role)
    if (found.length === 0) continue
    if (role !== 'main' && rows.length > 0) {
      heads.push({ text: ROLE_TITLES[role], y: y + 0.2 })
      y += 0.65
    }
    for (const entry of found) {
      rows.push({ ...entry, y })
      y += 1
    }
  }
  return { rows, heads, end: y }
}

type BarRows = ReturnType<typeof barRows>

/** Barriers as bars with what varying moves them by and the published ones; what is no result is set apart. */
export function barrierFigure(report: BarrierReport): Figure {
  const { rows, heads, end } = barRows(report)
  const published = rows.flatMap(({ item, y }) => publishedOf(report, item).map(entry => ({ ...entry, y })))
  const reach = [
    ...rows.flatMap(({ item }) => [item.barrier_eV, ...(item.range?.range_eV ?? [])]),
    ...published.map(({ barrier_eV }) => barrier_eV),
  ]
  const series: DataSeries[] = rows.map(({ item }) => ({
    keys: { case: item.name, role: item.role, status: item.status, varied: item.range?.varied ?? '' },
    columns: {
      barrier_eV: column([item.barrier_eV]),
      low_eV: [item.range ? item.range.range_eV[0] : null],
      high_eV: [item.range ? item.range.range_eV[1] : null],
      published_eV: [publishedOf(report, item)[0]?.barrier_eV ?? null],
      converged: [item.converged ? 'yes' : 'no'],
    },
  }))
  return {
    id: 'barriers',
    title: 'Barriers',
    alt: `Barriers. ${rows
      .map(({ item }) => (item.role === 'main' ? '' : `${item.role} `) + spoken(report, item))
      .join('; ')}.`,
    dataset: { id: 'barriers', title: 'Barriers', series },
    traces: barTraces(rows, published),
    layout: barLayout(report, { rows, heads, end }, [Math.min(0, ...reach), Math.max(...reach) * 1.06]),
  }
}

/** A bar for every row, and a dashed mark for every published barrier. */
const barTraces = (
  rows: BarRows['rows'],
  published: readonly (PublishedTick['published'] & { readonly y: number })[],
): Trace[] => [
  ...rows.map(
    ({ item, color, y }, k): Trace => ({
      series: k,
      type: 'bar',
      orientation: 'h',
      x: 'barrier_eV',
      y: [y],
      width: 0.32,
      name: plotText(item.name),
      marker: barLook(item, color),
      ...whisker(item),
      hovertemplate: hoverLabel(item.name, `${formatFixed(item.barrier_eV, 3)} eV`),
    }),
  ),
  ...published.map(
    ({ case: name, label, barrier_eV, y }): Trace => ({
      series: 0,
      x: [barrier_eV, barrier_eV],
      y: [y - 0.28, y + 0.28],
      mode: 'lines',
      name: plotText(`${name}, ${label}`),
      showlegend: false,
      line: { color: 'var(--ink)', width: 2, dash: '3px,2px' },
      hovertemplate: hoverLabel(`${name}, ${label}`, `${formatFixed(barrier_eV)} eV`),
    }),
  ),
]

const barLayout = (
  report: BarrierReport,
  { rows, heads, end }: BarRows,
  range: readonly [number, number],
): Layout => ({
  bargap: 0,
  barmode: 'overlay',
  xaxis: axis('barrier / eV', { range }),
  yaxis: axis('', {
    range: [Math.max(end, ROWS_AT_LEAST) - 0.5, -0.75],
    showgrid: false,
    showticklabels: false,
    ticks: '',
  }),
  annotations: [
    ...rows.map(({ item, y }) => rowText(rowLabel(report, item), y - 0.21)),
    ...heads.map(({ text, y }) => ({
      ...rowText(`<b>${plotText(text)}</b>`, y - 0.28),
      font: { size: 12, color: 'var(--muted)' },
    })),
  ],
  shapes: heads.map(({ y }) => ({
    type: 'line',
    xref: 'paper',
    x0: 0,
    x1: 1,
    y0: y - 0.66,
    y1: y - 0.66,
    line: { color: 'var(--grid)', width: 1 },
    layer: 'below',
  })),
})

const rowText = (text: string, y: number): Layout =>
  label(text, { x: 0, xref: 'paper', xanchor: 'left', xshift: 3, y, yanchor: 'bottom' })

/** Label of a bar, short enough for a phone; a barrier that has not converged is not compared with the published value. */
function rowLabel(report: BarrierReport, item: BarrierCase): string {
  const published = publishedOf(report, item).map(
    ({ barrier_eV }) => `, published ${formatFixed(barrier_eV)}`,
  )
  const aside = item.converged ? published.join('') : ', not converged'
  return `${plotText(item.name)}  <b>${formatFixed(item.barrier_eV)} eV</b>${aside}`
}

/** Results are solid; counter-examples hatched; null tests and what has not converged are outlines. */
function barLook({ role, converged }: BarrierCase, color: string): Layout {
  const outline = { line: { color, width: 1.6 } }
  if (!converged || role === 'null-test') return { ...outline, color: 'var(--surface)' }
  if (role === 'main') return { color }
  if (role === 'sensitivity') return { color, opacity: 0.55 }
  return {
    ...outline,
    color: 'var(--surface)',
    pattern: { shape: '/', fgcolor: color, bgcolor: 'var(--surface)', size: 6, solidity: 0.35 },
  }
}

function whisker({ barrier_eV, range }: BarrierCase): Layout {
  if (!range) return {}
  const [low, high] = range.range_eV
  // The barrier itself belongs to what was found.
  const found = [Math.min(low, barrier_eV), Math.max(high, barrier_eV)] as const
  return { error_x: errorBars([barrier_eV], [found], { color: 'var(--ink)', thickness: 1.6, width: 5 }) }
}
