import { describe } from 'vitest'
import type { BackendName } from '../../../src/platform/gpu/backends.ts'
import { withoutWebGpu } from '../parity/platforms.ts'

/** Runs tests on every backend of gpu.js that Node can have. */
export function onEachBackend(tests: (name: BackendName) => void): void {
  describe('on cpu', () => tests('cpu'))
  describe('on webasm', () => tests('webasm'))
  onWebGpu(() => tests('webgpu'))
}

export function onWebGpu(tests: () => void): void {
  const name = `on webgpu${withoutWebGpu === null ? '' : ` (no adapter: ${withoutWebGpu})`}`
  describe.skipIf(withoutWebGpu !== null)(name, tests)
}
