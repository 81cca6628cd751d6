import type { Exponent } from '../../analysis/regime.ts'
import type { ReplicateMean } from '../../analysis/transport.ts'
import type { PlatformName } from '../../platform/platform.ts'
import type { LiveInput, Settings } from './input.ts'

/** Messages from the page to the program that computes. */
export type Command =
  | { readonly kind: 'start'; readonly input: LiveInput; readonly settings: Settings }
  | { readonly kind: 'pause' | 'resume' }
  /** After the end of the run: continue for the same time again. */
  | { readonly kind: 'longer' }

/** The platform that computes, as its evaluator names it. */
export interface Running {
  readonly ran: PlatformName
  readonly backend: string
  /** Name of the GPU; null where none is used. */
  readonly adapter: string | null
  /** Reasons why a preferred backend does not run, and terms that another platform computes. */
  readonly remarks: readonly string[]
}

/** Displacements in the frames so far. */
export interface Displacements {
  readonly frames: number
  /** Time from the first frame to the last. */
  readonly span_ps: number
  readonly ions: number
  /** Mean-squared displacement over all time origins, up to half the span, with its 95 % interval. */
  readonly curve: ReplicateMean
  /** Exponent over the recipe's window; null until there are enough frames. */
  readonly exponent: Exponent | null
}

/** Messages from the program that computes to the page. */
export type Report =
  | ({ readonly kind: 'running' } & Running)
  | {
      readonly kind: 'stage'
      readonly name: string
      readonly isProduction: boolean
      /** Time at which it began. */
      readonly from_ps: number
      /** Its length; null for a minimisation. */
      readonly time_ps: number | null
    }
  | { readonly kind: 'thermo'; readonly time_ps: number; readonly temperature_K: number }
  /** [3N] Å, whole molecules, moved into the cell; the lattice vectors as rows, Å. */
  | { readonly kind: 'positions'; readonly positions: Float32Array; readonly box: Float64Array }
  | {
      readonly kind: 'progress'
      readonly step: number
      readonly time_ps: number
      /** Mean speed of the last seconds; null when the run stands still. */
      readonly steps_per_s: number | null
      readonly ns_per_day: number | null
    }
  | ({ readonly kind: 'displacements' } & Displacements)
  | { readonly kind: 'end' }
  | { readonly kind: 'failed'; readonly message: string; readonly hint: string | null }
