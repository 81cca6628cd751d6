/**
 * An interaction as plain data, which a platform evaluates. Energies in eV, lengths in Å, angles in radians, charges
 * in e. The formulas are in `forces/`.
 */
export type Force =
  | PairForce
  | CoulombForce
  | BondForce
  | AngleForce
  | DihedralForce
  | ImproperForce
  | RestraintForce

/** Factors on the non-bonded interaction of atoms that are one, two and three bonds apart. */
export type SpecialFactors = readonly [oneTwo: number, oneThree: number, oneFour: number]

/**
 * Parameters of each functional form of a pair term, in order, with their units. A potential file has the same names
 * without `_eV`, in its own unit of energy. The formulas are in `PAIR_FORMS` of forces/pair.ts.
 */
export const PAIR_PARAMETERS = {
  'lennard-jones': ['epsilon_eV', 'sigma_A'],
  buckingham: ['A_eV', 'rho_A', 'C_eV_A6'],
  born: ['A_eV', 'rho_A', 'sigma_A', 'C_eV_A6', 'D_eV_A8'],
  morse: ['D_eV', 'a_per_A', 'r0_A'],
  'inverse-twelfth': ['R_eV_A12'],
} as const
export type PairForm = keyof typeof PAIR_PARAMETERS

/** Treatment of a pair interaction at its cut-off; `plain` cuts energy and force without a change. */
export type Truncation =
  | { readonly kind: 'plain' }
  /** Energy shifted to zero at the cut-off; the force is unchanged. */
  | { readonly kind: 'shifted' }
  /** Energy multiplied by the C² quintic that falls from 1 at `from_A` to 0 at the cut-off. */
  | { readonly kind: 'switched'; readonly from_A: number }

export interface PairForce {
  readonly kind: 'pair'
  readonly form: PairForm
  /** [T·T·P], row-major over (typeI, typeJ, parameter); symmetric in the types. */
  readonly parameters: Float64Array
  /** [T·T] cut-off of each type pair, Å; 0 where the pair does not interact through this term. */
  readonly cutoffs: Float64Array
  readonly truncation: Truncation
  /** Adds the energy and virial of a uniform fluid beyond the cut-off (Lennard-Jones only). */
  readonly tailCorrection: boolean
  readonly special: SpecialFactors
}

export type CoulombMethod =
  | { readonly name: 'cut' }
  /** Damped shifted force: Fennell & Gezelter 2006, https://doi.org/10.1063/1.2206581 */
  | { readonly name: 'dsf'; readonly alpha_per_A: number }
  /** Wolf et al. 1999, https://doi.org/10.1063/1.478738 */
  | { readonly name: 'wolf'; readonly alpha_per_A: number }
  /** Ewald sum over all reciprocal vectors with |k| up to `kCutoff_per_A`. */
  | { readonly name: 'ewald'; readonly alpha_per_A: number; readonly kCutoff_per_A: number }
  /** Smooth particle-mesh Ewald: Essmann et al. 1995, https://doi.org/10.1063/1.470117 */
  | {
      readonly name: 'pme'
      readonly alpha_per_A: number
      readonly grid: readonly [number, number, number]
      readonly order: number
    }

export interface CoulombForce {
  readonly kind: 'coulomb'
  readonly method: CoulombMethod
  readonly cutoff_A: number
  /** e²/(4πε₀), eV·Å, from the chosen set of constants. */
  readonly constant_eV_A: number
  readonly special: SpecialFactors
  /** Accuracy of erfc: double precision, or the approximation of LAMMPS. */
  readonly erfc: 'exact' | 'lammps'
  /** Yeh–Berkowitz correction for a slab with vacuum along z (https://doi.org/10.1063/1.479595). */
  readonly slabCorrection: boolean
}

/** Covalent bonds: harmonic ½k(r−r₀)² with parameters [k, r₀]; Morse D(1−e^{−a(r−r₀)})² with [D, a, r₀]. */
export interface BondForce {
  readonly kind: 'bond'
  readonly form: 'harmonic' | 'morse'
  /** [2M] atom indices of each bond. */
  readonly atoms: Int32Array
  /** [2M] or [3M] eV, Å */
  readonly parameters: Float64Array
}

/** Harmonic angles i–j–k: ½k(θ−θ₀)² with parameters [k, θ₀] in eV/rad² and rad. */
export interface AngleForce {
  readonly kind: 'angle'
  /** [3M] */
  readonly atoms: Int32Array
  /** [2M] */
  readonly parameters: Float64Array
}

/**
 * Dihedrals as Fourier series in the angle φ of i–j–k–l (trans = π): E = Σₙ aₙ cos nφ + bₙ sin nφ, n = 0…order.
 * OPLS, CHARMM, Fourier and cos-harmonic dihedrals all have this form.
 */
export interface DihedralForce {
  readonly kind: 'dihedral'
  /** [4M] */
  readonly atoms: Int32Array
  readonly order: number
  /** [M·2·(order+1)]: a₀…a_order, b₀…b_order per dihedral, eV. */
  readonly coefficients: Float64Array
}

/**
 * Out-of-plane terms. `fourier`: a series as in `DihedralForce` (CVFF); `harmonic`: ½k(χ−χ₀)² with [k, χ₀] and χ = |φ|.
 */
export type ImproperForce =
  | {
      readonly kind: 'improper'
      readonly form: 'fourier'
      readonly atoms: Int32Array
      readonly order: number
      readonly coefficients: Float64Array
    }
  | {
      readonly kind: 'improper'
      readonly form: 'harmonic'
      readonly atoms: Int32Array
      readonly parameters: Float64Array
    }

/** Harmonic restraints ½k|r−r₀|² of atoms to fixed points; computed from unwrapped positions. */
export interface RestraintForce {
  readonly kind: 'restraint'
  /** [M] */
  readonly atoms: Int32Array
  /** [3M] Å */
  readonly anchors: Float64Array
  /** [M] eV/Å² */
  readonly stiffness: Float64Array
}
