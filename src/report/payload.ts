import type { Dataset, Figure } from './figure.ts'
import type { EmbeddedPath } from './molecularPath.ts'
import type { EmbeddedMolecule } from './molecule.ts'

/** What the page's script reads. */
export interface Payload {
  readonly title: string
  readonly figures: readonly EmbeddedFigure[]
  readonly datasets: readonly Dataset[]
  /** Frames of the page that shows boxes. */
  readonly molecules: readonly EmbeddedMolecule[]
  /** Bands of the page that shows barriers. */
  readonly paths: readonly EmbeddedPath[]
  /** The report without its series: those are in the figures' datasets and in the 3D views. */
  readonly report: unknown
}

/** A figure with the id of its dataset in place of the data. */
export interface EmbeddedFigure extends Omit<Figure, 'dataset'> {
  readonly dataset: string
}

/** Figures, and the data apart from them. */
export function embedFigures(figures: readonly Figure[]): Pick<Payload, 'figures' | 'datasets'> {
  return {
    figures: figures.map(figure => ({ ...figure, dataset: figure.dataset.id })),
    datasets: distinctDatasets(figures),
  }
}

/** Each dataset once: several figures may show the same one. */
export function distinctDatasets(figures: readonly Figure[]): Dataset[] {
  return [...new Map(figures.map(({ dataset }) => [dataset.id, dataset])).values()]
}

/** The report without molecules and without arrays of numbers longer than an interval, a vector or a cell. */
export function withoutSeries(report: object): unknown {
  return JSON.parse(
    JSON.stringify(report, (name, value) => {
      const series = name === 'molecule' || ArrayBuffer.isView(value) || isLongNumberArray(value)
      return series ? undefined : value
    }),
  )
}

function isLongNumberArray(value: unknown): boolean {
  return Array.isArray(value) && value.length > 9 && value.every(item => typeof item === 'number')
}
