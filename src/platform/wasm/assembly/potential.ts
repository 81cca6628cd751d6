import { splat } from './cluster'
import { Nonbonded } from './layout'
import { madd } from './vector'

// Radial functions of four pairs: −(dE/dr)/r and E. The formulas are those of src/forces; `p` is the address of the
// parameters, a record of NONBONDED in ../layout.ts.
//
// A general row is a list of vectors, one lane per pair (src/platform/clusters/rows.ts writes it): −6·C₆, 12·C₁₂,
// cut-off², 8·C₈; for every exponential x = 2^(βr+s) four: β, s, F₂, F₁ of a force (F₂x + F₁)x/r; the shift of the
// energy; if any row is switched, the distance at which the switch begins and 1/its width, or 0.

/** @param c address of the coefficients */
@inline
export function polynomial(t: v128, c: usize, degree: i32): v128 {
  let sum = splat(c)
  for (let k = 1; k <= degree; k++) sum = madd(sum, t, splat(c + (<usize>k << 2)))
  return sum
}

/** The polynomials' variable t, −1 at the origin and 1 at the Coulomb cut-off. */
@inline
export function polynomialVariable(p: usize, r2: v128): v128 {
  return madd(r2, splat(p + Nonbonded.variableScale), splat(p + Nonbonded.variableOffset))
}

/** Lennard-Jones force. @param c6 −6·C₆ @param c12 12·C₁₂ */
@inline
export function lennardJonesForce(c6: v128, c12: v128, inverse2: v128): v128 {
  const inverse6 = f32x4.mul(f32x4.mul(inverse2, inverse2), inverse2)
  return f32x4.mul(f32x4.mul(madd(c12, inverse6, c6), inverse6), inverse2)
}

/** @param shift6 R⁻⁶ and @param shift12 R⁻¹² where the energy is shifted, or 0 */
@inline
export function lennardJonesEnergy(c6: v128, c12: v128, inverse2: v128, shift6: v128, shift12: v128): v128 {
  const inverse6 = f32x4.mul(f32x4.mul(inverse2, inverse2), inverse2)
  return madd(
    f32x4.mul(c12, f32x4.splat(<f32>(1.0 / 12.0))),
    f32x4.sub(f32x4.mul(inverse6, inverse6), shift12),
    f32x4.mul(f32x4.mul(c6, f32x4.splat(<f32>(1.0 / 6.0))), f32x4.sub(inverse6, shift6)),
  )
}

/** 2^t of four numbers, −100 ≤ t ≤ 126; smaller t count as −100. */
@inline
function powerOfTwo(p: usize, t: v128): v128 {
  // Adding 1.5·2²³ rounds to an integer, which then stands in the lowest bits.
  const magic = f32x4.splat(12582912)
  const clamped = f32x4.pmax(t, f32x4.splat(-100))
  const rounded = f32x4.add(clamped, magic)
  const rest = f32x4.sub(clamped, f32x4.sub(rounded, magic))
  const square = f32x4.mul(rest, rest)
  const c = p + Nonbonded.powerOfTwo
  const high = madd(splat(c), rest, splat(c + 4))
  const middle = madd(splat(c + 8), rest, splat(c + 12))
  const low = madd(splat(c + 16), rest, splat(c + 20))
  const sum = madd(madd(high, square, middle), square, low)
  return i32x4.add(sum, i32x4.shl(rounded, 23))
}

@inline
function switchValue(x: v128): v128 {
  const inner = f32x4.sub(
    f32x4.splat(10),
    f32x4.mul(x, f32x4.sub(f32x4.splat(15), f32x4.mul(f32x4.splat(6), x))),
  )
  return f32x4.sub(f32x4.splat(1), f32x4.mul(f32x4.mul(x, f32x4.mul(x, x)), inner))
}

/** −(dE/dr)/r of a general row within its cut-off; with `energy` also stores E at `result`. */
@inline
export function rowForce(
  p: usize,
  row: usize,
  r2: v128,
  inverse2: v128,
  energy: bool,
  result: usize,
): v128 {
  const exponentials = load<i32>(p, Nonbonded.exponentials)
  const switched = load<i32>(p, Nonbonded.isSwitched)
  const inverse = f32x4.sqrt(inverse2)
  const r = f32x4.mul(r2, inverse)
  const inverse4 = f32x4.mul(inverse2, inverse2)
  const c6 = v128.load(row)
  const c8 = v128.load(row, 48)
  const c12 = v128.load(row, 16)
  let force = f32x4.mul(madd(madd(c12, inverse4, c8), inverse2, c6), f32x4.mul(inverse4, inverse4))
  let e = f32x4.splat(0)
  if (energy || switched) {
    const inverse6 = f32x4.mul(inverse4, inverse2)
    const e6 = f32x4.mul(c6, f32x4.splat(<f32>(1.0 / 6.0)))
    const e8 = f32x4.mul(c8, f32x4.splat(<f32>(1.0 / 8.0)))
    const e12 = f32x4.mul(c12, f32x4.splat(<f32>(1.0 / 12.0)))
    e = f32x4.mul(madd(e12, inverse6, madd(e8, inverse2, e6)), inverse6)
  }
  let at = row + 64
  for (let k = 0; k < exponentials; k++) {
    const decay = v128.load(at)
    const square = v128.load(at, 32)
    const linear = v128.load(at, 48)
    const x = powerOfTwo(p, madd(decay, r, v128.load(at, 16)))
    force = madd(f32x4.mul(madd(square, x, linear), x), inverse, force)
    if (energy || switched) {
      const half = madd(f32x4.mul(square, f32x4.splat(0.5)), x, linear)
      const natural = f32x4.mul(decay, f32x4.splat(<f32>-0.6931471805599453))
      e = f32x4.add(e, f32x4.div(f32x4.mul(half, x), natural))
    }
    at += 64
  }
  const near = f32x4.lt(r2, v128.load(row, 32))
  if (energy) e = f32x4.sub(e, v128.load(at))
  if (switched) {
    const into = f32x4.mul(f32x4.sub(r, v128.load(at, 16)), v128.load(at, 32))
    const s = f32x4.pmin(f32x4.pmax(into, f32x4.splat(0)), f32x4.splat(1))
    const rest = f32x4.mul(s, f32x4.sub(f32x4.splat(1), s))
    // −dS/dr
    const slope = f32x4.mul(f32x4.mul(f32x4.splat(30), f32x4.mul(rest, rest)), v128.load(at, 32))
    const value = switchValue(s)
    force = madd(force, value, f32x4.mul(f32x4.mul(e, slope), inverse))
    e = f32x4.mul(e, value)
  }
  if (energy) v128.store(result, v128.and(e, near))
  return v128.and(force, near)
}

/** Electrostatic force of unit charges: bare, shift, and the smooth part from its polynomial. */
@inline
export function coulombForce(p: usize, inverse2: v128, smooth: v128): v128 {
  return madd(f32x4.sqrt(inverse2), f32x4.sub(inverse2, splat(p + Nonbonded.forceShift)), smooth)
}

@inline
export function coulombEnergy(p: usize, r2: v128, inverse2: v128, smooth: v128): v128 {
  const inverse = f32x4.sqrt(inverse2)
  const shift = f32x4.sub(f32x4.mul(splat(p + Nonbonded.forceShift), f32x4.mul(r2, inverse)), splat(p + Nonbonded.energyShift))
  return f32x4.add(f32x4.add(inverse, smooth), shift)
}
