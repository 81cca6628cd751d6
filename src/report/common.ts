/** Content of every report page, as plain data. */

/** Origin of a number: computed here, fitted to something, or decided. */
export type Status = 'predicted' | 'calibrated' | 'chosen'

export interface Check {
  readonly name: string
  /** Result of the check; null: it could not be made. */
  readonly passed: boolean | null
  /** Value found and value wanted, in one line. */
  readonly detail: string
}

export interface CalibrationRow {
  readonly quantity: string
  readonly value: string
  readonly status: Status
  readonly source: string
  readonly doi: string | null
}

/** Provenance of a page; `Run`: the record of each run. */
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
  /** Precision in words, such as "f32 forces, f64 integration" or "f64". */
  readonly precision: string
  /** Reason why another platform ran than was asked for; null when the same ran. */
  readonly fallbackReason: string | null
  readonly wallTime_s: number
}
