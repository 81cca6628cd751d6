import { describe, expect, it } from 'vitest'
import type { Yardstick } from '../../src/study/compare.ts'
import { absentConditions, conditionRows } from '../../src/study/conditions.ts'
import type { RunState, TransportRecord } from '../../src/study/record.ts'
import { caseResult, caseSystem } from '../transport/walkBoxes.ts'

const YARDSTICK: Yardstick = { systems: ['PVDF', 'dHF'], publishedRatio: 6, factor: 6 }
const pvdf = caseSystem('PVDF', [1, 1.2, 0.8, 1])
const dhf = caseSystem('dHF', [2, 2.4, 1.6, 2], { seed: 2 })
const usual = caseResult('500K', [pvdf, dhf])
const names = (results: Parameters<typeof conditionRows>[0]) =>
  conditionRows(results, YARDSTICK).map(({ name }) => name)

describe('the rows of a study’s conditions', () => {
  it('hold the second system against the first of their case', () => {
    const [row] = conditionRows([usual], YARDSTICK)
    expect(row).toMatchObject({
      name: '500K',
      page: '500K/report.html',
      temperature_K: 500,
      chargeScale: 0.7,
      numerator: { name: 'dHF', boxes: 4 },
      denominator: { name: 'PVDF', boxes: 4 },
      borrowedFrom: null,
      publishedInside: false,
      oneInside: false,
    })
    expect(row!.ratio.value).toBe(usual.comparisons[0]!.ratio.value)
  })

  it('judge the published ratio for the systems that it was published of, and for no others', () => {
    const inside = conditionRows([caseResult('a', [pvdf, caseSystem('dHF', [6, 7, 5, 6])])], YARDSTICK)
    expect(inside[0]!.publishedInside).toBe(true)
    const other = caseResult('b', [pvdf, dhf, caseSystem('PEO', [6, 7, 5, 6], { seed: 3 })])
    expect(conditionRows([other], YARDSTICK).map(({ publishedInside }) => publishedInside)).toEqual([
      false,
      null,
    ])
  })

  it('hold the second system against other forms of the first, and judge them by what was published', () => {
    const crystal = caseSystem('crystal', [0.3, 0.4, 0.3, 0.35], { seed: 6, own: false, material: 'PVDF' })
    const other = caseSystem('PEO', [0.3, 0.4, 0.3, 0.35], { seed: 6, own: false })
    const rows = conditionRows([caseResult('forms', [pvdf, crystal, other, dhf])], YARDSTICK)
    expect(
      rows.map(({ numerator, denominator, ofPublished }) => [numerator.name, denominator.name, ofPublished]),
    ).toEqual([
      ['crystal', 'PVDF', false],
      ['PEO', 'PVDF', false],
      ['dHF', 'PVDF', true],
      ['dHF', 'crystal', true],
    ])
    expect(rows[3]!.publishedInside).toBe(true)
  })

  it('judge nothing where a slope may be zero', () => {
    const unsure = caseSystem('dHF', [0.01, 9], { seed: 5 })
    const [row] = conditionRows([caseResult('few', [pvdf, unsure])], YARDSTICK)
    expect(row).toMatchObject({ publishedInside: null, oneInside: null, probabilities: null })
    expect(row!.ratio.ci95).toEqual([0, Number.POSITIVE_INFINITY])
  })

  const lonely = caseSystem('dHF', [3, 3.3, 2.7, 3], {
    seed: 4,
    likeness: { protocol: 'usual', box: 'more' },
  })

  it('hold a system that is alone against the study’s first system of another case, and say of which', () => {
    const alone = caseResult('degree', [lonely], { degree: 0.83 })
    for (const results of [
      [usual, alone],
      [alone, usual],
    ]) {
      const row = conditionRows(results, YARDSTICK).find(({ name }) => name === 'degree')!
      expect(row).toMatchObject({ denominator: { name: 'PVDF' }, borrowedFrom: '500K' })
      expect(row.degree).toBe(0.83)
      expect(row.ratio.value).toBeGreaterThan(2)
    }
  })

  it('judge nothing published where no unit is replaced', () => {
    const none = caseResult('degree-d0', [lonely], { degree: 0 })
    const row = conditionRows([usual, none], YARDSTICK).find(({ name }) => name === 'degree-d0')!
    expect(row.publishedInside).toBeNull()
  })

  it.each([
    ['another temperature', { temperature_K: 300 }, pvdf],
    ['another charge scale', { charge_scale: 1 }, pvdf],
    ['another degree', { degree: 0.5 }, pvdf],
    ['another protocol', {}, { ...pvdf, likeness: { protocol: 'other', box: 'PVDF' } }],
    ['a system that its case has otherwise', {}, { ...pvdf, own: false }],
    ['another name', {}, { ...pvdf, name: 'PEO' }],
  ])('do not borrow boxes of %s', (_what, conditions, system) => {
    const other = caseResult('other', [system], conditions)
    expect(names([caseResult('degree', [lonely]), other])).not.toContain('degree')
  })

  it('do not hold boxes of the study’s first system against the same ones', () => {
    expect(names([caseResult('more PVDF', [pvdf]), usual])).toEqual(['500K'])
  })
})

describe('conditions without a row', () => {
  type Case = TransportRecord['cases'][number]
  /** A case whose runs have finished, x, or not. The mark of a run is the end of its key. */
  const loaded = (name: string, marks: readonly string[], conditions = usual.conditions): Case => ({
    name,
    headline: false,
    conditions,
    systems: marks.map((mark, k) => ({
      name: ['PVDF', 'dHF'][k]!,
      label: '',
      color: null,
      own: true,
      formOf: null,
      runs: [...mark].map((one, replica) => `${name}-${k}-${replica}${one}`),
    })),
  })
  const study = (cases: Case[], routes: TransportRecord['routes']) => {
    const keys = cases.flatMap(({ systems }) => systems.flatMap(({ runs }) => runs))
    const states = new Map(
      keys.map((key): [string, RunState] => [key, { kind: key.endsWith('x') ? 'finished' : 'new' }]),
    )
    return { cases, routes, states } as unknown as TransportRecord
  }
  const rows = conditionRows([usual], YARDSTICK)

  it('are named, with the reason; a case of which nothing has run by the name that runs it', () => {
    const absent = absentConditions(
      study(
        [loaded('500K', ['xx', 'xx']), loaded('charges-q0.8', ['x.', '..']), loaded('degree-d0', ['xx'])],
        [
          { name: '500K', cases: ['500K'] },
          { name: 'charges', cases: ['charges-q0.8', 'charges-q1'] },
          { name: 'degree', cases: ['degree-d0'] },
          { name: 'temperature', cases: ['temperature-300K', 'temperature-400K'] },
        ],
      ),
      rows,
      YARDSTICK,
    )
    expect(absent).toEqual([
      { name: 'charges-q0.8', reason: '1 of 4 runs have finished, none of a second system' },
      { name: 'charges-q1', reason: 'not run' },
      {
        name: 'degree-d0',
        reason: 'no other case has PVDF run in the same way at 500 K and charge scale 0.7 to compare with',
      },
      { name: 'temperature', reason: 'not run' },
    ])
  })
})
