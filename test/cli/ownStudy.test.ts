import { appendFileSync, copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { temporaryFolder } from '../tools/folder.ts'
import { TINY_STUDY } from '../tools/tinyStudy.ts'
import { changed } from './boxes.ts'
import { contents, document, hoplite, refusal } from './hoplite.ts'
import { asked, jobs, runHere, stoppingAt } from './jobsHere.ts'

const folder = temporaryFolder()
let study = ''
let recipe = ''
let count = 0

vi.mock('../../src/study/schedule.ts', async original => ({
  ...(await original<typeof import('../../src/study/schedule.ts')>()),
  runJobs: (await import('./jobsHere.ts')).runJobs,
}))

const run = (...args: string[]) => hoplite('study', recipe, '--out', study, '--quiet', ...args)
const record = () => JSON.parse(readFileSync(join(study, 'study.json'), 'utf8'))

/** Everything in a case but its page, which says when it was made. */
function runsOf(name: string): Record<string, string> {
  const { 'report.html': _page, ...runs } = contents(join(study, name))
  return runs
}

beforeEach(() => {
  study = join(folder, `study-${++count}`)
  recipe = join(folder, 'tiny.yaml')
  writeFileSync(recipe, TINY_STUDY)
  jobs.run = runHere
  jobs.asked.length = 0
})

describe('a study of one’s own', () => {
  it('a recipe of a study gives a report', async () => {
    const result = await document('study', recipe, '--out', study, '--quiet')
    expect(asked()).toEqual(['md warm/dense-1', 'md warm/loose-1', 'md warm/dense-2', 'md warm/loose-2'])
    expect(result).toMatchObject({ study: 'tiny', mode: 'recipe', report: join(study, 'report.html') })
    expect(result.cases).toMatchObject([
      { name: 'Li⁺ MSD slope, dense', published: null },
      { name: 'Li⁺ MSD slope, loose', published: null },
      { name: 'ratio', published: null },
    ])
    expect(result.sentence).toMatch(/^At 500 K and charge scale 0.7 the Li⁺ MSD slope in loose salt is/)
  })

  it('keeps what is finished when it is run again', async () => {
    await run()
    asked()
    const before = runsOf('warm')
    const { code } = await run()
    expect(code).toBe(0)
    expect(asked()).toEqual([])
    expect(runsOf('warm')).toEqual(before)
  })

  it('is extended by replicas and cases, and analyses what there was before as well', async () => {
    await run()
    asked()
    const { commands } = record()
    const more = await document('study', recipe, '--out', study, '--quiet', '--replicas', '3')
    expect(asked()).toEqual(['md warm/dense-3', 'md warm/loose-3'])
    expect(record().commands).toEqual([...commands, expect.arrayContaining(['--replicas', '3'])])
    await run('--cases', 'later-300K-q1')
    expect(asked()).toEqual(['md later-300K-q1/dense-1', 'md later-300K-q1/loose-1'])
    const { sentence } = await document('study', recipe, '--out', study, '--quiet')
    expect(asked()).toEqual([])
    expect(sentence).toBe(more.sentence)
    expect(sentence).toContain('3 boxes each')
    expect(record().cases.map(({ name }: { name: string }) => name)).toEqual(['warm', 'later-300K-q1'])
  })

  it('has a page for every case, and shows all conditions beside each other', async () => {
    await run()
    const { stdout, code } = await run('--cases', 'later-300K-q0.7,later-400K-q0.7')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^warm +loose : dense +2 : 2 /m)
    expect(stdout).toMatch(/^later-400K-q0\.7 +loose : dense +1 : 1 /m)
    const { conditions, not_run, activation_energies } = JSON.parse(
      readFileSync(join(study, 'results.json'), 'utf8'),
    )
    expect(conditions.map(({ name }: { name: string }) => name)).toEqual([
      'warm',
      'later-300K-q0.7',
      'later-400K-q0.7',
    ])
    expect(conditions[1]).toMatchObject({
      temperature_K: 300,
      charge_scale: 0.7,
      published_inside: null,
      numerator: { system: 'loose', case: 'later-300K-q0.7', boxes: 1 },
    })
    expect(not_run).toEqual([
      { name: 'later-300K-q1', reason: 'not run' },
      { name: 'later-400K-q1', reason: 'not run' },
    ])
    // The same boxes at 300, 400 and 500 K, in femtoseconds too few for a direction.
    expect(activation_energies.map(({ system }: { system: string }) => system)).toEqual(['dense', 'loose'])
    const page = (path: string) => readFileSync(join(study, path), 'utf8')
    expect(page('report.html')).toContain('<a href="later-300K-q0.7/report.html">')
    for (const name of ['warm', 'later-300K-q0.7', 'later-400K-q0.7']) {
      expect(page(`${name}/report.html`)).toContain('<a href="../report.html">')
    }
  })

  it('reports one of its cases', async () => {
    await run()
    rmSync(join(study, 'report.html'))
    const { report, sentence } = await document('report', join(study, 'warm'))
    expect(report).toBe(join(study, 'warm/report.html'))
    expect(sentence).toMatch(/^At 500 K and charge scale 0.7 the Li⁺ MSD slope in loose salt is/)
    expect(existsSync(join(study, 'report.html'))).toBe(false)
    const said = await refusal('report', join(study, 'warm'), '--species', 'F')
    expect(said.message).toBe('--species has no effect on a study')
  })

  it('has pages of its cases before its headline has run', async () => {
    const { code, stdout } = await run('--cases', 'later-300K-q1')
    expect(code).toBe(0)
    expect(stdout).toContain('none of the headline, so only cases have reports')
    expect(stdout).toMatch(/^later-300K-q1 +loose : dense/m)
    expect(existsSync(join(study, 'later-300K-q1/report.html'))).toBe(true)
    expect(existsSync(join(study, 'report.html'))).toBe(false)
  })

  it('does not lose the other cases to one that cannot be read', async () => {
    await run()
    await run('--cases', 'later-300K-q1')
    rmSync(join(study, 'later-300K-q1/loose-1/trajectory.dcd'))
    const { code } = await hoplite('report', study, '--quiet')
    expect(code).toBe(0)
    const page = readFileSync(join(study, 'report.html'), 'utf8')
    expect(page).toContain('later-300K-q1: there is no such file')
  })

  it('has the same runs whether they come at once or one after the other', async () => {
    await run('--replicas', '1')
    await run()
    const grown = join(study, 'warm/loose-2/trajectory.dcd')
    study = join(folder, 'at-once')
    await run()
    expect(readFileSync(join(study, 'warm/loose-2/trajectory.dcd'))).toEqual(readFileSync(grown))
  })

  it('interrupted runs continue to the results of runs without a stop', async () => {
    jobs.run = stoppingAt('warm/loose-1')
    const stopped = await run()
    expect(stopped.code).toBe(130)
    expect(asked()).toEqual(['md warm/dense-1', 'md warm/loose-1'])
    jobs.run = runHere
    expect((await run()).code).toBe(0)
    expect(asked()).toEqual(['resume warm/loose-1', 'md warm/dense-2', 'md warm/loose-2'])
    const resumed = readFileSync(join(study, 'warm/loose-1/trajectory.dcd'))
    study = join(folder, 'never-stopped')
    await run()
    expect(resumed).toEqual(readFileSync(join(study, 'warm/loose-1/trajectory.dcd')))
  })

  it('begins runs anew that were killed before their first checkpoint', async () => {
    await run('--replicas', '1')
    asked()
    for (const file of ['results.json', 'checkpoint.bin']) rmSync(join(study, 'warm/dense-1', file))
    expect((await run('--replicas', '1')).code).toBe(0)
    expect(asked()).toEqual(['md warm/dense-1'])
  })

  it('tries failed runs again only when it is told to', async () => {
    jobs.run = async job =>
      job.name === 'warm/dense-2'
        ? { name: job.name, exitCode: 1, document: null, stderr: 'hoplite: the disk is full\n' }
        : runHere(job)
    const failed = await run()
    expect(failed.code).toBe(1)
    expect(failed.stdout).toContain('missing: warm/dense-2: the disk is full')
    jobs.run = runHere
    asked()
    const again = await document('study', recipe, '--out', study, '--quiet').catch(String)
    expect(asked()).toEqual([])
    expect(again).toMatch(/exit code 1/)
    expect((await run('--retry-failed')).code).toBe(0)
    expect(asked()).toEqual(['md warm/dense-2'])
    expect(existsSync(join(study, 'warm/dense-2.error.txt'))).toBe(false)
  })

  it.each([
    ['protocol', /timestep_fs: 1, temperature_K: case }/, 'timestep_fs: 2, temperature_K: case }'],
    ['box', /density_g_per_cm3: 0.9/, 'density_g_per_cm3: 0.95'],
    ['seed', /seed: 7/, 'seed: 8'],
  ])('refuses by name to go on with runs of another %s', async (what, from, to) => {
    await run('--replicas', '1')
    const before = contents(study)
    writeFileSync(recipe, changed(TINY_STUDY, from, to))
    const said = await refusal('study', recipe, '--out', study)
    expect(said.message).toMatch(
      what === 'box'
        ? /^a run has begun with another recipe or other files: warm\/loose-1$/
        : /^2 runs have begun with another recipe or other files: warm\/dense-1, warm\/loose-1$/,
    )
    expect(contents(study)).toEqual(before)
  })

  it('refuses to go on when a unit of one’s own has changed', async () => {
    const unit = join(folder, 'own.yaml')
    copyFileSync(join(import.meta.dirname, '../../structures/units/VDF.yaml'), unit)
    const polymers = 'polymers: [{ unit: own.yaml, chains: 1, units_per_chain: 3 }], '
    writeFileSync(recipe, changed(TINY_STUDY, /build: { (?=ions.*1\.0 })/, `build: { ${polymers}`))
    await run('--replicas', '1')
    const inputs = JSON.parse(readFileSync(join(study, 'warm/dense-1/manifest.json'), 'utf8')).inputs
    expect(inputs.map(({ path }: { path: string }) => path)).toContain(unit)
    appendFileSync(unit, '# another\n')
    const said = await refusal('study', recipe, '--out', study)
    expect(said.message).toMatch(/^a run has begun with another recipe or other files: warm\/dense-1$/)
  })

  it('does not mind comments, labels, and defaults that are spelled out', async () => {
    await run('--replicas', '1')
    asked()
    const text = changed(
      changed(TINY_STUDY, /label: loose salt/, 'label: a loose salt'),
      /^name/,
      '# same\nname',
    )
    writeFileSync(recipe, changed(text, /cutoff_A: 7,/, 'lennard_jones: plain, cutoff_A: 7,'))
    const { sentence } = await document('study', recipe, '--out', study, '--quiet', '--replicas', '1')
    expect(asked()).toEqual([])
    expect(sentence).toContain('in a loose salt is')
  })

  it('says what is wrong with a box before anything is run', async () => {
    writeFileSync(recipe, changed(TINY_STUDY, /cutoff_A: 7/, 'cutoff_A: 9'))
    const said = await refusal('study', recipe, '--out', study, '--quiet')
    expect(said.message).toMatch(/cut-off/)
    expect(said.where).toContain('tiny.yaml')
    expect(asked()).toEqual([])
  })

  it('prints its plan and the time to expect, and writes nothing', async () => {
    const plan = await document('study', recipe, '--out', study, '--dry-run', '--quiet', '--jobs', '2')
    expect(existsSync(study)).toBe(false)
    expect(plan).toMatchObject({ study: 'tiny', jobs: 2 })
    const runs = plan.runs as Record<string, unknown>[]
    expect(runs.map(({ run, state, atoms, steps, basis }) => [run, state, atoms, steps, basis])).toEqual(
      ['dense-1', 'dense-2', 'loose-1', 'loose-2'].map(key => [`warm/${key}`, 'new', 120, 24, 'benchmark']),
    )
    const [low, high] = plan.wall_range_s as [number, number]
    expect(low).toBeGreaterThan(0)
    expect(plan.wall_s).toBeGreaterThan(low)
    expect(plan.wall_s).toBeLessThan(high)
  })

  it('counts in its plan what is left to do, from the time that finished runs took', async () => {
    await run('--replicas', '1')
    const { stdout } = await run('--dry-run', '--jobs', '1')
    expect(stdout).toMatch(/^warm +dense +2 +1 +120 +24 +0.000 +\d/m)
    expect(stdout).toMatch(
      /expected wall time of what is left: .*1 run at a time; an estimate from runs that have finished/,
    )
    expect(stdout).toContain('run only when they are named: --cases later')
  })
})
