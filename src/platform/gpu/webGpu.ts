/** The part of WebGPU that is used here; TypeScript declares it for browsers only. */
export interface WebGpu {
  requestAdapter(): Promise<WebGpuAdapter | null>
}

export interface WebGpuAdapter {
  readonly info: {
    readonly vendor: string
    readonly architecture: string
    readonly device: string
    readonly description: string
    readonly isFallbackAdapter?: boolean
  }
  readonly limits: AdapterLimits
}

export interface AdapterLimits {
  /** Bytes that one array of a kernel may have. */
  readonly maxStorageBufferBindingSize: number
  /** Bytes */
  readonly maxBufferSize: number
  readonly maxStorageBuffersPerShaderStage: number
  readonly maxComputeInvocationsPerWorkgroup: number
  readonly maxComputeWorkgroupsPerDimension: number
}

/** `navigator`, which Node has from version 21 on. */
export const navigatorObject = (): { gpu?: WebGpu } =>
  (globalThis as { navigator?: { gpu?: WebGpu } }).navigator ?? {}

export const isSoftware = ({ info }: WebGpuAdapter): boolean =>
  info.isFallbackAdapter === true ||
  /swiftshader|llvmpipe|lavapipe|basic render/i.test(
    `${info.architecture} ${info.device} ${info.description}`,
  )
