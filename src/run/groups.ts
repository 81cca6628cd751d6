import type { Structure } from '../core/structure.ts'
import type { Topology } from '../core/topology.ts'
import type { MoleculeGroup } from '../report/model.ts'
import type { LoadedRun } from './loadRun.ts'

/** Group of each atom: the followed ions, their counter-ions, or what they move through. */
export function moleculeGroups(
  run: Pick<LoadedRun, 'structure' | 'potential'>,
  species: string,
): MoleculeGroup[] {
  const { elements, types } = run.structure
  return elements.map((element, i) => {
    if (element === species) return 'ion'
    const type = types?.[i]
    return type !== undefined && run.potential.types[type]?.ion ? 'anion' : 'host'
  })
}

/** The followed species in text. */
export const ionLabel = (species: string): string => (species === 'Li' ? 'Li⁺' : species)

const GROUP_LABEL: Readonly<Record<MoleculeGroup, string>> = { host: 'polymer', anion: 'anion', ion: 'ion' }

/** Elements that lithium ions coordinate to; N and S of an anion sit behind its O. */
const COUNTED: Readonly<Record<'host' | 'anion', ReadonlySet<string>>> = {
  host: new Set(['C', 'F', 'O', 'N']),
  anion: new Set(['C', 'F', 'O']),
}

/** One kind of neighbour of an ion, in the host or in the anions. */
export interface NeighborKind {
  /** Such as "Li–F(polymer)"; "Li–C=C" is with carbons of double bonds, "Li–C(polymer)" with the others. */
  readonly pair: string
  readonly atoms: readonly number[]
  /** Atoms that count as one partner: all such atoms of an anion together, every atom of the host by itself. */
  readonly partners: readonly (readonly number[])[]
}

export function neighborKinds(
  run: Pick<LoadedRun, 'structure' | 'potential'>,
  species: string,
): NeighborKind[] {
  const groups = moleculeGroups(run, species)
  const double = doublyBonded(run.structure)
  const kinds = new Map<string, number[]>()
  run.structure.elements.forEach((element, i) => {
    const group = groups[i]!
    if (group === 'ion' || !COUNTED[group].has(element)) return
    const site = double.has(i) ? 'C=C' : `${element}(${GROUP_LABEL[group]})`
    const pair = `${species}–${site}`
    kinds.set(pair, [...(kinds.get(pair) ?? []), i])
  })
  return [...kinds]
    .map(([pair, atoms]) => ({
      pair,
      atoms,
      partners:
        groups[atoms[0]!] === 'anion'
          ? [...atomsByMolecule(run.structure.topology, atoms).values()]
          : atoms.map(atom => [atom]),
    }))
    .sort((a, b) => a.pair.localeCompare(b.pair))
}

/** Carbons with a double bond to another one. */
function doublyBonded({ topology: { bonds, bondOrders }, elements }: Structure): Set<number> {
  const atoms = new Set<number>()
  bondOrders.forEach((order, k) => {
    const [i, j] = [bonds[2 * k]!, bonds[2 * k + 1]!]
    if (order !== 2 || elements[i] !== 'C' || elements[j] !== 'C') return
    atoms.add(i)
    atoms.add(j)
  })
  return atoms
}

/** Some atoms by the molecule that they belong to. */
export function atomsByMolecule(
  { molecules }: Pick<Topology, 'molecules'>,
  atoms: readonly number[],
): Map<number, number[]> {
  const groups = new Map<number, number[]>()
  for (const atom of atoms) {
    const group = groups.get(molecules[atom]!)
    if (group) group.push(atom)
    else groups.set(molecules[atom]!, [atom])
  }
  return groups
}

export interface ChargedMolecule {
  readonly atoms: readonly number[]
  /** Formal: a whole number. */
  readonly charge_e: number
}

/** Molecules with a net charge. Potentials that scale the charges of ions, or spread them, round to the formal charge. */
export function chargedMolecules({
  structure: { elements, types, charges, topology },
  potential,
}: Pick<LoadedRun, 'structure' | 'potential'>): ChargedMolecule[] {
  const charge = (atom: number) => charges?.[atom] ?? potential.types[types?.[atom] ?? '']?.charge_e ?? 0
  const atoms = elements.map((_, atom) => atom)
  return [...atomsByMolecule(topology, atoms).values()].flatMap(members => {
    const charge_e = Math.round(members.reduce((sum, atom) => sum + charge(atom), 0))
    return charge_e === 0 ? [] : [{ atoms: members, charge_e }]
  })
}
