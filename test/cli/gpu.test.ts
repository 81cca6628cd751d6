import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { findAdapter } from '../../src/platform/gpu/adapter.ts'
import { loadGpuJs } from '../../src/platform/gpu/gpuJs.ts'
import { onWebGpu } from '../platform/gpu/helpers.ts'
import { temporaryFolder } from '../tools/folder.ts'
import { changed, LIFSI_MD, writeLifsi } from './boxes.ts'
import { document, hoplite } from './hoplite.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
let md: string
beforeAll(async () => {
  ;({ md } = await writeLifsi(folder))
})

onWebGpu(() => {
  it('md on the gpu platform runs and reports its platform', async () => {
    const { platform, completed } = await document('md', md, '--platform', 'gpu', '--out', at('run'))
    expect(completed).toBe(true)
    expect(platform).toEqual({ asked: 'gpu', ran: 'gpu', backend: 'f32, webgpu', fallback_reason: null })
  })

  it('doctor describes the gpu platform', async () => {
    const { platforms } = await document('doctor')
    const { name } = await findAdapter()
    expect(platforms).toContainEqual({
      name: 'gpu',
      available: true,
      detail: expect.stringContaining(name!),
      reason: null,
    })
  })

  it('a lost gpu device is an error, and the run continues from its checkpoint on another platform', async () => {
    const longer = at('longer.yaml')
    writeFileSync(longer, changed(LIFSI_MD, /time_ps: 0.02/, 'time_ps: 0.2'))
    const { device } = await (await loadGpuJs()).WebGPUContext.acquire()
    const watch = setInterval(() => {
      if (existsSync(at('lost/checkpoint.bin'))) device.destroy()
    }, 1)
    const lost = await hoplite('md', longer, '--platform', 'gpu', '--out', at('lost'))
    clearInterval(watch)
    expect(lost.code).toBe(1)
    expect(lost.stderr).toContain('the GPU was lost in the middle of a computation')
    const resumed = await document('resume', at('lost'), '--platform', 'simd')
    expect(resumed).toMatchObject({ completed: true, steps: 204, platform: { asked: 'simd', ran: 'simd' } })
  })
})
