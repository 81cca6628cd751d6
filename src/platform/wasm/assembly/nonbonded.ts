import { addSums, lane0, lane1, lane2, lane3, moved, splat, transposedSum } from './cluster'
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

/**
 * −(dE/dr)/r of one atom i with four j. With `general` and `energy` also stores the pair energy at `result`.
 * @param smooth value of the polynomial
 */
@inline
function force(
  p: usize,
  r2: v128,
  row: usize,
  qq: v128,
  smooth: v128,
  coulomb: bool,
  general: bool,
  exponentials: i32,
  switched: i32,
  energy: bool,
  result: usize,
): v128 {
  const inverse2 = f32x4.div(f32x4.splat(1), r2)
  if (general) {
    const pair = rowForce(p, row, r2, inverse2, exponentials, switched, energy, result)
    const electric = f32x4.mul(qq, coulombForce(p, inverse2, smooth))
    return f32x4.add(pair, v128.and(electric, f32x4.lt(r2, splat(p + Nonbonded.coulombCutoff2))))
  }
  const lj = lennardJonesForce(v128.load(row), v128.load(row, 16), inverse2)
  const whole = coulomb ? madd(qq, coulombForce(p, inverse2, smooth), lj) : lj
  return v128.and(whole, f32x4.lt(r2, splat(p + Nonbonded.cutoff2)))
}

@inline
function lennardJones(p: usize, r2: v128, row: usize): v128 {
  const inverse2 = f32x4.div(f32x4.splat(1), r2)
  const energy = lennardJonesEnergy(v128.load(row), v128.load(row, 16), inverse2, splat(p + Nonbonded.shift6), splat(p + Nonbonded.shift12))
  return v128.and(energy, f32x4.lt(r2, splat(p + Nonbonded.cutoff2)))
}

@inline
function electricEnergy(p: usize, r2: v128, qq: v128, smooth: v128): v128 {
  const energy = f32x4.mul(qq, coulombEnergy(p, r2, f32x4.div(f32x4.splat(1), r2), smooth))
  return v128.and(energy, f32x4.lt(r2, splat(p + Nonbonded.coulombCutoff2)))
}

@inline
function distance2(dx: v128, dy: v128, dz: v128): v128 {
  return madd(dz, dz, madd(dy, dy, f32x4.mul(dx, dx)))
}

/** Row k of a mask of sixteen bits as lanes. */
@inline
function laneMask(table: usize, bits: i32, k: i32): v128 {
  return v128.load(table + (<usize>((bits >> (4 * k)) & 15) << 4))
}

/**
 * One long function: AssemblyScript returns one value from a function, and 4 × 13 vectors are in use at once.
 *
 * Adds what the entries [from, to) give to forces and, with `energy`, to the eight doubles at `work`: pair, Coulomb,
 * and the virial xx xy xz yy yz zz. Pair energies of general rows pass through work + 64, coordinates and charges of i
 * lie spread at work + 128, and polynomials are evaluated in a loop: as locals and unrolled, the compiler of V8 spends a
 * quarter more time moving registers about.
 */
@inline
function interact(
  p: usize,
  entries: usize,
  from: i32,
  to: i32,
  js: usize,
  forces: usize,
  work: usize,
  masked: bool,
  energy: bool,
  coulomb: bool,
  general: bool,
): void {
  const degree = load<i32>(p, Nonbonded.degree)
  const exponentials = general ? load<i32>(p, Nonbonded.exponentials) : 0
  const switched = general ? load<i32>(p, Nonbonded.isSwitched) : 0
  const clusters = <usize>load<i32>(p, Nonbonded.clusters)
  const rows = <usize>load<i32>(p, Nonbonded.rows)
  const rowBytes = <usize>load<i32>(p, Nonbonded.rowBytes)
  const rowOffsets = <usize>load<i32>(p, Nonbonded.rowOffsets)
  const laneMasks = <usize>load<i32>(p, Nonbonded.laneMasks)
  const scale = load<f64>(p, Nonbonded.scale)
  const stride: usize = masked ? 8 : 4
  for (let e = from; e < to; e++) {
    const entry = entries + <usize>e * Entry.bytes
    const ci = <usize>load<i32>(entry, Entry.cluster)
    const ai = clusters + (ci << 6)
    const x = moved(v128.load(ai), scale * load<f64>(entry, Entry.x))
    const y = moved(v128.load(ai, 16), scale * load<f64>(entry, Entry.y))
    const z = moved(v128.load(ai, 32), scale * load<f64>(entry, Entry.z))
    const q = v128.load(ai, 48)
    v128.store(work, lane0(x), PairWork.x)
    v128.store(work, lane1(x), PairWork.x + 16)
    v128.store(work, lane2(x), PairWork.x + 32)
    v128.store(work, lane3(x), PairWork.x + 48)
    v128.store(work, lane0(y), PairWork.y)
    v128.store(work, lane1(y), PairWork.y + 16)
    v128.store(work, lane2(y), PairWork.y + 32)
    v128.store(work, lane3(y), PairWork.y + 48)
    v128.store(work, lane0(z), PairWork.z)
    v128.store(work, lane1(z), PairWork.z + 16)
    v128.store(work, lane2(z), PairWork.z + 32)
    v128.store(work, lane3(z), PairWork.z + 48)
    v128.store(work, lane0(q), PairWork.q)
    v128.store(work, lane1(q), PairWork.q + 16)
    v128.store(work, lane2(q), PairWork.q + 32)
    v128.store(work, lane3(q), PairWork.q + 48)
    const own = rowOffsets + (ci << 4)
    const rows0 = rows + <usize>load<i32>(own)
    const rows1 = rows + <usize>load<i32>(own, 4)
    const rows2 = rows + <usize>load<i32>(own, 8)
    const rows3 = rows + <usize>load<i32>(own, 12)
    const zero = f32x4.splat(0)
    let fx0 = zero
    let fx1 = zero
    let fx2 = zero
    let fx3 = zero
    let fy0 = zero
    let fy1 = zero
    let fy2 = zero
    let fy3 = zero
    let fz0 = zero
    let fz1 = zero
    let fz2 = zero
    let fz3 = zero
    let ePair = zero
    let eCoulomb = zero
    let vxx = zero
    let vxy = zero
    let vxz = zero
    let vyy = zero
    let vyz = zero
    let vzz = zero

    const end = js + <usize>load<i32>(entry, Entry.to) * stride
    for (let at = js + <usize>load<i32>(entry, Entry.from) * stride; at < end; at += stride) {
      const cj = <usize>load<i32>(at)
      const aj = clusters + (cj << 6)
      const row = cj * rowBytes
      const xj = v128.load(aj)
      const yj = v128.load(aj, 16)
      const zj = v128.load(aj, 32)
      const qj = v128.load(aj, 48)

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
      const t0 = polynomialVariable(p, r0)
      const t1 = polynomialVariable(p, r1)
      const t2 = polynomialVariable(p, r2)
      const t3 = polynomialVariable(p, r3)
      const qq0 = f32x4.mul(v128.load(work, PairWork.q), qj)
      const qq1 = f32x4.mul(v128.load(work, PairWork.q + 16), qj)
      const qq2 = f32x4.mul(v128.load(work, PairWork.q + 32), qj)
      const qq3 = f32x4.mul(v128.load(work, PairWork.q + 48), qj)
      let s0 = splat(p + Nonbonded.forcePolynomial)
      let s1 = s0
      let s2 = s0
      let s3 = s0
      if (coulomb) {
        for (let k = 1; k <= degree; k++) {
          const c = splat(p + Nonbonded.forcePolynomial + (<usize>k << 2))
          s0 = madd(s0, t0, c)
          s1 = madd(s1, t1, c)
          s2 = madd(s2, t2, c)
          s3 = madd(s3, t3, c)
        }
      }
      let f0 = force(p, r0, rows0 + row, qq0, s0, coulomb, general, exponentials, switched, energy, work + PairWork.energies)
      let f1 = force(p, r1, rows1 + row, qq1, s1, coulomb, general, exponentials, switched, energy, work + PairWork.energies + 16)
      let f2 = force(p, r2, rows2 + row, qq2, s2, coulomb, general, exponentials, switched, energy, work + PairWork.energies + 32)
      let f3 = force(p, r3, rows3 + row, qq3, s3, coulomb, general, exponentials, switched, energy, work + PairWork.energies + 48)
      const bits = masked ? load<i32>(at, 4) : 0
      if (masked) {
        f0 = v128.and(f0, laneMask(laneMasks, bits, 0))
        f1 = v128.and(f1, laneMask(laneMasks, bits, 1))
        f2 = v128.and(f2, laneMask(laneMasks, bits, 2))
        f3 = v128.and(f3, laneMask(laneMasks, bits, 3))
      }
      if (energy) {
        let e0 = general ? v128.load(work, PairWork.energies) : lennardJones(p, r0, rows0 + row)
        let e1 = general ? v128.load(work, PairWork.energies + 16) : lennardJones(p, r1, rows1 + row)
        let e2 = general ? v128.load(work, PairWork.energies + 32) : lennardJones(p, r2, rows2 + row)
        let e3 = general ? v128.load(work, PairWork.energies + 48) : lennardJones(p, r3, rows3 + row)
        if (masked) {
          e0 = v128.and(e0, laneMask(laneMasks, bits, 0))
          e1 = v128.and(e1, laneMask(laneMasks, bits, 1))
          e2 = v128.and(e2, laneMask(laneMasks, bits, 2))
          e3 = v128.and(e3, laneMask(laneMasks, bits, 3))
        }
        ePair = f32x4.add(ePair, f32x4.add(f32x4.add(e0, e1), f32x4.add(e2, e3)))
        if (coulomb) {
          s0 = splat(p + Nonbonded.energyPolynomial)
          s1 = s0
          s2 = s0
          s3 = s0
          for (let k = 1; k <= degree; k++) {
            const c = splat(p + Nonbonded.energyPolynomial + (<usize>k << 2))
            s0 = madd(s0, t0, c)
            s1 = madd(s1, t1, c)
            s2 = madd(s2, t2, c)
            s3 = madd(s3, t3, c)
          }
          e0 = electricEnergy(p, r0, qq0, s0)
          e1 = electricEnergy(p, r1, qq1, s1)
          e2 = electricEnergy(p, r2, qq2, s2)
          e3 = electricEnergy(p, r3, qq3, s3)
          if (masked) {
            e0 = v128.and(e0, laneMask(laneMasks, bits, 0))
            e1 = v128.and(e1, laneMask(laneMasks, bits, 1))
            e2 = v128.and(e2, laneMask(laneMasks, bits, 2))
            e3 = v128.and(e3, laneMask(laneMasks, bits, 3))
          }
          eCoulomb = f32x4.add(eCoulomb, f32x4.add(f32x4.add(e0, e1), f32x4.add(e2, e3)))
        }
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
        vxx = madd(gx0, dx0, madd(gx1, dx1, madd(gx2, dx2, madd(gx3, dx3, vxx))))
        vxy = madd(gx0, dy0, madd(gx1, dy1, madd(gx2, dy2, madd(gx3, dy3, vxy))))
        vxz = madd(gx0, dz0, madd(gx1, dz1, madd(gx2, dz2, madd(gx3, dz3, vxz))))
        vyy = madd(gy0, dy0, madd(gy1, dy1, madd(gy2, dy2, madd(gy3, dy3, vyy))))
        vyz = madd(gy0, dz0, madd(gy1, dz1, madd(gy2, dz2, madd(gy3, dz3, vyz))))
        vzz = madd(gz0, dz0, madd(gz1, dz1, madd(gz2, dz2, madd(gz3, dz3, vzz))))
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
      const sx = madd(f3, dx3, madd(f2, dx2, madd(f1, dx1, f32x4.mul(f0, dx0))))
      const sy = madd(f3, dy3, madd(f2, dy2, madd(f1, dy1, f32x4.mul(f0, dy0))))
      const sz = madd(f3, dz3, madd(f2, dz2, madd(f1, dz1, f32x4.mul(f0, dz0))))
      v128.store(back, f32x4.sub(v128.load(back), sx))
      v128.store(back, f32x4.sub(v128.load(back, 16), sy), 16)
      v128.store(back, f32x4.sub(v128.load(back, 32), sz), 32)
    }

    const here = forces + (ci << 6)
    v128.store(here, f32x4.add(v128.load(here), transposedSum(fx0, fx1, fx2, fx3)))
    v128.store(here, f32x4.add(v128.load(here, 16), transposedSum(fy0, fy1, fy2, fy3)), 16)
    v128.store(here, f32x4.add(v128.load(here, 32), transposedSum(fz0, fz1, fz2, fz3)), 32)
    if (energy) addSums(work, ePair, eCoulomb, vxx, vxy, vxz, vyy, vyz, vzz)
  }
}

// lj…: one cut-off for all pairs. ljCoulomb…: and for Coulomb as well. general…: everything.

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
