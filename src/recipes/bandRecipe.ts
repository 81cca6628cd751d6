import { dirname, resolve } from 'node:path'
import * as z from 'zod'
import { parseObject, parseYamlDocument, type YamlPath } from '../core/yaml.ts'
import { UserError } from '../errors.ts'
import { readText } from '../files/files.ts'
import { bandInteractionsSchema, slabCorrection } from './interactions.ts'
import {
  constants,
  count,
  fileName,
  type Loaded,
  path,
  positive,
  seed,
  tetherKeys,
  together,
} from './keys.ts'
import { cartesianSchema, fractionalSchema, resolveSolid, siteSchema, solidSchema } from './solidSchema.ts'

const typesSchema = z
  .record(z.string().min(1), z.string().min(1))
  .describe('atom type of each element, for a file without types')

const systemSchema = z.strictObject({
  potential: path.describe('file of potential parameters, relative to the recipe'),
  structure: path.optional().describe('structure file of the initial end'),
  build: solidSchema.optional().describe('crystal or slab of the initial end'),
  types: typesSchema.optional(),
})

const endpointsSchema = z.strictObject({
  initial: path,
  final: path,
  via: z.array(path).default([]).describe('structures that the first path goes through, in order'),
  types: typesSchema.optional(),
})

const GOALS = ['to', 'to_fractional', 'to_A'] as const

const hopSchema = z
  .strictObject({
    ion: siteSchema.describe('the atom that hops'),
    to: siteSchema.optional().describe('the site of an atom that is removed: the vacancy'),
    to_fractional: fractionalSchema
      .optional()
      .describe('the goal in fractions of the cell vectors; moves with the vacuum of a slab'),
    to_A: cartesianSchema.optional().describe('the goal as [x, y, z], Å'),
    via: z
      .array(z.union([siteSchema, fractionalSchema], { error: 'expected a site or fractions [u, v, w]' }))
      .default([])
      .describe('sites or [u, v, w] that the first path goes through, in order'),
    via_A: z
      .array(cartesianSchema)
      .min(1)
      .optional()
      .describe('points [x, y, z], Å, that the first path goes through, in order; in place of via'),
  })
  .superRefine(
    together((hop, context) => {
      const refuse = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message })
      const given = GOALS.filter(key => hop[key] !== undefined)
      if (given.length === 0) refuse([], 'hop needs one of to, to_fractional and to_A')
      if (given.length > 1) refuse([given[1]!], `give ${given[0]} or ${given[1]}, not both`)
      if (hop.via_A && hop.via.length > 0) refuse(['via_A'], 'give via or via_A, not both')
    }),
  )

const chargesSchema = z
  .strictObject({
    neutralize: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe('atom types that share the opposite of the net charge equally'),
    transfer: z
      .array(
        z.strictObject({
          from: siteSchema.describe('the atom that gives electrons: its charge rises'),
          to: z.array(z.string().min(1)).min(1).describe('atom types that receive them in equal parts'),
          electrons: z.number().describe('number of electrons, such as 0.35'),
        }),
      )
      .default([])
      .describe('moves of electrons after neutralisation, in order'),
  })
  .superRefine(
    together(({ neutralize, transfer }, context) => {
      if (neutralize || transfer.length > 0) return
      context.addIssue({ code: 'custom', path: [], message: 'charges needs neutralize, transfer or both' })
    }),
  )

const tethersSchema = z.strictObject({
  ...tetherKeys,
  except: z
    .union([z.enum(['hop', 'none']), z.array(siteSchema)])
    .default('hop')
    .describe('atoms without tethers: the ion that hops, none, or these sites'),
  adsorbate_eV_per_A2: z
    .number()
    .min(0)
    .default(0)
    .describe('stiffness of the tethers of adsorbates to their relaxed positions'),
})

const bondOverride = z
  .strictObject({
    pattern: z.string().min(1).describe('pattern of the bond in the potential'),
    D_eV: z.number().min(0).optional(),
    a_per_A: positive.optional(),
    k_eV_per_A2: z.number().min(0).optional(),
    r0_A: positive.optional(),
  })
  .superRefine(
    together(({ pattern, ...parameters }, context) => {
      if (Object.values(parameters).some(value => value !== undefined)) return
      context.addIssue({
        code: 'custom',
        path: [],
        message: `the override of ${pattern} has no parameter: give D_eV, a_per_A, k_eV_per_A2 or r0_A`,
      })
    }),
  )

/** Largest number of images of a band. */
const MOST_IMAGES = 199

const bandSchema = z
  .strictObject({
    images: z
      .number()
      .int()
      .min(3)
      .max(MOST_IMAGES)
      .default(9)
      .describe('number of images, both ends included'),
    path: z.enum(['linear', 'idpp']).default('linear').describe('initial path'),
    springs: z.enum(['uniform', 'energy-weighted']).default('uniform'),
    spring_eV_per_A2: z
      .union([positive, z.array(positive).length(2)], { error: 'expected a number, or [softest, stiffest]' })
      .default(1)
      .describe('stiffness of the springs; for energy-weighted [softest, stiffest]'),
    optimizer: z.enum(['lbfgs', 'fire']).default('lbfgs'),
    climb: z.boolean().default(true).describe('true: the highest image climbs to the saddle'),
    fmax_eV_per_A: positive.default(0.01).describe('largest force on an atom of a converged band'),
    max_iterations: count.default(500),
  })
  .superRefine(
    together(({ springs, spring_eV_per_A2: spring, ...band }, context) => {
      const refuse = (key: string, message: string) =>
        context.addIssue({ code: 'custom', path: [key], message })
      if (springs === 'energy-weighted' && typeof spring === 'number') {
        refuse(
          'spring_eV_per_A2',
          `springs: energy-weighted needs two constants: spring_eV_per_A2: [${spring / 10}, ${spring}]`,
        )
      } else if (springs === 'uniform' && typeof spring !== 'number') {
        refuse('spring_eV_per_A2', 'springs: uniform takes one spring_eV_per_A2; two are for energy-weighted')
      } else if (typeof spring !== 'number' && spring[0]! >= spring[1]!) {
        refuse(
          'spring_eV_per_A2',
          `the softest spring, ${spring[0]}, must be below the stiffest, ${spring[1]}`,
        )
      }
      const even = evenWithoutClimbing(band)
      if (even) refuse('images', even)
    }),
  )

function evenWithoutClimbing({ images, climb }: { images: number; climb: boolean }): string | null {
  if (climb || images % 2 === 1) return null
  return `${images} images without climb: no image is at the middle of the path, and the barrier would be too low; use an odd number or climb: true`
}

const vibrationsSchema = z.strictObject({
  prefactor: z
    .boolean()
    .default(true)
    .describe('true: compute prefactor and hop rate of harmonic transition-state theory'),
  temperature_K: positive.max(10_000).default(300),
  shell_A: z
    .union([z.number().min(0), z.literal('all')], { error: 'expected a distance of 0 or more, or all' })
    .default(0)
    .describe(
      'distance from the ion, or from the atom that moves most, up to which atoms vibrate too; 0: that atom alone; all: every atom',
    ),
})

/** Schema of a recipe of `hoplite neb`: refuses unknown keys, fills in defaults. */
export const bandRecipeSchema = z
  .strictObject({
    name: fileName,
    seed,
    system: systemSchema,
    endpoints: endpointsSchema.optional().describe('both ends as files, instead of a structure and a hop'),
    hop: hopSchema.optional(),
    charges: chargesSchema.optional(),
    tethers: tethersSchema.optional(),
    overrides: z
      .strictObject({ bonds: z.array(bondOverride).default([]) })
      .optional()
      .describe('parameters that replace those of the potential'),
    interactions: bandInteractionsSchema.prefault({}),
    band: bandSchema.prefault({}),
    endpoints_fmax_eV_per_A: positive.default(0.005).describe('largest force on an atom of the relaxed ends'),
    vibrations: vibrationsSchema.optional(),
    constants,
  })
  .superRefine(
    together((recipe, context) => {
      for (const { key, message } of mistakes(recipe)) {
        context.addIssue({ code: 'custom', path: [...key], message })
      }
    }),
  )
  .transform(({ interactions, ...recipe }) => ({
    ...recipe,
    interactions: {
      ...interactions,
      slab_correction: slabCorrection(interactions, recipe.system.build?.slab !== undefined),
    },
  }))

interface Blocks {
  readonly system: z.output<typeof systemSchema>
  readonly endpoints?: z.output<typeof endpointsSchema> | undefined
  readonly hop?: z.output<typeof hopSchema> | undefined
  readonly tethers?: z.output<typeof tethersSchema> | undefined
  readonly band: { readonly images: number }
}

/** Finds contradictions between the blocks of a recipe. */
function mistakes({ system, endpoints, hop, tethers, band }: Blocks): { key: YamlPath; message: string }[] {
  const { structure, build } = system
  const found: { key: YamlPath; message: string }[] = []
  const refuse = (key: YamlPath, message: string) => found.push({ key, message })
  if (structure !== undefined && build) refuse(['system', 'build'], 'give structure or build, not both')
  if (system.types && (build || endpoints)) {
    refuse(['system', 'types'], `write types in ${build ? 'system.build' : 'endpoints'}`)
  }
  const start = structure !== undefined ? 'structure' : build ? 'build' : null
  if (endpoints && start) {
    refuse(['endpoints'], `give endpoints, or system.${start} with a hop, not both`)
  } else if (endpoints) {
    if (hop) refuse(['hop'], 'endpoints say where the atoms go: they take no hop with them')
    if (tethers?.except === 'hop') {
      refuse(['tethers'], 'tethers frees the ion of the hop, and there is none: write except: none, or sites')
    }
  } else {
    if (!start) refuse(['system'], 'system needs one of structure and build, or the recipe needs endpoints')
    if (!hop) refuse(['hop'], 'the key `hop` is missing: which ion goes where')
  }
  const via = hop?.via_A?.length ?? (endpoints ?? hop)?.via.length ?? 0
  if (band.images < via + 3) {
    refuse(
      ['band', 'images'],
      `${band.images} images are too few for a path through ${via} via ${via === 1 ? 'point' : 'points'}: at least ${via + 3}`,
    )
  }
  return found
}

/** A band recipe with every default filled in. */
export type BandRecipe = z.output<typeof bandRecipeSchema>

export type LoadedBandRecipe = Loaded<BandRecipe>

/** Reads a band recipe. @throws UserError with file, line and key */
export function loadBandRecipe(path: string): LoadedBandRecipe {
  const text = readText(path)
  const { value, where } = parseYamlDocument(text, bandRecipeSchema, path)
  return { recipe: withAbsolutePaths(value, dirname(resolve(path))), text, path, where }
}

/**
 * Reads a band recipe from an object, such as a part of another document.
 * @param value object with the keys of a recipe file
 * @param path file of the object; relative paths start at its folder
 * @param place name of the object in messages
 * @throws UserError with the key
 */
export function bandRecipeFromObject(value: unknown, path: string, place: string = path): LoadedBandRecipe {
  const { value: recipe, where } = parseObject(value, bandRecipeSchema, place)
  const text = JSON.stringify(value, null, 2)
  return { recipe: withAbsolutePaths(recipe, dirname(resolve(path))), text, path, where }
}

/** Reads the recipe of a band from its manifest. @throws UserError with the key */
export const recipeOfBand = ({ recipe }: { readonly recipe?: unknown }, manifestFile: string) =>
  bandRecipeFromObject(recipe, manifestFile, `${manifestFile} (recipe)`)

/**
 * Returns the recipe with the values of the command line.
 * @throws UserError when they do not fit the recipe
 */
export function overrideBand(
  loaded: LoadedBandRecipe,
  { images, fmax_eV_per_A }: { images?: number | undefined; fmax_eV_per_A?: number | undefined },
): LoadedBandRecipe {
  const band = {
    ...loaded.recipe.band,
    ...(images !== undefined && { images }),
    ...(fmax_eV_per_A !== undefined && { fmax_eV_per_A }),
  }
  const recipe = { ...loaded.recipe, band }
  const message =
    (band.images > MOST_IMAGES ? `a band has at most ${MOST_IMAGES} images` : null) ??
    evenWithoutClimbing(band) ??
    mistakes(recipe)[0]?.message
  if (images !== undefined && message !== undefined) {
    throw new UserError({ message, where: `--images ${images}` })
  }
  return { ...loaded, recipe }
}

function withAbsolutePaths(recipe: BandRecipe, folder: string): BandRecipe {
  const { system, endpoints, tethers } = recipe
  const { structure, build } = system
  return {
    ...recipe,
    system: {
      ...system,
      potential: resolve(folder, system.potential),
      ...(structure !== undefined && { structure: resolve(folder, structure) }),
      ...(build && { build: resolveSolid(build, folder) }),
    },
    ...(tethers?.to !== undefined && { tethers: { ...tethers, to: resolve(folder, tethers.to) } }),
    ...(endpoints && {
      endpoints: {
        ...endpoints,
        initial: resolve(folder, endpoints.initial),
        final: resolve(folder, endpoints.final),
        via: endpoints.via.map(file => resolve(folder, file)),
      },
    }),
  }
}

/** The JSON schema (draft 2020-12) of a band recipe, for editors that complete and check YAML. */
export function bandRecipeJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(bandRecipeSchema, { io: 'input' })
}
