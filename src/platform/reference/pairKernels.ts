import type { CoulombForce, PairForce } from '../../core/force.ts'
import {
  createScreeningTable,
  dampedShiftedForce,
  screenedEnergy,
  screenedForceOverR,
  type TruncatedCoulomb,
  wolfShift,
} from '../../forces/coulomb.ts'
import { erfcFromGaussian, erfcOfLammps } from '../../forces/erfc.ts'
import { exponential } from '../../forces/exponential.ts'
import {
  PAIR_FORMS,
  type PairBlock,
  pairInteraction,
  parametersOf,
  switchSlope,
  switchValue,
} from '../../forces/pair.ts'

/** Some pairs of atoms laid out for tight loops: one loop per interaction instead of one branch per pair. */
export interface PairBatch extends PairBlock {
  count: number
  /** Separation, partner minus atom, Å. */
  dx: Float64Array
  dy: Float64Array
  dz: Float64Array
  /** e²/(4πε₀)·qᵢqⱼ, eV·Å */
  chargeProduct: Float64Array
  /** Index of the partner atom. */
  partners: Int32Array
  /** −(dE/dr)/r summed over interactions. */
  total: Float64Array
}

export function createBatch(capacity: number): PairBatch {
  const numbers = () => new Float64Array(capacity)
  return {
    count: 0,
    dx: numbers(),
    dy: numbers(),
    dz: numbers(),
    r2: numbers(),
    pairType: new Int32Array(capacity),
    chargeProduct: numbers(),
    partners: new Int32Array(capacity),
    energy: numbers(),
    forceOverR: numbers(),
    total: numbers(),
  }
}

/** Adds an interaction to `total`. @returns its energy, eV */
export type PairKernel = (batch: PairBatch) => number

/**
 * A pair interaction with its cut-off treatment.
 * @param reach_A pairs come no farther apart than this: what ends there needs no test
 */
export function pairKernel(force: PairForce, reach_A: number): PairKernel {
  const form = PAIR_FORMS[force.form].evaluate(force.parameters)
  const { truncation, cutoffs } = force
  if (truncation.kind === 'plain' && cutoffs.every(cutoff => cutoff >= reach_A)) {
    return batch => {
      form(batch)
      const { count, energy, forceOverR, total } = batch
      let sum = 0
      for (let k = 0; k < count; k++) {
        sum += energy[k]!
        total[k] = total[k]! + forceOverR[k]!
      }
      return sum
    }
  }
  if (truncation.kind === 'switched') {
    const from = truncation.from_A
    return batch => {
      form(batch)
      const { count, r2, pairType, energy, forceOverR, total } = batch
      let sum = 0
      for (let k = 0; k < count; k++) {
        const cutoff = cutoffs[pairType[k]!]!
        const r = Math.sqrt(r2[k]!)
        if (r >= cutoff) continue
        const s = switchValue(r, from, cutoff)
        sum += energy[k]! * s
        total[k] = total[k]! + forceOverR[k]! * s - (energy[k]! * switchSlope(r, from, cutoff)) / r
      }
      return sum
    }
  }
  const cutoff2 = cutoffs.map(c => c * c)
  const shift = truncation.kind === 'shifted' ? energiesAtCutoff(force) : new Float64Array(cutoff2.length)
  return batch => {
    form(batch)
    const { count, r2, pairType, energy, forceOverR, total } = batch
    let sum = 0
    for (let k = 0; k < count; k++) {
      const inside = r2[k]! < cutoff2[pairType[k]!]!
      sum += inside ? energy[k]! - shift[pairType[k]!]! : 0
      total[k] = total[k]! + (inside ? forceOverR[k]! : 0)
    }
    return sum
  }
}

function energiesAtCutoff(force: PairForce): Float64Array {
  return force.cutoffs.map((cutoff, t) =>
    cutoff > 0 ? pairInteraction(force.form, parametersOf(force, t), cutoff * cutoff).energy : 0,
  )
}

/** Shift constants of a truncated electrostatic sum; null for the methods that have none. */
export function truncatedCoulomb(force: CoulombForce): TruncatedCoulomb | null {
  if (force.method.name === 'wolf') return wolfShift(force.method.alpha_per_A, force.cutoff_A)
  if (force.method.name === 'dsf') return dampedShiftedForce(force.method.alpha_per_A, force.cutoff_A)
  return null
}

/** Real-space electrostatics within the cut-off. */
export function coulombKernel(force: CoulombForce): PairKernel {
  const { method, cutoff_A, erfc } = force
  const cutoff2 = cutoff_A ** 2
  if (method.name === 'cut') {
    return ({ count, r2, chargeProduct, total }) => {
      let sum = 0
      for (let k = 0; k < count; k++) {
        const inverseR2 = r2[k]! < cutoff2 ? 1 / r2[k]! : 0
        const energy = chargeProduct[k]! * Math.sqrt(inverseR2)
        sum += energy
        total[k] = total[k]! + energy * inverseR2
      }
      return sum
    }
  }
  const shifts = truncatedCoulomb(force) ?? { energyShift: 0, forceShift: 0 }
  return erfc === 'exact'
    ? tabulatedKernel(method.alpha_per_A, cutoff_A, shifts)
    : screenedKernel(force, cutoff_A, shifts)
}

type Shifts = Pick<TruncatedCoulomb, 'energyShift' | 'forceShift'>

/** erfc(αr)/r from a table: what every step of a simulation spends most of its time on. */
function tabulatedKernel(alpha: number, cutoff: number, { energyShift, forceShift }: Shifts): PairKernel {
  const { table, intervalsPerR2 } = createScreeningTable(alpha, cutoff)
  const cutoff2 = cutoff * cutoff
  return ({ count, r2, chargeProduct, total }) => {
    let sum = 0
    for (let k = 0; k < count; k++) {
      const square = r2[k]!
      const q = square < cutoff2 ? chargeProduct[k]! : 0
      const inverseR = 1 / Math.sqrt(square)
      const u = Math.min(square, cutoff2) * intervalsPerR2
      const interval = Math.floor(u)
      const w = u - interval
      const o = 8 * interval
      const smooth = table[o]! + w * (table[o + 1]! + w * (table[o + 2]! + w * table[o + 3]!))
      const slope = table[o + 4]! + w * (table[o + 5]! + w * (table[o + 6]! + w * table[o + 7]!))
      sum += q * (inverseR - smooth + (forceShift * square * inverseR - energyShift))
      total[k] = total[k]! + q * (inverseR * inverseR * inverseR + slope - forceShift * inverseR)
    }
    return sum
  }
}

/** erfc(αr)/r evaluated as it stands: at any distance for bonded pairs, and for LAMMPS's erfc. */
export function screenedKernel(
  force: CoulombForce,
  cutoff_A = Number.POSITIVE_INFINITY,
  { energyShift, forceShift }: Shifts = { energyShift: 0, forceShift: 0 },
): PairKernel {
  if (force.method.name === 'cut') throw new TypeError('a plain cut-off has no screening')
  const alpha = force.method.alpha_per_A
  const erfc = force.erfc === 'exact' ? erfcFromGaussian : erfcOfLammps
  const cutoff2 = cutoff_A * cutoff_A
  return ({ count, r2, chargeProduct, total }) => {
    let sum = 0
    for (let k = 0; k < count; k++) {
      if (r2[k]! >= cutoff2) continue
      const r = Math.sqrt(r2[k]!)
      const gaussian = exponential(-alpha * alpha * r2[k]!)
      const screened = screenedEnergy(r, alpha, gaussian, erfc)
      sum += chargeProduct[k]! * (screened + (forceShift * r - energyShift))
      total[k] =
        total[k]! + chargeProduct[k]! * (screenedForceOverR(r, alpha, gaussian, screened) - forceShift / r)
    }
    return sum
  }
}
