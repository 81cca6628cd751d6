import { fft } from './fft'
import { COMPLEX_BYTES as COMPLEX, Mesh, PlaneSums, WANT_VIRIAL } from './layout'
import { frequency, green, opposite, squaredLength } from './pmeGreen'
import { madd } from './vector'

// Charges to potential on the grid, in place. First the transforms along a, where the lanes are four neighbours along
// c and two real rows, b and b + 1, make one complex sequence. What they yield is stored half-complex: plane k holds
// the real part of frequency k, plane n0 − k its imaginary part, and planes 0 and n0/2, which have none, stand alone.
// Then each of the n0/2 + 1 planes by itself, small enough for the first cache: along b (lanes along c), along c
// (lanes along b), times the influence function, and back. Last, back along a.
//
// Splitting two rows leaves a factor of 2 out; the table of the influence function makes up for it.

/** Adds to the first columns what sticks out of rows b and b + 1. */
function fold(p: usize, row: usize, plane: usize, n0: i32, past: usize, width: usize): void {
  for (let a = 0; a < n0; a++, p += plane) {
    for (let at: usize = 0; at < width; at += 16) {
      const q = p + at
      v128.store(q, f32x4.add(v128.load(q), v128.load(q + past)))
      const r = q + row
      v128.store(r, f32x4.add(v128.load(r), v128.load(r + past)))
    }
  }
}

/** Copies the first columns to where rows b and b + 1 stick out. */
function unfold(p: usize, row: usize, plane: usize, n0: i32, past: usize, width: usize): void {
  for (let a = 0; a < n0; a++, p += plane) {
    for (let at: usize = 0; at < width; at += 16) {
      const q = p + at
      v128.store(q + past, v128.load(q))
      const r = q + row
      v128.store(r + past, v128.load(r))
    }
  }
}

/** Bytes of a row for the part of a spline that sticks out, in whole vectors. */
@inline
function overhang(plan: usize): usize {
  return load<i32>(plan, Mesh.order) == 4 ? 16 : 32
}

/** Transforms along a of rows [from, to), both even. @param scratch 3·32·n0 bytes */
export function pmeForward(plan: usize, from: i32, to: i32, scratch: usize): void {
  const n0 = load<i32>(plan, Mesh.n0)
  const row = <usize>load<i32>(plan, Mesh.row)
  const plane = <usize>load<i32>(plan, Mesh.plane)
  const past = <usize>load<i32>(plan, Mesh.n2) << 2
  for (let b = from; b < to; b += 2) {
    const start = <usize>load<i32>(plan, Mesh.grid) + <usize>b * row
    fold(start, row, plane, n0, past, overhang(plan))
    for (let p = start; p < start + past; p += 16) {
      fft(<usize>load<i32>(plan, Mesh.axis0), p, p + row, plane, scratch, scratch + 16, COMPLEX, scratch + <usize>n0 * COMPLEX)
      split(p, row, plane, n0, scratch)
    }
  }
}

/** Back along a: rows [from, to), both even. @param scratch 3·32·n0 bytes */
export function pmeBackward(plan: usize, from: i32, to: i32, scratch: usize): void {
  const n0 = load<i32>(plan, Mesh.n0)
  const row = <usize>load<i32>(plan, Mesh.row)
  const plane = <usize>load<i32>(plan, Mesh.plane)
  const past = <usize>load<i32>(plan, Mesh.n2) << 2
  for (let b = from; b < to; b += 2) {
    const start = <usize>load<i32>(plan, Mesh.grid) + <usize>b * row
    for (let p = start; p < start + past; p += 16) {
      join(p, row, plane, n0, scratch)
      fft(<usize>load<i32>(plan, Mesh.axis0), scratch + 16, scratch, COMPLEX, p + row, p, plane, scratch + <usize>n0 * COMPLEX)
    }
    unfold(start, row, plane, n0, past, overhang(plan))
  }
}

/** From the transform of two real rows as one complex sequence, `z`, twice those of either, half-complex, to `p` and `p` + row. */
@inline
function split(p: usize, row: usize, plane: usize, n0: i32, z: usize): void {
  const half = <usize>(n0 >> 1)
  v128.store(p, f32x4.add(v128.load(z), v128.load(z)))
  v128.store(p + row, f32x4.add(v128.load(z, 16), v128.load(z, 16)))
  let re = p
  let im = p + <usize>n0 * plane
  let y = z + <usize>n0 * COMPLEX
  for (let k: usize = 1; k < half; k++) {
    z += COMPLEX
    y -= COMPLEX
    re += plane
    im -= plane
    const zr = v128.load(z)
    const zi = v128.load(z, 16)
    const yr = v128.load(y)
    const yi = v128.load(y, 16)
    v128.store(re, f32x4.add(zr, yr))
    v128.store(im, f32x4.sub(zi, yi))
    v128.store(re + row, f32x4.add(zi, yi))
    v128.store(im + row, f32x4.sub(yr, zr))
  }
  z += COMPLEX
  re += plane
  v128.store(re, f32x4.add(v128.load(z), v128.load(z)))
  v128.store(re + row, f32x4.add(v128.load(z, 16), v128.load(z, 16)))
}

/** The inverse of `split`, without its factor of two. */
@inline
function join(p: usize, row: usize, plane: usize, n0: i32, z: usize): void {
  const half = <usize>(n0 >> 1)
  v128.store(z, v128.load(p))
  v128.store(z, v128.load(p + row), 16)
  let re = p
  let im = p + <usize>n0 * plane
  let y = z + <usize>n0 * COMPLEX
  for (let k: usize = 1; k < half; k++) {
    z += COMPLEX
    y -= COMPLEX
    re += plane
    im -= plane
    const ar = v128.load(re)
    const ai = v128.load(im)
    const br = v128.load(re + row)
    const bi = v128.load(im + row)
    v128.store(z, f32x4.sub(ar, bi))
    v128.store(z, f32x4.add(ai, br), 16)
    v128.store(y, f32x4.add(ar, bi))
    v128.store(y, f32x4.sub(br, ai), 16)
  }
  z += COMPLEX
  re += plane
  v128.store(z, v128.load(re))
  v128.store(z, v128.load(re + row), 16)
}

/** Four rows by four columns at `from` into four vectors, `to` and every 32 bytes, each of one column. */
@inline
function transpose(from: usize, fromStep: usize, to: usize, toStep: usize): void {
  const a = v128.load(from)
  const b = v128.load(from + fromStep)
  const c = v128.load(from + 2 * fromStep)
  const d = v128.load(from + 3 * fromStep)
  const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5)
  const AB = v128.shuffle<f32>(a, b, 2, 6, 3, 7)
  const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5)
  const CD = v128.shuffle<f32>(c, d, 2, 6, 3, 7)
  v128.store(to, v128.shuffle<f64>(ab, cd, 0, 2))
  v128.store(to + toStep, v128.shuffle<f64>(ab, cd, 1, 3))
  v128.store(to + 2 * toStep, v128.shuffle<f64>(AB, CD, 0, 2))
  v128.store(to + 3 * toStep, v128.shuffle<f64>(AB, CD, 1, 3))
}

/**
 * Frequencies [from, to) along a: to reciprocal space, times the influence function, and back.
 * With bits in `wants` also writes the sums of each plane: energy (eV), and the part of the virial that is not isotropic
 * as Σ w·mᵢmⱼ (ij = aa, ab, ac, bb, bc, cc) of frequencies m; see src/platform/clusters/pme.ts.
 * @param scratch 3·32·max(n1, n2) bytes and a plane
 */
export function pmePlanes(plan: usize, from: i32, to: i32, wants: i32, scratch: usize): void {
  const n0 = load<i32>(plan, Mesh.n0)
  const n1 = load<i32>(plan, Mesh.n1)
  const n2 = load<i32>(plan, Mesh.n2)
  const row = <usize>load<i32>(plan, Mesh.row)
  const plane = <usize>load<i32>(plan, Mesh.plane)
  const grid = <usize>load<i32>(plan, Mesh.grid)
  const axis1 = <usize>load<i32>(plan, Mesh.axis1)
  const axis2 = <usize>load<i32>(plan, Mesh.axis2)
  const length = n1 > n2 ? n1 : n2
  const work = scratch + <usize>length * COMPLEX
  const nothing = work + 2 * <usize>length * COMPLEX
  const columns = <usize>n2 << 2
  let influence = <usize>load<i32>(plan, Mesh.influence) + ((<usize>from * <usize>n1 * <usize>n2) << 2)
  for (let k = from; k < to; k++) {
    const re = grid + <usize>k * plane
    let im = grid + <usize>(n0 - k) * plane
    if (k == 0 || 2 * k == n0) {
      im = nothing
      memory.fill(nothing, 0, plane)
    }
    const sums = <usize>load<i32>(plan, Mesh.sums) + <usize>k * PlaneSums.bytes
    if (wants) memory.fill(sums, 0, PlaneSums.bytes)
    for (let c: usize = 0; c < columns; c += 16) fft(axis1, re + c, im + c, row, re + c, im + c, row, work)
    for (let b = 0; b < n1; b += 4) {
      const pr = re + <usize>b * row
      const pi = im + <usize>b * row
      let z = scratch
      for (let c: usize = 0; c < columns; c += 16, z += 4 * COMPLEX) {
        transpose(pr + c, row, z, COMPLEX)
        transpose(pi + c, row, z + 16, COMPLEX)
      }
      fft(axis2, scratch, scratch + 16, COMPLEX, scratch, scratch + 16, COMPLEX, work)
      if (wants & WANT_VIRIAL) addVirial(plan, k, b, influence, scratch, sums)
      if (wants) addEnergy(n2, influence, scratch, sums)
      multiply(n2, influence, scratch)
      influence += <usize>n2 << 4
      fft(axis2, scratch + 16, scratch, COMPLEX, scratch + 16, scratch, COMPLEX, work)
      z = scratch
      for (let c: usize = 0; c < columns; c += 16, z += 4 * COMPLEX) {
        transpose(z, COMPLEX, pr + c, row)
        transpose(z + 16, COMPLEX, pi + c, row)
      }
    }
    for (let c: usize = 0; c < columns; c += 16) fft(axis1, im + c, re + c, row, im + c, re + c, row, work)
    if (wants) finish(sums, k == 0 || 2 * k == n0 ? 0.25 : 0.5)
  }
}

@inline
function multiply(n2: i32, influence: usize, z: usize): void {
  for (let c = 0; c < n2; c++, influence += 16, z += COMPLEX) {
    const g = v128.load(influence)
    v128.store(z, f32x4.mul(g, v128.load(z)))
    v128.store(z, f32x4.mul(g, v128.load(z, 16)), 16)
  }
}

/** g|S|² of a vector of points. */
@inline
function term(influence: usize, z: usize): v128 {
  const re = v128.load(z)
  const im = v128.load(z, 16)
  return f32x4.mul(v128.load(influence), madd(re, re, f32x4.mul(im, im)))
}

@inline
function add(p: usize, value: f64): void {
  store<f64>(p, load<f64>(p) + value)
}

@inline
function lanes(v: v128): f64 {
  return (
    <f64>f32x4.extract_lane(v, 0) +
    <f64>f32x4.extract_lane(v, 1) +
    (<f64>f32x4.extract_lane(v, 2) + <f64>f32x4.extract_lane(v, 3))
  )
}

function addEnergy(n2: i32, influence: usize, z: usize, sums: usize): void {
  let sum = f32x4.splat(0)
  for (let c = 0; c < n2; c++, influence += 16, z += COMPLEX) sum = f32x4.add(sum, term(influence, z))
  add(sums + PlaneSums.energy, lanes(sum))
}

/** Every frequency but those of the first and the half-way plane stands for its mirror image, too. */
function finish(sums: usize, weight: f64): void {
  for (let k: usize = 0; k < PlaneSums.bytes; k += 8) store<f64>(sums + k, load<f64>(sums + k) * weight)
}

/** Adds w·mᵢmⱼ of a row of four, w = 2 g|S|²(1/m² + π²/α²). */
function addVirial(plan: usize, ka: i32, kb: i32, influence: usize, z: usize, sums: usize): void {
  const n0 = load<i32>(plan, Mesh.n0)
  const n1 = load<i32>(plan, Mesh.n1)
  const n2 = load<i32>(plan, Mesh.n2)
  const halfWayRow = 2 * kb <= n1 && 2 * kb + 8 > n1
  if (2 * ka == n0) {
    for (let c = 0; c < n2; c++) {
      for (let lane = 0; lane < 4; lane++) addHalfWay(plan, ka, kb, lane, c, z, sums)
    }
    return
  }
  for (let lane = 0; lane < 4; lane++) {
    if (2 * (kb + lane) != n1) addHalfWay(plan, ka, kb, lane, n2 >> 1, z, sums)
    else for (let c = 0; c < n2; c++) addHalfWay(plan, ka, kb, lane, c, z, sums)
  }
  let s0 = f32x4.splat(0)
  let s1 = f32x4.splat(0)
  let s2 = f32x4.splat(0)
  // |m|² = q0 + 2 q1 m_c + q2 m_c²
  let q0 = f32x4.splat(0)
  let q1 = f32x4.splat(0)
  const w2 = load<f64>(plan, Mesh.inverse + 16)
  const w5 = load<f64>(plan, Mesh.inverse + 40)
  const w8 = load<f64>(plan, Mesh.inverse + 64)
  const q2 = f32x4.splat(<f32>(w2 * w2 + w5 * w5 + w8 * w8))
  for (let lane = 0; lane < 4; lane++) {
    const a = <f64>ka
    const b = <f64>frequency(kb + lane, n1)
    const x = a * load<f64>(plan, Mesh.inverse) + b * load<f64>(plan, Mesh.inverse + 8)
    const y = a * load<f64>(plan, Mesh.inverse + 24) + b * load<f64>(plan, Mesh.inverse + 32)
    const v = a * load<f64>(plan, Mesh.inverse + 48) + b * load<f64>(plan, Mesh.inverse + 56)
    q0 = rotateIn(q0, <f32>(x * x + y * y + v * v))
    q1 = rotateIn(q1, <f32>(2 * (x * w2 + y * w5 + v * w8)))
  }
  const decay = f32x4.splat(<f32>load<f64>(plan, Mesh.decay))
  const two = f32x4.splat(2)
  // At m = 0, where nothing is to be divided by, the term is 0.
  const least = f32x4.splat(1e-30)
  for (let c = 0; c < n2; c++, influence += 16, z += COMPLEX) {
    if (2 * c == n2) continue
    const m = f32x4.splat(<f32>frequency(c, n2))
    const m2 = f32x4.max(madd(m, madd(m, q2, q1), q0), least)
    const w = f32x4.mul(f32x4.mul(two, term(influence, z)), f32x4.add(decay, f32x4.div(f32x4.splat(1), m2)))
    const wm = f32x4.mul(w, m)
    s0 = f32x4.add(s0, w)
    s1 = f32x4.add(s1, wm)
    s2 = madd(wm, m, s2)
  }
  for (let lane = 0; lane < 4; lane++) {
    if (2 * (kb + lane) != n1) {
      const b = <f64>frequency(kb + lane, n1)
      addProducts(sums, <f64>ka, b, 1, f32x4.extract_lane(s0, 0), f32x4.extract_lane(s1, 0), f32x4.extract_lane(s2, 0))
    }
    s0 = rotateIn(s0, 0)
    s1 = rotateIn(s1, 0)
    s2 = rotateIn(s2, 0)
  }
}

/** Lanes moved down by one, and a new last one. */
@inline
function rotateIn(v: v128, last: f32): v128 {
  return f32x4.replace_lane(v128.shuffle<f32>(v, v, 1, 2, 3, 0), 3, last)
}

/** @param w0, w1, w2 Σ w, Σ w m_c/c and Σ w m_c²/c² */
@inline
function addProducts(sums: usize, a: f64, b: f64, c: f64, w0: f64, w1: f64, w2: f64): void {
  add(sums + PlaneSums.aa, w0 * a * a)
  add(sums + PlaneSums.ab, w0 * a * b)
  add(sums + PlaneSums.ac, w1 * a * c)
  add(sums + PlaneSums.bb, w0 * b * b)
  add(sums + PlaneSums.bc, w1 * b * c)
  add(sums + PlaneSums.cc, w2 * c * c)
}

/** A point with a half-way frequency is the mean of two: see ./pmeGreen.ts. */
function addHalfWay(plan: usize, ka: i32, kb: i32, lane: i32, kc: i32, z: usize, sums: usize): void {
  const n0 = load<i32>(plan, Mesh.n0)
  const n1 = load<i32>(plan, Mesh.n1)
  const n2 = load<i32>(plan, Mesh.n2)
  const p = z + <usize>kc * COMPLEX + (<usize>lane << 2)
  const re = <f64>load<f32>(p)
  const im = <f64>load<f32>(p, 16)
  kb += lane
  const scale =
    load<f64>(plan, Mesh.prefactor) *
    load<f64>(<usize>load<i32>(plan, Mesh.moduli0) + (<usize>ka << 3)) *
    load<f64>(<usize>load<i32>(plan, Mesh.moduli1) + (<usize>kb << 3)) *
    load<f64>(<usize>load<i32>(plan, Mesh.moduli2) + (<usize>kc << 3)) *
    (re * re + im * im)
  const a = ka
  const b = frequency(kb, n1)
  const c = frequency(kc, n2)
  const a2 = opposite(a, n0)
  const b2 = opposite(b, n1)
  const c2 = opposite(c, n2)
  const m2 = squaredLength(plan, both(a, a2), both(b, b2), both(c, c2))
  const slope = f64x2.add(v128.load64_splat(plan, Mesh.decay), f64x2.div(f64x2.splat(1), m2))
  // Twice the mean of two.
  const w = f64x2.mul(f64x2.splat(scale), f64x2.mul(green(plan, m2), slope))
  const first = f64x2.extract_lane(w, 0)
  const second = f64x2.extract_lane(w, 1)
  addProducts(sums, <f64>a, <f64>b, <f64>c, first, first, first)
  addProducts(sums, <f64>a2, <f64>b2, <f64>c2, second, second, second)
}

@inline
function both(first: i32, second: i32): v128 {
  return f64x2.replace_lane(f64x2.splat(<f64>first), 1, <f64>second)
}

/** Empties planes [from, to) of the grid. */
export function pmeClear(plan: usize, from: i32, to: i32): void {
  const plane = <usize>load<i32>(plan, Mesh.plane)
  memory.fill(<usize>load<i32>(plan, Mesh.grid) + <usize>from * plane, 0, <usize>(to - from) * plane)
}
