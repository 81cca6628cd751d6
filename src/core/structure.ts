import type { Box } from './box.ts'
import type { Topology } from './topology.ts'

/** What a structure file holds: atoms in a cell, before any potential is assigned. */
export interface Structure {
  /** [N] chemical symbols. */
  readonly elements: readonly string[]
  /** [N] atom type names of a potential; null when the file names none. */
  readonly types: readonly string[] | null
  /** [3N] Å, unwrapped. */
  readonly positions: Float64Array
  readonly box: Box
  readonly topology: Topology
  /** [N] e; null when they come from the potential. */
  readonly charges: Float64Array | null
  /** [N] g/mol; null when they come from the potential or the elements. */
  readonly masses: Float64Array | null
  /** [3N] Å/ps; null when the file holds none. */
  readonly velocities: Float64Array | null
  /** [N] 1 for atoms that are held where they are (selective dynamics); null when all may move. */
  readonly frozen: Uint8Array | null
}
