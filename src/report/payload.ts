import type { Figure } from './figure.ts'
import type { TransportReport } from './model.ts'
import type { EmbeddedMolecule } from './molecule.ts'

/** What the page's script reads. */
export interface Payload {
  readonly title: string
  readonly figures: readonly Figure[]
  readonly molecules: readonly EmbeddedMolecule[]
  /** The report without its series: those are in the figures' datasets and in the molecules. */
  readonly report: unknown
}

/** The report without molecules and without arrays of numbers longer than an interval, a vector or a cell. */
export function withoutSeries(report: TransportReport): unknown {
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
