import type { Structure } from '../core/structure.ts'
import { UserError } from '../errors.ts'
import type { Potential } from '../potentials/load.ts'
import type { LoadedBandRecipe } from '../recipes/bandRecipe.ts'

/** Net charges up to this are rounding of the potential's charges, e. */
const NEUTRAL_e = 1e-6

export interface BandCharges {
  /** [N] e */
  readonly charges: Float64Array
  /** What was done to them, one line each. */
  readonly notes: readonly string[]
}

/**
 * Charges of a band: those of the structure or of its types, shifted alike on the types that neutralise the cell, then
 * moved by transfers.
 * @param donors atoms that give electrons, one for each entry of `charges.transfer`
 * @throws UserError when a type is not there to take charge
 */
export function bandCharges(
  { recipe, where }: LoadedBandRecipe,
  structure: Structure,
  potential: Potential,
  donors: readonly number[],
): BandCharges {
  const types = structure.types!
  const charges = structure.charges?.slice() ?? Float64Array.from(types, t => potential.types[t]!.charge_e)
  const notes: string[] = []
  const share = (names: readonly string[], key: 'neutralize' | 'transfer', total: number) => {
    const atoms = types.flatMap((type, i) => (names.includes(type) ? [i] : []))
    if (atoms.length === 0) {
      throw new UserError({
        message: `the structure has no atom of type ${names.join(' or ')} to share charge`,
        where: where(['charges', key]),
        hint: `types: ${[...new Set(types)].join(', ')}`,
      })
    }
    for (const i of atoms) charges[i]! += total / atoms.length
    return `${atoms.length} ${names.join(', ')} by ${signed(total / atoms.length)} e each`
  }
  const net = charges.reduce((sum, q) => sum + q, 0)
  if (recipe.charges?.neutralize && Math.abs(net) > NEUTRAL_e) {
    notes.push(
      `net charge ${signed(net)} e neutralised: ${share(recipe.charges.neutralize, 'neutralize', -net)}`,
    )
  }
  recipe.charges?.transfer.forEach(({ to, electrons }, k) => {
    const atom = donors[k]!
    charges[atom]! += electrons
    notes.push(
      `atom ${atom + 1} (${types[atom]}) gives ${electrons} electrons: ${share(to, 'transfer', -electrons)}`,
    )
  })
  return { charges, notes }
}

const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toPrecision(4)}`
