import { UserError } from '../errors.ts'
import type { LoadedRecipe } from '../recipes/recipe.ts'

/** The recipe with what the command line replaces. */
export function overrideRecipe(
  loaded: LoadedRecipe,
  { seed, productionSteps }: { seed?: number | undefined; productionSteps?: number | undefined },
): LoadedRecipe {
  let { recipe } = loaded
  if (seed !== undefined) {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new UserError({
        message: `--seed is ${seed}`,
        where: 'command line',
        hint: 'it takes a whole number ≥ 0',
      })
    }
    recipe = { ...recipe, seed }
  }
  if (productionSteps !== undefined) {
    const production = recipe.stages.at(-1)!
    if (!('time_ps' in production)) {
      throw new UserError({
        message: `the last stage, ${production.name}, is of kind ${production.kind}: it has no number of steps`,
        where: loaded.where(['stages', recipe.stages.length - 1]),
        hint: 'only stages of kind nve, nvt and npt do',
      })
    }
    const time_ps = (Math.round(productionSteps) * production.timestep_fs) / 1000
    recipe = { ...recipe, stages: [...recipe.stages.slice(0, -1), { ...production, time_ps }] }
  }
  return { ...loaded, recipe }
}
