import { createTopology, type Topology } from '../core/topology.ts'
import { UserError } from '../errors.ts'
import type { RandomSequence } from '../rng.ts'
import type { EndCap, Unit, UnitAtom, UnitBond } from './library.ts'

/** Atoms and bonds of one molecule, without coordinates. */
export interface MoleculeGraph {
  readonly name: string
  readonly elements: readonly string[]
  readonly types: readonly string[]
  readonly topology: Topology
  /** [M] configuration of the chain at each bond; used for double bonds. */
  readonly configurations: readonly ('trans' | 'cis')[]
  /** Atoms of the main chain from head to tail; empty for molecules. */
  readonly backbone: readonly number[]
}

/** Returns the graph of a unit of the kind `molecule`. */
export function singleMolecule(unit: Unit): MoleculeGraph {
  return finish(unit.name, unit.atoms, unit.bonds, [])
}

/**
 * Bonds units to a chain, tail to head (head to tail if reversed), and adds the caps of both ends.
 * @param sequence units from head to tail
 * @param units every unit of the sequence by name
 * @throws UserError when a unit is a molecule, or when the unit at an end has no end caps
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
        hint: 'give a repeat unit: kind: repeat-unit, with head and tail',
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
    message: `the unit '${unit.name}' has no ${end} cap, so it cannot be at that end of a chain`,
    where: unit.file,
    hint: 'set keep_ends: true, or give the unit end_caps',
  })
}

function shift(bond: UnitBond, index: (i: number) => number): UnitBond {
  return { ...bond, atoms: [index(bond.atoms[0]), index(bond.atoms[1])] }
}

/** Atoms on the path from head to tail; there is only one path, because units have no rings. */
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

/** Replacement of some units of a chain by another unit. */
export interface ReplaceRecipe {
  /** Name of the unit that replaces others. */
  readonly unit: string
  /** Fraction of replaced units, rounded to a whole number per chain. */
  readonly fraction: number
  /** `isolated`: no two neighbours; `adjacent`: one block; `random`: no restriction. */
  readonly placement: 'isolated' | 'adjacent' | 'random'
  /** True to keep the first and the last unit. */
  readonly keep_ends: boolean
}

/** Units of a chain. */
export interface SequenceRecipe {
  readonly unit: string
  readonly units_per_chain: number
  /** Fraction of reversed units (head-to-head defects), rounded to a whole number per chain; never at the ends. */
  readonly defect_fraction?: number | undefined
  readonly replace?: ReplaceRecipe | undefined
}

/** One unit of a chain. */
export interface ChainUnit {
  readonly unit: string
  readonly reversed: boolean
}

/**
 * Draws the units of one chain, from head to tail.
 * @throws UserError when there is no room for the replacements or defects
 */
export function chainSequence(recipe: SequenceRecipe, random: RandomSequence): ChainUnit[] {
  const count = recipe.units_per_chain
  const { replace } = recipe
  const replaced = new Set(replace ? replacedPositions(replace, count, random) : [])
  const reversible = Array.from({ length: Math.max(0, count - 2) }, (_, k) => k + 1).filter(
    position => !replaced.has(position),
  )
  const defects = Math.round((recipe.defect_fraction ?? 0) * count)
  if (defects > reversible.length) {
    throw new UserError({
      message: `${defects} head-to-head units of ${count} were asked for, but only ${reversible.length} can be reversed`,
      hint: 'end units and replaced units are not reversed: give a lower defect_fraction',
    })
  }
  const reversed = new Set(choose(reversible, defects, random))
  return Array.from({ length: count }, (_, position) => ({
    unit: replace && replaced.has(position) ? replace.unit : recipe.unit,
    reversed: reversed.has(position),
  }))
}

function replacedPositions(replace: ReplaceRecipe, count: number, random: RandomSequence): number[] {
  const first = replace.keep_ends ? 1 : 0
  const room = Math.max(0, count - 2 * first)
  const wanted = Math.round(replace.fraction * count)
  const most = replace.placement === 'isolated' ? Math.ceil(room / 2) : room
  if (wanted > most) {
    throw new UserError({
      message: `${wanted} of ${count} units are to be replaced, but with placement '${replace.placement}' ${replace.keep_ends ? 'and kept ends ' : ''}there is room for ${most}`,
      hint: 'give a lower fraction or another placement',
    })
  }
  switch (replace.placement) {
    case 'adjacent': {
      const start = first + random.integer(room - wanted + 1)
      return Array.from({ length: wanted }, (_, k) => start + k)
    }
    case 'isolated':
      // A choice among room − wanted + 1 places, with one place added after each, gives all isolated arrangements equally.
      return choose(range(room - wanted + 1), wanted, random).map((place, k) => first + place + k)
    case 'random':
      return choose(range(room), wanted, random).map(place => first + place)
  }
}

const range = (length: number) => Array.from({ length }, (_, k) => k)

/** A uniformly random choice of `count` items, sorted. */
function choose(items: readonly number[], count: number, random: RandomSequence): number[] {
  const pool = [...items]
  for (let k = 0; k < count; k++) {
    const other = k + random.integer(pool.length - k)
    ;[pool[k], pool[other]] = [pool[other]!, pool[k]!]
  }
  return pool.slice(0, count).sort((a, b) => a - b)
}
