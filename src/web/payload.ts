import type { Dataset, Figure } from './figure.ts'

/** What the page's script reads. */
export interface Payload {
  readonly title: string
  readonly figures: readonly EmbeddedFigure[]
  readonly datasets: readonly Dataset[]
  /** Frames of the page that shows boxes. */
  readonly molecules: readonly EmbeddedMolecule[]
  /** Bands of the page that shows barriers. */
  readonly paths: readonly EmbeddedPath[]
  /** The report without its series: those are in the figures' datasets and in the 3D views. */
  readonly report: unknown
}

/** A figure with the id of its dataset in place of the data. */
export interface EmbeddedFigure extends Omit<Figure, 'dataset'> {
  readonly dataset: string
}

/** A frame as the page draws it and hands it out. */
export interface EmbeddedMolecule {
  readonly system: string
  readonly color: string
  readonly description: string
  readonly elements: readonly string[]
  /** [3N] rounded to a thousandth */
  readonly positions_A: readonly number[]
  /** [2M] */
  readonly bonds: readonly number[]
  /** [M] */
  readonly bondOrders: readonly number[]
  /** Lattice vectors as rows. */
  readonly box_A: readonly number[]
  readonly groups: readonly string[]
  readonly hostLabel: string
  readonly trajectories_A: readonly (readonly number[])[]
  readonly trajectorySpan_ps: number | null
  /** The same structure as a file, in full precision. */
  readonly extxyz: string
}

/** A band as the page draws it and hands it out. */
export interface EmbeddedPath {
  /** Name of the case. */
  readonly system: string
  readonly color: string
  readonly description: string
  readonly elements: readonly string[]
  readonly groups: readonly string[]
  /** [2M] */
  readonly bonds: readonly number[]
  /** Lattice vectors as rows. */
  readonly box_A: readonly number[]
  /** Corner of the cell that is drawn. */
  readonly origin_A: readonly number[]
  /** [3N] the first image */
  readonly positions_A: readonly number[]
  /** [A] atoms that are not in the same place in all images */
  readonly active: readonly number[]
  /** [K][3A] their positions */
  readonly images_A: readonly (readonly number[])[]
  readonly path_A: readonly number[]
  readonly energies_eV: readonly number[]
  readonly curve: { readonly path_A: readonly number[]; readonly energies_eV: readonly number[] }
  readonly saddle: { readonly path_A: number; readonly energy_eV: number }
  /** Atoms whose distances to the ion are followed. */
  readonly neighbors: readonly number[]
}
