import type { Dataset, Figure } from '../web/figure.ts'
import type { Payload } from '../web/payload.ts'

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
