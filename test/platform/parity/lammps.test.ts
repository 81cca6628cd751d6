import { expect, it } from 'vitest'
import { createState } from '../../../src/core/state.ts'
import { goldenNames, loadGolden } from '../../tools/goldens.ts'
import { onEachPlatform, sample, withEvaluator } from './platforms.ts'

/**
 * LAMMPS adds the shift of the damped *shifted force* to its Wolf forces but not to its Wolf energy, so that its force
 * is not the gradient of its energy. Here it is; forces and virial of Wolf cases are therefore not compared.
 */
const forcesComparable = (name: string) => !name.includes('wolf')

onEachPlatform(platform => {
  const { key, tolerance } = platform
  it.each(sample(platform, goldenNames()))('energy, forces and virial of LAMMPS: %s', async name => {
    const { golden, data, system, energyUnit_eV } = loadGolden(name)
    const { positions, box } = data.structure
    await withEvaluator(key, system, async evaluator => {
      const { energy, forces, virial } = await evaluator.evaluate(createState(positions, box))
      const ewald = system.forces.some(force => force.kind === 'coulomb' && force.method.name === 'ewald')
      const absolute_eV = ewald ? tolerance.ewald_eV : tolerance.exact_eV
      const largest = (values: readonly number[]) => energyUnit_eV * Math.max(...values.map(Math.abs))
      const limit = (factor: number, values: readonly number[]) =>
        factor * absolute_eV + tolerance.relative * largest(values)
      const energyLimit = limit(1, Object.values(golden.energy))
      expect(Math.abs(energy - golden.energy.total * energyUnit_eV)).toBeLessThan(energyLimit)
      if (!forcesComparable(name)) return
      const forceLimit = limit(1, golden.forces.flat())
      golden.forces.flat().forEach((f, k) => {
        expect(Math.abs(forces[k]! - f * energyUnit_eV)).toBeLessThan(forceLimit)
      })
      const virialLimit = limit(20, golden.virial)
      golden.virial.forEach((v, k) => {
        expect(Math.abs(virial[k]! - v * energyUnit_eV)).toBeLessThan(virialLimit)
      })
    })
  })
})
