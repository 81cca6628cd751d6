import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Job, JobOutcome } from '../../src/study/schedule.ts'
import { temporaryFolder } from '../tools/folder.ts'
import { writeLifsi } from './boxes.ts'
import { document, hoplite, ROOT, refusal } from './hoplite.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)

/** Instead of simulating for minutes: what becomes of the study's jobs. */
const jobs = vi.hoisted(() => ({ run: async (_jobs: readonly Job[]): Promise<JobOutcome[]> => [] }))
vi.mock('../../src/study/schedule.ts', async original => ({
  ...(await original<typeof import('../../src/study/schedule.ts')>()),
  runJobs: (list: readonly Job[]) => jobs.run(list),
}))

const outcome = ({ name }: Job, exitCode = 0, stderr = ''): JobOutcome => ({
  name,
  exitCode,
  document: null,
  stderr,
})

/** A run of another system, for the sixth part of a second that it takes. */
function finish(job: Job, k: number): JobOutcome {
  cpSync(at(`run-${(k % 6) + 1}`), job.args.at(-1)!, { recursive: true })
  return outcome(job)
}

beforeAll(async () => {
  const { md } = await writeLifsi(folder)
  appendFileSync(md, 'analysis: { species: Li, fit_from_ps: 0.004, fit_to_ps: 0.012 }\n')
  for (const seed of ['1', '2', '3', '4', '5', '6']) {
    await document('md', md, '--seed', seed, '--out', at(`run-${seed}`), '--quiet')
  }
})

beforeEach(() => {
  jobs.run = async list => list.map(finish)
})

describe('study pvdf-transport', () => {
  it('prints the promised keys, every case with its status and what was published', async () => {
    const asked: Job[] = []
    jobs.run = async list => {
      asked.push(...list)
      return list.map(finish)
    }
    const result = await document('study', 'pvdf-transport', '--quick', '--out', at('study'))
    expect(Object.keys(result)).toEqual([
      'study',
      'mode',
      'report',
      'cases',
      'null_ratio_ci95',
      'sentence',
      'statistics',
      'conditions',
      'not_run',
      'missing',
      'activation_energies',
    ])
    expect(result).toMatchObject({ study: 'pvdf-transport', mode: 'quick', report: at('study/report.html') })
    const cases = result.cases as Record<string, unknown>[]
    for (const one of cases) {
      expect(Object.keys(one)).toEqual(['name', 'value', 'ci95', 'unit', 'published', 'status'])
      expect(one.status).toBe('predicted')
      expect(one.ci95).toHaveLength(2)
    }
    expect(cases.map(({ published }) => published)).toEqual([0.2e-3, 1.23e-3, 6.2])
    const [pvdf, dhf, ratio] = cases.map(({ value }) => value as number) as [number, number, number]
    expect(ratio).toBeCloseTo(dhf / pvdf, 12)
    for (const { args } of asked) {
      expect(args[0]).toBe('md')
      expect(existsSync(args[1]!)).toBe(true)
      expect([at('study/298K'), at('study/700K')]).toContain(dirname(args.at(-1)!))
    }
    expect(result).toMatchObject({
      statistics: { ratio_of: 'mean slopes', factor: 6, one_box: { pairs: 9 }, same_material: { pairs: 12 } },
      conditions: [
        { name: '298K', ratio, temperature_K: 298, charge_scale: 1, ratio_of: 'mean slopes' },
        { name: '700K', temperature_K: 700, charge_scale: 0.7 },
      ],
      not_run: [],
      activation_energies: [],
    })
    for (const name of ['298K', '700K']) expect(existsSync(at(`study/${name}/report.html`))).toBe(true)
    expect(JSON.parse(readFileSync(at('study/results.json'), 'utf8'))).toEqual({
      ...result,
      report: 'report.html',
    })
    expect(JSON.parse(readFileSync(at('study/study.json'), 'utf8')).commands[0]).toEqual([
      'study',
      'pvdf-transport',
      '--quick',
      '--out',
      at('study'),
      '--json',
    ])
  })

  it('can be reported again, as a whole only', async () => {
    const results = at('study/results.json')
    const before = readFileSync(results, 'utf8')
    rmSync(results)
    const { sentence } = await document('report', at('study'))
    expect(readFileSync(results, 'utf8')).toBe(before)
    expect(sentence).toBe(JSON.parse(before).sentence)
    const said = await refusal('report', at('study'), '--species', 'F')
    expect(said.message).toBe('--species has no effect on a study')
  })

  it('reports what there is when a run has failed, and says which is missing', async () => {
    jobs.run = async list =>
      list.map((job, k) => (k === 2 ? outcome(job, 1, 'hoplite: too hot') : finish(job, k)))
    const { code, stdout } = await hoplite('study', 'pvdf-transport', '--out', at('failed'), '--quiet')
    expect(code).toBe(1)
    expect(stdout).toMatch(/^PVDF +2 +24 .*\ndHF-PVDF +3 +36 /m)
    expect(stdout).toMatch(/^missing: 298K\/PVDF-2: too hot$/m)
    expect(readFileSync(at('failed/298K/PVDF-2.error.txt'), 'utf8')).toBe('too hot\n')
    expect(JSON.parse(readFileSync(at('failed/results.json'), 'utf8')).missing).toEqual([
      { run: '298K/PVDF-2', reason: 'too hot' },
    ])
    expect(existsSync(at('failed/report.html'))).toBe(true)
  })

  it('fails with what the runs said when none is left to compare', async () => {
    jobs.run = async list => list.map(job => outcome(job, 1, 'hoplite: too hot'))
    const { code, stderr } = await hoplite('study', 'pvdf-transport', '--out', at('all-failed'), '--quiet')
    expect(code).toBe(1)
    expect(stderr).toMatch(/^hoplite: 298K\/PVDF-1: too hot$/m)
    expect(stderr).not.toMatch(/\n\s+at /)
  })

  it('ends with exit code 130 when it is interrupted, and says how it goes on', async () => {
    jobs.run = async list => {
      process.emit('SIGINT')
      return [finish(list[0]!, 0), outcome(list[1]!, 130)]
    }
    const { code, stderr, stdout } = await hoplite('study', 'pvdf-transport', '--out', at('stopped'))
    expect(code).toBe(130)
    expect(stderr).toContain('stopped with 11 of 12 runs to do')
    expect(stderr).toContain(`hoplite study pvdf-transport --quick --out ${at('stopped')}\n`)
    expect(stdout).toBe('')
  })

  it('does not write over another one', async () => {
    mkdirSync(at('taken'))
    writeFileSync(at('taken/notes.txt'), 'mine')
    const said = await refusal('study', 'pvdf-transport', '--out', at('taken'))
    expect(said.message).toBe('the run directory holds files already')
    expect(readdirSync(at('taken'))).toEqual(['notes.txt'])
  })

  it('is not gone on with in the directory of another study', async () => {
    const said = await refusal('study', 'pvdf-transport', '--full', '--out', at('study'))
    expect(said.message).toBe('the directory holds the study pvdf-transport, not pvdf-transport-full')
  })

  it.each([
    [['li-barrier', '--replicas', '2'], '--replicas has no effect on li-barrier'],
    [['all', '--cases', 'bare'], '--cases has no effect on all'],
    [['all', '--dry-run'], '--dry-run has no effect on all'],
    [[join(ROOT, 'runs/pvdf-transport-quick.yaml'), '--full'], /^--full has no effect on .*quick\.yaml$/],
    [['pvdf-transport', '--replicas', '0'], '--replicas is 0'],
    [['pvdf-transport', '--cases', 'hot', '--out', 'nowhere'], 'the study has no case hot'],
    [['pvdf-transport', '--resume', '--out', 'nowhere'], 'there is no study to go on with'],
  ])('refuses %j', async (args, message) => {
    const said = await refusal('study', ...args)
    expect(said.message).toMatch(message)
    expect(existsSync('nowhere')).toBe(false)
  })
})
