import { existsSync, readdirSync } from 'node:fs'
import { availableParallelism, constants, homedir } from 'node:os'
import { join } from 'node:path'
import { isSoftware, navigatorObject, type WebGpu, type WebGpuAdapter } from './webGpu.ts'

/** Vulkan driver in software of Debian's chromium. */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json'
const VULKAN_LOADERS = ['libvulkan.so.1', '/usr/lib/chromium/libvulkan.so.1']
/** glibc's flag to keep a library once it is loaded; Node has no name for it. */
const RTLD_NODELETE = 0x1000

/**
 * An adapter of Dawn, the WebGPU of the `webgpu` package, with `navigator.gpu` set to give the same one.
 * @returns or why there is none
 */
export async function requestDawnAdapter(allowSoftware: boolean): Promise<WebGpuAdapter | string> {
  const { create } = (await import('webgpu')) as unknown as { create(flags: readonly string[]): WebGpu }
  const hardware = await request(() => create([]), whyNoVulkan())
  if (typeof hardware !== 'string' && (allowSoftware || !isSoftware(hardware))) return hardware
  const reason = typeof hardware === 'string' ? hardware : 'the only one computes in software'
  if (!allowSoftware) return reason
  if (!existsSync(SWIFTSHADER)) return `${reason}, nor is Chromium's in software (${SWIFTSHADER}) here`
  // Debian's lavapipe, which Dawn refuses, must not be found beside it. The loader reads these when Dawn starts it.
  process.env.VK_DRIVER_FILES = SWIFTSHADER
  process.env.VK_ICD_FILENAMES = SWIFTSHADER
  return request(() => create([]), whyNoVulkan())
}

/** @param missing why Dawn need not be asked: it would write to the terminal */
async function request(createGpu: () => WebGpu, missing: string | null): Promise<WebGpuAdapter | string> {
  if (missing) return missing
  const gpu = createGpu()
  const adapter = await gpu.requestAdapter()
  if (!adapter) return 'Dawn finds no adapter that it supports'
  provide(gpu)
  return adapter
}

function provide(gpu: WebGpu): void {
  if (!('navigator' in globalThis)) {
    const value = { hardwareConcurrency: availableParallelism() }
    Object.defineProperty(globalThis, 'navigator', { value, configurable: true })
  }
  Object.defineProperty(navigatorObject(), 'gpu', { value: gpu, configurable: true })
}

/** Dawn uses Vulkan on Linux, and on other systems what they have of their own. */
function whyNoVulkan(): string | null {
  if (process.platform !== 'linux') return null
  if (!vulkanDrivers()) return 'no Vulkan driver is installed'
  return VULKAN_LOADERS.some(isLoadable) ? null : 'the Vulkan loader (libvulkan.so.1) is not installed'
}

/** True if the Vulkan loader finds a driver on its documented search path. */
function vulkanDrivers(): boolean {
  const { env } = process
  const named = env.VK_DRIVER_FILES ?? env.VK_ICD_FILENAMES
  if (named !== undefined) return named.split(':').some(existsSync)
  const inHome = (variable: string | undefined, fallback: string) => variable || join(homedir(), fallback)
  return [
    inHome(env.XDG_CONFIG_HOME, '.config'),
    ...(env.XDG_CONFIG_DIRS || '/etc/xdg').split(':'),
    '/etc',
    inHome(env.XDG_DATA_HOME, '.local/share'),
    ...(env.XDG_DATA_DIRS || '/usr/local/share:/usr/share').split(':'),
  ].some(folder => {
    try {
      return readdirSync(join(folder, 'vulkan/icd.d')).some(file => file.endsWith('.json'))
    } catch {
      return false
    }
  })
}

/**
 * Loads a library for good, so that Dawn finds it under its name. Node loads its own modules in this way and drops what
 * is none; that there was something to drop is how we know.
 */
function isLoadable(library: string): boolean {
  try {
    process.dlopen({ exports: {} }, library, constants.dlopen.RTLD_NOW | RTLD_NODELETE)
    return true
  } catch (error) {
    return error instanceof Error && error.message.includes('did not self-register')
  }
}
