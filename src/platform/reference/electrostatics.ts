import type { Box } from '../../core/box.ts'
import type { CoulombForce } from '../../core/force.ts'
import type { EnergyTerm } from '../platform.ts'
import { createEwald, type Reciprocal, selfAndBackground, slabCorrection } from './ewald.ts'
import type { Accumulator } from './nonbonded.ts'
import { truncatedCoulomb } from './pairKernels.ts'
import { createPme } from './pme.ts'

/**
 * The parts of a Coulomb force that are not sums over near pairs.
 * @param createMesh makes the reciprocal part of a particle-mesh Ewald sum
 */
export function createElectrostatics(
  force: CoulombForce,
  charges: Float64Array,
  createMesh: (force: CoulombForce, charges: Float64Array) => Reciprocal = createPme,
) {
  const { method } = force
  const reciprocal =
    method.name === 'ewald'
      ? createEwald(force, charges)
      : method.name === 'pme'
        ? createMesh(force, charges)
        : null
  const truncated = truncatedCoulomb(force)
  const squares = charges.reduce((sum, q) => sum + q * q, 0)

  return (box: Box, x: Float64Array, into: Accumulator, add: (term: EnergyTerm, energy: number) => void) => {
    if (truncated) add('coulomb', force.constant_eV_A * truncated.self * squares)
    if (reciprocal && method.name !== 'cut') {
      add('coulomb_reciprocal', reciprocal(box, x, into))
      const { self, background } = selfAndBackground(force, method.alpha_per_A, charges, box.volume)
      add('coulomb', self + background)
      for (const k of [0, 4, 8]) into.virial[k]! += background
    }
    if (force.slabCorrection) add('coulomb', slabCorrection(force, box, x, charges, into))
  }
}
