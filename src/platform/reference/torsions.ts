import { type Box, minimumImage } from '../../core/box.ts'
import { type BondedTerm, ownImage } from './bondedTerm.ts'
import { type Accumulator, addSymmetric } from './nonbonded.ts'
import type { TorsionCurve } from './torsionCurves.ts'

/**
 * Torsions sorted by their axis, the bond they turn about. Quantities of one arm, a bond to an atom at one end of a
 * torsion, are computed once for all torsions with this arm.
 */
interface Axes {
  /** [2A] offsets of the near and the far end in [3N] arrays. */
  readonly ends: Int32Array
  /** [2A+1] first arm of each end. */
  readonly armStart: Int32Array
  /** [R] offset of the outer atom of each arm. */
  readonly arms: Int32Array
  /** [M] number that each torsion had. */
  readonly torsions: Int32Array
  /** [2M] near and far arm of each torsion. */
  readonly pairs: Int32Array
}

/** @param atoms [4M] i, j, k, l about the axis j–k */
function sortByAxis(atoms: Int32Array): Axes {
  const axes = new Map<
    string,
    [torsion: number, outerNear: number, near: number, far: number, outerFar: number][]
  >()
  for (let k = 0; k < atoms.length / 4; k++) {
    const [i, j, l, m] = [atoms[4 * k]!, atoms[4 * k + 1]!, atoms[4 * k + 2]!, atoms[4 * k + 3]!]
    const key = j < l ? `${j}-${l}` : `${l}-${j}`
    const about = axes.get(key) ?? []
    // Read backwards a torsion is the same.
    about.push(j < l ? [k, i, j, l, m] : [k, m, l, j, i])
    axes.set(key, about)
  }
  const ends: number[] = []
  const armStart = [0]
  const arms: number[] = []
  const torsions: number[] = []
  const pairs: number[] = []
  for (const about of axes.values()) {
    const [, , near, far] = about[0]!
    ends.push(3 * near, 3 * far)
    const first = arms.length
    const nearArms = [...new Set(about.map(([, outer]) => outer))]
    const farArms = [...new Set(about.map(([, , , , outer]) => outer))]
    armStart.push(first + nearArms.length, first + nearArms.length + farArms.length)
    arms.push(...[...nearArms, ...farArms].map(atom => 3 * atom))
    for (const [torsion, outerNear, , , outerFar] of about) {
      torsions.push(torsion)
      pairs.push(first + nearArms.indexOf(outerNear), first + nearArms.length + farArms.indexOf(outerFar))
    }
  }
  return {
    ends: Int32Array.from(ends),
    armStart: Int32Array.from(armStart),
    arms: Int32Array.from(arms),
    torsions: Int32Array.from(torsions),
    pairs: Int32Array.from(pairs),
  }
}

/** Numbers kept of an arm: its vector v, n = v×G/|v×G|, ∓|G|/|v×G| (near, far), ±v·G/(|G||v×G|). */
const ARM = 8

/** Intermediate results of an evaluation. */
interface Geometry {
  /** [3A] G, Å */
  readonly axisVectors: Float64Array
  /** [R·ARM] */
  readonly armVectors: Float64Array
  /** [M] of φ. */
  readonly cosines: Float64Array
  readonly sines: Float64Array
  /** [M] dE/dφ, eV */
  readonly slopes: Float64Array
  /** [R] Σ dE/dφ over the torsions of each arm. */
  readonly pull: Float64Array
}

/**
 * Torsions of any curve. With G the axis and F, H the arms, A = F×G and B = H×G: φ is the angle between A and B, and its
 * gradients have no 1/sin φ: Blondel & Karplus 1996,
 * https://doi.org/10.1002/(SICI)1096-987X(19960715)17:9<1132::AID-JCC5>3.0.CO;2-T, eq. 27.
 * @param atoms [4M]
 */
export function createTorsions(atoms: Int32Array, curve: TorsionCurve): BondedTerm {
  const axes = sortByAxis(atoms)
  const count = axes.torsions.length
  const geometry: Geometry = {
    axisVectors: new Float64Array(1.5 * axes.ends.length),
    armVectors: new Float64Array(ARM * axes.arms.length),
    cosines: new Float64Array(count),
    sines: new Float64Array(count),
    slopes: new Float64Array(count),
    pull: new Float64Array(axes.arms.length),
  }
  return (box, x, into, wantsVirial) => {
    findGeometry(axes, geometry, box, x)
    findAngles(axes, geometry)
    const energy = curve(axes.torsions, geometry.cosines, geometry.sines, geometry.slopes)
    addForces(axes, geometry, into, wantsVirial)
    return energy
  }
}

/** Fills in axes and arms. */
function findGeometry(axes: Axes, geometry: Geometry, box: Box, x: Float64Array): void {
  const { ends, armStart, arms } = axes
  const { axisVectors, armVectors } = geometry
  const own = ownImage(box)
  const v = new Float64Array(3)
  for (let a = 0; a < ends.length / 2; a++) {
    const near = ends[2 * a]!
    const far = ends[2 * a + 1]!
    separation(v, box, own, x, near, far)
    const gx = v[0]!
    const gy = v[1]!
    const gz = v[2]!
    axisVectors[3 * a] = gx
    axisVectors[3 * a + 1] = gy
    axisVectors[3 * a + 2] = gz
    const g = Math.sqrt(gx * gx + gy * gy + gz * gz)
    const middle = armStart[2 * a + 1]!
    for (let arm = armStart[2 * a]!; arm < armStart[2 * a + 2]!; arm++) {
      const isNear = arm < middle
      separation(v, box, own, x, arms[arm]!, isNear ? near : far)
      const vx = v[0]!
      const vy = v[1]!
      const vz = v[2]!
      const nx = vy * gz - vz * gy
      const ny = vz * gx - vx * gz
      const nz = vx * gy - vy * gx
      const perNormal = 1 / Math.sqrt(nx * nx + ny * ny + nz * nz)
      const projection = ((vx * gx + vy * gy + vz * gz) * perNormal) / g
      const at = ARM * arm
      armVectors[at] = vx
      armVectors[at + 1] = vy
      armVectors[at + 2] = vz
      armVectors[at + 3] = nx * perNormal
      armVectors[at + 4] = ny * perNormal
      armVectors[at + 5] = nz * perNormal
      armVectors[at + 6] = isNear ? -g * perNormal : g * perNormal
      armVectors[at + 7] = isNear ? projection : -projection
    }
  }
}

/** Fills in cosines and sines. */
function findAngles({ torsions, pairs }: Axes, { armVectors, cosines, sines }: Geometry): void {
  for (let k = 0; k < torsions.length; k++) {
    const near = ARM * pairs[2 * k]!
    const far = ARM * pairs[2 * k + 1]!
    const bx = armVectors[far + 3]!
    const by = armVectors[far + 4]!
    const bz = armVectors[far + 5]!
    cosines[k] = armVectors[near + 3]! * bx + armVectors[near + 4]! * by + armVectors[near + 5]! * bz
    // sin φ |A||B| = (B×A)·G/|G| = −|G| F·B
    const along = armVectors[near]! * bx + armVectors[near + 1]! * by + armVectors[near + 2]! * bz
    sines[k] = armVectors[near + 6]! * along
  }
}

function addForces(axes: Axes, geometry: Geometry, into: Accumulator, wantsVirial: boolean): void {
  const { ends, armStart, arms, torsions, pairs } = axes
  const { axisVectors, armVectors, slopes, pull } = geometry
  const { forces, virial } = into
  pull.fill(0)
  for (let k = 0; k < torsions.length; k++) {
    pull[pairs[2 * k]!]! += slopes[k]!
    pull[pairs[2 * k + 1]!]! += slopes[k]!
  }
  let xx = 0
  let xy = 0
  let xz = 0
  let yy = 0
  let yz = 0
  let zz = 0
  for (let side = 0; side < ends.length; side++) {
    // Gradients with respect to the axis and to the arms of this end, each summed.
    let gx = 0
    let gy = 0
    let gz = 0
    let sx = 0
    let sy = 0
    let sz = 0
    for (let arm = armStart[side]!; arm < armStart[side + 1]!; arm++) {
      const at = ARM * arm
      const along = pull[arm]! * armVectors[at + 6]!
      const tilt = pull[arm]! * armVectors[at + 7]!
      const nx = armVectors[at + 3]!
      const ny = armVectors[at + 4]!
      const nz = armVectors[at + 5]!
      const dx = along * nx
      const dy = along * ny
      const dz = along * nz
      const outer = arms[arm]!
      forces[outer]! -= dx
      forces[outer + 1]! -= dy
      forces[outer + 2]! -= dz
      sx += dx
      sy += dy
      sz += dz
      gx += tilt * nx
      gy += tilt * ny
      gz += tilt * nz
      if (wantsVirial) {
        const vx = armVectors[at]!
        const vy = armVectors[at + 1]!
        xx -= vx * dx
        xy -= vx * dy
        xz -= vx * dz
        yy -= vy * dy
        yz -= vy * dz
        zz -= armVectors[at + 2]! * dz
      }
    }
    const near = ends[side - (side % 2)]!
    const far = ends[side - (side % 2) + 1]!
    const own = ends[side]!
    forces[own]! += sx
    forces[own + 1]! += sy
    forces[own + 2]! += sz
    forces[near]! -= gx
    forces[near + 1]! -= gy
    forces[near + 2]! -= gz
    forces[far]! += gx
    forces[far + 1]! += gy
    forces[far + 2]! += gz
    if (wantsVirial) {
      const axis = 3 * (side >> 1)
      const ax = axisVectors[axis]!
      const ay = axisVectors[axis + 1]!
      xx -= ax * gx
      xy -= ax * gy
      xz -= ax * gz
      yy -= ay * gy
      yz -= ay * gz
      zz -= axisVectors[axis + 2]! * gz
    }
  }
  if (wantsVirial) addSymmetric(virial, xx, xy, xz, yy, yz, zz)
}

/** Writes v = x_a − x_b, Å, of the nearest image. @param own `ownImage` of the box @param a, b offsets in x */
function separation(v: Float64Array, box: Box, own: number, x: Float64Array, a: number, b: number): void {
  const vx = x[a]! - x[b]!
  const vy = x[a + 1]! - x[b + 1]!
  const vz = x[a + 2]! - x[b + 2]!
  v[0] = vx
  v[1] = vy
  v[2] = vz
  if (!(vx * vx + vy * vy + vz * vz < own)) minimumImage(box, v)
}
