/**
 * Whole runs from recipes: molecular dynamics, bands, and analysis of run directories.
 *
 * @module
 */

export { type BandOutcome, computeBand } from '../bands/computeBand.ts'
export { type LoadedBand, loadBand } from '../bands/loadBand.ts'
export { type NebResults, runNeb } from '../bands/neb.ts'
export { prepareBand } from '../bands/prepareBand.ts'
export { prepareImageEvaluator } from '../platform/images/images.ts'
export { type BandRecipe, bandRecipeJsonSchema, loadBandRecipe } from '../recipes/bandRecipe.ts'
export { loadRecipe, type Recipe, recipeJsonSchema } from '../recipes/recipe.ts'
export { protocolStages } from '../recipes/stages.ts'
export { assemble } from '../run/assemble.ts'
export { type LoadedRun, loadRun } from '../run/loadRun.ts'
export { type MdResults, runMd } from '../run/md.ts'
export { prepareRun } from '../run/prepare.ts'
export { type Survey, survey } from '../transport/survey.ts'
export { type AnalysedSystem, analyseSystem } from '../transport/transport.ts'
