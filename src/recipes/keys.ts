import * as z from 'zod'
import type { YamlPath } from '../core/yaml.ts'

/** Values that several recipes share. */
export const positive = z.number().positive()
export const count = z.number().int().min(1)
export const path = z.string().min(1)
export const seed = z.number().int().min(0).default(1)
/** A name that is valid as a run directory. */
export const fileName = z
  .string()
  .regex(/^[A-Za-z0-9._-]+$/, 'a name may have letters, digits, dots, underscores and hyphens only')
/** Tethers of atoms to points; keys that all recipes share. */
export const tetherKeys = {
  stiffness_eV_per_A2: z
    .number()
    .min(0)
    .describe('½k·dx², of each atom to where the ideal lattice or the initial file has it'),
  types: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('atom types that are tethered; all when left out'),
  to: path
    .optional()
    .describe('structure file with the points, atom by atom, in place of the initial positions'),
}
/** Set of physical constants. */
export const constants = z.enum(['codata2018', 'lammps']).default('codata2018')

type Refinement<T> = (value: T, context: z.core.$RefinementCtx<T>) => void

/** Returns a check of several keys of a block that is skipped if a single key is wrong. */
export function together<T>(check: Refinement<T>): Refinement<T> {
  return (value, context) => {
    if (context.issues.length === 0) check(value, context)
  }
}

/** A recipe with the file that it comes from. */
export interface Loaded<Recipe> {
  /** The recipe with defaults and absolute paths. */
  readonly recipe: Recipe
  /** Text of the recipe; from a file, with its comments. */
  readonly text: string
  readonly path: string
  /** Returns the place of a key as `file:line:column key`, for messages. */
  where(path: YamlPath): string
}
