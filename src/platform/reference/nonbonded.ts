import { type Box, minimumImage } from '../../core/box.ts'
import type { CoulombForce, PairForce, SpecialFactors } from '../../core/force.ts'
import type { PairList } from '../../core/neighbors.ts'
import type { System } from '../../core/system.ts'
import { type SpecialPairs, specialPairs } from '../../core/topology.ts'
import { tailTimesVolume } from '../../forces/pair.ts'
import {
  coulombKernel,
  createBatch,
  type PairBatch,
  type PairKernel,
  pairKernel,
  screenedKernel,
} from './pairKernels.ts'

/** Sums that an evaluation adds to. */
export interface Accumulator {
  /** [3N] eV/Å */
  readonly forces: Float64Array
  /** [9] eV */
  readonly virial: Float64Array
}

export interface Nonbonded {
  /** Longest cut-off of any term, Å; 0 when nothing is non-bonded. */
  readonly cutoff_A: number
  /** Pairs that are not in the pair list because a factor other than 1 applies to them. */
  readonly special: SpecialPairs
  /** Adds forces and virial. @returns energies, eV */
  evaluate(
    box: Box,
    wrapped: Float64Array,
    list: PairList,
    into: Accumulator,
  ): { pair: number; coulomb: number }
}

interface Term {
  readonly name: 'pair' | 'coulomb'
  readonly kernel: PairKernel
  /** For bonded pairs, where the cut-off of an Ewald sum does not apply. */
  readonly specialKernel: PairKernel
  readonly specialCutoff_A: number
  readonly factors: SpecialFactors
  /** Damped sums subtract the bare interaction: factor f means E − (1−f)·q²/r. */
  readonly subtractsBare: boolean
}

/** Pair lists, kernels and corrections of every pair and Coulomb term of a system. */
export function createNonbonded(system: System): Nonbonded {
  const pairForces = system.forces.filter((f): f is PairForce => f.kind === 'pair')
  const coulombForces = system.forces.filter((f): f is CoulombForce => f.kind === 'coulomb')
  const cutoff_A = Math.max(
    0,
    ...pairForces.map(f => f.cutoffs.reduce((a, b) => Math.max(a, b), 0)),
    ...coulombForces.map(f => f.cutoff_A),
  )
  const terms = [...pairForces.map(force => pairTerm(force, cutoff_A)), ...coulombForces.map(coulombTerm)]
  const special = scaledPairs(system, terms)
  const typeCount = system.typeNames.length
  const { typeIndex, charges } = system
  const coulombConstant = coulombForces[0]?.constant_eV_A ?? 0
  let batch = createBatch(256)
  const specialClasses = [1, 2, 3].map(bonds => createSpecialClass(special, bonds))
  const tail = tailTimesVolume(system, pairForces)

  function evaluate(box: Box, x: Float64Array, list: PairList, into: Accumulator) {
    const energies = { pair: 0, coulomb: 0 }
    const { forces, virial } = into
    const m = box.matrix
    const cells = list.shifts
    const shift = new Float64Array(cells.length)
    for (let k = 0; k < cells.length; k += 3) {
      for (let c = 0; c < 3; c++) {
        shift[k + c] = cells[k]! * m[c]! + cells[k + 1]! * m[3 + c]! + cells[k + 2]! * m[6 + c]!
      }
    }
    for (let n = 0; n < system.atomCount; n++) {
      const i = list.atoms[n]!
      const size = list.runStarts[list.atomRuns[n + 1]!]! - list.runStarts[list.atomRuns[n]!]!
      if (batch.dx.length <= size) batch = createBatch(2 * size)
      batch.count = gather(batch, n, x, list, shift, cutoff_A)
      label(batch, i, typeIndex, typeCount, charges, coulombConstant)
      for (const term of terms) energies[term.name] += term.kernel(batch)
      scatter(batch, i, forces, virial)
    }
    for (const { pairs, batch: near, bonds } of specialClasses) {
      if (near.count === 0) continue
      fillSpecialBatch(near, box, x, pairs, system, coulombConstant)
      for (const term of terms) {
        energies[term.name] += addScaled(term, term.factors[bonds - 1]!, near, pairs, into)
      }
    }
    energies.pair += tail.energy / box.volume
    for (const k of [0, 4, 8]) virial[k]! += tail.virial / box.volume
    return energies
  }

  return { cutoff_A, special, evaluate }
}

/** Separations of the n-th atom of the list from its partners within the cut-off. @param shift [3S] lattice translations, Å */
function gather(
  { dx, dy, dz, r2, partners }: PairBatch,
  n: number,
  x: Float64Array,
  list: PairList,
  shift: Float64Array,
  cutoff: number,
): number {
  const { atomRuns, runStarts, runShifts, partners: candidates } = list
  const i = list.atoms[n]!
  const cutoff2 = cutoff * cutoff
  const lastRun = atomRuns[n + 1]!
  let count = 0
  for (let run = atomRuns[n]!; run < lastRun; run++) {
    const s = 3 * runShifts[run]!
    const xi = x[3 * i]! - shift[s]!
    const yi = x[3 * i + 1]! - shift[s + 1]!
    const zi = x[3 * i + 2]! - shift[s + 2]!
    const to = runStarts[run + 1]!
    for (let k = runStarts[run]!; k < to; k++) {
      const j = candidates[k]!
      const ax = x[3 * j]! - xi
      const ay = x[3 * j + 1]! - yi
      const az = x[3 * j + 2]! - zi
      const square = ax * ax + ay * ay + az * az
      dx[count] = ax
      dy[count] = ay
      dz[count] = az
      r2[count] = square
      partners[count] = j
      // Without a branch: a pair beyond the cut-off is overwritten by the next.
      count += square < cutoff2 ? 1 : 0
    }
  }
  return count
}

/** Looks up the pair of types and the product of charges for the kernels. */
function label(
  { count, partners, pairType, chargeProduct, total }: PairBatch,
  i: number,
  typeIndex: Int32Array,
  typeCount: number,
  charges: Float64Array,
  coulombConstant: number,
): void {
  const row = typeIndex[i]! * typeCount
  const qi = charges[i]! * coulombConstant
  for (let k = 0; k < count; k++) {
    const j = partners[k]!
    pairType[k] = row + typeIndex[j]!
    chargeProduct[k] = qi * charges[j]!
    total[k] = 0
  }
}

function scatter(batch: PairBatch, i: number, forces: Float64Array, virial: Float64Array): void {
  const { count, dx, dy, dz, partners, total } = batch
  let fx = 0
  let fy = 0
  let fz = 0
  let vxx = 0
  let vxy = 0
  let vxz = 0
  let vyy = 0
  let vyz = 0
  let vzz = 0
  for (let k = 0; k < count; k++) {
    const ax = dx[k]!
    const ay = dy[k]!
    const az = dz[k]!
    const gx = total[k]! * ax
    const gy = total[k]! * ay
    const gz = total[k]! * az
    const j = 3 * partners[k]!
    forces[j] = forces[j]! + gx
    forces[j + 1] = forces[j + 1]! + gy
    forces[j + 2] = forces[j + 2]! + gz
    fx -= gx
    fy -= gy
    fz -= gz
    vxx += gx * ax
    vxy += gx * ay
    vxz += gx * az
    vyy += gy * ay
    vyz += gy * az
    vzz += gz * az
  }
  forces[3 * i]! += fx
  forces[3 * i + 1]! += fy
  forces[3 * i + 2]! += fz
  addSymmetric(virial, vxx, vxy, vxz, vyy, vyz, vzz)
}

function pairTerm(force: PairForce, reach_A: number): Term {
  return {
    name: 'pair',
    kernel: pairKernel(force, reach_A),
    specialKernel: pairKernel(force, Number.POSITIVE_INFINITY),
    specialCutoff_A: Number.POSITIVE_INFINITY,
    factors: force.special,
    subtractsBare: false,
  }
}

function coulombTerm(force: CoulombForce): Term {
  const { name } = force.method
  const kernel = coulombKernel(force)
  const whole = name === 'ewald' || name === 'pme'
  return {
    name: 'coulomb',
    kernel,
    specialKernel: whole ? screenedKernel(force) : kernel,
    specialCutoff_A: whole ? Number.POSITIVE_INFINITY : force.cutoff_A,
    factors: force.special,
    subtractsBare: name !== 'cut',
  }
}

/** The bonded pairs that some term scales: they leave the pair list and are treated one by one. */
function scaledPairs(system: System, terms: readonly Term[]): SpecialPairs {
  const all = specialPairs(system.topology, system.atomCount)
  const keep = [0, 1, 2].map(k => terms.some(term => term.factors[k] !== 1))
  const pairs: number[] = []
  const separation: number[] = []
  all.separation.forEach((bonds, k) => {
    if (!keep[bonds - 1]) return
    pairs.push(all.pairs[2 * k]!, all.pairs[2 * k + 1]!)
    separation.push(bonds)
  })
  return { pairs: Int32Array.from(pairs), separation: Uint8Array.from(separation) }
}

/** The special pairs that are so many bonds apart. */
function createSpecialClass(special: SpecialPairs, bonds: number) {
  const indices = Int32Array.from(special.separation.keys()).filter(k => special.separation[k] === bonds)
  const atoms = new Int32Array(2 * indices.length)
  indices.forEach((k, n) => {
    atoms.set(special.pairs.subarray(2 * k, 2 * k + 2), 2 * n)
  })
  const batch = createBatch(indices.length)
  batch.count = indices.length
  return { bonds, pairs: atoms, batch }
}

function fillSpecialBatch(
  batch: PairBatch,
  box: Box,
  x: Float64Array,
  pairs: Int32Array,
  system: System,
  coulombConstant: number,
): void {
  const { typeIndex, charges } = system
  const typeCount = system.typeNames.length
  const d = new Float64Array(3)
  for (let k = 0; k < batch.count; k++) {
    const i = pairs[2 * k]!
    const j = pairs[2 * k + 1]!
    for (let c = 0; c < 3; c++) d[c] = x[3 * j + c]! - x[3 * i + c]!
    minimumImage(box, d)
    batch.dx[k] = d[0]!
    batch.dy[k] = d[1]!
    batch.dz[k] = d[2]!
    batch.r2[k] = d[0]! * d[0]! + d[1]! * d[1]! + d[2]! * d[2]!
    batch.pairType[k] = typeIndex[i]! * typeCount + typeIndex[j]!
    batch.chargeProduct[k] = coulombConstant * charges[i]! * charges[j]!
  }
}

/**
 * Adds a term of pairs equally many bonds apart, times a factor.
 * @param pairs [2P] atoms
 * @returns energy, eV
 */
function addScaled(
  { specialKernel, specialCutoff_A, subtractsBare }: Term,
  factor: number,
  near: PairBatch,
  pairs: Int32Array,
  { forces, virial }: Accumulator,
): number {
  if (factor === 0 && !subtractsBare) return 0
  const { count, dx, dy, dz, r2, chargeProduct, total } = near
  total.fill(0)
  const whole = specialKernel(near)
  const scale = subtractsBare ? 1 : factor
  let bare = 0
  for (let k = 0; k < count; k++) {
    let f = scale * total[k]!
    if (subtractsBare && r2[k]! < specialCutoff_A ** 2) {
      const removed = ((1 - factor) * chargeProduct[k]!) / Math.sqrt(r2[k]!)
      bare += removed
      f -= removed / r2[k]!
    }
    const gx = f * dx[k]!
    const gy = f * dy[k]!
    const gz = f * dz[k]!
    const i = 3 * pairs[2 * k]!
    const j = 3 * pairs[2 * k + 1]!
    forces[i]! -= gx
    forces[i + 1]! -= gy
    forces[i + 2]! -= gz
    forces[j]! += gx
    forces[j + 1]! += gy
    forces[j + 2]! += gz
    addSymmetric(virial, gx * dx[k]!, gx * dy[k]!, gx * dz[k]!, gy * dy[k]!, gy * dz[k]!, gz * dz[k]!)
  }
  return scale * whole - bare
}

/** Adds a symmetric tensor given by its upper triangle. */
export function addSymmetric(
  virial: Float64Array,
  xx: number,
  xy: number,
  xz: number,
  yy: number,
  yz: number,
  zz: number,
): void {
  virial[0]! += xx
  virial[1]! += xy
  virial[2]! += xz
  virial[3]! += xy
  virial[4]! += yy
  virial[5]! += yz
  virial[6]! += xz
  virial[7]! += yz
  virial[8]! += zz
}
