import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import { SimulationError, UserError } from '../errors.ts'
import type { ImageEvaluator } from '../platform/platform.ts'
import { CODATA_2018 } from '../units.ts'

/** h, eV·ps: CODATA 2018, exact. */
const PLANCK_EV_PS = 4.135667696e-3
/** Frequency below which a mode is a free translation or rotation, THz. */
const FREE_THZ = 0.05
const PS_PER_S = 1e12

/** Options of `partialHessian`. */
export interface HessianOptions {
  readonly evaluator: Pick<ImageEvaluator, 'evaluate'>
  /** [3N] Å, a stationary point */
  readonly positions: Float64Array
  /** Indices of the n atoms that vibrate; the others are fixed. */
  readonly atoms: readonly number[]
  /** Length of each displacement. Default: 0.01 Å. */
  readonly displacement_A?: number
}

/**
 * Second derivatives for some atoms by central differences of forces, made symmetric.
 * @returns [3n, 3n] eV/Å²; costs 6n force calls
 * @throws UserError when no atoms, or one twice, are named
 */
export async function partialHessian(options: HessianOptions): Promise<Matrix> {
  const { evaluator, positions, atoms, displacement_A = 0.01 } = options
  const atomCount = positions.length / 3
  if (
    atoms.length === 0 ||
    new Set(atoms).size < atoms.length ||
    atoms.some(a => !(a >= 0 && a < atomCount))
  ) {
    throw new UserError({
      message: 'vibrations need one atom or more, each named once and inside the structure',
    })
  }
  const coordinates = atoms.flatMap(atom => [3 * atom, 3 * atom + 1, 3 * atom + 2])
  const displaced = coordinates.flatMap(k =>
    [displacement_A, -displacement_A].map(by => {
      const image = positions.slice()
      image[k]! += by
      return image
    }),
  )
  const evaluations = await evaluator.evaluate(displaced)
  const rows = coordinates.map((_, row) => {
    const ahead = evaluations[2 * row]!.forces
    const behind = evaluations[2 * row + 1]!.forces
    return coordinates.map(k => (behind[k]! - ahead[k]!) / (2 * displacement_A))
  })
  const hessian = new Matrix(rows)
  return Matrix.add(hessian, hessian.transpose()).mul(0.5)
}

/** Normal modes in order of frequency; imaginary ones come first. */
export interface NormalModes {
  /** [3n] THz; imaginary ones as negative numbers */
  readonly frequencies_THz: readonly number[]
  /** [3n] of [3n]: mass-weighted unit vectors */
  readonly modes: readonly Float64Array[]
}

/**
 * Harmonic normal modes: the eigenvectors of M^{−1/2} H M^{−1/2}.
 * @param hessian [3n, 3n] eV/Å² @param masses [n] g/mol
 */
export function normalModes(hessian: Matrix, masses: ArrayLike<number>): NormalModes {
  const weighted = Matrix.zeros(hessian.rows, hessian.columns)
  for (let i = 0; i < hessian.rows; i++) {
    for (let j = 0; j < hessian.columns; j++) {
      const mass = Math.sqrt(masses[Math.floor(i / 3)]! * masses[Math.floor(j / 3)]!)
      weighted.set(i, j, hessian.get(i, j) / mass)
    }
  }
  const solved = new EigenvalueDecomposition(weighted, { assumeSymmetric: true })
  const order = solved.realEigenvalues.map((value, k) => ({ value, k })).sort((a, b) => a.value - b.value)
  return {
    frequencies_THz: order.map(({ value }) => {
      const squared = value * CODATA_2018.accelerationPerForce
      return (Math.sign(squared) * Math.sqrt(Math.abs(squared))) / (2 * Math.PI)
    }),
    modes: order.map(({ k }) => Float64Array.from(solved.eigenvectorMatrix.getColumn(k))),
  }
}

/** Rate of a hop by harmonic transition-state theory. */
export interface HopRate {
  /** Vineyard's prefactor Πν(minimum)/Πν(saddle), THz */
  readonly prefactor_THz: number
  /** The unstable mode of the saddle, THz; a positive number */
  readonly imaginary_THz: number
  /** Hops per second in one direction, classical */
  readonly rate_per_s: number
  /** Zero-point correction of the barrier, eV: Σ½hν of the saddle minus that of the minimum */
  readonly zeroPoint_eV: number
  /** Wigner's tunnelling factor 1 + (hν‡/k_B T)²/24; valid only if it is close to 1 */
  readonly tunnelling: number
  /** The rate with quantum harmonic oscillators in place of classical ones, times `tunnelling` */
  readonly quantumRate_per_s: number
}

export interface HopRateOptions {
  readonly minimum: NormalModes
  readonly saddle: NormalModes
  readonly barrier_eV: number
  readonly temperature_K: number
}

/**
 * Hop rate by harmonic transition-state theory: Vineyard 1957, https://doi.org/10.1016/0022-3697(57)90059-8, eqs 8 and 9;
 * Wigner's factor: https://doi.org/10.1039/TF9383400029. Both structures must have the same vibrating atoms.
 * @throws SimulationError when the minimum has an imaginary mode, the saddle not exactly one, or a mode is free
 */
export function hopRate({ minimum, saddle, barrier_eV, temperature_K }: HopRateOptions): HopRate {
  if (minimum.frequencies_THz.length !== saddle.frequencies_THz.length) {
    throw new UserError({
      message: 'minimum and saddle differ in their number of modes',
      hint: 'choose the same atoms',
    })
  }
  if (!(temperature_K > 0))
    throw new UserError({ message: `temperature_K is ${temperature_K}`, hint: 'it must be above zero' })
  checkModes('minimum', minimum, 0, 'relax this end further, or along the imaginary mode')
  checkModes(
    'saddle',
    saddle,
    1,
    'converge the climbing image to a smaller fmax; a lower saddle may lie to the side',
  )
  const [imaginary, ...stable] = saddle.frequencies_THz
  const prefactor_THz = Math.exp(
    minimum.frequencies_THz.reduce((sum, nu) => sum + Math.log(nu), 0) -
      stable.reduce((sum, nu) => sum + Math.log(nu), 0),
  )
  const thermal_eV = CODATA_2018.boltzmann_eV_per_K * temperature_K
  const boltzmann = Math.exp(-barrier_eV / thermal_eV)
  const quanta = (nu: number) => (PLANCK_EV_PS * nu) / thermal_eV
  const tunnelling = 1 + quanta(imaginary!) ** 2 / 24
  // 2 sinh(x/2) in place of x, mode by mode.
  const correction = (nu: number) => Math.log((2 * Math.sinh(quanta(nu) / 2)) / quanta(nu))
  const quantum = Math.exp(
    minimum.frequencies_THz.reduce((sum, nu) => sum + correction(nu), 0) -
      stable.reduce((sum, nu) => sum + correction(nu), 0),
  )
  const total = (values: readonly number[]) => values.reduce((sum, nu) => sum + nu, 0)
  const rate_per_s = prefactor_THz * PS_PER_S * boltzmann
  return {
    prefactor_THz,
    imaginary_THz: Math.abs(imaginary!),
    rate_per_s,
    zeroPoint_eV: (PLANCK_EV_PS / 2) * (total(stable) - total(minimum.frequencies_THz)),
    tunnelling,
    quantumRate_per_s: rate_per_s * quantum * tunnelling,
  }
}

function checkModes(name: string, { frequencies_THz }: NormalModes, wanted: number, hint: string): void {
  const free = frequencies_THz.filter(nu => Math.abs(nu) < FREE_THZ)
  if (free.length > 0) {
    throw new SimulationError({
      message: `${free.length} ${free.length === 1 ? 'mode' : 'modes'} of the ${name} cost no energy (below ${FREE_THZ} THz)`,
      hint: 'let fewer atoms vibrate: the fixed atoms then prevent translations and rotations',
    })
  }
  const imaginary = frequencies_THz.filter(nu => nu < 0)
  if (imaginary.length !== wanted) {
    const list = imaginary.map(nu => `${Math.abs(nu).toFixed(2)}i`).join(', ')
    throw new SimulationError({
      message: `the ${name} has ${imaginary.length} imaginary modes${list ? ` (${list} THz)` : ''} where there should be ${wanted === 0 ? 'none' : 'exactly one'}`,
      hint,
    })
  }
}
