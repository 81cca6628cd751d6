import { addSums, addTo, lane0, lane1, lane2, lane3, moved, splat, transposedSum } from './cluster'
import { Entry, Nonbonded, PairWork } from './layout'
import {
  coulombEnergy,
  coulombForce,
  lennardJonesEnergy,
  lennardJonesForce,
  polynomialVariable,
  rowForce,
} from './potential'
import { madd } from './vector'

// Forces between clusters: the four atoms of i one by one against the four of j at once. Contributions beyond a cut-off
// are masked out bit by bit, because they may be infinite or not a number.
//
// `p` is the address of the parameters, a record of NONBONDED in ../layout.ts.

@inline
function distance2(dx: v128, dy: v128, dz: v128): v128 {
  return madd(dz, dz, madd(dy, dy, f32x4.mul(dx, dx)))
}

/** Stores coordinates and charges of the i cluster of an entry, in the frame and image of its partners, each spread over a vector. */
@inline
function placeCluster(entry: usize, cluster: usize, scale: f64, work: usize): void {
  storeSpread(work + PairWork.x, moved(v128.load(cluster), scale * load<f64>(entry, Entry.x)))
  storeSpread(work + PairWork.y, moved(v128.load(cluster, 16), scale * load<f64>(entry, Entry.y)))
  storeSpread(work + PairWork.z, moved(v128.load(cluster, 32), scale * load<f64>(entry, Entry.z)))
  storeSpread(work + PairWork.q, v128.load(cluster, 48))
}

@inline
function storeSpread(to: usize, a: v128): void {
  v128.store(to, lane0(a))
  v128.store(to, lane1(a), 16)
  v128.store(to, lane2(a), 32)
  v128.store(to, lane3(a), 48)
}

/** Stores values of a polynomial for the four atoms of i, a vector each; one loop, so that they share coefficients. */
@inline
function storePolynomials(p: usize, coefficients: usize, t0: v128, t1: v128, t2: v128, t3: v128, to: usize): void {
  const degree = load<i32>(p, Nonbonded.degree)
  let s0 = splat(coefficients)
  let s1 = s0
  let s2 = s0
  let s3 = s0
  for (let k = 1; k <= degree; k++) {
    const c = splat(coefficients + (<usize>k << 2))
    s0 = madd(s0, t0, c)
    s1 = madd(s1, t1, c)
    s2 = madd(s2, t2, c)
    s3 = madd(s3, t3, c)
  }
  v128.store(to, s0)
  v128.store(to, s1, 16)
  v128.store(to, s2, 32)
  v128.store(to, s3, 48)
}

/** The lanes of `value` that row k of a mask of sixteen bits lets pass; all of them in a list without masks. */
@inline
function passed(p: usize, value: v128, masked: bool, bits: i32, k: i32): v128 {
  if (!masked) return value
  const table = <usize>load<i32>(p, Nonbonded.laneMasks)
  return v128.and(value, v128.load(table + (<usize>((bits >> (4 * k)) & 15) << 4)))
}

/** Address of the rows of atom k of a cluster. */
@inline
function rowsOf(p: usize, cluster: usize, k: usize): usize {
  const offset = load<i32>(<usize>load<i32>(p, Nonbonded.rowOffsets) + (cluster << 4) + (k << 2))
  return <usize>load<i32>(p, Nonbonded.rows) + <usize>offset
}

/** −(dE/dr)/r of atom k of i with four j. With `general` and `energy` also stores the pair energy in `work`. */
@inline
function force(
  p: usize, work: usize, k: usize, r2: v128, row: usize, qq: v128, energy: bool, coulomb: bool, general: bool,
): v128 {
  const inverse2 = f32x4.div(f32x4.splat(1), r2)
  const smooth = coulomb ? v128.load(work + (k << 4), PairWork.smooth) : inverse2
  if (general) {
    const pair = rowForce(p, row, r2, inverse2, energy, work + PairWork.energies + (k << 4))
    const electric = f32x4.mul(qq, coulombForce(p, inverse2, smooth))
    return f32x4.add(pair, v128.and(electric, f32x4.lt(r2, splat(p + Nonbonded.coulombCutoff2))))
  }
  const lj = lennardJonesForce(v128.load(row), v128.load(row, 16), inverse2)
  const whole = coulomb ? madd(qq, coulombForce(p, inverse2, smooth), lj) : lj
  return v128.and(whole, f32x4.lt(r2, splat(p + Nonbonded.cutoff2)))
}

/** Pair energy of atom k of i with four j; that of a general row comes from `work`. */
@inline
function pairEnergy(p: usize, work: usize, k: usize, r2: v128, row: usize, general: bool): v128 {
  if (general) return v128.load(work + (k << 4), PairWork.energies)
  const inverse2 = f32x4.div(f32x4.splat(1), r2)
  const energy = lennardJonesEnergy(v128.load(row), v128.load(row, 16), inverse2, splat(p + Nonbonded.shift6), splat(p + Nonbonded.shift12))
  return v128.and(energy, f32x4.lt(r2, splat(p + Nonbonded.cutoff2)))
}

/** Coulomb energy of atom k of i with four j. */
@inline
function electricEnergy(p: usize, r2: v128, qq: v128, smooth: v128): v128 {
  const energy = f32x4.mul(qq, coulombEnergy(p, r2, f32x4.div(f32x4.splat(1), r2), smooth))
  return v128.and(energy, f32x4.lt(r2, splat(p + Nonbonded.coulombCutoff2)))
}

/** Adds four energies, each as far as the mask lets it pass, to a sum over the entry. */
@inline
function addEnergies(p: usize, at: usize, e0: v128, e1: v128, e2: v128, e3: v128, masked: bool, bits: i32): void {
  const first = f32x4.add(passed(p, e0, masked, bits, 0), passed(p, e1, masked, bits, 1))
  const second = f32x4.add(passed(p, e2, masked, bits, 2), passed(p, e3, masked, bits, 3))
  v128.store(at, f32x4.add(v128.load(at), f32x4.add(first, second)))
}

@inline
function addPairEnergies(
  p: usize, work: usize, r0: v128, r1: v128, r2: v128, r3: v128,
  row0: usize, row1: usize, row2: usize, row3: usize, masked: bool, bits: i32, general: bool,
): void {
  const e0 = pairEnergy(p, work, 0, r0, row0, general)
  const e1 = pairEnergy(p, work, 1, r1, row1, general)
  const e2 = pairEnergy(p, work, 2, r2, row2, general)
  const e3 = pairEnergy(p, work, 3, r3, row3, general)
  addEnergies(p, work + PairWork.entrySums, e0, e1, e2, e3, masked, bits)
}

/** @param t0, t1, t2, t3 the polynomials' variables @param qq0, qq1, qq2, qq3 products of charges */
@inline
function addCoulombEnergies(
  p: usize, work: usize, r0: v128, r1: v128, r2: v128, r3: v128, t0: v128, t1: v128, t2: v128, t3: v128,
  qq0: v128, qq1: v128, qq2: v128, qq3: v128, masked: bool, bits: i32,
): void {
  storePolynomials(p, p + Nonbonded.energyPolynomial, t0, t1, t2, t3, work + PairWork.smooth)
  const e0 = electricEnergy(p, r0, qq0, v128.load(work, PairWork.smooth))
  const e1 = electricEnergy(p, r1, qq1, v128.load(work, PairWork.smooth + 16))
  const e2 = electricEnergy(p, r2, qq2, v128.load(work, PairWork.smooth + 32))
  const e3 = electricEnergy(p, r3, qq3, v128.load(work, PairWork.smooth + 48))
  addEnergies(p, work + PairWork.entrySums + 16, e0, e1, e2, e3, masked, bits)
}

/** Adds Σ fₖ·dₖ⊗dₖ over the atoms of i to the virial in `work`. */
@inline
function addVirial(
  work: usize, f0: v128, dx0: v128, dy0: v128, dz0: v128, f1: v128, dx1: v128, dy1: v128, dz1: v128,
  f2: v128, dx2: v128, dy2: v128, dz2: v128, f3: v128, dx3: v128, dy3: v128, dz3: v128,
): void {
  const gx0 = f32x4.mul(f0, dx0)
  const gy0 = f32x4.mul(f0, dy0)
  const gz0 = f32x4.mul(f0, dz0)
  const gx1 = f32x4.mul(f1, dx1)
  const gy1 = f32x4.mul(f1, dy1)
  const gz1 = f32x4.mul(f1, dz1)
  const gx2 = f32x4.mul(f2, dx2)
  const gy2 = f32x4.mul(f2, dy2)
  const gz2 = f32x4.mul(f2, dz2)
  const gx3 = f32x4.mul(f3, dx3)
  const gy3 = f32x4.mul(f3, dy3)
  const gz3 = f32x4.mul(f3, dz3)
  addMoment(work + PairWork.entrySums + 32 + 0, gx0, dx0, gx1, dx1, gx2, dx2, gx3, dx3)
  addMoment(work + PairWork.entrySums + 32 + 16, gx0, dy0, gx1, dy1, gx2, dy2, gx3, dy3)
  addMoment(work + PairWork.entrySums + 32 + 32, gx0, dz0, gx1, dz1, gx2, dz2, gx3, dz3)
  addMoment(work + PairWork.entrySums + 32 + 48, gy0, dy0, gy1, dy1, gy2, dy2, gy3, dy3)
  addMoment(work + PairWork.entrySums + 32 + 64, gy0, dz0, gy1, dz1, gy2, dz2, gy3, dz3)
  addMoment(work + PairWork.entrySums + 32 + 80, gz0, dz0, gz1, dz1, gz2, dz2, gz3, dz3)
}

@inline
function addMoment(at: usize, g0: v128, d0: v128, g1: v128, d1: v128, g2: v128, d2: v128, g3: v128, d3: v128): void {
  v128.store(at, madd(g0, d0, madd(g1, d1, madd(g2, d2, madd(g3, d3, v128.load(at))))))
}

/** Takes Σ fₖ·dₖ over the atoms of i from four coordinates of forces. */
@inline
function takeFrom(at: usize, f0: v128, d0: v128, f1: v128, d1: v128, f2: v128, d2: v128, f3: v128, d3: v128): void {
  v128.store(at, f32x4.sub(v128.load(at), madd(f3, d3, madd(f2, d2, madd(f1, d1, f32x4.mul(f0, d0))))))
}

/**
 * Adds what the cluster `ci`, placed in `work`, and the j clusters from `at` to `end` of a list give to forces and, with
 * `energy`, to the sums in `work`.
 */
@inline
function withPartners(
  p: usize, ci: usize, at: usize, end: usize, forces: usize, work: usize,
  masked: bool, energy: bool, coulomb: bool, general: bool,
): void {
  const clusters = <usize>load<i32>(p, Nonbonded.clusters)
  const row0 = rowsOf(p, ci, 0)
  const row1 = rowsOf(p, ci, 1)
  const row2 = rowsOf(p, ci, 2)
  const row3 = rowsOf(p, ci, 3)
  const zero = f32x4.splat(0)
  let fx0 = zero, fy0 = zero, fz0 = zero
  let fx1 = zero, fy1 = zero, fz1 = zero
  let fx2 = zero, fy2 = zero, fz2 = zero
  let fx3 = zero, fy3 = zero, fz3 = zero
  for (; at < end; at += masked ? 8 : 4) {
    const cj = <usize>load<i32>(at)
    const bits = masked ? load<i32>(at, 4) : 0
    const row = cj * <usize>load<i32>(p, Nonbonded.rowBytes)
    const xj = v128.load(clusters + (cj << 6))
    const yj = v128.load(clusters + (cj << 6), 16)
    const zj = v128.load(clusters + (cj << 6), 32)
    const qj = v128.load(clusters + (cj << 6), 48)
    const dx0 = f32x4.sub(v128.load(work, PairWork.x), xj)
    const dy0 = f32x4.sub(v128.load(work, PairWork.y), yj)
    const dz0 = f32x4.sub(v128.load(work, PairWork.z), zj)
    const dx1 = f32x4.sub(v128.load(work, PairWork.x + 16), xj)
    const dy1 = f32x4.sub(v128.load(work, PairWork.y + 16), yj)
    const dz1 = f32x4.sub(v128.load(work, PairWork.z + 16), zj)
    const dx2 = f32x4.sub(v128.load(work, PairWork.x + 32), xj)
    const dy2 = f32x4.sub(v128.load(work, PairWork.y + 32), yj)
    const dz2 = f32x4.sub(v128.load(work, PairWork.z + 32), zj)
    const dx3 = f32x4.sub(v128.load(work, PairWork.x + 48), xj)
    const dy3 = f32x4.sub(v128.load(work, PairWork.y + 48), yj)
    const dz3 = f32x4.sub(v128.load(work, PairWork.z + 48), zj)
    const r0 = distance2(dx0, dy0, dz0)
    const r1 = distance2(dx1, dy1, dz1)
    const r2 = distance2(dx2, dy2, dz2)
    const r3 = distance2(dx3, dy3, dz3)
    const qq0 = f32x4.mul(v128.load(work, PairWork.q), qj)
    const qq1 = f32x4.mul(v128.load(work, PairWork.q + 16), qj)
    const qq2 = f32x4.mul(v128.load(work, PairWork.q + 32), qj)
    const qq3 = f32x4.mul(v128.load(work, PairWork.q + 48), qj)
    const t0 = polynomialVariable(p, r0)
    const t1 = polynomialVariable(p, r1)
    const t2 = polynomialVariable(p, r2)
    const t3 = polynomialVariable(p, r3)
    if (coulomb) storePolynomials(p, p + Nonbonded.forcePolynomial, t0, t1, t2, t3, work + PairWork.smooth)
    const f0 = passed(p, force(p, work, 0, r0, row0 + row, qq0, energy, coulomb, general), masked, bits, 0)
    const f1 = passed(p, force(p, work, 1, r1, row1 + row, qq1, energy, coulomb, general), masked, bits, 1)
    const f2 = passed(p, force(p, work, 2, r2, row2 + row, qq2, energy, coulomb, general), masked, bits, 2)
    const f3 = passed(p, force(p, work, 3, r3, row3 + row, qq3, energy, coulomb, general), masked, bits, 3)
    if (energy) {
      addPairEnergies(p, work, r0, r1, r2, r3, row0 + row, row1 + row, row2 + row, row3 + row, masked, bits, general)
      if (coulomb) addCoulombEnergies(p, work, r0, r1, r2, r3, t0, t1, t2, t3, qq0, qq1, qq2, qq3, masked, bits)
      addVirial(work, f0, dx0, dy0, dz0, f1, dx1, dy1, dz1, f2, dx2, dy2, dz2, f3, dx3, dy3, dz3)
    }
    fx0 = madd(f0, dx0, fx0)
    fy0 = madd(f0, dy0, fy0)
    fz0 = madd(f0, dz0, fz0)
    fx1 = madd(f1, dx1, fx1)
    fy1 = madd(f1, dy1, fy1)
    fz1 = madd(f1, dz1, fz1)
    fx2 = madd(f2, dx2, fx2)
    fy2 = madd(f2, dy2, fy2)
    fz2 = madd(f2, dz2, fz2)
    fx3 = madd(f3, dx3, fx3)
    fy3 = madd(f3, dy3, fy3)
    fz3 = madd(f3, dz3, fz3)
    const back = forces + (cj << 6)
    takeFrom(back, f0, dx0, f1, dx1, f2, dx2, f3, dx3)
    takeFrom(back + 16, f0, dy0, f1, dy1, f2, dy2, f3, dy3)
    takeFrom(back + 32, f0, dz0, f1, dz1, f2, dz2, f3, dz3)
  }
  const here = forces + (ci << 6)
  addTo(here, transposedSum(fx0, fx1, fx2, fx3))
  addTo(here + 16, transposedSum(fy0, fy1, fy2, fy3))
  addTo(here + 32, transposedSum(fz0, fz1, fz2, fz3))
  if (energy) addSums(work + PairWork.sums, work + PairWork.entrySums)
}

/** Adds what the entries [from, to) of a list give to forces and sums; `work` is a record of PAIR_WORK. */
@inline
function interact(
  p: usize, entries: usize, from: i32, to: i32, js: usize, forces: usize, work: usize,
  masked: bool, energy: bool, coulomb: bool, general: bool,
): void {
  const clusters = <usize>load<i32>(p, Nonbonded.clusters)
  const scale = load<f64>(p, Nonbonded.scale)
  const stride: usize = masked ? 8 : 4
  for (let e = from; e < to; e++) {
    const entry = entries + <usize>e * Entry.bytes
    const ci = <usize>load<i32>(entry, Entry.cluster)
    placeCluster(entry, clusters + (ci << 6), scale, work)
    if (energy) memory.fill(work + PairWork.entrySums, 0, 128)
    const first = js + <usize>load<i32>(entry, Entry.from) * stride
    const end = js + <usize>load<i32>(entry, Entry.to) * stride
    withPartners(p, ci, first, end, forces, work, masked, energy, coulomb, general)
  }
}

// lj…: one cut-off for all pairs. ljCoulomb…: and for Coulomb as well. general…: everything. Each is a function of its own,
// written out, because flags that are constants leave no test in the loops and AssemblyScript exports no generic functions.

export function ljCoulombForce(p: usize, entries: usize, from: i32, to: i32, js: usize, forces: usize, work: usize): void {
  interact(p, entries, from, to, js, forces, work, false, false, true, false)
}

export function ljCoulombEnergy(p: usize, entries: usize, from: i32, to: i32, js: usize, forces: usize, work: usize): void {
  interact(p, entries, from, to, js, forces, work, false, true, true, false)
}

export function ljCoulombMaskedForce(p: usize, entries: usize, from: i32, to: i32, js: usize, forces: usize, work: usize): void {
  interact(p, entries, from, to, js, forces, work, true, false, true, false)
}

export function ljCoulombMaskedEnergy(p: usize, entries: usize, from: i32, to: i32, js: usize, forces: usize, work: usize): void {
  interact(p, entries, from, to, js, forces, work, true, true, true, false)
}

export function ljForce(p: usize, entries: usize, from: i32, to: i32, js: usize, forces: usize, work: usize): void {
  interact(p, entries, from, to, js, forces, work, false, false, false, false)
}

export function ljEnergy(p: usize, entries: usize, from: i32, to: i32, js: usize, forces: usize, work: usize): void {
  interact(p, entries, from, to, js, forces, work, false, true, false, false)
}

export function ljMaskedForce(p: usize, entries: usize, from: i32, to: i32, js: usize, forces: usize, work: usize): void {
  interact(p, entries, from, to, js, forces, work, true, false, false, false)
}

export function ljMaskedEnergy(p: usize, entries: usize, from: i32, to: i32, js: usize, forces: usize, work: usize): void {
  interact(p, entries, from, to, js, forces, work, true, true, false, false)
}

export function generalForce(p: usize, entries: usize, from: i32, to: i32, js: usize, forces: usize, work: usize): void {
  interact(p, entries, from, to, js, forces, work, false, false, true, true)
}

export function generalEnergy(p: usize, entries: usize, from: i32, to: i32, js: usize, forces: usize, work: usize): void {
  interact(p, entries, from, to, js, forces, work, false, true, true, true)
}

export function generalMaskedForce(p: usize, entries: usize, from: i32, to: i32, js: usize, forces: usize, work: usize): void {
  interact(p, entries, from, to, js, forces, work, true, false, true, true)
}

export function generalMaskedEnergy(p: usize, entries: usize, from: i32, to: i32, js: usize, forces: usize, work: usize): void {
  interact(p, entries, from, to, js, forces, work, true, true, true, true)
}
