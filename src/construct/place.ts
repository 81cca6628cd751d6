import { specialPairs, type Topology } from '../core/topology.ts'
import { UserError } from '../errors.ts'
import type { RandomSequence } from '../rng.ts'
import { DEGREE } from '../units.ts'
import type { ContactGrid } from './contacts.ts'
import { type GrowthPlan, type GrowthStep, placeChildren } from './growth.ts'
import type { MoleculeGraph } from './polymer.ts'
import type { Vector } from './vectors.ts'

/** Distances between unbonded atoms that packing tries to keep, Å, one after the other. */
export const CONTACTS_A = [2.4, 2.2, 2, 1.8, 1.6, 1.4, 1.2] as const
/** Fresh starts of a molecule at each of these distances. */
const STARTS = 60
/** Placements tried per growth step of one start, on average, before starting afresh. */
const TRIALS_PER_STEP = 30
const JITTER = 8 * DEGREE

/** A molecule to be placed in a box that others may already fill. */
export interface Placement {
  readonly graph: MoleculeGraph
  readonly plan: GrowthPlan
  /** [3N] of the whole box. */
  readonly positions: Float64Array
  /** The molecule's first atom. */
  readonly offset: number
  readonly grid: ContactGrid
  /** Where the first atom may go: the lowest and the highest corner of a block, Å. */
  readonly region_A: readonly [Vector, Vector]
  readonly random: RandomSequence
}

/**
 * Grows a molecule at a random place where it keeps clear of the atoms in the grid and of itself, and adds it to the
 * grid. The distance to keep shrinks along `CONTACTS_A` after many failures.
 * @throws UserError when it finds no room at the smallest distance either
 */
export function placeMolecule(placement: Placement): void {
  const { graph, positions, offset, grid, region_A } = placement
  const near = withinThreeBonds(graph.topology, graph.types.length)
  const local = positions.subarray(3 * offset, 3 * (offset + graph.types.length))
  const before = grid.atomCount
  for (const contact_A of CONTACTS_A) {
    const clear = (atom: number) =>
      grid.nearest(offset + atom, other => near[atom]!.has(other - offset)) >= contact_A
    for (let start = 0; start < STARTS; start++) {
      if (growFrom(placement, local, clear)) return
      grid.shrink(before)
    }
  }
  const [low, high] = region_A
  const size = low.map((from, c) => (high[c]! - from).toFixed(1)).join(' × ')
  throw new UserError({
    message: `no room for another '${graph.name}' beside ${before} atoms in a block of ${size} Å`,
    hint: 'pack at a lower density_g_per_cm3 (a lamella: a wider gap_A) and let a later stage compress the box',
  })
}

/** Grows a molecule from one random place, depth first. @returns false when it got stuck */
function growFrom(
  { plan, offset, grid, region_A, random }: Placement,
  local: Float64Array,
  clear: (atom: number) => boolean,
): boolean {
  const tryAll = (atoms: readonly number[]) => {
    if (!atoms.every(clear)) return false
    for (const atom of atoms) grid.add(offset + atom)
    return true
  }
  const [first, second] = plan.root
  const [low, high] = region_A
  for (let c = 0; c < 3; c++) local[3 * first + c] = low[c]! + random.uniform() * (high[c]! - low[c]!)
  if (!tryAll([first])) return false
  if (second === undefined) return true
  const direction = randomDirection(random)
  const length = plan.bondLength(first, second)
  for (let c = 0; c < 3; c++) local[3 * second + c] = local[3 * first + c]! + length * direction[c]!
  if (!tryAll([second])) return false

  const { steps } = plan
  const base = grid.atomCount
  const counts = [base]
  for (const [k, step] of steps.entries()) counts.push(counts[k]! + step.children.length)
  const waiting: number[][] = []
  let trials = TRIALS_PER_STEP * steps.length
  for (let k = 0; k < steps.length; ) {
    const step = steps[k]!
    waiting[k] ??= torsionsToTry(step, random)
    const torsion = waiting[k]!.pop()
    if (torsion === undefined) {
      if (k === 0) return false
      waiting.length = k
      k--
      grid.shrink(counts[k]!)
      continue
    }
    if (trials-- === 0) return false
    placeChildren(step, plan, torsion, random.uniform() < 0.5, local)
    if (tryAll(step.children)) k++
  }
  return true
}

/** The step's torsions in random order; a few random ones where nothing fixes the orientation. */
function torsionsToTry(step: GrowthStep, random: RandomSequence): number[] {
  if (step.reference < 0) return [0, 1, 2].map(() => 2 * Math.PI * random.uniform())
  const torsions = step.torsions.map(torsion => torsion + (step.jitter ? JITTER * random.normal() : 0))
  for (let k = torsions.length - 1; k > 0; k--) {
    const other = random.integer(k + 1)
    ;[torsions[k], torsions[other]] = [torsions[other]!, torsions[k]!]
  }
  return torsions
}

function randomDirection(random: RandomSequence): readonly [number, number, number] {
  const [x, y, z] = [random.normal(), random.normal(), random.normal()]
  const length = Math.hypot(x, y, z)
  return [x / length, y / length, z / length]
}

/** [N] the atoms up to three bonds away from each, whose distance the geometry fixes. */
export function withinThreeBonds(topology: Topology, atomCount: number): ReadonlySet<number>[] {
  const near = Array.from({ length: atomCount }, () => new Set<number>())
  const { pairs, separation } = specialPairs(topology, atomCount)
  separation.forEach((_, m) => {
    const [i, j] = [pairs[2 * m]!, pairs[2 * m + 1]!]
    near[i]!.add(j)
    near[j]!.add(i)
  })
  return near
}
