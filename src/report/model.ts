import type { Structure } from '../core/structure.ts'
import type {
  CalibrationRow,
  Check,
  Estimate,
  Headline,
  Interval,
  ProvenanceOf,
  RunRecord,
  Status,
} from './common.ts'

export type { CalibrationRow, Check, Estimate, Headline, Interval, Status }

/**
 * What a transport report shows, as plain data: every number is computed elsewhere and carries its unit in its
 * key. One shape serves a single run (one system), a comparison and a study. Absent quantities are null, absent
 * lists are empty.
 */

export interface TransportReport {
  readonly title: string
  /** Chemical symbol of the ion that is followed, such as "Li". */
  readonly species: string
  /** How the ion is written in text, such as "Li⁺". */
  readonly speciesLabel: string
  readonly systems: readonly [SystemReport, ...SystemReport[]]
  /** The ratio of two of the systems. */
  readonly comparison: Comparison | null
  readonly published: readonly PublishedSlope[]
  readonly publishedRatio: PublishedRatio | null
  readonly checks: readonly Check[]
  readonly calibration: readonly CalibrationRow[]
  readonly provenance: Provenance
}

export type Verdict = 'diffusive' | 'sub-diffusive' | 'undetermined'

export interface SystemReport {
  /** Short and unique: plots and table heads. */
  readonly name: string
  /** Longer: the sentence. */
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
  readonly slope_A2_per_ps: Headline
  /** Slopes along x, y and z. */
  readonly axisSlopes_A2_per_ps: readonly [x: Estimate, y: Estimate, z: Estimate] | null
  readonly fit: {
    readonly from_ps: number
    readonly to_ps: number
    /** Such as "ordinary least squares". */
    readonly method: string
    /** The slope by the other method. */
    readonly other: Estimate & { readonly method: string }
  }
  /** d ln MSD / d ln t over the fit window. */
  readonly alpha: Headline
  readonly verdict: Verdict
  readonly alphaCurve: { readonly lag_ps: ArrayLike<number>; readonly alpha: ArrayLike<number> } | null
  readonly rdfs: readonly RadialDistribution[]
  readonly coordination: readonly Coordination[]
  /** Fractions of the ions, adding up to 1. */
  readonly ionPairStates: {
    readonly free: number
    readonly contact: number
    readonly aggregate: number
  } | null
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
  /** Such as "Li–F(polymer)"; systems are compared pair by pair under this name. */
  readonly pair: string
  readonly r_A: ArrayLike<number>
  readonly g: ArrayLike<number>
  /** Running coordination number. */
  readonly n: ArrayLike<number>
}

export interface Coordination extends Estimate {
  readonly pair: string
  /** First minimum of g(r): what counts as coordinated. */
  readonly radius_A: number
  /** How long a contact lives; `atLeast` when the trajectory was too short to see it end. */
  readonly residence: { readonly time_ps: number; readonly atLeast: boolean } | null
}

/** One frame to look at. */
export interface Molecule {
  /** Molecules are whole: no bond crosses the cell. */
  readonly structure: Structure
  /** [N] */
  readonly groups: readonly MoleculeGroup[]
  /** What the host is: "chains", "lattice". */
  readonly hostLabel: string
  /** One path per ion, [3P] Å, continuous, oldest point first; it ends where its ion is drawn. */
  readonly trajectories_A: readonly ArrayLike<number>[]
  /** Time that each path covers. */
  readonly trajectorySpan_ps: number | null
}

/** `host` is what the ions move through (chains or a lattice), `ion` the followed species. */
export type MoleculeGroup = 'host' | 'anion' | 'ion'

export interface Comparison {
  /** Names of two of the systems: ratio = numerator / denominator. */
  readonly numerator: string
  readonly denominator: string
  readonly ratio: Headline
  /** What the ratio of two replicas of the same system comes to by chance. */
  readonly nullRatio_ci95: Interval | null
  /** How the intervals were made, in one sentence. */
  readonly method: string
}

export interface PublishedSlope {
  /** Name of a system. */
  readonly system: string
  readonly slope_A2_per_ps: number
  /** Short, such as "Ye 2025". */
  readonly label: string
  readonly doi: string
}

export interface PublishedRatio {
  readonly value: number
  readonly label: string
  readonly doi: string
  /** What has to be known to compare, such as "298 K, protocol not given". */
  readonly conditions: string | null
}

export type Provenance = ProvenanceOf<SimulationRun>

export interface SimulationRun extends RunRecord {
  readonly rate_ns_per_day: number
}
