import { describe, expect, it } from 'vitest'
import { createBox, fractional } from '../../src/core/box.ts'
import { copyState, createState, type State } from '../../src/core/state.ts'
import type { Structure } from '../../src/core/structure.ts'
import { SimulationError } from '../../src/errors.ts'
import { loadPotential } from '../../src/potentials/load.ts'
import { relaxCell, type StrainMask } from '../../src/relax/relaxCell.ts'
import { randomSequence, STREAM } from '../../src/rng.ts'
import { layeredOxide } from '../tools/crystals.ts'
import { cellParameters, oxideEvaluator } from '../tools/oxideProperties.ts'

const potential = loadPotential(`${import.meta.dirname}/../../potentials/pmmcs-lno.yaml`)
const crystal = layeredOxide(2.878, 14.19, 0.2414, { element: 'Ni', type: 'Ni3' })
const { evaluate } = oxideEvaluator(crystal, potential)

/** 1 eV/Å³ in GPa. */
const GPA = 160.2176634

const close = { fmax_eV_per_A: 1e-5, stress_GPa: 1e-4, max_steps: 300 } as const
const fresh = ({ positions, box }: Structure) => createState(positions, box)

/** The crystal strained without symmetry and its atoms moved by up to 0.05 Å. */
function disturbed(): State {
  const random = randomSequence(5, STREAM.build)
  const strain = [1.02, 0.01, -0.02, 0.015, 0.98, 0.01, -0.01, 0.02, 1.015]
  const strained = (rows: Float64Array) =>
    rows.map((_, k) =>
      [0, 1, 2].reduce((sum, j) => sum + rows[k - (k % 3) + j]! * strain[3 * j + (k % 3)]!, 0),
    )
  const positions = strained(crystal.positions).map(x => x + 0.05 * (2 * random.uniform() - 1))
  return createState(positions, createBox(strained(crystal.box.matrix)))
}

/** Energy per strain of one component, by a fourth-order central difference, GPa. */
async function stressByDifferences(state: State, row: number, column: number): Promise<number> {
  const energy = async (epsilon: number) => {
    const strained = (rows: Float64Array) => {
      const result = rows.slice()
      for (let k = 0; k < rows.length; k += 3) result[k + column]! += epsilon * rows[k + row]!
      return result
    }
    const box = createBox(strained(state.box.matrix))
    return (await evaluate(createState(strained(state.positions), box))).energy
  }
  const h = 2e-4
  const [a, b, c, d] = [await energy(-2 * h), await energy(-h), await energy(h), await energy(2 * h)]
  return ((a - 8 * b + 8 * c - d) / (12 * h) / state.box.volume) * GPA
}

describe('relaxCell', () => {
  it('brings a disturbed LiNiO2 back to R-3m', async () => {
    const state = disturbed()
    const result = await relaxCell(state, { evaluate, strain: 'full', ...close })
    expect(result.converged).toBe(true)
    const { a, b, c, alpha, beta, gamma } = cellParameters(state.box)
    expect(b / a).toBeCloseTo(1, 6)
    expect([alpha, beta]).toEqual([expect.closeTo(90, 4), expect.closeTo(90, 4)])
    expect(gamma).toBeCloseTo(120, 4)
    expect(c / a).toBeCloseTo(4.94537, 4)

    const ideal = fractional(crystal.box, crystal.positions)
    const here = fractional(state.box, state.positions)
    const away = here.map((x, k) => x - ideal[k]!)
    for (let axis = 0; axis < 3; axis++) {
      const moved = (i: number) => away[3 * i + axis]! - away[axis]!
      for (let i = 1; i < 6; i++) expect(moved(i)).toBeCloseTo(0, 5)
      for (let i = 6; i < 12; i++)
        expect(moved(i)).toBeCloseTo(axis < 2 ? 0 : i < 9 ? moved(6) : -moved(6), 5)
    }
  })

  it('gives the energy of the undisturbed crystal, relaxed', async () => {
    const [left, right] = [disturbed(), fresh(crystal)]
    const options = { evaluate, strain: 'full', ...close } as const
    const energies = [await relaxCell(left, options), await relaxCell(right, options)].map(r => r.energy_eV)
    expect(Math.abs(energies[0]! - energies[1]!)).toBeLessThan(1e-6)
  })

  // Not closer than 1e-5: a pair that crosses the cut-off brings a step of the force with it.
  it('reports the stress that finite strains show', async () => {
    const state = disturbed()
    const { stress_GPa } = await relaxCell(copyState(state), {
      evaluate,
      strain: 'full',
      ...close,
      max_steps: 0,
    })
    const largest = Math.max(...stress_GPa.map(Math.abs))
    expect(largest).toBeGreaterThan(1)
    for (let row = 0; row < 3; row++) {
      for (let column = 0; column < 3; column++) {
        const difference = stress_GPa[3 * row + column]! - (await stressByDifferences(state, row, column))
        expect(Math.abs(difference) / largest).toBeLessThan(1e-5)
      }
    }
  })

  it('balances an external pressure, where the energy falls with volume by that much', async () => {
    const under = async (pressure_GPa: number) => {
      const state = fresh(crystal)
      const result = await relaxCell(state, { evaluate, strain: 'full', pressure_GPa, ...close })
      expect(result.converged).toBe(true)
      for (const k of [0, 4, 8]) expect(result.stress_GPa[k]!).toBeCloseTo(-pressure_GPa, 3)
      return { energy: result.energy_eV, volume: state.box.volume }
    }
    const [less, more] = [await under(19.5), await under(20.5)]
    expect(more.volume).toBeLessThan(less.volume)
    expect(((more.energy - less.energy) / (less.volume - more.volume)) * GPA).toBeCloseTo(20, 2)
  })

  it('changes only the scale when the strain is hydrostatic', async () => {
    const state = disturbed()
    const { matrix } = state.box
    const { converged, stress_GPa } = await relaxCell(state, { evaluate, strain: 'hydrostatic', ...close })
    expect(converged).toBe(true)
    const scale = state.box.matrix[0]! / matrix[0]!
    expect(Math.abs(scale - 1)).toBeGreaterThan(1e-4)
    state.box.matrix.forEach((value, k) => {
      expect(value).toBeCloseTo(scale * matrix[k]!, 10)
    })
    expect(stress_GPa[0]! + stress_GPa[4]! + stress_GPa[8]!).toBeCloseTo(0, 3)
    expect(Math.abs(stress_GPa[0]!)).toBeGreaterThan(0.1)
  })

  const masks: readonly (readonly [string, StrainMask, readonly number[]])[] = [
    ['zz', [false, false, true, false, false, false], [8]],
    ['the plane', [true, true, false, false, false, true], [0, 1, 3, 4]],
    ['one shear', [false, false, false, false, true, false], [2, 6]],
  ]
  it.each(masks)('strains %s alone when the mask says so', async (_, strain, free) => {
    const state = disturbed()
    const { inverse } = state.box
    const { converged } = await relaxCell(state, { evaluate, strain, ...close })
    expect(converged).toBe(true)
    const m = state.box.matrix
    for (let k = 0; k < 9; k++) {
      const [row, column] = [Math.floor(k / 3), k % 3]
      const deformation = [0, 1, 2].reduce((sum, j) => sum + inverse[3 * row + j]! * m[3 * j + column]!, 0)
      const change = Math.abs(deformation - (row === column ? 1 : 0))
      if (free.includes(k)) expect(change).toBeGreaterThan(1e-4)
      else expect(change).toBeLessThan(1e-12)
    }
  })

  it('says when it has not converged', async () => {
    const result = await relaxCell(disturbed(), { evaluate, strain: 'full', ...close, max_steps: 3 })
    expect(result).toMatchObject({ steps: 3, converged: false })
    expect(result.fmax_eV_per_A).toBeGreaterThan(close.fmax_eV_per_A)
  })

  it('is not converged while the cell is under stress, however small the forces', async () => {
    const state = fresh(layeredOxide(2.878, 14.19, 0.2414, { element: 'Ni', type: 'Ni3' }))
    const options = { evaluate, strain: 'full', fmax_eV_per_A: 100, stress_GPa: 1e-3, max_steps: 0 } as const
    expect((await relaxCell(state, options)).converged).toBe(false)
    expect((await relaxCell(state, { ...options, stress_GPa: 1000 })).converged).toBe(true)
  })

  it('refuses a mask without strains', async () => {
    const strain: StrainMask = [false, false, false, false, false, false]
    await expect(relaxCell(fresh(crystal), { evaluate, strain, ...close })).rejects.toThrow('no strain')
  })

  it('stops at numbers that are not finite', async () => {
    const state = fresh(crystal)
    state.positions[4] = Number.NaN
    await expect(relaxCell(state, { evaluate, strain: 'full', ...close })).rejects.toThrow(SimulationError)
  })
})
