import { describe, expect, test } from 'vitest'
import { parseExtxyz } from '../../src/files/extxyz.ts'
import type { TransportReport } from '../../src/report/model.ts'
import { renderTransportReport } from '../../src/report/page.ts'
import { comparisonReport, singleRunReport } from './fixture.ts'
import { markupOf, payloadOf } from './payload.ts'

const MEGABYTE = 1e6
const report = comparisonReport()
const page = renderTransportReport(report)

describe('the page of transport as one self-contained file', () => {
  test('loads nothing from the network: the only links to other sites are DOIs', () => {
    const markup = markupOf(page)
    const links = [...markup.matchAll(/\b(?:src|href)="([^"]*)"/g)].map(([, target]) => target!)
    expect(links.length).toBeGreaterThan(5)
    const outside = links.filter(target => !target.startsWith('#') && target !== 'data:,')
    expect(outside.every(target => target.startsWith('https://doi.org/10.'))).toBe(true)
    expect(markup).not.toMatch(/<(?:img|iframe|link rel="stylesheet"|script[^>]*src)/)
    expect(markup).not.toMatch(/@import|url\(/)
  })

  test('is at most 7 MB with a dozen boxes of each kind', () => {
    const [pvdf, dehydrofluorinated] = report.systems
    const many = (system: typeof pvdf) => ({
      ...system,
      replicas: Array.from({ length: 12 }, (_, k) => ({ ...system.replicas[k % 2]!, seed: k })),
    })
    const large = renderTransportReport({
      ...report,
      systems: [many(pvdf), ...(dehydrofluorinated ? [many(dehydrofluorinated)] : [])],
    })
    expect(Buffer.byteLength(large)).toBeLessThan(7 * MEGABYTE)
  })

  test('every script and style carries the nonce of the policy, and there are no inline handlers', () => {
    const markup = markupOf(page)
    const nonce = /script-src 'nonce-([\w-]+)'/.exec(markup.replaceAll('&#39;', "'"))![1]
    const elements = [...markup.matchAll(/<(?:script|style)\b([^>]*)>/g)].map(([, attributes]) => attributes!)
    expect(elements.length).toBe(4)
    expect(elements.every(attributes => attributes.includes(`nonce="${nonce}"`))).toBe(true)
    expect(markup).not.toMatch(/\son\w+=/)
    expect(markup).not.toMatch(/\sstyle=/)
  })

  test('plotly is there once, as text that does not run by itself', () => {
    expect(page.split('plotly.js v').length - 1).toBe(1)
    expect(page).toMatch(/<script[^>]*type="text\/plain" id="plotly-source">/)
  })

  test('the same report gives the same page', () => {
    expect(renderTransportReport(comparisonReport()) === page).toBe(true)
  })
})

describe('content of the page of transport', () => {
  test('sections are in their order', () => {
    const titles = [...page.matchAll(/<section id="(\w+)"/g)].map(([, id]) => id)
    expect(titles).toEqual(['picture', 'mechanism', 'box', 'trust', 'calibrated', 'repeat'])
  })

  test('every plotted series can be downloaded', () => {
    const { figures } = payloadOf(page)
    expect(figures.length).toBe(15)
    for (const { id, dataset, traces } of figures) {
      const buttons = page.split(`data-action="csv" data-target="${dataset.id}"`).length - 1
      expect(buttons, dataset.id).toBeGreaterThanOrEqual(2)
      for (const format of ['svg', 'png']) {
        expect(page).toContain(`data-action="${format}" data-target="${id}"`)
      }
      for (const { series, x, y } of traces) {
        for (const name of [x, y]) {
          if (typeof name === 'string') expect(dataset.series[series]!.columns).toHaveProperty(name)
        }
      }
    }
  })

  test('columns of a dataset are equally long and dated with their units', () => {
    for (const { dataset } of payloadOf(page).figures) {
      for (const { columns } of dataset.series) {
        const lengths = Object.values(columns).map(values => values.length)
        expect(new Set(lengths).size, dataset.id).toBe(1)
      }
    }
    const msd = payloadOf(page).figures[0]!.dataset.series[0]!
    expect(Object.keys(msd.columns)).toEqual(['lag_ps', 'msd_A2', 'low_A2', 'high_A2'])
  })

  test('plotted numbers are the given ones', () => {
    const { columns } = payloadOf(page).figures[0]!.dataset.series[0]!
    const { lag_ps, msd_A2 } = report.systems[0].mean
    expect(columns.lag_ps![0]).toBeCloseTo(lag_ps[0]!, 4)
    expect(columns.msd_A2!.at(-1)).toBeCloseTo(msd_A2[msd_A2.length - 1]!, 2)
  })

  test('structures can be downloaded as extended XYZ', () => {
    const { molecules } = payloadOf(page)
    expect(molecules.length).toBe(2)
    const [frame] = parseExtxyz(molecules[1]!.extxyz, 'download')
    const { structure } = report.systems[1]!.molecule!
    expect(frame!.structure.elements).toEqual(structure.elements)
    expect(frame!.structure.topology.bonds.length).toBe(structure.topology.bonds.length)
  })

  test('paths end where their ion is drawn', () => {
    const { elements, positions_A, trajectories_A } = payloadOf(page).molecules[0]!
    const ions = elements.flatMap((element, k) => (element === 'Li' ? [k] : []))
    const ends = trajectories_A.map(path => path.slice(-3))
    expect(ends).toEqual(ions.map(k => positions_A.slice(3 * k, 3 * k + 3)))
  })

  test('failed checks are beside the answer and first in the list', () => {
    expect(page).toContain('2 checks failed:')
    const kinds = [...page.matchAll(/<li class="(passed|failed|untested)">/g)].map(([, kind]) => kind)
    expect(kinds.slice(0, 3)).toEqual(['failed', 'failed', 'untested'])
    expect(kinds.length).toBe(report.checks.length)
  })

  test('the table of the mechanism gives bounds, and the reason for a missing number', () => {
    const [, table] = page.match(/The mechanism, in numbers(.*?)<\/table>/s)!
    const rowOf = (name: string) => table!.match(new RegExp(`${name}</th>(.*?)</tr>`, 's'))![1]!
    expect(table).toContain('Hops <span class="aside">places of 2 ps each</span>')
    expect(rowOf('rate per ion')).toContain('≤ <span class="nowrap">0.32 /ns</span>')
    expect(rowOf('end-to-end vector')).toContain('≥ <span class="nowrap">100 ps</span>')
    expect(rowOf('in trans')).toContain('<small>53.2–57.0</small>')
    expect(rowOf('length')).toContain('none seen')
    expect(rowOf('only here')).toMatch(/>none<.*>3<\/span>/s)
  })

  test('times of contact come with their interval, or as a bound', () => {
    expect(page).toContain(', lives ≥ 140 ps, unbroken 2.40 ps (95 %: 2.10–2.70)</small>')
    expect(page).toContain(', lives 5.2 ps</small>')
  })

  test('figures have text with their numbers for screen readers', () => {
    const texts = [...page.matchAll(/role="img" aria-label="([^"]+)"><\/div>/g)].map(([, text]) => text!)
    expect(texts.length).toBe(15)
    expect(texts[0]).toContain('3.04 Å²/ps (95 %: 2.61–3.50)')
  })

  test('a bare run has no empty sections', () => {
    const bare = renderTransportReport(singleRunReport())
    const titles = [...bare.matchAll(/<section id="(\w+)"/g)].map(([, id]) => id)
    expect(titles).toEqual(['picture', 'trust', 'calibrated', 'repeat'])
    expect(payloadOf(bare).figures.map(({ id }) => id)).toEqual(['msd-linear', 'msd-log'])
  })

  test('colours: PVDF blue, dehydrofluorinated vermillion, the rest from Okabe and Ito', () => {
    const systems = report.systems.map(system => ({ ...system, color: null }))
    const plain = renderTransportReport({
      ...report,
      systems: systems as unknown as TransportReport['systems'],
    })
    for (const html of [page, plain]) {
      expect(html).toContain('.system-0 { --system: #0072B2;')
      expect(html).toContain('.system-1 { --system: #D55E00;')
    }
  })
})

describe('hostile names', () => {
  const attack = '</script><img src=x onerror=alert(1)>"\'<!--'
  const hostile = JSON.parse(
    JSON.stringify(report, (key, value) =>
      key === 'name' || key === 'system' ? `${value} ${attack}` : value,
    ),
    (key, value) => (key === 'molecule' ? null : value),
  ) as TransportReport
  const poisoned = renderTransportReport({
    ...hostile,
    title: attack,
    systems: hostile.systems.map(system => ({
      ...system,
      label: attack,
      color: 'red } body { display: none',
    })) as unknown as TransportReport['systems'],
    provenance: { ...hostile.provenance, command: attack, recipes: [{ name: attack, text: attack }] },
  })

  test('are text in the page', () => {
    expect(markupOf(poisoned)).not.toMatch(/<img/)
    expect(poisoned.split('</script>').length - 1).toBe(3)
    expect(markupOf(poisoned)).toContain('&lt;img src=x onerror=alert(1)&gt;')
    expect(markupOf(poisoned)).not.toContain('body { display: none')
  })

  test('are unchanged in the data', () => {
    expect(payloadOf(poisoned).title).toBe(attack)
    expect(JSON.stringify(payloadOf(poisoned).figures[0]!.traces)).not.toContain('<img')
  })
})
