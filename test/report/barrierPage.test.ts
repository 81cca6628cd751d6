import { describe, expect, test } from 'vitest'
import { orthorhombicBox } from '../../src/core/box.ts'
import { createTopology } from '../../src/core/topology.ts'
import type { BandMolecule, BarrierReport } from '../../src/report/barrierModel.ts'
import { renderBarrierReport } from '../../src/report/barrierPage.ts'
import { embeddedPaths } from '../../src/report/views.ts'
import { barrierReport, singleBandReport } from './barrierFixture.ts'
import { markupOf, payloadOf } from './payload.ts'

const report = barrierReport()
const page = renderBarrierReport(report)

/** The records of the table with this caption, as text. */
function recordsOf(html: string, caption: string): string[] {
  const [, table] = new RegExp(`<caption>${caption}</caption>([\\s\\S]*?)</table>`).exec(html)!
  const rows = table!.split('<tbody>')[1]!.split('</tr>').slice(0, -1)
  return rows.map(row =>
    row
      .replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' ')
      .trim(),
  )
}

describe('the page of barriers as one self-contained file', () => {
  test('loads nothing from the network: the only links to other sites are DOIs', () => {
    const links = [...markupOf(page).matchAll(/\b(?:src|href)="([^"]*)"/g)].map(([, target]) => target!)
    const outside = links.filter(target => !target.startsWith('#') && target !== 'data:,')
    expect(outside.length).toBeGreaterThan(1)
    expect(outside.every(target => target.startsWith('https://doi.org/10.'))).toBe(true)
  })

  test('is at most 7 MB with a dozen bands of thirteen images', () => {
    const [bare] = report.cases
    const images_A = Array.from({ length: 13 }, (_, k) =>
      Array.from(bare.molecule!.images_A[k % 9]!, (value, i) => value + 0.001 * Math.sin(i + k)),
    )
    const cases = Array.from({ length: 12 }, (_, k) => ({
      ...bare,
      name: `case ${k}`,
      molecule: { ...bare.molecule!, images_A },
    }))
    const large = renderBarrierReport({
      ...report,
      cases: cases as unknown as BarrierReport['cases'],
      differences: [],
      published: [],
    })
    expect(Buffer.byteLength(large)).toBeLessThan(7e6)
  })

  test('scripts and styles carry the nonce; nothing is inline', () => {
    const markup = markupOf(page)
    const nonce = /script-src 'nonce-([\w-]+)'/.exec(markup.replaceAll('&#39;', "'"))![1]
    const elements = [...markup.matchAll(/<(?:script|style)\b([^>]*)>/g)].map(([, attributes]) => attributes!)
    expect(elements.length).toBe(4)
    expect(elements.every(attributes => attributes.includes(`nonce="${nonce}"`))).toBe(true)
    expect(markup).not.toMatch(/\son\w+=|\sstyle=/)
  })

  test('the same report gives the same page', () => {
    expect(renderBarrierReport(barrierReport()) === page).toBe(true)
  })
})

describe('content of the page of barriers', () => {
  test('sections are in their order', () => {
    const ids = [...page.matchAll(/<section id="(\w+)"/g)].map(([, id]) => id)
    expect(ids).toEqual(['picture', 'mechanism', 'trust', 'calibrated', 'repeat'])
  })

  test('a bare band has no empty sections', () => {
    const bare = renderBarrierReport(singleBandReport())
    const ids = [...bare.matchAll(/<section id="(\w+)"/g)].map(([, id]) => id)
    expect(ids).toEqual(['picture', 'trust', 'calibrated', 'repeat'])
    expect(payloadOf(bare).figures.map(({ id }) => id)).toEqual(['energy', 'barriers'])
    expect(bare).not.toContain('id="scene"')
  })

  test('a main case or a difference has a card with its status, others have none', () => {
    const cards = [...page.matchAll(/<div class="card"><h2>(.*?)<\/h2>[\s\S]*?class="tag tag-(\w+)"/g)]
    expect(cards.map(([, title, status]) => `${title!.replace(/<[^>]*>/g, '')}: ${status}`)).toEqual([
      'bare, barrier: chosen',
      'PVDF, barrier: predicted',
      'dHF-PVDF, barrier: chosen',
      'dHF-PVDF − PVDF, difference: chosen',
    ])
  })

  test('every barrier and difference is in the table of what is calibrated, with its basis', () => {
    const rows = recordsOf(page, 'Results')
    expect(rows.length).toBe(report.cases.length + report.differences.length)
    expect(rows[0]).toBe(
      'Difference, dHF-PVDF − PVDF −0.44 eV chosen the O that is bonded was chosen after seeing results',
    )
    expect(recordsOf(page, 'What they rest on').length).toBe(report.calibration.length)
  })

  test('null tests are judged by their tolerance', () => {
    expect(recordsOf(page, 'Null tests')).toEqual(['uncharged unit 1.470 0.000 bare at most 0.01 eV ✓ holds'])
    const cases = report.cases.map(item =>
      item.role === 'null-test' ? { ...item, barrier_eV: 1.49 } : item,
    ) as unknown as BarrierReport['cases']
    const failing = renderBarrierReport({ ...report, cases })
    expect(recordsOf(failing, 'Null tests')[0]).toMatch(/\+0\.020 bare .* ✗ fails$/)
  })

  test('counter-examples are shown with their shift', () => {
    expect(recordsOf(page, 'Counter-examples and variations')[0]).toBe(
      'C on the bottleneck O with C on the O of the bottleneck counter-example 1.84 +0.78 dHF-PVDF',
    )
  })

  test('barriers in both directions are given, and rates if there are any', () => {
    const [bare, pvdf] = recordsOf(page, 'Hops, forward and back')
    expect(bare).toBe('bare 1.47 1.07 +0.40 6.3 × 10¹² 1.3 × 10⁻¹² at 300 K, ion alone')
    expect(pvdf).toContain('not computed')
  })
})

describe('a band that has not converged', () => {
  const cases = report.cases.map(item =>
    item.name === 'dHF-PVDF' ? { ...item, converged: false, fmax_eV_per_A: 0.083 } : item,
  ) as unknown as BarrierReport['cases']
  const open = renderBarrierReport({ ...report, cases })

  test('is called not converged wherever its number is given', () => {
    expect(recordsOf(open, 'Convergence')[2]).toBe('dHF-PVDF ✗ not converged 0.0830 0.0100 9 322')
    expect(open).toContain('1 of 6 bands not converged.')
    expect(open).not.toMatch(/All \d bands converged/)
    const { figures } = payloadOf(open)
    for (const { alt } of figures.slice(0, 2)) {
      expect(alt).toMatch(/dHF-PVDF: 1\.06 eV[^;]*, not converged/)
    }
  })

  test('is drawn dotted, its bar an outline', () => {
    const [energy, bars] = payloadOf(open).figures
    const lines = energy!.traces.slice(0, 3).map(({ line }) => (line as { dash?: string }).dash)
    expect(lines).toEqual([undefined, undefined, 'dot'])
    expect((bars!.traces[2]!.marker as { color: string }).color).toBe('var(--surface)')
  })
})

describe('figures of the page of barriers', () => {
  const { figures } = payloadOf(page)

  test('have text with their numbers for screen readers', () => {
    const [energy, bars, first] = figures
    expect(energy!.alt).toContain('PVDF: 1.50 eV, 1.50–1.54 eV over a height of 3.2–4.5 Å, Ye 2025 1.51 eV')
    expect(bars!.alt).toContain('counter-example C on the bottleneck O: 1.84 eV')
    expect(first!.alt).toMatch(/The shortest is O \d+, \d\.\d\d Å\.$/)
  })

  test('every plotted column exists and can be downloaded', () => {
    expect(figures.length).toBe(5)
    for (const { dataset, traces } of figures) {
      expect(page).toContain(`data-action="csv" data-target="${dataset.id}"`)
      for (const { columns } of dataset.series) {
        expect(new Set(Object.values(columns).map(({ length }) => length)).size, dataset.id).toBe(1)
      }
      for (const { series, x, y } of traces) {
        for (const name of [x, y]) {
          if (typeof name === 'string') expect(dataset.series[series]!.columns).toHaveProperty(name)
        }
      }
    }
  })

  test('the energy profile has main cases only; bars have all, the others set apart', () => {
    const [energy, bars] = figures
    const names = new Set(energy!.dataset.series.map(({ keys }) => keys.case))
    expect([...names]).toEqual(['bare', 'PVDF', 'dHF-PVDF'])
    const rows = bars!.traces.filter(({ type }) => type === 'bar')
    const looks = rows.map(({ marker }) => {
      const { pattern, color, opacity } = marker as { pattern?: object; color: string; opacity?: number }
      return pattern ? 'hatched' : color === 'var(--surface)' ? 'outline' : opacity ? 'faint' : 'solid'
    })
    expect(looks).toEqual(['solid', 'solid', 'solid', 'faint', 'hatched', 'outline'])
  })

  test('whiskers reach from end to end of the range', () => {
    const { error_x, x } = figures[1]!.traces[2]!
    const { array, arrayminus } = error_x as { array: number[]; arrayminus: number[] }
    expect(x).toBe('barrier_eV')
    expect(1.06 + array[0]!).toBeCloseTo(1.2, 12)
    expect(1.06 - arrayminus[0]!).toBeCloseTo(0.91, 12)
  })
})

describe('the band in 3D', () => {
  const band = (molecule: BandMolecule) => {
    const single = singleBandReport()
    return embeddedPaths({ ...single, cases: [{ ...single.cases[0], molecule }] })[0]!
  }
  const small = (
    positions: readonly number[],
    hop: readonly number[],
    edges: readonly [number, number, number],
  ) => {
    const moved = [...positions]
    hop.forEach((step, c) => {
      moved[c]! += step
    })
    return band({
      structure: {
        elements: ['Li', 'O', 'O'],
        types: null,
        positions: Float64Array.from(positions),
        box: orthorhombicBox(...edges),
        topology: createTopology(3, [1, 2]),
        charges: null,
        masses: null,
        velocities: null,
        frozen: null,
      },
      images_A: [positions, moved],
      groups: ['moving', 'host', 'host'],
      hostLabel: 'oxide',
    })
  }

  test('has the given images; atoms that do not move are stored once', () => {
    const [path] = payloadOf(page).paths
    const { images_A } = report.cases[0].molecule!
    expect(path!.images_A.length).toBe(9)
    expect(path!.active.length).toBeGreaterThan(1)
    expect(path!.active.length).toBeLessThan(path!.elements.length / 4)
    const ion = path!.groups.indexOf('moving')
    const place = path!.active.indexOf(ion)
    const between = (a: readonly number[], b: readonly number[]) =>
      Math.hypot(...[0, 1, 2].map(c => a[3 * place + c]! - b[3 * place + c]!))
    const given = (k: number) => Array.from(images_A[k]!).slice(3 * ion, 3 * ion + 3)
    const hop_A = Math.hypot(...given(8).map((value, c) => value - given(0)[c]!))
    expect(between(path!.images_A[8]!, path!.images_A[0]!)).toBeCloseTo(hop_A, 3)
  })

  test('a bulk cell is moved so that the hop is in its middle, molecules whole', () => {
    // The O–O bond crosses the face at x = 0; the hop is near the other one.
    const path = small([5.5, 3, 2, 0.5, 3, 2, -0.5, 3, 2], [0, 1, 0], [6, 6, 4])
    expect(path.positions_A).toEqual([5.5, 3, 2, 6.5, 3, 2, 5.5, 3, 2])
    expect(path.origin_A).toEqual([2.5, 0.5, 0])
  })

  test('nothing is moved across a vacuum', () => {
    const path = small([5, 5, 9, 5, 5, 0.5, 5, 5, 1.5], [0, 0, 1], [10, 10, 24])
    expect(path.positions_A[2]).toBe(9)
    expect(path.positions_A[5]).toBe(0.5)
    expect(path.origin_A[2]).toBe(0)
  })
})

test('names with HTML and scripts are text in the page of barriers', () => {
  const attack = '</script><img src=x onerror=alert(1)>"\'<!--'
  const single = singleBandReport()
  const [bare] = single.cases
  const named = { ...bare, name: attack, label: attack, basis: attack, color: 'red } body { display: none' }
  const { neighbors, molecule } = barrierReport().cases[0]
  const poisoned = renderBarrierReport({
    ...single,
    title: attack,
    question: attack,
    ionLabel: attack,
    cases: [{ ...named, molecule, neighbors: neighbors.map(each => ({ ...each, neighbor: attack })) }],
  })
  expect(markupOf(poisoned)).not.toMatch(/<img/)
  expect(markupOf(poisoned)).not.toContain('body { display: none')
  expect(poisoned.split('</script>').length - 1).toBe(3)
  expect(
    JSON.stringify(payloadOf(poisoned).figures.map(({ traces, layout }) => [traces, layout])),
  ).not.toContain('<img')
})
