import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Serving, serve } from '../../src/web/serve.ts'
import { launchBrowser, requireBrowserInCi, whyNoBrowser } from '../tools/chromium.ts'
import { temporaryFolder } from '../tools/folder.ts'
import { deviation, type Expected, expectedOf, STEPS } from './expected.ts'

requireBrowserInCi()

interface Shown {
  readonly state: string
  readonly running: string
  readonly sentence: string
  readonly alarm: string
  readonly remarks: string
  readonly adapter: string
  readonly stage: string
  readonly time_ps: number[]
  readonly temperature_K: number[]
  readonly lag_ps: number[]
  readonly msd_A2: number[]
  readonly low_A2: number[]
  readonly high_A2: number[]
}

const LOOK = `(() => {
  const text = id => document.getElementById(id).textContent
  const curve = (id, k) => document.getElementById(id).data?.[k] ?? { x: [], y: [] }
  return {
    state: document.documentElement.dataset.state,
    ...Object.fromEntries(['running', 'sentence', 'alarm', 'remarks', 'adapter', 'stage'].map(id => [id, text(id)])),
    time_ps: curve('temperature', 0).x,
    temperature_K: curve('temperature', 0).y,
    lag_ps: curve('msd', 2).x,
    msd_A2: curve('msd', 2).y,
    low_A2: curve('msd', 0).y,
    high_A2: curve('msd', 1).y,
  }
})()`

describe.skipIf(whyNoBrowser)(`the live page${whyNoBrowser ? `: skipped, ${whyNoBrowser}` : ''}`, () => {
  const folder = temporaryFolder()
  let expected: Expected
  let serving: Serving
  let browser: Browser

  beforeAll(async () => {
    expected = await expectedOf(folder)
    serving = await serve({ input: expected.input, command: 'hoplite md', host: '127.0.0.1', port: 0 })
    browser = await launchBrowser({ webgpu: true })
  })
  afterAll(async () => {
    await browser?.close()
    await serving?.close()
  })

  async function open(query: string, width = 1440, colorScheme: 'light' | 'dark' = 'light', by = browser) {
    const page = await by.newPage({ viewport: { width, height: 900 }, colorScheme })
    const complaints: string[] = []
    page.on('console', message => complaints.push(message.text()))
    page.on('pageerror', error => complaints.push(error.message))
    page.on('request', request => {
      if (!request.url().startsWith(serving.address)) complaints.push(`request: ${request.url()}`)
    })
    await page.goto(serving.address + query)
    return { page, complaints }
  }

  const look = (page: Page): Promise<Shown> => page.evaluate(LOOK)
  const state = (page: Page) => page.evaluate('document.documentElement.dataset.state')
  const overflow = (page: Page) => page.evaluate('document.documentElement.scrollWidth - innerWidth')

  /** When the run has come to its end, and the figures have followed. */
  async function ended(page: Page): Promise<Shown> {
    await expect.poll(() => state(page), { timeout: 90_000 }).toMatch(/ended|failed/)
    expect((await look(page)).alarm).toBe('')
    await expect
      .poll(async () => (await look(page)).lag_ps.length, { timeout: 15_000 })
      .toBe(expected.curve.lag_ps.length)
    return look(page)
  }

  function agrees(shown: Shown, tolerance: number): void {
    expect(deviation(shown.time_ps, expected.time_ps)).toBeLessThan(1e-9)
    expect(deviation(shown.temperature_K, expected.temperature_K)).toBeLessThan(tolerance)
    expect(deviation(shown.lag_ps, expected.curve.lag_ps)).toBeLessThan(1e-9)
    expect(deviation(shown.msd_A2, expected.curve.msd_A2)).toBeLessThan(10 * tolerance)
    shown.msd_A2.forEach((value, k) => {
      expect(value).toBeGreaterThan(expected.curve.low_A2[k]!)
      expect(value).toBeLessThan(expected.curve.high_A2[k]!)
    })
  }

  test('has the same results on WebGPU as Node from the same seed, and names WebGPU', async () => {
    const { page, complaints } = await open('?backend=webgpu')
    const shown = await ended(page)
    expect(shown).toMatchObject({ state: 'ended', alarm: '', running: 'gpu (f32, webgpu)', remarks: '' })
    expect(shown.adapter).toMatch(/swiftshader/i)
    expect(shown.stage).toContain(`step ${STEPS + 4}`)
    expect(shown.sentence).toMatch(/^After 0\.04\sps the mean-squared displacement of 12 Li⁺ is /)
    agrees(shown, 1e-4)
    expect(complaints).toEqual([])
    await page.close()
  })

  test.each(['webgl2', 'webasm'])('has the same results on %s as Node', async backend => {
    const { page, complaints } = await open(`?backend=${backend}`)
    const shown = await ended(page)
    expect(shown).toMatchObject({ state: 'ended', alarm: '', running: `gpu (f32, ${backend})` })
    agrees(shown, 1e-4)
    expect(complaints).toEqual([])
    await page.close()
  })

  test('makes steps on the device if the recipe has steps_on_device, also on threads of gpu.js', async () => {
    const { system, stages, ...rest } = expected.input
    const forces = system.forces.map(force =>
      force.kind === 'coulomb' ? { ...force, method: { name: 'dsf' as const, alpha_per_A: 0.2 } } : force,
    )
    const input = {
      ...rest,
      system: { ...system, forces },
      stages: stages.map(stage => ({ ...stage, steps_on_device: 2 })),
    }
    const blocks = await serve({ input, command: 'hoplite md', host: '127.0.0.1', port: 0 })
    const page = await browser.newPage()
    await page.goto(`${blocks.address}?backend=webasm`)
    await expect.poll(() => state(page), { timeout: 90_000 }).toMatch(/ended|failed/)
    expect(await look(page)).toMatchObject({ state: 'ended', alarm: '', remarks: '' })
    await page.close()
    await blocks.close()
  })

  test('uses a GPU in software only if it is asked for, and gives the reason', async () => {
    const { page, complaints } = await open('')
    const shown = await ended(page)
    expect(shown.running).toMatch(/^simd \(f32, (relaxed-)?simd\)$/)
    expect(shown.remarks).toMatch(/^not on WebGPU: .*swiftshader.* in software$/i)
    agrees(shown, 1e-5)
    expect(complaints).toEqual([])
    await page.close()
  })

  test('continues after its end, and starts again at another temperature', async () => {
    const { page, complaints } = await open('?backend=reference')
    expect((await ended(page)).running).toBe('reference (f64)')
    expect(await page.textContent('#pause')).toBe('Run on')
    await page.click('#pause')
    const stage = async () => (await look(page)).stage
    await expect.poll(stage, { timeout: 30_000 }).toContain(`step ${2 * STEPS + 4}`)
    await page.click('[data-temperature="300"]')
    const { temperature_K } = await ended(page)
    expect(temperature_K[0]! / expected.temperature_K[0]!).toBeCloseTo(300 / 500, 9)
    expect(complaints).toEqual([])
    await page.close()
  })

  test('makes no steps while it is paused', async () => {
    const { input } = expected
    const stages = input.stages.map(stage => ('time_ps' in stage ? { ...stage, time_ps: 1000 } : stage))
    const endless = await serve({
      input: { ...input, stages },
      command: 'hoplite md',
      host: '127.0.0.1',
      port: 0,
    })
    const page = await browser.newPage()
    await page.goto(`${endless.address}?backend=simd`)
    const step = async () => Number(/step (\d+)/.exec((await look(page)).stage)?.[1] ?? 0)
    await expect.poll(step, { timeout: 30_000 }).toBeGreaterThan(0)
    await page.click('#pause')
    expect(await state(page)).toBe('paused')
    await page.waitForTimeout(1000)
    const paused = await step()
    await page.waitForTimeout(1500)
    expect(await step()).toBe(paused)
    await page.click('#pause')
    await expect.poll(step, { timeout: 30_000 }).toBeGreaterThan(paused)
    await page.close()
    await endless.close()
  })

  test('without WebGPU names the backend that it uses instead', async () => {
    const without = await launchBrowser({ webgpu: false })
    const { page } = await open('?backend=webgpu', 800, 'light', without)
    await expect.poll(async () => (await look(page)).state, { timeout: 30_000 }).toBe('failed')
    const shown = await look(page)
    expect(shown.alarm).toMatch(/gpu\.js has no webgpu here/)
    expect(shown.running).toBe('–')
    await without.close()
  })

  test.each([
    [390, 'dark'],
    [1440, 'light'],
  ] as const)('fits %i pixels', async (width, scheme) => {
    const { page, complaints } = await open('?backend=simd', width, scheme)
    await ended(page)
    expect(await overflow(page)).toBeLessThanOrEqual(0)
    const painted = `(() => {
      const canvas = document.querySelector('#scene canvas')
      const copy = Object.assign(document.createElement('canvas'), { width: canvas.width, height: canvas.height })
      const context = copy.getContext('2d')
      context.drawImage(canvas, 0, 0)
      const { data } = context.getImageData(0, 0, copy.width, copy.height)
      // Pixels that are not of the background, as the one in the corner is.
      const pixels = new Uint32Array(data.buffer)
      return pixels.filter(pixel => pixel !== pixels[0]).length / pixels.length
    })()`
    const share = () => page.evaluate(painted) as Promise<number>
    expect(await share()).toBeGreaterThan(0.05)
    const before = await page.screenshot({ clip: (await page.locator('#scene').boundingBox())! })
    await page.locator('#scene').press('ArrowLeft')
    await page.waitForTimeout(200)
    expect(
      (await page.screenshot({ clip: (await page.locator('#scene').boundingBox())! })).equals(before),
    ).toBe(false)
    expect(complaints).toEqual([])
    await page.close()
  })
})
