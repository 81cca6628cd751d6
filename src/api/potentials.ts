/**
 * Interactions of a structure from a potential file.
 *
 * @module
 */

export { ewaldMethod } from '../forces/ewald.ts'
export { type AssignOptions, assign } from '../potentials/assign.ts'
export { loadPotential, type Potential } from '../potentials/load.ts'
