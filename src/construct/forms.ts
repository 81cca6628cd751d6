import { readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as z from 'zod'
import { closest, loadYaml } from '../core/yaml.ts'
import { UserError } from '../errors.ts'

/** A crystal form of a polymer with a rectangular cell, its chains along c, as `structures/forms/*.yaml` describes it. */
export interface CrystalForm {
  readonly name: string
  readonly file: string
  /** The repeat unit of its chains. */
  readonly unit: string
  /** a, b and the period of a chain, c. */
  readonly lattice_A: readonly [number, number, number]
  /** Of the main chain, over and over from the first one; 180 is trans. */
  readonly torsions_deg: readonly number[]
  /** The chains of one cell. */
  readonly chains: readonly FormChain[]
}

/** How one chain of a cell stands. */
export interface FormChain {
  /** Its axis, in fractions of a and b. */
  readonly at: readonly [number, number]
  /** Angle from a to the mean step across the axis from the heads of its units to their tails. */
  readonly setting_deg: number
  /** Where its tail is; `down` is `up` turned by half a turn about that mean step. */
  readonly direction: 'up' | 'down'
  /** Along c, in periods of the chain. */
  readonly shift: number
}

const formSchema = z.strictObject({
  name: z.string().min(1),
  unit: z.string().min(1),
  lattice_A: z.tuple([z.number().positive(), z.number().positive(), z.number().positive()]),
  torsions_deg: z.array(z.number().min(-180).max(180)).min(1),
  chains: z
    .array(
      z.strictObject({
        at: z.tuple([z.number(), z.number()]),
        setting_deg: z.number(),
        direction: z.enum(['up', 'down']).default('up'),
        shift: z.number().default(0),
      }),
    )
    .min(1),
  sources: z
    .array(z.strictObject({ citation: z.string(), doi: z.string().optional(), note: z.string().optional() }))
    .min(1),
})

const FORMS_DIRECTORY = fileURLToPath(new URL('../../structures/forms/', import.meta.url))

/**
 * @param name a form of `structures/forms/`, or the path of a form's file (anything with a slash or ending in .yaml)
 * @param baseDirectory what relative paths start from: the recipe's directory
 * @throws UserError
 */
export function loadForm(name: string, baseDirectory: string): CrystalForm {
  if (/[/\\]|\.ya?ml$/.test(name)) return readForm(resolve(baseDirectory, name))
  const known = readdirSync(FORMS_DIRECTORY).flatMap(file =>
    file.endsWith('.yaml') ? [file.slice(0, -'.yaml'.length)] : [],
  )
  if (known.includes(name)) return readForm(resolve(FORMS_DIRECTORY, `${name}.yaml`))
  const near = closest(name, known)
  throw new UserError({
    message: `there is no crystal form called '${name}'`,
    hint: near
      ? `did you mean \`${near}\`?`
      : `known forms: ${known.join(', ')}; or give the path of a form's file`,
  })
}

function readForm(file: string): CrystalForm {
  const { sources: _, ...form } = loadYaml(file, formSchema).value
  return { ...form, file }
}
