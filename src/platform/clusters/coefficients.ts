import type { CoulombForce, Force, PairForce } from '../../core/force.ts'
import type { System } from '../../core/system.ts'
import { screenedEnergy, screenedForceOverR, type TruncatedCoulomb } from '../../forces/coulomb.ts'
import { truncatedCoulomb } from '../reference/pairKernels.ts'
import { MAX_DEGREE, type NONBONDED } from '../wasm/layout.ts'
import { pairTerms, type RowLayout, rowLayout, rowNumbers } from './rows.ts'

/** Largest error of a fitted polynomial, as a fraction of the screening at r = 0; single precision has 6e-8. */
const FIT_TOLERANCE = 1e-7
/**
 * Largest error beside general pair terms: in ionic crystals errors of one sign add up, and the virial of charges nearly
 * cancels that of repulsion.
 */
const FINE_TOLERANCE = 3e-8

/** Terms that the kernels compute: pair terms that share rows, and one Coulomb term. */
export interface NonbondedTerms {
  readonly pairs: readonly PairForce[]
  readonly coulomb: CoulombForce | undefined
}

export function nonbondedTerms(system: Pick<System, 'forces'>): NonbondedTerms {
  return {
    pairs: pairTerms(system.forces.filter((f): f is PairForce => f.kind === 'pair')),
    coulomb: system.forces.find(
      (f): f is CoulombForce => f.kind === 'coulomb' && requiredDegree(f) <= MAX_DEGREE,
    ),
  }
}

/**
 * Returns the non-bonded terms that these kernels do not compute: pair terms with another cut-off or switch than an
 * earlier one between the same types (see `pairTerms`), a second Coulomb term, and screening so strong (α·cut-off above 9)
 * that no polynomial of degree 40 follows it. Any box is supported.
 */
export function unsupportedTerms(system: Pick<System, 'forces'>): Force[] {
  const { pairs, coulomb } = nonbondedTerms(system)
  return system.forces.filter(
    f => (f.kind === 'pair' && !pairs.includes(f)) || (f.kind === 'coulomb' && f !== coulomb),
  )
}

/**
 * A screened unit Coulomb interaction is 1/r plus functions that are smooth in u = r²: −g(u) in the energy and h(u) in
 * −(dE/dr)/r. Here they are polynomials, fitted at Chebyshev nodes of 0 ≤ u ≤ R².
 */
export interface Screening {
  readonly degree: number
  /** [degree+1] coefficients in t = 2u/R² − 1, highest power first, 1/Å³ */
  readonly force: Float64Array
  /** [degree+1] 1/Å */
  readonly energy: Float64Array
}

/** @param degree Default: the lowest with an error below `FIT_TOLERANCE`. */
export function fitScreening(force: CoulombForce, degree = requiredDegree(force)): Screening {
  const { smoothForce, smoothEnergy } = smoothParts(force)
  const series = (f: (u: number) => number) =>
    monomials(chebyshevCoefficients(f, force.cutoff_A ** 2, degree))
  return { degree, force: series(smoothForce), energy: series(smoothEnergy) }
}

/** Returns the radial functions of the reference without the bare interaction, as functions of u = r². */
export function smoothParts({ method }: CoulombForce) {
  if (method.name === 'cut') return { smoothForce: () => 0, smoothEnergy: () => 0 }
  const alpha = method.alpha_per_A
  const energy = (u: number) => screenedEnergy(Math.sqrt(u), alpha, Math.exp(-alpha * alpha * u))
  return {
    smoothForce: (u: number) =>
      screenedForceOverR(Math.sqrt(u), alpha, Math.exp(-alpha * alpha * u), energy(u)) - u ** -1.5,
    smoothEnergy: (u: number) => energy(u) - 1 / Math.sqrt(u),
  }
}

function requiredDegree(force: CoulombForce, tolerance = FIT_TOLERANCE): number {
  if (force.method.name === 'cut') return 0
  const { smoothForce, smoothEnergy } = smoothParts(force)
  const alpha = force.method.alpha_per_A
  const scale = 2 / Math.sqrt(Math.PI)
  const many = 2 * MAX_DEGREE
  const tails = [
    { f: smoothForce, atOrigin: (2 / 3) * scale * alpha ** 3 },
    { f: smoothEnergy, atOrigin: scale * alpha },
  ].map(({ f, atOrigin }) => {
    const c = chebyshevCoefficients(f, force.cutoff_A ** 2, many)
    // The sum of the omitted coefficients of a Chebyshev series bounds the error.
    let tail = 0
    let degree = many
    while (degree > 0 && tail + Math.abs(c[degree]!) <= tolerance * atOrigin) tail += Math.abs(c[degree--]!)
    return degree
  })
  return Math.max(...tails)
}

/** Returns the coefficients of the interpolation of f(u) at Chebyshev nodes of 0…upper, lowest order first. */
function chebyshevCoefficients(f: (u: number) => number, upper: number, degree: number): Float64Array {
  const n = degree + 1
  const angle = (k: number) => (Math.PI * (k + 0.5)) / n
  const values = Array.from({ length: n }, (_, k) => f((upper * (1 + Math.cos(angle(k)))) / 2))
  return Float64Array.from({ length: n }, (_, order) => {
    const sum = values.reduce((s, value, k) => s + value * Math.cos(order * angle(k)), 0)
    return (sum * (order === 0 ? 1 : 2)) / n
  })
}

/** Returns the coefficients of a Chebyshev series in powers of its variable, highest first. */
function monomials(chebyshev: Float64Array): Float64Array {
  const n = chebyshev.length
  const sum = new Float64Array(n)
  let before = new Float64Array(n)
  let current = new Float64Array(n)
  current[0] = 1
  chebyshev.forEach((c, order) => {
    for (let k = 0; k < n; k++) sum[k]! += c * current[k]!
    const factor = order === 0 ? 1 : 2
    const next = current.map((_, k) => factor * (k > 0 ? current[k - 1]! : 0) - (order > 0 ? before[k]! : 0))
    before = current
    current = next
  })
  return sum.reverse()
}

/** Kernels by the terms they have: `general` has all pair forms, a cut-off and a switch per pair of types, and another cut-off for Coulomb. */
export type KernelKind = 'lj' | 'ljCoulomb' | 'general'

/** Values of fields of the record NONBONDED. */
type KernelParameters = Readonly<
  Partial<Record<keyof (typeof NONBONDED)['fields'], number | ArrayLike<number>>>
>

/** The non-bonded interactions of a system, as far as they do not depend on the positions of its atoms. */
export interface NonbondedModel {
  readonly kind: KernelKind
  /** Longest cut-off, Å; 0 without non-bonded terms. */
  readonly cutoff_A: number
  /** Types with the same parameters share a class. [N] */
  readonly classOf: Int32Array
  readonly classCount: number
  /** Numbers in `table` per pair of classes: −6C₆ 12C₁₂ or a general row. */
  readonly width: number
  /** [classes·classes·width] */
  readonly table: Float32Array
  /** [N] charges times the square root of the Coulomb constant. */
  readonly charges: Float32Array
  /** Fields of NONBONDED that do not depend on memory. */
  readonly parameters: KernelParameters
  readonly screening: Screening | undefined
  readonly shifts: Pick<TruncatedCoulomb, 'energyShift' | 'forceShift'>
}

export function nonbondedModel(system: System, terms: NonbondedTerms): NonbondedModel {
  const { pairs, coulomb } = terms
  const cutoff_A = Math.max(0, coulomb?.cutoff_A ?? 0, ...pairs.flatMap(({ cutoffs }) => [...cutoffs]))
  const shifts = (coulomb && truncatedCoulomb(coulomb)) ?? { energyShift: 0, forceShift: 0 }
  const kind = kindOf(terms, cutoff_A)
  const tolerance = kind === 'general' ? FINE_TOLERANCE : FIT_TOLERANCE
  const degree = coulomb ? Math.min(MAX_DEGREE, requiredDegree(coulomb, tolerance)) : 0
  const screening = coulomb ? fitScreening(coulomb, degree) : undefined
  const layout = rowLayout(pairs)
  const { classOf, classCount, table, width } = rowTable(system, pairs, layout, kind)
  const root = Math.sqrt(coulomb?.constant_eV_A ?? 0)
  return {
    kind,
    cutoff_A,
    classOf,
    classCount,
    width,
    table,
    charges: Float32Array.from(system.charges, q => root * q),
    parameters: kernelParameters(cutoff_A, terms, layout, screening, shifts),
    screening,
    shifts,
  }
}

/** Returns the fastest kernels that compute the terms: `lj` and `ljCoulomb` have r⁻⁶ and r⁻¹² only, all cut at one distance in one way. */
function kindOf({ pairs, coulomb }: NonbondedTerms, cutoff_A: number): KernelKind {
  const common = pairs.every(
    ({ form, truncation, cutoffs }) =>
      (form === 'lennard-jones' || form === 'inverse-twelfth') &&
      truncation.kind !== 'switched' &&
      truncation.kind === pairs[0]!.truncation.kind &&
      cutoffs.every(c => c === cutoff_A || !(c > 0)),
  )
  if (!common || (coulomb && coulomb.cutoff_A !== cutoff_A)) return 'general'
  return coulomb ? 'ljCoulomb' : 'lj'
}

/** 2^f for −½ ≤ f ≤ ½ as a polynomial, relative error 1e-7. */
const POWER_OF_TWO = monomials(chebyshevCoefficients(u => 2 ** (u - 0.5), 1, 5)).map(
  (c, k) => c * 2 ** (5 - k),
)

function kernelParameters(
  cutoff_A: number,
  { pairs, coulomb }: NonbondedTerms,
  layout: RowLayout,
  screening: Screening | undefined,
  { forceShift, energyShift }: Pick<TruncatedCoulomb, 'energyShift' | 'forceShift'>,
): KernelParameters {
  const reach = coulomb?.cutoff_A ?? 0
  const shift6 = pairs[0]?.truncation.kind === 'shifted' ? cutoff_A ** -6 : 0
  return {
    cutoff2: cutoff_A ** 2,
    coulombCutoff2: reach ** 2,
    variableScale: reach > 0 ? 2 / reach ** 2 : 0,
    variableOffset: -1,
    ...{ forceShift, energyShift, shift6, shift12: shift6 ** 2 },
    exponentials: layout.exponentials,
    degree: screening?.degree ?? 0,
    isSwitched: layout.switched ? 1 : 0,
    rowVectors: layout.width,
    powerOfTwo: POWER_OF_TWO,
    forcePolynomial: screening?.force ?? [],
    energyPolynomial: screening?.energy ?? [],
  }
}

function rowTable(system: System, pairs: readonly PairForce[], layout: RowLayout, kind: KernelKind) {
  const typeCount = system.typeNames.length
  const width = kind === 'general' ? layout.width : 2
  const numbers = Array.from({ length: typeCount ** 2 }, (_, t) =>
    rowNumbers(pairs, t, layout).slice(0, width),
  )
  const used = new Set(system.typeIndex)
  const names = new Map<string, number>()
  const representatives: number[] = []
  const classOfType = Array.from({ length: typeCount }, (_, type) => {
    if (!used.has(type)) return 0
    const name = JSON.stringify(numbers.slice(type * typeCount, (type + 1) * typeCount))
    const known = names.get(name)
    if (known !== undefined) return known
    names.set(name, representatives.length)
    return representatives.push(type) - 1
  })
  const classCount = representatives.length
  const rows = representatives.flatMap(i => representatives.flatMap(j => numbers[i * typeCount + j]!))
  const classOf = Int32Array.from(system.typeIndex, type => classOfType[type]!)
  return { classOf, classCount, table: Float32Array.from(rows), width }
}
