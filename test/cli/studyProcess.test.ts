import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../tools/folder.ts'
import { TINY_STUDY } from '../tools/tinyStudy.ts'
import { changed } from './boxes.ts'
import { start, until } from './hoplite.ts'

const folder = temporaryFolder()
const recipe = join(folder, 'tiny.yaml')
const study = join(folder, 'study')

describe('a study of two systems, two boxes each, in processes of its own', () => {
  it('stops all its runs with a checkpoint, goes on with them, and reports', {
    timeout: 120_000,
  }, async () => {
    const text = changed(
      TINY_STUDY,
      /name: produce, kind: nvt, time_ps: 0.02/,
      'name: produce, kind: nvt, time_ps: 1',
    )
    writeFileSync(
      recipe,
      changed(text, /fit_from_ps: 0.004, fit_to_ps: 0.012/, 'fit_from_ps: 0.1, fit_to_ps: 0.4'),
    )
    const command = ['study', recipe, '--out', study, '--jobs', '2']
    const first = start(command)
    const running = ['dense-1', 'loose-1'].map(run => join(study, 'warm', run, 'checkpoint.bin'))
    await until(() => running.every(file => existsSync(file)), 60)
    first.child.kill('SIGINT')
    const stopped = await first.ended
    expect(stopped.code).toBe(130)
    expect(stopped.stdout).toBe('')
    expect(stopped.stderr).toContain(`go on with:\n  hoplite ${command.join(' ').replace(/ --out.*/, '')}`)
    expect(readdirSync(join(study, 'warm')).filter(name => name.endsWith('.error.txt'))).toEqual([])
    expect(existsSync(join(study, 'report.html'))).toBe(false)

    const { code, stdout, stderr } = await start(command).ended
    expect(code, stderr).toBe(0)
    for (const run of ['dense-1', 'dense-2', 'loose-1', 'loose-2']) {
      const results = JSON.parse(readFileSync(join(study, 'warm', run, 'results.json'), 'utf8'))
      expect(results).toMatchObject({ completed: true, steps: 1004 })
    }
    expect(stderr).toMatch(/^warm\/\S+ done; 4 of 4 runs done, 0 running/m)
    expect(stdout).toContain(`report: ${join(study, 'report.html')}`)
  })
})
