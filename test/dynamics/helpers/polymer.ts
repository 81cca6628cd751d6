import { createState, type State } from '../../../src/core/state.ts'
import type { System } from '../../../src/core/system.ts'
import { cube, systemOf } from './systems.ts'

/**
 * Chains of CH2–CF2 units, all-trans, capped with H and F, side by side: the bond graph of poly(vinylidene fluoride).
 * Harmonic bonds C–C 1.53 Å, C–H 1.09 Å, C–F 1.36 Å.
 */
export function polymer(
  chains: number,
  carbons: number,
  hydrogenMass: number,
): { system: System; state: State } {
  const elements: string[] = []
  const positions: number[] = []
  const bonds: number[] = []
  const parameters: number[] = []
  const side = { H: 1.09, F: 1.36 } as const
  const tetrahedral = Math.acos(-1 / 3)
  const rise = 1.53 * Math.cos(tetrahedral / 2)
  const run = 1.53 * Math.sin(tetrahedral / 2)
  const attach = (parent: number, element: 'H' | 'F', direction: readonly number[]) => {
    const atom = elements.push(element) - 1
    for (let k = 0; k < 3; k++) {
      positions.push(positions[3 * parent + k]! + (side[element] * direction[k]!) / Math.hypot(...direction))
    }
    bonds.push(parent, atom)
    parameters.push(25, side[element])
  }
  for (let chain = 0; chain < chains; chain++) {
    let previous = -1
    for (let n = 0; n < carbons; n++) {
      const up = n % 2 === 0 ? -1 : 1
      const carbon = elements.push('C') - 1
      positions.push(run * n, (up * rise) / 2 + 6 * (chain % 4), 6 * Math.floor(chain / 4))
      if (previous >= 0) {
        bonds.push(previous, carbon)
        parameters.push(20, 1.53)
      }
      previous = carbon
      const element = n % 2 === 0 ? 'H' : 'F'
      attach(carbon, element, [0, up, Math.SQRT2])
      attach(carbon, element, [0, up, -Math.SQRT2])
      if (n === 0) attach(carbon, 'F', [-Math.SQRT2, -up, 0])
      if (n === carbons - 1) attach(carbon, 'H', [Math.SQRT2, -up, 0])
    }
  }
  const mass = { C: 12.011, F: 18.998, H: hydrogenMass }
  const masses = elements.map(element => mass[element as keyof typeof mass])
  const system = systemOf(masses, {
    elements,
    bonds,
    forces: [
      {
        kind: 'bond',
        form: 'harmonic',
        atoms: Int32Array.from(bonds),
        parameters: Float64Array.from(parameters),
      },
    ],
  })
  return { system, state: createState(positions, cube(60)) }
}
