// Everything that is compiled into one module; see src/platform/wasm/kernels.ts for how it is loaded.

export * from './atoms'
export { fft } from './fft'
export * from './fullList'
export * from './list'
export * from './nonbonded'
export * from './search'
export * from './special'
export { pmeBackward, pmeClear, pmeForward, pmePlanes } from './pme'
export { pmeGather, pmeSpread } from './pmeAtoms'
export { pmeInfluence } from './pmeGreen'
