import { composition } from '../core/elements.ts'
import type { Structure } from '../core/structure.ts'
import { UserError } from '../errors.ts'
import { closestApproach, displacementsOf, type NearestImage } from './geometry.ts'

/** Names of the two ends in messages, such as their files. */
export interface EndNames {
  readonly initial: string
  readonly final: string
}

/** Options of `checkEndpoints`. */
export interface EndpointOptions {
  /** [3N] Å, via points of the path; the parts of the path are then checked one by one. */
  readonly via?: readonly Float64Array[]
  /** Number of images of the band, both ends included, for messages. */
  readonly images?: number
  /** With `idpp`, atoms may come close on the straight line, because the path will avoid the contact. */
  readonly path?: 'linear' | 'idpp'
}

/** Largest difference of the lattice vectors of equal cells, Å; files have three decimals or more. */
const SAME_CELL_A = 2e-3
/** Largest displacement of a frozen atom, Å. */
const FROZEN_MOVED_A = 2e-3
/** Largest displacement of atoms in equal structures, Å. */
const SAME_STRUCTURE_A = 0.05
/** Ratio of the two shortest displacements to periodic images below which a displacement is ambiguous. */
const AMBIGUOUS = 1.1
/** Largest distance between the final position of an atom and the initial position of another whose place it took, Å. */
const SAME_PLACE_A = 0.5
/** Least displacement of a hop, Å. */
const HOP_A = 0.8

/** Largest number of ions that hop in concert in fast conductors: He, Zhu & Mo 2017, https://doi.org/10.1038/ncomms15893 */
const LONGEST_CONCERTED = 4

/** Name of an atom in messages, such as "71 (Li)"; atoms count from 1. */
function atomName(structure: Structure, atom: number): string {
  return `${atom + 1} (${structure.types?.[atom] ?? structure.elements[atom]})`
}

/**
 * Checks that two structures can be the ends of one band; every message names the atoms.
 * @throws UserError for another number, order or kind of atoms, another cell, other frozen atoms or frozen atoms that
 *   moved, atoms that changed places, a displacement whose periodic image is ambiguous, and atoms that run into each
 *   other on the straight line
 */
export function checkEndpoints(
  initial: Structure,
  final: Structure,
  names: EndNames = { initial: 'the initial end', final: 'the final end' },
  options: EndpointOptions = {},
): void {
  const where = `${names.initial} and ${names.final}`
  checkSameAtoms(initial, final, names)
  checkFrozen(initial, final, names, where)
  const points = [initial.positions, ...(options.via ?? []), final.positions]
  const moves = displacementsOf(initial.box, initial.positions, final.positions)
  if (points.length === 2) {
    if (moves.every(move => move.length_A < SAME_STRUCTURE_A)) {
      throw new UserError({ message: 'both ends are the same structure: no atom moves', where })
    }
    checkPlaces(initial, final, moves, where)
  }
  points.slice(1).forEach((point, leg) => {
    const ways = displacementsOf(initial.box, points[leg]!, point)
    if (ways.every(way => way.length_A < SAME_STRUCTURE_A)) refuseStandstill(leg, points.length - 1, where)
    checkImages(initial, ways, where)
    if (options.path !== 'idpp')
      checkCrossing(initial, points[leg]!, ways, leg, points.length - 1, options, where)
  })
}

/**
 * Checks that two structures hold the same atoms in one order and one cell, as an end and a via point must.
 * @throws UserError naming atoms or cell vectors
 */
export function checkSameAtoms(initial: Structure, other: Structure, names: EndNames): void {
  const where = `${names.initial} and ${names.final}`
  checkCount(initial, other, names, where)
  checkOrder(initial, other, names, where)
  checkCell(initial, other, where)
}

function refuseStandstill(leg: number, legs: number, where: string): never {
  const before = leg === 0 ? 'the initial end' : `via point ${leg}`
  const after = leg === legs - 1 ? 'the final end' : `via point ${leg + 1}`
  throw new UserError({
    message: `${before} and ${after} are the same structure: no atom moves between them`,
    where,
    hint: 'remove this via point, or give another one',
  })
}

function checkCount(initial: Structure, final: Structure, names: EndNames, where: string): void {
  const [before, after] = [initial.elements.length, final.elements.length]
  if (before === after) return
  const [first, second] = [composition(initial.elements), composition(final.elements)]
  const differing = Object.keys({ ...first, ...second })
    .filter(element => first[element] !== second[element])
    .map(element => `${element}: ${first[element] ?? 0} and ${second[element] ?? 0}`)
  throw new UserError({
    message: `${names.initial} has ${before} atoms, ${names.final} has ${after} (${differing.join(', ')})`,
    where,
    hint: 'both must have the same atoms in the same order',
  })
}

function checkOrder(initial: Structure, final: Structure, names: EndNames, where: string): void {
  const kinds = ({ elements, types }: Structure, other: Structure) =>
    types && other.types ? types : elements
  const before = kinds(initial, final)
  const after = kinds(final, initial)
  const wrong = before.flatMap((kind, atom) => (kind === after[atom] ? [] : [atom]))
  const [a, b] = wrong
  if (a === undefined) return
  const describe = (atom: number) =>
    `atom ${atom + 1} is ${before[atom]} in ${names.initial} but ${after[atom]} in ${names.final}`
  if (b !== undefined && wrong.length === 2 && before[a] === after[b] && before[b] === after[a]) {
    throw new UserError({
      message: `two atoms have changed places in the list: ${describe(a)}, ${describe(b)}`,
      where,
      hint: `exchange atoms ${a + 1} and ${b + 1} of ${names.final}`,
    })
  }
  const same = [...before].sort().join() === [...after].sort().join()
  throw new UserError({
    message: `${names.final} lists ${same ? 'its atoms in another order' : 'other atoms'}: ${wrong.length} of ${before.length} differ, first ${describe(a)}`,
    where,
    hint: 'make both ends from one file, so that atom n is the same atom in both',
  })
}

function checkCell(initial: Structure, final: Structure, where: string): void {
  const wrong = ['a', 'b', 'c'].flatMap((vector, row) => {
    const of = (structure: Structure) => Array.from(structure.box.matrix.slice(3 * row, 3 * row + 3))
    const [before, after] = [of(initial), of(final)]
    if (before.every((x, k) => Math.abs(x - after[k]!) <= SAME_CELL_A)) return []
    const print = (v: readonly number[]) => `(${v.map(x => x.toFixed(4)).join(', ')})`
    return [`${vector} is ${print(before)} and ${print(after)} Å`]
  })
  if (wrong.length === 0) return
  throw new UserError({
    message: `the cells differ: ${wrong.join('; ')}`,
    where,
    hint: 'relax both ends in one fixed cell',
  })
}

function checkFrozen(initial: Structure, final: Structure, names: EndNames, where: string): void {
  const held = ({ frozen }: Structure, atom: number) => Boolean(frozen?.[atom])
  const atoms = initial.elements.map((_, atom) => atom)
  const differing = atoms.filter(atom => held(initial, atom) !== held(final, atom))
  if (differing.length > 0) {
    const first = differing[0]!
    const [by, notBy] = held(initial, first) ? [names.initial, names.final] : [names.final, names.initial]
    throw new UserError({
      message: `atom ${atomName(initial, first)} is frozen in ${by} but not in ${notBy}${others(differing.length)}`,
      where,
      hint: 'freeze the same atoms at both ends',
    })
  }
  const moves = displacementsOf(initial.box, initial.positions, final.positions)
  const moved = atoms.filter(atom => held(initial, atom) && moves[atom]!.length_A > FROZEN_MOVED_A)
  if (moved.length > 0) {
    const first = moved[0]!
    throw new UserError({
      message: `atom ${atomName(initial, first)} is frozen, yet moves by ${moves[first]!.length_A.toFixed(3)} Å between the ends${others(moved.length)}`,
      where,
      hint: 'relax both ends with these atoms held at the same places',
    })
  }
}

const others = (count: number) => (count > 1 ? ` (and ${count - 1} more)` : '')

/** Refuses atoms of one element that take each other's places, in a cycle or a long chain: a sign of a wrong atom list. */
function checkPlaces(
  initial: Structure,
  final: Structure,
  moves: readonly NearestImage[],
  where: string,
): void {
  const hopping = moves.flatMap((move, atom) => (move.length_A > HOP_A ? [atom] : []))
  const placeOf = new Map<number, number>()
  for (const atom of hopping) {
    const ways = hopping
      .filter(other => other !== atom && initial.elements[other] === initial.elements[atom])
      .map(other => {
        const at = final.positions.slice(3 * atom, 3 * atom + 3)
        const place = initial.positions.slice(3 * other, 3 * other + 3)
        return { other, distance: displacementsOf(initial.box, place, at)[0]!.length_A }
      })
      .filter(way => way.distance < SAME_PLACE_A)
    if (ways[0]) placeOf.set(atom, ways[0].other)
  }
  const taken = new Set(placeOf.values())
  const starts = [...hopping.filter(atom => !taken.has(atom)), ...hopping]
  for (const start of starts) {
    const chain = [start]
    for (let next = placeOf.get(start); next !== undefined && !chain.includes(next); ) {
      chain.push(next)
      next = placeOf.get(next)
    }
    const round = placeOf.get(chain.at(-1)!) === start
    if (round || chain.length > LONGEST_CONCERTED) refuseChain(initial, chain, round, where)
  }
}

function refuseChain(initial: Structure, chain: readonly number[], round: boolean, where: string): never {
  const atoms = chain.map(atom => atomName(initial, atom))
  const lines = chain.map(atom => atom + 1)
  const real = 'if they really do, give the path via points'
  if (round && chain.length === 2) {
    throw new UserError({
      message: `atoms ${atoms.join(' and ')} have changed places between the ends: they are of one kind, so only their order in the files differs`,
      where,
      hint: `exchange atoms ${lines.join(' and ')} of the final end; ${real}`,
    })
  }
  if (round) {
    throw new UserError({
      message: `atoms ${atoms.join(', ')} each take the place of the next and the last that of the first: they are of one kind, so only their order in the files differs`,
      where,
      hint: `in the final end, list atoms ${[...lines.slice(-1), ...lines.slice(0, -1)].join(', ')} as ${lines.join(', ')}; ${real}`,
    })
  }
  throw new UserError({
    message: `atoms ${atoms.join(', ')} each take the place of the next: the ends probably number them differently by one`,
    where,
    hint: `remove the same atom at both ends, then move the one that hops; ${real}`,
  })
}

function checkImages(initial: Structure, ways: readonly NearestImage[], where: string): void {
  const atom = ways.findIndex(way => way.length_A > HOP_A && way.second_A < AMBIGUOUS * way.length_A)
  if (atom < 0) return
  const { length_A, second_A } = ways[atom]!
  throw new UserError({
    message: `atom ${atomName(initial, atom)} moves by about half the cell: ${length_A.toFixed(2)} Å one way, ${second_A.toFixed(2)} Å by another periodic image, so its way is ambiguous`,
    where,
    hint: 'repeat the cell along this direction, or give the path a via point',
  })
}

function checkCrossing(
  initial: Structure,
  from: Float64Array,
  ways: readonly NearestImage[],
  leg: number,
  legs: number,
  { images }: EndpointOptions,
  where: string,
): void {
  const meeting = closestApproach(initial.box, from, ways)
  if (!meeting) return
  const { i, j, distance_A, fraction } = meeting
  const image = images ? Math.round((images - 1) * ((leg + fraction) / legs)) + 1 : null
  const at = image ? `near image ${image} of ${images}` : `${Math.round(100 * fraction)} % of the way`
  throw new UserError({
    message: `atoms ${atomName(initial, i)} and ${atomName(initial, j)} run into each other on the straight line between the ends: ${distance_A.toFixed(2)} Å apart ${at}`,
    where,
    hint: 'give the path a via point that leads one round the other, or path: idpp',
  })
}
