import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../tools/folder.ts'
import { document, hoplite } from './hoplite.ts'

const folder = temporaryFolder()
const at = join(folder, 'ni')
let study: Record<string, unknown> = {}

beforeAll(async () => {
  study = await document('study', 'ni-barrier', '--quick', '--out', at, '--quiet')
}, 180_000)

describe('study ni-barrier', () => {
  it('prints the promised keys, every case with its status and what was published', () => {
    expect(study).toMatchObject({ study: 'ni-barrier', mode: 'quick', report: join(at, 'report.html') })
    const cases = study.cases as { name: string; value: number }[]
    expect(cases[0]).toMatchObject({
      name: 'bare',
      ci95: null,
      unit: 'eV',
      published: 2.83,
      status: 'calibrated',
      converged: true,
    })
    expect(cases.at(-1)).toMatchObject({
      name: 'N-coordinated less bare',
      published: 0.53,
      status: 'predicted',
    })
    expect(study.sentence).toMatch(/published difference \+0\.53 eV \(Zheng 2025\) lies inside this range/)
  })

  it('shifts by much the same for every ordering of lithium, though the barriers do not stay', () => {
    const value = (name: string) =>
      (study.cases as { name: string; value: number }[]).find(item => item.name === name)!.value
    const bare = [1, 2, 3].map(k => value(`bare, ordering ${k}`))
    const shifts = [1, 2, 3].map(k => value(`N-coordinated, ordering ${k}`) - bare[k - 1]!)
    expect(Math.max(...bare) - Math.min(...bare)).toBeGreaterThan(0.5)
    for (const shift of shifts) expect(Math.abs(shift - 0.52)).toBeLessThan(0.1)
  })

  it('writes a page and its results, and writes them again from what is there', async () => {
    const [page, results] = ['report.html', 'results.json'].map(name => join(at, name)) as [string, string]
    const before = readFileSync(results, 'utf8')
    for (const file of [page, results]) rmSync(file)
    const { code, stdout } = await hoplite('report', at)
    expect(code).toBe(0)
    expect(readFileSync(results, 'utf8')).toBe(before)
    expect(existsSync(page)).toBe(true)
    expect(stdout).toContain(String(study.sentence))
  })

  it('keeps the recipe of every band, so that it can be run by itself', () => {
    expect(readFileSync(join(at, 'ni-pan-0.76.yaml'), 'utf8')).toMatch(/D_eV: 0\.76/)
  })

  it('refuses flags of trajectories', async () => {
    const { code, stderr } = await hoplite('report', join(at, 'ni-bare'), '--species', 'Li')
    expect(code).toBe(2)
    expect(stderr).toMatch(/--species has no effect on a band/)
  })
})
