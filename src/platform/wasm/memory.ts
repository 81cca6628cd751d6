import { SimulationError } from '../../errors.ts'
import type { RecordLayout } from './layout.ts'
import { canShareMemory } from './runtime.ts'

export const PAGE_BYTES = 65536
/** 4 GiB, the reach of 32-bit addresses. */
export const MAX_PAGES = 65536

/** Returns true where other threads can see the memory. */
export const isShared = ({ buffer }: WebAssembly.Memory): boolean =>
  typeof SharedArrayBuffer !== 'undefined' && buffer instanceof SharedArrayBuffer

/** Returns a memory of one page that can grow to 4 GiB. */
export function createMemory(shared = canShareMemory): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES, shared })
}

/** Cache lines, and a whole number of vectors. */
const ALIGNMENT = 64

/**
 * Hands out stretches of a WebAssembly memory one after another and never takes one back: a system allocates when it is
 * prepared, with room to grow, and everything ends with the memory. Growing a memory detaches views of an unshared one:
 * take views from here each time.
 */
export interface Arena {
  readonly memory: WebAssembly.Memory
  /** @returns address of so many zeroed bytes, a multiple of 64 */
  allocate(bytes: number): number
  f32(address: number, length: number): Float32Array
  f64(address: number, length: number): Float64Array
  i32(address: number, length: number): Int32Array
  u8(address: number, length: number): Uint8Array
  /** Writes fields of a record: a number, or the numbers of an array. */
  write<Name extends string>(
    layout: RecordLayout<Name>,
    address: number,
    values: Readonly<Partial<Record<Name, number | ArrayLike<number>>>>,
  ): void
  /** Returns the first number of every field of a record. */
  read<Name extends string>(layout: RecordLayout<Name>, address: number): Record<Name, number>
  /** Returns the sums over records of f64 fields alone, field by field, in the order of the addresses. */
  total<Name extends string>(layout: RecordLayout<Name>, addresses: readonly number[]): Record<Name, number>
  /** Bytes handed out. */
  readonly used: number
}

const SETTERS = { i32: 'setInt32', f32: 'setFloat32', f64: 'setFloat64' } as const
const GETTERS = { i32: 'getInt32', f32: 'getFloat32', f64: 'getFloat64' } as const

export function createArena(memory: WebAssembly.Memory): Arena {
  // Address 0 stays unused: kernels read it as "no array".
  let next = ALIGNMENT
  const views = {
    f32: (address: number, length: number) => new Float32Array(memory.buffer, address, length),
    f64: (address: number, length: number) => new Float64Array(memory.buffer, address, length),
    i32: (address: number, length: number) => new Int32Array(memory.buffer, address, length),
    u8: (address: number, length: number) => new Uint8Array(memory.buffer, address, length),
  }
  return {
    memory,
    allocate(bytes) {
      const address = next
      const end = Math.ceil((address + bytes) / ALIGNMENT) * ALIGNMENT
      const missing = end - memory.buffer.byteLength
      if (missing > 0) grow(memory, Math.ceil(missing / PAGE_BYTES))
      next = end
      return address
    },
    ...views,
    write({ fields, bytes }, address, values) {
      const view = new DataView(memory.buffer, address, bytes)
      for (const name of Object.keys(values) as (keyof typeof values)[]) {
        const { type, count, offset } = fields[name]
        const value = values[name]!
        if (typeof value === 'number') view[SETTERS[type]](offset, value, true)
        else views[type](address + offset, count).set(value)
      }
    },
    read<Name extends string>({ fields, bytes }: RecordLayout<Name>, address: number) {
      const view = new DataView(memory.buffer, address, bytes)
      const values = {} as Record<Name, number>
      for (const name of Object.keys(fields) as Name[]) {
        const { type, offset } = fields[name]
        values[name] = view[GETTERS[type]](offset, true)
      }
      return values
    },
    total<Name extends string>({ fields, bytes }: RecordLayout<Name>, addresses: readonly number[]) {
      const sums = new Float64Array(bytes / 8)
      for (const address of addresses) {
        const values = views.f64(address, sums.length)
        for (let k = 0; k < sums.length; k++) sums[k]! += values[k]!
      }
      const totals = {} as Record<Name, number>
      for (const name of Object.keys(fields) as Name[]) totals[name] = sums[fields[name].offset / 8]!
      return totals
    },
    get used() {
      return next
    },
  }
}

const mebibytes = (bytes: number) => Math.ceil(bytes / 2 ** 20)

function grow(memory: WebAssembly.Memory, pages: number): void {
  try {
    memory.grow(pages)
  } catch {
    throw new SimulationError({
      message: `the kernels have ${mebibytes(memory.buffer.byteLength)} MiB of memory and cannot get ${mebibytes(pages * PAGE_BYTES)} MiB more`,
      hint: 'the limit is 4 GiB: use a smaller box, a shorter cut-off, or --platform reference',
    })
  }
}
