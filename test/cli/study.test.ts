import { appendFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import type { Job, JobOutcome } from '../../src/workflow/schedule.ts'
import { temporaryFolder } from '../tools/folder.ts'
import { writeLifsi } from './boxes.ts'
import { document, hoplite, refusal } from './hoplite.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)

/** Instead of simulating for minutes: what becomes of the study's jobs. */
const jobs = vi.hoisted(() => ({ run: async (_jobs: readonly Job[]): Promise<JobOutcome[]> => [] }))
vi.mock('../../src/workflow/schedule.ts', async original => ({
  ...(await original<typeof import('../../src/workflow/schedule.ts')>()),
  runJobs: (list: readonly Job[]) => jobs.run(list),
}))

const outcome = ({ name }: Job, exitCode = 0, stderr = ''): JobOutcome => ({
  name,
  exitCode,
  document: null,
  stderr,
})

beforeAll(async () => {
  const { md } = await writeLifsi(folder)
  appendFileSync(md, 'analysis: { species: Li, fit_from_ps: 0.004, fit_to_ps: 0.012 }\n')
  for (const seed of ['1', '2', '3', '4', '5', '6']) {
    await document('md', md, '--seed', seed, '--out', at(`run-${seed}`), '--quiet')
  }
})

describe('study pvdf-transport', () => {
  it('prints the promised keys, every case with its status and what was published', async () => {
    const asked: Job[] = []
    jobs.run = async list => {
      asked.push(...list)
      return list.map((job, k) => {
        cpSync(at(`run-${k + 1}`), job.args.at(-1)!, { recursive: true })
        return outcome(job)
      })
    }
    const result = await document('study', 'pvdf-transport', '--quick', '--out', at('study'))
    expect(Object.keys(result)).toEqual(['study', 'mode', 'report', 'cases', 'null_ratio_ci95', 'sentence'])
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
    }
    expect(JSON.parse(readFileSync(at('study/results.json'), 'utf8'))).toEqual(result)
    expect(JSON.parse(readFileSync(at('study/study.json'), 'utf8')).command).toEqual([
      'study',
      'pvdf-transport',
      '--quick',
      '--out',
      at('study'),
      '--json',
    ])
  })

  it('can be reported again, as a whole only', async () => {
    const { sentence } = await document('report', at('study'))
    expect(sentence).toBe(JSON.parse(readFileSync(at('study/results.json'), 'utf8')).sentence)
    const said = await refusal('report', at('study'), '--species', 'F')
    expect(said.message).toBe('--species has no effect on a study')
  })

  it('fails with what the failed runs said', async () => {
    jobs.run = async list =>
      list.map((job, k) => (k === 1 ? outcome(job, 1, 'hoplite: too hot') : outcome(job)))
    const { code, stderr } = await hoplite('study', 'pvdf-transport', '--out', at('failed'), '--quiet')
    expect(code).toBe(1)
    expect(stderr).toMatch(/^hoplite: pvdf-2 ended with exit code 1: hoplite: too hot$/m)
    expect(stderr).not.toMatch(/\n\s+at /)
  })

  it('ends with exit code 130 when it is interrupted, and says how its runs go on', async () => {
    jobs.run = async list => {
      process.emit('SIGINT')
      return list.map(job => outcome(job, 130))
    }
    const { code, stderr, stdout } = await hoplite('study', 'pvdf-transport', '--out', at('stopped'))
    expect(code).toBe(130)
    expect(stderr).toContain('hoplite resume')
    expect(stdout).toBe('')
  })

  it('does not write over another one', async () => {
    mkdirSync(at('taken'))
    writeFileSync(at('taken/notes.txt'), 'mine')
    const said = await refusal('study', 'pvdf-transport', '--out', at('taken'))
    expect(said.message).toBe('the run directory holds files already')
  })
})
