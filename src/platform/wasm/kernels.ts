import { SimulationError } from '../../errors.ts'
import { canShareMemory, enableRelaxedSimd, readKernels } from './runtime.ts'

export { enableRelaxedSimd } from './runtime.ts'

/**
 * The WebAssembly kernels: AssemblyScript in `assembly/`, compiled into `wasm/` by `npm run wasm`, once with relaxed
 * SIMD (fused multiply–add) and once without. They hold no data of their own: several instances may share one memory.
 */
export type SimdFlavour = 'relaxed-simd' | 'simd'

export interface Kernels<Exports> {
  readonly flavour: SimdFlavour
  readonly memory: WebAssembly.Memory
  readonly exports: Exports
}

export const PAGE_BYTES = 65536
/** 4 GiB: what 32-bit addresses reach. */
export const MAX_PAGES = 65536

interface Compiled {
  readonly flavour: SimdFlavour
  readonly module: WebAssembly.Module
}
const compiled = new Map<'shared' | 'unshared', Compiled>()

/**
 * Compiles once in a process (or thread) for a kind of memory: relaxed SIMD where the runtime has it.
 * @throws SimulationError without SIMD
 */
export function compileKernels(memory: WebAssembly.Memory): Compiled {
  const kind = isShared(memory) ? 'shared' : 'unshared'
  const known = compiled.get(kind)
  if (known) return known
  const made = compile(kind === 'shared' ? readKernels : flavour => withUnsharedMemory(readKernels(flavour)))
  compiled.set(kind, made)
  return made
}

function compile(bytes: (flavour: SimdFlavour) => Uint8Array<ArrayBuffer>): Compiled {
  enableRelaxedSimd()
  const flavour = (['relaxed-simd', 'simd'] as const).find(name => WebAssembly.validate(bytes(name)))
  if (!flavour) {
    throw new SimulationError({
      message: 'this runtime has no WebAssembly SIMD',
      hint: 'use platform reference',
    })
  }
  return { flavour, module: new WebAssembly.Module(bytes(flavour)) }
}

/** The import `env.memory`, and the flag behind it that says: has a maximum, is shared. */
const IMPORTED_MEMORY = '\x03env\x06memory\x02\x03'

/** The same module for a memory that is not shared: no instruction of it depends on that. */
function withUnsharedMemory(module: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  // One character a byte.
  const at = new TextDecoder('latin1').decode(module).indexOf(IMPORTED_MEMORY)
  if (at < 0) throw new TypeError('the kernels import no shared memory')
  const changed = Uint8Array.from(module)
  changed[at + IMPORTED_MEMORY.length - 1] = 1
  return changed
}

/** One instance on a memory; several may share it. */
export function instantiateKernels<Exports>(memory: WebAssembly.Memory): Kernels<Exports> {
  const { flavour, module } = compileKernels(memory)
  const { exports } = new WebAssembly.Instance(module, { env: { memory } })
  // The compiler of AssemblyScript has checked the signatures that `Exports` repeats; test/platform/simd runs them all.
  return { flavour, memory, exports: exports as unknown as Exports }
}

/** Whether other threads can see it. */
export const isShared = ({ buffer }: WebAssembly.Memory): boolean =>
  typeof SharedArrayBuffer !== 'undefined' && buffer instanceof SharedArrayBuffer

export function createMemory(shared = canShareMemory): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES, shared })
}
