import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openLog, readLog } from '../../src/files/log.ts'
import { describeInputs, type Manifest, readManifest, writeManifest } from '../../src/files/manifest.ts'
import { createRunDirectory, RUN_FILES, writeResults } from '../../src/files/runDirectory.ts'
import { whileLocked } from '../../src/files/runLock.ts'
import { caught } from '../tools/caught.ts'
import { temporaryFolder } from '../tools/folder.ts'

const folder = temporaryFolder()

describe('a run directory', () => {
  it('never is one that holds something', () => {
    const parent = join(folder, 'runs')
    const make = () => createRunDirectory({ parent, name: 'pvdf' })
    const first = make()
    expect(first).toBe(join(parent, 'pvdf'))
    // Still empty: nothing can be lost.
    expect(make()).toBe(first)
    writeFileSync(join(first, 'log.csv'), 'precious')
    const second = make()
    expect(second).toBe(join(parent, 'pvdf-2'))
    writeFileSync(join(second, 'log.csv'), 'precious')
    expect(make()).toBe(join(parent, 'pvdf-3'))
    expect(readFileSync(join(first, 'log.csv'), 'utf8')).toBe('precious')
  })

  it('is the one that was asked for, or none', () => {
    const out = join(folder, 'deep', 'down')
    expect(createRunDirectory({ out, name: 'x' })).toBe(out)
    writeFileSync(join(out, 'a'), '')
    const error = caught(() => createRunDirectory({ out, name: 'x' }))
    expect(error.message).toContain('holds files already')
    expect(error.hint).toContain('resume')
    expect(existsSync(`${out}-2`)).toBe(false)
    expect(caught(() => createRunDirectory({ out: join(out, 'a'), name: 'x' })).where).toBe(join(out, 'a'))
  })

  it('results.json has the values that were written', () => {
    const directory = createRunDirectory({ parent: folder, name: 'results' })
    writeResults(directory, { slope_A2_per_ps: 0.125, fit: [1, 2] })
    const written = JSON.parse(readFileSync(join(directory, RUN_FILES.results), 'utf8'))
    expect(written).toEqual({ slope_A2_per_ps: 0.125, fit: [1, 2] })
  })
})

describe('the lock of a run directory', () => {
  /** A directory in which a process is, or was, at work. */
  const lockedBy = (name: string, pid: number, host = hostname()) => {
    const out = join(folder, name)
    mkdirSync(out)
    writeFileSync(join(out, RUN_FILES.lock), JSON.stringify({ pid, host }))
    return out
  }
  const owner = (directory: string) => JSON.parse(readFileSync(join(directory, RUN_FILES.lock), 'utf8')).pid
  const gone = () => spawnSync(process.execPath, ['--version']).pid

  const locked = (directory: string) => existsSync(join(directory, RUN_FILES.lock))

  it('keeps other processes out, naming the one that is at work', async () => {
    const out = lockedBy('busy', process.ppid)
    const error = caught(() => createRunDirectory({ out, name: 'x' }))
    expect(error.message).toBe(`another hoplite is at work in this run directory: process ${process.ppid}`)
    expect(error.where).toBe(out)
    expect(error.hint).toContain(join(out, RUN_FILES.lock))
    await expect(whileLocked(out, async () => 1)).rejects.toEqual(error)
    expect(owner(out)).toBe(process.ppid)
    // Whether or not it has written anything.
    writeFileSync(join(out, 'log.csv'), '')
    expect(caught(() => createRunDirectory({ out, name: 'x' }))).toEqual(error)
  })

  it('is held from the making of the directory until the work in it ends, well or badly', async () => {
    const out = createRunDirectory({ out: join(folder, 'held'), name: 'x' })
    expect(owner(out)).toBe(process.pid)
    expect(await whileLocked(out, async () => owner(out))).toBe(process.pid)
    expect(locked(out)).toBe(false)
    const failing = whileLocked(out, async () => {
      throw new Error(`of ${owner(out)}`)
    })
    await expect(failing).rejects.toThrow(`of ${process.pid}`)
    expect(locked(out)).toBe(false)
  })

  it('leaves no listeners behind', async () => {
    const before = process.listenerCount('exit')
    const [a, b] = ['one', 'two'].map(name => createRunDirectory({ out: join(folder, name), name }))
    for (const out of [a!, b!, a!]) await whileLocked(out, async () => {})
    expect(process.listenerCount('exit')).toBe(before)
  })

  it('makes a run without a directory of its own go to the next', () => {
    lockedBy('twice', process.ppid)
    const path = createRunDirectory({ parent: folder, name: 'twice' })
    expect(path).toBe(join(folder, 'twice-2'))
    expect(owner(path)).toBe(process.pid)
  })

  it('is taken over if its process has ended, has the same number, or if the file is incomplete', async () => {
    const stale = lockedBy('stale', gone())
    expect(createRunDirectory({ out: stale, name: 'x' })).toBe(stale)
    expect(owner(stale)).toBe(process.pid)
    const out = lockedBy('again', gone())
    const lock = (text: string) => writeFileSync(join(out, RUN_FILES.lock), text)
    for (const left of [
      null,
      JSON.stringify({ pid: process.pid, host: hostname() }),
      '',
      'null',
      '{"pid":',
    ]) {
      if (left !== null) lock(left)
      expect(await whileLocked(out, async () => owner(out))).toBe(process.pid)
      expect(locked(out)).toBe(false)
    }
  })

  it('of another machine stays', () => {
    const out = lockedBy('elsewhere', gone(), 'node-17')
    expect(caught(() => createRunDirectory({ out, name: 'x' })).message).toMatch(/process \d+ on node-17$/)
    expect(locked(out)).toBe(true)
  })
})

describe('a manifest', () => {
  const path = join(folder, 'manifest.json')
  const manifest: Manifest = {
    command: ['md', 'runs/pvdf.yaml', '--seed', '3'],
    recipe: { name: 'pvdf', stages: [{ kind: 'nvt', time_ps: 0.1 }] },
    inputs: [],
    versions: { hoplite: '0.1.0', node: '20.19.0' },
    seed: 3,
    platform: { asked: 'gpu', ran: 'simd', backend: 'simd128', fallback_reason: 'no adapter' },
    precision: 'mixed',
    constants: 'codata2018',
    wall_clock: { started_at: '2025-01-01T00:00:00Z', finished_at: null, wall_s: null },
  }

  it('is read back as it was written', () => {
    const input = join(folder, 'input.yaml')
    writeFileSync(input, 'abc')
    const inputs = describeInputs([input])
    // FIPS 180-2, appendix B.1.
    expect(inputs).toEqual([
      { path: input, sha256: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' },
    ])
    writeManifest(path, { ...manifest, inputs })
    expect(readManifest(path)).toEqual({ ...manifest, inputs })
  })

  it('of version 1 loses the keys that its recipe could not have in a file', () => {
    const barostat = { pressure_bar: 1, barostat_time_ps: 1, compressibility_per_bar: 4.5e-5 }
    const thermostat = { thermostat: 'csvr', thermostat_time_ps: 0.1 }
    const recipe = {
      interactions: { coulomb: 'dsf', coulomb_alpha_per_A: 0.2, coulomb_accuracy: 1e-4 },
      stages: [
        { kind: 'minimize', max_steps: 5 },
        { kind: 'nve', time_ps: 1, ...thermostat, ...barostat },
        { kind: 'nvt', time_ps: 1, ...thermostat, ...barostat },
        { kind: 'npt', time_ps: 1, ...thermostat, ...barostat },
      ],
    }
    writeFileSync(path, JSON.stringify({ ...manifest, recipe }))
    expect(readManifest(path).recipe).toEqual({
      interactions: { coulomb: 'dsf', coulomb_alpha_per_A: 0.2 },
      stages: [
        { kind: 'minimize', max_steps: 5 },
        { kind: 'nve', time_ps: 1 },
        { kind: 'nvt', time_ps: 1, ...thermostat },
        { kind: 'npt', time_ps: 1, ...thermostat, ...barostat },
      ],
    })
    const band = { band: {}, interactions: { coulomb: 'ewald', coulomb_accuracy: 1e-6 } }
    writeFileSync(path, JSON.stringify({ ...manifest, recipe: band }))
    expect(readManifest(path).recipe).toEqual(band)
  })

  it('is refused with the line of what is wrong', () => {
    writeManifest(path, manifest)
    writeFileSync(path, readFileSync(path, 'utf8').replace('"seed": 3', '"sed": 3'))
    const error = caught(() => readManifest(path))
    expect(`${error.message} ${error.where}`).toContain('sed')
    expect(error.where).toMatch(/manifest\.json:\d+:\d+/)
  })

  it('needs inputs that can be read', () => {
    expect(caught(() => describeInputs([join(folder, 'none.yaml')])).message).toBe('there is no such file')
  })
})

describe('a log', () => {
  const COLUMNS = ['step', 'time_ps', 'pair_eV']

  it('has one header, whoever appends', () => {
    const path = join(folder, 'log.csv')
    for (const step of [0, 10]) {
      const log = openLog(path, COLUMNS)
      log.append({ step, time_ps: step / 1000, pair_eV: -1 / 3 })
      log.append({ step: step + 5, time_ps: 0.5 })
      log.close()
    }
    expect(readFileSync(path, 'utf8').match(/step/g)).toHaveLength(1)
    const { columns, rowCount, values } = readLog(path)
    expect(columns).toEqual(COLUMNS)
    expect(rowCount).toBe(4)
    expect(values.step).toEqual(Float64Array.of(0, 5, 10, 15))
    expect(values.pair_eV).toEqual(Float64Array.of(-1 / 3, Number.NaN, -1 / 3, Number.NaN))
  })

  it('continues after a checkpoint without later rows', () => {
    const path = join(folder, 'resumed.csv')
    const log = openLog(path, COLUMNS)
    for (const step of [0, 10, 20, 30]) log.append({ step, time_ps: step, pair_eV: step })
    log.close()
    appendFileSync(path, '40,0.')
    expect(readLog(path).rowCount).toBe(4)
    const resumed = openLog(path, COLUMNS, 20)
    resumed.append({ step: 25, time_ps: 25, pair_eV: 25 })
    resumed.close()
    expect(readLog(path).values.step).toEqual(Float64Array.of(0, 10, 20, 25))
  })

  it('removes an incomplete row', () => {
    const path = join(folder, 'cut.csv')
    writeFileSync(path, 'step,time_ps,pair_eV\n0,0,1\n10,0.0')
    const log = openLog(path, COLUMNS)
    log.append({ step: 10, time_ps: 0.01, pair_eV: 2 })
    log.close()
    expect(readLog(path).values.pair_eV).toEqual(Float64Array.of(1, 2))
  })

  it('refuses other columns, unknown keys and damaged rows', () => {
    const path = join(folder, 'other.csv')
    writeFileSync(path, 'step,time_ps\n0,0\n1\n')
    expect(caught(() => openLog(path, COLUMNS)).where).toBe(`${path}:1`)
    expect(caught(() => readLog(path)).where).toBe(`${path}:3`)
    mkdirSync(join(folder, 'empty'))
    const log = openLog(join(folder, 'empty', 'log.csv'), COLUMNS)
    expect(() => log.append({ step: 1, pressure_bar: 1 })).toThrow('no column pressure_bar')
    log.close()
  })
})
