import { specialPairs, type Topology } from '../core/topology.ts'
import { UserError } from '../errors.ts'
import { type RandomSequence, shuffled } from '../rng.ts'
import { DEGREE } from '../units.ts'
import { type GrowthPlan, type GrowthStep, placeChildren } from './growth.ts'
import type { MoleculeGraph } from './polymer.ts'
import type { Vector } from './vectors.ts'

/** Smallest distances between unbonded atoms that packing tries, in this order, Å. */
export const CONTACTS_A = [2.4, 2.2, 2, 1.8, 1.6, 1.4, 1.2] as const
/** Number of starts of a molecule at each of these distances. */
const STARTS = 60
/** Mean number of placements per growth step after which another start is tried. */
const TRIALS_PER_STEP = 30
const JITTER = 8 * DEGREE

/** A molecule to place in a box that already contains molecules. */
export interface Placement {
  readonly graph: MoleculeGraph
  readonly plan: GrowthPlan
  /** [3N] positions of the whole box, Å. */
  readonly positions: Float64Array
  /** Index of the molecule's first atom, counted from 0. */
  readonly offset: number
  readonly grid: ContactGrid
  /** Region of the first atom: lowest and highest corner, Å. */
  readonly region_A: readonly [Vector, Vector]
  readonly random: RandomSequence
}

/**
 * Grows a molecule at a random place, without contacts with the atoms of the grid and with itself, and adds it to the
 * grid. After `STARTS` failures the next smaller distance of `CONTACTS_A` is allowed.
 * @throws UserError when there is no room at the smallest distance
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

/** Grows a molecule from one random place, depth first. @returns false when it failed */
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

/** Torsions of a step in random order; random torsions if there is no reference atom. */
function torsionsToTry(step: GrowthStep, random: RandomSequence): number[] {
  if (step.reference < 0) return [0, 1, 2].map(() => 2 * Math.PI * random.uniform())
  const torsions = step.torsions.map(torsion => torsion + (step.jitter ? JITTER * random.normal() : 0))
  return shuffled(torsions, random)
}

function randomDirection(random: RandomSequence): readonly [number, number, number] {
  const [x, y, z] = [random.normal(), random.normal(), random.normal()]
  const length = Math.hypot(x, y, z)
  return [x / length, y / length, z / length]
}

/** [N] atoms up to three bonds away from each atom; the bonded geometry fixes their distances. */
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

/** Atoms of a rectangular periodic box, sorted into cells for the search of nearest atoms. */
export interface ContactGrid {
  /** Adds the atom with its current position. */
  add(atom: number): void
  /** Removes the atoms added last until `atomCount` atoms are left. */
  shrink(atomCount: number): void
  readonly atomCount: number
  /** Distance from an atom's position to the nearest other one within reach, Å; Infinity when there is none. */
  nearest(atom: number, ignore: (other: number) => boolean): number
}

/**
 * Creates an empty grid.
 * @param positions [3N] Å, unwrapped; read when an atom is added and when its nearest atom is searched
 * @param edges_A edges of the box
 * @param reach_A largest distance that is found
 */
export function createContactGrid(positions: Float64Array, edges_A: Vector, reach_A: number): ContactGrid {
  const axis = (c: 0 | 1 | 2): Axis => {
    const edge = edges_A[c]
    const count = Math.max(1, Math.floor(edge / reach_A))
    return {
      count,
      // With fewer than three cells along an edge, all are neighbours, and each must be visited once.
      offsets: count < 3 ? Array.from({ length: count }, (_, k) => k) : [-1, 0, 1],
      cellOf(atom: number) {
        const scaled = positions[3 * atom + c]! / edge
        return Math.min(count - 1, Math.floor((scaled - Math.floor(scaled)) * count))
      },
    }
  }
  const [alongX, alongY, alongZ] = [axis(0), axis(1), axis(2)]
  const [edgeX, edgeY, edgeZ] = edges_A
  const cellAt = (x: number, y: number, z: number) => (x * alongY.count + y) * alongZ.count + z
  const cells = new Map<number, number[]>()
  /** Cell of each atom, in the order in which they were added. */
  const history: number[] = []

  return {
    add(atom) {
      const cell = cellAt(alongX.cellOf(atom), alongY.cellOf(atom), alongZ.cellOf(atom))
      const members = cells.get(cell)
      if (members) members.push(atom)
      else cells.set(cell, [atom])
      history.push(cell)
    },
    shrink(atomCount) {
      while (history.length > atomCount) cells.get(history.pop()!)!.pop()
    },
    get atomCount() {
      return history.length
    },
    nearest(atom, ignore) {
      const [px, py, pz] = [positions[3 * atom]!, positions[3 * atom + 1]!, positions[3 * atom + 2]!]
      const [x, y, z] = [alongX.cellOf(atom), alongY.cellOf(atom), alongZ.cellOf(atom)]
      let best = reach_A ** 2
      let found = false
      for (const i of alongX.offsets) {
        for (const j of alongY.offsets) {
          for (const k of alongZ.offsets) {
            const cell = cellAt(wrap(x + i, alongX), wrap(y + j, alongY), wrap(z + k, alongZ))
            for (const other of cells.get(cell) ?? []) {
              if (other === atom || ignore(other)) continue
              const distance2 =
                nearestImage(positions[3 * other]! - px, edgeX) ** 2 +
                nearestImage(positions[3 * other + 1]! - py, edgeY) ** 2 +
                nearestImage(positions[3 * other + 2]! - pz, edgeZ) ** 2
              if (distance2 <= best) {
                best = distance2
                found = true
              }
            }
          }
        }
      }
      return found ? Math.sqrt(best) : Number.POSITIVE_INFINITY
    },
  }
}

interface Axis {
  /** Number of cells. */
  readonly count: number
  readonly offsets: readonly number[]
  cellOf(atom: number): number
}

const wrap = (cell: number, { count }: Axis) => (cell + count) % count

const nearestImage = (delta: number, edge: number) => delta - edge * Math.round(delta / edge)
