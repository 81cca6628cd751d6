import { existsSync, readdirSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as z from 'zod'
import { closest, loadYaml, type YamlDocument, type YamlPath } from '../core/yaml.ts'
import { UserError } from '../errors.ts'

/** A repeat unit of a polymer or a whole molecule, read from `structures/units/*.yaml`. */
export interface Unit {
  readonly name: string
  readonly kind: 'repeat-unit' | 'molecule'
  readonly file: string
  readonly atoms: readonly UnitAtom[]
  readonly bonds: readonly UnitBond[]
  /** Atoms that bond to the previous unit (head) and to the next unit (tail); null for molecules. */
  readonly ends: { readonly head: number; readonly tail: number } | null
  readonly caps: { readonly head: EndCap | null; readonly tail: EndCap | null }
  /** All atom types that the file names. */
  readonly uses: readonly TypeUse[]
}

/** An atom type named in a unit file, and the element of its atom. */
export interface TypeUse {
  readonly type: string
  readonly element: string
  /** `file:line:column key` */
  readonly where: string
}

export interface UnitAtom {
  readonly name: string
  readonly element: string
  readonly type: string
}

export interface UnitBond {
  readonly atoms: readonly [number, number]
  readonly order: number
  /** Configuration of the chain at a double bond. */
  readonly configuration: 'trans' | 'cis'
}

/** Additional atoms, bonds and types of the first or the last unit of a chain. */
export interface EndCap {
  readonly atoms: readonly UnitAtom[]
  /** Bonds; indices count the atoms of the unit first, then the added atoms. */
  readonly bonds: readonly UnitBond[]
  /** New types of atoms of the unit, by index. */
  readonly retype: ReadonlyMap<number, string>
}

const atomSchema = z.strictObject({ name: z.string(), element: z.string(), type: z.string() })

const bondSchema = z.union([
  z.tuple([z.string(), z.string()]),
  z.strictObject({
    atoms: z.tuple([z.string(), z.string()]),
    order: z.int().min(1).max(3),
    configuration: z.enum(['trans', 'cis']).default('trans'),
  }),
])

const capSchema = z.strictObject({
  add: z.array(atomSchema).min(1),
  bonds: z.array(bondSchema).min(1),
  retype: z.record(z.string(), z.string()).default({}),
})

const unitSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('repeat-unit'),
    name: z.string(),
    description: z.string().optional(),
    atoms: z.array(atomSchema).min(1),
    bonds: z.array(bondSchema),
    head: z.string(),
    tail: z.string(),
    end_caps: z.strictObject({ head: capSchema.optional(), tail: capSchema.optional() }).optional(),
  }),
  z.strictObject({
    kind: z.literal('molecule'),
    name: z.string(),
    description: z.string().optional(),
    atoms: z.array(atomSchema).min(1),
    bonds: z.array(bondSchema),
  }),
])

type UnitFile = z.infer<typeof unitSchema>
type BondFile = z.infer<typeof bondSchema>

/**
 * Reads a repeat unit or a molecule.
 * @param name a unit of `structures/units/`, or the path of a unit file (with a slash, or ending in .yaml)
 * @param baseDirectory directory that relative paths start from: that of the recipe
 * @throws UserError when the file cannot be read, or when its atoms and bonds form no repeat unit or molecule
 */
export function loadUnit(name: string, baseDirectory: string): Unit {
  return readUnit(yamlFile('units', name, baseDirectory))
}

function readUnit(file: string): Unit {
  const document = loadYaml(file, unitSchema)
  const { value: data, where } = document
  const names = data.atoms.map(atom => atom.name)
  checkDistinct(names, k => where(['atoms', k]))
  const bonds = readBonds(data.bonds, names, document, ['bonds'])
  checkConnected(names, bonds, where(['bonds']))
  const usesOf = (atoms: readonly UnitAtom[], path: YamlPath) =>
    atoms.map(({ type, element }, k): TypeUse => ({ type, element, where: where([...path, k, 'type']) }))
  const ownUses = usesOf(data.atoms, ['atoms'])
  if (data.kind === 'molecule') {
    return { ...data, file, bonds, ends: null, caps: { head: null, tail: null }, uses: ownUses }
  }
  const readCap = (end: 'head' | 'tail'): EndCap | null => {
    const cap = data.end_caps?.[end]
    if (!cap) return null
    const all = [...names, ...cap.add.map(atom => atom.name)]
    checkDistinct(all, k => where(['end_caps', end, 'add', k - names.length]))
    const capBonds = readBonds(cap.bonds, all, document, ['end_caps', end, 'bonds'])
    checkConnected(all, [...bonds, ...capBonds], where(['end_caps', end, 'bonds']))
    const retype = Object.entries(cap.retype).map(
      ([name, type]) => [indexOf(name, names, where(['end_caps', end, 'retype', name])), type] as const,
    )
    return { atoms: cap.add, bonds: capBonds, retype: new Map(retype) }
  }
  const capUses = (['head', 'tail'] as const).flatMap(end => {
    const cap = data.end_caps?.[end]
    if (!cap) return []
    const retyped = Object.entries(cap.retype).map(([name, type]): TypeUse => {
      const place = where(['end_caps', end, 'retype', name])
      return { type, element: data.atoms[indexOf(name, names, place)]!.element, where: place }
    })
    return [...usesOf(cap.add, ['end_caps', end, 'add']), ...retyped]
  })
  return {
    name: data.name,
    kind: data.kind,
    file,
    atoms: data.atoms,
    bonds,
    ends: {
      head: indexOf(data.head, names, where(['head'])),
      tail: indexOf(data.tail, names, where(['tail'])),
    },
    caps: { head: readCap('head'), tail: readCap('tail') },
    uses: [...ownUses, ...capUses],
  }
}

function readBonds(
  bonds: readonly BondFile[],
  names: readonly string[],
  { where }: YamlDocument<UnitFile>,
  path: YamlPath,
): UnitBond[] {
  return bonds.map((bond, k) => {
    const { atoms, order, configuration } =
      'atoms' in bond ? bond : { atoms: bond, order: 1, configuration: 'trans' as const }
    const place = where([...path, k])
    return { atoms: [indexOf(atoms[0], names, place), indexOf(atoms[1], names, place)], order, configuration }
  })
}

function indexOf(name: string, names: readonly string[], where: string): number {
  const index = names.indexOf(name)
  if (index >= 0) return index
  throw new UserError({
    message: `there is no atom '${name}'`,
    where,
    hint: `the atoms are ${names.join(', ')}`,
  })
}

function checkDistinct(names: readonly string[], where: (index: number) => string): void {
  const twice = names.findIndex((name, k) => names.indexOf(name) < k)
  if (twice < 0) return
  throw new UserError({ message: `two atoms are called '${names[twice]}'`, where: where(twice) })
}

/** Checks that a unit is connected and has no rings, because growth atom by atom cannot close a ring. */
function checkConnected(names: readonly string[], bonds: readonly UnitBond[], where: string): void {
  const group = names.map((_, i) => i)
  for (const { atoms } of bonds) {
    const [a, b] = [group[atoms[0]]!, group[atoms[1]]!]
    if (a === b) {
      throw new UserError({
        message: `the bond ${names[atoms[0]]}–${names[atoms[1]]} closes a ring`,
        where,
        hint: 'units with rings are not supported; give the whole box as a structure file',
      })
    }
    group.forEach((value, i) => {
      if (value === b) group[i] = a
    })
  }
  const loose = group.findIndex(value => value !== group[0])
  if (loose >= 0) {
    throw new UserError({
      message: `the atom '${names[loose]}' is not connected to '${names[0]}'`,
      where,
      hint: 'connect every atom by `bonds`',
    })
  }
}

/** A crystal form of a polymer with a rectangular cell and chains along c, read from `structures/forms/*.yaml`. */
export interface CrystalForm {
  readonly name: string
  readonly file: string
  /** Name of the repeat unit. */
  readonly unit: string
  /** Lengths a, b and c; c is the period of a chain. */
  readonly lattice_A: readonly [number, number, number]
  /** Torsions of the main chain, repeated from the first one; 180 is trans. */
  readonly torsions_deg: readonly number[]
  /** The chains of one cell. */
  readonly chains: readonly FormChain[]
}

/** Place and orientation of one chain of a cell. */
export interface FormChain {
  /** Position of the chain's axis, in fractions of a and b. */
  readonly at: readonly [number, number]
  /** Angle between a and the lateral part of the mean step from the heads of the units to their tails. */
  readonly setting_deg: number
  /** Direction of the tail; `down` is `up` rotated by 180° about that mean step. */
  readonly direction: 'up' | 'down'
  /** Shift along c, in periods of the chain. */
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

/**
 * Reads a crystal form.
 * @param name a form of `structures/forms/`, or the path of a file (with a slash, or ending in .yaml)
 * @param baseDirectory directory that relative paths start from: that of the recipe
 * @throws UserError when the file cannot be read
 */
export function loadForm(name: string, baseDirectory: string): CrystalForm {
  const file = yamlFile('forms', name, baseDirectory)
  const { sources: _, ...form } = loadYaml(file, formSchema).value
  return { ...form, file }
}

/**
 * Path of the file of a molecule to place on a surface: an extxyz with the columns type, charge and bonds.
 * @param name a fragment of `structures/fragments/`, or an absolute path
 * @throws UserError for an unknown name
 */
export function fragmentFile(name: string, where?: string): string {
  return isAbsolute(name) ? name : shippedFile('fragments', name, { where })
}

const STRUCTURES = new URL('../../structures/', import.meta.url)
/** Name of an entry of each folder of `structures/`, and the extension of its files. */
const FOLDERS = {
  units: { entry: 'unit', extension: '.yaml' },
  forms: { entry: 'crystal form', extension: '.yaml' },
  fragments: { entry: 'fragment', extension: '.extxyz' },
} as const

function yamlFile(folder: 'units' | 'forms', name: string, baseDirectory: string): string {
  if (/[/\\]|\.ya?ml$/.test(name)) return resolve(baseDirectory, name)
  const own = existsSync(resolve(baseDirectory, `${name}.yaml`)) ? `${name}.yaml` : undefined
  return shippedFile(folder, name, { own })
}

/** Path of a shipped file. @param own file of the user with this name, for the hint */
function shippedFile(
  folder: keyof typeof FOLDERS,
  name: string,
  { where, own }: { readonly where?: string | undefined; readonly own?: string | undefined },
): string {
  const { entry, extension } = FOLDERS[folder]
  const directory = fileURLToPath(new URL(`${folder}/`, STRUCTURES))
  const known = readdirSync(directory).flatMap(file =>
    file.endsWith(extension) ? [file.slice(0, -extension.length)] : [],
  )
  if (known.includes(name)) return join(directory, `${name}${extension}`)
  const near = own ?? closest(name, known)
  throw new UserError({
    message: `there is no ${entry} called '${name}'`,
    where,
    hint: near
      ? `did you mean \`${near}\`?`
      : `known ${entry}s: ${known.join(', ')}; or give the path of a file`,
  })
}
