import { type AdapterLimits, isSoftware, type WebGpuAdapter } from './webGpu.ts'

export interface Adapter {
  readonly name: string
  /** True where it computes on the processor: slower than the other platforms, for tests. */
  readonly isSoftware: boolean
  readonly limits: AdapterLimits
  readonly reason: null
}

export interface NoAdapter {
  readonly name: null
  /** Reason why there is no adapter. */
  readonly reason: string
}

export interface AdapterOptions {
  /**
   * True to accept an adapter in software. Default: true in CI, and where the environment variable HOPLITE_SOFTWARE_GPU is
   * neither empty nor 0.
   */
  readonly allowSoftware?: boolean
}

const LIMITS = [
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupsPerDimension',
] as const

let found: Adapter | undefined

/**
 * The WebGPU adapter of this machine, and `navigator.gpu` where it was missing: gpu.js takes its device from there.
 * It never throws; native code is loaded by the first call and not before.
 */
export async function findAdapter(options: AdapterOptions = {}): Promise<Adapter | NoAdapter> {
  if (found && (!found.isSoftware || softwareAllowed(options))) return found
  try {
    // Bundles for web pages have web/standIns/dawn.ts in its place.
    const { requestDawnAdapter } = await import('./dawn.ts')
    const adapter = await requestDawnAdapter(softwareAllowed(options))
    if (typeof adapter === 'string') return { name: null, reason: adapter }
    found = describe(adapter)
    return found
  } catch (error) {
    return { name: null, reason: error instanceof Error ? error.message : String(error) }
  }
}

function describe(adapter: WebGpuAdapter): Adapter {
  const { vendor, architecture, device, description } = adapter.info
  const parts = [description, device].filter(part => part !== '')
  const name = parts.length > 0 ? parts.join(', ') : `${vendor} ${architecture}`.trim()
  const limits = Object.fromEntries(LIMITS.map(limit => [limit, adapter.limits[limit]])) as Record<
    (typeof LIMITS)[number],
    number
  >
  return {
    name: name || 'unnamed',
    isSoftware: isSoftware(adapter),
    limits,
    reason: null,
  }
}

function softwareAllowed({ allowSoftware }: AdapterOptions): boolean {
  if (allowSoftware !== undefined || typeof process === 'undefined') return allowSoftware ?? false
  const { CI, HOPLITE_SOFTWARE_GPU } = process.env
  return [CI, HOPLITE_SOFTWARE_GPU].some(value => value !== undefined && value !== '' && value !== '0')
}
