import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { UserError } from '../../src/errors.ts'
import { prepareRun } from '../../src/run/prepare.ts'
import { type PlannedMd, type PlanOptions, planTransport, runSeed } from '../../src/study/plan.ts'
import { loadTransport } from '../../src/study/recipe.ts'
import { changed } from '../cli/boxes.ts'
import { ROOT } from '../cli/hoplite.ts'
import { caught } from '../tools/caught.ts'
import { temporaryFolder } from '../tools/folder.ts'
import { TINY_STUDY } from '../tools/tinyStudy.ts'

const folder = temporaryFolder()

function plan(text: string, options: PlanOptions = {}) {
  const file = join(folder, 'study.yaml')
  writeFileSync(file, text)
  return planTransport(loadTransport(file), options)
}

const seeds = (runs: readonly PlannedMd[]) =>
  new Map(runs.map(({ key, loaded }) => [key, loaded.recipe.seed]))

describe('the plan of a study', () => {
  it('has a run for every case, system and replica, the first box of every system first', () => {
    const { runs } = plan(TINY_STUDY)
    expect(runs.map(({ key }) => key)).toEqual([
      'warm/dense-1',
      'warm/loose-1',
      'warm/dense-2',
      'warm/loose-2',
    ])
    expect(runs[0]).toMatchObject({ steps: 24, time_ps: 0.024 })
  })

  it('makes a case of each combination of values, named after what varies', () => {
    const { cases, runs } = plan(TINY_STUDY, { cases: ['later'] })
    expect(cases.map(({ name }) => name)).toEqual([
      'later-300K-q0.7',
      'later-300K-q1',
      'later-400K-q0.7',
      'later-400K-q1',
    ])
    const { recipe } = runs.find(({ key }) => key === 'later-400K-q1/loose-1')!.loaded
    expect(cases[3]).toMatchObject({
      headline: false,
      conditions: { temperature_K: 400, charge_scale: 1, degree: null, placement: null },
    })
    expect(recipe.system.charge_scale).toBe(1)
    expect(recipe.stages).toMatchObject([
      { kind: 'minimize' },
      { temperature_K: 700, temperature_end_K: 400 },
      { temperature_K: 400 },
    ])
    expect(recipe.analysis).toEqual({ species: 'Li', fit_from_ps: 0.004, fit_to_ps: 0.012 })
  })

  it('takes one of several cases by its full name, and refuses one that is not there', () => {
    expect(plan(TINY_STUDY, { cases: ['later-400K-q1'] }).cases).toHaveLength(1)
    const error = caught(() => plan(TINY_STUDY, { cases: ['latest'] }))
    expect(error.message).toBe('the study has no case latest')
    expect(error.hint).toBe('did you mean later?')
  })

  it('exchanges the degree and the placement of replaced units', () => {
    const study = join(ROOT, 'runs/pvdf-transport-full.yaml')
    const { runs } = planTransport(loadTransport(study), { cases: ['degree', 'conjugation'] })
    const replaced = runs.map(({ case: name, loaded }) => {
      const { fraction, placement } = loaded.recipe.system.build!.polymers![0]!.replace!
      return [name, fraction, placement]
    })
    expect(replaced).toContainEqual(['degree-d0.83', 0.83, 'random'])
    expect(replaced).toContainEqual(['conjugation-adjacent', 0.3334, 'adjacent'])
  })

  it('lets a box without anions through, in which a background makes up for the charge', () => {
    const ions = changed(
      TINY_STUDY,
      /Li: 12, FSI: 12 }, density_g_per_cm3: 1.0/,
      'Li: 60 }, density_g_per_cm3: 0.19',
    )
    const alone = (text: string) => prepareRun(plan(text).runs[0]!.loaded)
    expect(caught(() => alone(ions)).message).toMatch(/net charge of 42/)
    const neutral = changed(ions, /color: '#0072B2',/, 'neutralizing_background: true,')
    const { system } = alone(neutral)
    expect(system.charges.reduce((sum, charge) => sum + charge, 0)).toBeCloseTo(42, 10)
    const cut = changed(neutral, /coulomb: pme, coulomb_accuracy: 1.0e-3/, 'coulomb: cut')
    expect(caught(() => alone(cut)).message).toMatch(/coulomb: cut has no background/)
  })

  it('gives every replica of a system its structure, and refuses more replicas than there are', () => {
    const text = changed(TINY_STUDY, /color: '#0072B2', build: .*/, 'structures: [a.extxyz, b.extxyz] }')
    writeFileSync(join(folder, 'a.extxyz'), '')
    const said = caught(() => plan(text)) as UserError
    expect(said.message).toBe(`there is no file ${join(folder, 'b.extxyz')}`)
    expect(said.where).toMatch(/study\.yaml:\d+:\d+ systems\[0\]\.structures\[1\]$/)
    writeFileSync(join(folder, 'b.extxyz'), '')
    const dense = plan(text).runs.filter(({ system }) => system === 'dense')
    expect(dense.map(({ loaded }) => loaded.recipe.system.structure)).toEqual([
      join(folder, 'a.extxyz'),
      join(folder, 'b.extxyz'),
    ])
    expect(caught(() => plan(text, { replicas: 3 })).message).toBe(
      'the system dense has 2 structures for 3 replicas',
    )
  })
})

describe('the seeds of a study', () => {
  it('stay when replicas, cases, systems and values are added', () => {
    const before = seeds(plan(TINY_STUDY, { cases: ['warm', 'later'] }).runs)
    const more = changed(
      changed(TINY_STUDY, /300, 400/, '200, 300, 400'),
      /^interactions:/m,
      '  - { name: thin, build: { ions: { Li: 12, FSI: 12 }, density_g_per_cm3: 0.8 } }\ninteractions:',
    )
    const after = seeds(plan(more, { cases: ['warm', 'later'], replicas: 5 }).runs)
    expect(after.size).toBeGreaterThan(before.size)
    for (const [key, seed] of before) expect(after.get(key)).toBe(seed)
  })

  it('are different for all runs', () => {
    const all = seeds(plan(TINY_STUDY, { cases: ['warm', 'later'], replicas: 40 }).runs)
    expect(new Set(all.values()).size).toBe(all.size)
    expect(runSeed(1, 'a', 'b', 1)).not.toBe(runSeed(2, 'a', 'b', 1))
  })

  it('never change: reports are repeated with them', () => {
    expect(runSeed(1, '700K', 'PVDF', 1)).toBe(202594366118234)
  })
})
