import { afterEach, describe, expect, it, vi } from 'vitest'
import { createBoard } from '../../src/cli/output.ts'
import { conditionsTable, progressLine, progressTable } from '../../src/cli/studyTables.ts'
import type { GroupProgress, StudyProgress } from '../../src/study/run.ts'
import { overview } from '../report/studyFixture.ts'

const one = (name: string, counts: Partial<GroupProgress>): GroupProgress => ({
  name,
  done: 0,
  running: 0,
  failed: 0,
  waiting: 0,
  workLeft: 0,
  workDone: 0,
  ...counts,
})

/** 1000 steps in 10 s: 100 a second. */
const PROGRESS: StudyProgress = {
  groups: [
    one('cold', { done: 2, running: 1, failed: 1, workLeft: 600, workDone: 1000 }),
    one('hot', { waiting: 4, workLeft: 12_000 }),
    one('past', { done: 4 }),
  ],
  ended: { run: 'cold/A-2', state: { kind: 'failed', message: 'too hot\nwhere: there' } },
}

describe('the progress of a study', () => {
  it('is a line for every case, in the order in which they are run', () => {
    expect(progressTable(PROGRESS, 10).split('\n').slice(2)).toEqual([
      'cold     2        1       1        0        6 s',
      'hot      0        0       0        4  2 min 6 s',
      'past     4        0       0        0',
      'all      6        1       1        4  2 min 6 s',
    ])
  })

  it('is one line where there is no terminal, with what has just ended', () => {
    expect(progressLine(PROGRESS, 10)).toBe(
      'cold/A-2 FAILED: too hot; 6 of 12 runs done, 1 failed, 1 running, ETA 2 min 6 s',
    )
  })

  it('has no time left to tell before a step is done', () => {
    const waiting = { groups: [one('hot', { running: 1, workLeft: 100 })], ended: null }
    expect(progressLine(waiting, 1)).toBe('0 of 1 runs done, 1 running, ETA –')
  })
})

it('shows the conditions of a study one a line', () => {
  const lines = conditionsTable(overview.conditions).split('\n')
  expect(lines).toHaveLength(2 + overview.conditions.length)
  const cells = (line: string) => line.split(/ {2,}/)
  expect(cells(lines[0]!)).toEqual([
    'case',
    'systems',
    'boxes',
    'slopes / Å²/ps',
    'ratio',
    '95 %',
    'P(≥ 6)',
    'published inside',
    '1 inside',
  ])
  expect(cells(lines[6]!)).toEqual([
    'degree-d0.83',
    'dHF-PVDF : PVDF of 500K',
    '4 : 4',
    '1.29 : 0.38',
    '3.4',
    '1.9–6.9',
    '0.4 %',
    'yes',
    'no',
  ])
})

describe('a board', () => {
  const { isTTY } = process.stderr
  afterEach(() => {
    process.stderr.isTTY = isTTY
    vi.restoreAllMocks()
  })
  const listen = (terminal: boolean) => {
    process.stderr.isTTY = terminal
    const said: string[] = []
    vi.spyOn(process.stderr, 'write').mockImplementation(text => {
      said.push(String(text))
      return true
    })
    return said
  }

  it('draws over itself on a terminal', () => {
    const said = listen(true)
    const board = createBoard(false)
    board.show(() => 'a\nb', String, true)
    board.show(() => 'c\nd\ne', String, true)
    board.finish()
    expect(said).toEqual(['\x1b[Ja\nb\n', '\x1b[2A\r\x1b[Jc\nd\ne\n', '\x1b[3A\r\x1b[Jc\nd\ne\n'])
  })

  it('says a line for what has happened where there is no terminal, and for nothing else', () => {
    const said = listen(false)
    const board = createBoard(false)
    board.show(String, () => 'begun', false)
    board.show(String, () => 'ended', true)
    board.finish()
    expect(said).toEqual(['ended\n'])
  })

  it('says nothing when it is to be quiet', () => {
    const said = listen(true)
    createBoard(true).show(() => 'a', String, true)
    expect(said).toEqual([])
  })
})
