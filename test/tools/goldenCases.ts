import {
  type Geometry,
  ORTHORHOMBIC,
  randomAtoms,
  randomMolecules,
  SKEWED,
  TRICLINIC,
} from './goldenGeometry.ts'

/** One golden case: a tiny system, and what LAMMPS is to compute of it. */
export interface GoldenCase {
  readonly name: string
  readonly units: 'real' | 'metal'
  readonly atomStyle: 'atomic' | 'charge' | 'molecular' | 'full'
  readonly geometry: Geometry
  readonly pair: string
  /** Lines of `Pair Coeffs`. */
  readonly pairCoeffs?: readonly string[]
  /** Lines of `PairIJ Coeffs`. */
  readonly pairIJCoeffs?: readonly string[]
  readonly bond?: Style
  readonly angle?: Style
  readonly dihedral?: Style
  readonly improper?: Style
  readonly cutoff_A: number
  /** Damping of dsf and wolf. */
  readonly alpha_per_A?: number
  readonly mixing?: 'geometric' | 'arithmetic'
  readonly specialLJ?: readonly [number, number, number]
  readonly specialCoulomb?: readonly [number, number, number]
}

interface Style {
  readonly style: string
  /** One line of coefficients per type; terms take the types in turn. */
  readonly coeffs: readonly string[]
  /** A style and coefficients that give LAMMPS the same energy, where its build lacks the style. */
  readonly standIn?: { readonly style: string; readonly coeffs: readonly (readonly string[])[] }
}

const atoms = randomAtoms(11, ORTHORHOMBIC)
const tilted = randomAtoms(12, TRICLINIC)
const skewed = randomAtoms(13, SKEWED)
const molecules = randomMolecules(14, ORTHORHOMBIC)
const tiltedMolecules = randomMolecules(15, TRICLINIC)

const LJ = ['0.12 3.1', '0.05 2.4', '0.2 2.8']
const BUCK = [
  '420.0 0.31 0.0',
  '1300.0 0.29 12.5',
  '600.0 0.33 4.0',
  '2100.0 0.25 21.0',
  '900.0 0.27 0.0',
  '1800.0 0.28 27.0',
]
const BORN = [
  '0.21 0.32 2.3 1.2 0.8',
  '0.19 0.31 2.6 10.5 4.1',
  '0.24 0.33 2.1 0.0 0.0',
  '0.16 0.30 2.9 70.0 60.0',
  '0.20 0.31 2.5 8.0 0.0',
  '0.22 0.34 2.2 3.0 1.5',
]
const MORSE = ['0.35 1.5 2.6', '0.12 1.9 2.3', '0.40 1.2 2.9', '0.05 2.1 3.1', '0.27 1.7 2.4', '0.31 1.4 2.8']
/** Lines for every pair of three types, i ≤ j. */
const everyPair = (coeffs: readonly string[]) =>
  ['1 1', '1 2', '1 3', '2 2', '2 3', '3 3'].map((pair, k) => `${pair} ${coeffs[k]}`)

const BOND: Style = { style: 'harmonic', coeffs: ['250.0 1.4', '310.5 1.25'] }
const ANGLE: Style = { style: 'harmonic', coeffs: ['45.0 109.5', '60.0 120.0', '38.2 95.0'] }
const OPLS: Style = { style: 'opls', coeffs: ['1.3 -0.05 0.2 0.0', '7.833 -2.49 -0.764 0.31'] }
const ZERO: Style = { style: 'zero', coeffs: ['1.4', '1.3'] }

const nonBonded = { units: 'real', atomStyle: 'charge', geometry: atoms, cutoff_A: 6.2 } as const
const ceramic = { ...nonBonded, units: 'metal' } as const
const bonded = {
  units: 'real',
  atomStyle: 'full',
  geometry: molecules,
  pair: 'zero',
  bond: ZERO,
  cutoff_A: 6,
} as const
const organic = {
  ...bonded,
  bond: BOND,
  angle: ANGLE,
  dihedral: OPLS,
  pairCoeffs: LJ,
  cutoff_A: 6.2,
} as const

/** Every supported style at least once; charges, molecules and cells of every kind. */
export const GOLDEN_CASES: readonly GoldenCase[] = [
  { name: 'pair-lj-cut', ...nonBonded, atomStyle: 'atomic', pair: 'lj/cut', pairCoeffs: LJ },
  { name: 'pair-lj-cut-arithmetic', ...nonBonded, pair: 'lj/cut', pairCoeffs: LJ, mixing: 'arithmetic' },
  { name: 'pair-lj-cut-triclinic', ...nonBonded, geometry: tilted, pair: 'lj/cut', pairCoeffs: LJ },
  {
    name: 'pair-lj-cut-skewed',
    ...nonBonded,
    geometry: skewed,
    pair: 'lj/cut',
    pairCoeffs: LJ,
    cutoff_A: 5.1,
  },
  {
    name: 'pair-lj-cut-mixed-cutoffs',
    ...nonBonded,
    pair: 'lj/cut',
    pairCoeffs: ['0.12 3.1 5.0', '0.05 2.4', '0.2 2.8 4.2'],
  },
  {
    name: 'pair-lj-cut-pairij',
    ...nonBonded,
    pair: 'lj/cut',
    pairIJCoeffs: everyPair(['0.12 3.1', '0.07 2.9 4.4', '0.15 2.7', '0.05 2.4', '0.02 3.3 5.3', '0.2 2.8']),
  },
  { name: 'pair-lj-cut-coul-cut', ...nonBonded, pair: 'lj/cut/coul/cut', pairCoeffs: LJ },
  { name: 'pair-lj-cut-coul-dsf', ...nonBonded, pair: 'lj/cut/coul/dsf', pairCoeffs: LJ, alpha_per_A: 0.2 },
  {
    name: 'pair-lj-cut-coul-wolf',
    ...nonBonded,
    pair: 'lj/cut/coul/wolf',
    pairCoeffs: LJ,
    alpha_per_A: 0.25,
  },
  { name: 'pair-lj-cut-coul-long', ...nonBonded, pair: 'lj/cut/coul/long', pairCoeffs: LJ },
  {
    name: 'pair-lj-cut-coul-long-triclinic',
    ...nonBonded,
    geometry: tilted,
    pair: 'lj/cut/coul/long',
    pairCoeffs: LJ,
  },
  { name: 'pair-lj-cut-coul-long-skewed', ...ceramic, geometry: skewed, pair: 'coul/long', cutoff_A: 5.1 },
  { name: 'pair-coul-cut', ...nonBonded, pair: 'coul/cut' },
  { name: 'pair-coul-dsf', ...nonBonded, pair: 'coul/dsf', alpha_per_A: 0.22 },
  { name: 'pair-coul-wolf', ...ceramic, pair: 'coul/wolf', alpha_per_A: 0.3 },
  { name: 'pair-coul-long', ...nonBonded, pair: 'coul/long' },
  { name: 'pair-buck', ...ceramic, atomStyle: 'atomic', pair: 'buck', pairIJCoeffs: everyPair(BUCK) },
  {
    name: 'pair-buck-pairij-cutoff',
    ...ceramic,
    pair: 'buck',
    pairIJCoeffs: everyPair(BUCK.map((line, k) => (k % 2 === 0 ? line : `${line} 4.7`))),
  },
  { name: 'pair-buck-coul-cut', ...ceramic, pair: 'buck/coul/cut', pairIJCoeffs: everyPair(BUCK) },
  { name: 'pair-buck-coul-long', ...ceramic, pair: 'buck/coul/long', pairIJCoeffs: everyPair(BUCK) },
  { name: 'pair-born', ...ceramic, atomStyle: 'atomic', pair: 'born', pairIJCoeffs: everyPair(BORN) },
  {
    name: 'pair-born-coul-dsf',
    ...ceramic,
    pair: 'born/coul/dsf',
    pairIJCoeffs: everyPair(BORN),
    alpha_per_A: 0.25,
  },
  {
    name: 'pair-born-coul-wolf',
    ...ceramic,
    pair: 'born/coul/wolf',
    pairIJCoeffs: everyPair(BORN),
    alpha_per_A: 0.25,
  },
  { name: 'pair-born-coul-long', ...ceramic, pair: 'born/coul/long', pairIJCoeffs: everyPair(BORN) },
  { name: 'pair-morse', ...ceramic, atomStyle: 'atomic', pair: 'morse', pairIJCoeffs: everyPair(MORSE) },
  { name: 'pair-zero', ...nonBonded, pair: 'zero' },
  { name: 'bond-harmonic', ...bonded, bond: BOND },
  { name: 'bond-harmonic-metal', ...bonded, units: 'metal', bond: BOND },
  { name: 'bond-morse', ...bonded, bond: { style: 'morse', coeffs: ['80.0 1.9 1.35', '104.5 1.7 1.28'] } },
  { name: 'bond-zero', ...bonded },
  { name: 'angle-harmonic', ...bonded, angle: ANGLE },
  { name: 'angle-zero', ...bonded, bond: BOND, angle: { style: 'zero', coeffs: ['109.5'] } },
  { name: 'dihedral-opls', ...bonded, dihedral: OPLS },
  {
    name: 'dihedral-charmm',
    ...bonded,
    dihedral: { style: 'charmm', coeffs: ['0.8 3 0 0.0', '1.9 2 180 0.0', '0.6 1 60 0.0', '0.4 4 -45 0.0'] },
  },
  {
    name: 'dihedral-fourier',
    ...bonded,
    dihedral: {
      style: 'fourier',
      coeffs: ['3 0.9 1 0.0 0.5 2 180.0 0.7 3 30.0', '1 1.4 2 90.0'],
      standIn: {
        style: 'charmm',
        coeffs: [['0.9 1 0 0.0', '0.5 2 180 0.0', '0.7 3 30 0.0'], ['1.4 2 90 0.0']],
      },
    },
  },
  {
    name: 'dihedral-harmonic',
    ...bonded,
    dihedral: { style: 'harmonic', coeffs: ['1.6 1 3', '2.2 -1 2', '0.7 -1 1'] },
  },
  { name: 'dihedral-zero', ...bonded, bond: BOND, dihedral: { style: 'zero', coeffs: [''] } },
  { name: 'improper-harmonic', ...bonded, improper: { style: 'harmonic', coeffs: ['12.0 0.0', '8.0 25.0'] } },
  { name: 'improper-cvff', ...bonded, improper: { style: 'cvff', coeffs: ['9.0 -1 2', '5.5 1 3'] } },
  { name: 'improper-zero', ...bonded, bond: BOND, improper: { style: 'zero', coeffs: [''] } },
  { name: 'molecular', ...organic, atomStyle: 'molecular', pair: 'lj/cut' },
  {
    name: 'special-coul-cut',
    ...organic,
    pair: 'lj/cut/coul/cut',
    specialLJ: [0, 0, 0.5],
    specialCoulomb: [0, 0.25, 0.8333],
  },
  {
    name: 'special-coul-dsf',
    ...organic,
    pair: 'lj/cut/coul/dsf',
    alpha_per_A: 0.2,
    specialLJ: [0, 0, 0.5],
    specialCoulomb: [0, 0.25, 0.5],
  },
  {
    name: 'special-coul-wolf',
    ...organic,
    pair: 'lj/cut/coul/wolf',
    alpha_per_A: 0.2,
    specialLJ: [0, 0, 0.5],
    specialCoulomb: [0, 0.25, 0.5],
  },
  {
    name: 'special-coul-long',
    ...organic,
    pair: 'lj/cut/coul/long',
    specialLJ: [0.01, 0.2, 0.5],
    specialCoulomb: [0.1, 0.25, 0.8333],
  },
  {
    name: 'organic-triclinic',
    ...organic,
    geometry: tiltedMolecules,
    pair: 'lj/cut/coul/long',
    improper: { style: 'cvff', coeffs: ['9.0 -1 2'] },
    specialLJ: [0, 0, 0.5],
    specialCoulomb: [0, 0, 0.5],
  },
]
