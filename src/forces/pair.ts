import { PAIR_PARAMETERS, type PairForce, type PairForm } from '../core/force.ts'
import type { System } from '../core/system.ts'
import { exponential } from './exponential.ts'

/** Distances of some pairs of atoms, with the energies and forces of a form without cut-off. */
export interface PairBlock {
  readonly count: number
  /** [count] Å² */
  readonly r2: Float64Array
  /** [count] typeI·T + typeJ: the parameters of a pair begin at this index times the number of parameters of the form. */
  readonly pairType: Int32Array
  /** [count] energy E, eV */
  readonly energy: Float64Array
  /** [count] −(dE/dr)/r, eV/Å²: times the separation vector it is the force. */
  readonly forceOverR: Float64Array
}

/**
 * A form written as a sum of inverse powers and of quadratics in exponentials, (P·x + Q)·x with x = e^{o − b·r}. One
 * kernel of simd and gpu computes every form that can be written in this way.
 */
export interface RadialSum {
  /** Coefficients of r⁻⁸, r⁻¹⁰ and r⁻¹⁴ in −(dE/dr)/r: 6, 8 and 12 times those of r⁻⁶, r⁻⁸ and r⁻¹² in the energy. */
  readonly c6: number
  readonly c8: number
  readonly c12: number
  readonly exponentials: readonly RadialExponential[]
}

export interface RadialExponential {
  /** b, 1/Å */
  readonly decay: number
  /** o */
  readonly offset: number
  /** P, eV */
  readonly square: number
  /** Q, eV */
  readonly linear: number
}

/** Charge treatments with which LAMMPS combines a pair style. */
export type LammpsCoulomb = 'cut' | 'dsf' | 'wolf' | 'long'

/** Parameters of one pair of types, in the order of `PAIR_PARAMETERS`. */
type Parameters = readonly number[]

interface FormDefinition {
  /** Returns a function that fills `energy` and `forceOverR` of a block. @param p [T·T·P], see `PairForce` */
  evaluate(p: Float64Array): (block: PairBlock) => void
  /** Returns the form as a sum; null for a form that cannot be written in this way, which `reference` then computes. */
  readonly radial: ((p: Parameters) => RadialSum) | null
  /** Names of parameters that must be above zero in a potential file. */
  readonly positive: readonly string[]
  /** LAMMPS's name of the style, and the `/coul/…` variants that are read; null where LAMMPS has no such style. */
  readonly lammps: { readonly style: string; readonly coulomb: readonly LammpsCoulomb[] } | null
  /** Returns energy and virial beyond the cut-off in a uniform fluid; null for a form without a formula here. */
  readonly tail: ((p: Parameters, cutoff_A: number) => Tail) | null
}

/** Tail correction for one ordered pair of atoms, times the volume. */
interface Tail {
  /** eV·Å³ */
  readonly energy: number
  /** Each diagonal element, eV·Å³. */
  readonly virial: number
}

const POWERS: RadialSum = { c6: 0, c8: 0, c12: 0, exponentials: [] }

/** A e^{(σ−r)/ρ} as part of a sum. */
const repulsion = (A: number, rho: number, sigma: number): RadialExponential[] =>
  A === 0 ? [] : [{ decay: 1 / rho, offset: sigma / rho, square: 0, linear: A }]

/**
 * Radial pair interactions, one entry for each form of `PAIR_PARAMETERS`, without cut-off. Files, LAMMPS styles,
 * platforms and tail corrections read this table.
 *
 * | form | equation | source |
 * |---|---|---|
 * | lennard-jones | E = 4ε[(σ/r)¹² − (σ/r)⁶] | Jones 1924, https://doi.org/10.1098/rspa.1924.0082 |
 * | buckingham | E = A e^{−r/ρ} − C/r⁶ | Buckingham 1938, https://doi.org/10.1098/rspa.1938.0173 |
 * | born | E = A e^{(σ−r)/ρ} − C/r⁶ + D/r⁸ (LAMMPS's sign of D) | Tosi & Fumi 1964, https://doi.org/10.1016/0022-3697(64)90160-X |
 * | morse | E = D[(1 − e^{−a(r−r₀)})² − 1] | Morse 1929, https://doi.org/10.1103/PhysRev.34.57 |
 * | inverse-twelfth | E = R/r¹² | Pedone et al. 2006, https://doi.org/10.1021/jp0611018, eq. 1 |
 */
export const PAIR_FORMS: Readonly<Record<PairForm, FormDefinition>> = {
  'lennard-jones': {
    evaluate:
      p =>
      ({ count, r2, pairType, energy, forceOverR }) => {
        for (let k = 0; k < count; k++) {
          const t = 2 * pairType[k]!
          const inverseR2 = 1 / r2[k]!
          const s2 = p[t + 1]! * p[t + 1]! * inverseR2
          const s6 = s2 * s2 * s2
          energy[k] = 4 * p[t]! * s6 * (s6 - 1)
          forceOverR[k] = 24 * p[t]! * s6 * (2 * s6 - 1) * inverseR2
        }
      },
    radial([epsilon, sigma]) {
      return { ...POWERS, c6: -24 * epsilon * sigma ** 6, c12: 48 * epsilon * sigma ** 12 }
    },
    positive: ['sigma_A'],
    lammps: { style: 'lj/cut', coulomb: ['cut', 'dsf', 'wolf', 'long'] },
    tail: lennardJonesTail,
  },
  buckingham: {
    evaluate(p) {
      const inverseRho = Float64Array.from({ length: p.length / 3 }, (_, t) => 1 / p[3 * t + 1]!)
      return ({ count, r2, pairType, energy, forceOverR }) => {
        for (let k = 0; k < count; k++) {
          const t = 3 * pairType[k]!
          const r = Math.sqrt(r2[k]!)
          const inverseR = 1 / r
          const inverseR2 = inverseR * inverseR
          const inverseR6 = inverseR2 * inverseR2 * inverseR2
          const scale = inverseRho[pairType[k]!]!
          const wall = p[t]! * exponential(-r * scale)
          energy[k] = wall - p[t + 2]! * inverseR6
          forceOverR[k] = wall * scale * inverseR - 6 * p[t + 2]! * inverseR6 * inverseR * inverseR
        }
      }
    },
    radial([A, rho, C]) {
      return { ...POWERS, c6: -6 * C, exponentials: repulsion(A, rho, 0) }
    },
    positive: ['rho_A'],
    lammps: { style: 'buck', coulomb: ['cut', 'long'] },
    tail: null,
  },
  born: {
    evaluate:
      p =>
      ({ count, r2, pairType, energy, forceOverR }) => {
        for (let k = 0; k < count; k++) {
          const t = 5 * pairType[k]!
          const r = Math.sqrt(r2[k]!)
          const wall = p[t]! * exponential((p[t + 2]! - r) / p[t + 1]!)
          const C = p[t + 3]!
          const D = p[t + 4]!
          const inverseR = 1 / r
          const inverseR2 = inverseR * inverseR
          energy[k] = wall - (C - D * inverseR2) * inverseR2 * inverseR2 * inverseR2
          const inverseR8 = inverseR2 * inverseR2 * inverseR2 * inverseR2
          forceOverR[k] = (wall / p[t + 1]!) * inverseR - (6 * C - 8 * D * inverseR2) * inverseR8
        }
      },
    radial([A, rho, sigma, C, D]) {
      return { ...POWERS, c6: -6 * C, c8: 8 * D, exponentials: repulsion(A, rho, sigma) }
    },
    positive: ['rho_A'],
    lammps: { style: 'born', coulomb: ['dsf', 'wolf', 'long'] },
    tail: null,
  },
  morse: {
    evaluate:
      p =>
      ({ count, r2, pairType, energy, forceOverR }) => {
        for (let k = 0; k < count; k++) {
          const t = 3 * pairType[k]!
          const r = Math.sqrt(r2[k]!)
          const decay = exponential(-p[t + 1]! * (r - p[t + 2]!))
          energy[k] = p[t]! * decay * (decay - 2)
          forceOverR[k] = 2 * p[t]! * p[t + 1]! * decay * (decay - 1) * (1 / r)
        }
      },
    radial([D, a, r0]) {
      const exponential = { decay: a, offset: a * r0, square: D, linear: -2 * D }
      return { ...POWERS, exponentials: D === 0 ? [] : [exponential] }
    },
    positive: ['a_per_A', 'r0_A'],
    lammps: { style: 'morse', coulomb: [] },
    tail: null,
  },
  'inverse-twelfth': {
    evaluate:
      p =>
      ({ count, r2, pairType, energy, forceOverR }) => {
        for (let k = 0; k < count; k++) {
          const inverseR2 = 1 / r2[k]!
          const inverseR6 = inverseR2 * inverseR2 * inverseR2
          energy[k] = p[pairType[k]!]! * inverseR6 * inverseR6
          forceOverR[k] = 12 * p[pairType[k]!]! * inverseR6 * inverseR6 * inverseR2
        }
      },
    radial([R]) {
      return { ...POWERS, c12: 12 * R }
    },
    positive: [],
    lammps: null,
    tail: null,
  },
}

/** Energy (eV) and −(dE/dr)/r (eV/Å²) of one pair of atoms, without a cut-off. @param r2 squared distance, Å² */
export function pairInteraction(
  form: PairForm,
  parameters: ArrayLike<number>,
  r2: number,
): { energy: number; forceOverR: number } {
  const block: PairBlock = {
    count: 1,
    r2: Float64Array.of(r2),
    pairType: new Int32Array(1),
    energy: new Float64Array(1),
    forceOverR: new Float64Array(1),
  }
  PAIR_FORMS[form].evaluate(Float64Array.from(parameters))(block)
  return { energy: block.energy[0]!, forceOverR: block.forceOverR[0]! }
}

/** Parameters of one pair of types of a force, in the order of `PAIR_PARAMETERS`. @param pairType typeI·T + typeJ */
export function parametersOf({ form, parameters }: PairForce, pairType: number): readonly number[] {
  const size = PAIR_PARAMETERS[form].length
  return Array.from(parameters.subarray(size * pairType, size * (pairType + 1)))
}

/** Quintic switch: 1 at `from`, 0 at `to`, zero slope and curvature at both. */
export function switchValue(r: number, from: number, to: number): number {
  if (r <= from) return 1
  const x = (r - from) / (to - from)
  return 1 - x * x * x * (10 - x * (15 - 6 * x))
}

/** Derivative of the quintic switch, 1/Å. */
export function switchSlope(r: number, from: number, to: number): number {
  if (r <= from) return 0
  const x = (r - from) / (to - from)
  return (-30 * x * x * (1 - x) * (1 - x)) / (to - from)
}

/** Allen & Tildesley, Computer Simulation of Liquids (2017), eqs. 2.144–2.148. */
function lennardJonesTail([epsilon, sigma]: Parameters, cutoff_A: number): Tail {
  const sigma6 = sigma ** 6
  const cutoff6 = cutoff_A ** 6
  const scale = (8 * Math.PI * epsilon * sigma6) / (9 * cutoff_A ** 9)
  return { energy: scale * (sigma6 - 3 * cutoff6), virial: 2 * scale * (2 * sigma6 - 3 * cutoff6) }
}

/**
 * Energy and virial (each diagonal element) beyond the cut-offs in a uniform fluid, times the volume, eV·Å³: the sum over
 * the pair terms with a tail correction.
 */
export function tailTimesVolume(
  { typeNames, typeIndex }: Pick<System, 'typeNames' | 'typeIndex'>,
  pairs: readonly PairForce[],
): Tail {
  const sum = { energy: 0, virial: 0 }
  const counts = new Float64Array(typeNames.length)
  for (const type of typeIndex) counts[type]!++
  for (const force of pairs.filter(({ tailCorrection }) => tailCorrection)) {
    const { tail } = PAIR_FORMS[force.form]
    force.cutoffs.forEach((cutoff, t) => {
      if (!(cutoff > 0) || !tail) return
      const beyond = tail(parametersOf(force, t), cutoff)
      const count = counts[Math.floor(t / counts.length)]! * counts[t % counts.length]!
      sum.energy += count * beyond.energy
      sum.virial += count * beyond.virial
    })
  }
  return sum
}
