/**
 * Data that all parts share: cell, structure, system, state, errors, units. Runs in web pages.
 *
 * @module
 */

export { type Box, createBox, orthorhombicBox, wrapPositions } from '../core/box.ts'
export type { Force } from '../core/force.ts'
export { copyState, createState, type State } from '../core/state.ts'
export type { Structure } from '../core/structure.ts'
export type { System } from '../core/system.ts'
export { createTopology, type Topology } from '../core/topology.ts'
export { SimulationError, UserError } from '../errors.ts'
export * as units from '../units.ts'
