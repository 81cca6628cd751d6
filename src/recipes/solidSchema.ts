import { resolve } from 'node:path'
import * as z from 'zod'
import { count, path, positive, together } from './keys.ts'

type Key = string | number

/** Adds a mistake at a key of the block that is being checked. */
function refuse(context: z.core.$RefinementCtx, key: Key | null, message: string): void {
  context.addIssue({ code: 'custom', path: key === null ? [] : [key], message })
}

/** Checks that a block has exactly one of the keys. */
function exactlyOne(block: object, keys: readonly string[], context: z.core.$RefinementCtx): void {
  const given = keys.filter(key => block[key as keyof typeof block] !== undefined)
  if (given.length === 1) return
  if (given.length === 0) refuse(context, null, `one of the keys ${keys.join(', ')} is missing`)
  else refuse(context, given[1]!, `give ${given[0]} or ${given[1]}, not both`)
}

/** One atom of the ideal, unrelaxed lattice. */
export const siteSchema = z
  .strictObject({
    element: z.string().min(1).optional(),
    type: z.string().min(1).optional().describe('atom type of the potential, instead of the element'),
    layer: count.optional().describe('layer of a slab; 1 is the bottom layer'),
    near: z
      .array(z.number())
      .min(2)
      .max(3)
      .optional()
      .describe('fractional [u, v] or [u, v, w], to choose one of several atoms'),
    atom: count.optional().describe('number of the atom, from 1, instead of all other keys'),
  })
  .superRefine(
    together((site, context) => {
      if (site.atom !== undefined) {
        const other = (['element', 'type', 'layer', 'near'] as const).find(key => site[key] !== undefined)
        if (other) refuse(context, other, `atom: ${site.atom} is enough: remove ${other}`)
        return
      }
      exactlyOne(site, ['element', 'type', 'atom'], context)
    }),
  )
  .describe('an atom of the ideal lattice')

/** Fractional coordinates. */
export const fractionalSchema = z
  .array(z.number())
  .length(3)
  .transform(([u, v, w]): readonly [u: number, v: number, w: number] => [u!, v!, w!])

/** Cartesian coordinates, Å. */
export const cartesianSchema = z
  .array(z.number())
  .length(3)
  .transform(([x, y, z]): readonly [x: number, y: number, z: number] => [x!, y!, z!])

const fractions = z.record(z.string().min(1), positive.max(1)).superRefine(
  together((metals, context) => {
    const sum = Object.values(metals).reduce((total, share) => total + share, 0)
    if (Math.abs(sum - 1) > 1e-6)
      refuse(context, null, `the shares of the metals add up to ${Number(sum.toPrecision(6))}, not to 1`)
  }),
)

const prototypes = ['layered'] as const
const LAYERED = ['a_A', 'c_A', 'z_oxygen', 'metals', 'ordering'] as const

const crystalSchema = z
  .strictObject({
    prototype: z.enum(prototypes).optional().describe('crystal type; layered: R-3m, such as LiNiO2'),
    a_A: positive.optional().describe('lattice parameter a of the hexagonal cell'),
    c_A: positive.optional().describe('lattice parameter c of the hexagonal cell'),
    z_oxygen: z.number().min(0).max(1).optional().describe('fractional height of oxygen, about 0.24'),
    metals: fractions.optional().describe('share of each element in the metal layers'),
    ordering: z
      .enum(['random', 'ordered'])
      .optional()
      .describe('ordering of several metals. Default: random, by the seed'),
    file: path.optional().describe('structure file of the unit cell, instead of a prototype'),
  })
  .superRefine(
    together((crystal, context) => {
      exactlyOne(crystal, ['prototype', 'file'], context)
      if (crystal.prototype !== undefined) {
        for (const key of ['a_A', 'c_A', 'z_oxygen', 'metals'] as const) {
          if (crystal[key] === undefined)
            refuse(context, key, `prototype: ${crystal.prototype} needs the key ${key}`)
        }
        return
      }
      const other = LAYERED.find(key => crystal[key] !== undefined)
      if (other) refuse(context, other, `${other} belongs to a prototype, not to a file`)
    }),
  )

const slabSchema = z
  .strictObject({
    miller: z.array(z.number().int()).length(3).describe('Miller indices of the surface'),
    layers: count.describe('number of primitive cells along the normal; layer 1 is at the bottom'),
    repeat: z.array(count).length(2).default([1, 1]).describe('numbers of surface cells along both edges'),
    vacuum_A: positive.describe('distance between the slab and its periodic image'),
    frozen_layers: z.number().int().min(0).default(0).describe('number of fixed layers at the bottom'),
    termination: count.optional().describe('number of the termination. Default: 1, the least polar one'),
  })
  .superRefine(
    together(({ miller, layers, frozen_layers }, context) => {
      if (miller.every(index => index === 0)) refuse(context, 'miller', 'miller: [0, 0, 0] is not a surface')
      if (frozen_layers > layers) {
        refuse(context, 'frozen_layers', `frozen_layers is ${frozen_layers}: the slab has ${layers} layers`)
      }
    }),
  )

const lithiumSchema = z.strictObject({
  content: z.number().min(0).max(1).describe('share of all lithium sites that are filled afterwards'),
  ordering: z.enum(['random', 'electrostatic']).default('random').describe('choice of the filled sites'),
  keep: z.array(siteSchema).default([]).describe('sites that stay filled'),
  vacate: z.array(siteSchema).default([]).describe('sites that are emptied'),
})

const EDITS = ['remove', 'retype', 'swap', 'lithium']
const editSchema = z
  .strictObject({
    remove: siteSchema.optional(),
    retype: z.strictObject({ site: siteSchema, type: z.string().min(1) }).optional(),
    swap: z.tuple([siteSchema, siteSchema]).optional().describe('an antisite pair'),
    lithium: lithiumSchema.optional(),
  })
  .superRefine(together((edit, context) => exactlyOne(edit, EDITS, context)))

const adsorbateSchema = z
  .strictObject({
    unit: path.describe('name in structures/fragments, or path of an extxyz file with types and bonds'),
    above: siteSchema.optional(),
    height_A: positive.optional().describe('height of the lowest atom above this site'),
    bond: z
      .strictObject({ atom: z.string().min(1), to: siteSchema, length_A: positive })
      .optional()
      .describe('bond of an atom of the unit, given by name, to a site'),
    rotation_deg: z.number().default(0).describe('rotation about the surface normal'),
  })
  .superRefine(
    together((adsorbate, context) => {
      exactlyOne(adsorbate, ['above', 'bond'], context)
      const { above, bond, height_A } = adsorbate
      if (above && height_A === undefined) refuse(context, 'above', 'above needs height_A with it')
      if (bond && height_A !== undefined)
        refuse(context, 'height_A', 'height_A goes with above, not with bond')
    }),
  )

/** Schema of a crystal or a slab: crystal, cut, edits and adsorbates. */
export const solidSchema = z
  .strictObject({
    crystal: crystalSchema,
    types: z
      .record(z.string().min(1), z.string().min(1))
      .default({})
      .describe('atom type of each element in the potential. Default: the element'),
    repeat: z
      .array(count)
      .length(3)
      .optional()
      .describe('numbers of cells of the crystal along a, b, c, for bulk'),
    slab: slabSchema.optional(),
    edits: z.array(editSchema).default([]).describe('changes of the lattice, applied in order'),
    adsorbates: z.array(adsorbateSchema).default([]),
  })
  .superRefine(
    together(({ repeat, slab, adsorbates }, context) => {
      if (repeat && slab) refuse(context, 'repeat', 'repeat is for bulk: a slab has its own slab.repeat')
      if (adsorbates.length > 0 && !slab) refuse(context, 'adsorbates', 'adsorbates need a slab')
    }),
  )

export type SolidBuild = z.output<typeof solidSchema>

/** True if a block has a key of a crystal. */
export function isSolid(build: unknown): boolean {
  if (typeof build !== 'object' || build === null) return false
  return ['crystal', 'slab', 'edits', 'adsorbates'].some(key => key in build)
}

/** The absolute path of a unit file; the name of a shipped unit does not change. */
export function absoluteUnit(name: string, folder: string): string {
  return /[/\\]|\.(ya?ml|(ext)?xyz)$/.test(name) ? resolve(folder, name) : name
}

/** The build with absolute paths. */
export function resolveSolid(build: SolidBuild, folder: string): SolidBuild {
  const { crystal, adsorbates } = build
  return {
    ...build,
    crystal: crystal.file === undefined ? crystal : { ...crystal, file: resolve(folder, crystal.file) },
    adsorbates: adsorbates.map(adsorbate => ({ ...adsorbate, unit: absoluteUnit(adsorbate.unit, folder) })),
  }
}
