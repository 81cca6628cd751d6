import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseExtxyz } from '../../src/files/extxyz.ts'
import { renderBarrierReport } from '../../src/report/barrierPage.ts'
import { renderTransportReport } from '../../src/report/page.ts'
import { launchBrowser, requireBrowserInCi, whyNoBrowser } from '../tools/chromium.ts'
import { barrierReport } from './barrierFixture.ts'
import { comparisonReport } from './fixture.ts'

requireBrowserInCi()

describe.skipIf(whyNoBrowser)(`the pages${whyNoBrowser ? `: skipped, ${whyNoBrowser}` : ''}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'hoplite-report-'))
  let browser: Browser

  beforeAll(async () => {
    browser = await launchBrowser({ webgpu: false })
  })
  afterAll(async () => {
    await browser?.close()
    rmSync(folder, { recursive: true })
  })

  interface Opened {
    readonly page: Page
    /** Messages of the console, errors and refused requests so far. */
    readonly complaints: string[]
  }

  async function open(html: string, width: number, colorScheme: 'light' | 'dark'): Promise<Opened> {
    const file = join(folder, 'report.html')
    writeFileSync(file, html)
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme })
    const complaints: string[] = []
    page.on('console', message => complaints.push(message.text()))
    page.on('pageerror', error => complaints.push(error.message))
    page.on('dialog', dialog => {
      complaints.push(`dialog: ${dialog.message()}`)
      void dialog.dismiss()
    })
    page.on('request', request => {
      if (!/^(file|data|blob):/.test(request.url())) complaints.push(`request: ${request.url()}`)
    })
    await page.goto(pathToFileURL(file).href)
    await page.waitForSelector('html[data-ready="true"]', { timeout: 60_000 })
    return { page, complaints }
  }

  async function download(page: Page, selector: string): Promise<string> {
    const [event] = await Promise.all([page.waitForEvent('download'), page.click(selector)])
    return readFileSync(await event.path(), 'utf8')
  }

  test('draws all figures, offers data and figures for download, loads the box when it is in view', async () => {
    const { page, complaints } = await open(renderTransportReport(comparisonReport()), 1440, 'light')
    expect(await page.locator('.plot .main-svg').count()).toBeGreaterThanOrEqual(14)
    expect(await page.locator('#msd-linear path.js-line').count()).toBeGreaterThanOrEqual(6)
    expect(await page.locator('.modebar').count()).toBe(0)

    const csv = await download(page, '#picture [data-action="csv"]')
    const [head, first] = csv.split('\n')
    expect(head).toBe('system,replica,lag_ps,msd_A2,low_A2,high_A2')
    expect(first).toMatch(/^PVDF,mean,0\.05,[\d.]+,[\d.]+,[\d.]+$/)
    expect(csv).toContain('"published, Ye 2025"')
    expect(csv).toContain('dHF-PVDF,seed 10,')

    const everything = JSON.parse(await download(page, '[data-action="json"]'))
    expect(everything.report.comparison.ratio.value).toBe(1.07)
    expect(everything.datasets.length).toBe(14)
    expect(await download(page, '[data-action="extxyz"]')).toMatch(/^\d+\nLattice="19/)
    expect(await download(page, '#picture [data-action="svg"]')).toMatch(/^<svg/)

    expect(await page.locator('#scene canvas').count()).toBe(0)
    await page.locator('#scene').scrollIntoViewIfNeeded()
    await page.waitForSelector('#scene[data-loaded] canvas', { timeout: 60_000 })
    await page.click('[data-action="system"][data-target="1"]')
    expect(await page.getAttribute('#scene', 'aria-label')).toContain('dHF-PVDF')
    expect(complaints).toEqual([])
    await page.close()
  })

  test('fits the screen of a phone, in dark mode and after a change to light mode', async () => {
    const { page, complaints } = await open(renderTransportReport(comparisonReport()), 390, 'dark')
    const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
    expect(overflow).toBeLessThanOrEqual(0)
    const ink = () =>
      page.evaluate(
        'getComputedStyle(document.querySelector("#msd-log .annotation-text, #msd-log .xtitle")).fill',
      )
    const dark = await ink()
    await page.emulateMedia({ colorScheme: 'light' })
    await expect.poll(ink).not.toBe(dark)
    expect(complaints).toEqual([])
    await page.close()
  })

  test('names with HTML and scripts do not run', async () => {
    const attack = '</script><img src=x onerror=alert(1)><a href="javascript:alert(1)">x</a>'
    const report = comparisonReport()
    const { page, complaints } = await open(
      renderTransportReport({
        ...report,
        title: attack,
        comparison: null,
        published: [],
        systems: [{ ...report.systems[0], name: attack, label: attack }],
      }),
      800,
      'light',
    )
    expect(await page.locator('img').count()).toBe(0)
    expect(await page.locator('a[href^="javascript"]').count()).toBe(0)
    expect(complaints).toEqual([])
    await page.close()
  })

  test('barriers: draws all figures, offers data and bands for download', async () => {
    const { page, complaints } = await open(renderBarrierReport(barrierReport()), 1440, 'light')
    expect(await page.locator('.plot .main-svg').count()).toBeGreaterThanOrEqual(5)
    expect(await page.locator('#energy path.js-line').count()).toBe(5)
    expect(await page.locator('#barriers g.point path').count()).toBe(6)
    expect(await page.locator('.modebar').count()).toBe(0)

    const csv = await download(page, '[data-action="csv"][data-target="energy-along-path"]')
    const [head, ...rows] = csv.trim().split('\n')
    expect(head).toBe('case,kind,path_A,energy_eV')
    expect(rows.filter(row => row.startsWith('PVDF,image,')).length).toBe(9)
    expect(csv).toContain('dHF-PVDF,"published, Ye 2025",')
    const everything = JSON.parse(await download(page, '[data-action="json"]'))
    expect(everything.report.differences[0].value_eV).toBe(-0.438)

    const text = await download(page, '[data-action="extxyz"][data-target="1"]')
    const frames = parseExtxyz(text, 'download')
    const { images_A } = barrierReport().cases[1].molecule!
    expect(frames.length).toBe(9)
    const heights = (values: ArrayLike<number>) => Array.from(values).filter((_, k) => k % 3 === 2)
    const given = heights(images_A[4]!)
    heights(frames[4]!.structure.positions).forEach((z, k) => {
      expect(z).toBeCloseTo(given[k]!, 3)
    })
    expect(complaints).toEqual([])
    await page.close()
  })

  test('barriers: the path loads when it is in view, plays, and responds to the keyboard', async () => {
    const { page, complaints } = await open(renderBarrierReport(barrierReport()), 1440, 'light')
    expect(await page.locator('#scene canvas').count()).toBe(0)
    await page.locator('#scene').scrollIntoViewIfNeeded()
    await page.waitForSelector('#scene[data-loaded] canvas', { timeout: 60_000 })
    const slider = page.locator('#image')
    expect(await page.textContent('#image-text')).toBe('1.47 eVImage 5 of 9, at the saddle')

    await slider.press('Home')
    expect(await slider.getAttribute('aria-valuetext')).toBe('Image 1 of 9, 0.00 eV')
    await slider.press('ArrowRight')
    expect(await slider.inputValue()).toBe('1')

    await page.press('#play', 'Enter')
    expect(await page.getAttribute('#play', 'aria-label')).toBe('Pause')
    await expect.poll(() => slider.inputValue(), { timeout: 30_000 }).not.toBe('1')
    await page.press('#play', 'Enter')
    expect(await page.getAttribute('#play', 'aria-label')).toBe('Play the hop')

    await slider.press('End')
    await page.click('[data-action="system"][data-target="2"]')
    expect(await page.getAttribute('#scene', 'aria-label')).toContain('dHF-PVDF: the path of Li⁺')
    expect(await slider.inputValue()).toBe('8')
    for (const group of ['host', 'frozen', 'adsorbate', 'trace', 'cell']) {
      await page.click(`[data-action="toggle"][data-target="${group}"]`)
    }
    expect(complaints).toEqual([])
    await page.close()
  })

  test('barriers: fit the screen of a phone in dark mode, and paper', async () => {
    const { page, complaints } = await open(renderBarrierReport(barrierReport()), 390, 'dark')
    const overflow = () => page.evaluate('document.documentElement.scrollWidth - innerWidth')
    expect(await overflow()).toBeLessThanOrEqual(0)
    // A4 between its margins.
    await page.setViewportSize({ width: 718, height: 1000 })
    await page.emulateMedia({ media: 'print' })
    await page.evaluate('dispatchEvent(new Event("beforeprint"))')
    await expect.poll(overflow).toBeLessThanOrEqual(0)
    expect(await page.isVisible('#play')).toBe(false)
    expect(complaints).toEqual([])
    await page.close()
  })
})
