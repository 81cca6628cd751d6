import type { Structure } from '../core/structure.ts'
import { netCharge } from '../core/system.ts'
import { UserError } from '../errors.ts'
import type { Potential } from './load.ts'

/** Changes of the charges that a potential or a file gives. */
export interface ChargeChoice {
  /** Factor on the charges of types marked `ion`. Default: 1. */
  readonly scale?: number | undefined
  /** Types whose atoms share the opposite of the net charge equally. */
  readonly neutralize?: readonly string[] | undefined
  /** Moves of electrons after neutralisation: from one atom (index from 0) to all atoms of some types, in equal parts. */
  readonly transfers?: readonly ChargeTransfer[] | undefined
  /** Allows a net charge, which a uniform background compensates. Default: false. */
  readonly background?: boolean | undefined
  /** Place of a key in the recipe, for messages. */
  where?(key: 'neutralize' | 'transfer'): string
}

export interface ChargeTransfer {
  readonly from: number
  readonly to: readonly string[]
  readonly electrons: number
}

/** Net charges up to this are rounding of a potential's charges, e. */
export const NEUTRAL_e = 1e-3
/** Net charges up to this are rounding of sums, e. */
export const EXACTLY_NEUTRAL_e = 1e-6

/**
 * Charges of the atoms of a structure: its own or those of the types, then scaled, neutralised and transferred.
 * @returns charges [N] e, and one line for each change
 * @throws UserError for a scale on charges of the structure, a type without atoms, a net charge
 */
export function chargesOf(
  structure: Structure,
  types: readonly string[],
  potential: Potential,
  choice: ChargeChoice = {},
): { charges: Float64Array; remarks: readonly string[] } {
  const { scale = 1 } = choice
  if (structure.charges && scale !== 1) {
    throw new UserError({
      message: `a charge scale of ${scale} was asked for, but the structure carries its own charges`,
      hint: 'remove the charges from the structure, or leave the charge scale at 1',
    })
  }
  const charges =
    structure.charges?.slice() ??
    Float64Array.from(types, name => {
      const type = potential.types[name]!
      return type.ion ? scale * type.charge_e : type.charge_e
    })
  const remarks = shareCharges(charges, types, choice)
  const net = netCharge({ charges })
  if (!Number.isFinite(net)) throw new UserError({ message: 'the charges are not all finite numbers' })
  if (Math.abs(net) > NEUTRAL_e && !choice.background) {
    const lines = [...new Set(types)].map(name => {
      const members = types.flatMap((type, i) => (type === name ? [charges[i]!] : []))
      const sum = members.reduce((total, charge) => total + charge, 0)
      return `${members.length} ${name}: ${sum.toFixed(3)} e`
    })
    throw new UserError({
      message: `the box carries a net charge of ${net.toFixed(4)} e (${lines.join(', ')})`,
      where: potential.file,
      hint:
        chargedChain(structure, types, potential, charges) ??
        'balance the numbers of cations and anions; charge scaling must cover both',
    })
  }
  return { charges, remarks }
}

/** Neutralises and transfers charges in place. @returns one line for each change */
function shareCharges(charges: Float64Array, types: readonly string[], choice: ChargeChoice): string[] {
  const remarks: string[] = []
  const share = (names: readonly string[], key: 'neutralize' | 'transfer', total: number) => {
    const atoms = types.flatMap((type, i) => (names.includes(type) ? [i] : []))
    if (atoms.length === 0) {
      throw new UserError({
        message: `the structure has no atom of type ${names.join(' or ')} to share charge`,
        ...(choice.where && { where: choice.where(key) }),
        hint: `types: ${[...new Set(types)].join(', ')}`,
      })
    }
    for (const i of atoms) charges[i]! += total / atoms.length
    return `${atoms.length} ${names.join(', ')} by ${signed(total / atoms.length)} e each`
  }
  const net = netCharge({ charges })
  const { neutralize, transfers = [] } = choice
  if (neutralize && Math.abs(net) > EXACTLY_NEUTRAL_e) {
    remarks.push(`net charge ${signed(net)} e neutralised: ${share(neutralize, 'neutralize', -net)}`)
  }
  for (const { from, to, electrons } of transfers) {
    charges[from]! += electrons
    const shared = share(to, 'transfer', -electrons)
    remarks.push(`atom ${from + 1} (${types[from]}) gives ${electrons} electrons: ${shared}`)
  }
  return remarks
}

const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toPrecision(4)}`

/** Names molecules that carry a charge but have no ion types, for a message; undefined if there are none. */
function chargedChain(
  { topology }: Structure,
  types: readonly string[],
  potential: Potential,
  charges: Float64Array,
): string | undefined {
  const members = new Map<number, number[]>()
  topology.molecules.forEach((molecule, i) => {
    const atoms = members.get(molecule)
    if (atoms) atoms.push(i)
    else members.set(molecule, [i])
  })
  const charge = (atoms: readonly number[]) => atoms.reduce((sum, i) => sum + charges[i]!, 0)
  const charged = [...members.values()].filter(
    atoms =>
      atoms.length > 1 &&
      !atoms.some(i => potential.types[types[i]!]!.ion) &&
      Math.abs(charge(atoms)) > NEUTRAL_e,
  )
  const [first] = charged
  if (!first) return undefined
  const kinds = [...new Set(first.map(i => types[i]!))]
  const sum = kinds.map(kind => `${first.filter(i => types[i] === kind).length} ${kind}`).join(' + ')
  const who = charged.length === 1 ? 'a molecule' : `${charged.length} molecules`
  return `${who} without ions should be neutral: ${sum} carry ${charge(first).toFixed(4)} e`
}
