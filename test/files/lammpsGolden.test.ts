import { describe, expect, it } from 'vitest'
import { directSum } from '../tools/directSum.ts'
import { goldenNames, loadGolden } from '../tools/goldens.ts'

const TERMS = ['pair', 'coulomb', 'coulomb_reciprocal', 'bond', 'angle', 'dihedral', 'improper'] as const

describe.each(goldenNames())('LAMMPS data file %s', name => {
  const { golden, data, system, energyUnit_eV } = loadGolden(name)
  const { positions, box } = data.structure

  it('has the atoms that LAMMPS reads', () => {
    golden.positions_A.flat().forEach((x, k) => {
      expect(positions[k]).toBeCloseTo(x, 7)
    })
    const velocityUnit = golden.units === 'real' ? 1000 : 1
    golden.velocities.flat().forEach((v, k) => {
      expect(data.structure.velocities![k]).toBeCloseTo(v * velocityUnit, 9)
    })
  })

  it('has the energies that LAMMPS computes, term by term', () => {
    const terms = directSum(system, positions, box)
    for (const term of TERMS) {
      const expected = golden.energy[term] * energyUnit_eV
      // LAMMPS's sum over k is good to 1e-8 of the force between unit charges; it logs eight digits of α.
      const tolerance = golden.coulomb?.name === 'ewald' ? 4e-7 : 2e-8 * Math.max(1, Math.abs(expected))
      expect(Math.abs(terms[term] - expected), term).toBeLessThan(tolerance)
    }
  })

  it('has the forces that LAMMPS computes', () => {
    const step = 1e-4
    // LAMMPS's wolf shifts the force to zero at the cut-off but not the energy: its force is that of dsf.
    const forces = system.forces.map(force =>
      force.kind === 'coulomb' && force.method.name === 'wolf'
        ? { ...force, method: { ...force.method, name: 'dsf' as const } }
        : force,
    )
    const every = golden.coulomb?.name === 'ewald' ? 17 : 1
    for (let component = 0; component < positions.length; component += every) {
      const energyAt = (shift: number) => {
        const moved = positions.slice()
        moved[component]! += shift
        const terms = directSum({ ...system, forces }, moved, box)
        return TERMS.reduce((sum, term) => sum + terms[term], 0)
      }
      const force = (energyAt(-step) - energyAt(step)) / (2 * step)
      const expected = golden.forces.flat()[component]! * energyUnit_eV
      expect(Math.abs(force - expected), `component ${component}`).toBeLessThan(
        1e-5 * Math.max(1, Math.abs(expected)),
      )
    }
  })
})
