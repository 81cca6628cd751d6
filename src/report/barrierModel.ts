import type { Interval } from '../analysis/stats.ts'
import type { Structure } from '../core/structure.ts'
import { CASE_COLORS, systemColors } from '../web/figure.ts'
import type { CalibrationRow, Check, ProvenanceOf, RunRecord, Status } from './model.ts'

/**
 * Content of a barrier report as plain data: every number is computed elsewhere and carries its unit in its key. One
 * shape serves a single band and a study of several. Absent quantities are null, absent lists are empty.
 */
export interface BarrierReport {
  readonly title: string
  /** Question of the page, such as "Does the coating lower the barrier of Li⁺ at the surface?". */
  readonly question: string
  /** Migrating ion in text, such as "Li⁺". */
  readonly ionLabel: string
  readonly cases: readonly [BarrierCase, ...BarrierCase[]]
  /** The first one answers the question. */
  readonly differences: readonly BarrierDifference[]
  readonly published: readonly PublishedBarrier[]
  readonly checks: readonly Check[]
  /** Parameters; the page adds the barriers and differences themselves. */
  readonly calibration: readonly CalibrationRow[]
  readonly provenance: ProvenanceOf<BandRun>
}

/**
 * `main`: answers the question. `sensitivity`: a main case with something varied. `counter-example`: a choice that was
 * as good and tells another story. `null-test`: must not differ from the case it is held against.
 */
export type CaseRole = 'main' | 'sensitivity' | 'counter-example' | 'null-test'

export interface BarrierCase {
  /** Short and unique: plots and table heads. */
  readonly name: string
  /** Longer, with its preposition: "at the bare surface", "with dehydrofluorinated PVDF". */
  readonly label: string
  /** "#rrggbb", see CASE_COLORS; null takes the next colour of the Okabe–Ito palette. */
  readonly color: string | null
  readonly role: CaseRole
  /** From the initial to the highest point of the path. */
  readonly barrier_eV: number
  /** From the final to the highest point of the path. */
  readonly reverse_barrier_eV: number
  /** Final minus initial. */
  readonly reaction_energy_eV: number
  /** Status of the barrier. */
  readonly status: Status
  /** Figure that it was fitted to, or reason for the choice; one line. */
  readonly basis: string | null
  readonly range: SensitivityRange | null
  /** The case that this one is held against: shifts are given relative to it. */
  readonly against: {
    readonly case: string
    /** Null tests: the largest shift that counts as none. */
    readonly tolerance_eV: number | null
  } | null
  readonly path: BandPath
  /** False: every number of this case is provisional. */
  readonly converged: boolean
  /** Largest norm of the NEB force on any atom of any moving image. */
  readonly fmax_eV_per_A: number
  /** Tolerance of the largest force. */
  readonly fmaxWanted_eV_per_A: number
  /** Images evaluated, end points included. */
  readonly forceCalls: number
  readonly climbing: boolean
  /** Distances from the migrating ion to its neighbours, image by image. */
  readonly neighbors: readonly NeighborDistance[]
  readonly rate: HopRate | null
  readonly molecule: BandMolecule | null
}

/** Range of a number when an assumption is varied. */
export interface SensitivityRange {
  readonly range_eV: Interval
  /** Such as "charge transfer 0.24–0.47 e". */
  readonly varied: string
}

export interface BandPath {
  /** [K] path length of each image, from 0. */
  readonly path_A: ArrayLike<number>
  /** [K] relative to the first image. */
  readonly energies_eV: ArrayLike<number>
  /** The interpolated curve through the images. */
  readonly curve: { readonly path_A: ArrayLike<number>; readonly energies_eV: ArrayLike<number> }
  readonly saddle: { readonly path_A: number; readonly energy_eV: number }
}

export interface NeighborDistance {
  /** Such as "O 71". */
  readonly neighbor: string
  /** Index of the atom, from 0. */
  readonly atom: number
  /** [K] */
  readonly distance_A: ArrayLike<number>
}

/** Harmonic transition state theory. */
export interface HopRate {
  /** Atoms that vibrate; 1 is the ion alone. */
  readonly atoms: number
  readonly prefactor_Hz: number
  readonly hop_rate_Hz: number
  readonly temperature_K: number
}

/** The band to look at. */
export interface BandMolecule {
  /** The first image. */
  readonly structure: Structure
  /** [K][3N], continuous along the path. */
  readonly images_A: readonly ArrayLike<number>[]
  /** [N] */
  readonly groups: readonly BandGroup[]
  /** Host in text: "oxide", "lattice". */
  readonly hostLabel: string
}

/** `frozen` is the part of the host that is held fixed; `moving` the ion (or ions) whose path is followed. */
export type BandGroup = 'host' | 'frozen' | 'adsorbate' | 'moving'

export interface BarrierDifference {
  readonly name: string
  /** Names of two of the cases: value = barrier of `of` − barrier of `minus`. */
  readonly of: string
  readonly minus: string
  readonly value_eV: number
  readonly range: SensitivityRange | null
  readonly published: PublishedValue | null
  readonly status: Status
  /** Figure that it was fitted to, or reason for the choice; one line. */
  readonly basis: string | null
}

export interface PublishedValue {
  readonly value_eV: number
  /** Short, such as "Ye 2025". */
  readonly label: string
  /** null where it is not known. */
  readonly doi: string | null
}

export interface PublishedBarrier {
  /** Name of a case. */
  readonly case: string
  readonly barrier_eV: number
  /** Short, such as "Ye 2025". */
  readonly label: string
  /** null where it is not known. */
  readonly doi: string | null
}

export interface BandRun extends RunRecord {
  readonly forceCalls: number
}

/** Returns "#rrggbb" of each case. A case without a colour of its own has that of the main case it is compared with. */
export function caseColors(cases: readonly BarrierCase[]): string[] {
  const main = cases.filter(({ role }) => role === 'main')
  const palette = new Map(systemColors(main).map((color, k) => [main[k]!.name, color]))
  return cases.map(({ name, color, against }) => {
    const inherited = palette.get(against?.case ?? '') ?? CASE_COLORS.bare
    return palette.get(name) ?? systemColors([{ color: color ?? inherited }])[0]!
  })
}
