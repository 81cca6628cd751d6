import { describe } from 'vitest'
import { findAdapter } from '../../../src/platform/gpu/adapter.ts'
import type { BackendName } from '../../../src/platform/gpu/backends.ts'

process.env.HOPLITE_SOFTWARE_GPU ??= '1'
const adapter = await findAdapter()
/** CI has an adapter, and where it has lost it tests fail. */
const skipped = process.env.CI ? null : adapter.reason

/** The backends that Node can have. */
export function onEachBackend(tests: (name: BackendName) => void): void {
  describe('on cpu', () => tests('cpu'))
  describe('on webasm', () => tests('webasm'))
  onWebGpu(() => tests('webgpu'))
}

export function onWebGpu(tests: () => void): void {
  describe.skipIf(skipped)(skipped ? `on webgpu: no adapter, ${skipped}` : 'on webgpu', tests)
}
