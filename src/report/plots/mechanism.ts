import { formatMeasurement, formatNumber, joinWords } from '../../format.ts'
import {
  axis,
  column,
  type Figure,
  fileName,
  fitWindows,
  guideLine,
  hoverLabel,
  label,
  logAxis,
  perSystem,
  plotText,
  systemColors,
  type Trace,
  thinned,
  thinnedForBothScales,
} from '../../web/figure.ts'
import type { TransportReport, VanHove } from '../model.ts'

const POINTS = 300

/** One figure per pair: g(r) of every system solid, the running coordination number dashed on the right. */
export function rdfFigures(report: TransportReport): Figure[] {
  const colors = systemColors(report.systems)
  const pairs = [...new Set(report.systems.flatMap(({ rdfs }) => rdfs.map(({ pair }) => pair)))]
  return pairs.map((pair, order): Figure => {
    const found = report.systems.flatMap((system, k) => {
      const rdf = system.rdfs.find(candidate => candidate.pair === pair)
      if (!rdf) return []
      const coordination = system.coordination.find(candidate => candidate.pair === pair) ?? null
      return [{ system, rdf, coordination, color: colors[k]! }]
    })
    const highest = Math.max(2, ...found.map(({ coordination }) => coordination?.value ?? 2))
    const radius = found.find(({ coordination }) => coordination)?.coordination?.radius_A ?? null
    return {
      id: `rdf-${order}`,
      title: pair,
      alt: `Radial distribution and running coordination, ${pair}. ${found
        .map(({ system, coordination }) =>
          coordination
            ? `${system.name}: ${formatMeasurement(coordination)} within ${formatNumber(coordination.radius_A)} Å`
            : `${system.name}: no coordination number`,
        )
        .join('; ')}.`,
      dataset: {
        id: `rdf-${order + 1}-${fileName(pair)}`,
        title: `Radial distribution, ${pair}`,
        series: found.map(({ system, rdf }) => {
          const indices = thinned(rdf.r_A.length, POINTS)
          return {
            keys: { system: system.name, pair },
            columns: {
              r_A: column(rdf.r_A, indices),
              g: column(rdf.g, indices),
              coordination_number: column(rdf.n, indices),
            },
          }
        }),
      },
      traces: found.flatMap(({ system, color }, series): Trace[] => {
        const name = plotText(system.name)
        return [
          {
            series,
            x: 'r_A',
            y: 'g',
            mode: 'lines',
            name: `${name}, g`,
            line: { color, width: 2.2 },
            hovertemplate: hoverLabel(system.name, 'g = %{y:.3~g} at %{x:.2f} Å'),
          },
          {
            series,
            x: 'r_A',
            y: 'coordination_number',
            yaxis: 'y2',
            mode: 'lines',
            name: `${name}, n`,
            line: { color, width: 1.6, dash: 'dash' },
            hovertemplate: hoverLabel(system.name, 'n = %{y:.3~g} within %{x:.2f} Å'),
          },
        ]
      }),
      layout: {
        xaxis: axis('<i>r</i> / Å'),
        yaxis: axis('<i>g</i>(<i>r</i>)', { rangemode: 'tozero' }),
        yaxis2: axis('<i>n</i>(<i>r</i>)', {
          overlaying: 'y',
          side: 'right',
          showgrid: false,
          range: [0, highest * 2],
        }),
        shapes: radius === null ? [] : [guideLine({ x0: radius, x1: radius })],
      },
    }
  })
}

/** The exponent d ln MSD / d ln t against time; 1 is diffusion. */
export function alphaFigure(report: TransportReport): Figure | null {
  const colors = systemColors(report.systems)
  const found = report.systems.flatMap(({ name, alphaCurve }, k) =>
    alphaCurve ? [{ name, alphaCurve, color: colors[k]! }] : [],
  )
  if (found.length === 0) return null
  const series = found.map(({ name, alphaCurve }) => {
    const indices = thinnedForBothScales(alphaCurve.lag_ps.length, POINTS)
    return {
      keys: { system: name },
      columns: {
        lag_ps: column(alphaCurve.lag_ps, indices),
        alpha: column(alphaCurve.alpha, indices),
      },
    }
  })
  const numbers = (name: 'lag_ps' | 'alpha') =>
    series.flatMap(({ columns }) => columns[name].filter(value => value !== null))
  const lags = numbers('lag_ps').filter(lag => lag > 0)
  const window = fitWindows(report.systems, true)
  return {
    id: 'alpha',
    title: 'Exponent α(t)',
    alt: `Exponent of the mean-squared displacement against time. Over the fit window: ${perSystem(
      report,
      ({ alpha }) => formatMeasurement(alpha),
    )}. 1 is diffusion.`,
    dataset: { id: 'alpha', title: 'Exponent α(t)', series },
    traces: found.map(({ name, color }, index) => ({
      series: index,
      x: 'lag_ps',
      y: 'alpha',
      mode: 'lines',
      name: plotText(name),
      line: { color, width: 2.2 },
      hovertemplate: hoverLabel(name, 'α = %{y:.2f} at %{x:.3~g} ps'),
    })),
    layout: {
      xaxis: logAxis('<i>t</i> / ps', [Math.min(...lags), Math.max(...lags)]),
      yaxis: axis('α = d ln⟨Δ<i>r</i>²⟩ / d ln <i>t</i>', {
        range: [Math.min(0, ...numbers('alpha')), Math.max(1.25, ...numbers('alpha'))],
      }),
      shapes: [...window.shapes, guideLine({ y0: 1, y1: 1 })],
      annotations: [
        ...window.annotations,
        label('diffusion', {
          x: 0,
          xref: 'paper',
          xanchor: 'left',
          xshift: 4,
          y: 1,
          yanchor: 'bottom',
          font: { size: 12, color: 'var(--muted)' },
        }),
      ],
    },
  }
}

/** Densities below this are few events. */
const LOWEST_DENSITY_per_A = 1e-3
const LAG_DASHES = ['4px,3px', 'solid'] as const

/** Distribution of displacements in two times, on a logarithmic scale: hopping ions have a second peak at the next site. */
export function vanHoveFigure(report: TransportReport): Figure | null {
  const colors = systemColors(report.systems)
  const found = report.systems.flatMap(({ name, vanHove }, k) =>
    vanHove.map((curve, order) => ({ name, curve, color: colors[k]!, dash: LAG_DASHES[order] ?? 'dot' })),
  )
  if (found.length === 0) return null
  const all = found.flatMap(({ curve }) => Array.from(curve.density_per_A))
  const highest = Math.max(LOWEST_DENSITY_per_A, ...all)
  const farthest = Math.max(
    ...found.map(({ curve }) => {
      const last = Array.from(curve.density_per_A).findLastIndex(value => value > LOWEST_DENSITY_per_A)
      return curve.r_A[Math.max(0, last)]!
    }),
  )
  const times = [...new Set(found.map(({ curve }) => `${formatNumber(curve.lag_ps)} ps`))]
  return {
    id: 'van-hove',
    title: `How far in ${joinWords(times.map((time, k) => `${time} (${LAG_WORDS[k] ?? 'dotted'})`))}`,
    alt: `Distribution of the distance that ${report.speciesLabel} comes in ${joinWords(times)}. ${found
      .map(({ name, curve }) => `${name}, ${formatNumber(curve.lag_ps)} ps: most often ${peak(curve)} Å`)
      .join('; ')}.`,
    dataset: {
      id: 'van-hove',
      title: 'Self part of the van Hove function, 4πr² G_s(r, t)',
      series: found.map(({ name, curve }) => ({
        keys: { system: name, lag_ps: String(curve.lag_ps) },
        // Zero has no logarithm.
        columns: { r_A: column(curve.r_A), density_per_A: column(curve.density_per_A).map(x => x || null) },
      })),
    },
    traces: found.map(({ name, curve, color, dash }, series) => ({
      series,
      x: 'r_A',
      y: 'density_per_A',
      mode: 'lines',
      name: plotText(name),
      line: { color, width: dash === 'solid' ? 2.2 : 1.6, dash },
      hovertemplate: hoverLabel(`${name}, ${formatNumber(curve.lag_ps)} ps`, '%{y:.2~g} Å⁻¹ at %{x:.2f} Å'),
    })),
    layout: {
      xaxis: axis('<i>r</i> / Å', { range: [0, farthest * 1.05] }),
      yaxis: logAxis('4π<i>r</i>² <i>G</i><sub>s</sub> / Å⁻¹', [LOWEST_DENSITY_per_A, highest * 1.5]),
    },
  }
}

const LAG_WORDS = ['dashed', 'solid']

function peak({ r_A, density_per_A }: VanHove): string {
  const values = Array.from(density_per_A)
  return formatNumber(r_A[values.indexOf(Math.max(...values))]!, 2)
}

const STATES = [
  { key: 'free', name: 'free', step: 1 },
  { key: 'contactPair', name: 'contact pair', step: 2 },
  { key: 'aggregate', name: 'aggregate', step: 3 },
] as const

/** Shares of the ions that are free, in a contact pair or in a larger cluster: one bar per system. */
export function ionClusterFigure(report: TransportReport): Figure | null {
  const found = report.systems.flatMap(({ name, ionClusters }) =>
    ionClusters ? [{ name, states: ionClusters }] : [],
  )
  if (found.length === 0) return null
  return {
    id: 'ion-clusters',
    title: 'Clusters of ions',
    alt: `${report.speciesLabel} by the cluster that it is in. ${perSystem(report, ({ ionClusters }) =>
      ionClusters ? STATES.map(({ key, name }) => `${percent(ionClusters[key])} ${name}`).join(', ') : null,
    )}.`,
    legend: STATES.map(({ name, step }) => ({ text: name, className: `chip-ramp-${step}` })),
    dataset: {
      id: 'ion-clusters',
      title: 'Clusters of ions',
      series: STATES.map(({ key, name }) => ({
        keys: { state: name },
        columns: {
          system: found.map(system => system.name),
          fraction: column(found.map(({ states }) => states[key])),
        },
      })),
    },
    traces: STATES.map(({ key, name, step }, series) => ({
      series,
      type: 'bar',
      orientation: 'h',
      x: 'fraction',
      y: found.map(system => plotText(system.name)),
      name,
      width: 0.56,
      marker: { color: `var(--ramp-${step})`, line: { color: 'var(--surface)', width: 1 } },
      text: found.map(({ states }) => (states[key] > 0 ? percent(states[key]) : '')),
      textposition: 'inside',
      insidetextanchor: 'middle',
      textangle: 0,
      textfont: { size: 12, color: `var(--on-ramp-${step})` },
      hovertemplate: hoverLabel(name, '%{x:.1%} in %{y}'),
    })),
    layout: {
      barmode: 'stack',
      uniformtext: { mode: 'hide', minsize: 11 },
      xaxis: axis(`share of ${plotText(report.speciesLabel)}`, {
        tickvals: [0, 0.25, 0.5, 0.75, 1],
        ticktext: ['0', '25 %', '50 %', '75 %', '100 %'],
        range: [0, 1],
        ticklabeloverflow: 'allow',
      }),
      yaxis: axis('', {
        autorange: 'reversed',
        showgrid: false,
        ticks: '',
        showline: false,
        ticksuffix: ' ',
      }),
    },
  }
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(0)} %`
}
