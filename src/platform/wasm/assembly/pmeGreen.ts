import { Mesh } from './layout'
// The influence function, Essmann et al. 1995, https://doi.org/10.1063/1.470117, eq. 4.7, in double precision; it
// changes with the cell only.
//
// Half-way frequencies stand for +n/2 and −n/2 at once. In a skewed cell they differ in length: the influence there
// is the mean of the two, which is what taking the real part of the potential amounts to.

/** Beyond e^−60 nothing is left, and what is left would be slow denormal numbers. */
const NEGLIGIBLE: f64 = 60

/** Frequency of point `k`, −n/2 < frequency ≤ n/2. */
@inline
export function frequency(k: i32, n: i32): i32 {
  return 2 * k <= n ? k : k - n
}

/** e^−x for 0 ≤ x, to 1e-11, in two lanes; 0 when negligible. */
@inline
function decayed(x: v128): v128 {
  const y = f64x2.mul(f64x2.min(x, f64x2.splat(2 * NEGLIGIBLE)), f64x2.splat(-1.4426950408889634))
  // The sum with 1.5·2⁵² has the nearest integer in its last bits.
  const magic = f64x2.splat(6755399441055744)
  const shifted = f64x2.add(y, magic)
  const r = f64x2.mul(f64x2.sub(y, f64x2.sub(shifted, magic)), f64x2.splat(0.6931471805599453))
  let p = f64x2.splat(1.0 / 362880)
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 40320))
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 5040))
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 720))
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 120))
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 24))
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1.0 / 6))
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(0.5))
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1))
  p = f64x2.add(f64x2.mul(p, r), f64x2.splat(1))
  const power = i64x2.shl(i64x2.add(shifted, i64x2.splat(1023)), 52)
  return v128.and(f64x2.mul(p, power), f64x2.lt(x, f64x2.splat(NEGLIGIBLE)))
}

/** |m|² of the vectors a·a* + b·b* + c·c*, two at once. */
@inline
export function squaredLength(plan: usize, a: v128, b: v128, c: v128): v128 {
  const x = dot(plan, 0, a, b, c)
  const y = dot(plan, 24, a, b, c)
  const z = dot(plan, 48, a, b, c)
  return f64x2.add(f64x2.mul(x, x), f64x2.add(f64x2.mul(y, y), f64x2.mul(z, z)))
}

@inline
function dot(plan: usize, row: usize, a: v128, b: v128, c: v128): v128 {
  const p = plan + row
  return f64x2.add(
    f64x2.mul(a, v128.load64_splat(p, Mesh.inverse)),
    f64x2.add(f64x2.mul(b, v128.load64_splat(p, Mesh.inverse + 8)), f64x2.mul(c, v128.load64_splat(p, Mesh.inverse + 16))),
  )
}

/** e^{−π²m²/α²}/m² without the constants in front; not to be used at m = 0. */
@inline
export function green(plan: usize, m2: v128): v128 {
  return f64x2.div(decayed(f64x2.mul(v128.load64_splat(plan, Mesh.decay), m2)), m2)
}

/** Modulus along b of a pair of neighbours, times its green's function: one half of a vector of the table. */
@inline
function pair(plan: usize, ma: i32, kb: i32, mc: i32, n1: i32, halfWay: bool, moduli1: usize): v128 {
  const a = f64x2.splat(<f64>ma)
  const c = f64x2.splat(<f64>mc)
  const b0 = frequency(kb, n1)
  const b1 = frequency(kb + 1, n1)
  const b = f64x2.replace_lane(f64x2.splat(<f64>b0), 1, <f64>b1)
  let g = green(plan, squaredLength(plan, a, b, c))
  if (halfWay) {
    const mirrored = f64x2.replace_lane(f64x2.splat(<f64>opposite(b0, n1)), 1, <f64>opposite(b1, n1))
    const a2 = f64x2.splat(<f64>opposite(ma, load<i32>(plan, Mesh.n0)))
    const c2 = f64x2.splat(<f64>opposite(mc, load<i32>(plan, Mesh.n2)))
    g = f64x2.mul(f64x2.splat(0.5), f64x2.add(g, green(plan, squaredLength(plan, a2, mirrored, c2))))
  }
  return f64x2.mul(g, v128.load(moduli1 + (<usize>kb << 3)))
}

/** The other frequency that a half-way one stands for; any other as it is. */
@inline
export function opposite(m: i32, n: i32): i32 {
  return 2 * m == n ? -m : m
}

/** Fills planes [from, to) of the table of the influence function. */
export function pmeInfluence(plan: usize, from: i32, to: i32): void {
  const n0 = load<i32>(plan, Mesh.n0)
  const n1 = load<i32>(plan, Mesh.n1)
  const n2 = load<i32>(plan, Mesh.n2)
  const moduli0 = <usize>load<i32>(plan, Mesh.moduli0)
  const moduli1 = <usize>load<i32>(plan, Mesh.moduli1)
  const moduli2 = <usize>load<i32>(plan, Mesh.moduli2)
  const table = <usize>load<i32>(plan, Mesh.influence)
  let at = table + ((<usize>from * <usize>n1 * <usize>n2) << 2)
  for (let ka = from; ka < to; ka++) {
    const scale = load<f64>(plan, Mesh.prefactor) * load<f64>(moduli0 + (<usize>ka << 3))
    for (let kb = 0; kb < n1; kb += 4) {
      const nearHalf = 2 * ka == n0 || (2 * kb <= n1 && 2 * kb + 8 > n1)
      for (let kc = 0; kc < n2; kc++, at += 16) {
        const halfWay = nearHalf || 2 * kc == n2
        const mc = frequency(kc, n2)
        const factor = f64x2.splat(scale * load<f64>(moduli2 + (<usize>kc << 3)))
        const first = f64x2.mul(factor, pair(plan, ka, kb, mc, n1, halfWay, moduli1))
        const second = f64x2.mul(factor, pair(plan, ka, kb + 2, mc, n1, halfWay, moduli1))
        v128.store(
          at,
          v128.shuffle<f32>(f32x4.demote_f64x2_zero(first), f32x4.demote_f64x2_zero(second), 0, 1, 4, 5),
        )
      }
    }
  }
  // The mean potential is left out: conducting surroundings, and a neutralising background.
  if (from == 0) store<f32>(table, 0)
}
