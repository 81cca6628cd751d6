/**
 * The part of gpu.js that is used here. Its own declarations use `any` and lack the classes by which arrays stay on
 * the device.
 */
export interface GpuJs extends Readonly<Record<KernelClass, unknown>> {
  readonly GPU: new (settings: { readonly mode: string }) => Gpu
  readonly WebGPUContext: { acquire(): Promise<DeviceContext> }
  readonly WebGPUBufferResult: new (settings: BufferSettings) => BufferResult
  input(values: Float32Array, size: readonly number[]): unknown
}

/** Classes of kernels, by backend. */
export type KernelClass = 'WebGPUKernel' | 'WebGL2Kernel' | 'WebAssemblyKernel' | 'CPUKernel'

export interface Gpu {
  createKernel(source: string, settings: KernelSettings): GpuKernel
  destroy(): Promise<void>
}

export interface KernelSettings {
  readonly output: readonly number[]
  readonly argumentTypes: readonly ('Input' | 'Float')[]
  /** Rounds after which loops end whose bound is not a literal, without an error. */
  readonly loopMaxIterations: number
  readonly precision: 'single'
  /** The result stays on the device; on other backends than webgpu this does nothing. */
  readonly pipeline: boolean
  /** Results are promises. */
  readonly asyncMode: true
  /** Called in place of the silent change to the cpu. */
  readonly onRequestFallback: (this: { readonly fallbackReason: string | null }) => never
}

export interface GpuKernel {
  (...args: readonly unknown[]): Promise<unknown>
  /** The compiled kernel, after the first call. */
  readonly kernel: {
    readonly constructor: { readonly name: string }
    readonly fallbackReason: string | null
    /** On webgpu: the text of its shader, and the compiled pipeline. */
    readonly compiledSource?: string | null
    readonly computePipeline?: unknown
    destroy(): void
  }
}

/** The device that all kernels in a process share. */
export interface DeviceContext {
  readonly isLost: boolean
  readonly device: {
    readonly limits: { readonly maxStorageBufferBindingSize: number; readonly maxBufferSize: number }
    readonly queue: { writeBuffer(buffer: unknown, offset: number, values: Float32Array): void }
    createBuffer(settings: { readonly size: number; readonly usage: number }): unknown
    readonly lost: Promise<unknown>
    /** Listener for refused commands; without it they fail silently, and their results are zeros. */
    onuncapturederror: ((event: { readonly error: { readonly message: string } }) => void) | null
    destroy(): void
  }
}

export interface BufferSettings {
  readonly buffer: unknown
  /** Width first. */
  readonly output: readonly number[]
  /** 1, or n for an Array(n) per element. */
  readonly componentCount: number
  readonly context: DeviceContext
  /** Reads the buffer back; none for what only kernels read. */
  readonly kernel: unknown
}

/** An array on the device, counted by references: freed when the last one is deleted. */
export interface BufferResult extends BufferSettings {
  toArray(): Promise<Float32Array>
  delete(): void
}

let loaded: Promise<GpuJs> | undefined

/** Loads gpu.js on first use. */
export function loadGpuJs(): Promise<GpuJs> {
  loaded ??= import('gpu.js').then(
    module => (module as unknown as { readonly default: GpuJs }).default ?? (module as unknown as GpuJs),
  )
  return loaded
}
