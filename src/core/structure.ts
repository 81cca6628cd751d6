import type { Box } from './box.ts'
import type { Topology } from './topology.ts'

/** Atoms in a cell as a structure file has them, before a potential is assigned. */
export interface Structure {
  /** [N] chemical symbols. */
  readonly elements: readonly string[]
  /** [N] atom types of a potential; null when the file has none. */
  readonly types: readonly string[] | null
  /** [3N] Å, unwrapped. */
  readonly positions: Float64Array
  readonly box: Box
  readonly topology: Topology
  /** [N] charges, e; null when they come from the potential. */
  readonly charges: Float64Array | null
  /** [N] masses, g/mol; null when they come from the potential or the elements. */
  readonly masses: Float64Array | null
  /** [3N] velocities, Å/ps; null when the file has none. */
  readonly velocities: Float64Array | null
  /** [N] 1 for frozen atoms (selective dynamics), else 0; null when no atom is frozen. */
  readonly frozen: Uint8Array | null
}
