import { dirname, isAbsolute, resolve } from 'node:path'
import * as z from 'zod'
import { parseObject, parseYamlDocument, validate } from '../core/yaml.ts'
import { UserError } from '../errors.ts'
import { readText } from '../files/files.ts'
import { isEwald } from '../potentials/interactions.ts'
import { interactionsSchema } from './interactions.ts'
import { constants, count, fileName, type Loaded, path, positive, seed, tetherKeys } from './keys.ts'
import { buildsSolid } from './solidRecipe.ts'
import { absoluteUnit } from './solidSchema.ts'
import { stageSchema } from './stages.ts'

export const fraction = z.number().min(0).max(1)
export const placement = z.enum(['isolated', 'adjacent', 'random'])

const replaceSchema = z.strictObject({
  unit: path.describe('repeat unit that replaces other units'),
  fraction: fraction.describe('fraction of replaced units, rounded per chain'),
  placement: placement.default('isolated'),
  keep_ends: z.boolean().default(true).describe('true: the first and the last unit are not replaced'),
})

const polymerSchema = z.strictObject({
  unit: path.describe('a name in structures/units, or a path to a unit file'),
  chains: count,
  units_per_chain: count,
  conformation: z.enum(['trans', 'tgtg', 'random']).default('random'),
  defect_fraction: fraction.default(0).describe('fraction of head-to-head units'),
  replace: replaceSchema.optional(),
})

const lamellaSchema = z.strictObject({
  form: path.describe('a name in structures/forms, or a path to a form file'),
  cells: z.tuple([count, count]).describe('numbers of cells of the form along x and y'),
  gap_A: positive
    .max(1000)
    .describe('distance along z between the faces of neighbouring lamellae; the ions are there'),
})

/** Schema of boxes of molecules; crystals have their own schema. */
export const buildSchema = z
  .strictObject({
    polymers: z.array(polymerSchema).min(1).optional(),
    ions: z
      .record(z.string().min(1), count)
      .optional()
      .describe('number of each ion, by its name in structures/units'),
    density_g_per_cm3: positive.max(30).optional().describe('density of an amorphous, cubic box'),
    lamella: lamellaSchema
      .optional()
      .describe('instead of a density: chains of one kind along z on the lattice of a crystal form'),
  })
  .superRefine((build, context) => {
    if ((build.density_g_per_cm3 === undefined) === (build.lamella === undefined)) {
      const both = build.lamella !== undefined
      context.addIssue({
        code: 'custom',
        path: both ? ['density_g_per_cm3'] : [],
        message: both
          ? 'a lamella has a density already: that of its lattice and its gap'
          : 'build needs one of density_g_per_cm3 and lamella',
      })
    }
    if (build.polymers || Object.keys(build.ions ?? {}).length > 0) return
    context.addIssue({ code: 'custom', path: [], message: 'build needs polymers, ions or both' })
  })

export type Build = z.output<typeof buildSchema>

export const chargeScale = positive.max(2).describe('factor on the charges of types marked ion')
export const hydrogenMass = z
  .number()
  .min(1)
  .max(10)
  .optional()
  .describe('mass of hydrogens, taken from the bonded heavy atoms. Default: true masses')
export const neutralizingBackground = z
  .boolean()
  .optional()
  .describe('true: allows a net charge, which a uniform background compensates; for pme and ewald')

const systemSchema = z
  .strictObject({
    potential: path.describe('file of potential parameters, relative to the recipe'),
    structure: path.optional().describe('structure file, relative to the recipe'),
    build: buildSchema.optional(),
    charge_scale: chargeScale.default(1),
    hydrogen_mass_g_per_mol: hydrogenMass,
    neutralizing_background: neutralizingBackground,
  })
  .superRefine((system, context) => {
    if ((system.structure === undefined) !== (system.build === undefined)) return
    const both = system.structure !== undefined
    context.addIssue({
      code: 'custom',
      path: both ? ['build'] : [],
      message: both ? 'give structure or build, not both' : 'system needs one of structure and build',
    })
  })

export const constraintsSchema = z.strictObject({
  bonds: z.enum(['none', 'h-bonds', 'all-bonds']).default('none'),
  angles: z
    .enum(['none', 'h-angles'])
    .default('none')
    .describe('h-angles: angles between two hydrogens, such as that of rigid water'),
  tolerance: z.number().min(1e-14).max(1e-2).default(1e-8).describe('relative, of every constrained length'),
})

export const outputSchema = z.strictObject({
  trajectory_every_ps: positive.default(0.1),
  log_every_ps: positive.default(0.1),
  checkpoint_every_ps: positive.default(5),
})

export const viscosity = positive
  .optional()
  .describe('shear viscosity of the simulated liquid, for the finite-size correction of D in cubic cells')

const analysisSchema = z
  .strictObject({
    species: z.string().min(1).default('Li'),
    fit_from_ps: z.number().min(0).optional(),
    fit_to_ps: positive.optional(),
    viscosity_mPa_s: viscosity,
  })
  .superRefine(({ fit_from_ps, fit_to_ps }, context) => {
    if ((fit_from_ps === undefined) !== (fit_to_ps === undefined)) {
      const missing = fit_from_ps === undefined ? 'fit_from_ps' : 'fit_to_ps'
      const given = fit_from_ps === undefined ? 'fit_to_ps' : 'fit_from_ps'
      context.addIssue({ code: 'custom', path: [given], message: `${given} needs ${missing} with it` })
    } else if (fit_from_ps !== undefined && fit_from_ps >= fit_to_ps!) {
      context.addIssue({
        code: 'custom',
        path: ['fit_to_ps'],
        message: `fit_to_ps is ${fit_to_ps}: it must be above fit_from_ps, ${fit_from_ps}`,
      })
    }
  })

/** Schema of a recipe of `hoplite build` and `hoplite md`: refuses unknown keys, fills in defaults. */
export const recipeSchema = z
  .strictObject({
    name: fileName,
    seed,
    system: systemSchema,
    interactions: interactionsSchema.prefault({}),
    tethers: z.strictObject(tetherKeys).optional(),
    constraints: constraintsSchema.prefault({}),
    stages: z.array(stageSchema).min(1),
    output: outputSchema.prefault({}).describe('output of the last stage, the production'),
    analysis: analysisSchema.optional(),
    constants,
  })
  .superRefine(({ system, interactions, stages }, context) => {
    if (system.neutralizing_background === true && !isEwald(interactions.coulomb)) {
      context.addIssue({
        code: 'custom',
        path: ['system', 'neutralizing_background'],
        message: `coulomb: ${interactions.coulomb} has no background: that belongs to pme and ewald`,
      })
    }
    stages.forEach(({ name }, k) => {
      if (stages.findIndex(other => other.name === name) === k) return
      context.addIssue({
        code: 'custom',
        path: ['stages', k, 'name'],
        message: `two stages are named ${name}`,
      })
    })
  })

/** A recipe with every default filled in: plain data that a recipe file may hold. */
export type Recipe = z.output<typeof recipeSchema>

export type LoadedRecipe = Loaded<Recipe>

/** Reads a recipe. @throws UserError with file, line and key */
export function loadRecipe(path: string): LoadedRecipe {
  return parseRecipe(readText(path), path)
}

/** Reads a recipe from a text. @param path file of the text, for messages and relative paths @throws UserError with file, line and key */
export function parseRecipe(text: string, path: string): LoadedRecipe {
  const { value, where } = parseYamlDocument(text, z.unknown(), path)
  return { recipe: validRecipe(value, path, where), text, path, where }
}

function validRecipe(written: unknown, path: string, where: LoadedRecipe['where']): Recipe {
  if (buildsSolid(written)) {
    // The recipes of crystals and bands have other keys, which would give misleading messages here.
    throw new UserError({
      message: 'this recipe builds a crystal: molecular dynamics takes a structure file of it',
      where: where(['system', 'build']),
      hint: `hoplite build ${path} --out crystal.extxyz, then system: { structure: crystal.extxyz }`,
    })
  }
  const recipe = validate(written, recipeSchema, where)
  checkFitWindow(recipe, where)
  return withAbsolutePaths(recipe, dirname(path))
}

/** Checks the fit window before the run: a window beyond the end of the production would fail only after hours. */
function checkFitWindow({ stages, analysis }: Recipe, where: LoadedRecipe['where']): void {
  const last = stages.at(-1)!
  if (!analysis) return
  if (!('time_ps' in last)) {
    throw new UserError({
      message: `analysis needs a last stage of dynamics, not ${last.kind}`,
      where: where(['analysis']),
    })
  }
  if (analysis.fit_to_ps !== undefined && analysis.fit_to_ps > last.time_ps) {
    throw new UserError({
      message: `fit_to_ps is ${analysis.fit_to_ps}: the last stage, ${last.name}, is ${last.time_ps} ps long`,
      where: where(['analysis', 'fit_to_ps']),
    })
  }
}

/**
 * Reads a recipe from an object, such as a part of another document.
 * @param value object with the keys of a recipe file
 * @param path file of the object; relative paths start at its folder
 * @param place name of the object in messages, such as `study.yaml (case)`
 * @throws UserError with the key
 */
export function recipeFromObject(value: unknown, path: string, place: string = path): LoadedRecipe {
  const { where } = parseObject(value, z.unknown(), place)
  return { recipe: validRecipe(value, path, where), text: JSON.stringify(value, null, 2), path, where }
}

/**
 * Reads the recipe of a run from its manifest, with absolute paths.
 * @throws UserError with the key
 */
export function recipeOfRun({ recipe }: { readonly recipe?: unknown }, manifestFile: string): LoadedRecipe {
  if (typeof recipe === 'object' && recipe !== null && 'band' in recipe) {
    throw new UserError({
      message: 'this is a band, not a run of molecular dynamics',
      where: manifestFile,
      hint: `continue it with: hoplite neb ${dirname(manifestFile)} --resume`,
    })
  }
  return recipeFromObject(recipe, manifestFile, `${manifestFile} (recipe)`)
}

/**
 * Returns the recipe with another seed or another number of steps in the last stage.
 * @throws UserError for a wrong number
 */
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
        hint: 'give a whole number ≥ 0',
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

function withAbsolutePaths(recipe: Recipe, folder: string): Recipe {
  const { potential, structure, build } = recipe.system
  const { tethers } = recipe
  return {
    ...recipe,
    ...(tethers?.to !== undefined && { tethers: { ...tethers, to: resolve(folder, tethers.to) } }),
    system: {
      ...recipe.system,
      potential: resolve(folder, potential),
      ...(structure !== undefined && { structure: resolve(folder, structure) }),
      ...(build && { build: absoluteBuild(build, folder) }),
    },
  }
}

/** The build with absolute paths; names of shipped units do not change. */
export function absoluteBuild(build: Build, folder: string): Build {
  const unit = (name: string) => absoluteUnit(name, folder)
  return {
    ...build,
    ...(build.lamella && { lamella: { ...build.lamella, form: unit(build.lamella.form) } }),
    ...(build.polymers && {
      polymers: build.polymers.map(polymer => ({
        ...polymer,
        unit: unit(polymer.unit),
        ...(polymer.replace && { replace: { ...polymer.replace, unit: unit(polymer.replace.unit) } }),
      })),
    }),
  }
}

/** Files of units and forms that are not shipped with hoplite. @param build as returned by `absoluteBuild` */
export function filesOfBuild({ polymers = [], lamella }: Build): string[] {
  const names = polymers.flatMap(({ unit, replace }) => (replace ? [unit, replace.unit] : [unit]))
  return [...new Set(lamella ? [...names, lamella.form] : names)].filter(isAbsolute)
}

/** The JSON schema (draft 2020-12) of a recipe file, for editors that complete and check YAML. */
export function recipeJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(recipeSchema, { io: 'input' })
}
