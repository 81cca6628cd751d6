import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { readCheckpoint } from '../../src/files/checkpoint.ts'
import { temporaryFolder } from '../tools/folder.ts'
import { hideGpu } from '../tools/noGpu.ts'
import { changed, LIFSI_MD, writeLifsi } from './boxes.ts'
import { contents, document, refusal } from './hoplite.ts'

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
  // In double precision: where its pair list begins shows in the last digits of single precision.
  await run('whole', '--platform', 'reference')
})

describe('resume', () => {
  it('makes a run longer, to the bits of one that never ended', async () => {
    await run('long', '--steps', '40')
    await run('more')
    expect(await document('resume', at('more'), '--steps-more', '20')).toMatchObject({ steps: 44 })
    await run('total')
    expect(await document('resume', at('total'), '--steps-total', '40')).toMatchObject({ steps: 44 })
    for (const name of ['more', 'total']) {
      for (const file of ['checkpoint.bin', 'trajectory.dcd', 'log.csv', 'structure.extxyz']) {
        expect(bytes(name, file) === bytes('long', file)).toBe(true)
      }
      const [resumed, long] = [name, 'long'].map(n => JSON.parse(bytes(n, 'results.json')))
      expect(resumed).toEqual({ ...long, run: at(name), ns_per_day: resumed.ns_per_day })
      expect(manifest(name)).toMatchObject({
        inputs: manifest('long').inputs,
        recipe: manifest('long').recipe,
      })
      expect(manifest(name).command).toEqual(expect.arrayContaining(['md']))
    }
  })

  it.each([
    { when: 'in the first stage', warm_ps: 0.002, produce_ps: null, periodic: false },
    {
      when: 'before the first checkpoint of the production',
      warm_ps: 0.004,
      produce_ps: null,
      periodic: true,
    },
    { when: 'between two checkpoints', warm_ps: 0.004, produce_ps: 0.01, periodic: true },
  ])('goes on from a run that was killed $when', async ({ warm_ps, produce_ps, periodic }) => {
    // What a killed run leaves behind: an older checkpoint, and files that are ahead of it and end in the middle.
    const warm = changed(LIFSI_MD, /time_ps: 0\.004/, `time_ps: ${warm_ps}`)
    const early =
      produce_ps === null ? warm.replace(/^.*produce.*\n/m, '') : changed(warm, /0\.02,/, `${produce_ps},`)
    writeFileSync(at('early.yaml'), early)
    for (const name of ['early', 'killed']) rmSync(at(name), { recursive: true, force: true })
    await document('md', at('early.yaml'), '--out', at('early'), '--platform', 'reference')
    cpSync(at('whole'), at('killed'), { recursive: true })
    cpSync(join(at('early'), 'checkpoint.bin'), join(at('killed'), 'checkpoint.bin'))
    rmSync(join(at('killed'), 'results.json'))
    for (const [file, bytesLost] of [
      ['log.csv', 40],
      ['trajectory.dcd', 100],
    ] as const) {
      const path = join(at('killed'), file)
      truncateSync(path, readFileSync(path).length - bytesLost)
    }

    expect(await document('resume', at('killed'))).toMatchObject({ completed: true, steps: 24 })
    const positions = (run: string) => readCheckpoint(join(at(run), 'checkpoint.bin')).state.positions
    const whole = positions('whole')
    expect(Math.max(...positions('killed').map((x, k) => Math.abs(x - whole[k]!)))).toBeLessThan(1e-9)
    const rows = (run: string) =>
      bytes(run, 'log.csv')
        .split('\n')
        .map(row => row.split(',').slice(0, 3))
    expect(rows('killed')).toEqual(rows('whole'))
    expect(bytes('killed', 'trajectory.dcd')).toHaveLength(bytes('whole', 'trajectory.dcd').length)
    // Elsewhere than at a periodic checkpoint the pair list of the whole run is older: sums in another order.
    if (!periodic) return
    for (const file of ['trajectory.dcd', 'log.csv', 'checkpoint.bin']) {
      expect(bytes('killed', file) === bytes('whole', file)).toBe(true)
    }
  })

  const refuse = async (change: (directory: string) => void, ...more: string[]) => {
    rmSync(at('broken'), { recursive: true, force: true })
    cpSync(at('whole'), at('broken'), { recursive: true })
    change(at('broken'))
    const before = contents(at('broken'))
    const said = await refusal('resume', at('broken'), ...more)
    expect(contents(at('broken'))).toEqual(before)
    return said
  }
  const edit = (directory: string, file: string, change: (text: string) => string) => {
    const path = join(directory, file)
    const text = readFileSync(path, 'latin1')
    const result = change(text)
    if (result === text) throw new Error('nothing to change')
    writeFileSync(path, result, 'latin1')
  }

  it.each([
    ['a run that is complete', [], /has done 20 steps of its last stage, of 20/, /--steps-more N/],
    ['fewer steps than were done', ['--steps-total', '10'], /has done 20 steps .* of 10/, /--steps-more N/],
    ['both lengths', ['--steps-total', '10', '--steps-more', '2'], /not both/, /last stage/],
    ['a length that is none', ['--steps-more', '-3'], '--steps-more is -3', /whole number/],
    [
      'a platform that is not here',
      ['--platform', 'gpu', '--steps-more', '4'],
      /'gpu' is not available/,
      /./,
    ],
    [
      'a time that is none',
      ['--max-time', 'soon', '--steps-more', '4'],
      /'soon' is not a number with a unit/,
      /90s/,
    ],
  ])('refuses %s', async (_what, args, message, hint) => {
    const said = await refuse(() => {}, ...args)
    expect(said.message).toMatch(message)
    expect(said.hint).toMatch(hint)
  })

  it.each([
    ['no manifest', (d: string) => rmSync(join(d, 'manifest.json')), /no run directory/, /broken$/],
    [
      'an empty manifest',
      (d: string) => truncateSync(join(d, 'manifest.json')),
      'the file is empty',
      /manifest/,
    ],
    [
      'a manifest that was edited',
      (d: string) => edit(d, 'manifest.json', text => text.replace('"cutoff_A": 7', '"cutoff_A": "7 Å"')),
      /expected a number/,
      /manifest\.json .*interactions\.cutoff_A$/,
    ],
    [
      'another seed in the manifest',
      (d: string) => edit(d, 'manifest.json', text => text.replaceAll('"seed": 3', '"seed": 5')),
      'the checkpoint was written with seed 3, the recipe has 5',
      /checkpoint\.bin$/,
    ],
    [
      'an input that has changed since',
      (d: string) => edit(d, 'manifest.json', text => text.replace(/"sha256": "\w/g, '"sha256": "0')),
      'the file has changed since the run began',
      /pvdf-lifsi\.yaml$/,
    ],
    [
      'no checkpoint',
      (d: string) => rmSync(join(d, 'checkpoint.bin')),
      'the run has no checkpoint yet',
      /broken$/,
    ],
    [
      'half a checkpoint',
      (d: string) => truncateSync(join(d, 'checkpoint.bin'), 3000),
      /damaged/,
      /checkpoint/,
    ],
    [
      'a checkpoint of another stage',
      (d: string) => edit(d, 'checkpoint.bin', text => text.replace('"stageIndex":1', '"stageIndex":7')),
      'the checkpoint is in stage 8, the recipe has 2',
      /checkpoint\.bin$/,
    ],
    [
      'a checkpoint without its place',
      (d: string) => edit(d, 'checkpoint.bin', text => text.replace('"stepInStage"', '"stepInStaqe"')),
      /damaged/,
      /checkpoint\.bin$/,
    ],
    ['no log', (d: string) => rmSync(join(d, 'log.csv')), 'there is no such file', /log\.csv$/],
    [
      'half a log',
      (d: string) => edit(d, 'log.csv', text => text.slice(0, text.length / 2)),
      /^the log ends at step \d+, the checkpoint is at step 24$/,
      /log\.csv$/,
    ],
    [
      'a log with other columns',
      (d: string) => edit(d, 'log.csv', text => text.replace('pair_eV', 'pairs_eV')),
      /^the log has the columns step,/,
      /log\.csv:1$/,
    ],
    [
      'no trajectory',
      (d: string) => rmSync(join(d, 'trajectory.dcd')),
      'there is no such file',
      /trajectory/,
    ],
    [
      'half a trajectory',
      (d: string) => truncateSync(join(d, 'trajectory.dcd'), 9000),
      /^the trajectory has \d frames, but the checkpoint was written after 11$/,
      /trajectory\.dcd$/,
    ],
    [
      'a trajectory with a senseless header',
      (d: string) =>
        edit(d, 'trajectory.dcd', text => `${text.slice(0, 92)}\xff\xff\xff\xff${text.slice(96)}`),
      /ends inside its header/,
      /trajectory\.dcd$/,
    ],
  ])('refuses a run with %s, and leaves it as it is', async (_what, change, message, where) => {
    const said = await refuse(change, '--steps-more', '4')
    expect(said.message).toMatch(message)
    expect(said.where).toMatch(where)
  })

  it.each([
    ['a directory that is not there', 'nothing', 'there is no such directory'],
    ['a file', 'md.yaml', 'this is a file, not a run directory'],
    ['another directory', '.', 'this is no run directory: it holds no manifest.json'],
  ])('refuses %s', async (_what, name, message) => {
    expect((await refusal('resume', at(name))).message).toBe(message)
  })
})
