import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import type { Adapter, NoAdapter } from '../../../src/platform/gpu/adapter.ts'

interface Answer {
  readonly before: boolean
  readonly after: boolean
  readonly adapter: Adapter | NoAdapter
  readonly result: number[] | null
}

/** In a process of its own, which must end by itself and write nothing else. */
async function ask(env: NodeJS.ProcessEnv): Promise<Answer> {
  const program = join(import.meta.dirname, 'programs/adapter.ts')
  const runner = join(import.meta.dirname, '../../../scripts/run.mjs')
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [runner, program], {
    env: { ...process.env, CI: '', HOPLITE_SOFTWARE_GPU: '', ...env },
    timeout: 60_000,
  })
  expect(stderr).toBe('')
  return JSON.parse(stdout) as Answer
}

it.runIf(process.platform === 'linux')('an adapter names what is missing if there is no driver', async () => {
  const { before, adapter, result } = await ask({ VK_DRIVER_FILES: '/nowhere.json' })
  expect(before).toBe(false)
  expect(adapter).toEqual({ name: null, reason: expect.stringContaining('no Vulkan driver') })
  expect(result).toBeNull()
})

it('native code is loaded on the first request for an adapter, and a process with a device in use ends', async context => {
  const { before, after, adapter, result } = await ask({ HOPLITE_SOFTWARE_GPU: '1' })
  expect(before).toBe(false)
  if (adapter.reason !== null && !process.env.CI) context.skip(adapter.reason)
  expect(adapter.reason).toBeNull()
  expect(after).toBe(true)
  expect(result).toEqual([1, 1])
})

it.runIf(process.env.CI)('an adapter in software is named as such', async () => {
  const { adapter } = await ask({ HOPLITE_SOFTWARE_GPU: '1' })
  expect(adapter).toMatchObject({ name: expect.stringMatching(/\w/), isSoftware: true })
})
