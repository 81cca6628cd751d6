import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { readCheckpoint } from '../../src/files/checkpoint.ts'
import { temporaryFolder } from '../tools/folder.ts'
import { hideGpu } from '../tools/noGpu.ts'
import { LIFSI_MD, writeLifsi } from './boxes.ts'
import { contents, document, hasColour, hoplite, refusal } from './hoplite.ts'

hideGpu()

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
let recipe = ''

/** Runs into a new directory. @returns what --json prints */
const run = (name: string, ...more: string[]) => document('md', recipe, '--out', at(name), '--quiet', ...more)
const bytes = (name: string, file: string) => readFileSync(join(at(name), file)).toString('latin1')
const manifest = (name: string) => JSON.parse(bytes(name, 'manifest.json'))

beforeAll(async () => {
  recipe = (await writeLifsi(folder)).md
  await run('whole')
})

describe('md', () => {
  it('writes a run directory and prints the promised keys', async () => {
    const result = await run('keys')
    expect(Object.keys(result)).toEqual([
      'run',
      'completed',
      'steps',
      'time_ps',
      'ns_per_day',
      'drift_meV_per_atom_ps',
      'warnings',
      'platform',
      'precision',
      'density_g_per_cm3',
      'temperature_K',
    ])
    expect(result).toMatchObject({ run: at('keys'), completed: true, steps: 24 })
    expect(result.time_ps).toBeCloseTo(0.024, 12)
    expect(result.density_g_per_cm3).toBeCloseTo(1, 6)
    expect(result.platform).toEqual({
      asked: 'auto',
      ran: 'simd',
      backend: expect.stringMatching(/^f32, (relaxed-)?simd$/),
      fallback_reason: expect.stringMatching(/^no GPU: /),
    })
    expect(Object.keys(contents(at('keys')))).toEqual([
      'checkpoint.bin',
      'log.csv',
      'manifest.json',
      'results.json',
      'structure.extxyz',
      'trajectory.dcd',
    ])
    expect(JSON.parse(bytes('keys', 'results.json'))).toEqual(result)
  })

  it('logs every interval of both stages, with energies that add up', () => {
    const [header = '', ...rows] = bytes('whole', 'log.csv').trimEnd().split('\n')
    const columns = header.split(',')
    expect(columns.slice(0, 4)).toEqual(['step', 'time_ps', 'stage', 'temperature_K'])
    const table = rows.map(row =>
      Object.fromEntries(row.split(',').map((value, k) => [columns[k]!, Number(value)])),
    )
    expect(table.map(({ step, stage }) => [stage, step])).toEqual([
      ...[0, 2, 4].map(step => [0, step]),
      ...[0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20].map(step => [1, 4 + step]),
    ])
    for (const row of table) {
      const terms = columns.filter(name =>
        /^(pair|coulomb|coulomb_reciprocal|bond|angle|dihedral)_eV$/.test(name),
      )
      expect(terms.reduce((sum, name) => sum + row[name]!, 0)).toBeCloseTo(row.potential_eV!, 8)
    }
  })

  it('averages the production, which is what the log holds of it', () => {
    const rows = bytes('whole', 'log.csv').trimEnd().split('\n').slice(1)
    const production = rows.map(row => row.split(',').map(Number)).filter(([, , stage]) => stage === 1)
    const mean = production.reduce((sum, row) => sum + row[3]!, 0) / production.length
    expect(JSON.parse(bytes('whole', 'results.json')).temperature_K).toBeCloseTo(mean, 9)
  })

  it('is a function of recipe and seed, to the last bit', async () => {
    await run('again')
    await run('other', '--seed', '4')
    for (const file of ['checkpoint.bin', 'trajectory.dcd', 'log.csv', 'structure.extxyz']) {
      expect(bytes('again', file) === bytes('whole', file)).toBe(true)
    }
    expect(bytes('other', 'checkpoint.bin') === bytes('whole', 'checkpoint.bin')).toBe(false)
    expect(bytes('other', 'trajectory.dcd') === bytes('whole', 'trajectory.dcd')).toBe(false)
    expect(manifest('other').seed).toBe(4)
  })

  it('leaves a manifest in which equal runs differ by the clock alone', async () => {
    await run('once')
    const once = manifest('once')
    rmSync(at('once'), { recursive: true })
    await run('once')
    const again = manifest('once')
    expect(again.wall_clock).not.toEqual(once.wall_clock)
    expect({ ...again, wall_clock: null }).toEqual({ ...once, wall_clock: null })
    expect(Object.keys(again)).toEqual([
      'version',
      'command',
      'recipe',
      'inputs',
      'versions',
      'seed',
      'platform',
      'precision',
      'constants',
      'wall_clock',
    ])
    expect(again.command).toEqual(['md', recipe, '--out', at('once'), '--quiet', '--json'])
    expect(again.inputs.map(({ path }: { path: string }) => path)).toEqual([
      recipe,
      again.recipe.system.potential,
      at('box.extxyz'),
    ])
    expect(again.precision).toBe('mixed')
  })

  it('says what it would do when dry, and writes nothing', async () => {
    const before = contents(folder)
    const { code, stdout, stderr } = await hoplite('md', recipe, '--out', at('dry'), '--dry-run')
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('nothing was written')
    expect(stdout).toContain('produce: nvt 0.02 ps at 1 fs, 500 K')
    const dry = await document('md', recipe, '--dry-run', '--steps', '7')
    expect(dry).toMatchObject({ run: null, atoms: 120 })
    expect((dry.stages as { time_ps: number }[])[1]!.time_ps).toBeCloseTo(0.007, 12)
    expect(contents(folder)).toEqual(before)
  })

  it('talks on stderr, unless it is to be quiet, and never in colours or in place', async () => {
    const { stdout, stderr } = await hoplite('md', recipe, '--out', at('talking'))
    expect(stderr).toMatch(/^lifsi .*%/m)
    expect(stderr).toMatch(/^produce: 20 steps, drift /m)
    expect(hasColour(stderr)).toBe(false)
    expect(stderr).not.toContain('\r')
    expect(stdout).toMatch(/^0\.024 ps \(24 steps\) at .* ns\/day on simd \(f32, (relaxed-)?simd\)$/m)
    const quiet = await hoplite('md', recipe, '--out', at('quiet'), '--quiet')
    expect(quiet.stderr).toBe('')
  })

  it.each([
    ['a directory that holds something', 'whole'],
    ['a file', 'box.extxyz'],
    ['below a file', join('box.extxyz', 'x')],
  ])('does not write into %s', async (_what, out) => {
    const before = contents(folder)
    await refusal('md', recipe, '--out', at(out))
    expect(contents(folder)).toEqual(before)
  })

  it('makes no directory for a platform that is not here', async () => {
    const said = await refusal('md', recipe, '--out', at('nowhere'), '--platform', 'gpu')
    expect(said.message).toMatch(/the platform 'gpu' is not available/)
    expect(existsSync(at('nowhere'))).toBe(false)
  })

  it('stops when its time is up: exit code 130, a checkpoint, and the rest on resuming', async () => {
    const long = ['--steps', '200000', '--max-time', '1s']
    const { code, stdout, stderr } = await hoplite('md', recipe, '--out', at('timed'), '--json', ...long)
    expect(code).toBe(130)
    const result = JSON.parse(stdout)
    expect(result).toMatchObject({ completed: false, drift_meV_per_atom_ps: null })
    expect(result.steps).toBeGreaterThan(0)
    expect(result.steps).toBeLessThan(200_000)
    expect(stderr).toContain(`hoplite resume ${at('timed')}`)
    expect(readCheckpoint(join(at('timed'), 'checkpoint.bin')).state.step).toBe(result.steps)
    const goal = String(result.steps + 6)
    const rest = await document('resume', at('timed'), '--steps-total', goal, '--quiet')
    expect(rest).toMatchObject({ completed: true, steps: result.steps + 10 })
  })

  it('that goes wrong ends with exit code 1, says where, and keeps what it has', async () => {
    const wild = LIFSI_MD.replaceAll('timestep_fs: 1', 'timestep_fs: 10').replaceAll('0.02', '2')
    writeFileSync(at('wild.yaml'), wild.replaceAll('time_ps: 0.004', 'time_ps: 0.04'))
    const { code, stdout, stderr } = await hoplite('md', at('wild.yaml'), '--out', at('wild'), '--json')
    expect(code).toBe(1)
    const { error } = JSON.parse(stdout)
    expect(error).toMatchObject({ code: 1, hint: expect.stringContaining('timestep_fs') })
    expect(error.where).toMatch(/step \d+/)
    expect(stderr).not.toMatch(/\n\s+at /)
    expect(existsSync(join(at('wild'), 'manifest.json'))).toBe(true)
    expect(existsSync(join(at('wild'), 'results.json'))).toBe(false)
  })
})
