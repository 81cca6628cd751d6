import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { readCheckpoint } from '../../src/files/checkpoint.ts'
import { RUN_FILES } from '../../src/files/runDirectory.ts'
import { runJobs } from '../../src/study/schedule.ts'
import { temporaryFolder } from '../tools/folder.ts'
import { writeLifsi } from './boxes.ts'
import { document, hasColour, POTENTIAL, refusal, start, until } from './hoplite.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
let paths = { md: '', box: '', build: '' }

const checkpoint = (name: string) => readCheckpoint(join(at(name), 'checkpoint.bin'))
const rows = (name: string) => {
  const log = join(at(name), 'log.csv')
  return existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n').slice(1) : []
}

const locked = (name: string) => existsSync(join(at(name), RUN_FILES.lock))

beforeAll(async () => {
  paths = await writeLifsi(folder)
})

describe('a process', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'ends an md run on %s with a checkpoint and exit code 130, and it goes on from there',
    async signal => {
      const args = ['md', paths.md, '--out', at(signal), '--json', '--steps', '100000']
      const { child, ended } = start(args, { NO_COLOR: '1' })
      await until(() => rows(signal).length > 20)
      for (const second of [args.slice(0, 4), ['resume', at(signal)]]) {
        const { message, where } = await refusal(...second)
        expect(message).toBe(`another hoplite is at work in this run directory: process ${child.pid}`)
        expect(where).toBe(at(signal))
      }
      child.kill(signal)
      const { code, stdout, stderr } = await ended
      expect(code).toBe(130)
      expect(locked(signal)).toBe(false)
      const result = JSON.parse(stdout)
      expect(result.completed).toBe(false)
      expect(checkpoint(signal).state.step).toBe(result.steps)
      expect(stderr).toContain('stopped early')
      expect(hasColour(stderr)).toBe(false)
      const rest = await document('resume', at(signal), '--steps-total', String(result.steps + 16), '--quiet')
      expect(rest).toMatchObject({ completed: true, steps: result.steps + 20 })
      expect(locked(signal)).toBe(false)
      const steps = rows(signal).map(row => row.split(',').slice(0, 3).join())
      expect(new Set(steps).size).toBe(steps.length)
      expect(steps).toHaveLength(3 + Math.floor((result.steps + 16) / 2) + 1)
    },
  )

  it('a run of a killed process is resumed bit-equal', async () => {
    const { child, ended } = start(['md', paths.md, '--out', at('killed'), '--steps', '100000', '--quiet'])
    await until(() => rows('killed').length > 20)
    child.kill('SIGKILL')
    expect((await ended).signal).toBe('SIGKILL')
    expect(locked('killed')).toBe(true)
    const { step } = checkpoint('killed').state
    const steps = String(step + 26)
    await document('resume', at('killed'), '--steps-total', steps, '--quiet')
    expect(locked('killed')).toBe(false)
    await document('md', paths.md, '--out', at('unharmed'), '--steps', steps, '--quiet')
    for (const file of ['checkpoint.bin', 'log.csv', 'trajectory.dcd']) {
      const [killed, unharmed] = ['killed', 'unharmed'].map(name => readFileSync(join(at(name), file)))
      expect(killed!.equals(unharmed!)).toBe(true)
    }
  })

  it('a closed pipe on stdout is no error', async () => {
    const args = ['energy', paths.box, '--potential', POTENTIAL, '--cutoff_A', '7', '--forces', '--quiet']
    const { child, ended } = start(args)
    child.stdout!.destroy()
    const { code, stderr } = await ended
    expect([code, stderr]).toEqual([0, ''])
  })

  it('the process ends with the exit code of its command', async () => {
    const { code, stdout, stderr } = await start(['msd', at('nothing'), '--json']).ended
    expect(code).toBe(2)
    expect(JSON.parse(stdout).error.code).toBe(2)
    expect(stderr).toMatch(/^hoplite: there is no such directory\n/)
  })
})

describe('jobs', () => {
  it('each job runs in its own process, independent of failed ones, and reports its progress', async () => {
    const heard = new Map<string, number>()
    const outcomes = await runJobs(
      [
        { name: 'wrong', args: ['md', at('nothing.yaml')] },
        { name: 'right', args: ['md', paths.md, '--out', at('job')] },
      ],
      {
        concurrency: 2,
        onProgress: progress => {
          for (const [name, { done, total }] of progress) heard.set(name, done / total)
        },
      },
    )
    expect(outcomes.map(({ name, exitCode }) => [name, exitCode])).toEqual([
      ['wrong', 2],
      ['right', 0],
    ])
    expect(outcomes[0]!.stderr).toMatch(/there is no such file/)
    expect(outcomes[0]!.document).toMatchObject({ error: { code: 2 } })
    expect(outcomes[1]!.document).toMatchObject({ completed: true, steps: 24 })
    expect(outcomes[1]!.stderr).toBe('')
    expect([...heard]).toEqual([['right', 1]])
  })

  it('stopped jobs write a checkpoint, and no other job begins', async () => {
    const stop = new AbortController()
    const job = (name: string) => ({
      name,
      args: ['md', paths.md, '--out', at(name), '--steps', '100000'],
    })
    const outcomes = await runJobs([job('first'), job('second')], {
      concurrency: 1,
      signal: stop.signal,
      onProgress: () => stop.abort(),
    })
    expect(outcomes.map(({ name, exitCode }) => [name, exitCode])).toEqual([['first', 130]])
    expect(checkpoint('first').state.step).toBeGreaterThan(0)
    expect(existsSync(at('second'))).toBe(false)
  })
})
