import type { MoleculeGroup } from '../report/model.ts'
import type { LoadedRun } from './loadRun.ts'

/** What each atom belongs to: the followed ions, their counter-ions, or what they move through. */
export function moleculeGroups(run: LoadedRun, species: string): MoleculeGroup[] {
  const { elements, types } = run.structure
  return elements.map((element, i) => {
    if (element === species) return 'ion'
    const type = types?.[i]
    return type !== undefined && run.potential.types[type]?.ion ? 'anion' : 'host'
  })
}

const GROUP_LABEL: Readonly<Record<MoleculeGroup, string>> = { host: 'polymer', anion: 'anion', ion: 'ion' }

/** Kinds of neighbours worth counting around an ion: heavy elements of the host and of the anions. */
export interface NeighborKind {
  /** Such as "Li–F(polymer)". */
  readonly pair: string
  readonly atoms: readonly number[]
}

export function neighborKinds(run: LoadedRun, species: string): NeighborKind[] {
  const groups = moleculeGroups(run, species)
  const kinds = new Map<string, number[]>()
  run.structure.elements.forEach((element, i) => {
    if (groups[i] === 'ion' || element === 'H' || element === 'S') return
    const pair = `${species}–${element}(${GROUP_LABEL[groups[i]!]})`
    kinds.set(pair, [...(kinds.get(pair) ?? []), i])
  })
  return [...kinds].map(([pair, atoms]) => ({ pair, atoms })).sort((a, b) => a.pair.localeCompare(b.pair))
}
