import { UserError } from '../errors.ts'
import type { LoadedRecipe } from '../recipes/recipe.ts'
import { protocolStages } from '../recipes/stages.ts'
import type { LiveInput } from '../web/live/input.ts'
import { moleculeGroups } from './groups.ts'
import { prepareRun } from './prepare.ts'

/**
 * The input of a recipe for the page of `hoplite serve`.
 * @throws UserError as `prepareRun`; when its last stage is no dynamics; when nothing is there that could be followed
 */
export function liveInput(loaded: LoadedRecipe): LiveInput {
  const { stages, analysis, output, seed, name, constraints } = loaded.recipe
  const production = stages.at(-1)!
  if (!('time_ps' in production)) {
    throw new UserError({
      message: `the last stage, ${production.name}, is of kind ${production.kind}: nothing moves in it`,
      where: loaded.where(['stages', stages.length - 1]),
      hint: 'serve a recipe that ends with nve, nvt or npt',
    })
  }
  const prepared = prepareRun(loaded)
  const { system, state, constants } = prepared
  const species = analysis?.species ?? 'Li'
  if (!system.elements.includes(species)) {
    throw new UserError({
      message: `the box has no ${species} whose motion could be followed`,
      where: loaded.path,
      hint: `add analysis: { species: … }; elements: ${[...new Set(system.elements)].join(', ')}`,
    })
  }
  return {
    name,
    system,
    state,
    stages: protocolStages(stages),
    constraints,
    constants,
    seed,
    log_every_ps: output.log_every_ps,
    frame_every_ps: output.trajectory_every_ps,
    species,
    speciesLabel: species === 'Li' ? 'Li⁺' : species,
    window: {
      from_ps: analysis?.fit_from_ps ?? 0.2 * production.time_ps,
      to_ps: analysis?.fit_to_ps ?? 0.5 * production.time_ps,
    },
    groups: moleculeGroups(prepared, species),
  }
}
