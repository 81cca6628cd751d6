import { createTopology, type Topology } from '../core/topology.ts'
import { UserError } from '../errors.ts'
import type { ChainUnit } from './sequence.ts'
import type { EndCap, Unit, UnitAtom, UnitBond } from './units.ts'

/** Atoms and bonds of one molecule, before it has coordinates. */
export interface MoleculeGraph {
  readonly name: string
  readonly elements: readonly string[]
  readonly types: readonly string[]
  readonly topology: Topology
  /** [M] how the chain runs across each bond, where it is double. */
  readonly configurations: readonly ('trans' | 'cis')[]
  /** Atoms of the main chain from head to tail; a molecule that is no chain has none. */
  readonly backbone: readonly number[]
}

/** A molecule of one unit. */
export function singleMolecule(unit: Unit): MoleculeGraph {
  return finish(unit.name, unit.atoms, unit.bonds, [])
}

/**
 * Joins units tail to head (or the other way round where reversed) and caps both ends.
 * @param sequence the units from head to tail
 * @param units every unit that the sequence names
 * @throws UserError when a unit is no repeat unit, or one without end caps stands at an end
 */
export function polymerChain(
  name: string,
  sequence: readonly ChainUnit[],
  units: ReadonlyMap<string, Unit>,
): MoleculeGraph {
  const atoms: UnitAtom[] = []
  const bonds: UnitBond[] = []
  const backbone: number[] = []
  let previousTail: number | null = null
  sequence.forEach(({ unit: unitName, reversed }, position) => {
    const unit = units.get(unitName)!
    if (!unit.ends) {
      throw new UserError({
        message: `'${unitName}' is a molecule and cannot be part of a chain`,
        where: unit.file,
        hint: 'a repeat unit has kind: repeat-unit, a head and a tail',
      })
    }
    const caps = [
      ...(position === 0 ? [capOf(unit, 'head')] : []),
      ...(position === sequence.length - 1 ? [capOf(unit, 'tail')] : []),
    ]
    const offset = atoms.length
    const path = backbonePath(unit, unit.ends)
    const ordered = (reversed ? path.toReversed() : path).map(i => offset + i)
    const retyped = (i: number) => caps.find(cap => cap.retype.has(i))?.retype.get(i)
    atoms.push(...unit.atoms.map((atom, i) => ({ ...atom, type: retyped(i) ?? atom.type })))
    bonds.push(...unit.bonds.map(bond => shift(bond, i => offset + i)))
    for (const cap of caps) {
      const added = atoms.length
      const own = unit.atoms.length
      atoms.push(...cap.atoms)
      bonds.push(...cap.bonds.map(bond => shift(bond, i => (i < own ? offset + i : added + i - own))))
    }
    if (previousTail !== null) {
      bonds.push({ atoms: [previousTail, ordered[0]!], order: 1, configuration: 'trans' })
    }
    previousTail = ordered.at(-1)!
    backbone.push(...ordered)
  })
  return finish(name, atoms, bonds, backbone)
}

function capOf(unit: Unit, end: 'head' | 'tail'): EndCap {
  const cap = unit.caps[end]
  if (cap) return cap
  throw new UserError({
    message: `the unit '${unit.name}' has no ${end} cap, so it cannot stand at that end of a chain`,
    where: unit.file,
    hint: 'set keep_ends: true, or give the unit end_caps',
  })
}

function shift(bond: UnitBond, index: (i: number) => number): UnitBond {
  return { ...bond, atoms: [index(bond.atoms[0]), index(bond.atoms[1])] }
}

/** The atoms on the way from head to tail; units have no rings, so there is one way. */
function backbonePath(unit: Unit, { head, tail }: { head: number; tail: number }): number[] {
  const walk = (path: readonly number[]): number[] | null => {
    const last = path.at(-1)!
    if (last === tail) return [...path]
    for (const { atoms } of unit.bonds) {
      if (!atoms.includes(last)) continue
      const next = atoms[0] === last ? atoms[1] : atoms[0]
      const found = path.includes(next) ? null : walk([...path, next])
      if (found) return found
    }
    return null
  }
  return walk([head])!
}

function finish(
  name: string,
  atoms: readonly UnitAtom[],
  bonds: readonly UnitBond[],
  backbone: readonly number[],
): MoleculeGraph {
  return {
    name,
    elements: atoms.map(atom => atom.element),
    types: atoms.map(atom => atom.type),
    topology: createTopology(
      atoms.length,
      bonds.flatMap(bond => bond.atoms),
      bonds.map(bond => bond.order),
    ),
    configurations: bonds.map(bond => bond.configuration),
    backbone,
  }
}
