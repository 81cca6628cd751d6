import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createBox } from '../core/box.ts'
import type { State } from '../core/state.ts'
import { UserError } from '../errors.ts'
import { unreadable, writeFileAtomic } from './files.ts'

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** Data from which a run continues to the same bits as a run without a stop. */
export interface Checkpoint {
  readonly state: State
  readonly seed: number
  /** Index of the current stage. */
  readonly stageIndex: number
  /** Values of integrators, thermostats and barostats between steps; finite numbers only. */
  readonly accumulators: { readonly [key: string]: Json }
  /** Further arrays by name. */
  readonly arrays: Readonly<Record<string, Float64Array>>
}

const MAGIC = Buffer.from('HOPLITE\x01', 'latin1')
const OWN_ARRAYS = ['positions', 'velocities', 'box']

interface Header {
  readonly step: number
  readonly time_ps: number
  readonly seed: number
  readonly stageIndex: number
  readonly accumulators: { readonly [key: string]: Json }
  readonly arrays: readonly { readonly name: string; readonly length: number }[]
  /** SHA-256 of the arrays. */
  readonly sha256: string
}

/**
 * Writes a checkpoint atomically: eight magic bytes, the length of a JSON header (uint32), the header, zeros up to
 * a multiple of eight, then the arrays as raw little-endian doubles. JSON keeps every finite double exactly.
 * @throws RangeError when an accumulator is not finite
 */
export function writeCheckpoint(path: string, checkpoint: Checkpoint): void {
  const { state, seed, stageIndex, accumulators, arrays } = checkpoint
  const reserved = Object.keys(arrays).find(name => OWN_ARRAYS.includes(name))
  if (reserved !== undefined) throw new RangeError(`the array name '${reserved}' is taken by the state`)
  const all = [
    ['positions', state.positions],
    ['velocities', state.velocities],
    ['box', state.box.matrix],
    ...Object.entries(arrays),
  ] as const
  const body = Buffer.concat(
    all.map(([, array]) => Buffer.from(array.buffer, array.byteOffset, array.byteLength)),
  )
  const header: Header = {
    step: state.step,
    time_ps: state.time_ps,
    seed,
    stageIndex,
    accumulators,
    arrays: all.map(([name, array]) => ({ name, length: array.length })),
    sha256: createHash('sha256').update(body).digest('hex'),
  }
  const json = Buffer.from(JSON.stringify(header, finite))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(json.length)
  const padding = Buffer.alloc(-(MAGIC.length + 4 + json.length) & 7)
  writeFileAtomic(path, Buffer.concat([MAGIC, length, json, padding, body]))
}

function finite(key: string, value: unknown): unknown {
  if (typeof value !== 'number' || Number.isFinite(value)) return value
  throw new RangeError(`the checkpoint’s ${key} is ${value}`)
}

/** Reads a checkpoint. @throws UserError when the file is missing, damaged or not a checkpoint */
export function readCheckpoint(path: string): Checkpoint {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (cause) {
    throw unreadable(path, cause)
  }
  if (bytes.length < 12 || !bytes.subarray(0, 8).equals(MAGIC)) {
    throw new UserError({ message: 'the file is not a checkpoint of hoplite', where: path })
  }
  const end = 12 + bytes.readUInt32LE(8)
  const damaged = new UserError({
    message: 'the checkpoint is damaged: its checksum is wrong',
    where: path,
  })
  let header: Header
  try {
    header = JSON.parse(bytes.toString('utf8', 12, end)) as Header
  } catch {
    throw damaged
  }
  const body = bytes.subarray((end + 7) & ~7)
  if (createHash('sha256').update(body).digest('hex') !== header.sha256) throw damaged
  let offset = 0
  const all = new Map(
    header.arrays.map(({ name, length }) => {
      const array = new Float64Array(length)
      Buffer.from(array.buffer).set(body.subarray(offset, offset + 8 * length))
      offset += 8 * length
      return [name, array]
    }),
  )
  const [positions, velocities, matrix] = OWN_ARRAYS.map(name => {
    const array = all.get(name)
    all.delete(name)
    if (!array) throw damaged
    return array
  }) as [Float64Array, Float64Array, Float64Array]
  return {
    state: { positions, velocities, box: createBox(matrix), step: header.step, time_ps: header.time_ps },
    seed: header.seed,
    stageIndex: header.stageIndex,
    accumulators: header.accumulators,
    arrays: Object.fromEntries(all),
  }
}
