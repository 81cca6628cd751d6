import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { SimulationError } from '../../errors.ts'

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

const read = (flavour: SimdFlavour) => readFileSync(new URL(`./wasm/${flavour}.wasm`, import.meta.url))

let compiled: { readonly flavour: SimdFlavour; readonly module: WebAssembly.Module } | undefined

/** Compiles once in a process (or thread): relaxed SIMD where the runtime has it. @throws SimulationError without SIMD */
export function compileKernels(): { readonly flavour: SimdFlavour; readonly module: WebAssembly.Module } {
  if (compiled) return compiled
  // Relaxed SIMD is on from Node 22; before, the flag exists and works; in later versions it is gone.
  if (Number(process.versions.node.split('.')[0]) < 22) {
    setFlagsFromString('--experimental-wasm-relaxed-simd')
  }
  const flavour = (['relaxed-simd', 'simd'] as const).find(name => WebAssembly.validate(read(name)))
  if (!flavour) {
    throw new SimulationError({
      message: 'this Node has no WebAssembly SIMD',
      hint: 'use --platform reference',
    })
  }
  compiled = { flavour, module: new WebAssembly.Module(read(flavour)) }
  return compiled
}

/** One instance on a memory; several may share it. */
export function instantiateKernels<Exports>(memory: WebAssembly.Memory): Kernels<Exports> {
  const { flavour, module } = compileKernels()
  const { exports } = new WebAssembly.Instance(module, { env: { memory } })
  // The compiler of AssemblyScript has checked the signatures that `Exports` repeats; test/platform/simd runs them all.
  return { flavour, memory, exports: exports as unknown as Exports }
}

/** Memory that threads can share, or of this thread alone where there is no SharedArrayBuffer. */
export function createMemory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: 1, maximum: MAX_PAGES, shared: true })
}
