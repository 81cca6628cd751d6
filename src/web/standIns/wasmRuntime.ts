import relaxedSimd from '../../platform/wasm/relaxed-simd.wasm'
import simd from '../../platform/wasm/simd.wasm'

/*
 * In place of platform/wasm/runtime.ts: kernels lie in the bundle, and the one thread that there is shares no memory, so
 * that no browser need set 4 GiB of addresses aside.
 */

/** Crews are threads of Node: a page computes on one thread. */
export const availableParallelism = () => 1

export const canShareMemory = false

export const readKernels = (flavour: string) => (flavour === 'simd' ? simd : relaxedSimd)

/** Browsers have it or not. */
export function enableRelaxedSimd(): void {}

export const turn = async () => {}

export function startThread(): never {
  throw new TypeError('a crew has no threads here')
}
