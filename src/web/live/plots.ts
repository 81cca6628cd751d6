import type { ReplicateMean } from '../../analysis/transport.ts'
import { ASIDE, AT_TOP, axis, guideLine, type Layout, label, thinned } from '../figure.ts'
import { byId, plotlyFigure } from '../theme.ts'

const MOST_POINTS = 800

function react(id: string, data: readonly object[], layout: Layout): void {
  const margin = { l: 56, r: 18, t: 8, b: 44 }
  void Plotly.react(byId(id), plotlyFigure(data, { margin, dragmode: false, ...layout }))
}

/** Draws the mean-squared displacement. @param curve null before the first analysis */
export function plotMsd(curve: ReplicateMean | null): void {
  const edge = { mode: 'lines', line: { width: 0 }, hoverinfo: 'skip', x: curve?.lag_ps ?? [] }
  const highest = Math.max(0, ...(curve?.high_A2 ?? []).filter(Number.isFinite))
  react(
    'msd',
    [
      { ...edge, y: curve?.low_A2 ?? [] },
      { ...edge, y: curve?.high_A2 ?? [], fill: 'tonexty', fillcolor: 'var(--band)' },
      {
        x: curve?.lag_ps ?? [],
        y: curve?.msd_A2 ?? [],
        mode: curve && curve.lag_ps.length < 3 ? 'markers' : 'lines',
        line: { color: 'var(--species)', width: 2.6 },
        marker: { color: 'var(--species)', size: 6 },
        hovertemplate: '%{y:.3~g} Å² at %{x:.3~g} ps<extra></extra>',
      },
    ],
    {
      xaxis: axis('lag / ps', { range: [0, curve?.lag_ps.at(-1) ?? 1] }),
      yaxis: axis('⟨Δ<i>r</i>²⟩ / Å²', { range: [0, 1.06 * highest || 1] }),
    },
  )
}

export interface Temperatures {
  readonly time_ps: readonly number[]
  readonly temperature_K: readonly number[]
}

/**
 * Draws the temperature against time.
 * @param target_K temperature of the production; null where it has none
 * @param counted_ps time from which displacements are counted; null before it
 */
export function plotTemperature(
  { time_ps, temperature_K }: Temperatures,
  target_K: number | null,
  counted_ps: number | null,
): void {
  const shown = thinned(time_ps.length, MOST_POINTS)
  const last = time_ps.at(-1) ?? 0
  const high = Math.max(...temperature_K, target_K ?? 0)
  const low = Math.min(...temperature_K, target_K ?? high)
  const margin = Math.max(20, 0.08 * (high - low))
  react(
    'temperature',
    [
      {
        x: shown.map(k => time_ps[k]!),
        y: shown.map(k => temperature_K[k]!),
        mode: shown.length < 3 ? 'markers' : 'lines',
        line: { color: 'var(--muted)', width: 1.3 },
        marker: { color: 'var(--muted)', size: 5 },
        hovertemplate: '%{y:.0f} K at %{x:.3~g} ps<extra></extra>',
      },
    ],
    {
      xaxis: axis('<i>t</i> / ps', { range: [time_ps[0] ?? 0, last || 1] }),
      yaxis: axis('<i>T</i> / K', { range: [low - margin, high + margin] }),
      shapes: [
        ...(target_K === null ? [] : [guideLine({ y0: target_K, y1: target_K })]),
        ...(counted_ps === null || counted_ps <= (time_ps[0] ?? 0)
          ? []
          : [guideLine({ x0: counted_ps, x1: counted_ps })]),
      ],
      annotations:
        counted_ps === null || !(last > 1.3 * counted_ps) || counted_ps <= 0
          ? []
          : [
              label('displacements from here', {
                ...ASIDE,
                ...AT_TOP,
                x: counted_ps,
                xanchor: 'left',
                xshift: 3,
              }),
            ],
    },
  )
}
