import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import { SimulationError, UserError } from '../errors.ts'
import type { ImageEvaluator } from '../platform/platform.ts'
import { CODATA_2018 } from '../units.ts'

/** h, eV·ps: CODATA 2018, exact. */
const PLANCK_EV_PS = 4.135667696e-3
/** Frequency below which a mode is a free translation or rotation, THz. */
const FREE_THZ = 0.05
const PS_PER_S = 1e12
/** Rows of a Hessian that are computed at once. */
const ROWS_AT_ONCE = 96

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
  const displaced = (k: number) =>
    [displacement_A, -displacement_A].map(by => {
      const image = positions.slice()
      image[k]! += by
      return image
    })
  const rows: number[][] = []
  // A part at a time: all displaced configurations of a large system do not fit into memory.
  for (let from = 0; from < coordinates.length; from += ROWS_AT_ONCE) {
    const part = coordinates.slice(from, from + ROWS_AT_ONCE)
    const evaluations = await evaluator.evaluate(part.flatMap(k => displaced(k)))
    part.forEach((_, row) => {
      const ahead = evaluations[2 * row]!.forces
      const behind = evaluations[2 * row + 1]!.forces
      rows.push(coordinates.map(k => (behind[k]! - ahead[k]!) / (2 * displacement_A)))
    })
  }
  const hessian = new Matrix(rows)
  return Matrix.add(hessian, hessian.transpose()).mul(0.5)
}

/**
 * Mass-weighted unit vectors of the motions of a free body: three translations, with `rotates` also its rotations about
 * the centre of mass, two of a linear molecule.
 * @param positions [3N] Å, the body in one piece @param masses [N] g/mol
 */
export function rigidMotions(
  positions: Float64Array,
  masses: Float64Array,
  rotates: boolean,
): readonly Float64Array[] {
  const arms = aboutCentreOfMass(positions, masses)
  const motion = (velocity: (arm: ArrayLike<number>) => readonly number[]) => {
    const vector = new Float64Array(positions.length)
    masses.forEach((mass, i) => {
      const v = velocity(arms.subarray(3 * i, 3 * i + 3))
      for (let c = 0; c < 3; c++) vector[3 * i + c] = Math.sqrt(mass) * v[c]!
    })
    return vector
  }
  const translations = [0, 1, 2].map(axis => motion(() => [0, 1, 2].map(c => (c === axis ? 1 : 0))))
  const axes = rotates ? principalMoments(arms, masses) : []
  const rotations = axes.map(({ axis: [a, b, c] }) =>
    motion(({ 0: x, 1: y, 2: z }) => [b! * z! - c! * y!, c! * x! - a! * z!, a! * y! - b! * x!]),
  )
  // Rotations about principal axes through the centre of mass are orthogonal to each other and to translations.
  return [...translations, ...rotations].map(vector => {
    const length = Math.hypot(...vector)
    return vector.map(x => x / length)
  })
}

function aboutCentreOfMass(positions: Float64Array, masses: Float64Array): Float64Array {
  const total = masses.reduce((sum, mass) => sum + mass, 0)
  const centre = [0, 1, 2].map(c => masses.reduce((sum, m, i) => sum + m * positions[3 * i + c]!, 0) / total)
  return positions.map((x, k) => x - centre[k % 3]!)
}

/** A moment of inertia below this fraction of the largest is that of a line about itself. */
const LINEAR = 1e-6

/** Moments of inertia, g/mol·Å², with their axes; that of a line about itself is left out. */
function principalMoments(
  arms: Float64Array,
  masses: Float64Array,
): { moment: number; axis: readonly number[] }[] {
  const tensor = Matrix.zeros(3, 3)
  masses.forEach((mass, i) => {
    const arm = arms.subarray(3 * i, 3 * i + 3)
    const square = arm[0]! ** 2 + arm[1]! ** 2 + arm[2]! ** 2
    for (let a = 0; a < 3; a++) {
      for (let b = 0; b < 3; b++) {
        tensor.set(a, b, tensor.get(a, b) + mass * ((a === b ? square : 0) - arm[a]! * arm[b]!))
      }
    }
  })
  const solved = new EigenvalueDecomposition(tensor, { assumeSymmetric: true })
  const moments = solved.realEigenvalues
  const largest = Math.max(...moments)
  return moments.flatMap((moment, k) =>
    moment > LINEAR * largest ? [{ moment, axis: solved.eigenvectorMatrix.getColumn(k) }] : [],
  )
}

/** Square root of the product of a free body's moments of inertia: the rotational part of its classical phase space. */
export function rotationalWeight(positions: Float64Array, masses: Float64Array): number {
  const moments = principalMoments(aboutCentreOfMass(positions, masses), masses)
  return Math.sqrt(moments.reduce((product, { moment }) => product * moment, 1))
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
 * @param free f orthonormal mass-weighted vectors, projected out: 3n − f modes are left. Default: none
 */
export function normalModes(
  hessian: Matrix,
  masses: ArrayLike<number>,
  free: readonly Float64Array[] = [],
): NormalModes {
  const weighted = Matrix.zeros(hessian.rows, hessian.columns)
  for (let i = 0; i < hessian.rows; i++) {
    for (let j = 0; j < hessian.columns; j++) {
      const mass = Math.sqrt(masses[Math.floor(i / 3)]! * masses[Math.floor(j / 3)]!)
      weighted.set(i, j, hessian.get(i, j) / mass)
    }
  }
  const solved = new EigenvalueDecomposition(free.length > 0 ? without(weighted, free) : weighted, {
    assumeSymmetric: true,
  })
  const order = solved.realEigenvalues
    .map((value, k) => ({ value, k }))
    .sort((a, b) => a.value - b.value)
    .slice(0, weighted.rows - free.length)
  return {
    frequencies_THz: order.map(({ value }) => {
      const squared = value * CODATA_2018.accelerationPerForce
      return (Math.sign(squared) * Math.sqrt(Math.abs(squared))) / (2 * Math.PI)
    }),
    modes: order.map(({ k }) => Float64Array.from(solved.eigenvectorMatrix.getColumn(k))),
  }
}

/** The matrix with some directions projected out and moved above all its eigenvalues. */
function without(matrix: Matrix, free: readonly Float64Array[]): Matrix {
  const vectors = new Matrix(free.map(vector => Array.from(vector)))
  const projector = Matrix.sub(Matrix.eye(matrix.rows), vectors.transpose().mmul(vectors))
  const projected = projector.mmul(matrix).mmul(projector)
  // No eigenvalue is above the largest sum of a row.
  const above =
    2 * Math.max(...projected.to2DArray().map(row => row.reduce((sum, x) => sum + Math.abs(x), 0)))
  const raised = Matrix.add(projected, vectors.transpose().mmul(vectors).mul(above))
  return Matrix.add(raised, raised.transpose()).mul(0.5)
}

/** Rate of a hop by harmonic transition-state theory. */
export interface HopRate {
  /** Vineyard's prefactor Πν(minimum)/Πν(saddle), THz; of a molecule that rotates freely, times the factor of rotation */
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
  /**
   * `rotationalWeight` of the saddle over that of the minimum, for a molecule that rotates freely: Eyring 1935,
   * https://doi.org/10.1063/1.1749604. Default: 1.
   */
  readonly rotation?: number
}

/**
 * Hop rate by harmonic transition-state theory: Vineyard 1957, https://doi.org/10.1016/0022-3697(57)90059-8, eqs 8 and 9;
 * Wigner's factor: https://doi.org/10.1039/TF9383400029. Both structures must have the same vibrating atoms.
 * @throws SimulationError when the minimum has an imaginary mode, the saddle not exactly one, or a mode is free
 */
export function hopRate(options: HopRateOptions): HopRate {
  const { minimum, saddle, barrier_eV, temperature_K, rotation = 1 } = options
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
  const prefactor_THz =
    rotation *
    Math.exp(
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
      hint: 'let fewer atoms vibrate (shell_A): the fixed atoms then prevent translations and rotations',
    })
  }
  const imaginary = frequencies_THz.filter(nu => nu < 0)
  if (imaginary.length !== wanted) {
    const list = imaginary.map(nu => `${Math.abs(nu).toFixed(2)}i`).join(', ')
    throw new SimulationError({
      message: `the ${name} has ${imaginary.length} imaginary ${imaginary.length === 1 ? 'mode' : 'modes'}${list ? ` (${list} THz)` : ''} where there should be ${wanted === 0 ? 'none' : 'exactly one'}`,
      hint,
    })
  }
}
