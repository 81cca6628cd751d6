import { describe, expect, it } from 'vitest'
import { sentence } from '../../src/report/answer.ts'
import { renderTransportReport } from '../../src/report/page.ts'
import { conditionsSentence } from '../../src/report/studySections.ts'
import { comparisonReport } from './fixture.ts'
import { markupOf, payloadOf } from './payload.ts'
import { overview, studyReport } from './studyFixture.ts'

const report = studyReport()
const page = renderTransportReport(report)
const sections = (html: string) => [...html.matchAll(/<section id="(\w+)"/g)].map(([, id]) => id)
/** The words of a section. */
const text = (html: string, id: string) =>
  new RegExp(`<section id="${id}"[\\s\\S]*?</section>`)
    .exec(html)![0]
    .replace(/<[^>]+>/g, ' ')
    .replace(/[\u2060]/g, '')
    .replace(/\s+/g, ' ')

describe('the sentence about many boxes', () => {
  it('says what the ratio is of, and how often single boxes show the factor', () => {
    expect(sentence(report)).toBe(
      'At 298 K and charge scale 1 the Li⁺ MSD slope in dehydrofluorinated PVDF is 1.5 times that in PVDF ' +
        '(95 %: 0.78–3.0, geometric means of 12 boxes each); the published ratio 6.2 lies outside; both MSDs are ' +
        'still sub-diffusive (α = 0.900 in PVDF and 0.820 in dehydrofluorinated PVDF), so these are apparent ' +
        'slopes. One box against one box shows 6 times or more in 13 % of pairs, two boxes of the same material in 6.1 %.',
    )
  })

  it('counts ratios below the factor if the published ratio is below 1', () => {
    const slower = { ...report, publishedRatio: { ...report.publishedRatio!, value: 0.2 } }
    expect(sentence(slower)).toMatch(/shows 1\/6 or less in 2\.1 % of pairs/)
  })

  it.each([
    ['a few boxes', comparisonReport()],
    ['nothing published', { ...report, publishedRatio: null }],
  ])('says nothing of pairs for %s', (_what, other) => {
    expect(sentence(other)).not.toContain('One box')
  })
})

describe('the page of a study', () => {
  it('shows boxes, conditions and temperatures after the picture', () => {
    expect(sections(page)).toEqual([
      'picture',
      'boxes',
      'conditions',
      'activation',
      'mechanism',
      'box',
      'trust',
      'calibrated',
      'repeat',
    ])
  })

  it('gives no two elements one id', () => {
    const ids = [...markupOf(page).matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
    expect(ids.filter((id, k) => ids.indexOf(id) < k)).toEqual([])
  })

  it('plots the slope of every box and the ratio of every pair', () => {
    const { figures } = payloadOf(page)
    const series = (id: string) => figures.find(figure => figure.id === id)!.dataset.series
    const [pvdf, dhf] = series('box-slopes')
    expect(pvdf!.columns.slope_A2_per_ps).toHaveLength(12)
    expect(dhf!.columns.seed).toEqual(report.systems[1]!.replicas.map(({ seed }) => seed))
    const [same, pairs] = series('one-box')
    expect(pairs!.columns.ratio).toHaveLength(144)
    expect(same!.columns.ratio).toHaveLength(132)
    expect(pairs!.columns.share_at_least![0]).toBe(1)
    expect(pairs!.columns.share_at_least!.at(-1)).toBeCloseTo(1 / 144, 4)
  })

  it('leaves boxes that do not move out of the logarithms, and gives their number', () => {
    const [pvdf, dhf] = report.systems
    const stuck = {
      ...pvdf,
      replicas: pvdf.replicas.map((box, k) => (k > 0 ? box : { ...box, slope_A2_per_ps: 0 })),
    }
    const pairs = report.comparison!.oneBox
    const ratios = [0, ...Array.from(pairs.ratios).slice(1, -1), Number.POSITIVE_INFINITY]
    const html = renderTransportReport({
      ...report,
      systems: [stuck, dhf!],
      comparison: { ...report.comparison!, oneBox: { ...pairs, ratios } },
    })
    const { figures } = payloadOf(html)
    const series = (id: string, k: number) =>
      figures.find(figure => figure.id === id)!.dataset.series[k]!.columns
    expect(series('box-slopes', 0).slope_A2_per_ps).toHaveLength(11)
    expect(series('one-box', 1).share_at_least![0]).toBeCloseTo(143 / 144, 4)
  })

  it('links to the page of every case, and names those without a result', () => {
    for (const { name } of overview.conditions) expect(page).toContain(`<a href="${name}/report.html">`)
    const words = text(page, 'conditions')
    expect(words).toContain('no-anion and conjugation: not run')
    expect(words).toContain('PVDF of 500K')
  })

  it('warns of extrapolated lines and of apparent slopes', () => {
    const words = text(page, 'activation')
    expect(words).toContain('298 K lies outside what was measured of PVDF (charge scale 0.7, 300–700 K)')
    expect(words).toContain('the energies are those of apparent slopes, not of diffusion')
  })

  it('shows geometric means over boxes in the cards, as in the ratio', () => {
    const [card] = /<div class="card">[\s\S]*?<\/div>\n<div class="foot">[\s\S]*?<\/div>/.exec(page)!
    expect(card).toContain('geometric mean of 12 boxes')
    expect(card).toMatch(/1\.40<span class="unit"> × 10⁻³ Å²\/ps/)
  })

  it('of a case links to the study and has no section of conditions', () => {
    const study = { name: '500K', page: '../report.html', conditions: [], absent: [], activations: [] }
    const html = renderTransportReport({ ...report, study })
    expect(sections(html)).not.toContain('conditions')
    expect(html).toContain('This is the case 500K; <a href="../report.html">all cases side by side</a>')
  })

  it('with one case and nothing absent has no section of conditions', () => {
    const study = { ...overview, conditions: overview.conditions.slice(0, 1), absent: [], activations: [] }
    expect(sections(renderTransportReport({ ...report, study }))).not.toContain('conditions')
  })

  it('lists two boxes of each without their distribution', () => {
    expect(sections(renderTransportReport(comparisonReport()))).not.toContain('boxes')
  })
})

describe('the sentence about conditions', () => {
  const [headline, hot, silent, , telling] = overview.conditions
  const said = (rows: typeof overview.conditions, published: number | null = 6.2) =>
    conditionsSentence({ ...overview, conditions: rows }, published)

  it('says under which ones the published ratio is possible, and where the interval says nothing', () => {
    expect(said(overview.conditions)).toBe(
      'The published ratio 6.2 lies inside the interval of 2 of 5 conditions: degree-d0.83, where 1 lies outside; ' +
        'temperature-300K, where 1 lies inside as well, so that it says nothing for or against.',
    )
    expect(said([headline!, telling!])).toMatch(
      /of 1 of 2 conditions: degree-d0\.83, where 1 lies outside\.$/,
    )
    expect(said([headline!, silent!])).toMatch(/: temperature-300K, where 1 lies inside as well/)
  })

  it('says that the published ratio is possible under no condition', () => {
    expect(said([headline!, hot!])).toBe(
      'The published ratio 6.2 lies inside the interval of none of 2 conditions.',
    )
  })

  it('names as many systems as distinguish the ratios of one case', () => {
    const over = (name: string, row = silent!) => ({ ...row, denominator: { ...row.denominator, name } })
    const other = { ...over('PVDF'), numerator: { ...silent!.numerator, name: 'beta-PVDF' } }
    expect(said([other, over('PVDF'), over('beta-PVDF')])).toContain(
      'temperature-300K (beta-PVDF), temperature-300K (dHF-PVDF : PVDF) and temperature-300K (dHF-PVDF : beta-PVDF)',
    )
  })

  it('leaves ratios without a bound out of the count, and names them', () => {
    const open = { ...silent!, ratio: { value: 0.5, ci95: [0, Number.POSITIVE_INFINITY] as const } }
    const rows = [headline!, hot!, { ...open, publishedInside: null, oneInside: null }]
    const last = 'Under temperature-300K a slope may be zero, so that the ratio has no bound.'
    expect(said(rows)).toBe(
      `The published ratio 6.2 lies inside the interval of none of 2 conditions with a bound. ${last}`,
    )
    expect(said(rows.slice(2))).toBe(last)
    expect(said(rows.slice(1))).toBe(`The published ratio 6.2 lies outside the interval of 500K. ${last}`)
    const html = renderTransportReport({ ...report, study: { ...overview, conditions: rows } })
    expect(text(html, 'conditions')).toMatch(/no bound.*not known.*not known/)
  })

  it('gives differences if no ratio was published', () => {
    const rows = overview.conditions.map(row => ({ ...row, publishedInside: null }))
    expect(said(rows, null)).toBe(
      'Of 5 conditions, the interval of the ratio excludes 1 under charges-q1 and degree-d0.83.',
    )
    expect(said(rows.slice(0, 2), null)).toBe(
      'The interval of the ratio contains 1 under all of 2 conditions: no difference is shown.',
    )
  })
})
