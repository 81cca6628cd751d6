import { type Box, minimumImage } from '../../src/core/box.ts'
import type { CoulombForce, DihedralForce, Force, PairForce } from '../../src/core/force.ts'
import type { System } from '../../src/core/system.ts'
import { specialPairs } from '../../src/core/topology.ts'

export type DirectTerms = Record<
  'pair' | 'coulomb' | 'coulomb_reciprocal' | 'bond' | 'angle' | 'dihedral' | 'improper',
  number
>

/**
 * Energies of a tiny system, eV, each formula written as LAMMPS's manual has it and summed over every pair: slow,
 * and independent of `forces/` and of every platform. Wolf and dsf subtract the excluded part of special pairs as
 * bare Coulomb, as LAMMPS does.
 */
export function directSum(system: System, positions: Float64Array, box: Box): DirectTerms {
  const terms: DirectTerms = {
    pair: 0,
    coulomb: 0,
    coulomb_reciprocal: 0,
    bond: 0,
    angle: 0,
    dihedral: 0,
    improper: 0,
  }
  const vector = (i: number, j: number) => {
    const r = Float64Array.from([0, 1, 2], k => positions[3 * j + k]! - positions[3 * i + k]!)
    minimumImage(box, r)
    return r
  }
  for (const force of system.forces) {
    if (force.kind === 'pair') terms.pair += pairEnergy(system, force, vector)
    else if (force.kind === 'coulomb') {
      terms.coulomb += coulombEnergy(system, force, vector)
      if (force.method.name === 'ewald') {
        terms.coulomb_reciprocal += reciprocalEnergy(system, force, force.method, positions, box)
      }
    } else terms[force.kind as 'bond'] += bondedEnergy(force, vector)
  }
  return terms
}

type Vector = (i: number, j: number) => Float64Array

/** Calls back for every pair with the factor that its bonded separation gives it. */
function forEachPair(
  system: System,
  factors: readonly number[],
  vector: Vector,
  visit: (i: number, j: number, r: number, factor: number) => void,
): void {
  const { pairs, separation } = specialPairs(system.topology, system.atomCount)
  const factorOf = new Map<number, number>()
  separation.forEach((bonds, s) => {
    factorOf.set(pairs[2 * s]! * system.atomCount + pairs[2 * s + 1]!, factors[bonds - 1]!)
  })
  for (let i = 0; i < system.atomCount; i++) {
    for (let j = i + 1; j < system.atomCount; j++) {
      visit(i, j, Math.hypot(...vector(i, j)), factorOf.get(i * system.atomCount + j) ?? 1)
    }
  }
}

function pairEnergy(system: System, force: PairForce, vector: Vector): number {
  const typeCount = system.typeNames.length
  const size = force.parameters.length / typeCount ** 2
  let energy = 0
  forEachPair(system, force.special, vector, (i, j, r, factor) => {
    const at = system.typeIndex[i]! * typeCount + system.typeIndex[j]!
    if (r >= force.cutoffs[at]!) return
    const [a, b, c, d, e] = force.parameters.subarray(at * size, (at + 1) * size) as unknown as number[]
    switch (force.form) {
      case 'lennard-jones':
        energy += factor * 4 * a! * ((b! / r) ** 12 - (b! / r) ** 6)
        break
      case 'buckingham':
        energy += factor * (a! * Math.exp(-r / b!) - c! / r ** 6)
        break
      case 'born':
        energy += factor * (a! * Math.exp((c! - r) / b!) - d! / r ** 6 + e! / r ** 8)
        break
      case 'morse':
        energy += factor * a! * (Math.exp(-2 * b! * (r - c!)) - 2 * Math.exp(-b! * (r - c!)))
        break
      default:
        throw new Error(force.form)
    }
  })
  return energy
}

/** erfc by the continued fraction and the series of Abramowitz & Stegun 7.1.5, 7.1.14: 1e-15 where it is used. */
function erfc(x: number): number {
  if (x > 2.5) {
    let fraction = 0
    for (let k = 80; k > 0; k--) fraction = k / 2 / (x + fraction)
    return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction)
  }
  let term = x
  let sum = x
  for (let n = 1; n < 80; n++) {
    term *= (-x * x) / n
    sum += term / (2 * n + 1)
  }
  return 1 - (2 / Math.sqrt(Math.PI)) * sum
}

/** What LAMMPS computes in most styles: Abramowitz & Stegun 7.1.26, good to 1.5e-7. */
function approximateErfc(x: number): number {
  const t = 1 / (1 + 0.3275911 * x)
  const series = [0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429]
  return series.reduceRight((sum, a) => (sum + a) * t, 0) * Math.exp(-x * x)
}

function coulombEnergy(system: System, force: CoulombForce, vector: Vector): number {
  const { method, cutoff_A: cutoff } = force
  const alpha = 'alpha_per_A' in method ? method.alpha_per_A : 0
  const slope =
    erfc(alpha * cutoff) / cutoff ** 2 +
    ((2 * alpha) / Math.sqrt(Math.PI)) * (Math.exp(-((alpha * cutoff) ** 2)) / cutoff)
  const truncated = method.name === 'dsf' || method.name === 'wolf'
  const shift = truncated ? erfc(alpha * cutoff) / cutoff + (method.name === 'dsf' ? slope * cutoff : 0) : 0
  const rise = method.name === 'dsf' ? slope : 0
  const screening = force.erfc === 'lammps' ? approximateErfc : erfc
  let energy = 0
  forEachPair(system, force.special, vector, (i, j, r, factor) => {
    if (r >= cutoff) return
    const qq = system.charges[i]! * system.charges[j]!
    const screened = method.name === 'cut' ? 1 / r : screening(alpha * r) / r - shift + rise * r
    energy += qq * (screened - (1 - factor) / r)
  })
  if (truncated) {
    for (const q of system.charges) energy -= (shift / 2 + alpha / Math.sqrt(Math.PI)) * q * q
  }
  return energy * force.constant_eV_A
}

/** The k-space sum with its self term, as LAMMPS's elong. */
function reciprocalEnergy(
  system: System,
  force: CoulombForce,
  { alpha_per_A: alpha, kCutoff_per_A }: { alpha_per_A: number; kCutoff_per_A: number },
  positions: Float64Array,
  box: Box,
): number {
  const limit = [0, 1, 2].map(k => {
    const length = Math.hypot(...box.matrix.subarray(3 * k, 3 * k + 3))
    return Math.ceil((kCutoff_per_A * length) / (2 * Math.PI))
  })
  const [na, nb, nc] = limit as [number, number, number]
  const w = box.inverse
  let sum = 0
  for (let a = 0; a <= na; a++) {
    for (let b = -nb; b <= nb; b++) {
      for (let c = -nc; c <= nc; c++) {
        const k = [0, 1, 2].map(d => 2 * Math.PI * (a * w[3 * d]! + b * w[3 * d + 1]! + c * w[3 * d + 2]!))
        const k2 = k[0]! ** 2 + k[1]! ** 2 + k[2]! ** 2
        if (k2 === 0 || k2 > kCutoff_per_A ** 2) continue
        let cosine = 0
        let sine = 0
        for (let i = 0; i < system.atomCount; i++) {
          const phase =
            k[0]! * positions[3 * i]! + k[1]! * positions[3 * i + 1]! + k[2]! * positions[3 * i + 2]!
          cosine += system.charges[i]! * Math.cos(phase)
          sine += system.charges[i]! * Math.sin(phase)
        }
        sum += ((a === 0 ? 1 : 2) * Math.exp(-k2 / (4 * alpha ** 2)) * (cosine ** 2 + sine ** 2)) / k2
      }
    }
  }
  const self = system.charges.reduce((total, q) => total + q * q, 0) * (alpha / Math.sqrt(Math.PI))
  return ((2 * Math.PI * sum) / box.volume - self) * force.constant_eV_A
}

const dot = (a: Float64Array, b: Float64Array) => a[0]! * b[0]! + a[1]! * b[1]! + a[2]! * b[2]!
const cross = (a: Float64Array, b: Float64Array) =>
  Float64Array.of(a[1]! * b[2]! - a[2]! * b[1]!, a[2]! * b[0]! - a[0]! * b[2]!, a[0]! * b[1]! - a[1]! * b[0]!)
const angleBetween = (a: Float64Array, b: Float64Array) =>
  Math.acos(dot(a, b) / (Math.hypot(...a) * Math.hypot(...b)))

/** IUPAC sign: positive when l turns clockwise from i, looking from j to k; trans = π. */
function dihedralAngle(vector: Vector, [i, j, k, l]: readonly number[]): number {
  const [b1, b2, b3] = [vector(i!, j!), vector(j!, k!), vector(k!, l!)]
  const [m, n] = [cross(b1, b2), cross(b2, b3)]
  return Math.atan2(dot(cross(m, n), b2) / Math.hypot(...b2), dot(m, n))
}

/** LAMMPS's improper angle: between the planes i–j–k and j–k–l, in [0, π]. */
function improperAngle(vector: Vector, [i, j, k, l]: readonly number[]): number {
  const axis = vector(j!, k!)
  return angleBetween(cross(vector(i!, j!), axis), cross(axis, vector(k!, l!)))
}

function series(force: Pick<DihedralForce, 'order' | 'coefficients'>, m: number, phi: number): number {
  let energy = 0
  for (let n = 0; n <= force.order; n++) {
    const at = 2 * (force.order + 1) * m + n
    energy += force.coefficients[at]! * Math.cos(n * phi)
    energy += force.coefficients[at + force.order + 1]! * Math.sin(n * phi)
  }
  return energy
}

function bondedEnergy(force: Exclude<Force, PairForce | CoulombForce>, vector: Vector): number {
  const size = { bond: 2, angle: 3, dihedral: 4, improper: 4, restraint: 1 }[force.kind]
  let energy = 0
  for (let m = 0; m < force.atoms.length / size; m++) {
    const atoms = Array.from(force.atoms.subarray(size * m, size * m + size))
    const harmonic = (x: number, parameters: Float64Array) =>
      0.5 * parameters[2 * m]! * (x - parameters[2 * m + 1]!) ** 2
    if (force.kind === 'bond') {
      const r = Math.hypot(...vector(atoms[0]!, atoms[1]!))
      const [D, a, r0] = force.parameters.subarray(3 * m, 3 * m + 3)
      energy +=
        force.form === 'harmonic' ? harmonic(r, force.parameters) : D! * (1 - Math.exp(-a! * (r - r0!))) ** 2
    } else if (force.kind === 'angle') {
      const theta = angleBetween(vector(atoms[1]!, atoms[0]!), vector(atoms[1]!, atoms[2]!))
      energy += harmonic(theta, force.parameters)
    } else if (force.kind === 'dihedral' || (force.kind === 'improper' && force.form === 'fourier')) {
      energy += series(force, m, dihedralAngle(vector, atoms))
    } else if (force.kind === 'improper') {
      energy += harmonic(improperAngle(vector, atoms), force.parameters)
    }
  }
  return energy
}
