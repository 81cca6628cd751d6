import { dirname, resolve } from 'node:path'
import * as z from 'zod'
import { parseYamlDocument, validate, type YamlPath } from '../core/yaml.ts'
import { readText } from '../files/files.ts'
import { loadBandRecipe } from './bandRecipe.ts'
import { fileName, path, seed } from './keys.ts'
import { isSolid, resolveSolid, solidSchema } from './solidSchema.ts'

/** Schema of a recipe of `hoplite build` for a crystal or a slab, without stages and with an optional potential. */
export const solidRecipeSchema = z.strictObject({
  name: fileName,
  seed,
  system: z.strictObject({ potential: path.optional(), build: solidSchema }),
})

/** A recipe of a crystal or a slab with its file. */
export interface LoadedSolidRecipe {
  /** The recipe with absolute paths. */
  readonly recipe: z.output<typeof solidRecipeSchema>
  readonly path: string
  /** Returns the place of a key as `file:line:column key`, for messages. */
  where(path: YamlPath): string
}

/**
 * Reads the recipe of a crystal, from a recipe of its own or from a band recipe (the initial end).
 * @returns null when the recipe builds no crystal
 * @throws UserError with file, line and key
 */
export function loadSolidRecipe(path: string): LoadedSolidRecipe | null {
  const text = readText(path)
  const { value: raw, where } = parseYamlDocument(text, z.unknown(), path)
  if (!buildsSolid(raw)) return null
  if ('hop' in raw) {
    const { recipe, where } = loadBandRecipe(path)
    const { name, seed, system } = recipe
    return { recipe: { name, seed, system: { ...system, build: system.build! } }, path, where }
  }
  const value = validate(raw, solidRecipeSchema, where)
  const folder = dirname(resolve(path))
  const { potential, build } = value.system
  const system = {
    ...(potential !== undefined && { potential: resolve(folder, potential) }),
    build: resolveSolid(build, folder),
  }
  return { recipe: { ...value, system }, path, where }
}

/** True if a recipe, not yet validated, builds a crystal. */
export function buildsSolid(recipe: unknown): recipe is object {
  const system = z.object({ system: z.object({ build: z.unknown() }) }).safeParse(recipe)
  return system.success && isSolid(system.data.system.build)
}
