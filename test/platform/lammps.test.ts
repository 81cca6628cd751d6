import { describe, expect, it } from 'vitest'
import { createState } from '../../src/core/state.ts'
import { referencePlatform } from '../../src/platform/reference/reference.ts'
import { goldenNames, loadGolden } from '../tools/goldens.ts'

const platforms = [referencePlatform]

/**
 * LAMMPS adds the shift of the damped *shifted force* to its Wolf forces but not to its Wolf energy, so that its force
 * is not the gradient of its energy. Here it is; forces and virial of Wolf cases are therefore not compared.
 */
const forcesComparable = (name: string) => !name.includes('wolf')

describe.each(platforms)('$name platform against LAMMPS', platform => {
  it.each(goldenNames())('%s', async name => {
    const { golden, data, system, energyUnit_eV } = loadGolden(name)
    const evaluator = await platform.prepare(system)
    const { positions, box } = data.structure
    const { energy, forces, virial } = await evaluator.evaluate(createState(positions, box))
    const ewald = system.forces.some(force => force.kind === 'coulomb' && force.method.name === 'ewald')
    const tolerance_eV = ewald ? 1e-6 : 1e-9
    expect(Math.abs(energy - golden.energy.total * energyUnit_eV)).toBeLessThan(tolerance_eV)
    if (!forcesComparable(name)) return
    golden.forces.flat().forEach((f, k) => {
      expect(Math.abs(forces[k]! - f * energyUnit_eV)).toBeLessThan(tolerance_eV)
    })
    golden.virial.forEach((v, k) => {
      expect(Math.abs(virial[k]! - v * energyUnit_eV)).toBeLessThan(20 * tolerance_eV)
    })
  })
})
