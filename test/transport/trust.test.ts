import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadPotential, type Potential } from '../../src/potentials/load.ts'
import type { LoadedRun } from '../../src/run/loadRun.ts'
import { calibrationRows } from '../../src/transport/trust.ts'
import { ROOT } from '../cli/hoplite.ts'

const shipped = loadPotential(join(ROOT, 'potentials/pvdf-lifsi.yaml'))

/** What the rows read of a run that has one Li⁺. */
function rowsOf(chargeScale: number, potential: Potential = shipped, types = ['Li']) {
  const run = { potential, structure: { types }, recipe: { system: { charge_scale: chargeScale } } }
  return calibrationRows([run as unknown as LoadedRun])
}

describe('what a transport report calls calibrated', () => {
  it('is the charge scale that the potential recommends, with its source', () => {
    expect(rowsOf(0.7)[0]).toMatchObject({
      value: '0.70',
      status: 'calibrated',
      source: expect.stringMatching(/^Leontyev & Stuchebrukhov.*; dominates the mobility$/),
      doi: '10.1039/c0cp01971b',
    })
    const own = { ...shipped.chargeScale!, recommended: 0.8, calibrated: false, source: ['doherty2017'] }
    const row = rowsOf(0.8, { ...shipped, chargeScale: own })[0]!
    expect(row).toMatchObject({ status: 'chosen', doi: shipped.sources.doherty2017!.doi })
  })

  it.each([
    [1, 'the full charges; dominates the mobility'],
    [0.75, 'set in the recipe; dominates the mobility'],
  ])('is no charge scale of %d, which somebody chose', (scale, source) => {
    expect(rowsOf(scale)[0]).toMatchObject({ status: 'chosen', source, doi: null })
  })

  it('scales the charges of ions, and says what was carried over from a similar group', () => {
    const li = rowsOf(0.7)[1]!
    expect(li).toMatchObject({ quantity: 'charge of Li', value: '0.7000\u00a0e', status: 'chosen' })
    expect(li.source).not.toContain('carried over')
    const types = { ...shipped.types, Li: { ...shipped.types.Li!, analogy: true } }
    expect(rowsOf(0.7, { ...shipped, types })[1]!.source).toBe(
      `carried over from a similar group: ${li.source}`,
    )
  })
})
