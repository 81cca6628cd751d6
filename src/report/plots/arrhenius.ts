import { formatMeasurement, formatNumber } from '../../format.ts'
import {
  ASIDE,
  AT_TOP,
  axis,
  column,
  type DataSeries,
  errorBars,
  type Figure,
  hoverLabel,
  type Layout,
  label,
  logAxis,
  plotText,
  systemColors,
  type Trace,
} from '../../web/figure.ts'
import type { Activation, ActivationLine } from '../model.ts'

const SYMBOLS = [
  { symbol: 'circle', mark: '●' },
  { symbol: 'square', mark: '■' },
  { symbol: 'diamond', mark: '◆' },
  { symbol: 'triangle-up', mark: '▲' },
] as const
const inverse = (temperatures_K: readonly number[]) => temperatures_K.map(T => 1000 / T)

/** The symbols of points under the same conditions. */
export function conditionGroups(activations: readonly Activation[]) {
  return [...new Set(activations.map(({ conditions }) => conditions))].map((conditions, k) => ({
    conditions,
    ...SYMBOLS[k % SYMBOLS.length]!,
  }))
}

/** Slopes against 1/T with their lines: with a band where there are measurements, dashed where there are none. */
export function arrheniusFigure(activations: readonly Activation[]): Figure {
  const colors = systemColors(activations)
  const names = activations.map(({ system, conditions }) => `${system}, ${conditions}`)
  const groups = conditionGroups(activations)
  const series = activations.flatMap(({ points, line, outside }, k): DataSeries[] => [
    {
      keys: { system: names[k]!, kind: 'measured' },
      columns: {
        temperature_K: points.map(({ temperature_K }) => temperature_K),
        slope_A2_per_ps: column(points.map(({ value }) => value)),
        low_A2_per_ps: column(points.map(({ ci95 }) => ci95?.[0] ?? Number.NaN)),
        high_A2_per_ps: column(points.map(({ ci95 }) => ci95?.[1] ?? Number.NaN)),
      },
    },
    lineSeries(names[k]!, 'line', line),
    ...(outside ? [lineSeries(names[k]!, 'line outside what was measured', outside.line)] : []),
  ])
  const at = (name: string, kind: string) =>
    series.findIndex(({ keys }) => keys.system === name && keys.kind === kind)
  const traces = activations.flatMap((activation, k): Trace[] => {
    const color = colors[k]!
    const name = names[k]!
    const { symbol } = groups.find(({ conditions }) => conditions === activation.conditions)!
    return [
      ...band(activation.line, at(name, 'line')),
      curve(activation.line, at(name, 'line'), name, { color, width: 2 }),
      ...(activation.outside
        ? [
            curve(activation.outside.line, at(name, 'line outside what was measured'), name, {
              color,
              width: 1.6,
              dash: 'dash',
            }),
          ]
        : []),
      pointTrace(activation, at(name, 'measured'), name, { color, symbol }),
    ]
  })
  const values = activations.flatMap(({ points, outside }) => [
    ...points.flatMap(({ value, ci95 }) => [value, ...(ci95 ?? [])]),
    ...(outside?.line.value ?? []),
  ])
  const positive = values.filter(value => value > 0 && Number.isFinite(value))
  const x = inverse(
    activations.flatMap(({ points, outside }) => [
      ...points.map(({ temperature_K }) => temperature_K),
      ...(outside ? [outside.asked_K] : []),
    ]),
  )
  const margin = 0.06 * (Math.max(...x) - Math.min(...x))
  return {
    id: 'arrhenius',
    title: 'Slope against temperature',
    alt: `Slopes against the inverse temperature. ${activations
      .map(
        ({ points, energy_eV }, k) =>
          `${names[k]}: ${points
            .map(point => `${formatNumber(point.temperature_K, 4)} K ${formatMeasurement(point, 'Å²/ps')}`)
            .join(', ')}; activation energy ${formatMeasurement(energy_eV, 'eV')}`,
      )
      .join('. ')}.`,
    dataset: { id: 'arrhenius', title: 'Slope against temperature', series },
    traces,
    layout: {
      xaxis: axis('1000 K / <i>T</i>', { range: [Math.min(...x) - margin, Math.max(...x) + margin] }),
      yaxis: logAxis('slope / Å² ps⁻¹', [Math.min(...positive) / 1.5, Math.max(...positive) * 1.5]),
      annotations: temperatureLabels(activations),
    } satisfies Layout,
  }
}

const lineSeries = (name: string, kind: string, line: ActivationLine): DataSeries => ({
  keys: { system: name, kind },
  columns: {
    temperature_K: column(line.temperature_K),
    slope_A2_per_ps: column(line.value),
    low_A2_per_ps: column(line.low),
    high_A2_per_ps: column(line.high),
  },
})

function band({ temperature_K }: ActivationLine, series: number): Trace[] {
  const edge = {
    series,
    x: inverse(temperature_K),
    mode: 'lines',
    line: { width: 0 },
    hoverinfo: 'skip',
    showlegend: false,
  }
  return [
    { ...edge, y: 'low_A2_per_ps' },
    { ...edge, y: 'high_A2_per_ps', fill: 'tonexty', fillcolor: 'var(--band)' },
  ]
}

const curve = ({ temperature_K }: ActivationLine, series: number, name: string, line: Layout): Trace => ({
  series,
  x: inverse(temperature_K),
  y: 'slope_A2_per_ps',
  mode: 'lines',
  name: plotText(name),
  line,
  hoverinfo: 'skip',
  showlegend: false,
})

function pointTrace({ points }: Activation, series: number, name: string, marker: Layout): Trace {
  return {
    series,
    x: inverse(points.map(({ temperature_K }) => temperature_K)),
    y: 'slope_A2_per_ps',
    mode: 'markers',
    name: plotText(name),
    marker: { ...marker, size: 10 },
    error_y: errorBars(
      points.map(({ value }) => value),
      points.map(({ ci95 }) => ci95),
      { color: marker.color, thickness: 1.4, width: 4 },
    ),
    text: points.map(
      point => `${formatNumber(point.temperature_K, 4)} K: ${formatMeasurement(point, 'Å²/ps')}`,
    ),
    hovertemplate: hoverLabel(name, '%{text}'),
  }
}

/** Labels need so much of the axis each. */
const LABEL_WIDTH = 0.09

/** Temperatures in kelvin along the top, as far as there is room: nobody thinks in 1000 K / T. */
function temperatureLabels(activations: readonly Activation[]): Layout[] {
  const measured = activations.flatMap(({ points }) => points.map(({ temperature_K }) => temperature_K))
  const asked = activations.flatMap(({ outside }) => (outside ? [outside.asked_K] : []))
  const all = [...new Set([...measured, ...asked])]
  const x = inverse(all)
  const width = LABEL_WIDTH * (Math.max(...x) - Math.min(...x))
  const isFree = (k: number) => x.slice(0, k).every(other => Math.abs(other - x[k]!) >= width)
  return all
    .filter((_, k) => isFree(k))
    .map(temperature_K =>
      label(`${formatNumber(temperature_K, 4)} K`, {
        ...ASIDE,
        ...AT_TOP,
        x: 1000 / temperature_K,
        xref: 'x',
      }),
    )
}
