import { describe, expect, test } from 'vitest'
import { sentence } from '../../src/report/answer.ts'
import type { SystemReport, TransportReport } from '../../src/report/model.ts'
import { comparisonReport, singleRunReport } from './fixture.ts'

/** Every system changed in the same way. */
function withSystems(report: TransportReport, change: (system: SystemReport, k: number) => SystemReport) {
  const [first, ...rest] = report.systems
  return {
    ...report,
    systems: [change(first, 0), ...rest.map((system, k) => change(system, k + 1))] as const,
  }
}

const diffusive = (system: SystemReport): SystemReport => ({
  ...system,
  alpha: { value: 1, ci95: [0.92, 1.08] },
  verdict: 'diffusive',
})

describe('two systems', () => {
  test('sub-diffusive systems have apparent slopes, and the published ratio lies outside', () => {
    expect(sentence(comparisonReport())).toBe(
      'At 700 K and charge scale 0.7 the Li⁺ MSD slope in dehydrofluorinated PVDF is 1.07 times that in PVDF ' +
        '(95 %: 0.75–1.53, 2 boxes each); the published ratio 6.2 lies outside; both MSDs are still ' +
        'sub-diffusive (α = 0.900 in PVDF and 0.820 in dehydrofluorinated PVDF), so these are apparent slopes.',
    )
  })

  test('diffusive systems have slopes, and equal exponents are given once', () => {
    const text = sentence(withSystems(comparisonReport(), diffusive))
    expect(text).toMatch(/; both MSDs are diffusive \(α = 1\.000\)\.$/)
    expect(text).not.toContain('apparent')
  })

  test('each system has its own regime in the sentence', () => {
    const text = sentence(
      withSystems(comparisonReport(), (system, k) => (k === 0 ? diffusive(system) : system)),
    )
    expect(text).toContain('PVDF is diffusive (α = 1.000) and dehydrofluorinated PVDF is still sub-diffusive')
    expect(text).toMatch(/, so these are apparent slopes\.$/)
  })

  test('an undetermined regime is not called diffusive', () => {
    const text = sentence(withSystems(comparisonReport(), system => ({ ...system, verdict: 'undetermined' })))
    expect(text).toContain('neither MSD is shown to be diffusive')
    expect(text).toContain('apparent slopes')
  })

  test('a published ratio inside the interval lies inside in the sentence', () => {
    const report = comparisonReport()
    const wide = {
      ...report.comparison!,
      ratio: { value: 1.5, ci95: [0.3, 11] as const },
    }
    expect(sentence({ ...report, comparison: wide })).toContain('the published ratio 6.2 lies inside;')
  })

  test('without an interval nothing is claimed about the published ratio', () => {
    const report = comparisonReport()
    const bare = {
      ...report.comparison!,
      ratio: { value: 1.07, ci95: null },
    }
    const text = sentence({ ...report, comparison: bare })
    expect(text).toContain('(no interval, 2 boxes each)')
    expect(text).toContain('6.2 cannot be judged without an interval')
  })

  test('unequal numbers of boxes are named in the order of the ratio', () => {
    const report = withSystems(comparisonReport(), (system, k) =>
      k === 0 ? { ...system, replicas: system.replicas.slice(0, 1) } : system,
    )
    expect(sentence(report)).toContain('(95 %: 0.75–1.53, 2 and 1 boxes)')
  })

  test('different temperatures are given with their systems', () => {
    const report = withSystems(comparisonReport(), (system, k) =>
      k === 0 ? { ...system, temperature_K: 500 } : system,
    )
    expect(sentence(report)).toMatch(
      /^The Li⁺ MSD slope in dehydrofluorinated PVDF at 700 K and charge scale 0\.7 is .* in PVDF at 500 K/,
    )
  })
})

describe('one system', () => {
  test('a single sub-diffusive system has an apparent slope with its window', () => {
    expect(sentence(singleRunReport())).toBe(
      'At 700 K and charge scale 0.7 the apparent slope of the Li⁺ MSD in PVDF is 3.04 Å²/ps ' +
        '(95 %: 2.61–3.50, fit 2–12 ps, 1 box); the MSD is still sub-diffusive (α = 0.900).',
    )
  })

  test('a single diffusive system has a slope', () => {
    expect(sentence(withSystems(singleRunReport(), diffusive))).toContain('the slope of the Li⁺ MSD')
  })

  test('the published slope of a single system is compared with the interval', () => {
    const { published } = comparisonReport()
    expect(sentence({ ...singleRunReport(), published })).toContain(
      'the published slope 2 × 10⁻⁴ Å²/ps lies outside',
    )
  })
})

test('several systems without a comparison are listed', () => {
  const report = { ...comparisonReport(), comparison: null }
  const third = { ...report.systems[0], name: 'PEO', label: 'PEO', replicas: [] }
  const text = sentence({ ...report, systems: [...report.systems, third] })
  expect(text).toContain('the apparent slopes of the Li⁺ MSD are 3.04 Å²/ps (95 %: 2.61–3.50) in PVDF, ')
  expect(text).toContain('the published slopes for PVDF and dehydrofluorinated PVDF lie outside')
  expect(text).toContain('all MSDs are still sub-diffusive')
})
