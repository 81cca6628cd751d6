import type { Exponent, ReplicateMean } from '../../analysis/transport.ts'
import type { PlatformName } from '../../platform/platform.ts'
import type { LiveInput, Settings } from './input.ts'

/** From the page to the program that computes. */
export type Command =
  | { readonly kind: 'start'; readonly input: LiveInput; readonly settings: Settings }
  | { readonly kind: 'pause' | 'resume' }
  /** Once the run has ended: as long again. */
  | { readonly kind: 'longer' }

/** What computes, in the words of the evaluator that does. */
export interface Running {
  readonly ran: PlatformName
  readonly backend: string
  /** Of the GPU; null where none is used. */
  readonly adapter: string | null
  /** What would have been preferred and why it does not run; what of the system another platform computes. */
  readonly remarks: readonly string[]
}

/** Displacements in the frames so far. */
export interface Displacements {
  readonly frames: number
  /** From the first frame to the last. */
  readonly span_ps: number
  readonly ions: number
  /** Over all time origins, up to half the span, with its 95 % interval. */
  readonly curve: ReplicateMean
  /** Over the recipe's window; null until there are frames enough. */
  readonly exponent: Exponent | null
}

/** From the program that computes to the page. */
export type Report =
  | ({ readonly kind: 'running' } & Running)
  | {
      readonly kind: 'stage'
      readonly name: string
      readonly isProduction: boolean
      /** When it began. */
      readonly from_ps: number
      /** How long it takes; null for one that relaxes. */
      readonly time_ps: number | null
    }
  | { readonly kind: 'thermo'; readonly time_ps: number; readonly temperature_K: number }
  /** [3N] Å, molecules near the cell. */
  | { readonly kind: 'positions'; readonly positions: Float32Array; readonly box: Float64Array }
  | {
      readonly kind: 'progress'
      readonly step: number
      readonly time_ps: number
      /** Of the last seconds; null at rest. */
      readonly steps_per_s: number | null
      readonly ns_per_day: number | null
    }
  | ({ readonly kind: 'displacements' } & Displacements)
  | { readonly kind: 'end' }
  | { readonly kind: 'failed'; readonly message: string; readonly hint: string | null }
