import { splat } from './cluster'
import { madd } from './vector'

// Radial functions of four pairs: −(dE/dr)/r and E. The formulas are those of src/forces; parameters at `p` are laid
// out by `kernelParameters` in src/platform/simd/coefficients.ts:
//   0 cut-off², 4 cut-off² of Coulomb, 8 and 12 scale and offset of the polynomials' variable, 16 force shift,
//   20 energy shift, 24 R⁻⁶, 28 R⁻¹² where energies are shifted, 32 begin of the switch, 36 degree (integer), 40 one if there is a switch, else zero,
//   64 polynomial of the force, 256 of the energy: coefficients from the highest power down.
export const FORCE_POLYNOMIAL: usize = 64
export const ENERGY_POLYNOMIAL: usize = 256

/** @param c address of the coefficients */
@inline
export function polynomial(t: v128, c: usize, degree: i32): v128 {
  let sum = splat(c)
  for (let k = 1; k <= degree; k++) sum = madd(sum, t, splat(c + (<usize>k << 2)))
  return sum
}

/** The polynomials' variable, −1 to 1 between the origin and the cut-off; farther out nothing counts. */
@inline
export function polynomialVariable(p: usize, r2: v128): v128 {
  return madd(r2, splat(p + 8), splat(p + 12))
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

/** How far into the switch, 0…1. */
@inline
function switchVariable(p: usize, r: v128, cutoff2: v128): v128 {
  const from = splat(p + 32)
  const inside = f32x4.mul(f32x4.pmax(f32x4.sub(r, from), f32x4.splat(0)), splat(p + 40))
  return f32x4.pmin(f32x4.div(inside, f32x4.sub(f32x4.sqrt(cutoff2), from)), f32x4.splat(1))
}

@inline
function switchValue(x: v128): v128 {
  const inner = f32x4.sub(
    f32x4.splat(10),
    f32x4.mul(x, f32x4.sub(f32x4.splat(15), f32x4.mul(f32x4.splat(6), x))),
  )
  return f32x4.sub(f32x4.splat(1), f32x4.mul(f32x4.mul(x, f32x4.mul(x, x)), inner))
}

/** Energy with a cut-off of its own, shifted (`shift6`) or switched (p + 32 is then nearer than the cut-off). */
@inline
export function cutEnergy(p: usize, c6: v128, c12: v128, r2: v128, inverse2: v128, cutoff2: v128, shift6: v128): v128 {
  const x = switchVariable(p, f32x4.mul(r2, f32x4.sqrt(inverse2)), cutoff2)
  const energy = lennardJonesEnergy(c6, c12, inverse2, shift6, f32x4.mul(shift6, shift6))
  return v128.and(f32x4.mul(energy, switchValue(x)), f32x4.lt(r2, cutoff2))
}

@inline
export function cutForce(p: usize, c6: v128, c12: v128, r2: v128, inverse2: v128, cutoff2: v128): v128 {
  const inverse = f32x4.sqrt(inverse2)
  const x = switchVariable(p, f32x4.mul(r2, inverse), cutoff2)
  const energy = lennardJonesEnergy(c6, c12, inverse2, f32x4.splat(0), f32x4.splat(0))
  const rest = f32x4.mul(x, f32x4.sub(f32x4.splat(1), x))
  const width = f32x4.sub(f32x4.sqrt(cutoff2), splat(p + 32))
  // −dS/dr
  const slope = f32x4.div(f32x4.mul(f32x4.splat(30), f32x4.mul(rest, rest)), width)
  const force = madd(
    lennardJonesForce(c6, c12, inverse2),
    switchValue(x),
    f32x4.mul(f32x4.mul(energy, slope), inverse),
  )
  return v128.and(force, f32x4.lt(r2, cutoff2))
}

/** Electrostatic force of unit charges: bare, shift, and the smooth part from its polynomial. */
@inline
export function coulombForce(p: usize, inverse2: v128, smooth: v128): v128 {
  return madd(f32x4.sqrt(inverse2), f32x4.sub(inverse2, splat(p + 16)), smooth)
}

@inline
export function coulombEnergy(p: usize, r2: v128, inverse2: v128, smooth: v128): v128 {
  const inverse = f32x4.sqrt(inverse2)
  const shift = f32x4.sub(f32x4.mul(splat(p + 16), f32x4.mul(r2, inverse)), splat(p + 20))
  return f32x4.add(f32x4.add(inverse, smooth), shift)
}
