import { superscript } from '../format.ts'

/** Numbers behind a figure, one table per curve; a CSV file lists all of them, the keys in front. */
export interface Dataset {
  /** Also the name of the file. */
  readonly id: string
  readonly title: string
  readonly series: readonly DataSeries[]
}

export interface DataSeries {
  readonly keys: Readonly<Record<string, string>>
  /** Columns of equal length; names end in their unit. */
  readonly columns: Readonly<Record<string, Column>>
}

export type Column = readonly (number | string | null)[]

/**
 * One figure for plotly. Strings such as "var(--ink)" stand for the page's colours, so that a figure follows the
 * reader's light or dark setting.
 */
export interface Figure {
  readonly id: string
  readonly title: string
  /** Text that states the numbers, for readers who cannot see the figure. */
  readonly alt: string
  /** Colours that the key of the section does not explain; `className` is of the style sheet. */
  readonly legend?: readonly { readonly text: string; readonly className: string }[]
  readonly dataset: Dataset
  readonly traces: readonly Trace[]
  readonly layout: Layout
}

/** A plotly trace whose x and y are columns of `dataset.series[series]`, or values that are no data. */
export interface Trace {
  readonly series: number
  readonly x: string | Column
  readonly y: string | Column
  readonly [property: string]: unknown
}

export type Layout = Readonly<Record<string, unknown>>

const OKABE_ITO = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9'] as const

/** Colours of the coatings, the same on every page. */
export const CASE_COLORS = {
  bare: '#767E88',
  pvdf: OKABE_ITO[0],
  dehydrofluorinated: OKABE_ITO[1],
  nitrogen: OKABE_ITO[2],
} as const

/** Colour of each system or case, "#rrggbb". Okabe & Ito, https://jfly.uni-koeln.de/color. */
export function systemColors(systems: readonly { readonly color: string | null }[]): string[] {
  return systems.map(({ color }, k) =>
    color && /^#[0-9a-f]{6}$/i.test(color) ? color : OKABE_ITO[k % OKABE_ITO.length]!,
  )
}

/** Returns a name with the characters escaped that plotly reads as HTML. */
export function plotText(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
}

/** Returns a hover label: the name, and below it the value. @param text plotly template of the value */
export function hoverLabel(name: string, text: string): string {
  return `${plotText(name)}<br>${text}<extra></extra>`
}

/** Returns values with five significant digits, which is what a plot can show; null where one is not finite. */
export function column(values: ArrayLike<number>, indices?: readonly number[]): (number | null)[] {
  const picked = indices ? indices.map(k => values[k]!) : Array.from(values)
  return picked.map(value => (Number.isFinite(value) ? Number(value.toPrecision(5)) : null))
}

/** Returns at most `limit` indices of a long series, evenly spread, with the first and the last. */
export function thinned(length: number, limit: number): number[] {
  if (length <= limit) return Array.from({ length }, (_, k) => k)
  return Array.from({ length: limit }, (_, k) => Math.round((k * (length - 1)) / (limit - 1)))
}

/** Returns indices that are spread evenly and logarithmically, for curves that are drawn on both kinds of axes. */
export function thinnedForBothScales(length: number, limit: number): number[] {
  if (length <= limit) return thinned(length, limit)
  const half = Math.floor(limit / 2)
  const logarithmic = Array.from({ length: half }, (_, k) => Math.round(length ** (k / (half - 1))) - 1)
  return [...new Set([...thinned(length, limit - half), ...logarithmic])].sort((a, b) => a - b)
}

/** Number of points of each curve, so that the curves of all replicas together have about `budget` points. */
export function pointsPerSeries(
  report: { readonly systems: readonly { readonly replicas: readonly unknown[] }[] },
  budget: number,
): number {
  const replicas = report.systems.reduce((sum, system) => sum + system.replicas.length, 0)
  return Math.max(60, Math.min(600, Math.floor(budget / Math.max(1, replicas))))
}

/** Returns an axis in the look that all axes share. @param title with symbol and unit @param options plotly's */
export function axis(title: string, options: Layout = {}): Layout {
  return {
    title: { text: title, standoff: 8, font: { size: 13, color: 'var(--muted)' } },
    gridcolor: 'var(--grid)',
    linecolor: 'var(--axis)',
    tickcolor: 'var(--axis)',
    tickfont: { size: 12, color: 'var(--muted)' },
    ticks: 'outside',
    ticklen: 4,
    showline: true,
    zeroline: false,
    automargin: true,
    fixedrange: false,
    nticks: 6,
    ...options,
  }
}

/** Returns a thin dotted reference line across the plot. @param ends x0 and x1 of a vertical line, or y0 and y1 */
export function guideLine(ends: Layout): Layout {
  const vertical = 'x0' in ends
  return {
    type: 'line',
    ...(vertical ? { yref: 'paper', y0: 0, y1: 1 } : { xref: 'paper', x0: 0, x1: 1 }),
    line: { color: 'var(--muted)', width: 1.2, dash: 'dot' },
    layer: 'below',
    ...ends,
  }
}

/** Returns a text in the plot. @param place plotly's keys of an annotation */
export function label(text: string, place: Layout): Layout {
  return { text, showarrow: false, font: { size: 12, color: 'var(--ink)' }, ...place }
}

/** A small grey text, for what is no result. */
export const ASIDE = { font: { size: 11, color: 'var(--muted)' } } as const
/** Place of a text below the upper edge of the plot. */
export const AT_TOP = { y: 1, yref: 'paper', yanchor: 'top' } as const
/** Colours of a text that stands across lines. */
export const VEILED = { bgcolor: 'var(--veil)' } as const
/** The line of a published value. */
export const PUBLISHED_LINE = { color: 'var(--ink)', width: 1.6, dash: 'dash' } as const

/** Returns places from bottom to top that are at least `height` apart, each as low as it can be. @param wanted ascending */
export function keptApart(wanted: readonly number[], height: number): number[] {
  let free = Number.NEGATIVE_INFINITY
  return wanted.map(value => {
    const place = Math.max(value, free)
    free = place + height
    return place
  })
}

/** Returns unequal error bars. @param look colour, thickness and width of the ends */
export function errorBars(
  values: readonly number[],
  intervals: readonly (readonly [low: number, high: number] | null)[],
  look: Layout,
): Layout {
  const side = (k: number, end: 0 | 1) => Math.abs((intervals[k]?.[end] ?? values[k]!) - values[k]!)
  return {
    type: 'data',
    symmetric: false,
    array: values.map((_, k) => side(k, 1)),
    arrayminus: values.map((_, k) => side(k, 0)),
    ...look,
  }
}

/** Returns a name in which all but letters and digits is replaced by hyphens, for file names. */
export function fileName(text: string): string {
  return text.replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '')
}

/** Returns a logarithmic axis: ticks at powers of ten, or at 1, 2 and 5 where fewer than three powers are in range. */
export function logAxis(title: string, range: readonly [low: number, high: number]): Layout {
  const [low, high] = range.map(Math.log10) as [number, number]
  const exponents = integers(Math.ceil(low), Math.floor(high))
  const within = (value: number) => value >= range[0] && value <= range[1]
  const multiples = (digits: readonly number[]) =>
    integers(Math.floor(low), Math.floor(high))
      .flatMap(exponent => digits.map(digit => Number((digit * 10 ** exponent).toPrecision(1))))
      .filter(within)
  const byPowers = exponents.length > 2
  const stride = Math.ceil(exponents.length / 8)
  const powers = exponents.filter(exponent => exponent % stride === 0)
  const asNumbers = powers.every(exponent => exponent >= -2 && exponent <= 3)
  const ticks = byPowers ? powers.map(exponent => 10 ** exponent) : multiples([1, 2, 5])
  return axis(title, {
    type: 'log',
    range: [low, high],
    tickmode: 'array',
    tickvals: ticks,
    ticktext:
      byPowers && !asNumbers
        ? powers.map(powerLabel)
        : ticks.map(value => String(Number(value.toPrecision(1)))),
    minor: {
      tickmode: 'array',
      tickvals: multiples([2, 3, 4, 5, 6, 7, 8, 9]),
      ticks: 'outside',
      ticklen: 2,
      tickcolor: 'var(--axis)',
    },
  })
}

function powerLabel(exponent: number): string {
  return ['1', '10'][exponent] ?? `10${superscript(exponent)}`
}

function integers(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, k) => first + k)
}

/** Returns shapes and labels of the windows over which slopes were fitted, each distinct window once. */
export function fitWindows(
  systems: readonly { readonly fit: { readonly from_ps: number; readonly to_ps: number } }[],
  logarithmic = false,
) {
  const distinct = new Map(systems.map(({ fit }) => [`${fit.from_ps}–${fit.to_ps} ps`, fit]))
  const place = (time_ps: number) => (logarithmic ? Math.log10(time_ps) : time_ps)
  return {
    shapes: [...distinct.values()].map(({ from_ps, to_ps }) => ({
      type: 'rect',
      xref: 'x',
      yref: 'paper',
      x0: from_ps,
      x1: to_ps,
      y0: 0,
      y1: 1,
      fillcolor: 'var(--window)',
      line: { width: 0 },
      layer: 'below',
    })),
    annotations: [...distinct].map(([text, { from_ps, to_ps }], k) =>
      label(`fit ${text}`, {
        ...ASIDE,
        ...AT_TOP,
        x: (place(from_ps) + place(to_ps)) / 2,
        xref: 'x',
        yshift: -2 - 15 * k,
      }),
    ),
  }
}

/** Returns "PVDF: 3.04 Å²/ps; dHF: 3.25 Å²/ps": a phrase for each system, for alternative texts. */
export function perSystem<System extends { readonly name: string }>(
  report: { readonly systems: readonly System[] },
  phrase: (system: System) => string | null,
): string {
  return report.systems
    .flatMap(system => {
      const text = phrase(system)
      return text === null ? [] : [`${system.name}: ${text}`]
    })
    .join('; ')
}
