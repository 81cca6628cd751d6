import { orthorhombicBox } from '../../src/core/box.ts'
import type { Structure } from '../../src/core/structure.ts'
import { createTopology } from '../../src/core/topology.ts'

/**
 * A box of the GROMACS prototype as JSON: complete topology with the parameters of every term, in Å, kcal/mol, e and
 * degrees. Bonds [i, j, r0, k], angles [i, j, k, θ0, k], dihedrals [i, j, k, l, phase, k, n, kind], E = ½k(x−x0)² and
 * k[1 + cos(nφ − phase)].
 */
export interface ReferenceJson {
  readonly atoms: readonly { readonly type: string; readonly q: number; readonly m: number }[]
  readonly bonds: readonly (readonly [number, number, number, number])[]
  readonly angles: readonly (readonly [number, number, number, number, number])[]
  readonly dihedrals: readonly (readonly [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    'proper' | 'improper',
  ])[]
  readonly pairs14: readonly (readonly [number, number])[]
  readonly types: Readonly<Record<string, { readonly sigma: number; readonly eps: number }>>
  readonly pos: readonly (readonly [number, number, number])[]
  readonly box: readonly [number, number, number]
}

/** Force constant by which the reference files tell a C=C bond, kcal/mol/Å². */
const DOUBLE_BOND_K = 1098

/** Our type names for the reference's classes; carbons differ by their charge. */
const TYPE_NAMES: Readonly<Record<string, string>> = {
  'pC -0.6215': 'C_H3',
  'pC -0.5202': 'C_H2',
  'pC 0.612': 'C_F2',
  'pC 0.7592': 'C_F3',
  'dC -0.476': 'C_dH',
  'dC 0.443': 'C_dF',
  pH: 'H_p',
  pF: 'F_p',
  dH: 'H_d',
  dF: 'F_d',
  FSI: 'FSI_F',
  SBT: 'SBT',
  NBT: 'NBT',
  OBT: 'OBT',
  Li: 'Li',
}

const ELEMENTS: Readonly<Record<string, string>> = { SBT: 'S', NBT: 'N', OBT: 'O', FSI_F: 'F', Li: 'Li' }

/** The box as a structure with the type names of `potentials/pvdf-lifsi.yaml` and bond orders. */
export function referenceBox(json: ReferenceJson): Structure {
  const types = json.atoms.map(({ type, q }) => {
    const name = TYPE_NAMES[type] ?? TYPE_NAMES[`${type} ${q}`]
    if (name === undefined) throw new Error(`no type name for ${type} with charge ${q}`)
    return name
  })
  return {
    elements: types.map(name => ELEMENTS[name] ?? name[0]!),
    types,
    positions: Float64Array.from(json.pos.flat()),
    box: orthorhombicBox(...json.box),
    topology: createTopology(
      types.length,
      json.bonds.flatMap(bond => bond.slice(0, 2)),
      json.bonds.map(([, , , k]) => (k === DOUBLE_BOND_K ? 2 : 1)),
    ),
    charges: null,
    masses: null,
    velocities: null,
    frozen: null,
  }
}
