import { createBox } from '../core/box.ts'
import type { CoulombForce, Force } from '../core/force.ts'
import { crossingBonds, makeMoleculesWhole } from '../core/molecules.ts'
import { createState, type State } from '../core/state.ts'
import type { System } from '../core/system.ts'
import { createTopology } from '../core/topology.ts'
import { UserError } from '../errors.ts'
import { meshPoints } from '../forces/ewald.ts'

/**
 * A box repeated n × n × n, copy after copy in the order of the atoms. Velocities are repeated too.
 * @throws UserError where a molecule is bonded to its own periodic image
 */
export function replicate(system: System, state: State, n: number): { system: System; state: State } {
  const { atomCount, topology } = system
  const { matrix } = state.box
  const whole = state.positions.slice()
  makeMoleculesWhole(topology, state.box, whole)
  if (n > 1 && crossingBonds(topology.bonds, state.box, whole).length > 0) {
    throw new UserError({
      message: 'a molecule is bonded to its own periodic image, so that the box cannot be repeated',
      hint: 'repeat it in the program that made it, or ask for --sizes 1',
    })
  }
  const copies = n ** 3
  const positions = new Float64Array(3 * atomCount * copies)
  for (let copy = 0; copy < copies; copy++) {
    const cell = [Math.floor(copy / (n * n)), Math.floor(copy / n) % n, copy % n]
    for (let k = 0; k < whole.length; k++) {
      const shift = cell.reduce((sum, times, axis) => sum + times * matrix[3 * axis + (k % 3)]!, 0)
      positions[copy * whole.length + k] = whole[k]! + shift
    }
  }
  const box = createBox(matrix.map(value => n * value))
  const bonds = shifted(topology.bonds, copies, atomCount)
  const orders = repeated(Array.from(topology.bondOrders), copies)
  return {
    system: {
      ...system,
      atomCount: atomCount * copies,
      elements: repeated(system.elements, copies),
      typeIndex: Int32Array.from(repeated(Array.from(system.typeIndex), copies)),
      masses: floats(system.masses, copies),
      charges: floats(system.charges, copies),
      topology: createTopology(atomCount * copies, bonds, orders),
      forces: system.forces.map(force => repeatForce(force, n, atomCount)),
    },
    state: createState(positions, box, floats(state.velocities, copies)),
  }
}

function repeatForce(force: Force, n: number, atomCount: number): Force {
  const copies = n ** 3
  switch (force.kind) {
    case 'pair':
      return force
    case 'coulomb':
      return { ...force, method: finerMesh(force.method, n) }
    case 'restraint':
      throw new UserError({
        message: 'a box with atoms held in space cannot be repeated',
        hint: 'take the restraints out',
      })
    case 'dihedral':
      return {
        ...force,
        atoms: shifted(force.atoms, copies, atomCount),
        coefficients: floats(force.coefficients, copies),
      }
    case 'improper':
      return force.form === 'fourier'
        ? {
            ...force,
            atoms: shifted(force.atoms, copies, atomCount),
            coefficients: floats(force.coefficients, copies),
          }
        : {
            ...force,
            atoms: shifted(force.atoms, copies, atomCount),
            parameters: floats(force.parameters, copies),
          }
    default:
      return {
        ...force,
        atoms: shifted(force.atoms, copies, atomCount),
        parameters: floats(force.parameters, copies),
      }
  }
}

/** No coarser than before, and with it as accurate. */
function finerMesh(method: CoulombForce['method'], n: number): CoulombForce['method'] {
  if (method.name !== 'pme') return method
  const [a, b, c] = method.grid
  return { ...method, grid: [meshPoints(n * a), meshPoints(n * b), meshPoints(n * c)] }
}

const repeated = <T>(values: readonly T[], copies: number): T[] =>
  Array.from({ length: copies }, () => values).flat() as T[]

function floats(values: Float64Array, copies: number): Float64Array {
  const result = new Float64Array(copies * values.length)
  for (let copy = 0; copy < copies; copy++) result.set(values, copy * values.length)
  return result
}

function shifted(atoms: Int32Array, copies: number, atomCount: number): Int32Array {
  return Int32Array.from(
    { length: copies * atoms.length },
    (_, k) => atoms[k % atoms.length]! + atomCount * Math.floor(k / atoms.length),
  )
}
