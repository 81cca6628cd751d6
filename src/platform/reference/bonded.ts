import { type Box, minimumImage } from '../../core/box.ts'
import type { AngleForce, BondForce, DihedralForce, ImproperForce, RestraintForce } from '../../core/force.ts'
import { harmonicEnergy, harmonicSlope, morseBondEnergy, morseBondSlope } from '../../forces/bonded.ts'
import type { Accumulator } from './nonbonded.ts'

/**
 * Bonded terms are functions of separation vectors v = x_a − x_b (nearest image). With the gradient g = ∂E/∂v known,
 * the force is −g on a and +g on b, and the virial −v⊗g: `applyGradient` is the only place that says so.
 */
type Vector = Float64Array

const vector = (): Vector => new Float64Array(3)

function separation(out: Vector, box: Box, x: Float64Array, a: number, b: number): void {
  for (let c = 0; c < 3; c++) out[c] = x[3 * a + c]! - x[3 * b + c]!
  minimumImage(box, out)
}

function applyGradient(into: Accumulator, a: number, b: number, v: Vector, g: Vector): void {
  const { forces, virial } = into
  for (let c = 0; c < 3; c++) {
    forces[3 * a + c]! -= g[c]!
    forces[3 * b + c]! += g[c]!
    for (let d = 0; d < 3; d++) virial[3 * c + d]! -= v[c]! * g[d]!
  }
}

const dot = (a: Vector, b: Vector) => a[0]! * b[0]! + a[1]! * b[1]! + a[2]! * b[2]!

function cross(out: Vector, a: Vector, b: Vector): void {
  out[0] = a[1]! * b[2]! - a[2]! * b[1]!
  out[1] = a[2]! * b[0]! - a[0]! * b[2]!
  out[2] = a[0]! * b[1]! - a[1]! * b[0]!
}

export function evaluateBonds(force: BondForce, box: Box, x: Float64Array, into: Accumulator): number {
  const v = vector()
  const g = vector()
  const { atoms, parameters: p } = force
  let energy = 0
  for (let k = 0; k < atoms.length / 2; k++) {
    const i = atoms[2 * k]!
    const j = atoms[2 * k + 1]!
    separation(v, box, x, i, j)
    const r = Math.sqrt(dot(v, v))
    let slope: number
    if (force.form === 'harmonic') {
      energy += harmonicEnergy(r, p[2 * k]!, p[2 * k + 1]!)
      slope = harmonicSlope(r, p[2 * k]!, p[2 * k + 1]!)
    } else {
      energy += morseBondEnergy(r, p[3 * k]!, p[3 * k + 1]!, p[3 * k + 2]!)
      slope = morseBondSlope(r, p[3 * k]!, p[3 * k + 1]!, p[3 * k + 2]!)
    }
    for (let c = 0; c < 3; c++) g[c] = (slope / r) * v[c]!
    applyGradient(into, i, j, v, g)
  }
  return energy
}

/** Below this sine an angle is treated as straight, where its gradient has no direction. */
const STRAIGHT = 1e-8

export function evaluateAngles(force: AngleForce, box: Box, x: Float64Array, into: Accumulator): number {
  const u = vector()
  const v = vector()
  const gu = vector()
  const gv = vector()
  const { atoms, parameters: p } = force
  let energy = 0
  for (let k = 0; k < atoms.length / 3; k++) {
    const i = atoms[3 * k]!
    const j = atoms[3 * k + 1]!
    const l = atoms[3 * k + 2]!
    separation(u, box, x, i, j)
    separation(v, box, x, l, j)
    const uu = Math.sqrt(dot(u, u))
    const vv = Math.sqrt(dot(v, v))
    const cosine = Math.min(1, Math.max(-1, dot(u, v) / (uu * vv)))
    const theta = Math.acos(cosine)
    const sine = Math.max(STRAIGHT, Math.sqrt(1 - cosine * cosine))
    energy += harmonicEnergy(theta, p[2 * k]!, p[2 * k + 1]!)
    const scale = -harmonicSlope(theta, p[2 * k]!, p[2 * k + 1]!) / sine
    for (let c = 0; c < 3; c++) {
      gu[c] = (scale * (v[c]! / vv - (cosine * u[c]!) / uu)) / uu
      gv[c] = (scale * (u[c]! / uu - (cosine * v[c]!) / vv)) / vv
    }
    applyGradient(into, i, j, u, gu)
    applyGradient(into, l, j, v, gv)
  }
  return energy
}

/** A torsion about G seen from F and H, and its derivatives with respect to the three vectors. */
interface Torsion {
  phi: number
  readonly dF: Vector
  readonly dG: Vector
  readonly dH: Vector
  readonly A: Vector
  readonly B: Vector
}

/**
 * φ between the planes (F, G) and (H, G), without the 1/sin φ singularity:
 * Blondel & Karplus 1996, https://doi.org/10.1002/(SICI)1096-987X(19960715)17:9<1132::AID-JCC5>3.0.CO;2-T, eq. 27.
 */
function torsion(t: Torsion, F: Vector, G: Vector, H: Vector): void {
  cross(t.A, F, G)
  cross(t.B, H, G)
  const A2 = dot(t.A, t.A)
  const B2 = dot(t.B, t.B)
  const g = Math.sqrt(dot(G, G))
  const FG = dot(F, G) / (A2 * g)
  const HG = dot(H, G) / (B2 * g)
  // sin φ·|A||B| = (B×A)·G/|G| and B×A = G·(G·(F×H)), so that one triple product is enough.
  const triple =
    G[0]! * (F[1]! * H[2]! - F[2]! * H[1]!) +
    G[1]! * (F[2]! * H[0]! - F[0]! * H[2]!) +
    G[2]! * (F[0]! * H[1]! - F[1]! * H[0]!)
  t.phi = Math.atan2(-triple * g, dot(t.A, t.B))
  for (let c = 0; c < 3; c++) {
    t.dF[c] = (-g / A2) * t.A[c]!
    t.dH[c] = (g / B2) * t.B[c]!
    t.dG[c] = FG * t.A[c]! - HG * t.B[c]!
  }
}

const createTorsion = (): Torsion => ({
  phi: 0,
  dF: vector(),
  dG: vector(),
  dH: vector(),
  A: vector(),
  B: vector(),
})

const gradientOf = (out: Vector, slope: number, derivative: Vector): Vector => {
  for (let c = 0; c < 3; c++) out[c] = slope * derivative[c]!
  return out
}

/** Dihedrals, and impropers of the same Fourier form. */
export function evaluateDihedrals(
  force: DihedralForce | Extract<ImproperForce, { form: 'fourier' }>,
  box: Box,
  x: Float64Array,
  into: Accumulator,
): number {
  const [F, G, H, g] = [vector(), vector(), vector(), vector()]
  const t = createTorsion()
  const { atoms, order, coefficients } = force
  const stride = 2 * (order + 1)
  let energy = 0
  for (let k = 0; k < atoms.length / 4; k++) {
    const i = atoms[4 * k]!
    const j = atoms[4 * k + 1]!
    const l = atoms[4 * k + 2]!
    const m = atoms[4 * k + 3]!
    separation(F, box, x, i, j)
    separation(G, box, x, j, l)
    separation(H, box, x, m, l)
    torsion(t, F, G, H)
    const cosine = Math.cos(t.phi)
    const sine = Math.sin(t.phi)
    const a = k * stride
    const b = a + order + 1
    energy += coefficients[a]!
    let slope = 0
    // cos nφ and sin nφ by rotation: cheaper than a pair of calls for every n.
    let cn = 1
    let sn = 0
    for (let n = 1; n <= order; n++) {
      const next = cn * cosine - sn * sine
      sn = sn * cosine + cn * sine
      cn = next
      energy += coefficients[a + n]! * cn + coefficients[b + n]! * sn
      slope += n * (coefficients[b + n]! * cn - coefficients[a + n]! * sn)
    }
    applyGradient(into, i, j, F, gradientOf(g, slope, t.dF))
    applyGradient(into, j, l, G, gradientOf(g, slope, t.dG))
    applyGradient(into, m, l, H, gradientOf(g, slope, t.dH))
  }
  return energy
}

/** Harmonic in the angle 0…π between the planes i–j–k and j–k–l. */
export function evaluateHarmonicImpropers(
  force: Extract<ImproperForce, { form: 'harmonic' }>,
  box: Box,
  x: Float64Array,
  into: Accumulator,
): number {
  const [F, G, H, g] = [vector(), vector(), vector(), vector()]
  const t = createTorsion()
  const { atoms, parameters: p } = force
  let energy = 0
  for (let k = 0; k < atoms.length / 4; k++) {
    const a = atoms[4 * k]!
    const b = atoms[4 * k + 1]!
    const c = atoms[4 * k + 2]!
    const d = atoms[4 * k + 3]!
    separation(F, box, x, a, b)
    separation(G, box, x, b, c)
    separation(H, box, x, d, c)
    torsion(t, F, G, H)
    const chi = Math.abs(t.phi)
    energy += harmonicEnergy(chi, p[2 * k]!, p[2 * k + 1]!)
    const slope = harmonicSlope(chi, p[2 * k]!, p[2 * k + 1]!) * Math.sign(t.phi)
    applyGradient(into, a, b, F, gradientOf(g, slope, t.dF))
    applyGradient(into, b, c, G, gradientOf(g, slope, t.dG))
    applyGradient(into, d, c, H, gradientOf(g, slope, t.dH))
  }
  return energy
}

/** Tethers to points of space. @param x unwrapped positions: a tether does not follow an atom to another image */
export function evaluateRestraints(force: RestraintForce, x: Float64Array, into: Accumulator): number {
  const { atoms, anchors, stiffness } = force
  let energy = 0
  for (let k = 0; k < atoms.length; k++) {
    const i = atoms[k]!
    for (let c = 0; c < 3; c++) {
      const d = x[3 * i + c]! - anchors[3 * k + c]!
      energy += harmonicEnergy(d, stiffness[k]!, 0)
      into.forces[3 * i + c]! -= harmonicSlope(d, stiffness[k]!, 0)
      for (let e = 0; e < 3; e++) {
        into.virial[3 * c + e]! -= x[3 * i + c]! * stiffness[k]! * (x[3 * i + e]! - anchors[3 * k + e]!)
      }
    }
  }
  return energy
}
