/**
 * Internal units: Å, ps, eV, g/mol, K, e (LAMMPS "metal" units). Other units are converted where data is read or written.
 * Constants: CODATA 2018 (https://doi.org/10.1103/RevModPhys.93.025010).
 */

const ELEMENTARY_CHARGE_C = 1.602176634e-19
const AVOGADRO_PER_MOL = 6.02214076e23
const BOLTZMANN_J_PER_K = 1.380649e-23
const VACUUM_PERMITTIVITY_F_PER_M = 8.8541878128e-12

/** A named, complete set of the physical constants that enter forces and thermodynamics. */
export interface Constants {
  readonly name: 'codata2018' | 'lammps-real' | 'lammps-metal'
  /** e²/(4πε₀), eV·Å. */
  readonly coulomb_eV_A: number
  /** k_B, eV/K. */
  readonly boltzmann_eV_per_K: number
  /** Acceleration of 1 g/mol under 1 eV/Å, Å/ps². */
  readonly accelerationPerForce: number
}

/** 1 kcal/mol in eV (thermochemical calorie, 4184 J). */
export const KCAL_PER_MOL = 4184 / (AVOGADRO_PER_MOL * ELEMENTARY_CHARGE_C)
/** 1 kJ/mol in eV. */
export const KJ_PER_MOL = 1000 / (AVOGADRO_PER_MOL * ELEMENTARY_CHARGE_C)
/** 1 fs in ps. */
export const FEMTOSECOND = 1e-3
/** 1 degree in radians. */
export const DEGREE = Math.PI / 180
/** 1 eV/Å³ in bar. */
export const EV_PER_A3_IN_BAR = ELEMENTARY_CHARGE_C * 1e30 * 1e-5
/** 1 e²/(eV Å ps) in S/cm. */
export const E2_PER_EV_A_PS_IN_S_PER_CM = ELEMENTARY_CHARGE_C * 1e20
/** 1 mPa s in eV ps/Å³. */
export const MPA_S = 1e-21 / ELEMENTARY_CHARGE_C
/** 1 nm in cm. */
export const NM_IN_CM = 1e-7
/** 1 (g/mol)/Å³ in g/cm³. */
export const G_PER_MOL_A3_IN_G_PER_CM3 = 1e24 / AVOGADRO_PER_MOL

/** Constants of CODATA 2018, which every command uses unless LAMMPS's are asked for. */
export const CODATA_2018: Constants = {
  name: 'codata2018',
  coulomb_eV_A: (ELEMENTARY_CHARGE_C / (4 * Math.PI * VACUUM_PERMITTIVITY_F_PER_M)) * 1e10,
  boltzmann_eV_per_K: BOLTZMANN_J_PER_K / ELEMENTARY_CHARGE_C,
  accelerationPerForce: ELEMENTARY_CHARGE_C * AVOGADRO_PER_MOL * 1e-1,
}

/** LAMMPS's built-in "real" constants (its update.cpp), expressed in internal units. */
export const LAMMPS_REAL: Constants = {
  name: 'lammps-real',
  coulomb_eV_A: 332.06371 * KCAL_PER_MOL,
  boltzmann_eV_per_K: 0.0019872067 * KCAL_PER_MOL,
  accelerationPerForce: 1e6 / 48.88821291 ** 2 / KCAL_PER_MOL,
}

/** LAMMPS's built-in "metal" constants (its update.cpp). */
export const LAMMPS_METAL: Constants = {
  name: 'lammps-metal',
  coulomb_eV_A: 14.399645,
  boltzmann_eV_per_K: 8.617343e-5,
  accelerationPerForce: 1 / 1.0364269e-4,
}
