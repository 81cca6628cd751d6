import { describe, expect, it } from 'vitest'
import type { Measured } from '../../src/analysis/estimate.ts'
import { activations } from '../../src/study/activation.ts'
import { CODATA_2018 } from '../../src/units.ts'
import { caseResult, caseSystem } from '../transport/walkBoxes.ts'

const ENERGY_EV = 0.2
const slopeAt = (temperature_K: number) =>
  Math.exp((-ENERGY_EV / CODATA_2018.boltzmann_eV_per_K) * (1 / temperature_K - 1 / 500))
/** PVDF at a temperature, four boxes with the slopes of an Arrhenius law. */
const at = (temperature_K: number, boxes = 4, charge_scale = 0.7) =>
  caseResult(
    `${temperature_K}K`,
    [
      caseSystem(
        'PVDF',
        Array.from({ length: boxes }, () => slopeAt(temperature_K)),
        { seed: temperature_K },
      ),
    ],
    { temperature_K, charge_scale },
  )

describe('activation energies', () => {
  it('contain that of the law which the slopes follow', () => {
    const [found] = activations([at(700), at(400), at(500)], null)
    const [low, high] = found!.energy_eV.ci95!
    expect(low).toBeLessThan(ENERGY_EV)
    expect(high).toBeGreaterThan(ENERGY_EV)
    expect(high - low).toBeLessThan(0.15)
    expect(found).toMatchObject({ system: 'PVDF', conditions: 'charge scale 0.7', of: 'geometric means' })
    expect(found!.points.map(({ temperature_K }) => temperature_K)).toEqual([400, 500, 700])
    expect(found!.measured_K).toEqual([400, 700])
  })

  it('are of mean slopes where a temperature has few boxes', () => {
    expect(activations([at(400), at(700, 2)], null)[0]!.of).toBe('mean slopes')
  })

  it('are not made of cases that differ in more than temperature', () => {
    expect(activations([at(400), at(700, 4, 1)], null)).toEqual([])
    const [system] = at(700).systems
    const other = { ...system!, likeness: { protocol: 'other', box: 'PVDF' } }
    expect(activations([at(400), caseResult('b', [other], { temperature_K: 700 })], null)).toEqual([])
    expect(activations([at(400), { ...at(400), name: 'again' }], null)).toEqual([])
  })

  it('leave out temperatures without motion, and say so', () => {
    const still = caseResult('300K', [caseSystem('PVDF', [0, 0])], { temperature_K: 300 })
    const [found] = activations([still, at(400), at(700)], null)
    expect(found!.leftOut_K).toEqual([300])
    expect(found!.points).toHaveLength(2)
    expect(found!.pStraight).toBeNull()
  })

  it('read the line at the temperature asked for only where that was not measured', () => {
    const results = [at(400), at(700)]
    expect(activations(results, 500)[0]!.outside).toBeNull()
    const { outside, line } = activations(results, 298)[0]!
    expect(outside).toMatchObject({ asked_K: 298 })
    expect(outside!.line.temperature_K[0]).toBeCloseTo(400, 8)
    expect(outside!.line.temperature_K.at(-1)).toBeCloseTo(298, 8)
    const width = ({ ci95, value }: Measured) => (ci95![1] - ci95![0]) / value
    expect(width(outside!.value)).toBeGreaterThan((line.high[0]! - line.low[0]!) / line.value[0]!)
  })
})
