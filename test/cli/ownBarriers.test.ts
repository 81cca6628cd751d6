import { appendFileSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { temporaryFolder } from '../tools/folder.ts'
import { changed } from './boxes.ts'
import { document, hoplite, ROOT, refusal } from './hoplite.ts'
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

describe('a study of barriers of one’s own', () => {
  const BARRIERS = `name: tiny-barriers
ion: Li⁺
published: { label: A 2025, barrier_eV: { straight: 0.8 }, difference_eV: { soft less straight: 0.1 } }
differences:
  - { name: soft less straight, of: soft springs, minus: straight, status: predicted, range: { varied: springs, pairs: [[stiff springs, straight]] } }
cases:
  - { name: straight, label: straight through, status: predicted, recipe: band.yaml }
  - name: soft springs
    key: soft
    status: predicted
    recipe: band.yaml
    change:
      band.spring_eV_per_A2: 0.5
    against: straight
  - { name: stiff springs, key: stiff, role: null-test, status: predicted, recipe: band.yaml, change: { band.spring_eV_per_A2: 2 }, against: straight, tolerance_eV: 0.5 }
  - { name: more, status: predicted, recipe: band.yaml, change: { band.images: 7 }, full: true }
`
  const BAND = `name: band
system:
  potential: pmmcs.yaml
  build:
    crystal: { prototype: layered, a_A: 2.878, c_A: 14.232, z_oxygen: 0.23670, metals: { Ni: 1 } }
    types: { Li: Li, Ni: Ni3, O: O }
    repeat: [3, 3, 1]
hop: { ion: { element: Li, near: [0.33, 0.33, 0] }, to: { element: Li, near: [0.66, 0.33, 0] } }
charges: { neutralize: [Ni3] } # the vacancy takes a charge away
interactions: { cutoff_A: 7, coulomb: ewald }
band: { images: 5, max_iterations: 2 }
`

  beforeEach(() => {
    study = join(folder, `study-${++count}`)
    jobs.run = runHere
    jobs.asked.length = 0
    recipe = join(folder, 'barriers.yaml')
    writeFileSync(recipe, BARRIERS)
    writeFileSync(join(folder, 'band.yaml'), BAND)
    copyFileSync(join(ROOT, 'potentials/pmmcs-lno.yaml'), join(folder, 'pmmcs.yaml'))
  })

  it('a recipe gives a report, and the recipe of every band is kept with its comments', async () => {
    const result = await document('study', recipe, '--out', study, '--quiet')
    expect(asked()).toEqual(['neb straight', 'neb soft', 'neb stiff'])
    expect(result).toMatchObject({
      study: 'tiny-barriers',
      mode: 'recipe',
      report: join(study, 'report.html'),
    })
    expect(result.cases).toMatchObject([
      { name: 'straight', published: 0.8, unit: 'eV', converged: false },
      { name: 'soft springs', range: null },
      { name: 'stiff springs', status: 'predicted' },
      { name: 'soft less straight', published: 0.1 },
    ])
    expect(Object.keys(result)).toEqual(['study', 'mode', 'report', 'cases', 'sentence'])
    const written = readFileSync(join(study, 'soft.yaml'), 'utf8')
    expect(written).toContain('# the vacancy takes a charge away')
    expect(written).toContain(`potential: ${join(folder, 'pmmcs.yaml')}`)
    expect(written).toContain('spring_eV_per_A2: 0.5')
  })

  it('is extended by cases and by --full, and keeps what is finished', async () => {
    await run('--cases', 'soft springs')
    expect(asked()).toEqual(['neb soft'])
    const { cases } = await document('study', recipe, '--out', study, '--quiet', '--cases', 'straight')
    expect(asked()).toEqual(['neb straight'])
    expect((cases as { name: string }[]).map(({ name }) => name)).toEqual([
      'straight',
      'soft springs',
      'soft less straight',
    ])
    await run('--full')
    expect(asked()).toEqual(['neb stiff', 'neb more'])
    expect(record()).toMatchObject({ version: 2, kind: 'barriers', mode: 'full' })
    expect(record().commands).toHaveLength(3)
    await run()
    expect(asked()).toEqual([])
  })

  it('interrupted bands continue to the results of bands without a stop', async () => {
    jobs.run = stoppingAt('soft')
    const stopped = await run()
    expect(stopped.code).toBe(130)
    expect(asked()).toEqual(['neb straight', 'neb soft'])
    jobs.run = runHere
    expect((await run()).code).toBe(0)
    expect(asked()).toEqual(['neb soft', 'neb stiff'])
    const resumed = readFileSync(join(study, 'soft/band.extxyz'), 'utf8')
    study = join(folder, 'never-stopped-band')
    await run('--cases', 'soft springs')
    expect(resumed).toBe(readFileSync(join(study, 'soft/band.extxyz'), 'utf8'))
  })

  it('reports what there is when a band has failed, says which is missing, and tries it again when told to', async () => {
    jobs.run = async job =>
      job.name === 'stiff'
        ? { name: job.name, exitCode: 1, document: null, stderr: 'hoplite: the disk is full\n' }
        : runHere(job)
    const failed = await run()
    expect(failed.code).toBe(1)
    expect(failed.stdout).toContain('missing: stiff: the disk is full')
    const results = JSON.parse(readFileSync(join(study, 'results.json'), 'utf8'))
    expect(results.missing).toEqual([{ run: 'stiff', reason: 'the disk is full' }])
    expect(results.cases.at(-1)).toMatchObject({ name: 'soft less straight', range: null })
    expect(readFileSync(join(study, 'report.html'), 'utf8')).toContain('all bands computed')
    jobs.run = runHere
    asked()
    expect((await run('--retry-failed')).code).toBe(0)
    expect(asked()).toEqual(['neb stiff'])
    const whole = JSON.parse(readFileSync(join(study, 'results.json'), 'utf8'))
    expect(whole.cases.at(-1).range).toHaveLength(2)
  })

  it('refuses by name to go on with bands of another recipe, and goes on with equal files elsewhere', async () => {
    await run('--cases', 'straight')
    asked()
    writeFileSync(recipe, changed(BARRIERS, /band.yaml }\n/, 'band.yaml, change: { band.images: 7 } }\n'))
    const said = await refusal('study', recipe, '--out', study, '--cases', 'straight')
    expect(said.message).toBe('a run has begun with another recipe or other files: straight')
    const elsewhere = join(folder, `elsewhere-${count}`)
    mkdirSync(elsewhere)
    for (const file of ['band.yaml', 'pmmcs.yaml']) copyFileSync(join(folder, file), join(elsewhere, file))
    recipe = join(elsewhere, 'barriers.yaml')
    writeFileSync(recipe, BARRIERS)
    expect((await run('--cases', 'straight')).code).toBe(0)
    expect(asked()).toEqual([])
    appendFileSync(join(elsewhere, 'pmmcs.yaml'), '# another\n')
    expect((await refusal('study', recipe, '--out', study)).message).toMatch(/: straight$/)
  })

  it('prints its plan, and writes nothing', async () => {
    const plan = await document('study', recipe, '--out', study, '--dry-run')
    expect(existsSync(study)).toBe(false)
    expect(plan).toMatchObject({ study: 'tiny-barriers', directory: null })
    expect(plan.runs).toMatchObject([
      { case: 'straight', run: 'straight', state: 'new', atoms: 107, images: 5 },
      { case: 'soft springs', run: 'soft' },
      { case: 'stiff springs', run: 'stiff' },
    ])
  })

  it.each([
    [
      'a key that is not there',
      /band.images: 7/,
      'band.image: 7',
      'band.image: unknown key `image`',
      /`images`/,
    ],
    ['a value that is none', /band.images: 7/, 'band.images: many', /^band.images: expected/, /^$/],
    [
      'a reference that is not there',
      /against: straight\n/,
      'against: strait\n',
      'there is no case strait',
      /straight/,
    ],
    ['a name that is no directory', / {4}key: soft\n/, '', /give the case soft springs a key/, /^$/],
    [
      'a null test against nothing',
      /against: straight, tol/,
      'tol',
      'a null-test needs against and tolerance_eV',
      /^$/,
    ],
    [
      'a published difference of nothing',
      /soft less straight: 0.1/,
      'x: 0.1',
      'there is no difference x',
      /^diff/,
    ],
    ['replicas', /full: true/, 'full: true, replicas: 2', 'unknown key `replicas`', /known keys/],
  ])('refuses %s, and says where', async (_what, from, to, message, hint) => {
    writeFileSync(recipe, changed(BARRIERS, from, to))
    const said = await refusal('study', recipe, '--out', study, '--full')
    expect(said.message).toMatch(message)
    expect(said.where).toMatch(/barriers\.yaml:\d+:\d+/)
    expect(said.hint ?? '').toMatch(hint)
  })
})
