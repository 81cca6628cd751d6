import type { Box } from '../../core/box.ts'
import type { CoulombForce } from '../../core/force.ts'
import { type Accumulator, addSymmetric } from './nonbonded.ts'
import { reciprocalVectors, type Vector, type Vectors } from './reciprocalVectors.ts'

/** Evaluates the reciprocal-space sum: adds forces and virial, returns the energy (eV, never negative). */
export type Reciprocal = (box: Box, positions: Float64Array, into: Accumulator) => number

/**
 * The reciprocal part of an Ewald sum, vector by vector: the definition that faster methods are checked against.
 * E = (2π C/V) Σ_{k≠0} e^{−k²/4α²}/k² |S(k)|² with S(k) = Σ q e^{ik·r}, over half of k-space, twice; Frenkel & Smit,
 * Understanding Molecular Simulation (2002), eq. 12.1.25.
 *
 * Vectors of one (h, k) are a row, base ± l·c*, where base is the shortest of them: the phases q e^{i base·r} are found
 * once, and those of l·c* serve l and −l, for which they are conjugate.
 */
export function createEwald(force: CoulombForce, charges: Float64Array): Reciprocal {
  if (force.method.name !== 'ewald') throw new TypeError(`not an Ewald sum: ${force.method.name}`)
  const { alpha_per_A: alpha, kCutoff_per_A: kCutoff } = force.method
  const row = new Float64Array(2 * charges.length)
  const sums = new Float64Array(4)
  const field = new Float64Array(4 * charges.length)
  let vectors: Vectors | undefined

  return (box, x, into) => {
    if (vectors?.box !== box) vectors = reciprocalVectors(box, alpha, kCutoff, force.constant_eV_A)
    const { rows, limits, c } = vectors
    const tables = [0, 1, 2].map(axis => phaseTable(x, box.inverse, axis, limits[axis]!))
    const along = tables[2]!
    const v = new Float64Array(6)
    let energy = 0
    for (const { indices, base, green } of rows) {
      charges.forEach((q, i) => {
        row[2 * i] = q
        row[2 * i + 1] = 0
      })
      for (let axis = 0; axis < 3; axis++) turn(row, tables[axis]!, indices[axis]!)
      field.fill(0)
      for (let l = 0; 2 * l < green.length; l++) {
        sumOverAtoms(sums, row, along, l)
        // S of l and of −l.
        const plusRe = sums[0]! - sums[3]!
        const plusIm = sums[2]! + sums[1]!
        const minusRe = sums[0]! + sums[3]!
        const minusIm = sums[2]! - sums[1]!
        const plus = green[2 * l]!
        const minus = green[2 * l + 1]!
        const plusTerm = plus * (plusRe * plusRe + plusIm * plusIm)
        const minusTerm = minus * (minusRe * minusRe + minusIm * minusIm)
        energy += plusTerm + minusTerm
        addStress(v, plusTerm, base, c, l, alpha)
        addStress(v, minusTerm, base, c, -l, alpha)
        addToField(field, along, l, plus * plusRe, plus * plusIm, minus * minusRe, minus * minusIm)
      }
      addForces(into.forces, row, field, base, c)
    }
    addSymmetric(into.virial, v[0]!, v[1]!, v[2]!, v[3]!, v[4]!, v[5]!)
    return energy
  }
}

/**
 * Phases are complex: real and imaginary part of each atom next to each other, and in a table those of n = 0, 1, 2, …
 * one after the other. @returns [(limit+1)·2N] e^{2πi·n·s} along an axis
 */
function phaseTable(x: Float64Array, w: Float64Array, axis: number, limit: number): Float64Array {
  const width = (2 * x.length) / 3
  const table = new Float64Array((limit + 1) * width)
  for (let i = 0, at = 0; at < width; i += 3, at += 2) {
    const s = x[i]! * w[axis]! + x[i + 1]! * w[3 + axis]! + x[i + 2]! * w[6 + axis]!
    const cosine = Math.cos(2 * Math.PI * s)
    const sine = Math.sin(2 * Math.PI * s)
    table[at] = 1
    for (let n = at + width; n < table.length; n += width) {
      const re = table[n - width]!
      const im = table[n - width + 1]!
      table[n] = re * cosine - im * sine
      table[n + 1] = im * cosine + re * sine
    }
  }
  return table
}

/** Multiplies by the n-th phases of a table. */
function turn(row: Float64Array, table: Float64Array, n: number): void {
  if (n === 0) return
  const from = Math.abs(n) * row.length
  const sign = Math.sign(n)
  for (let i = 0; i < row.length; i += 2) {
    const cosine = table[from + i]!
    const sine = sign * table[from + i + 1]!
    const re = row[i]!
    const im = row[i + 1]!
    row[i] = re * cosine - im * sine
    row[i + 1] = re * sine + im * cosine
  }
}

/** Sums over atoms of the four products of row phase and phase along the row: both S(l) and S(−l) follow. */
function sumOverAtoms(sums: Float64Array, row: Float64Array, along: Float64Array, l: number): void {
  const from = l * row.length
  let reCos = 0
  let reSin = 0
  let imCos = 0
  let imSin = 0
  for (let i = 0; i < row.length; i += 2) {
    const re = row[i]!
    const im = row[i + 1]!
    const cosine = along[from + i]!
    const sine = along[from + i + 1]!
    reCos += re * cosine
    reSin += re * sine
    imCos += im * cosine
    imSin += im * sine
  }
  sums[0] = reCos
  sums[1] = reSin
  sums[2] = imCos
  sums[3] = imSin
}

/**
 * The force on an atom is 2 Σ g k·Im(q e^{ik·r} S*), and k = base + l·c*. Of the sum over a row there remain, for each
 * atom, Z = Σ g e^{ilc*·r} S*, which goes with base, and L = Σ l g e^{ilc*·r} S*, which goes with c*. Adds l and −l.
 * @param field [4N] Z and L
 * @param along phases of l·c* @param plusRe, plusIm, minusRe, minusIm g S of l and −l
 */
function addToField(
  field: Float64Array,
  along: Float64Array,
  l: number,
  plusRe: number,
  plusIm: number,
  minusRe: number,
  minusIm: number,
): void {
  const sumRe = plusRe + minusRe
  const sumIm = plusIm + minusIm
  const differenceRe = plusRe - minusRe
  const differenceIm = plusIm - minusIm
  const width = field.length / 2
  const from = l * width
  for (let i = 0; i < width; i += 2) {
    const cosine = along[from + i]!
    const sine = along[from + i + 1]!
    const k = 2 * i
    field[k] = field[k]! + cosine * sumRe + sine * differenceIm
    field[k + 1] = field[k + 1]! + sine * differenceRe - cosine * sumIm
    field[k + 2] = field[k + 2]! + l * (cosine * differenceRe + sine * sumIm)
    field[k + 3] = field[k + 3]! + l * (sine * sumRe - cosine * differenceIm)
  }
}

function addForces(
  forces: Float64Array,
  row: Float64Array,
  field: Float64Array,
  base: Vector,
  c: Vector,
): void {
  for (let i = 0, at = 0; at < row.length; i += 3, at += 2) {
    const re = 2 * row[at]!
    const im = 2 * row[at + 1]!
    const alongBase = re * field[2 * at + 1]! + im * field[2 * at]!
    const alongC = re * field[2 * at + 3]! + im * field[2 * at + 2]!
    forces[i] = forces[i]! + alongBase * base[0] + alongC * c[0]
    forces[i + 1] = forces[i + 1]! + alongBase * base[1] + alongC * c[1]
    forces[i + 2] = forces[i + 2]! + alongBase * base[2] + alongC * c[2]
  }
}

/** Adds the virial of one vector k = base + l·c*. @param v upper triangle */
function addStress(v: Float64Array, term: number, base: Vector, c: Vector, l: number, alpha: number): void {
  if (term === 0) return
  const kx = base[0] + l * c[0]
  const ky = base[1] + l * c[1]
  const kz = base[2] + l * c[2]
  const slope = term * (2 / (kx * kx + ky * ky + kz * kz) + 1 / (2 * alpha * alpha))
  v[0]! += term - slope * kx * kx
  v[1]! -= slope * kx * ky
  v[2]! -= slope * kx * kz
  v[3]! += term - slope * ky * ky
  v[4]! -= slope * ky * kz
  v[5]! += term - slope * kz * kz
}

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
