import * as z from 'zod'
import { parseYaml } from '../core/yaml.ts'
import { readText, sha256File, writeJson } from './files.ts'

/** Version of the manifests that are written. Since version 2 the recipe has only keys that a recipe file may have. */
const VERSION = 2

/**
 * The data from which a run can be repeated. All values that differ between two equal runs are under `wall_clock`, so
 * that the other keys are equal.
 */
export const manifestSchema = z.strictObject({
  version: z.literal(VERSION),
  /** The command line, without the program. */
  command: z.array(z.string()),
  /** The recipe with all defaults and absolute paths; null for commands without a recipe. */
  recipe: z.unknown(),
  inputs: z.array(z.strictObject({ path: z.string(), sha256: z.string().regex(/^[0-9a-f]{64}$/) })),
  /** Versions of hoplite, Node.js and other programs. */
  versions: z.record(z.string(), z.string()),
  seed: z.number().int().nullable(),
  platform: z
    .strictObject({
      asked: z.string(),
      ran: z.string(),
      backend: z.string().nullable(),
      fallback_reason: z.string().nullable(),
    })
    .nullable(),
  /**
   * Precision of forces: `f64`; `mixed` for f32 forces accumulated and integrated in f64; `f32` if a device also
   * integrated a stage in f32.
   */
  precision: z.enum(['f64', 'mixed', 'f32']),
  constants: z.string(),
  wall_clock: z.strictObject({
    started_at: z.string(),
    finished_at: z.string().nullable(),
    wall_s: z.number().nullable(),
  }),
})
export type Manifest = Omit<z.infer<typeof manifestSchema>, 'version'>

/** Path as given and SHA-256 of each input file. @throws UserError when one cannot be read */
export function describeInputs(paths: readonly string[]): Manifest['inputs'] {
  return paths.map(path => ({ path, sha256: sha256File(path) }))
}

export function writeManifest(path: string, manifest: Manifest): void {
  writeJson(path, { version: VERSION, ...manifest })
}

/** Reads a manifest and converts that of an earlier version. @throws UserError with file and line */
export function readManifest(path: string): Manifest {
  const { version, ...manifest } = parseYaml(readText(path), z.preprocess(current, manifestSchema), path)
  return manifest
}

type Block = Readonly<Record<string, unknown>>
const isBlock = (value: unknown): value is Block => typeof value === 'object' && value !== null
const without = (block: Block, keys: readonly string[]) =>
  Object.fromEntries(Object.entries(block).filter(([key]) => !keys.includes(key)))

/** Converts a manifest to the present version. */
function current(manifest: unknown): unknown {
  if (!isBlock(manifest) || 'version' in manifest) return manifest
  return { version: VERSION, ...manifest, recipe: recipeOfVersion1(manifest.recipe) }
}

const BAROSTAT_KEYS = ['pressure_bar', 'barostat_time_ps', 'compressibility_per_bar']
/** Keys that version 1 wrote for stages of these kinds although the schema does not have them. */
const ADDED_KEYS: Readonly<Record<string, readonly string[]>> = {
  nve: ['thermostat', 'thermostat_time_ps', ...BAROSTAT_KEYS],
  nvt: BAROSTAT_KEYS,
}

/** The recipe of a manifest of version 1 without these additional keys. */
function recipeOfVersion1(recipe: unknown): unknown {
  if (!isBlock(recipe)) return recipe
  const { interactions, stages } = recipe
  const hasAccuracy = isBlock(interactions) && ['pme', 'ewald'].includes(String(interactions.coulomb))
  return {
    ...recipe,
    ...(isBlock(interactions) &&
      !hasAccuracy && { interactions: without(interactions, ['coulomb_accuracy']) }),
    ...(Array.isArray(stages) && {
      stages: stages.map(stage =>
        isBlock(stage) ? without(stage, ADDED_KEYS[String(stage.kind)] ?? []) : stage,
      ),
    }),
  }
}
