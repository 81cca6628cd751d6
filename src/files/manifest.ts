import * as z from 'zod'
import { parseYaml } from '../core/yaml.ts'
import { readText, sha256File, writeJson } from './files.ts'

/**
 * How a run came about: enough to repeat it. Everything that differs between two equal runs stands under
 * `wall_clock`, so that the rest compares equal.
 */
export const manifestSchema = z.strictObject({
  /** The command line, without the program. */
  command: z.array(z.string()),
  /** The recipe with every default filled in; null for commands that take none. */
  recipe: z.unknown(),
  inputs: z.array(z.strictObject({ path: z.string(), sha256: z.string().regex(/^[0-9a-f]{64}$/) })),
  /** hoplite, node, and what else computed. */
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
   * Of forces: `f64`, or `mixed` for f32 forces accumulated and integrated in f64; `f32` where a device has also integrated
   * some stage in f32.
   */
  precision: z.enum(['f64', 'mixed', 'f32']),
  constants: z.string(),
  wall_clock: z.strictObject({
    started_at: z.string(),
    finished_at: z.string().nullable(),
    wall_s: z.number().nullable(),
  }),
})
export type Manifest = z.infer<typeof manifestSchema>

/** Path as given and SHA-256 of each input file. @throws UserError when one cannot be read */
export function describeInputs(paths: readonly string[]): Manifest['inputs'] {
  return paths.map(path => ({ path, sha256: sha256File(path) }))
}

export function writeManifest(path: string, manifest: Manifest): void {
  writeJson(path, manifest)
}

/** @throws UserError with file and line */
export function readManifest(path: string): Manifest {
  return parseYaml(readText(path), manifestSchema, path)
}
