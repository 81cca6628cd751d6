/**
 * Construction of boxes of polymer and salt, and of crystals, slabs and adsorbates.
 *
 * @module
 */

export { type BuildReport, type BuildResult, buildBox } from '../construct/pack.ts'
export { buildSolid, type Solid, type SolidOptions } from '../construct/solid.ts'
export type { SolidRecipe } from '../construct/solidRecipe.ts'
