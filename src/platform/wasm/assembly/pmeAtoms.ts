import { addProduct } from './cluster'
import { Mesh, Place } from './layout'
import { madd } from './vector'

// From atoms to the grid and back: Essmann et al. 1995, https://doi.org/10.1063/1.470117, eqs. 4.1, 4.6 and 4.9.
// A spline reaches from grid point floor(u) upwards, not downwards as there: the whole grid is shifted, which nothing
// depends on. Four points along c are a vector; what sticks out beyond n2 is folded back by the transforms along a.

/** Point `base` + `k` along an axis of `n` points, as an offset in bytes. */
@inline
function wrapped(base: i32, k: i32, n: i32, stride: usize): usize {
  const point = base + k
  return <usize>(point >= n ? point - n : point) * stride
}

@inline
function splat(v: v128, lane: i32): v128 {
  return lane == 0
    ? v128.shuffle<f32>(v, v, 0, 0, 0, 0)
    : lane == 1
      ? v128.shuffle<f32>(v, v, 1, 1, 1, 1)
      : lane == 2
        ? v128.shuffle<f32>(v, v, 2, 2, 2, 2)
        : v128.shuffle<f32>(v, v, 3, 3, 3, 3)
}

/** One coordinate, in grid points, into fraction and point. @param s fractional coordinate, any number of cells away */
@inline
function place(at: usize, axis: usize, s: f64, n: i32): void {
  const u = (s - Math.floor(s)) * <f64>n
  const point = <i32>u
  // A coordinate just below 0 is rounded up to a whole cell: point n, which does as well as point 0.
  store<f32>(at + 4 * axis, <f32>(u - <f64>point), Place.fractions)
  store<i32>(at + 4 * axis, point, Place.points)
}

/** Finds the atoms' places and adds their charges to the grid. @param x f64 [3N] Å @param scratch 512 bytes */
export function pmeSpread(plan: usize, x: usize, from: i32, to: i32, scratch: usize): void {
  const n0 = load<i32>(plan, Mesh.n0)
  const n1 = load<i32>(plan, Mesh.n1)
  const n2 = load<i32>(plan, Mesh.n2)
  const order = load<i32>(plan, Mesh.order)
  const charges = <usize>load<i32>(plan, Mesh.charges)
  const w0 = load<f64>(plan, Mesh.inverse)
  const w1 = load<f64>(plan, Mesh.inverse + 8)
  const w2 = load<f64>(plan, Mesh.inverse + 16)
  const w3 = load<f64>(plan, Mesh.inverse + 24)
  const w4 = load<f64>(plan, Mesh.inverse + 32)
  const w5 = load<f64>(plan, Mesh.inverse + 40)
  const w6 = load<f64>(plan, Mesh.inverse + 48)
  const w7 = load<f64>(plan, Mesh.inverse + 56)
  const w8 = load<f64>(plan, Mesh.inverse + 64)
  let at = <usize>load<i32>(plan, Mesh.places) + <usize>from * Place.bytes
  let r = x + <usize>from * 24
  for (let i = from; i < to; i++, at += Place.bytes, r += 24) {
    const q = load<f32>(charges + (<usize>i << 2))
    store<f32>(at, q, Place.charge)
    if (q == 0) continue
    const rx = load<f64>(r)
    const ry = load<f64>(r, 8)
    const rz = load<f64>(r, 16)
    place(at, 0, rx * w0 + ry * w3 + rz * w6, n0)
    place(at, 1, rx * w1 + ry * w4 + rz * w7, n1)
    place(at, 2, rx * w2 + ry * w5 + rz * w8, n2)
    if (order == 4) spread4(plan, at)
    else spreadAny(plan, at, n0, n1, order, scratch)
  }
}

// Cubic splines (order 4) at t, t + 1, t + 2, t + 3 away; a lane per axis.

@inline
function weight0(t: v128): v128 {
  const u = f32x4.sub(f32x4.splat(1), t)
  return f32x4.mul(f32x4.mul(f32x4.splat(1.0 / 6.0), u), f32x4.mul(u, u))
}

@inline
function weight1(t: v128): v128 {
  return madd(f32x4.mul(t, t), madd(t, f32x4.splat(0.5), f32x4.splat(-1)), f32x4.splat(2.0 / 3.0))
}

@inline
function weight3(t: v128): v128 {
  return f32x4.mul(f32x4.mul(f32x4.splat(1.0 / 6.0), t), f32x4.mul(t, t))
}

@inline
function slope0(t: v128): v128 {
  const u = f32x4.sub(f32x4.splat(1), t)
  return f32x4.mul(f32x4.splat(-0.5), f32x4.mul(u, u))
}

@inline
function slope1(t: v128): v128 {
  return f32x4.mul(t, madd(t, f32x4.splat(1.5), f32x4.splat(-2)))
}

@inline
function slope3(t: v128): v128 {
  return f32x4.mul(f32x4.splat(0.5), f32x4.mul(t, t))
}

@inline
function low(a: v128, b: v128): v128 {
  return v128.shuffle<f32>(a, b, 0, 4, 1, 5)
}

@inline
function high(a: v128, b: v128): v128 {
  return v128.shuffle<f32>(a, b, 2, 6, 3, 7)
}

@inline
function firsts(a: v128, b: v128): v128 {
  return v128.shuffle<f64>(a, b, 0, 2)
}

@inline
function seconds(a: v128, b: v128): v128 {
  return v128.shuffle<f64>(a, b, 1, 3)
}

/** Lane 0, 1 or 2 of four vectors: what belongs to axis a, b or c of four points. */
@inline
function axisA(p0: v128, p1: v128, p2: v128, p3: v128): v128 {
  return firsts(low(p0, p1), low(p2, p3))
}

@inline
function axisB(p0: v128, p1: v128, p2: v128, p3: v128): v128 {
  return seconds(low(p0, p1), low(p2, p3))
}

@inline
function axisC(p0: v128, p1: v128, p2: v128, p3: v128): v128 {
  return firsts(high(p0, p1), high(p2, p3))
}

/** Address of the first point that an atom reaches in row `i1` + k of plane 0. */
@inline
function rowStart(plan: usize, at: usize, k: i32): usize {
  const start = <usize>load<i32>(plan, Mesh.grid) + (<usize>load<i32>(at, Place.points + 8) << 2)
  return start + wrapped(load<i32>(at, Place.points + 4), k, load<i32>(plan, Mesh.n1), <usize>load<i32>(plan, Mesh.row))
}

/** Offset of plane `i0` + k of an atom. */
@inline
function planeOf(plan: usize, at: usize, k: i32): usize {
  return wrapped(load<i32>(at, Place.points), k, load<i32>(plan, Mesh.n0), <usize>load<i32>(plan, Mesh.plane))
}

function spread4(plan: usize, at: usize): void {
  const t = v128.load(at)
  const u = f32x4.sub(f32x4.splat(1), t)
  // Of the four points: the entry at t + 3 away is the first.
  const wa = weight0(t)
  const wb = weight1(t)
  const wc = weight1(u)
  const wd = weight3(t)
  const x = f32x4.mul(v128.load32_splat(at, Place.charge), axisA(wa, wb, wc, wd))
  const y = axisB(wa, wb, wc, wd)
  const z = axisC(wa, wb, wc, wd)
  const yz0 = f32x4.mul(splat(y, 0), z)
  const yz1 = f32x4.mul(splat(y, 1), z)
  const yz2 = f32x4.mul(splat(y, 2), z)
  const yz3 = f32x4.mul(splat(y, 3), z)
  const r0 = rowStart(plan, at, 0)
  const r1 = rowStart(plan, at, 1)
  const r2 = rowStart(plan, at, 2)
  const r3 = rowStart(plan, at, 3)
  const p0 = planeOf(plan, at, 0)
  const p1 = planeOf(plan, at, 1)
  const p2 = planeOf(plan, at, 2)
  const p3 = planeOf(plan, at, 3)
  spreadPlane(p0, splat(x, 0), r0, r1, r2, r3, yz0, yz1, yz2, yz3)
  spreadPlane(p1, splat(x, 1), r0, r1, r2, r3, yz0, yz1, yz2, yz3)
  spreadPlane(p2, splat(x, 2), r0, r1, r2, r3, yz0, yz1, yz2, yz3)
  spreadPlane(p3, splat(x, 3), r0, r1, r2, r3, yz0, yz1, yz2, yz3)
}

@inline
function spreadPlane(
  p: usize, x: v128, r0: usize, r1: usize, r2: usize, r3: usize, yz0: v128, yz1: v128, yz2: v128, yz3: v128,
): void {
  addProduct(r0 + p, x, yz0)
  addProduct(r1 + p, x, yz1)
  addProduct(r2 + p, x, yz2)
  addProduct(r3 + p, x, yz3)
}

/** Offset of the slopes in scratch, after eight vectors of weights; a vector has one lane per axis. */
const SLOPES: usize = 128

/** Weights of eight points and their slopes by the recursion of eq. 4.1; those beyond the order are 0. */
function splines(t: v128, order: i32, scratch: usize): void {
  const zero = f32x4.splat(0)
  for (let k = 0; k < 8; k++) {
    v128.store(scratch + (<usize>k << 4), zero)
    v128.store(scratch + (<usize>k << 4), zero, SLOPES)
  }
  v128.store(scratch, f32x4.sub(f32x4.splat(1), t))
  v128.store(scratch, t, 16)
  for (let n = 3; n <= order; n++) {
    if (n == order) {
      let before = zero
      for (let j = 0; j < order; j++) {
        const p = scratch + (<usize>j << 4)
        const weight = v128.load(p)
        v128.store(p, f32x4.sub(before, weight), SLOPES)
        before = weight
      }
    }
    const inverse = f32x4.splat(<f32>1 / <f32>(n - 1))
    for (let j = n - 1; j >= 0; j--) {
      const p = scratch + (<usize>j << 4)
      const left = j > 0 ? v128.load(p - 16) : zero
      const u = f32x4.add(t, f32x4.splat(<f32>(n - 1 - j)))
      const rest = f32x4.sub(f32x4.splat(<f32>n), u)
      v128.store(p, f32x4.mul(inverse, madd(u, left, f32x4.mul(rest, v128.load(p)))))
    }
  }
}

/** The lane of axis c of four vectors. */
@inline
function alongC(p: usize): v128 {
  return axisC(v128.load(p), v128.load(p, 16), v128.load(p, 32), v128.load(p, 48))
}

function spreadAny(plan: usize, at: usize, n0: i32, n1: i32, order: i32, scratch: usize): void {
  const row = <usize>load<i32>(plan, Mesh.row)
  const plane = <usize>load<i32>(plan, Mesh.plane)
  splines(v128.load(at), order, scratch)
  const q = v128.load32_splat(at, Place.charge)
  const z0 = f32x4.mul(q, alongC(scratch))
  const z1 = f32x4.mul(q, alongC(scratch + 64))
  const i0 = load<i32>(at, Place.points)
  const i1 = load<i32>(at, Place.points + 4)
  const start = <usize>load<i32>(plan, Mesh.grid) + (<usize>load<i32>(at, Place.points + 8) << 2)
  for (let a = 0; a < order; a++) {
    const x = v128.load32_splat(scratch + (<usize>a << 4))
    const xz0 = f32x4.mul(x, z0)
    const xz1 = f32x4.mul(x, z1)
    const p = start + wrapped(i0, a, n0, plane)
    let r = p + <usize>i1 * row
    for (let b = 0; b < order; b++, r += row) {
      if (i1 + b == n1) r = p
      const y = v128.load32_splat(scratch + (<usize>b << 4), 4)
      addProduct(r, y, xz0)
      addProduct(r + 16, y, xz1)
    }
  }
}

/** Sum of the four lanes. */
@inline
function total(v: v128): f64 {
  const pairs = f32x4.add(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1))
  return <f64>f32x4.extract_lane(pairs, 0) + <f64>f32x4.extract_lane(pairs, 1)
}

/** Adds the atoms' forces, from the potential on the grid. @param forces f64 [3N] eV/Å @param scratch 512 bytes */
export function pmeGather(plan: usize, forces: usize, from: i32, to: i32, scratch: usize): void {
  const order = load<i32>(plan, Mesh.order)
  let at = <usize>load<i32>(plan, Mesh.places) + <usize>from * Place.bytes
  let f = forces + <usize>from * 24
  for (let i = from; i < to; i++, at += Place.bytes, f += 24) {
    if (load<f32>(at, Place.charge) == 0) continue
    if (order == 4) gather4(plan, at, f)
    else gatherAny(plan, at, f, order, scratch)
  }
}

/** Adds the force of a gradient that is given along the grid. */
@inline
function addForce(plan: usize, at: usize, f: usize, a: f64, b: f64, c: f64): void {
  const q = <f64>load<f32>(at, Place.charge)
  const ua = q * <f64>load<i32>(plan, Mesh.n0) * a
  const ub = q * <f64>load<i32>(plan, Mesh.n1) * b
  const uc = q * <f64>load<i32>(plan, Mesh.n2) * c
  store<f64>(
    f,
    load<f64>(f) -
      (ua * load<f64>(plan, Mesh.inverse) + ub * load<f64>(plan, Mesh.inverse + 8) + uc * load<f64>(plan, Mesh.inverse + 16)),
  )
  store<f64>(
    f,
    load<f64>(f, 8) -
      (ua * load<f64>(plan, Mesh.inverse + 24) + ub * load<f64>(plan, Mesh.inverse + 32) + uc * load<f64>(plan, Mesh.inverse + 40)),
    8,
  )
  store<f64>(
    f,
    load<f64>(f, 16) -
      (ua * load<f64>(plan, Mesh.inverse + 48) + ub * load<f64>(plan, Mesh.inverse + 56) + uc * load<f64>(plan, Mesh.inverse + 64)),
    16,
  )
}

/** Sum over the rows of a plane, each with its weight along b; the lanes are points along c. */
@inline
function overRows(p: usize, y: v128, r0: usize, r1: usize, r2: usize, r3: usize): v128 {
  const first = madd(splat(y, 1), v128.load(r1 + p), f32x4.mul(splat(y, 0), v128.load(r0 + p)))
  return madd(splat(y, 3), v128.load(r3 + p), madd(splat(y, 2), v128.load(r2 + p), first))
}

function gather4(plan: usize, at: usize, force: usize): void {
  const t = v128.load(at)
  const u = f32x4.sub(f32x4.splat(1), t)
  const wa = weight0(t)
  const wb = weight1(t)
  const wc = weight1(u)
  const wd = weight3(t)
  const da = slope0(t)
  const db = slope1(t)
  const dc = f32x4.neg(slope1(u))
  const dd = slope3(t)
  const x = axisA(wa, wb, wc, wd)
  const y = axisB(wa, wb, wc, wd)
  const dx = axisA(da, db, dc, dd)
  const dy = axisB(da, db, dc, dd)
  const r0 = rowStart(plan, at, 0)
  const r1 = rowStart(plan, at, 1)
  const r2 = rowStart(plan, at, 2)
  const r3 = rowStart(plan, at, 3)

  let p = planeOf(plan, at, 0)
  let sum = overRows(p, y, r0, r1, r2, r3)
  let alongA = f32x4.mul(splat(dx, 0), sum)
  let alongB = f32x4.mul(splat(x, 0), overRows(p, dy, r0, r1, r2, r3))
  let value = f32x4.mul(splat(x, 0), sum)

  p = planeOf(plan, at, 1)
  sum = overRows(p, y, r0, r1, r2, r3)
  alongA = madd(splat(dx, 1), sum, alongA)
  alongB = madd(splat(x, 1), overRows(p, dy, r0, r1, r2, r3), alongB)
  value = madd(splat(x, 1), sum, value)

  p = planeOf(plan, at, 2)
  sum = overRows(p, y, r0, r1, r2, r3)
  alongA = madd(splat(dx, 2), sum, alongA)
  alongB = madd(splat(x, 2), overRows(p, dy, r0, r1, r2, r3), alongB)
  value = madd(splat(x, 2), sum, value)

  p = planeOf(plan, at, 3)
  sum = overRows(p, y, r0, r1, r2, r3)
  alongA = madd(splat(dx, 3), sum, alongA)
  alongB = madd(splat(x, 3), overRows(p, dy, r0, r1, r2, r3), alongB)
  value = madd(splat(x, 3), sum, value)

  const z = axisC(wa, wb, wc, wd)
  const dz = axisC(da, db, dc, dd)
  const a = total(f32x4.mul(alongA, z))
  const b = total(f32x4.mul(alongB, z))
  addForce(plan, at, force, a, b, total(f32x4.mul(value, dz)))
}

function gatherAny(plan: usize, at: usize, force: usize, order: i32, scratch: usize): void {
  const n0 = load<i32>(plan, Mesh.n0)
  const n1 = load<i32>(plan, Mesh.n1)
  const row = <usize>load<i32>(plan, Mesh.row)
  const plane = <usize>load<i32>(plan, Mesh.plane)
  splines(v128.load(at), order, scratch)
  const i0 = load<i32>(at, Place.points)
  const i1 = load<i32>(at, Place.points + 4)
  const start = <usize>load<i32>(plan, Mesh.grid) + (<usize>load<i32>(at, Place.points + 8) << 2)
  const zero = f32x4.splat(0)
  let a0 = zero
  let a1 = zero
  let b0 = zero
  let b1 = zero
  let v0 = zero
  let v1 = zero
  for (let a = 0; a < order; a++) {
    const p = start + wrapped(i0, a, n0, plane)
    let s0 = zero
    let s1 = zero
    let d0 = zero
    let d1 = zero
    let r = p + <usize>i1 * row
    for (let b = 0; b < order; b++, r += row) {
      if (i1 + b == n1) r = p
      const weights = scratch + (<usize>b << 4)
      const y = v128.load32_splat(weights, 4)
      const dy = v128.load32_splat(weights, SLOPES + 4)
      const g0 = v128.load(r)
      const g1 = v128.load(r, 16)
      s0 = madd(y, g0, s0)
      s1 = madd(y, g1, s1)
      d0 = madd(dy, g0, d0)
      d1 = madd(dy, g1, d1)
    }
    const weights = scratch + (<usize>a << 4)
    const x = v128.load32_splat(weights)
    const dx = v128.load32_splat(weights, SLOPES)
    a0 = madd(dx, s0, a0)
    a1 = madd(dx, s1, a1)
    b0 = madd(x, d0, b0)
    b1 = madd(x, d1, b1)
    v0 = madd(x, s0, v0)
    v1 = madd(x, s1, v1)
  }
  const z0 = alongC(scratch)
  const z1 = alongC(scratch + 64)
  addForce(
    plan,
    at,
    force,
    total(madd(a1, z1, f32x4.mul(a0, z0))),
    total(madd(b1, z1, f32x4.mul(b0, z0))),
    total(madd(v1, alongC(scratch + SLOPES + 64), f32x4.mul(v0, alongC(scratch + SLOPES)))),
  )
}
