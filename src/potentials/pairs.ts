import { PAIR_PARAMETERS, type PairForce, type PairForm } from '../core/force.ts'
import { PAIR_FORMS } from '../forces/pair.ts'
import { type Interactions, truncationOf } from './interactions.ts'
import type { PairEntry, Potential } from './load.ts'
import { matchesAtom, mostSpecific } from './patterns.ts'
import type { Problems } from './problems.ts'

type PairTerm = PairEntry['terms'][number]

/**
 * The pair forces between all pairs of types, one for each functional form. Pairs without an entry are mixed if both
 * types have Lennard-Jones parameters.
 * @param typeNames [T] the types that occur
 * @param problems collects pairs with neither an entry nor Lennard-Jones parameters
 */
export function pairForces(
  typeNames: readonly string[],
  potential: Potential,
  interactions: Interactions,
  problems: Problems,
): PairForce[] {
  const count = typeNames.length
  const forces = new Map<PairForm, PairForce>()
  const forceOf = (form: PairForm): PairForce => {
    const existing = forces.get(form)
    if (existing) return existing
    const created: PairForce = {
      kind: 'pair',
      form,
      parameters: new Float64Array(count * count * PAIR_PARAMETERS[form].length),
      cutoffs: new Float64Array(count * count),
      truncation: truncationOf(interactions),
      tailCorrection: interactions.tail_correction && PAIR_FORMS[form].tail !== null,
      special: potential.special.pair,
    }
    forces.set(form, created)
    return created
  }
  for (let a = 0; a < count; a++) {
    for (let b = a; b < count; b++) {
      const [first, second] = [typeNames[a]!, typeNames[b]!]
      const terms = termsOf(first, second, potential, problems)
      for (const { form, parameters, cutoff_A } of terms) {
        const force = forceOf(form)
        for (const slot of [a * count + b, b * count + a]) {
          force.parameters.set(parameters, slot * parameters.length)
          force.cutoffs[slot] = cutoff_A ?? interactions.cutoff_A
        }
      }
    }
  }
  return [...forces.values()]
}

function termsOf(
  first: string,
  second: string,
  potential: Potential,
  problems: Problems,
): readonly (PairTerm & { readonly cutoff_A: number | null })[] {
  const [a, b] = [potential.types[first]!, potential.types[second]!]
  const covers = ({ types: [p, q] }: PairEntry) =>
    (matchesAtom(p, first, a.class) && matchesAtom(q, second, b.class)) ||
    (matchesAtom(q, first, a.class) && matchesAtom(p, second, b.class))
  const isType = (name: string) => Object.hasOwn(potential.types, name)
  const selection = mostSpecific(
    potential.pairs.filter(covers),
    entry => ({ atoms: entry.types, bondOrders: [] }),
    isType,
  )
  if (selection.kind === 'found') {
    return selection.entry.terms.map(term => ({ ...term, cutoff_A: selection.entry.cutoff_A }))
  }
  if (selection.kind === 'missing' && a.lennardJones && b.lennardJones && potential.mixing) {
    const parameters = mix(a.lennardJones, b.lennardJones, potential.mixing)
    return parameters[0] === 0 ? [] : [{ form: 'lennard-jones', parameters, cutoff_A: null }]
  }
  problems.add({ kind: 'pair', needed: `${first} – ${second}`, atoms: [], selection })
  return []
}

interface LennardJones {
  readonly epsilon_eV: number
  readonly sigma_A: number
}

/** [ε, σ] of an unlike pair: ε is always the geometric mean, σ the geometric (OPLS) or arithmetic (Lorentz–Berthelot). */
function mix(a: LennardJones, b: LennardJones, rule: 'geometric' | 'arithmetic'): readonly [number, number] {
  return [
    Math.sqrt(a.epsilon_eV * b.epsilon_eV),
    rule === 'geometric' ? Math.sqrt(a.sigma_A * b.sigma_A) : (a.sigma_A + b.sigma_A) / 2,
  ]
}
