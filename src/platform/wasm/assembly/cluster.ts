import { Sums } from './layout'
import { madd } from './vector'

// Functions shared by the kernels over clusters. A cluster is 64 bytes: x4 y4 z4 and charges q4 of its atoms; its forces
// are 64 bytes as well, the last 16 unused: neither straddles cache lines. The last cluster is filled up with lanes
// without an atom.

/** x coordinate of a lane without an atom: apart from the others and beyond any cut-off from every atom, Å. */
@inline
export function nowhere(lane: i32): f32 {
  return <f32>(1e6 * <f64>(lane + 1))
}

/** Coordinates of an i cluster in the frame and image of its partners: four at once, rounded to f32 only at the end. */
@inline
export function moved(x: v128, by: f64): v128 {
  const add = f64x2.splat(by)
  return v128.shuffle<f32>(
    f32x4.demote_f64x2_zero(f64x2.add(f64x2.promote_low_f32x4(x), add)),
    f32x4.demote_f64x2_zero(f64x2.add(f64x2.promote_low_f32x4(v128.shuffle<f32>(x, x, 2, 3, 2, 3)), add)),
    0,
    1,
    4,
    5,
  )
}

/** One number of memory in all four lanes. */
@inline
export function splat(p: usize): v128 {
  return v128.load32_splat(p)
}

/** Lane k of a vector in all four. */
@inline
export function lane0(a: v128): v128 {
  return v128.shuffle<f32>(a, a, 0, 0, 0, 0)
}
@inline
export function lane1(a: v128): v128 {
  return v128.shuffle<f32>(a, a, 1, 1, 1, 1)
}
@inline
export function lane2(a: v128): v128 {
  return v128.shuffle<f32>(a, a, 2, 2, 2, 2)
}
@inline
export function lane3(a: v128): v128 {
  return v128.shuffle<f32>(a, a, 3, 3, 3, 3)
}

/** Sums of the lanes of four vectors, one in each lane. */
@inline
export function transposedSum(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7))
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7))
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7))
}

/** Adds a vector to one in memory. */
@inline
export function addTo(at: usize, a: v128): void {
  v128.store(at, f32x4.add(v128.load(at), a))
}

/** Adds a product to a vector in memory. */
@inline
export function addProduct(at: usize, a: v128, b: v128): void {
  v128.store(at, madd(a, b, v128.load(at)))
}

/** Adds the four lanes to a double in memory. */
@inline
function addTotal(to: usize, a: v128): void {
  const pairs = f64x2.add(
    f64x2.promote_low_f32x4(a),
    f64x2.promote_low_f32x4(v128.shuffle<f32>(a, a, 2, 3, 2, 3)),
  )
  store<f64>(to, load<f64>(to) + (f64x2.extract_lane(pairs, 0) + f64x2.extract_lane(pairs, 1)))
}

/** Adds the sums over the lanes of eight vectors at `from` to the record of SUMS at `to`. */
@inline
export function addSums(to: usize, from: usize): void {
  for (let k: usize = 0; k < Sums.bytes; k += 8) addTotal(to + k, v128.load(from + 2 * k))
}
