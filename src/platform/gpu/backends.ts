import { SimulationError, UserError } from '../../errors.ts'
import type { Transfers } from '../platform.ts'
import { findAdapter } from './adapter.ts'
import {
  type BufferResult,
  type DeviceContext,
  type GpuJs,
  type GpuKernel,
  type KernelClass,
  loadGpuJs,
} from './gpuJs.ts'

/** Backends of gpu.js, the best first. `webgl2` is for browsers. */
export const BACKENDS = ['webgpu', 'webgl2', 'webasm', 'cpu'] as const
export type BackendName = (typeof BACKENDS)[number]

/** Numbers in single precision where kernels read them. */
export interface KernelInput {
  /** Kernels read element (x, y) as array[y][x]. */
  readonly width: number
  readonly height: number
}

/** An array on the device: written now and then, read by many launches. */
export interface DeviceArray extends KernelInput {
  /** @param values [height·width], row by row */
  write(values: Float32Array): void
  dispose(): void
}

export interface KernelDescription {
  /** For messages. */
  readonly name: string
  /**
   * A function in the subset of JavaScript that gpu.js translates: its arrays first, then its numbers. It is text, as
   * gpu.js reads the source of functions, and what joins or tests our sources rewrites that.
   */
  readonly source: string
  readonly arrays: number
  readonly numbers: number
  /** Number of components that the kernel returns for each element. */
  readonly components: 1 | 2 | 3 | 4
  /** Launched for each x < output[0] (and y < output[1]). */
  readonly output: readonly [number] | readonly [number, number]
  /** Largest number of rounds of any of its loops. */
  readonly longestLoop: number
}

/** Result of a launch on the device; valid until the next launch of the same kernel. */
export interface ResidentArray extends KernelInput {
  /** @returns [height·width] */
  read(): Promise<Float32Array>
}

/** A compiled kernel, for arrays of the sizes of its first run only: on the cpu strides are part of its code. */
export interface Kernel {
  /** @returns [height·width·components] in an array of the caller's own */
  run(arrays: readonly KernelInput[], numbers: readonly number[]): Promise<Float32Array>
  /**
   * Leaves the result where other kernels read it (on webgpu not this one). Not during a `run` of the same kernel.
   * @param width of its rows. Default: `components`
   */
  launch(arrays: readonly KernelInput[], numbers: readonly number[], width?: number): Promise<ResidentArray>
  dispose(): void
}

export interface Backend {
  readonly name: BackendName
  /** Transfers since the backend was created. */
  readonly transfers: Transfers
  array(width: number, height?: number): DeviceArray
  kernel(description: KernelDescription): Kernel
  /** Waits until the device has received all work: computing on the processor before that would delay it. */
  submitted(): Promise<void>
  dispose(): Promise<void>
}

/** Indices are single-precision numbers, which are exact to here. */
export const MAX_INDEX = 2 ** 24

/** @throws UserError with the reason where the backend is not available: no other takes its place */
export async function createBackend(name: BackendName): Promise<Backend> {
  const gpuJs = await loadGpuJs()
  if (name === 'webgpu') {
    const { reason } = await findAdapter()
    if (reason !== null) throw unavailable(name, reason)
  }
  let gpu: InstanceType<GpuJs['GPU']>
  let context: DeviceContext | undefined
  try {
    gpu = new gpuJs.GPU({ mode: name })
    if (name === 'webgpu') context = watched(await gpuJs.WebGPUContext.acquire())
  } catch (error) {
    throw unavailable(name, error instanceof Error ? error.message : String(error))
  }

  const transfers = { launches: 0, sent_bytes: 0, read_bytes: 0 }
  const submissions = new Set<Promise<unknown>>()
  const device: Device = {
    ...{ name, gpuJs, gpu, context, transfers, submissions },
    earlierTroubles: troublesOf(context).length,
  }
  return {
    ...{ name, transfers },
    array(width, height = 1) {
      checkSize(width, height)
      const held = context ? onDevice(gpuJs, context, width, height) : inMemory(gpuJs, width, height)
      return {
        ...{ width, height, ...held },
        write(values) {
          transfers.sent_bytes += values.byteLength
          held.write(values)
        },
      }
    },
    kernel: description => createKernel(device, description),
    async submitted() {
      await Promise.allSettled(submissions)
    },
    dispose: () => gpu.destroy(),
  }
}

/** A backend as its kernels see it. */
interface Device {
  readonly name: BackendName
  readonly gpuJs: GpuJs
  readonly gpu: InstanceType<GpuJs['GPU']>
  readonly context: DeviceContext | undefined
  readonly transfers: { launches: number; sent_bytes: number; read_bytes: number }
  /** Number of errors of the device before this backend was made: they do not count. */
  readonly earlierTroubles: number
  /** Launches of which the device may not have received all. */
  readonly submissions: Set<Promise<unknown>>
}

function createKernel(device: Device, description: KernelDescription): Kernel {
  const { name, gpuJs, context, transfers, submissions } = device
  const { output, components } = description
  checkSize(output[0], output[1] ?? 1)
  const { compute, destroy } = compile(device, description)
  const argumentsOf = argumentCheck(description)
  const length = output.reduce<number>((product, n) => product * n, components)
  let last: Promise<Float32Array> | undefined
  let resident: HeldResult | undefined
  const launch = async (args: readonly unknown[], before?: Promise<unknown>) => {
    // Launches of one kernel share the memory of its result.
    if (before) await before.catch(() => {})
    const result = await compute(args)
    transfers.read_bytes += 4 * length
    const values = context
      ? readBack(gpuJs, result as BufferResult, length)
      : Promise.resolve(flatten(result as Nested, length))
    return { values }
  }
  return {
    run(inputs, values) {
      const launched = launch(argumentsOf(inputs, values), last)
      submissions.add(launched)
      const result = guarded(
        launched.then(launch => launch.values),
        device,
      )
      last = result
      const end = () => {
        submissions.delete(launched)
        if (last === result) last = undefined
      }
      result.then(end, end)
      return result
    },
    async launch(inputs, values, width = components) {
      const result = await guarded(compute(argumentsOf(inputs, values)), device)
      const size = [width, length / width] as const
      const held = context
        ? heldOnDevice(gpuJs, result as BufferResult, size)
        : heldInMemory(gpuJs, flatten(result as Nested, length), size)
      resident?.dispose()
      resident = held
      return {
        ...held,
        read() {
          transfers.read_bytes += 4 * length
          return guarded(held.read(), device)
        },
      }
    },
    dispose() {
      resident?.dispose()
      // There gpu.js would take along the corners that the next kernel draws between. They all end with the backend.
      if (name !== 'webgl2') destroy()
    },
  }
}

/** Compiles a kernel; the first launch tells whether gpu.js runs it on the backend asked for. */
function compile({ name, gpuJs, gpu, context, transfers }: Device, description: KernelDescription) {
  const { source, arrays, numbers, output, longestLoop } = description
  const compiled = gpu.createKernel(source, {
    output,
    argumentTypes: [...Array<'Input'>(arrays).fill('Input'), ...Array<'Float'>(numbers).fill('Float')],
    // Rounded so that a list somewhat longer has kernels of the same text.
    loopMaxIterations: 2 ** Math.ceil(Math.log2(longestLoop)),
    precision: 'single',
    pipeline: context !== undefined,
    asyncMode: true,
    onRequestFallback() {
      throw refused(name, description, this.fallbackReason ?? 'gpu.js gives no reason')
    },
  })
  let isKept = false
  return {
    async compute(args: readonly unknown[]) {
      const result = await compiled(...args)
      checkBackend(gpuJs, name, description, compiled)
      if (context && !isKept) keepPipeline(context, compiled.kernel)
      isKept = true
      transfers.launches++
      return result
    },
    destroy: () => compiled.kernel.destroy(),
  }
}

/** Returns the arguments of a kernel as gpu.js takes them. The function throws TypeError where numbers or sizes are not those of the first call. */
function argumentCheck({ name, arrays, numbers }: KernelDescription) {
  const sizes: number[] = []
  return (inputs: readonly KernelInput[], values: readonly number[]) => {
    const found = inputs.flatMap(({ width, height }) => [width, height])
    if (sizes.length === 0) sizes.push(...found)
    if (inputs.length !== arrays || values.length !== numbers || found.some((n, k) => n !== sizes[k])) {
      throw new TypeError(`the kernel '${name}' was made for other arguments`)
    }
    return [...inputs.map(input => (input as HeldArray).argument), ...values]
  }
}

interface HeldArray extends KernelInput {
  /** The value as gpu.js takes it. */
  readonly argument: unknown
}

interface HeldResult extends HeldArray, ResidentArray {
  dispose(): void
}

type Size = readonly [width: number, height: number]

const heldInMemory = (gpuJs: GpuJs, values: Float32Array, [width, height]: Size): HeldResult => ({
  ...{ width, height, argument: gpuJs.input(values, [width, height]) },
  read: async () => values,
  dispose() {},
})

/** Returns a result as rows of numbers: gpu.js takes no Array(n) as an argument. */
function heldOnDevice(gpuJs: GpuJs, result: BufferResult, [width, height]: Size): HeldResult {
  const { buffer, context, kernel } = result
  const rows = { buffer, output: [width, height], componentCount: 1, context, kernel }
  const argument = new gpuJs.WebGPUBufferResult(rows)
  result.delete()
  return {
    ...{ width, height, argument },
    read() {
      const plain = new gpuJs.WebGPUBufferResult({ ...rows, output: [width * height] })
      return plain.toArray().finally(() => plain.delete())
    },
    dispose: () => argument.delete(),
  }
}

function inMemory(gpuJs: GpuJs, width: number, height: number) {
  const values = new Float32Array(width * height)
  return {
    argument: gpuJs.input(values, [width, height]),
    write: (from: Float32Array) => values.set(from),
    dispose() {},
  }
}

/** GPUBufferUsage.STORAGE | COPY_DST, as the WebGPU specification numbers them. */
const WRITABLE = 0x80 | 0x08

function onDevice(gpuJs: GpuJs, context: DeviceContext, width: number, height: number) {
  const { device } = context
  const bytes = 4 * width * height
  const most = Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize)
  if (bytes > most) {
    throw new SimulationError({
      message: `an array of ${bytes} bytes is more than the ${most} that the GPU allows`,
      hint: 'use a shorter cut-off, or platform: simd',
    })
  }
  const buffer = device.createBuffer({ size: bytes, usage: WRITABLE })
  const settings = { buffer, output: [width, height], componentCount: 1, context, kernel: null }
  const argument = new gpuJs.WebGPUBufferResult(settings)
  return {
    argument,
    // Dawn takes the process down with it when it is given shared memory.
    write: (values: Float32Array) =>
      device.queue.writeBuffer(buffer, 0, values.buffer instanceof ArrayBuffer ? values : values.slice()),
    dispose: () => argument.delete(),
  }
}

/** Reads a result as plain numbers: for an Array(n) per element gpu.js would make an object of each. */
async function readBack(gpuJs: GpuJs, result: BufferResult, length: number): Promise<Float32Array> {
  const { buffer, context, kernel } = result
  const plain = new gpuJs.WebGPUBufferResult({ buffer, output: [length], componentCount: 1, context, kernel })
  try {
    return await plain.toArray()
  } finally {
    plain.delete()
    result.delete()
  }
}

type Nested = Float32Array | readonly Nested[]

/** Returns rows of elements, which may be views of one array, as one array. */
function flatten(nested: Nested, length: number): Float32Array {
  const parts = nested instanceof Float32Array ? [nested] : (nested.flat(2) as Float32Array[])
  const whole = parts[0]!.buffer
  if (whole instanceof ArrayBuffer && whole.byteLength === 4 * length) return new Float32Array(whole)
  const result = new Float32Array(length)
  let filled = 0
  for (const part of parts) {
    result.set(part, filled)
    filled += part.length
  }
  return result
}

const CLASSES: Readonly<Record<BackendName, KernelClass>> = {
  webgpu: 'WebGPUKernel',
  webgl2: 'WebGL2Kernel',
  webasm: 'WebAssemblyKernel',
  cpu: 'CPUKernel',
}

function checkBackend(
  gpuJs: GpuJs,
  name: BackendName,
  description: KernelDescription,
  { kernel }: GpuKernel,
): void {
  if (kernel.constructor !== gpuJs[CLASSES[name]] || kernel.fallbackReason) {
    throw refused(name, description, kernel.fallbackReason ?? `it ran as ${kernel.constructor.name}`)
  }
}

function checkSize(width: number, height: number): void {
  if (!(width < MAX_INDEX && height < MAX_INDEX)) {
    throw new SimulationError({
      message: `an array of ${height} × ${width} has indices beyond ${MAX_INDEX}, which single precision rounds`,
      hint: 'use platform: simd',
    })
  }
}

/** Pipelines of a device by the text of their shader, latest last. */
const pipelines = new WeakMap<DeviceContext, Map<string, unknown>>()
/** More pipelines than an evaluator has, whatever its lists become. */
const MOST_PIPELINES = 64

/**
 * Keeps compiled pipelines: compiling takes most of the time of preparing an evaluator. A device returns the same pipeline
 * for a shader of the same text as long as one reference is held, here for the evaluator of the next stage.
 */
function keepPipeline(
  context: DeviceContext,
  { compiledSource, computePipeline }: GpuKernel['kernel'],
): void {
  const held = pipelines.get(context) ?? new Map<string, unknown>()
  pipelines.set(context, held)
  const first = held.get(compiledSource!) ?? computePipeline
  held.delete(compiledSource!)
  held.set(compiledSource!, first)
  if (held.size > MOST_PIPELINES) held.delete(held.keys().next().value!)
}

/** Errors of each device. */
const troubles = new WeakMap<DeviceContext, string[]>()

function watched(context: DeviceContext): DeviceContext {
  const all = troubles.get(context) ?? []
  troubles.set(context, all)
  context.device.onuncapturederror = ({ error }) => {
    all.push(error.message)
  }
  return context
}

const troublesOf = (context: DeviceContext | undefined): readonly string[] =>
  (context && troubles.get(context)) ?? []

/** Time after an error within which the loss of the device is reported, ms. */
const PATIENCE_MS = 200

/** @throws SimulationError when the device is lost, or has had an error since the backend was made */
async function guarded<T>(work: Promise<T>, { context, earlierTroubles }: Device): Promise<T> {
  if (!context) return work
  try {
    const result = await work
    const trouble = troublesOf(context)[earlierTroubles]
    if (trouble === undefined) return result
    throw new SimulationError({ message: `the GPU refused its work: ${trouble}`, hint: 'use platform: simd' })
  } catch (error) {
    const late = new Promise<false>(resolve => setTimeout(resolve, PATIENCE_MS, false))
    const isLost = await Promise.race([context.device.lost.then(() => true), late])
    if (!isLost) throw error
    throw new SimulationError({
      message: 'the GPU was lost in the middle of a computation',
      hint: 'a run continues from its last checkpoint: hoplite resume DIR, if necessary with --platform simd',
    })
  }
}

const refused = (name: BackendName, { name: kernel }: KernelDescription, reason: string) =>
  new SimulationError({ message: `gpu.js does not run the kernel '${kernel}' on ${name}: ${reason}` })

const unavailable = (name: BackendName, reason: string) =>
  new UserError({
    message: `gpu.js has no ${name} here: ${reason}`,
    hint: 'hoplite doctor shows what this machine offers; platform: simd needs no GPU',
  })
