import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { absentConditions } from '../../src/study/conditions.ts'
import { planBarriers, planTransport } from '../../src/study/plan.ts'
import { loadBarriers, loadTransport } from '../../src/study/recipe.ts'
import { isStudy, loadStudy, missingRuns, recordStudy, type TransportRecord } from '../../src/study/record.ts'
import { ROOT } from '../cli/hoplite.ts'
import { caught } from '../tools/caught.ts'
import { temporaryFolder } from '../tools/folder.ts'
import { TINY_STUDY } from '../tools/tinyStudy.ts'

const folder = temporaryFolder()
let count = 0

/** A directory with a study.json. */
function directoryOf(record: object): string {
  const directory = join(folder, `study-${++count}`)
  mkdirSync(directory)
  writeFileSync(join(directory, 'study.json'), JSON.stringify(record))
  return directory
}

function finish(directory: string, key: string): void {
  mkdirSync(join(directory, key), { recursive: true })
  writeFileSync(join(directory, key, 'results.json'), '{ "completed": true }')
}

const CONDITIONS = { temperature_K: 500, charge_scale: 0.7, degree: null, placement: null }
/** A study of transport as the earliest version wrote it. */
const EARLIEST = {
  kind: 'transport',
  study: 'old',
  mode: 'recipe',
  commands: [['study', 'old.yaml']],
  name: 'old',
  title: 'Li⁺ in two salts',
  species: 'Li',
  published: { label: 'A', doi: 'b', conditions: null, slope_A2_per_ps: {}, ratio: 2 },
  cases: [
    {
      name: '500K',
      headline: true,
      conditions: CONDITIONS,
      systems: [
        { name: 'PVDF', label: 'PVDF', color: null, runs: ['500K/PVDF-1'] },
        { name: 'dHF', label: 'dHF', color: null, runs: ['500K/dHF-1'] },
      ],
    },
    {
      name: 'later',
      headline: false,
      conditions: { ...CONDITIONS, temperature_K: 300 },
      systems: [{ name: 'PVDF', label: 'PVDF', color: null, runs: ['later/PVDF-1'] }],
    },
  ],
}

describe('the record of a study of transport', () => {
  it('of the earliest version is read: systems of its headline, a route for each case', () => {
    const study = loadStudy(directoryOf(EARLIEST)) as TransportRecord
    expect(study).toMatchObject({
      version: 2,
      systems: ['PVDF', 'dHF'],
      routes: [
        { name: '500K', cases: ['500K'] },
        { name: 'later', cases: ['later'] },
      ],
      published: { ratio: 2, factor: null },
    })
    expect(study.cases[0]!.systems[0]).toMatchObject({ own: true, formOf: null })
  })

  it('of the earliest version lists cases that were planned and have not run as absent', () => {
    const directory = directoryOf(EARLIEST)
    for (const key of ['500K/PVDF-1', '500K/dHF-1']) finish(directory, key)
    const study = loadStudy(directory) as TransportRecord
    const yardstick = { systems: study.systems, publishedRatio: null, factor: undefined }
    expect(absentConditions(study, [{ name: '500K' }], yardstick)).toEqual([
      { name: 'later', reason: 'not run' },
    ])
  })

  it('keeps runs that have finished when a later plan does not name them', () => {
    const file = join(folder, 'tiny.yaml')
    writeFileSync(file, TINY_STUDY)
    const directory = join(folder, 'kept')
    const record = (cases: string[], replicas: number) =>
      recordStudy(directory, planTransport(loadTransport(file), { cases, replicas }), {
        study: 'tiny',
        mode: 'recipe',
        command: ['study', ...cases],
      })
    mkdirSync(directory)
    record(['warm'], 2)
    finish(directory, 'warm/dense-2')
    record(['warm'], 1)
    record(['later-300K-q1'], 1)
    const study = loadStudy(directory) as TransportRecord
    const runs = study.cases.flatMap(({ systems }) => systems.flatMap(system => system.runs))
    expect(runs).toEqual(['later-300K-q1/dense-1', 'later-300K-q1/loose-1', 'warm/dense-2'])
    expect(study.commands).toEqual([
      ['study', 'warm'],
      ['study', 'later-300K-q1'],
    ])
  })
})

describe('the record of a study of barriers', () => {
  it('of the first version is completed from the shipped recipe', () => {
    const directory = directoryOf({ study: 'ni-barrier', mode: 'quick', command: ['study', 'all'] })
    finish(directory, 'ni-bare')
    mkdirSync(join(directory, 'ni-pan'))
    for (const file of ['manifest.json', 'band-checkpoint.json']) {
      writeFileSync(join(directory, 'ni-pan', file), '{}')
    }
    const study = loadStudy(directory)
    expect(study).toMatchObject({ kind: 'barriers', name: 'ni-barrier', commands: [['study', 'all']] })
    expect(study.cases.map(({ name }) => name)).not.toContain('7 images')
    expect(study.cases).toHaveLength(11)
    expect(study.states.get('ni-bare')).toEqual({ kind: 'finished' })
    expect(study.states.get('ni-pan')).toEqual({ kind: 'interrupted' })
    expect(missingRuns(study)).toHaveLength(10)
  })

  it('is the recipe with the planned cases, and reads back as it was written', () => {
    const directory = join(folder, 'ni')
    mkdirSync(directory)
    const recipe = loadBarriers(join(ROOT, 'runs/ni-barrier.yaml'))
    const identity = { study: 'ni-barrier', mode: 'full', command: ['study'] } as const
    recordStudy(directory, planBarriers(recipe, { full: true }), identity)
    const first = readFileSync(join(directory, 'study.json'), 'utf8')
    expect(loadStudy(directory)).toMatchObject({ ...recipe.recipe, mode: 'full' })
    finish(directory, 'ni-bare-7-images')
    recordStudy(directory, planBarriers(recipe), identity)
    expect(readFileSync(join(directory, 'study.json'), 'utf8')).toBe(first)
  })
})

describe('a directory', () => {
  it('with the study.json of something else is no study', () => {
    expect(isStudy(directoryOf({ name: 'another program' }))).toBe(false)
    expect(isStudy(folder)).toBe(false)
  })

  it('with a damaged study.json is refused with the key', () => {
    const directory = directoryOf({ ...EARLIEST, species: 3 })
    expect(caught(() => loadStudy(directory)).message).toMatch(/expected a text, got the number 3/)
  })
})
