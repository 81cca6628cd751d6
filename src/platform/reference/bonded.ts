import type { Box } from '../../core/box.ts'
import type { AngleForce, BondForce, Force, RestraintForce } from '../../core/force.ts'
import { harmonicEnergy, harmonicSlope, morseBondEnergy, morseBondSlope } from '../../forces/bonded.ts'
import type { EnergyTerm } from '../platform.ts'
import { type BondedTerm, nearestImage, ownImage } from './bondedTerm.ts'
import { type Accumulator, addSymmetric } from './nonbonded.ts'
import { fourierSeries, harmonicAngle } from './torsionCurves.ts'
import { createTorsions } from './torsions.ts'

/** The bonded terms and restraints of a system. */
export interface Bonded {
  /**
   * Adds forces and virial. @param x [3N] Å, unwrapped @param wantsVirial whether the virial is to be added
   * @param add hears the energy of each term, eV
   */
  evaluate(
    box: Box,
    x: Float64Array,
    into: Accumulator,
    wantsVirial: boolean,
    add: (term: EnergyTerm, energy: number) => void,
  ): void
}

export function createBonded(forces: readonly Force[]): Bonded {
  const terms = forces.flatMap(force => bondedTerm(force) ?? [])
  return {
    evaluate(box, x, into, wantsVirial, add) {
      for (const { name, term } of terms) add(name, term(box, x, into, wantsVirial))
    },
  }
}

/** Returns the bonded term of a force; null for pair and Coulomb forces. */
function bondedTerm(force: Force): { readonly name: EnergyTerm; readonly term: BondedTerm } | null {
  switch (force.kind) {
    case 'bond':
      return { name: 'bond', term: (...at) => bonds(force, ...at) }
    case 'angle':
      return { name: 'angle', term: (...at) => angles(force, ...at) }
    case 'dihedral':
      return { name: 'dihedral', term: createTorsions(force.atoms, fourierSeries(force)) }
    case 'improper': {
      const curve = force.form === 'fourier' ? fourierSeries(force) : harmonicAngle(force.parameters)
      return { name: 'improper', term: createTorsions(force.atoms, curve) }
    }
    case 'restraint':
      return { name: 'restraint', term: (_, x, into) => restraints(force, x, into) }
    case 'pair':
    case 'coulomb':
      return null
  }
}

function bonds(
  force: BondForce,
  ...[box, x, { forces, virial }, wantsVirial]: Parameters<BondedTerm>
): number {
  const { atoms, form, parameters: p } = force
  const v = new Float64Array(3)
  const own = ownImage(box)
  let energy = 0
  let xx = 0
  let xy = 0
  let xz = 0
  let yy = 0
  let yz = 0
  let zz = 0
  for (let k = 0; k < atoms.length / 2; k++) {
    const i = 3 * atoms[2 * k]!
    const j = 3 * atoms[2 * k + 1]!
    // In line, here and in `angles`: a call that returns the separation in an array takes a third more time.
    let vx = x[i]! - x[j]!
    let vy = x[i + 1]! - x[j + 1]!
    let vz = x[i + 2]! - x[j + 2]!
    let square = vx * vx + vy * vy + vz * vz
    if (!(square < own)) {
      nearestImage(v, box, vx, vy, vz)
      vx = v[0]!
      vy = v[1]!
      vz = v[2]!
      square = vx * vx + vy * vy + vz * vz
    }
    const r = Math.sqrt(square)
    let slope: number
    if (form === 'harmonic') {
      energy += harmonicEnergy(r, p[2 * k]!, p[2 * k + 1]!)
      slope = harmonicSlope(r, p[2 * k]!, p[2 * k + 1]!)
    } else {
      energy += morseBondEnergy(r, p[3 * k]!, p[3 * k + 1]!, p[3 * k + 2]!)
      slope = morseBondSlope(r, p[3 * k]!, p[3 * k + 1]!, p[3 * k + 2]!)
    }
    const scale = slope / r
    const gx = scale * vx
    const gy = scale * vy
    const gz = scale * vz
    forces[i]! -= gx
    forces[i + 1]! -= gy
    forces[i + 2]! -= gz
    forces[j]! += gx
    forces[j + 1]! += gy
    forces[j + 2]! += gz
    if (wantsVirial) {
      xx -= vx * gx
      xy -= vx * gy
      xz -= vx * gz
      yy -= vy * gy
      yz -= vy * gz
      zz -= vz * gz
    }
  }
  if (wantsVirial) addSymmetric(virial, xx, xy, xz, yy, yz, zz)
  return energy
}

/** Below this sine an angle is treated as straight, where its gradient has no direction. */
const STRAIGHT = 1e-8

function angles(
  force: AngleForce,
  ...[box, x, { forces, virial }, wantsVirial]: Parameters<BondedTerm>
): number {
  const { atoms, parameters: p } = force
  const w = new Float64Array(3)
  const own = ownImage(box)
  let energy = 0
  let xx = 0
  let xy = 0
  let xz = 0
  let yy = 0
  let yz = 0
  let zz = 0
  for (let k = 0; k < atoms.length / 3; k++) {
    const i = 3 * atoms[3 * k]!
    const j = 3 * atoms[3 * k + 1]!
    const l = 3 * atoms[3 * k + 2]!
    let ux = x[i]! - x[j]!
    let uy = x[i + 1]! - x[j + 1]!
    let uz = x[i + 2]! - x[j + 2]!
    let uu = ux * ux + uy * uy + uz * uz
    if (!(uu < own)) {
      nearestImage(w, box, ux, uy, uz)
      ux = w[0]!
      uy = w[1]!
      uz = w[2]!
      uu = ux * ux + uy * uy + uz * uz
    }
    let vx = x[l]! - x[j]!
    let vy = x[l + 1]! - x[j + 1]!
    let vz = x[l + 2]! - x[j + 2]!
    let vv = vx * vx + vy * vy + vz * vz
    if (!(vv < own)) {
      nearestImage(w, box, vx, vy, vz)
      vx = w[0]!
      vy = w[1]!
      vz = w[2]!
      vv = vx * vx + vy * vy + vz * vz
    }
    const perLengths = 1 / Math.sqrt(uu * vv)
    const cosine = Math.min(1, Math.max(-1, (ux * vx + uy * vy + uz * vz) * perLengths))
    const theta = Math.acos(cosine)
    const sine = Math.max(STRAIGHT, Math.sqrt(1 - cosine * cosine))
    energy += harmonicEnergy(theta, p[2 * k]!, p[2 * k + 1]!)
    const scale = -harmonicSlope(theta, p[2 * k]!, p[2 * k + 1]!) / sine
    const mixed = scale * perLengths
    const alongU = (scale * cosine) / uu
    const alongV = (scale * cosine) / vv
    const ax = mixed * vx - alongU * ux
    const ay = mixed * vy - alongU * uy
    const az = mixed * vz - alongU * uz
    const bx = mixed * ux - alongV * vx
    const by = mixed * uy - alongV * vy
    const bz = mixed * uz - alongV * vz
    forces[i]! -= ax
    forces[i + 1]! -= ay
    forces[i + 2]! -= az
    forces[l]! -= bx
    forces[l + 1]! -= by
    forces[l + 2]! -= bz
    forces[j]! += ax + bx
    forces[j + 1]! += ay + by
    forces[j + 2]! += az + bz
    if (wantsVirial) {
      xx -= ux * ax + vx * bx
      xy -= ux * ay + vx * by
      xz -= ux * az + vx * bz
      yy -= uy * ay + vy * by
      yz -= uy * az + vy * bz
      zz -= uz * az + vz * bz
    }
  }
  if (wantsVirial) addSymmetric(virial, xx, xy, xz, yy, yz, zz)
  return energy
}

/** Restraints to fixed points, computed from unwrapped positions. */
function restraints(
  { atoms, anchors, stiffness }: RestraintForce,
  x: Float64Array,
  into: Accumulator,
): number {
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
