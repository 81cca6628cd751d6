import type { Force } from '../core/force.ts'
import type { Structure } from '../core/structure.ts'
import type { System } from '../core/system.ts'
import { closest } from '../core/yaml.ts'
import { UserError } from '../errors.ts'
import { collectBondedForces } from './bonded.ts'
import type { Potential } from './load.ts'
import { masses } from './masses.ts'
import { type Interactions, pairForces } from './pairs.ts'
import { createProblems } from './problems.ts'

export interface AssignOptions {
  readonly interactions: Interactions
  /** Multiplies the charges of types marked `ion`; 1 when left out. */
  readonly chargeScale?: number
  /** Target mass of hydrogens; the difference comes from the atom that each is bonded to. */
  readonly hydrogenMass_g_per_mol?: number
  /** Lets a box with a net charge through. */
  readonly allowNetCharge?: boolean
}

/** Net charges up to this are rounding of the potential's charges, e. */
const NEUTRAL_e = 1e-3

/**
 * A structure and a potential become a system: masses, charges and all interactions as data.
 * Charges of the structure, where it has them, stand as they are; otherwise they come from the types.
 * @throws UserError for unknown types, missing or ambiguous terms (all at once), a net charge, numbers not finite
 */
export function assign(structure: Structure, potential: Potential, options: AssignOptions): System {
  const types = knownTypes(structure, potential)
  const typeNames = Object.keys(potential.types).filter(name => types.includes(name))
  const typeIndex = Int32Array.from(types, name => typeNames.indexOf(name))
  const bad = structure.positions.findIndex(value => !Number.isFinite(value))
  if (bad >= 0) {
    throw new UserError({
      message: `the position of atom ${Math.floor(bad / 3)} (counted from 0) is not finite`,
    })
  }

  const problems = createProblems(types, potential)
  const bonded = collectBondedForces(types, structure.topology, potential, problems)
  const pairs = pairForces(typeNames, potential, options.interactions, problems)
  problems.throwIfAny()

  const charges = assignedCharges(structure, types, potential, options)
  const { coulomb } = options.interactions
  const forces: Force[] = [...pairs]
  if (coulomb) forces.push({ kind: 'coulomb', ...coulomb, special: potential.special.coulomb })
  forces.push(...bonded)
  return {
    atomCount: types.length,
    elements: structure.elements,
    typeNames,
    typeIndex,
    masses: masses(structure, types, potential, options.hydrogenMass_g_per_mol),
    charges,
    topology: structure.topology,
    forces,
  }
}

function knownTypes(structure: Structure, potential: Potential): readonly string[] {
  if (structure.types === null) {
    throw new UserError({
      message: 'the structure names no atom types, so no potential can be assigned',
      hint: `types of '${potential.name}': ${Object.keys(potential.types).join(', ')}`,
    })
  }
  const unknown = [...new Set(structure.types)].filter(name => !Object.hasOwn(potential.types, name))
  if (unknown.length > 0) {
    const near = closest(unknown[0]!, Object.keys(potential.types))
    throw new UserError({
      message: `the potential '${potential.name}' has no atom type ${unknown.map(name => `'${name}'`).join(', ')}`,
      where: potential.file,
      hint: near ? `did you mean \`${near}\`?` : `known types: ${Object.keys(potential.types).join(', ')}`,
    })
  }
  structure.types.forEach((name, i) => {
    const expected = potential.types[name]!.element
    if (structure.elements[i] === expected) return
    throw new UserError({
      message: `atom ${i} (counted from 0) is ${structure.elements[i]} but its type '${name}' is ${expected}`,
      where: potential.file,
    })
  })
  return structure.types
}

function assignedCharges(
  structure: Structure,
  types: readonly string[],
  potential: Potential,
  options: AssignOptions,
): Float64Array {
  const scale = options.chargeScale ?? 1
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
  const net = charges.reduce((sum, charge) => sum + charge, 0)
  if (!Number.isFinite(net)) throw new UserError({ message: 'the charges are not all finite numbers' })
  if (Math.abs(net) > NEUTRAL_e && !options.allowNetCharge) {
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
  return charges
}

/** Molecules without ion types that carry a charge, in words; undefined where there are none. */
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
