import { vi } from 'vitest'

/** As on a machine without any GPU, until the end of the file. */
export function hideGpu(): void {
  vi.stubEnv('CI', '')
  vi.stubEnv('HOPLITE_SOFTWARE_GPU', '')
  vi.stubEnv('VK_DRIVER_FILES', '/nowhere.json')
}
