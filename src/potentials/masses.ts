import type { Structure } from '../core/structure.ts'
import { bondedNeighbors } from '../core/topology.ts'
import { UserError } from '../errors.ts'
import type { Potential } from './load.ts'

const LIGHTEST_g_per_mol = 1

/**
 * Masses by type; with a hydrogen mass, every hydrogen has that mass and its bonded heavy atom the rest, so that each
 * molecule keeps its mass (Feenstra, Hess & Berendsen 1999, https://doi.org/10.1002/(SICI)1096-987X(199906)20:8<786::AID-JCC5>3.0.CO;2-B).
 * @throws UserError when a heavy atom would become lighter than 1 g/mol, or a hydrogen has none to take mass from
 */
export function masses(
  structure: Structure,
  types: readonly string[],
  potential: Potential,
  hydrogenMass_g_per_mol?: number,
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
        message: `hydrogen ${i} (counted from 0) has no heavy neighbour to take mass from`,
        hint: 'leave out hydrogen_mass_g_per_mol for this system',
      })
    }
    result[heavy]! -= hydrogenMass_g_per_mol - result[i]!
    result[i] = hydrogenMass_g_per_mol
  }
  const light = result.findIndex((mass, i) => !isHydrogen(i) && mass < LIGHTEST_g_per_mol)
  if (light >= 0) {
    throw new UserError({
      message: `with hydrogens of ${hydrogenMass_g_per_mol} g/mol, atom ${light} (${types[light]}, counted from 0) would weigh ${result[light]!.toFixed(3)} g/mol`,
      hint: 'choose a smaller hydrogen_mass_g_per_mol',
    })
  }
  return result
}
