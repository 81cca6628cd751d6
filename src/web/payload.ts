import type { Dataset, Figure } from './figure.ts'

/** Data of a report page, as its program reads them. */
export interface Payload {
  readonly title: string
  readonly figures: readonly EmbeddedFigure[]
  readonly datasets: readonly Dataset[]
  /** Last frames, on a page of transport. */
  readonly molecules: readonly EmbeddedMolecule[]
  /** Bands, on a page of barriers. */
  readonly paths: readonly EmbeddedPath[]
  /** The report without its series, which are in `datasets`, `molecules` and `paths`. */
  readonly report: unknown
}

/** A figure that names its dataset by id: several figures may show one dataset. */
export interface EmbeddedFigure extends Omit<Figure, 'dataset'> {
  readonly dataset: string
}

/** The last frame of a system, to draw and to download. */
export interface EmbeddedMolecule {
  readonly system: string
  readonly color: string
  readonly description: string
  readonly elements: readonly string[]
  /** [3N] Å, rounded to a thousandth. */
  readonly positions_A: readonly number[]
  /** [2M] atoms that are bonded, from 0. */
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

/** A band of images, to draw and to download. */
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
  /** [3N] Å, the first image. */
  readonly positions_A: readonly number[]
  /** [A] atoms that move from image to image, from 0. */
  readonly active: readonly number[]
  /** [K][3A] Å, positions of the active atoms in each image. */
  readonly images_A: readonly (readonly number[])[]
  readonly path_A: readonly number[]
  readonly energies_eV: readonly number[]
  readonly curve: { readonly path_A: readonly number[]; readonly energies_eV: readonly number[] }
  readonly saddle: { readonly path_A: number; readonly energy_eV: number }
  /** Atoms whose distances to the ion are plotted, from 0. */
  readonly neighbors: readonly number[]
}
