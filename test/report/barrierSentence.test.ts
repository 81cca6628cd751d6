import { describe, expect, test } from 'vitest'
import type { BarrierCase, BarrierDifference, BarrierReport } from '../../src/report/barrierModel.ts'
import { barrierSentence } from '../../src/report/barrierSentence.ts'
import { barrierReport, singleBandReport } from './barrierFixture.ts'

function withCase(report: BarrierReport, name: string, change: Partial<BarrierCase>): BarrierReport {
  const cases = report.cases.map(item => (item.name === name ? { ...item, ...change } : item))
  return { ...report, cases: cases as unknown as BarrierReport['cases'] }
}

function withDifference(report: BarrierReport, change: Partial<BarrierDifference>): BarrierReport {
  return { ...report, differences: report.differences.map(item => ({ ...item, ...change })) }
}

describe('the sentence about a difference of barriers', () => {
  test('gives barriers, lowering with range, the published value, chosen values and counter-examples', () => {
    expect(barrierSentence(barrierReport())).toBe(
      'The Li⁺ barrier is 1.06 eV with dehydrofluorinated PVDF and 1.50 eV under a PVDF unit: 0.44 eV lower ' +
        '(0.30–0.59 eV over a charge transfer of 0.24–0.47 e); the published difference −0.41 eV (Ye 2025) ' +
        'lies inside this range; the barrier with dehydrofluorinated PVDF and the difference rest on choices ' +
        'and the barrier under a PVDF unit is predicted; with C on the O of the bottleneck it is 1.84 eV: ' +
        'higher, not lower.',
    )
  })

  test('says that the published value lies outside the range', () => {
    const range = { range_eV: [-0.588, -0.45] as const, varied: 'the charge' }
    expect(barrierSentence(withDifference(barrierReport(), { range }))).toContain('lies outside this range')
  })

  test('without a range nothing is claimed about the published one', () => {
    const text = barrierSentence(withDifference(barrierReport(), { range: null }))
    expect(text).toContain('0.44 eV lower (nothing varied)')
    expect(text).toContain('−0.41 eV (Ye 2025) cannot be judged without a range')
  })

  test('a range that reaches across zero keeps its signs', () => {
    const range = { range_eV: [-0.6, 0.1] as const, varied: 'the charge' }
    expect(barrierSentence(withDifference(barrierReport(), { range }))).toContain('(−0.10 to 0.60 eV over')
  })

  test('calls a rise higher, and leaves out a counter-example that rises too', () => {
    const text = barrierSentence(
      withDifference(barrierReport(), { value_eV: 0.52, range: null, published: null }),
    )
    expect(text).toContain('0.52 eV higher')
    expect(text).not.toContain('bottleneck')
  })

  test('no difference at the digits shown is no lowering', () => {
    const text = barrierSentence(withDifference(barrierReport(), { value_eV: -0.004 }))
    expect(text).toContain(': the same (')
    expect(text).not.toMatch(/lower|higher/)
  })

  test('names the calibrated number first', () => {
    const report = withDifference(withCase(barrierReport(), 'PVDF', { status: 'calibrated' }), {
      status: 'predicted',
    })
    expect(barrierSentence(report)).toContain(
      '; the barrier under a PVDF unit is calibrated, the barrier with dehydrofluorinated PVDF rests on ' +
        'choices and the difference is predicted;',
    )
  })
})

describe('convergence in the sentence about barriers', () => {
  test('is never claimed', () => {
    expect(barrierSentence(barrierReport())).not.toContain('converged')
  })

  test('a band that has not converged makes the numbers provisional', () => {
    const open = { converged: false, fmax_eV_per_A: 0.083 }
    expect(barrierSentence(withCase(barrierReport(), 'dHF-PVDF', open))).toMatch(
      /; the band with dehydrofluorinated PVDF \(0\.083 eV\/Å left, 0\.01 wanted\) has not converged, so these numbers are provisional\.$/,
    )
  })

  test('a case that is not in the sentence does not change it', () => {
    const text = barrierSentence(withCase(barrierReport(), 'uncharged unit', { converged: false }))
    expect(text).not.toContain('converged')
  })
})

describe('the sentence about bands without a difference', () => {
  test('gives the barrier of one band', () => {
    expect(barrierSentence(singleBandReport())).toBe(
      'The Li⁺ barrier is 1.47 eV at the bare surface (nothing varied); it is predicted.',
    )
  })

  test('gives the barrier of one band and the published barrier', () => {
    const published = [{ case: 'bare', barrier_eV: 1.51, label: 'Ye 2025', doi: '10.1/x' }]
    expect(barrierSentence({ ...singleBandReport(), published })).toContain(
      'the published barrier, 1.51 eV (Ye 2025), is 0.04 eV higher',
    )
  })

  test('several bands are listed, main cases only', () => {
    const text = barrierSentence({ ...barrierReport(), differences: [] })
    expect(text).toContain(
      '1.47 eV at the bare surface (nothing varied), 1.50 eV under a PVDF unit (1.50–1.54',
    )
    expect(text).toContain(
      'the published barrier under a PVDF unit, 1.51 eV (Ye 2025), lies inside this range',
    )
    expect(text).not.toContain('uncharged')
  })
})
