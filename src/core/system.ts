import { G_PER_MOL_A3_IN_G_PER_CM3 } from '../units.ts'
import type { Force } from './force.ts'
import type { Topology } from './topology.ts'

/** Atoms, charges, bonds and interactions of a simulation. Immutable; positions and cell are in `State`. */
export interface System {
  readonly atomCount: number
  /** [N] chemical symbol of each atom. */
  readonly elements: readonly string[]
  /** [T] name of each atom type. */
  readonly typeNames: readonly string[]
  /** [N] index into `typeNames`. */
  readonly typeIndex: Int32Array
  /** [N] g/mol */
  readonly masses: Float64Array
  /** [N] e */
  readonly charges: Float64Array
  readonly topology: Topology
  readonly forces: readonly Force[]
}

/** Net charge of a system, e. */
export function netCharge(system: Pick<System, 'charges'>): number {
  return system.charges.reduce((sum, q) => sum + q, 0)
}

/** Total mass of a system, g/mol. */
export function totalMass(system: Pick<System, 'masses'>): number {
  return system.masses.reduce((sum, m) => sum + m, 0)
}

/** Mass density, g/cm³. @param masses [N] g/mol */
export function densityOf(masses: Float64Array, volume_A3: number): number {
  return (masses.reduce((sum, mass) => sum + mass, 0) / volume_A3) * G_PER_MOL_A3_IN_G_PER_CM3
}
