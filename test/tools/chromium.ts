import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'
import { expect, test } from 'vitest'

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
const available = existsSync(executablePath)

/** Null where there is a browser; otherwise why tests that need one are skipped, which in CI they are not. */
export const whyNoBrowser = available ? null : `${executablePath} does not exist; set CHROMIUM`

/** Call once in a file whose other tests are skipped without a browser. */
export function requireBrowserInCi(): void {
  test.runIf(process.env.CI === 'true')('a browser is installed where all tests have to run', () => {
    expect(whyNoBrowser).toBeNull()
  })
}

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
]
/** WebGPU in software. */
const WEBGPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader']

export const launchBrowser = ({ webgpu }: { readonly webgpu: boolean }): Promise<Browser> =>
  chromium.launch({ executablePath, args: [...FLAGS, ...(webgpu ? WEBGPU : ['--disable-features=WebGPU'])] })
