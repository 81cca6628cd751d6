import type { Structure } from '../core/structure.ts'
import type { System } from '../core/system.ts'
import { bondedNeighbors } from '../core/topology.ts'
import { closest } from '../core/yaml.ts'
import { UserError } from '../errors.ts'
import { collectBondedForces } from './bonded.ts'
import { type ChargeChoice, chargesOf } from './charges.ts'
import { type ConstantsName, coulombForce, type Interactions } from './interactions.ts'
import type { Potential } from './load.ts'
import { pairForces } from './pairs.ts'
import { createProblems } from './problems.ts'

export interface AssignOptions {
  readonly charges?: ChargeChoice | undefined
  /** Mass of every hydrogen; the bonded heavy atom gives the difference. Default: masses of the types. */
  readonly hydrogenMass_g_per_mol?: number | undefined
  /** Default: codata2018. */
  readonly constants?: ConstantsName | undefined
}

/** A system, with the changes that were made to its charges. */
export type AssignedSystem = System & {
  /** One line for each change of charges. */
  readonly remarks: readonly string[]
}

/**
 * The system of a structure and a potential: masses, charges and all interactions as data. In a structure without types,
 * the elements are the types. Charges come from the structure if it has them, otherwise from the types.
 * @throws UserError for unknown types, missing or ambiguous terms (all in one message), a net charge, values not finite
 */
export function assign(
  structure: Structure,
  potential: Potential,
  interactions: Interactions,
  options: AssignOptions = {},
): AssignedSystem {
  const types = knownTypes(structure, potential)
  const typeNames = Object.keys(potential.types).filter(name => types.includes(name))
  const bad = structure.positions.findIndex(value => !Number.isFinite(value))
  if (bad >= 0) {
    throw new UserError({ message: `the position of atom ${Math.floor(bad / 3) + 1} is not finite` })
  }
  const problems = createProblems(types, potential)
  const bonded = collectBondedForces(types, structure.topology, potential, problems)
  const pairs = pairForces(typeNames, potential, interactions, problems)
  problems.throwIfAny()

  const masses = massesOf(structure, types, potential, options.hydrogenMass_g_per_mol)
  const { charges, remarks } = chargesOf(structure, types, potential, options.charges)
  const special = potential.special.coulomb
  const coulomb = coulombForce(interactions, structure.box, charges, special, options.constants)
  return {
    atomCount: types.length,
    elements: structure.elements,
    typeNames,
    typeIndex: Int32Array.from(types, name => typeNames.indexOf(name)),
    masses,
    charges,
    topology: structure.topology,
    forces: [...pairs, ...(coulomb ? [coulomb] : []), ...bonded],
    remarks,
  }
}

function knownTypes({ types: named, elements }: Structure, potential: Potential): readonly string[] {
  const types = named ?? elements
  const unknown = [...new Set(types)].filter(name => !Object.hasOwn(potential.types, name))
  if (unknown.length > 0) {
    const list = unknown.map(name => `'${name}'`).join(', ')
    const near = named && closest(unknown[0]!, Object.keys(potential.types))
    throw new UserError({
      message:
        named === null
          ? `the structure names no atom types, and the potential '${potential.name}' has none called ${list}`
          : `the potential '${potential.name}' has no atom type ${list}`,
      where: potential.file,
      hint: near ? `did you mean \`${near}\`?` : `known types: ${Object.keys(potential.types).join(', ')}`,
    })
  }
  types.forEach((name, i) => {
    const expected = potential.types[name]!.element
    if (elements[i] === expected) return
    throw new UserError({
      message: `atom ${i + 1} is ${elements[i]} but its type '${name}' is ${expected}`,
      where: potential.file,
    })
  })
  return types
}

const LIGHTEST_g_per_mol = 1

/**
 * Masses of all atoms by type. With a hydrogen mass, every hydrogen has it and the bonded heavy atom gives the difference,
 * so that molecules keep their masses (Feenstra, Hess & Berendsen 1999, https://doi.org/10.1002/(SICI)1096-987X(199906)20:8<786::AID-JCC5>3.0.CO;2-B).
 * @returns [N] g/mol
 * @throws UserError when a heavy atom would become lighter than 1 g/mol, or a hydrogen has none to take mass from
 */
function massesOf(
  structure: Structure,
  types: readonly string[],
  potential: Potential,
  hydrogenMass_g_per_mol: number | undefined,
): Float64Array {
  const result = Float64Array.from(types, name => potential.types[name]!.mass_g_per_mol)
  if (hydrogenMass_g_per_mol === undefined) return result
  const neighbors = bondedNeighbors(structure.topology, types.length)
  const isHydrogen = (i: number) => structure.elements[i] === 'H'
  for (let i = 0; i < types.length; i++) {
    if (!isHydrogen(i)) continue
    const heavy = neighbors[i]!.find(j => !isHydrogen(j))
    if (heavy === undefined) {
      throw new UserError({
        message: `hydrogen ${i + 1} is bonded to no heavy atom that could give mass`,
        hint: 'leave out hydrogen_mass_g_per_mol for this system',
      })
    }
    result[heavy]! -= hydrogenMass_g_per_mol - result[i]!
    result[i] = hydrogenMass_g_per_mol
  }
  const light = result.findIndex((mass, i) => !isHydrogen(i) && mass < LIGHTEST_g_per_mol)
  if (light >= 0) {
    throw new UserError({
      message: `with hydrogens of ${hydrogenMass_g_per_mol} g/mol, atom ${light + 1} (${types[light]}) would weigh ${result[light]!.toFixed(3)} g/mol`,
      hint: 'choose a smaller hydrogen_mass_g_per_mol',
    })
  }
  return result
}
