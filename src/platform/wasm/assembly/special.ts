import { addProduct, addSums, addTo, splat } from './cluster'
import { Far, Nonbonded, SpecialPairs, SpecialWork } from './layout'
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

/** −(dE/dr)/r of the Coulomb terms. @param c factors of 1/r and of the screening @param whole false for screening alone */
@inline
function coulombForce(p: usize, c: usize, r2: v128, inverse2: v128, whole: bool): v128 {
  const inverse = f32x4.sqrt(inverse2)
  const sum = polynomial(polynomialVariable(p, r2), p + Nonbonded.forcePolynomial, load<i32>(p, Nonbonded.degree))
  const smooth = f32x4.sub(sum, f32x4.mul(splat(p + Nonbonded.forceShift), inverse))
  const screened = f32x4.mul(v128.load(c, 16), smooth)
  return whole ? madd(v128.load(c), f32x4.mul(inverse, inverse2), screened) : screened
}

/** Coulomb energy; the same parameters. */
@inline
function coulombEnergy(p: usize, c: usize, r2: v128, inverse2: v128, whole: bool): v128 {
  const inverse = f32x4.sqrt(inverse2)
  const sum = polynomial(polynomialVariable(p, r2), p + Nonbonded.energyPolynomial, load<i32>(p, Nonbonded.degree))
  const shift = f32x4.sub(f32x4.mul(splat(p + Nonbonded.forceShift), f32x4.mul(r2, inverse)), splat(p + Nonbonded.energyShift))
  const screened = f32x4.mul(v128.load(c, 16), f32x4.add(sum, shift))
  return whole ? madd(v128.load(c), inverse, screened) : screened
}

/** Adds a four to the list of those with a pair beyond the polynomials' range. */
@inline
function noteFar(work: usize, first: i32, near: i32): void {
  const count = load<i32>(work, SpecialWork.farCount)
  const far = work + SpecialWork.bytes + <usize>count * Far.bytes
  store<i32>(work, count + 1, SpecialWork.farCount)
  store<i32>(far, first, Far.first)
  store<i32>(far, near, Far.near)
}

@inline
function addVirial(sums: usize, f: v128, dx: v128, dy: v128, dz: v128): void {
  const gx = f32x4.mul(f, dx)
  const gy = f32x4.mul(f, dy)
  const gz = f32x4.mul(f, dz)
  addProduct(sums + 32, gx, dx)
  addProduct(sums + 48, gx, dy)
  addProduct(sums + 64, gx, dz)
  addProduct(sums + 80, gy, dy)
  addProduct(sums + 96, gy, dz)
  addProduct(sums + 112, gz, dz)
}

/** Four pairs, beginning with pair k. @param c their coefficients */
@inline
function four(p: usize, list: usize, k: i32, c: usize, positions: usize, scale: f64, forces: usize, work: usize, whole: bool, energy: bool): void {
  const atoms = <usize>load<i32>(list, SpecialPairs.pairs) + (<usize>k << 3)
  const i0 = <usize>load<i32>(atoms) * 24
  const j0 = <usize>load<i32>(atoms, 4) * 24
  const i1 = <usize>load<i32>(atoms, 8) * 24
  const j1 = <usize>load<i32>(atoms, 12) * 24
  const i2 = <usize>load<i32>(atoms, 16) * 24
  const j2 = <usize>load<i32>(atoms, 20) * 24
  const i3 = <usize>load<i32>(atoms, 24) * 24
  const j3 = <usize>load<i32>(atoms, 28) * 24
  let xy0 = between(positions + i0, positions + j0)
  let xy1 = between(positions + i1, positions + j1)
  let xy2 = between(positions + i2, positions + j2)
  let xy3 = between(positions + i3, positions + j3)
  let z01 = f64x2.sub(heights(positions + i0, positions + i1), heights(positions + j0, positions + j1))
  let z23 = f64x2.sub(heights(positions + i2, positions + i3), heights(positions + j2, positions + j3))
  if (v128.any_true(v128.load(<usize>load<i32>(list, SpecialPairs.apart) + (<usize>k << 2)))) {
    const grown = f64x2.splat(scale)
    const by = <usize>load<i32>(list, SpecialPairs.translations) + <usize>k * 24
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
  const near = f32x4.lt(r2, splat(p + Nonbonded.coulombCutoff2))
  const nearBits = i32x4.bitmask(near)
  if (nearBits != 15) noteFar(work, k, nearBits)
  let f = v128.and(coulombForce(p, c, r2, inverse2, whole), near)
  if (whole) f = f32x4.add(f, rowForce(p, c + 32, r2, inverse2, energy, work + SpecialWork.energies))
  if (energy) {
    const sums = work + SpecialWork.stretchSums
    if (whole) addTo(sums, v128.load(work, SpecialWork.energies))
    addTo(sums + 16, v128.and(coulombEnergy(p, c, r2, inverse2, whole), near))
    addVirial(sums, f, dx, dy, dz)
  }
  const gz = f32x4.mul(f, dz)
  const gxyA = v128.shuffle<f32>(f32x4.mul(f, dx), f32x4.mul(f, dy), 0, 4, 1, 5)
  const gxyB = v128.shuffle<f32>(f32x4.mul(f, dx), f32x4.mul(f, dy), 2, 6, 3, 7)
  push(forces + i0, forces + j0, f64x2.promote_low_f32x4(gxyA), <f64>f32x4.extract_lane(gz, 0))
  push(forces + i1, forces + j1, highPart(gxyA), <f64>f32x4.extract_lane(gz, 1))
  push(forces + i2, forces + j2, f64x2.promote_low_f32x4(gxyB), <f64>f32x4.extract_lane(gz, 2))
  push(forces + i3, forces + j3, highPart(gxyB), <f64>f32x4.extract_lane(gz, 3))
}

/** Number of pairs whose energies are summed in f32 before they are added in f64. */
const STRETCH: i32 = 128

/**
 * Sums over the special pairs [from, to).
 * @param list a record of SPECIAL_PAIRS, ../layout.ts: pairs [2P] atoms, apart [P] 1 where a translation applies,
 *   translations [3P] f64; coefficients per four pairs, vectors: factor of 1/r, factor of the screening, for scaled pairs a general row
 * @param work a record of SPECIAL_WORK and the list of fours with a pair beyond the polynomials' range
 */
@inline
function special(p: usize, list: usize, from: i32, to: i32, positions: usize, scale: f64, forces: usize, work: usize, whole: bool, energy: bool): void {
  const vectors: usize = whole ? 32 + (<usize>load<i32>(p, Nonbonded.rowVectors) << 4) : 32
  let c = <usize>load<i32>(list, SpecialPairs.coefficients)
  for (let k = from; k < to; ) {
    if (energy) memory.fill(work + SpecialWork.stretchSums, 0, 128)
    const end = min<i32>(k + STRETCH, to)
    for (; k < end; k += 4, c += vectors) four(p, list, k, c, positions, scale, forces, work, whole, energy)
    if (energy) addSums(work, work + SpecialWork.stretchSums)
  }
}

// excludedPairs…: screening alone. scaledPairs…: everything.

export function excludedPairsForce(p: usize, list: usize, from: i32, to: i32, positions: usize, scale: f64, forces: usize, work: usize): void {
  special(p, list, from, to, positions, scale, forces, work, false, false)
}

export function excludedPairsEnergy(p: usize, list: usize, from: i32, to: i32, positions: usize, scale: f64, forces: usize, work: usize): void {
  special(p, list, from, to, positions, scale, forces, work, false, true)
}

export function scaledPairsForce(p: usize, list: usize, from: i32, to: i32, positions: usize, scale: f64, forces: usize, work: usize): void {
  special(p, list, from, to, positions, scale, forces, work, true, false)
}

export function scaledPairsEnergy(p: usize, list: usize, from: i32, to: i32, positions: usize, scale: f64, forces: usize, work: usize): void {
  special(p, list, from, to, positions, scale, forces, work, true, true)
}
