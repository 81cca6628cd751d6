import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { RUN_FILES } from '../../src/files/runDirectory.ts'
import { temporaryFolder } from '../tools/folder.ts'
import { document, hoplite, ROOT, refusal, start, until } from './hoplite.ts'

const RECIPE = join(ROOT, 'runs/bulk-odh.yaml')
const folder = temporaryFolder()
const BAND = ['--images', '5', '--fmax_eV_per_A', '0.05', '--threads', '1']

const locked = (out: string) => existsSync(join(out, RUN_FILES.lock))

it('a time limit during the relaxation of the ends keeps them and names the command that continues the band', async () => {
  const [out, whole] = [join(folder, 'early'), join(folder, 'whole')]
  const { code, stderr } = await hoplite('neb', RECIPE, '--out', out, ...BAND, '--max-time', '0.001s')
  expect(code).toBe(130)
  expect(stderr).toContain('stopped early, while the ends relaxed')
  expect(stderr).toContain(`hoplite neb ${out} --resume`)
  expect(locked(out)).toBe(false)
  const { barrier_eV, energies_eV, converged } = await document('neb', RECIPE, '--out', whole, ...BAND)
  expect(await document('neb', out, '--resume', '--threads', '1')).toMatchObject({
    barrier_eV,
    energies_eV,
    converged,
  })
  expect([out, whole].map(locked)).toEqual([false, false])
  // A reader needs no lock, and leaves none.
  await document('report', whole)
  expect(locked(whole)).toBe(false)
})

it('a band that fails leaves no lock', async () => {
  const out = join(folder, 'failed')
  const { code } = await hoplite('neb', RECIPE, '--out', out, ...BAND)
  expect(code).toBe(0)
  writeFileSync(join(out, RUN_FILES.bandCheckpoint), 'torn')
  expect((await refusal('neb', out, '--resume')).message).toMatch(/the band checkpoint is damaged/)
  expect(locked(out)).toBe(false)
})

it.each(['SIGINT', 'SIGTERM'] as const)(
  'a directory is locked while a band is in it, and free after %s',
  { timeout: 60_000 },
  async signal => {
    const out = join(folder, signal)
    // Never at rest: the time until the signal does not matter.
    const args = ['neb', RECIPE, '--out', out, '--images', '21', '--fmax_eV_per_A', '1e-12', '--threads', '1']
    const { child, ended } = start(args)
    const lock = join(out, RUN_FILES.lock)
    const holder = () => {
      try {
        return JSON.parse(readFileSync(lock, 'utf8')).pid
      } catch {
        return null
      }
    }
    await until(() => holder() !== null)
    expect(holder()).toBe(child.pid)
    await until(() => existsSync(join(out, RUN_FILES.manifest)))
    for (const second of [
      [RECIPE, '--out', out],
      [out, '--resume'],
    ]) {
      const { message, hint } = await refusal('neb', ...second)
      expect(message).toContain(`process ${child.pid}`)
      expect(hint).toContain('another --out')
    }
    child.kill(signal)
    const { code, stderr } = await ended
    expect(code).toBe(130)
    expect(stderr).toContain('--resume')
    expect(holder()).toBeNull()
  },
)
