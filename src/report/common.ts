/** What every report page shows, as plain data. */

/** Where a number comes from: computed here, fitted to something, or simply decided. */
export type Status = 'predicted' | 'calibrated' | 'chosen'

export interface Check {
  readonly name: string
  /** null: could not be tested. */
  readonly passed: boolean | null
  /** One line: what was found against what was wanted. */
  readonly detail: string
}

export interface CalibrationRow {
  readonly quantity: string
  readonly value: string
  readonly status: Status
  readonly source: string
  readonly doi: string | null
}

/** How a page came about; `Run` is what is told about each run. */
export interface ProvenanceOf<Run extends RunRecord> {
  /** The exact command line. */
  readonly command: string
  /** ISO 8601 */
  readonly date: string
  readonly hopliteVersion: string
  readonly nodeVersion: string
  readonly machine: { readonly cpu: string; readonly cores: number }
  readonly runs: readonly Run[]
  readonly inputs: readonly { readonly path: string; readonly sha256: string }[]
  readonly recipes: readonly { readonly name: string; readonly text: string }[]
}

export interface RunRecord {
  /** Name of the system or case it belongs to. */
  readonly system: string
  readonly seed: number
  readonly platformAsked: string
  readonly platformRan: string
  /** Such as "f32 forces, f64 integration" or "f64". */
  readonly precision: string
  /** Why another platform ran than was asked for. */
  readonly fallbackReason: string | null
  readonly wallTime_s: number
}
