import type { MoleculeGroup } from '../report/model.ts'
import type { LoadedRun } from './loadRun.ts'

/** What each atom belongs to: the followed ions, their counter-ions, or what they move through. */
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

const GROUP_LABEL: Readonly<Record<MoleculeGroup, string>> = { host: 'polymer', anion: 'anion', ion: 'ion' }

/** Elements that a lithium ion touches, or that tell where it is; N and S sit behind the O of an anion. */
const COUNTED: ReadonlySet<string> = new Set(['C', 'F', 'O'])

/** Kinds of neighbours worth counting around an ion: of the host and of the anions. */
export interface NeighborKind {
  /** Such as "Li–F(polymer)". */
  readonly pair: string
  readonly atoms: readonly number[]
  /** What counts as one partner: all such atoms of an anion together, every atom of the host by itself. */
  readonly partners: readonly (readonly number[])[]
}

export function neighborKinds(run: LoadedRun, species: string): NeighborKind[] {
  const groups = moleculeGroups(run, species)
  const kinds = new Map<string, number[]>()
  run.structure.elements.forEach((element, i) => {
    if (groups[i] === 'ion' || !COUNTED.has(element)) return
    const pair = `${species}–${element}(${GROUP_LABEL[groups[i]!]})`
    kinds.set(pair, [...(kinds.get(pair) ?? []), i])
  })
  return [...kinds]
    .map(([pair, atoms]) => ({
      pair,
      atoms,
      partners: groups[atoms[0]!] === 'anion' ? byMolecule(run, atoms) : atoms.map(atom => [atom]),
    }))
    .sort((a, b) => a.pair.localeCompare(b.pair))
}

function byMolecule(run: LoadedRun, atoms: readonly number[]): number[][] {
  const molecules = new Map<number, number[]>()
  for (const atom of atoms) {
    const molecule = run.structure.topology.molecules[atom]!
    molecules.set(molecule, [...(molecules.get(molecule) ?? []), atom])
  }
  return [...molecules.values()]
}
