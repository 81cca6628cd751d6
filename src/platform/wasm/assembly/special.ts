import { addSums, splat } from './cluster'
import { Far, Nonbonded, SpecialWork } from './layout'
import { polynomial, polynomialVariable, rowForce } from './potential'
import { madd } from './vector'

// Bonded pairs whose interaction is scaled, four at a time. Separations are taken in f64, so that neighbours in a
// molecule are as exact in a large box as in a small one. Arrays of length P, a multiple of four; what fills it up is
// a pair without parameters.

/** x and y from j to i. */
@inline
function between(i: usize, j: usize): v128 {
  return f64x2.sub(v128.load(i), v128.load(j))
}

/** z of two atoms. */
@inline
function heights(a: usize, b: usize): v128 {
  return v128.load64_lane(b + 16, v128.load64_zero(a + 16), 1)
}

@inline
function joined(low: v128, high: v128): v128 {
  return v128.shuffle<f32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5)
}

@inline
function highPart(a: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<f32>(a, a, 2, 3, 2, 3))
}

/** Adds a force to i and takes it from j. */
@inline
function push(i: usize, j: usize, xy: v128, z: f64): void {
  v128.store(i, f64x2.add(v128.load(i), xy))
  store<f64>(i, load<f64>(i, 16) + z, 16)
  v128.store(j, f64x2.sub(v128.load(j), xy))
  store<f64>(j, load<f64>(j, 16) - z, 16)
}

/** One stretch of pairs, short enough to be summed in f32. */
@inline
function special(
  p: usize,
  from: i32,
  to: i32,
  pairs: usize,
  apart: usize,
  translations: usize,
  coefficients: usize,
  positions: usize,
  scale: f64,
  forces: usize,
  work: usize,
  whole: bool,
  energy: bool,
): void {
  const degree = load<i32>(p, Nonbonded.degree)
  const vectors: usize = whole ? 32 + (<usize>load<i32>(p, Nonbonded.rowVectors) << 4) : 32
  const exponentials = whole ? load<i32>(p, Nonbonded.exponentials) : 0
  const switched = whole ? load<i32>(p, Nonbonded.isSwitched) : 0
  const reach2 = splat(p + Nonbonded.coulombCutoff2)
  const zero = f32x4.splat(0)
  let ePair = zero
  let eCoulomb = zero
  let vxx = zero
  let vxy = zero
  let vxz = zero
  let vyy = zero
  let vyz = zero
  let vzz = zero
  for (let k = from; k < to; k += 4) {
    const list = pairs + (<usize>k << 3)
    const i0 = <usize>load<i32>(list) * 24
    const j0 = <usize>load<i32>(list, 4) * 24
    const i1 = <usize>load<i32>(list, 8) * 24
    const j1 = <usize>load<i32>(list, 12) * 24
    const i2 = <usize>load<i32>(list, 16) * 24
    const j2 = <usize>load<i32>(list, 20) * 24
    const i3 = <usize>load<i32>(list, 24) * 24
    const j3 = <usize>load<i32>(list, 28) * 24
    let xy0 = between(positions + i0, positions + j0)
    let xy1 = between(positions + i1, positions + j1)
    let xy2 = between(positions + i2, positions + j2)
    let xy3 = between(positions + i3, positions + j3)
    let z01 = f64x2.sub(heights(positions + i0, positions + i1), heights(positions + j0, positions + j1))
    let z23 = f64x2.sub(heights(positions + i2, positions + i3), heights(positions + j2, positions + j3))
    if (v128.any_true(v128.load(apart + (<usize>k << 2)))) {
      const grown = f64x2.splat(scale)
      const by = translations + <usize>k * 24
      xy0 = f64x2.add(xy0, f64x2.mul(grown, v128.load(by)))
      xy1 = f64x2.add(xy1, f64x2.mul(grown, v128.load(by, 24)))
      xy2 = f64x2.add(xy2, f64x2.mul(grown, v128.load(by, 48)))
      xy3 = f64x2.add(xy3, f64x2.mul(grown, v128.load(by, 72)))
      z01 = f64x2.add(z01, f64x2.mul(grown, heights(by, by + 24)))
      z23 = f64x2.add(z23, f64x2.mul(grown, heights(by + 48, by + 72)))
    }
    const xyA = joined(xy0, xy1)
    const xyB = joined(xy2, xy3)
    const dx = v128.shuffle<f32>(xyA, xyB, 0, 2, 4, 6)
    const dy = v128.shuffle<f32>(xyA, xyB, 1, 3, 5, 7)
    const dz = joined(z01, z23)
    const r2 = madd(dz, dz, madd(dy, dy, f32x4.mul(dx, dx)))
    const inverse2 = f32x4.div(f32x4.splat(1), r2)
    const inverse = f32x4.sqrt(inverse2)
    const near = f32x4.lt(r2, reach2)
    const c = coefficients + <usize>(k >> 2) * vectors
    const bare = v128.load(c)
    const screened = v128.load(c, 16)
    const t = polynomialVariable(p, r2)
    const smooth = f32x4.sub(polynomial(t, p + Nonbonded.forcePolynomial, degree), f32x4.mul(splat(p + Nonbonded.forceShift), inverse))
    let f = v128.and(
      whole
        ? madd(bare, f32x4.mul(inverse, inverse2), f32x4.mul(screened, smooth))
        : f32x4.mul(screened, smooth),
      near,
    )
    const nearBits = i32x4.bitmask(near)
    if (nearBits != 15) {
      const farCount = load<i32>(work, SpecialWork.farCount)
      const far = work + SpecialWork.bytes + <usize>farCount * Far.bytes
      store<i32>(work, farCount + 1, SpecialWork.farCount)
      store<i32>(far, k, Far.first)
      store<i32>(far, nearBits, Far.near)
    }
    if (whole) {
      f = f32x4.add(f, rowForce(p, c + 32, r2, inverse2, exponentials, switched, energy, work + SpecialWork.energies))
    }
    const gx = f32x4.mul(f, dx)
    const gy = f32x4.mul(f, dy)
    const gz = f32x4.mul(f, dz)
    if (energy) {
      const level = f32x4.add(
        polynomial(t, p + Nonbonded.energyPolynomial, degree),
        f32x4.sub(f32x4.mul(splat(p + Nonbonded.forceShift), f32x4.mul(r2, inverse)), splat(p + Nonbonded.energyShift)),
      )
      eCoulomb = f32x4.add(
        eCoulomb,
        v128.and(
          whole ? madd(bare, inverse, f32x4.mul(screened, level)) : f32x4.mul(screened, level),
          near,
        ),
      )
      if (whole) {
        ePair = f32x4.add(ePair, v128.load(work, SpecialWork.energies))
      }
      vxx = madd(gx, dx, vxx)
      vxy = madd(gx, dy, vxy)
      vxz = madd(gx, dz, vxz)
      vyy = madd(gy, dy, vyy)
      vyz = madd(gy, dz, vyz)
      vzz = madd(gz, dz, vzz)
    }
    const gxyA = v128.shuffle<f32>(gx, gy, 0, 4, 1, 5)
    const gxyB = v128.shuffle<f32>(gx, gy, 2, 6, 3, 7)
    push(forces + i0, forces + j0, f64x2.promote_low_f32x4(gxyA), <f64>f32x4.extract_lane(gz, 0))
    push(forces + i1, forces + j1, highPart(gxyA), <f64>f32x4.extract_lane(gz, 1))
    push(forces + i2, forces + j2, f64x2.promote_low_f32x4(gxyB), <f64>f32x4.extract_lane(gz, 2))
    push(forces + i3, forces + j3, highPart(gxyB), <f64>f32x4.extract_lane(gz, 3))
  }
  if (energy) addSums(work, ePair, eCoulomb, vxx, vxy, vxz, vyy, vyz, vzz)
}

/** Number of pairs whose energies are summed in f32 before they are added in f64. */
const STRETCH: i32 = 128

/**
 * Sums over the special pairs [from, to).
 * @param pairs [2P] atoms @param apart [P] 1 where a translation applies @param translations [3P] f64
 * @param coefficients per four pairs, vectors: factor of 1/r, factor of the screening; for scaled pairs a general row
 * @param work a record of SPECIAL_WORK, ../layout.ts, and the list of fours with a pair beyond the polynomials' range
 */
@inline
function stretches(
  p: usize,
  from: i32,
  to: i32,
  pairs: usize,
  apart: usize,
  translations: usize,
  coefficients: usize,
  positions: usize,
  scale: f64,
  forces: usize,
  work: usize,
  whole: bool,
  energy: bool,
): void {
  for (let k = from; k < to; k += STRETCH) {
    const end = min<i32>(k + STRETCH, to)
    special(p, k, end, pairs, apart, translations, coefficients, positions, scale, forces, work, whole, energy)
  }
}

// excludedPairs…: screening alone. scaledPairs…: everything.

export function excludedPairsForce(p: usize, from: i32, to: i32, pairs: usize, apart: usize, translations: usize, coefficients: usize, positions: usize, scale: f64, forces: usize, work: usize): void {
  stretches(p, from, to, pairs, apart, translations, coefficients, positions, scale, forces, work, false, false)
}

export function excludedPairsEnergy(p: usize, from: i32, to: i32, pairs: usize, apart: usize, translations: usize, coefficients: usize, positions: usize, scale: f64, forces: usize, work: usize): void {
  stretches(p, from, to, pairs, apart, translations, coefficients, positions, scale, forces, work, false, true)
}

export function scaledPairsForce(p: usize, from: i32, to: i32, pairs: usize, apart: usize, translations: usize, coefficients: usize, positions: usize, scale: f64, forces: usize, work: usize): void {
  stretches(p, from, to, pairs, apart, translations, coefficients, positions, scale, forces, work, true, false)
}

export function scaledPairsEnergy(p: usize, from: i32, to: i32, pairs: usize, apart: usize, translations: usize, coefficients: usize, positions: usize, scale: f64, forces: usize, work: usize): void {
  stretches(p, from, to, pairs, apart, translations, coefficients, positions, scale, forces, work, true, true)
}
