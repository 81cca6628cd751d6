import { UserError } from '../errors.ts'
import type { BondTerm, Potential } from '../potentials/load.ts'
import type { LoadedBandRecipe } from '../recipes/bandRecipe.ts'

type Override = NonNullable<LoadedBandRecipe['recipe']['overrides']>['bonds'][number]

/**
 * The potential with the bond parameters that a recipe replaces.
 * @throws UserError for a pattern that the potential does not have, or a parameter that its form has not
 */
export function withOverrides({ recipe, where }: LoadedBandRecipe, potential: Potential): Potential {
  const bonds = [...potential.bonds]
  recipe.overrides?.bonds.forEach((override, k) => {
    const at = where(['overrides', 'bonds', k])
    const index = bonds.findIndex(({ pattern }) => pattern.text === override.pattern)
    if (index < 0) {
      throw new UserError({
        message: `'${potential.name}' has no bond ${override.pattern}`,
        where: at,
        hint: `as the file writes them: ${bonds.map(({ pattern }) => pattern.text).join(', ')}`,
      })
    }
    bonds[index] = { ...bonds[index]!, term: replaced(bonds[index]!.term, override, at) }
  })
  return { ...potential, bonds }
}

function replaced(term: BondTerm, override: Override, where: string): BondTerm {
  const { pattern, D_eV, a_per_A, k_eV_per_A2, r0_A } = override
  const refuse = (key: string) =>
    new UserError({ message: `the bond ${pattern} is of form ${term.form}: it has no ${key}`, where })
  if (term.form === 'morse') {
    if (k_eV_per_A2 !== undefined) throw refuse('k_eV_per_A2')
    const [D, a, r0] = term.parameters
    return { form: 'morse', parameters: [D_eV ?? D, a_per_A ?? a, r0_A ?? r0] }
  }
  if (D_eV !== undefined || a_per_A !== undefined) throw refuse(D_eV === undefined ? 'a_per_A' : 'D_eV')
  if (term.form === 'none') throw refuse('parameters')
  const [k, r0] = term.parameters
  return { form: 'harmonic', parameters: [k_eV_per_A2 ?? k, r0_A ?? r0] }
}
