import type { Interval } from '../../analysis/stats.ts'
import { formatInterval, formatMeasurement, formatNumber, formatUncertain } from '../../format.ts'
import {
  AT_TOP,
  axis,
  column,
  type DataSeries,
  type Figure,
  guideLine,
  hoverLabel,
  type Layout,
  label,
  logAxis,
  PUBLISHED_LINE,
  perSystem,
  plotText,
  pointsPerSeries,
  systemColors,
  type Trace,
  thinned,
  VEILED,
} from '../../web/figure.ts'
import type { Thermo, TransportReport } from '../model.ts'

const BLOCKS = 24

interface Logged {
  readonly system: number
  readonly seed: number
  readonly atoms: number
  readonly thermo: Thermo
}

interface Quantity {
  readonly id: string
  readonly title: string
  readonly columnName: string
  readonly axisTitle: string
  readonly unit: string
  readonly values: (logged: Logged) => ArrayLike<number> | null
  readonly alt: string
}

/** Small multiples of what was logged: temperature, energies, density and pressure, one thin line per replica. */
export function thermoFigures(report: TransportReport): Figure[] {
  const logged = report.systems.flatMap((system, k) =>
    system.replicas.flatMap(({ seed, thermo }): Logged[] =>
      thermo ? [{ system: k, seed, atoms: system.atoms, thermo }] : [],
    ),
  )
  const temperatures = perSystem(report, ({ temperature_K }) => `${formatNumber(temperature_K, 4)} K`)
  const densities = perSystem(report, ({ density_g_per_cm3: density }) =>
    density ? `${formatUncertain(density.value, density.standardError)} g/cm³` : null,
  )
  const quantities: readonly Quantity[] = [
    {
      id: 'temperature',
      title: 'Temperature',
      columnName: 'temperature_K',
      axisTitle: '<i>T</i> / K',
      unit: 'K',
      values: ({ thermo }) => thermo.temperature_K,
      alt: `Temperature against time. Set: ${temperatures}.`,
    },
    {
      id: 'density',
      title: 'Density',
      columnName: 'density_g_per_cm3',
      axisTitle: '<i>ρ</i> / g cm⁻³',
      unit: 'g/cm³',
      values: ({ thermo }) => thermo.density_g_per_cm3,
      alt: `Density against time. Mean: ${densities || 'not known'}.`,
    },
    {
      id: 'conserved',
      title: 'Conserved quantity',
      columnName: 'conserved_change_meV_per_atom',
      axisTitle: 'Δ<i>E</i> / meV per atom',
      unit: 'meV/atom',
      values: ({ thermo, atoms }) => change(thermo.conserved_eV, atoms),
      alt: `Change of the conserved quantity since the start, per atom. ${lastValues(report, logged)}.`,
    },
    {
      id: 'potential',
      title: 'Potential energy',
      columnName: 'potential_change_meV_per_atom',
      axisTitle: 'Δ<i>U</i> / meV per atom',
      unit: 'meV/atom',
      values: ({ thermo, atoms }) => change(thermo.potential_eV, atoms),
      alt: 'Change of the potential energy since the start, per atom.',
    },
    {
      id: 'pressure',
      title: 'Pressure',
      columnName: 'pressure_bar',
      axisTitle: '<i>p</i> / bar',
      unit: 'bar',
      values: ({ thermo }) => thermo.pressure_bar,
      alt: 'Pressure against time.',
    },
  ]
  return quantities.flatMap(quantity => {
    const figure = thermoFigure(report, logged, quantity)
    return figure ? [figure] : []
  })
}

function thermoFigure(
  report: TransportReport,
  all: readonly Logged[],
  { id, title, columnName, axisTitle, unit, values, alt }: Quantity,
): Figure | null {
  const colors = systemColors(report.systems)
  const limit = pointsPerSeries(report, 3000)
  const found = all.flatMap(entry => {
    const quantity = values(entry)
    return quantity && quantity.length > 0 ? [{ ...entry, quantity }] : []
  })
  if (found.length === 0) return null
  const logged: DataSeries[] = found.map(({ system, seed, thermo, quantity }) => {
    const indices = thinned(quantity.length, limit)
    return {
      keys: { system: report.systems[system]!.name, replica: `seed ${seed}`, kind: 'logged' },
      columns: { time_ps: column(thermo.time_ps, indices), [columnName]: column(quantity, indices) },
    }
  })
  const means: DataSeries[] = found.map(({ system, seed, thermo, quantity }) => ({
    keys: { system: report.systems[system]!.name, replica: `seed ${seed}`, kind: 'block mean' },
    columns: { time_ps: column(blockMeans(thermo.time_ps)), [columnName]: column(blockMeans(quantity)) },
  }))
  const trace = ({ keys }: DataSeries, series: number): Trace => {
    const { system, seed } = found[series % found.length]!
    const logged = keys.kind === 'logged'
    const name = `${report.systems[system]!.name}, seed ${seed}`
    return {
      series,
      x: 'time_ps',
      y: columnName,
      mode: 'lines',
      name: plotText(name),
      line: { color: colors[system], width: logged ? 1 : 2.2 },
      opacity: logged ? 0.28 : 1,
      showlegend: !logged,
      ...(logged
        ? { hoverinfo: 'skip' }
        : { hovertemplate: hoverLabel(name, `%{y:.4~g} ${unit} at %{x:.3~g} ps`) }),
    }
  }
  const series = [...logged, ...means]
  return {
    id,
    title,
    alt,
    dataset: { id, title, series },
    traces: series.map(trace),
    layout: {
      xaxis: axis('<i>t</i> / ps'),
      yaxis: axis(axisTitle),
      shapes:
        id === 'temperature'
          ? [...new Set(report.systems.map(({ temperature_K }) => temperature_K))].map(temperature_K =>
              guideLine({ y0: temperature_K, y1: temperature_K }),
            )
          : [],
    },
  }
}

/** Means over equal stretches of time: trends that the fluctuations of a small box would hide. */
function blockMeans(values: ArrayLike<number>): number[] {
  const blocks = Math.min(BLOCKS, values.length)
  return Array.from({ length: blocks }, (_, k) => {
    const from = Math.floor((k * values.length) / blocks)
    const to = Math.floor(((k + 1) * values.length) / blocks)
    let sum = 0
    for (let i = from; i < to; i++) sum += values[i]!
    return sum / (to - from)
  })
}

/** Energies differ by hundreds of eV between boxes: shown per atom, from the first entry on. */
function change(energy_eV: ArrayLike<number> | null, atoms: number): number[] | null {
  return energy_eV && Array.from(energy_eV, value => (1000 * (value - energy_eV[0]!)) / atoms)
}

function lastValues(report: TransportReport, logged: readonly Logged[]): string {
  const parts = logged.flatMap(({ system, seed, thermo, atoms }) => {
    const values = change(thermo.conserved_eV, atoms)
    if (!values || values.length === 0) return []
    return [
      `${report.systems[system]!.name} seed ${seed} ends at ${formatNumber(values.at(-1)!)} meV per atom`,
    ]
  })
  return parts.join('; ') || 'Not logged'
}

/** Slope against the length of the trajectory. */
export function convergenceFigure(report: TransportReport): Figure | null {
  const colors = systemColors(report.systems)
  const found = report.systems.flatMap(({ name, slopeVsLength }, k) =>
    slopeVsLength ? [{ name, slopeVsLength, color: colors[k]! }] : [],
  )
  if (found.length === 0) return null
  const lengths = found.flatMap(({ slopeVsLength }) => Array.from(slopeVsLength.length_ps))
  // Whiskers of two systems at the same length would hide each other.
  const nudge = (Math.max(...lengths) - Math.min(...lengths)) * 0.008
  return {
    id: 'convergence',
    title: 'Slope against length',
    alt: `Slope when only the first part of each trajectory is used. ${found
      .map(({ name, slopeVsLength: { length_ps, slope_A2_per_ps, low_A2_per_ps, high_A2_per_ps } }) => {
        const last = length_ps.length - 1
        const estimate = {
          value: slope_A2_per_ps[last]!,
          ci95: [low_A2_per_ps[last]!, high_A2_per_ps[last]!] as Interval,
        }
        return `${name}: ${formatMeasurement(estimate, 'Å²/ps')} from ${formatNumber(length_ps[last]!)} ps`
      })
      .join('; ')}.`,
    dataset: {
      id: 'slope-vs-length',
      title: 'Slope against trajectory length',
      series: found.map(({ name, slopeVsLength }) => ({
        keys: { system: name },
        columns: {
          length_ps: column(slopeVsLength.length_ps),
          slope_A2_per_ps: column(slopeVsLength.slope_A2_per_ps),
          low_A2_per_ps: column(slopeVsLength.low_A2_per_ps),
          high_A2_per_ps: column(slopeVsLength.high_A2_per_ps),
        },
      })),
    },
    traces: found.map(({ name, slopeVsLength, color }, index) => ({
      series: index,
      x: Array.from(slopeVsLength.length_ps, length => length + (index - (found.length - 1) / 2) * nudge),
      y: 'slope_A2_per_ps',
      mode: 'lines+markers',
      name: plotText(name),
      line: { color, width: 1.6 },
      marker: { color, size: 6 },
      error_y: {
        type: 'data',
        symmetric: false,
        array: Array.from(
          slopeVsLength.slope_A2_per_ps,
          (slope, k) => slopeVsLength.high_A2_per_ps[k]! - slope,
        ),
        arrayminus: Array.from(
          slopeVsLength.slope_A2_per_ps,
          (slope, k) => slope - slopeVsLength.low_A2_per_ps[k]!,
        ),
        color,
        thickness: 1.2,
        width: 3,
      },
      hovertemplate: hoverLabel(name, '%{y:.3~g} Å²/ps'),
    })),
    layout: {
      xaxis: axis('trajectory length / ps'),
      yaxis: axis('slope / Å² ps⁻¹', { rangemode: 'tozero' }),
    },
  }
}

/** The ratio beside what two single replicas of the same system show; it may itself be of many of each. */
export function nullFigure(report: TransportReport): Figure | null {
  const { comparison, publishedRatio } = report
  if (!comparison?.ratio.ci95) return null
  const color = systemColors(report.systems)[
    report.systems.findIndex(({ name }) => name === comparison.numerator.name)
  ]
  const rows = [
    {
      name: 'ratio',
      value: comparison.ratio.value,
      interval: comparison.ratio.ci95,
      color: color ?? 'var(--ink)',
    },
    { name: 'same system', value: null, interval: comparison.nullRatio_ci95, color: 'var(--null)' },
  ]
  const published = publishedRatio?.value ?? null
  const everything = [
    ...rows.flatMap(({ interval }) => interval),
    comparison.ratio.value,
    1,
    ...(published === null ? [] : [published]),
  ]
  const positive = everything.filter(value => value > 0 && Number.isFinite(value))
  const ends = [
    Math.min(...positive) / 1.5,
    Math.max(...positive) * (published === Math.max(...positive) ? 2.2 : 1.5),
  ] as const
  const text = `${comparison.numerator.name} : ${comparison.denominator.name}`
  return {
    id: 'ratio',
    title: 'Ratio against chance',
    alt: `Ratio of the slopes, ${text}: ${formatMeasurement(comparison.ratio)}. Two replicas of the same system: ${formatInterval(comparison.nullRatio_ci95)}.${published === null ? '' : ` Published: ${formatNumber(published)}.`}`,
    dataset: {
      id: 'ratio',
      title: 'Ratio and null ratio',
      series: rows.map(({ name, value, interval }) => ({
        keys: { kind: name },
        columns: { ratio: [value], low: column([interval[0]]), high: column([interval[1]]) },
      })),
    },
    traces: rows.flatMap(({ name, value, interval, color: rowColor }, series) => {
      const hovertemplate = hoverLabel(name, `95 %: ${formatInterval(interval)}`)
      const bar = {
        series,
        // Where slopes are not positive the interval goes from 0 to infinity.
        x: [Math.max(interval[0], ends[0]), Math.min(interval[1], ends[1])],
        y: [name, name],
        mode: 'lines',
        line: { color: rowColor, width: value === null ? 14 : 4 },
        showlegend: false,
        name,
        hovertemplate,
      }
      if (value === null) return [bar]
      return [bar, { ...bar, x: [value], y: [name], mode: 'markers', marker: { color: rowColor, size: 13 } }]
    }),
    layout: {
      xaxis: logAxis(`slope ratio ${plotText(text)}`, ends),
      yaxis: axis('', {
        type: 'category',
        range: [rows.length - 0.3, -0.8],
        showgrid: false,
        ticks: '',
        ticksuffix: ' ',
        showline: false,
      }),
      shapes: [guideLine({ x0: 1, x1: 1 }), ...(published === null ? [] : [publishedLine(published)])],
      annotations: published === null ? [] : [publishedLabel(published, report.publishedRatio!.label)],
    },
  }
}

/** The published ratio across the plot. */
export function publishedLine(value: number): Layout {
  return { ...guideLine({ x0: value, x1: value }), line: PUBLISHED_LINE }
}

export const publishedLabel = (value: number, source: string): Layout =>
  label(`${plotText(source)}: ${formatNumber(value)}`, {
    ...AT_TOP,
    ...VEILED,
    x: Math.log10(value),
    xanchor: 'right',
    xshift: -4,
  })
