import type { BoxSummary } from '../analysis/boxes.ts'
import type { Comparison, SlopeKind } from '../analysis/comparison.ts'
import type { Measured } from '../analysis/estimate.ts'
import type { Verdict } from '../analysis/regime.ts'
import type { Interval } from '../analysis/stats.ts'
import type { Structure } from '../core/structure.ts'

/**
 * Content of a transport report as plain data. Every number is computed elsewhere and carries its unit in its key. One type
 * serves a single run (one system), a comparison and a study. Absent quantities are null, absent lists are empty.
 */

export interface TransportReport {
  readonly title: string
  /** Chemical symbol of the ion that is followed, such as "Li". */
  readonly species: string
  /** Name of the ion in text, such as "Li⁺". */
  readonly speciesLabel: string
  readonly systems: readonly [SystemReport, ...SystemReport[]]
  /** The ratio of two of the systems. */
  readonly comparison: Comparison | null
  readonly published: readonly PublishedSlope[]
  readonly publishedRatio: PublishedRatio | null
  /** Other cases of the study that the page belongs to. */
  readonly study: StudyOverview | null
  readonly checks: readonly Check[]
  readonly calibration: readonly CalibrationRow[]
  readonly provenance: Provenance
}

export interface SystemReport {
  /** Short unique name, for plots and table heads. */
  readonly name: string
  /** Longer name, for sentences. */
  readonly label: string
  /** "#rrggbb"; null takes the next colour of the Okabe–Ito palette. */
  readonly color: string | null
  readonly atoms: number
  /** Number of ions of `species`. */
  readonly ions: number
  readonly temperature_K: number
  /** Factor on the charges of the ions; null when the potential has none. */
  readonly chargeScale: number | null
  readonly density_g_per_cm3: Density | null
  readonly replicas: readonly Replica[]
  readonly mean: MeanSquaredDisplacement
  readonly slope_A2_per_ps: Measured
  readonly boxes: BoxSummary
  /** Slopes along x, y and z. */
  readonly axisSlopes_A2_per_ps: readonly [x: Measured, y: Measured, z: Measured] | null
  readonly fit: {
    readonly from_ps: number
    readonly to_ps: number
    /** Name of the method, such as "ordinary least squares". */
    readonly method: string
    /** The slope by the other method. */
    readonly other: Measured & { readonly method: string }
  }
  /** d ln MSD / d ln t over the fit window. */
  readonly alpha: Measured
  /** 1 + d ln(dMSD/dt) / d ln t over the fit window; null where the MSD does not grow throughout. */
  readonly gamma: Measured | null
  readonly verdict: Verdict
  readonly alphaCurve: { readonly lag_ps: ArrayLike<number>; readonly alpha: ArrayLike<number> } | null
  readonly rdfs: readonly RadialDistribution[]
  readonly coordination: readonly Coordination[]
  /** Fractions of the ions by the cluster that they are in, adding up to 1. */
  readonly ionClusters: {
    readonly free: number
    readonly contactPair: number
    readonly aggregate: number
  } | null
  /** Distributions of the displacements of ions in some times. */
  readonly vanHove: readonly VanHove[]
  readonly mechanism: readonly Quantity[]
  /** The slope when only the first `length_ps` of each trajectory is used. */
  readonly slopeVsLength: {
    readonly length_ps: ArrayLike<number>
    readonly slope_A2_per_ps: ArrayLike<number>
    readonly low_A2_per_ps: ArrayLike<number>
    readonly high_A2_per_ps: ArrayLike<number>
  } | null
  readonly molecule: Molecule | null
}

/** Mean over replicas; predicted when the volume was free, chosen when it was fixed. */
export interface Density {
  readonly value: number
  readonly standardError: number | null
  readonly status: Status
}

export interface Replica {
  readonly seed: number
  readonly slope_A2_per_ps: number
  readonly lag_ps: ArrayLike<number>
  readonly msd_A2: ArrayLike<number>
  readonly thermo: Thermo | null
}

/** Mean over replicas with its 95 % band. */
export interface MeanSquaredDisplacement {
  readonly lag_ps: ArrayLike<number>
  readonly msd_A2: ArrayLike<number>
  readonly low_A2: ArrayLike<number> | null
  readonly high_A2: ArrayLike<number> | null
}

/** Logged quantities of the whole box, one entry per logged step. */
export interface Thermo {
  readonly time_ps: ArrayLike<number>
  readonly temperature_K: ArrayLike<number> | null
  readonly potential_eV: ArrayLike<number> | null
  readonly conserved_eV: ArrayLike<number> | null
  readonly density_g_per_cm3: ArrayLike<number> | null
  readonly pressure_bar: ArrayLike<number> | null
}

export interface RadialDistribution {
  /** Name of the pair, such as "Li–F(polymer)"; systems are compared pair by pair under this name. */
  readonly pair: string
  readonly r_A: ArrayLike<number>
  readonly g: ArrayLike<number>
  /** Running coordination number. */
  readonly n: ArrayLike<number>
}

export interface Coordination extends Measured {
  readonly pair: string
  /** Largest distance of a neighbour. */
  readonly radius_A: number
  /** First minimum of g(r); chosen where g(r) has none. */
  readonly radiusFrom: 'first minimum' | 'chosen'
  /** Lifetime of a contact that may break and form again; null when too short for the time between frames. */
  readonly residence: Residence | null
  /** Lifetime of a contact until it first breaks. */
  readonly unbroken: Residence | null
}

/** Lifetime; `atLeast`: the trajectory was too short to see its end. */
export interface Residence {
  readonly time_ps: number
  /** Interval from the scatter between boxes; null for fewer than three, and for a lower bound. */
  readonly ci95: Interval | null
  readonly atLeast: boolean
}

/** Self part of the van Hove function at one time. */
export interface VanHove {
  readonly lag_ps: number
  readonly r_A: ArrayLike<number>
  /** 4πr² G_s, 1/Å. */
  readonly density_per_A: ArrayLike<number>
}

/** One number of the mechanism; the same group and name stand for the same thing in every system. */
export interface Quantity {
  readonly group: string
  readonly name: string
  /** Value in `unit`; null where there is no such number, for the reason in the note. */
  readonly value: number | null
  readonly ci95: Interval | null
  /** Unit; empty for plain numbers. */
  readonly unit: string
  /** The value is the least, or the most, that it can be. */
  readonly bound: 'at least' | 'at most' | null
  readonly note: string | null
}

/** One frame for the 3D view. */
export interface Molecule {
  /** Molecules are whole: no bond crosses the cell. */
  readonly structure: Structure
  /** [N] */
  readonly groups: readonly MoleculeGroup[]
  /** Name of the host: "chains", "lattice". */
  readonly hostLabel: string
  /** One path per ion, [3P] Å, continuous, oldest point first; it ends where its ion is drawn. */
  readonly trajectories_A: readonly ArrayLike<number>[]
  /** Time that each path covers. */
  readonly trajectorySpan_ps: number | null
}

/** `host` is what the ions move through (chains or a lattice), `ion` the followed species. */
export type MoleculeGroup = 'host' | 'anion' | 'ion'

export interface PublishedSlope {
  /** Name of a system. */
  readonly system: string
  readonly slope_A2_per_ps: number
  /** Short name of the source, such as "Ye 2025". */
  readonly label: string
  readonly doi: string
}

export interface PublishedRatio {
  readonly value: number
  readonly label: string
  readonly doi: string
  /** Conditions of the published value, such as "298 K, protocol not given". */
  readonly conditions: string | null
}

export type Provenance = ProvenanceOf<SimulationRun>

export interface SimulationRun extends RunRecord {
  readonly rate_ns_per_day: number
}

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
