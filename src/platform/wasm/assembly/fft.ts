import { AxisPlan, COMPLEX_BYTES as COMPLEX, Pass } from './layout'
import { madd } from './vector'

// Discrete Fourier transforms, four at a time: lane k of every vector belongs to transform k. Stockham's algorithm,
// decimation in frequency, radices 2 to 5, so that results come out in order without a permutation:
//   y[q + s(r p + j)] = e^{−2πi jp/rm} Σ_l x[q + s(p + m l)] e^{−2πi jl/r},  p < m, q < s, j < r,
// pass after pass, where n = r m s and s grows by r each time.
//
// A complex sequence is given by the addresses of its first real and imaginary vector and the bytes from one
// element to the next. Transforms are forward and unnormalised; swapping real and imaginary part of both input and
// output makes them backward.
//
// `axis` is the address of a plan, a record of AXIS_PLAN in ../layout.ts and its passes.

const IMAGINARY: usize = 16

/** c − a·b in four lanes. */
@inline
function nmadd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_nmadd(a, b, c)
  return f32x4.sub(c, f32x4.mul(a, b))
}

/** Input and output may be the same. @param work 2·32·n bytes */
export function fft(
  axis: usize,
  xr: usize,
  xi: usize,
  xs: usize,
  yr: usize,
  yi: usize,
  ys: usize,
  work: usize,
): void {
  let m = load<i32>(axis, AxisPlan.length)
  const passes = load<i32>(axis, AxisPlan.passes)
  let target = work
  let other = work + <usize>m * COMPLEX
  let s = 1
  let pass = axis + AxisPlan.bytes
  for (let k = 1; k <= passes; k++, pass += Pass.bytes) {
    const radix = load<i32>(pass, Pass.radix)
    const twiddles = <usize>load<i32>(pass, Pass.factors)
    m /= radix
    const tr = k == passes ? yr : target
    const ti = k == passes ? yi : target + IMAGINARY
    const ts = k == passes ? ys : COMPLEX
    if (radix == 4) pass4(xr, xi, xs, tr, ti, ts, m, s, twiddles)
    else if (radix == 2) pass2(xr, xi, xs, tr, ti, ts, m, s, twiddles)
    else if (radix == 3) pass3(xr, xi, xs, tr, ti, ts, m, s, twiddles)
    else pass5(xr, xi, xs, tr, ti, ts, m, s, twiddles)
    xr = tr
    xi = ti
    xs = ts
    target = other
    other = tr
    s *= radix
  }
}

/** Stores (re + i·im)·w. */
@inline
function storeTurned(pr: usize, pi: usize, re: v128, im: v128, wr: v128, wi: v128): void {
  v128.store(pr, nmadd(im, wi, f32x4.mul(re, wr)))
  v128.store(pi, madd(im, wr, f32x4.mul(re, wi)))
}

@inline
function storePlain(pr: usize, pi: usize, re: v128, im: v128): void {
  v128.store(pr, re)
  v128.store(pi, im)
}

// A butterfly takes one element of each leg, `leg` bytes apart, to one of each result, `step` bytes apart; with `isPlain`
// its factors `w` are 1. Legs are locals: arrays of them would be slow.

@inline
function butterfly2(xr: usize, xi: usize, leg: usize, yr: usize, yi: usize, step: usize, w: usize, isPlain: bool): void {
  const ar = v128.load(xr)
  const ai = v128.load(xi)
  const br = v128.load(xr + leg)
  const bi = v128.load(xi + leg)
  storePlain(yr, yi, f32x4.add(ar, br), f32x4.add(ai, bi))
  const dr = f32x4.sub(ar, br)
  const di = f32x4.sub(ai, bi)
  if (isPlain) storePlain(yr + step, yi + step, dr, di)
  else storeTurned(yr + step, yi + step, dr, di, v128.load32_splat(w), v128.load32_splat(w, 4))
}

@inline
function butterfly3(xr: usize, xi: usize, leg: usize, yr: usize, yi: usize, step: usize, w: usize, isPlain: bool): void {
  const half = f32x4.splat(0.5)
  const sine = f32x4.splat(0.8660254037844386)
  const ar = v128.load(xr)
  const ai = v128.load(xi)
  const br = v128.load(xr + leg)
  const bi = v128.load(xi + leg)
  const cr = v128.load(xr + 2 * leg)
  const ci = v128.load(xi + 2 * leg)
  const tr = f32x4.add(br, cr)
  const ti = f32x4.add(bi, ci)
  const ur = nmadd(half, tr, ar)
  const ui = nmadd(half, ti, ai)
  const vr = f32x4.mul(sine, f32x4.sub(br, cr))
  const vi = f32x4.mul(sine, f32x4.sub(bi, ci))
  storePlain(yr, yi, f32x4.add(ar, tr), f32x4.add(ai, ti))
  const y1r = f32x4.add(ur, vi)
  const y1i = f32x4.sub(ui, vr)
  const y2r = f32x4.sub(ur, vi)
  const y2i = f32x4.add(ui, vr)
  if (isPlain) {
    storePlain(yr + step, yi + step, y1r, y1i)
    storePlain(yr + 2 * step, yi + 2 * step, y2r, y2i)
  } else {
    storeTurned(yr + step, yi + step, y1r, y1i, v128.load32_splat(w), v128.load32_splat(w, 4))
    storeTurned(
      yr + 2 * step,
      yi + 2 * step,
      y2r,
      y2i,
      v128.load32_splat(w, 8),
      v128.load32_splat(w, 12),
    )
  }
}

@inline
function butterfly4(xr: usize, xi: usize, leg: usize, yr: usize, yi: usize, step: usize, w: usize, isPlain: bool): void {
  const ar = v128.load(xr)
  const cr = v128.load(xr + 2 * leg)
  const t0r = f32x4.add(ar, cr)
  const t1r = f32x4.sub(ar, cr)
  const br = v128.load(xr + leg)
  const dr = v128.load(xr + 3 * leg)
  const t2r = f32x4.add(br, dr)
  const t3r = f32x4.sub(br, dr)
  const ai = v128.load(xi)
  const ci = v128.load(xi + 2 * leg)
  const t0i = f32x4.add(ai, ci)
  const t1i = f32x4.sub(ai, ci)
  const bi = v128.load(xi + leg)
  const di = v128.load(xi + 3 * leg)
  const t2i = f32x4.add(bi, di)
  const t3i = f32x4.sub(bi, di)
  storePlain(yr, yi, f32x4.add(t0r, t2r), f32x4.add(t0i, t2i))
  const y1r = f32x4.add(t1r, t3i)
  const y1i = f32x4.sub(t1i, t3r)
  const y2r = f32x4.sub(t0r, t2r)
  const y2i = f32x4.sub(t0i, t2i)
  const y3r = f32x4.sub(t1r, t3i)
  const y3i = f32x4.add(t1i, t3r)
  if (isPlain) {
    storePlain(yr + step, yi + step, y1r, y1i)
    storePlain(yr + 2 * step, yi + 2 * step, y2r, y2i)
    storePlain(yr + 3 * step, yi + 3 * step, y3r, y3i)
  } else {
    storeTurned(yr + step, yi + step, y1r, y1i, v128.load32_splat(w), v128.load32_splat(w, 4))
    storeTurned(yr + 2 * step, yi + 2 * step, y2r, y2i, v128.load32_splat(w, 8), v128.load32_splat(w, 12))
    storeTurned(yr + 3 * step, yi + 3 * step, y3r, y3i, v128.load32_splat(w, 16), v128.load32_splat(w, 20))
  }
}

@inline
function butterfly5(xr: usize, xi: usize, leg: usize, yr: usize, yi: usize, step: usize, w: usize, isPlain: bool): void {
  const c1 = f32x4.splat(0.30901699437494745)
  const c2 = f32x4.splat(-0.8090169943749475)
  const s1 = f32x4.splat(0.9510565162951535)
  const s2 = f32x4.splat(0.5877852522924731)
  const ar = v128.load(xr)
  const ai = v128.load(xi)
  const br = v128.load(xr + leg)
  const bi = v128.load(xi + leg)
  const cr = v128.load(xr + 2 * leg)
  const ci = v128.load(xi + 2 * leg)
  const dr = v128.load(xr + 3 * leg)
  const di = v128.load(xi + 3 * leg)
  const er = v128.load(xr + 4 * leg)
  const ei = v128.load(xi + 4 * leg)
  const t1r = f32x4.add(br, er)
  const t1i = f32x4.add(bi, ei)
  const t2r = f32x4.add(cr, dr)
  const t2i = f32x4.add(ci, di)
  const t3r = f32x4.sub(br, er)
  const t3i = f32x4.sub(bi, ei)
  const t4r = f32x4.sub(cr, dr)
  const t4i = f32x4.sub(ci, di)
  storePlain(yr, yi, f32x4.add(ar, f32x4.add(t1r, t2r)), f32x4.add(ai, f32x4.add(t1i, t2i)))
  const u1r = madd(c2, t2r, madd(c1, t1r, ar))
  const u1i = madd(c2, t2i, madd(c1, t1i, ai))
  const u2r = madd(c1, t2r, madd(c2, t1r, ar))
  const u2i = madd(c1, t2i, madd(c2, t1i, ai))
  const v1r = madd(s2, t4r, f32x4.mul(s1, t3r))
  const v1i = madd(s2, t4i, f32x4.mul(s1, t3i))
  const v2r = nmadd(s1, t4r, f32x4.mul(s2, t3r))
  const v2i = nmadd(s1, t4i, f32x4.mul(s2, t3i))
  // The factors of p = 0 are 1: few transforms have a factor of five, so it is not treated apart.
  let pr = yr + step
  let pi = yi + step
  storeTurned(
    pr, pi, f32x4.add(u1r, v1i), f32x4.sub(u1i, v1r), v128.load32_splat(w), v128.load32_splat(w, 4),
  )
  pr += step
  pi += step
  storeTurned(
    pr, pi, f32x4.add(u2r, v2i), f32x4.sub(u2i, v2r), v128.load32_splat(w, 8), v128.load32_splat(w, 12),
  )
  pr += step
  pi += step
  storeTurned(
    pr, pi, f32x4.sub(u2r, v2i), f32x4.add(u2i, v2r), v128.load32_splat(w, 16), v128.load32_splat(w, 20),
  )
  pr += step
  pi += step
  storeTurned(
    pr, pi, f32x4.sub(u1r, v1i), f32x4.add(u1i, v1r), v128.load32_splat(w, 24), v128.load32_splat(w, 28),
  )
}

/** One pass; a function for each radix, which is a constant there. */
@inline
function pass(radix: i32, xr: usize, xi: usize, xs: usize, yr: usize, yi: usize, ys: usize, m: i32, s: i32, w: usize): void {
  const leg = <usize>(m * s) * xs
  const step = <usize>s * ys
  const back = <usize>(radix - 1) * step
  for (let p = 0; p < m; p++, w += <usize>(8 * (radix - 1))) {
    for (let q = 0; q < s; q++) {
      if (radix == 2) butterfly2(xr, xi, leg, yr, yi, step, w, p == 0)
      else if (radix == 3) butterfly3(xr, xi, leg, yr, yi, step, w, p == 0)
      else if (radix == 4) butterfly4(xr, xi, leg, yr, yi, step, w, p == 0)
      else butterfly5(xr, xi, leg, yr, yi, step, w, p == 0)
      xr += xs
      xi += xs
      yr += ys
      yi += ys
    }
    yr += back
    yi += back
  }
}

function pass2(xr: usize, xi: usize, xs: usize, yr: usize, yi: usize, ys: usize, m: i32, s: i32, w: usize): void {
  pass(2, xr, xi, xs, yr, yi, ys, m, s, w)
}

function pass3(xr: usize, xi: usize, xs: usize, yr: usize, yi: usize, ys: usize, m: i32, s: i32, w: usize): void {
  pass(3, xr, xi, xs, yr, yi, ys, m, s, w)
}

function pass4(xr: usize, xi: usize, xs: usize, yr: usize, yi: usize, ys: usize, m: i32, s: i32, w: usize): void {
  pass(4, xr, xi, xs, yr, yi, ys, m, s, w)
}

function pass5(xr: usize, xi: usize, xs: usize, yr: usize, yi: usize, ys: usize, m: i32, s: i32, w: usize): void {
  pass(5, xr, xi, xs, yr, yi, ys, m, s, w)
}
