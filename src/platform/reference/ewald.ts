import type { Box } from '../../core/box.ts'
import type { CoulombForce } from '../../core/force.ts'
import { type Accumulator, addSymmetric } from './nonbonded.ts'

/** Evaluates the reciprocal-space sum: adds forces and virial, returns the energy (eV, never negative). */
export type Reciprocal = (box: Box, positions: Float64Array, into: Accumulator) => number

/**
 * The reciprocal part of an Ewald sum, vector by vector: the definition that faster methods are checked against.
 * E = (2π C/V) Σ_{k≠0} e^{−k²/4α²}/k² |Σ q e^{ik·r}|² over half of k-space, twice; Frenkel & Smit,
 * Understanding Molecular Simulation (2002), eq. 12.1.25.
 */
export function createEwald(force: CoulombForce, charges: Float64Array): Reciprocal {
  if (force.method.name !== 'ewald') throw new TypeError(`not an Ewald sum: ${force.method.name}`)
  const { alpha_per_A: alpha, kCutoff_per_A: kCutoff } = force.method
  const atomCount = charges.length

  return (box, x, into) => {
    const w = box.inverse
    const limits = edgeLengths(box).map(a => Math.floor((kCutoff * a) / (2 * Math.PI))) as [
      number,
      number,
      number,
    ]
    const phases = [0, 1, 2].map(axis => phaseTables(x, w, axis, limits[axis]!))
    const re = new Float64Array(atomCount)
    const im = new Float64Array(atomCount)
    const prefactor = (4 * Math.PI * force.constant_eV_A) / box.volume
    let energy = 0
    const v = new Float64Array(6)

    for (let h = 0; h <= limits[0]; h++) {
      for (let k = h === 0 ? 0 : -limits[1]; k <= limits[1]; k++) {
        for (let l = h === 0 && k === 0 ? 1 : -limits[2]; l <= limits[2]; l++) {
          const kx = 2 * Math.PI * (h * w[0]! + k * w[1]! + l * w[2]!)
          const ky = 2 * Math.PI * (h * w[3]! + k * w[4]! + l * w[5]!)
          const kz = 2 * Math.PI * (h * w[6]! + k * w[7]! + l * w[8]!)
          const k2 = kx * kx + ky * ky + kz * kz
          if (k2 > kCutoff * kCutoff) continue
          let sumRe = 0
          let sumIm = 0
          const [pa, pb, pc] = phases as [PhaseTable, PhaseTable, PhaseTable]
          const a = h * atomCount
          const b = Math.abs(k) * atomCount
          const c = Math.abs(l) * atomCount
          const signB = k < 0 ? -1 : 1
          const signC = l < 0 ? -1 : 1
          for (let i = 0; i < atomCount; i++) {
            const bRe = pb.cos[b + i]!
            const bIm = signB * pb.sin[b + i]!
            const cRe = pc.cos[c + i]!
            const cIm = signC * pc.sin[c + i]!
            const abRe = pa.cos[a + i]! * bRe - pa.sin[a + i]! * bIm
            const abIm = pa.cos[a + i]! * bIm + pa.sin[a + i]! * bRe
            const q = charges[i]!
            re[i] = q * (abRe * cRe - abIm * cIm)
            im[i] = q * (abRe * cIm + abIm * cRe)
            sumRe += re[i]!
            sumIm += im[i]!
          }
          const green = (prefactor * Math.exp(-k2 / (4 * alpha * alpha))) / k2
          const term = green * (sumRe * sumRe + sumIm * sumIm)
          energy += term
          const slope = term * (2 / k2 + 1 / (2 * alpha * alpha))
          v[0]! += term - slope * kx * kx
          v[1]! -= slope * kx * ky
          v[2]! -= slope * kx * kz
          v[3]! += term - slope * ky * ky
          v[4]! -= slope * ky * kz
          v[5]! += term - slope * kz * kz
          for (let i = 0; i < atomCount; i++) {
            const f = 2 * green * (im[i]! * sumRe - re[i]! * sumIm)
            into.forces[3 * i]! += f * kx
            into.forces[3 * i + 1]! += f * ky
            into.forces[3 * i + 2]! += f * kz
          }
        }
      }
    }
    addSymmetric(into.virial, v[0]!, v[1]!, v[2]!, v[3]!, v[4]!, v[5]!)
    return energy
  }
}

interface PhaseTable {
  /** [(limit+1)·N]: cos and sin of 2π·n·s for every index n and atom. */
  readonly cos: Float64Array
  readonly sin: Float64Array
}

function phaseTables(x: Float64Array, w: Float64Array, axis: number, limit: number): PhaseTable {
  const atomCount = x.length / 3
  const cos = new Float64Array((limit + 1) * atomCount).fill(1, 0, atomCount)
  const sin = new Float64Array((limit + 1) * atomCount)
  for (let i = 0; i < atomCount; i++) {
    const s = x[3 * i]! * w[axis]! + x[3 * i + 1]! * w[3 + axis]! + x[3 * i + 2]! * w[6 + axis]!
    const c1 = Math.cos(2 * Math.PI * s)
    const s1 = Math.sin(2 * Math.PI * s)
    for (let n = 1; n <= limit; n++) {
      const before = (n - 1) * atomCount + i
      cos[n * atomCount + i] = cos[before]! * c1 - sin[before]! * s1
      sin[n * atomCount + i] = sin[before]! * c1 + cos[before]! * s1
    }
  }
  return { cos, sin }
}

const edgeLengths = (box: Box) =>
  [0, 3, 6].map(k => Math.hypot(box.matrix[k]!, box.matrix[k + 1]!, box.matrix[k + 2]!))

/**
 * Parts of an Ewald sum that depend on the charges and the volume alone: self energy −C α/√π Σq² and, for a charged
 * cell, the uniform neutralising background −π C Q²/(2 α² V).
 */
export function selfAndBackground(
  force: CoulombForce,
  alpha: number,
  charges: Float64Array,
  volume: number,
): { self: number; background: number } {
  let sum = 0
  let squares = 0
  for (const q of charges) {
    sum += q
    squares += q * q
  }
  return {
    self: (-force.constant_eV_A * alpha * squares) / Math.sqrt(Math.PI),
    background: (-force.constant_eV_A * Math.PI * sum * sum) / (2 * alpha * alpha * volume),
  }
}

/**
 * Dipole correction for a slab with vacuum along z: Yeh & Berkowitz 1999, https://doi.org/10.1063/1.479595, with
 * the term for charged cells of Ballenegger et al. 2009, https://doi.org/10.1063/1.3216473, eq. 24.
 * @param x [3N] Å; atoms of the slab must not be split across the cell's z faces
 */
export function slabCorrection(
  force: CoulombForce,
  box: Box,
  x: Float64Array,
  charges: Float64Array,
  into: Accumulator,
): number {
  let net = 0
  let dipole = 0
  let second = 0
  for (let i = 0; i < charges.length; i++) {
    const z = x[3 * i + 2]!
    net += charges[i]!
    dipole += charges[i]! * z
    second += charges[i]! * z * z
  }
  const height = box.matrix[8]!
  const scale = (2 * Math.PI * force.constant_eV_A) / box.volume
  for (let i = 0; i < charges.length; i++) {
    const f = -2 * scale * charges[i]! * (dipole - net * x[3 * i + 2]!)
    into.forces[3 * i + 2]! += f
    for (let c = 0; c < 3; c++) into.virial[3 * c + 2]! += x[3 * i + c]! * f
  }
  const energy = scale * (dipole * dipole - net * second - (net * net * height * height) / 12)
  // Besides the forces, the energy knows the cell through 1/V and, when charged, its height.
  for (const k of [0, 4, 8]) into.virial[k]! += energy
  into.virial[8]! += (scale * net * net * height * height) / 6
  return energy
}
