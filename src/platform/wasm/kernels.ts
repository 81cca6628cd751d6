import { SimulationError } from '../../errors.ts'
import type { Functions } from './jobs.ts'
import { isShared } from './memory.ts'
import { enableRelaxedSimd, readKernels } from './runtime.ts'

export { enableRelaxedSimd } from './runtime.ts'

/** Builds of the kernels: with relaxed SIMD, that is fused multiply–add, and without. */
export type SimdFlavour = 'relaxed-simd' | 'simd'

type PairKernels = `${'lj' | 'ljCoulomb' | 'general'}${'' | 'Masked'}${'Force' | 'Energy'}`
type SpecialKernels = `${'excluded' | 'scaled'}Pairs${'Force' | 'Energy'}`
type ListKernels =
  | 'wrapAtoms'
  | 'sortAtoms'
  | 'boundClusters'
  | 'placeFrames'
  | 'fillClusters'
  | 'linkSpecialPairs'
  | 'buildList'
  | 'pruneList'
type AtomKernels =
  | 'gatherPositions'
  | 'keepPositions'
  | 'clearPart'
  | 'addForces'
  | 'gatherFractions'
  | 'fullRows'
type MeshKernels =
  | 'fft'
  | `pme${'Influence' | 'Clear' | 'Spread' | 'Forward' | 'Planes' | 'Backward' | 'Gather'}`

/** Functions that assembly/index.ts exports. Arguments are numbers, addresses in bytes; assembly/ says what they mean. */
export type KernelExports = Readonly<
  Record<
    PairKernels | SpecialKernels | ListKernels | AtomKernels | MeshKernels,
    (...args: number[]) => number
  >
>

/**
 * The WebAssembly kernels on a memory: AssemblyScript in assembly/, compiled by `npm run wasm`. They hold no data of
 * their own: several instances may share one memory.
 */
export interface Kernels {
  readonly flavour: SimdFlavour
  readonly memory: WebAssembly.Memory
  readonly exports: KernelExports
}

interface Compiled {
  readonly flavour: SimdFlavour
  readonly module: WebAssembly.Module
}
const compiled = new Map<'shared' | 'unshared', Compiled>()

/**
 * Compiles the kernels once in a process (or thread) for a kind of memory, with relaxed SIMD where the runtime has it.
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

/** The import `env.memory`, and the flag behind it for a shared memory with a maximum. */
const IMPORTED_MEMORY = '\x03env\x06memory\x02\x03'

/** Returns the same module for a memory that is not shared: no instruction depends on that. */
function withUnsharedMemory(module: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  // One character a byte.
  const at = new TextDecoder('latin1').decode(module).indexOf(IMPORTED_MEMORY)
  if (at < 0) throw new TypeError('the kernels import no shared memory')
  const changed = Uint8Array.from(module)
  changed[at + IMPORTED_MEMORY.length - 1] = 1
  return changed
}

export function instantiateKernels(memory: WebAssembly.Memory): Kernels {
  const { flavour, module } = compileKernels(memory)
  return { flavour, memory, exports: functionsOf(module, memory) as KernelExports }
}

/** Returns the exports of a module of kernels: AssemblyScript compiles nothing but functions of numbers. */
export const functionsOf = (module: WebAssembly.Module, memory: WebAssembly.Memory): Functions =>
  new WebAssembly.Instance(module, { env: { memory } }).exports as Functions
