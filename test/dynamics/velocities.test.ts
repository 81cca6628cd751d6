import { describe, expect, it } from 'vitest'
import { mean } from '../../src/analysis/stats.ts'
import { createBox } from '../../src/core/box.ts'
import { makeMoleculesWhole } from '../../src/core/molecules.ts'
import {
  degreesOfFreedom,
  drawMaxwellBoltzmann,
  kineticEnergy,
  removeCentreOfMassVelocity,
  temperatureOf,
} from '../../src/dynamics/velocities.ts'
import { CODATA_2018 } from '../../src/units.ts'
import { polymer } from './helpers/polymer.ts'

import { systemOf } from './helpers/systems.ts'

describe('velocities', () => {
  it('measures kinetic energy in SI', () => {
    // One argon atom at 500 m/s: ½ · 39.948 u · (500 m/s)².
    const joule = 0.5 * 39.948 * 1.6605390666e-27 * 500 ** 2
    const electronvolt = joule / 1.602176634e-19
    expect(kineticEnergy(Float64Array.of(39.948), Float64Array.of(3, 4, 0), CODATA_2018)).toBeCloseTo(
      electronvolt,
      9,
    )
  })

  it('has kT/2 for every degree of freedom', () => {
    const energy = 0.5 * 1.380649e-23 * 300 * 7
    expect(temperatureOf(energy / 1.602176634e-19, 7, CODATA_2018)).toBeCloseTo(300, 9)
    expect(degreesOfFreedom(10, 4, true)).toBe(23)
    expect(degreesOfFreedom(10, 4, false)).toBe(26)
  })

  it('draws components of variance kT/m, whatever the mass', () => {
    const system = systemOf(Array.from({ length: 20_000 }, (_, i) => (i % 2 === 0 ? 1 : 16)))
    const velocities = new Float64Array(60_000)
    drawMaxwellBoltzmann(system, velocities, { temperature_K: 300, seed: 1, step: 0 }, CODATA_2018)
    for (const [parity, mass] of [
      [0, 1],
      [1, 16],
    ] as const) {
      const squares = Array.from(velocities).flatMap((v, k) =>
        Math.floor(k / 3) % 2 === parity ? [v * v] : [],
      )
      // 8.314 J/(mol K) · 300 K over g/mol, in (Å/ps)²; 30 000 samples: standard error 0.8 %.
      expect(mean(squares) / ((8.314462618 * 300 * 0.1) / mass)).toBeCloseTo(1, 1.5)
    }
  })

  it('takes out the velocity of the centre of mass and nothing else', () => {
    const masses = Float64Array.of(1, 5, 10)
    const velocities = Float64Array.of(1, 2, 3, -1, 4, 0, 2, 2, 2)
    const before = velocities.slice()
    removeCentreOfMassVelocity(masses, velocities)
    for (let axis = 0; axis < 3; axis++) {
      const momentum = masses.reduce((sum, m, i) => sum + m * velocities[3 * i + axis]!, 0)
      expect(momentum).toBeCloseTo(0, 12)
      expect(velocities[axis]! - velocities[3 + axis]!).toBeCloseTo(before[axis]! - before[3 + axis]!, 12)
    }
  })
})

describe('makeMoleculesWhole', () => {
  const box = createBox([9, 0, 0, 2, 8, 0, -1, 1.5, 10])
  const { system, state } = polymer(2, 8, 4)

  it('mends molecules broken across a skewed cell, up to a shift of the whole', () => {
    const broken = state.positions.slice()
    for (let i = 0; i < system.atomCount; i++) {
      const cell = [i % 3, (i >> 1) % 2, -(i % 2)]
      for (let k = 0; k < 9; k++) broken[3 * i + (k % 3)]! += cell[Math.floor(k / 3)]! * box.matrix[k]!
    }
    makeMoleculesWhole(system.topology, box, broken)
    for (let bond = 0; bond < system.topology.bonds.length; bond += 2) {
      const [i, j] = [3 * system.topology.bonds[bond]!, 3 * system.topology.bonds[bond + 1]!]
      for (let axis = 0; axis < 3; axis++) {
        const expected = state.positions[i + axis]! - state.positions[j + axis]!
        expect(broken[i + axis]! - broken[j + axis]!).toBeCloseTo(expected, 10)
      }
    }
  })

  it('leaves whole molecules bit for bit, even where they are longer than the cell', () => {
    const positions = state.positions.slice()
    makeMoleculesWhole(system.topology, box, positions)
    expect(positions).toEqual(state.positions)
  })
})
