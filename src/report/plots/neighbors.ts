import { formatFixed } from '../../format.ts'
import {
  ASIDE,
  AT_TOP,
  axis,
  column,
  type Figure,
  fileName,
  guideLine,
  hoverLabel,
  keptApart,
  type Layout,
  label,
  plotText,
} from '../../web/figure.ts'
import { type BarrierReport, caseColors } from '../barrierModel.ts'

const DASHES = ['solid', '5px,3px', '1.5px,2.5px', '8px,3px,1.5px,3px', '11px,3px', '3px,5px'] as const
/** Height of the plotting area on a narrow screen, for keeping labels apart. */
const PLOT_HEIGHT_PX = 190
const LABEL_HEIGHT_PX = 14

/** One figure per case: distances from the migrating ion to its neighbours along the path, on common axes. */
export function neighborFigures(report: BarrierReport): Figure[] {
  const colors = caseColors(report.cases)
  const found = report.cases.flatMap((item, k) =>
    item.neighbors.length > 0 ? [{ item, color: colors[k]! }] : [],
  )
  const all = found.flatMap(({ item }) => item.neighbors.flatMap(({ distance_A }) => Array.from(distance_A)))
  const low = Math.min(...all)
  const high = Math.max(...all)
  const range = [low - 0.06 * (high - low), high + 0.06 * (high - low)] as const
  return found.map(({ item, color }, order): Figure => {
    const { name, neighbors, path } = item
    const end_A = path.path_A[path.path_A.length - 1]!
    const shortest = neighbors.reduce((least, each) => (nearest(each) < nearest(least) ? each : least))
    return {
      id: `neighbors-${order}`,
      title: name,
      alt: `Distances from ${report.ionLabel} to its neighbours along the path, ${name}. ${neighbors
        .map(
          ({ neighbor, distance_A }) =>
            `${neighbor}: ${formatFixed(distance_A[0]!)} Å at the start, ${formatFixed(Math.min(...Array.from(distance_A)))} Å at the nearest, ${formatFixed(distance_A[distance_A.length - 1]!)} Å at the end`,
        )
        .join('; ')}. The shortest is ${shortest.neighbor}, ${formatFixed(nearest(shortest))} Å.`,
      dataset: {
        id: `neighbors-${order + 1}-${fileName(name)}`,
        title: `Neighbour distances, ${name}`,
        series: neighbors.map(({ neighbor, distance_A }) => ({
          keys: { case: name, neighbor },
          columns: { path_A: column(path.path_A), distance_A: column(distance_A) },
        })),
      },
      traces: neighbors.map(({ neighbor }, k) => ({
        series: k,
        x: 'path_A',
        y: 'distance_A',
        mode: 'lines',
        name: plotText(neighbor),
        line: { color, width: 1.8, dash: DASHES[k % DASHES.length], shape: 'spline', smoothing: 0.6 },
        hovertemplate: hoverLabel(neighbor, '%{y:.2f} Å at %{x:.2f} Å'),
      })),
      layout: {
        xaxis: axis('<i>s</i> / Å', { range: [-0.03 * end_A, 1.28 * end_A] }),
        yaxis: axis('<i>d</i> / Å', { range }),
        shapes: [guideLine({ x0: path.saddle.path_A, x1: path.saddle.path_A })],
        annotations: [
          label('saddle', { ...ASIDE, ...AT_TOP, x: path.saddle.path_A, xanchor: 'left', xshift: 3 }),
          ...lineLabels(
            neighbors.map(({ neighbor, distance_A }) => ({
              text: neighbor,
              y: distance_A[distance_A.length - 1]!,
            })),
            end_A,
            (range[1] - range[0]) / PLOT_HEIGHT_PX,
          ),
        ],
      },
    }
  })
}

function nearest({ distance_A }: { readonly distance_A: ArrayLike<number> }): number {
  return Math.min(...Array.from(distance_A))
}

/** Names at the right ends of their lines, kept apart. */
function lineLabels(
  lines: readonly { readonly text: string; readonly y: number }[],
  x: number,
  A_per_px: number,
): Layout[] {
  const sorted = [...lines].sort((a, b) => a.y - b.y)
  const places = keptApart(
    sorted.map(({ y }) => y),
    LABEL_HEIGHT_PX * A_per_px,
  )
  return sorted.map(({ text }, k) =>
    label(plotText(text), {
      x,
      xanchor: 'left',
      xshift: 6,
      y: places[k],
      yanchor: 'middle',
      font: { size: 11, color: 'var(--ink)' },
    }),
  )
}
