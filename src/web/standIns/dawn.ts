import { navigatorObject, type WebGpuAdapter } from '../../platform/gpu/webGpu.ts'

/** In place of platform/gpu/dawn.ts: the browser's own WebGPU. @returns the adapter, or why there is none */
export async function requestDawnAdapter(): Promise<WebGpuAdapter | string> {
  if (!isSecureContext) return 'browsers offer WebGPU to pages from https or from this machine only'
  const { gpu } = navigatorObject()
  if (!gpu) return 'this browser has no WebGPU'
  return (await gpu.requestAdapter()) ?? 'the browser finds no adapter for WebGPU'
}
