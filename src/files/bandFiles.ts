import { createHash } from 'node:crypto'
import * as z from 'zod'
import type { Structure } from '../core/structure.ts'
import { UserError } from '../errors.ts'
import type { OptimizerData } from '../optimize/optimizer.ts'
import { type ExtxyzFrame, formatExtxyz, parseExtxyz } from './extxyz.ts'
import { readText, writeFileAtomic } from './files.ts'
import { formatNumber, parseInteger, parseNumber } from './text.ts'

/** Images of a band with energies and forces; [M] arrays are by image, both ends included. */
export interface BandImages {
  /** [M] of [3N] Å, continuous along the band */
  readonly images: readonly Float64Array[]
  /** [M] potential energy */
  readonly energies_eV: readonly number[]
  /** [M] of [3N] forces of the potential, without springs and projections, eV/Å */
  readonly forces: readonly Float64Array[]
  /** [M] length of the path up to each image */
  readonly path_A: readonly number[]
}

/** Contents of a band file. */
export interface BandFile extends BandImages {
  /** The first image. All images share elements, types, bonds, cell, charges and frozen atoms. */
  readonly structure: Structure
  /** Index of the image marked as the saddle; null if there is none. */
  readonly saddleImage: number | null
}

/**
 * Writes a band as extended XYZ, one frame per image, with energy, forces and frozen atoms (`move_mask`). Each frame has
 * the keys `image` (0 is the initial end) and `path_A`; ends and saddle have `role` (`initial`, `saddle`, `final`).
 * @param structure elements, types, bonds and cell of all images; its positions are not used
 * @param saddleImage index of the highest image; null for none
 * @throws UserError when the file cannot be written
 */
export function writeBandFile(
  path: string,
  structure: Structure,
  { images, energies_eV, forces, path_A }: BandImages,
  saddleImage: number | null,
): void {
  const role = (image: number) => {
    if (image === 0) return 'initial'
    if (image === images.length - 1) return 'final'
    return image === saddleImage ? 'saddle' : null
  }
  const frames = images.map((positions, image) => {
    const marked = role(image)
    return formatExtxyz(
      { ...structure, positions, velocities: null },
      {
        energy_eV: energies_eV[image]!,
        forces_eV_per_A: forces[image]!,
        info: {
          image: String(image),
          path_A: formatNumber(path_A[image]!),
          ...(marked !== null && { role: marked }),
        },
      },
    )
  })
  writeFileAtomic(path, frames.join(''))
}

/** Reads a band. @throws UserError naming the image that lacks a value or does not fit the first image */
export function readBandFile(path: string): BandFile {
  const frames = parseExtxyz(readText(path), path)
  const { structure } = frames[0]!
  const saddle = frames.findIndex(({ info }) => info.role === 'saddle')
  frames.forEach((frame, image) => {
    checkFrame(frame, image, structure, path)
  })
  return {
    structure,
    images: frames.map(frame => frame.structure.positions),
    energies_eV: frames.map(frame => frame.energy_eV!),
    forces: frames.map(frame => frame.forces_eV_per_A!),
    path_A: frames.map(({ info }, image) => parseNumber(info.path_A, `path_A of image ${image + 1}`, path)),
    saddleImage: saddle < 0 ? null : saddle,
  }
}

function checkFrame(frame: ExtxyzFrame, image: number, first: Structure, where: string): void {
  const { structure, energy_eV, forces_eV_per_A, info } = frame
  const refuse = (message: string) =>
    new UserError({ message, where, hint: 'give a band.extxyz of hoplite neb' })
  const named = `image ${image + 1}`
  if (energy_eV === null || forces_eV_per_A === null) {
    throw refuse(`${named} has no ${energy_eV === null ? 'energy' : 'forces'}`)
  }
  if (parseInteger(info.image, `the key image of frame ${image + 1}`, where) !== image) {
    throw refuse(`frame ${image + 1} is image=${info.image}: images are missing or out of order`)
  }
  const other = first.elements.findIndex((element, atom) => structure.elements[atom] !== element)
  if (structure.elements.length !== first.elements.length || other >= 0) {
    throw refuse(`${named} does not have the atoms of image 1`)
  }
}

interface BandNumbers {
  /** [M] of [3N] Å */
  readonly images: readonly (readonly number[])[]
  readonly energies_eV: readonly number[]
  /** [M] of [3N] eV/Å */
  readonly forces: readonly (readonly number[])[]
}

/** State of the relaxation of a band as plain JSON data; `relaxBand` continues from it to the same bits. */
export interface BandCheckpoint extends BandNumbers {
  readonly version: 1
  readonly iteration: number
  readonly forceCalls: number
  readonly stage: 'plain' | 'climbing'
  readonly climbingImage: number | null
  readonly optimizer: OptimizerData
  /** Course of the relaxation; missing in files of earlier versions, and a new course is then begun. */
  readonly course?: BandCourse | undefined
}

interface BandCourse {
  readonly climbFrom_eV_per_A: number
  readonly firstLength_A: number
  readonly limit_eV_per_A: number | null
  readonly explodedSince: number | null
  readonly best: { readonly iteration: number; readonly fmax_eV_per_A: number } | null
  /** Null for the band of the checkpoint itself. */
  readonly retreat: BandNumbers | null
  readonly steady: boolean
  readonly setbacks: readonly {
    readonly iteration: number
    readonly stage: 'plain' | 'climbing'
    readonly reason: 'force' | 'length' | 'standstill'
    readonly image: number
    readonly fmax_eV_per_A: number
    readonly height_eV: number
    readonly length_A: number
  }[]
  readonly lost: boolean
}

/** Results of the steps before the band, which a resumed band does not repeat. */
export interface BandPreparation {
  /** Number of evaluations for adsorbates and ends. */
  readonly force_calls: number
  /** Warnings about the first path. */
  readonly warnings: readonly string[]
  /** [3N] Å, anchors of the tethers of adsorbates; null without such tethers. */
  readonly anchors_A: readonly number[] | null
}

/** State of an unfinished relaxation, which continues from it to the same bits. */
export interface SavedRelaxation {
  /** [3N] Å */
  readonly positions_A: readonly number[]
  readonly steps: number
  /** Largest displacement of an atom in the next step. */
  readonly limit_A: number
  /** Memory of L-BFGS, the oldest pair first: [3N] Å and [3N] eV/Å. */
  readonly pairs: readonly { readonly step: readonly number[]; readonly change: readonly number[] }[]
}

/** Ends of a band that was stopped during their relaxation. */
export interface SavedEnds {
  /** True if the adsorbate was still relaxing without tethers. */
  readonly settling: boolean
  /** Relaxations of both ends; only of the initial end while the adsorbate settles. */
  readonly relaxations: readonly SavedRelaxation[]
  /** [3N] Å, anchors of the tethers of adsorbates; null without such tethers, or while adsorbates relax without them. */
  readonly anchors_A: readonly number[] | null
  readonly force_calls: number
  /** Wall time so far. */
  readonly wall_s: number
}

/** A stopped band. */
export interface SavedBand {
  readonly band: BandCheckpoint
  readonly preparation: BandPreparation
  /** Wall time so far. */
  readonly wall_s: number
}

const rows = z.array(z.array(z.number()))
const whole = z.number().int().min(0)

const stage = z.enum(['plain', 'climbing'])
const numbers = { images: rows.min(3), energies_eV: z.array(z.number()), forces: rows }

const courseSchema = z.strictObject({
  climbFrom_eV_per_A: z.number(),
  firstLength_A: z.number(),
  limit_eV_per_A: z.number().nullable(),
  explodedSince: whole.nullable(),
  best: z.strictObject({ iteration: whole, fmax_eV_per_A: z.number() }).nullable(),
  retreat: z.strictObject(numbers).nullable(),
  steady: z.boolean(),
  setbacks: z.array(
    z.strictObject({
      iteration: whole,
      stage,
      reason: z.enum(['force', 'length', 'standstill']),
      image: whole,
      fmax_eV_per_A: z.number(),
      height_eV: z.number(),
      length_A: z.number(),
    }),
  ),
  lost: z.boolean(),
})

const checkpointSchema = z.strictObject({
  version: z.literal(1),
  iteration: whole,
  forceCalls: whole,
  stage,
  climbingImage: whole.nullable(),
  ...numbers,
  /** State of the optimiser; its content is protected by the checksum. */
  optimizer: z.custom<OptimizerData>(value => typeof value === 'object' && value !== null && 'kind' in value),
  course: courseSchema.optional(),
})

const savedBandSchema = z.strictObject({
  band: checkpointSchema,
  preparation: z.strictObject({
    force_calls: whole,
    warnings: z.array(z.string()),
    anchors_A: z.array(z.number()).nullable(),
  }),
  wall_s: z.number().min(0),
})

const savedEndsSchema = z.strictObject({
  settling: z.boolean(),
  relaxations: z.array(
    z.strictObject({
      positions_A: z.array(z.number()),
      steps: whole,
      limit_A: z.number(),
      pairs: z.array(z.strictObject({ step: z.array(z.number()), change: z.array(z.number()) })),
    }),
  ),
  anchors_A: z.array(z.number()).nullable(),
  force_calls: whole,
  wall_s: z.number().min(0),
})

const BAND = 'hoplite band checkpoint'
const ENDS = 'hoplite checkpoint of the ends of a band'

/**
 * Writes the checkpoint of a band atomically, as JSON, which keeps every finite double.
 * @throws RangeError when a number is not finite; UserError when the file cannot be written
 */
export function writeBandCheckpoint(path: string, saved: SavedBand): void {
  writeChecked(path, BAND, saved)
}

/** Reads the checkpoint of a band. @throws UserError when the file is missing, damaged or of another kind */
export function readBandCheckpoint(path: string): SavedBand {
  return readChecked(path, BAND, savedBandSchema)
}

/** Writes the checkpoint of the ends of a band atomically. @throws as `writeBandCheckpoint` */
export function writeEndsCheckpoint(path: string, saved: SavedEnds): void {
  writeChecked(path, ENDS, saved)
}

/** Reads the checkpoint of the ends of a band. @throws UserError when the file is missing, damaged or of another kind */
export function readEndsCheckpoint(path: string): SavedEnds {
  return readChecked(path, ENDS, savedEndsSchema)
}

function writeChecked(path: string, format: string, saved: object): void {
  const text = JSON.stringify(saved, finite)
  const head = JSON.stringify({ format, sha256: sha256(text) })
  writeFileAtomic(path, `${head.slice(0, -1)},"saved":${text}}\n`)
}

function finite(key: string, value: unknown): unknown {
  if (typeof value !== 'number' || Number.isFinite(value)) return value
  throw new RangeError(`the band checkpoint holds a ${value} (${key})`)
}

function readChecked<T>(path: string, format: string, schema: z.ZodType<T>): T {
  const text = readText(path)
  const hint = 'start the band again: hoplite neb RECIPE'
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    const message = 'the band checkpoint is damaged: it is not JSON, or its end is missing'
    throw new UserError({ message, where: path, hint })
  }
  const file = z
    .object({ format: z.literal(format), sha256: z.string(), saved: z.unknown() })
    .safeParse(parsed)
  if (!file.success) throw new UserError({ message: 'the file is not a checkpoint of a band', where: path })
  if (sha256(JSON.stringify(file.data.saved)) !== file.data.sha256) {
    throw new UserError({
      message: 'the checkpoint of the band is damaged: its checksum is wrong',
      where: path,
      hint,
    })
  }
  const saved = schema.safeParse(file.data.saved)
  if (saved.success) return saved.data
  const key = saved.error.issues[0]!.path.join('.')
  throw new UserError({
    message: `the checkpoint of the band is of another version of hoplite (${key})`,
    where: path,
    hint,
  })
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
