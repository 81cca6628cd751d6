import { SimulationError } from '../../errors.ts'
import { PAGE_BYTES } from './kernels.ts'

/** Cache lines, and a whole number of vectors. */
const ALIGNMENT = 64

/**
 * Hands out stretches of a WebAssembly memory one after another, and never takes one back: what a system needs is
 * allocated when it is prepared, with room to grow, and ends with the memory. Growing a memory detaches views of an
 * unshared one: take views from here each time.
 */
export interface Arena {
  readonly memory: WebAssembly.Memory
  /** @returns address of so many zeroed bytes, a multiple of 64 */
  allocate(bytes: number): number
  f32(address: number, length: number): Float32Array
  f64(address: number, length: number): Float64Array
  i32(address: number, length: number): Int32Array
  u8(address: number, length: number): Uint8Array
  /** Bytes handed out. */
  readonly used: number
}

export function createArena(memory: WebAssembly.Memory): Arena {
  // Address 0 stays unused: it reads as "nowhere".
  let next = ALIGNMENT
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
    f32: (address, length) => new Float32Array(memory.buffer, address, length),
    f64: (address, length) => new Float64Array(memory.buffer, address, length),
    i32: (address, length) => new Int32Array(memory.buffer, address, length),
    u8: (address, length) => new Uint8Array(memory.buffer, address, length),
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
      message: `the kernels have ${mebibytes(memory.buffer.byteLength)} MiB and cannot get ${mebibytes(pages * PAGE_BYTES)} more`,
      hint: 'they have 4 GiB: a smaller box, a shorter cut-off, or --platform reference',
    })
  }
}
