import type { Box } from '../core/box.ts'
import type { CoulombForce, CoulombMethod, SpecialFactors, Truncation } from '../core/force.ts'
import { ewaldMethod } from '../forces/ewald.ts'
import { CODATA_2018, LAMMPS_METAL } from '../units.ts'

/** Methods for summing charges; `none` leaves charges without interaction. */
export type CoulombName = CoulombMethod['name'] | 'none'

/** Treatment of non-bonded interactions, the same for every command; it is not part of a potential. */
export interface Interactions {
  /** Cut-off of pair and real-space Coulomb interactions, Å; an entry of the potential may set another. */
  readonly cutoff_A: number
  /** Treatment of the pair interactions at the cut-off. */
  readonly truncation: Truncation['kind']
  /** Distance at which the switching function of `switched` begins, Å. */
  readonly switch_from_A?: number | undefined
  /** Adds energy and virial of a uniform fluid beyond the cut-off (Lennard-Jones only). */
  readonly tail_correction: boolean
  readonly coulomb: CoulombName
  /** Damping of dsf and wolf (required), or splitting of pme and ewald (default: from the accuracy), 1/Å. */
  readonly coulomb_alpha_per_A?: number | undefined
  /** RMS force error of pme and ewald (required there), relative to the force of two unit charges 1 Å apart. */
  readonly coulomb_accuracy?: number | undefined
  /** Correction of pme and ewald for a slab with vacuum along z (Yeh & Berkowitz, https://doi.org/10.1063/1.479595). */
  readonly slab_correction: boolean
}

/** Set of physical constants; `lammps` includes its approximation of erfc. */
export type ConstantsName = 'codata2018' | 'lammps'

export const isEwald = (coulomb: unknown): coulomb is 'pme' | 'ewald' =>
  coulomb === 'pme' || coulomb === 'ewald'

/** The truncation of the pair terms as data of a `PairForce`. */
export function truncationOf({ truncation, switch_from_A }: Interactions): Truncation {
  return truncation === 'switched' ? { kind: truncation, from_A: switch_from_A! } : { kind: truncation }
}

/**
 * The Coulomb interaction of charges in a box as data; null for `none`.
 * @param charges [N] e
 * @throws UserError when no particle mesh reaches the accuracy
 */
export function coulombForce(
  interactions: Interactions,
  box: Box,
  charges: Float64Array,
  special: SpecialFactors,
  constants: ConstantsName = 'codata2018',
): CoulombForce | null {
  const method = coulombMethod(interactions, box, charges)
  return (
    method && {
      kind: 'coulomb',
      method,
      cutoff_A: interactions.cutoff_A,
      constant_eV_A: (constants === 'lammps' ? LAMMPS_METAL : CODATA_2018).coulomb_eV_A,
      special,
      erfc: constants === 'lammps' ? 'lammps' : 'exact',
      slabCorrection: interactions.slab_correction,
    }
  )
}

function coulombMethod(interactions: Interactions, box: Box, charges: Float64Array): CoulombMethod | null {
  const { coulomb: name, coulomb_alpha_per_A: alpha, coulomb_accuracy: accuracy, cutoff_A } = interactions
  switch (name) {
    case 'none':
      return null
    case 'cut':
      return { name }
    case 'dsf':
    case 'wolf':
      return { name, alpha_per_A: alpha! }
    case 'ewald':
    case 'pme':
      return ewaldMethod({ name, box, charges, cutoff_A, accuracy: accuracy!, alpha_per_A: alpha })
  }
}
