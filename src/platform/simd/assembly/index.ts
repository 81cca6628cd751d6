// Everything that is compiled into one module; see src/platform/simd/kernels.ts for how it is loaded.

export * from './fft'
export * from './nonbonded'
