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
import {
  bornEnergy,
  bornForceOverR,
  buckinghamEnergy,
  buckinghamForceOverR,
  inverseTwelfthEnergy,
  inverseTwelfthForceOverR,
  lennardJonesEnergy,
  lennardJonesForceOverR,
  morseEnergy,
  morseForceOverR,
  switchSlope,
  switchValue,
} from '../../forces/pair.ts'

/** Some pairs of atoms laid out for tight loops: one loop per interaction instead of one branch per pair. */
export interface PairBatch {
  count: number
  /** Separation, partner minus atom, Å. */
  dx: Float64Array
  dy: Float64Array
  dz: Float64Array
  /** Å² */
  r2: Float64Array
  /** typeI·T + typeJ */
  pairType: Int32Array
  /** e²/(4πε₀)·qᵢqⱼ, eV·Å */
  chargeProduct: Float64Array
  /** Index of the partner atom. */
  partners: Int32Array
  /** Of the interaction just evaluated: energy (eV) and −(dE/dr)/r (eV/Å²). */
  energy: Float64Array
  forceOverR: Float64Array
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

/** Fills `energy` and `forceOverR` of every pair in the batch; zero beyond the cut-off. */
export type PairKernel = (batch: PairBatch) => void

/** The bare functional form over a batch, without cut-off. Parameters are looked up by pair type. */
function formKernel(force: PairForce): PairKernel {
  const p = force.parameters
  switch (force.form) {
    case 'lennard-jones':
      return ({ count, r2, pairType, energy, forceOverR }) => {
        for (let k = 0; k < count; k++) {
          const t = 2 * pairType[k]!
          const inverseR2 = 1 / r2[k]!
          const s2 = p[t + 1]! * p[t + 1]! * inverseR2
          const s6 = s2 * s2 * s2
          energy[k] = lennardJonesEnergy(s6, p[t]!)
          forceOverR[k] = lennardJonesForceOverR(s6, p[t]!, inverseR2)
        }
      }
    case 'buckingham':
      return ({ count, r2, pairType, energy, forceOverR }) => {
        for (let k = 0; k < count; k++) {
          const t = 3 * pairType[k]!
          const r = Math.sqrt(r2[k]!)
          const inverseR = 1 / r
          const inverseR6 = 1 / (r2[k]! * r2[k]! * r2[k]!)
          const repulsion = p[t]! * Math.exp(-r / p[t + 1]!)
          energy[k] = buckinghamEnergy(repulsion, p[t + 2]!, inverseR6)
          forceOverR[k] = buckinghamForceOverR(repulsion / p[t + 1]!, p[t + 2]!, inverseR, inverseR6)
        }
      }
    case 'born':
      return ({ count, r2, pairType, energy, forceOverR }) => {
        for (let k = 0; k < count; k++) {
          const t = 5 * pairType[k]!
          const r = Math.sqrt(r2[k]!)
          const repulsion = p[t]! * Math.exp((p[t + 2]! - r) / p[t + 1]!)
          energy[k] = bornEnergy(repulsion, p[t + 3]!, p[t + 4]!, 1 / r2[k]!)
          forceOverR[k] = bornForceOverR(repulsion / p[t + 1]!, p[t + 3]!, p[t + 4]!, 1 / r)
        }
      }
    case 'morse':
      return ({ count, r2, pairType, energy, forceOverR }) => {
        for (let k = 0; k < count; k++) {
          const t = 3 * pairType[k]!
          const r = Math.sqrt(r2[k]!)
          const decay = Math.exp(-p[t + 1]! * (r - p[t + 2]!))
          energy[k] = morseEnergy(decay, p[t]!)
          forceOverR[k] = morseForceOverR(decay, p[t]!, p[t + 1]!, 1 / r)
        }
      }
    case 'inverse-twelfth':
      return ({ count, r2, pairType, energy, forceOverR }) => {
        for (let k = 0; k < count; k++) {
          const inverseR2 = 1 / r2[k]!
          const inverseR6 = inverseR2 * inverseR2 * inverseR2
          energy[k] = inverseTwelfthEnergy(inverseR6, p[pairType[k]!]!)
          forceOverR[k] = inverseTwelfthForceOverR(inverseR6, p[pairType[k]!]!, inverseR2)
        }
      }
  }
}

/**
 * A pair interaction with its cut-off treatment.
 * @param reach_A pairs come no farther apart than this: what ends there needs no test
 */
export function pairKernel(force: PairForce, reach_A: number): PairKernel {
  const form = formKernel(force)
  const { truncation, cutoffs } = force
  if (truncation.kind === 'plain' && cutoffs.every(cutoff => cutoff >= reach_A)) return form
  if (truncation.kind === 'switched') {
    const from = truncation.from_A
    return batch => {
      form(batch)
      const { count, r2, pairType, energy, forceOverR } = batch
      for (let k = 0; k < count; k++) {
        const cutoff = cutoffs[pairType[k]!]!
        const r = Math.sqrt(r2[k]!)
        const inside = r < cutoff
        const s = inside ? switchValue(r, from, cutoff) : 0
        const slope = inside ? switchSlope(r, from, cutoff) : 0
        forceOverR[k] = inside ? forceOverR[k]! * s - (energy[k]! * slope) / r : 0
        energy[k] = inside ? energy[k]! * s : 0
      }
    }
  }
  const cutoff2 = cutoffs.map(c => c * c)
  const shift = truncation.kind === 'shifted' ? energiesAtCutoff(force) : new Float64Array(cutoff2.length)
  return batch => {
    form(batch)
    const { count, r2, pairType, energy, forceOverR } = batch
    for (let k = 0; k < count; k++) {
      const inside = r2[k]! < cutoff2[pairType[k]!]!
      energy[k] = inside ? energy[k]! - shift[pairType[k]!]! : 0
      if (!inside) forceOverR[k] = 0
    }
  }
}

function energiesAtCutoff(force: PairForce): Float64Array {
  const batch = createBatch(force.cutoffs.length)
  batch.count = force.cutoffs.length
  force.cutoffs.forEach((cutoff, t) => {
    batch.pairType[t] = t
    batch.r2[t] = cutoff > 0 ? cutoff * cutoff : 1
  })
  formKernel(force)(batch)
  return batch.energy
}

/** Shift constants of a truncated electrostatic sum; null for the methods that have none. */
export function truncatedCoulomb(force: CoulombForce): TruncatedCoulomb | null {
  if (force.method.name === 'wolf') return wolfShift(force.method.alpha_per_A, force.cutoff_A)
  if (force.method.name === 'dsf') return dampedShiftedForce(force.method.alpha_per_A, force.cutoff_A)
  return null
}

/**
 * Real-space electrostatics within the cut-off.
 * @param reach_A as for `pairKernel`
 */
export function coulombKernel(force: CoulombForce, reach_A: number): PairKernel {
  const cutoff2 = force.cutoff_A ** 2
  const { method } = force
  if (method.name === 'cut') {
    return ({ count, r2, chargeProduct, energy, forceOverR }) => {
      for (let k = 0; k < count; k++) {
        const inverseR2 = r2[k]! < cutoff2 ? 1 / r2[k]! : 0
        energy[k] = chargeProduct[k]! * Math.sqrt(inverseR2)
        forceOverR[k] = energy[k]! * inverseR2
      }
    }
  }
  const screened =
    force.erfc === 'exact' ? tabulatedKernel(method.alpha_per_A, force.cutoff_A) : screenedKernel(force)
  const shifts = truncatedCoulomb(force)
  if (!shifts && force.cutoff_A >= reach_A) return screened
  const { energyShift, forceShift } = shifts ?? { energyShift: 0, forceShift: 0 }
  return batch => {
    screened(batch)
    const { count, r2, chargeProduct, energy, forceOverR } = batch
    for (let k = 0; k < count; k++) {
      const inside = r2[k]! < cutoff2
      const r = Math.sqrt(r2[k]!)
      energy[k] = inside ? energy[k]! + chargeProduct[k]! * (forceShift * r - energyShift) : 0
      forceOverR[k] = inside ? forceOverR[k]! - (chargeProduct[k]! * forceShift) / r : 0
    }
  }
}

/** erfc(αr)/r from a table: what every step of a simulation spends most of its time on. */
function tabulatedKernel(alpha: number, cutoff: number): PairKernel {
  const { table, intervalsPerR2 } = createScreeningTable(alpha, cutoff)
  const cutoff2 = cutoff * cutoff
  return ({ count, r2, chargeProduct, energy, forceOverR }) => {
    for (let k = 0; k < count; k++) {
      const inverseR = 1 / Math.sqrt(r2[k]!)
      const u = Math.min(r2[k]!, cutoff2) * intervalsPerR2
      const interval = Math.floor(u)
      const w = u - interval
      const o = 8 * interval
      const smooth = table[o]! + w * (table[o + 1]! + w * (table[o + 2]! + w * table[o + 3]!))
      const slope = table[o + 4]! + w * (table[o + 5]! + w * (table[o + 6]! + w * table[o + 7]!))
      energy[k] = chargeProduct[k]! * (inverseR - smooth)
      forceOverR[k] = chargeProduct[k]! * (inverseR * inverseR * inverseR + slope)
    }
  }
}

/** erfc(αr)/r evaluated as it stands, at any distance: for bonded pairs, and for LAMMPS's erfc. */
export function screenedKernel(force: CoulombForce): PairKernel {
  if (force.method.name === 'cut') throw new TypeError('a plain cut-off has no screening')
  const alpha = force.method.alpha_per_A
  const erfc = force.erfc === 'exact' ? erfcFromGaussian : erfcOfLammps
  return ({ count, r2, chargeProduct, energy, forceOverR }) => {
    for (let k = 0; k < count; k++) {
      const r = Math.sqrt(r2[k]!)
      const gaussian = Math.exp(-alpha * alpha * r2[k]!)
      const screened = screenedEnergy(r, alpha, gaussian, erfc)
      energy[k] = chargeProduct[k]! * screened
      forceOverR[k] = chargeProduct[k]! * screenedForceOverR(r, alpha, gaussian, screened)
    }
  }
}
