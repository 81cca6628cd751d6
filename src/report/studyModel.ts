import type { Comparison, SlopeKind } from '../analysis/comparison.ts'
import type { Measured } from '../analysis/estimate.ts'
import type { Verdict } from '../analysis/regime.ts'
import type { Interval } from '../analysis/stats.ts'

/** The cases of a study as its pages show them. */
export interface StudyOverview {
  /** Address of the page on which all cases stand side by side; null on that page itself. */
  readonly page: string | null
  /** The case that the page is about. */
  readonly name: string
  /** One row for each pair of systems; the rest only on the page of the whole study. */
  readonly conditions: readonly Condition[]
  readonly absent: readonly AbsentCondition[]
  readonly activations: readonly Activation[]
}

/** Two systems compared under some conditions. */
export interface Condition extends Comparison {
  /** Name of the case. */
  readonly name: string
  /** Relative address of the page of the case. */
  readonly page: string
  readonly temperature_K: number
  readonly chargeScale: number
  /** Fraction of the units that are replaced, and how; null where the systems say it themselves. */
  readonly degree: number | null
  readonly placement: string | null
  /** Colour of the numerator. */
  readonly color: string | null
  /** The other case whose boxes those of the denominator are; null where they are of this case. */
  readonly borrowedFrom: string | null
  /** The published ratio is of these materials. */
  readonly ofPublished: boolean
  /** The interval contains the published ratio; null where it has no bound, and where nothing was published of it. */
  readonly publishedInside: boolean | null
  /** The interval contains 1; null where it has no bound. */
  readonly oneInside: boolean | null
}

/** Conditions of the recipe without a result, with the reason. */
export interface AbsentCondition {
  readonly name: string
  readonly reason: string
}

/** Slopes of one system against temperature, everything else being equal. */
export interface Activation {
  readonly system: string
  readonly color: string | null
  /** Conditions, such as "charge scale 0.7"; may be empty. */
  readonly conditions: string
  readonly points: readonly ActivationPoint[]
  readonly of: SlopeKind
  readonly energy_eV: Measured
  /** Probability that points of a straight line scatter this much or more; null for two points. */
  readonly pStraight: number | null
  readonly measured_K: Interval
  /** The line with its band, within what was measured. */
  readonly line: ActivationLine
  /** Extrapolation to the temperature of the headline; null where that was measured. */
  readonly outside: {
    readonly line: ActivationLine
    readonly asked_K: number
    readonly value: Measured
  } | null
  /** Temperatures at which the slope may be zero, which has no logarithm. */
  readonly leftOut_K: readonly number[]
}

export interface ActivationPoint extends Measured {
  readonly temperature_K: number
  /** Name of the case of the study. */
  readonly case: string
  readonly boxes: number
  readonly verdict: Verdict
}

export interface ActivationLine {
  readonly temperature_K: readonly number[]
  readonly value: readonly number[]
  readonly low: readonly number[]
  readonly high: readonly number[]
}
