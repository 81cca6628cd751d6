import { bondedNeighbors } from '../core/topology.ts'
import { UserError } from '../errors.ts'
import { type BondedForces, bondedForces } from '../potentials/bonded.ts'
import type { Potential } from '../potentials/load.ts'
import { DEGREE } from '../units.ts'
import type { MoleculeGraph } from './polymer.ts'
import { cross, dot, subtract, type Vector, vectorAt } from './vectors.ts'

/** Conformation of a main chain; `tgtg` is T G T G′, the α form of PVDF. */
export type Conformation = 'trans' | 'tgtg' | 'random'

/** Torsions and bond angle of a regular main chain. */
export interface MainChain {
  /** Torsions of the main chain, repeated from the first one; 180 is trans. */
  readonly torsions_deg: readonly number[]
  /** Bond angle along the main chain. Default: the equilibrium angles of the potential. */
  readonly angle_deg?: number
}

/** One step of growth: the neighbours of one atom, which are placed together. */
export interface GrowthStep {
  readonly centre: number
  readonly parent: number
  /** A placed neighbour of the parent, from which the torsion is measured; −1 for none. */
  readonly reference: number
  /** One to three atoms; the torsion is that of the first atom. */
  readonly children: readonly number[]
  /** Unit vectors from the centre to the children: z along parent → centre, the first child at azimuth 0. */
  readonly directions: readonly Vector[]
  /** Torsions reference–parent–centre–child to choose from, rad. */
  readonly torsions: readonly number[]
  /** True if torsions scatter by a few degrees, as in a melt. */
  readonly jitter: boolean
}

/** Order of growth of a molecule, and its equilibrium geometry. */
export interface GrowthPlan {
  /** The first one or two atoms. */
  readonly root: readonly [number] | readonly [number, number]
  readonly steps: readonly GrowthStep[]
  /** Equilibrium length of a bond, Å. */
  bondLength(i: number, j: number): number
}

const TRANS = 180
const GAUCHE = 60
const STAGGERED = [TRANS, GAUCHE, -GAUCHE]
/** Torsions next to a double bond, C=C–C–C: one substituent is eclipsed with the double bond. */
const BESIDE_DOUBLE_BOND = [120, -120, 0]
const PLANAR = [TRANS, 0]

/** Main chain of each conformation; null for torsions that are drawn at random. */
const MAIN_CHAIN: Readonly<Record<Conformation, MainChain | null>> = {
  trans: { torsions_deg: [TRANS] },
  tgtg: { torsions_deg: [TRANS, GAUCHE, TRANS, -GAUCHE] },
  random: null,
}

/**
 * Plans the growth of a molecule from its head. Bond lengths and angles are the equilibrium values of the potential;
 * torsions follow the conformation along the main chain and are staggered elsewhere.
 * @throws UserError when the potential lacks a term of the molecule, or when an atom has more than four neighbours
 */
export function planGrowth(
  graph: MoleculeGraph,
  conformation: Conformation | MainChain,
  potential: Potential,
): GrowthPlan {
  const mainChain = typeof conformation === 'string' ? MAIN_CHAIN[conformation] : conformation
  const chainAngle = mainChain?.angle_deg && mainChain.angle_deg * DEGREE
  const neighbors = bondedNeighbors(graph.topology, graph.types.length)
  const geometry = equilibriumGeometry(bondedForces(graph.types, graph.topology, potential), neighbors)
  const orderOf = bondLookup(graph)
  const isPlanar = (i: number) =>
    neighbors[i]!.length === 3 && neighbors[i]!.some(j => orderOf(i, j).order === 2)
  const chainPosition = new Map(graph.backbone.map((atom, k) => [atom, k]))

  const first = graph.backbone[0] ?? 0
  const second = graph.backbone[1] ?? neighbors[first]![0]
  const { bondLength } = geometry
  if (second === undefined) return { root: [first], steps: [], bondLength }

  const steps: GrowthStep[] = []
  const placed = new Set([first, second])
  const queue: [centre: number, parent: number][] = [
    [second, first],
    [first, second],
  ]
  let rotatable = 0
  for (let next = queue.shift(); next; next = queue.shift()) {
    const [centre, parent] = next
    const along = chainPosition.get(centre)
    const children = neighbors[centre]!.filter(j => !placed.has(j)).sort(
      (a, b) => Number(chainPosition.has(b)) - Number(chainPosition.has(a)) || a - b,
    )
    if (neighbors[centre]!.length > 4) {
      throw new UserError({
        message: `an atom of type ${graph.types[centre]} in '${graph.name}' has ${neighbors[centre]!.length} neighbours; at most four are supported`,
        hint: 'give this structure as a file',
      })
    }
    if (children.length === 0) continue
    const references = neighbors[parent]!.filter(j => j !== centre && placed.has(j))
    const reference = references.find(j => chainPosition.has(j)) ?? references[0] ?? -1
    const { order, configuration } = orderOf(parent, centre)
    const inChain = along !== undefined && chainPosition.has(parent) && chainPosition.has(children[0]!)
    let torsions: readonly number[]
    if (order > 1) torsions = [configuration === 'trans' ? TRANS : 0]
    else if (inChain && mainChain)
      torsions = [mainChain.torsions_deg[rotatable % mainChain.torsions_deg.length]!]
    else if (isPlanar(parent) && isPlanar(centre)) torsions = PLANAR
    else if (isPlanar(parent) || isPlanar(centre)) torsions = BESIDE_DOUBLE_BOND
    else torsions = STAGGERED
    if (inChain && order === 1 && reference >= 0) rotatable++
    steps.push({
      centre,
      parent,
      reference,
      children,
      directions: relaxedDirections(
        parent,
        centre,
        children,
        geometry.angle,
        inChain ? chainAngle : undefined,
      ),
      torsions: torsions.map(degrees => degrees * DEGREE),
      jitter: inChain && order === 1 && !mainChain,
    })
    for (const child of children) {
      placed.add(child)
      queue.push([child, centre])
    }
  }
  return { root: [first, second], steps, bondLength }
}

function bondLookup(graph: MoleculeGraph) {
  const { bonds, bondOrders } = graph.topology
  const known = new Map<string, { order: number; configuration: 'trans' | 'cis' }>()
  bondOrders.forEach((order, m) => {
    const entry = { order, configuration: graph.configurations[m]! }
    known.set(`${bonds[2 * m]} ${bonds[2 * m + 1]}`, entry)
    known.set(`${bonds[2 * m + 1]} ${bonds[2 * m]}`, entry)
  })
  return (i: number, j: number) => known.get(`${i} ${j}`)!
}

/** Equilibrium lengths and angles of the bonded terms; ideal angles for angles without a term. */
function equilibriumGeometry(
  forces: BondedForces,
  neighbors: readonly (readonly number[])[],
): { bondLength(i: number, j: number): number; angle(i: number, j: number, k: number): number } {
  const known = new Map<string, number>()
  for (const force of forces) {
    if (force.kind === 'bond') {
      const width = force.form === 'harmonic' ? 2 : 3
      for (let m = 0; m < force.atoms.length / 2; m++) {
        const [i, j] = [force.atoms[2 * m]!, force.atoms[2 * m + 1]!]
        const length = force.parameters[width * m + width - 1]!
        known.set(`${i} ${j}`, length)
        known.set(`${j} ${i}`, length)
      }
    } else if (force.kind === 'angle') {
      for (let m = 0; m < force.atoms.length / 3; m++) {
        const [i, j, k] = force.atoms.subarray(3 * m, 3 * m + 3)
        known.set(`${i} ${j} ${k}`, force.parameters[2 * m + 1]!)
        known.set(`${k} ${j} ${i}`, force.parameters[2 * m + 1]!)
      }
    }
  }
  return {
    bondLength: (i, j) => {
      const length = known.get(`${i} ${j}`)
      if (length !== undefined) return length
      throw new UserError({ message: 'a bond has no term in the potential, so its length is not known' })
    },
    angle: (i, j, k) => known.get(`${i} ${j} ${k}`) ?? IDEAL_ANGLE[neighbors[j]!.length]!,
  }
}

const IDEAL_ANGLE: Readonly<Record<number, number>> = {
  2: 109.47 * DEGREE,
  3: 120 * DEGREE,
  4: 109.47 * DEGREE,
}

/**
 * Directions around an atom that fit the equilibrium angles best (no directions fit all of them exactly, in general): in
 * repeated sweeps, each pair of neighbours is rotated towards its angle. Three neighbours stay in a plane.
 * @param first fixed angle between the parent and the first child, rad
 */
function relaxedDirections(
  parent: number,
  centre: number,
  children: readonly number[],
  angle: (i: number, j: number, k: number) => number,
  first?: number,
): Vector[] {
  const outer = [parent, ...children]
  const held = first === undefined ? 0 : 1
  const directions: Vector[] = [
    [0, 0, -1],
    ...children.map((child, k): Vector => {
      const theta = k === 0 && first !== undefined ? first : angle(parent, centre, child)
      const azimuth = (2 * Math.PI * k) / children.length
      return [Math.sin(theta) * Math.cos(azimuth), Math.sin(theta) * Math.sin(azimuth), -Math.cos(theta)]
    }),
  ]
  for (let sweep = 0; sweep < 200; sweep++) {
    for (let a = 0; a < outer.length; a++) {
      for (let b = Math.max(1, a + 1); b < outer.length; b++) {
        const [u, v] = [directions[a]!, directions[b]!]
        const excess = Math.acos(Math.max(-1, Math.min(1, dot(u, v)))) - angle(outer[a]!, centre, outer[b]!)
        if (a > held) directions[a] = turn(u, v, RELAXATION * excess)
        if (b > held) directions[b] = turn(v, u, RELAXATION * excess)
      }
    }
  }
  const [x, y] = directions[1]!
  const azimuth = Math.atan2(y, x)
  return directions.slice(1).map(([px, py, pz]) => {
    const [c, s] = [Math.cos(azimuth), Math.sin(azimuth)]
    return [c * px + s * py, c * py - s * px, pz]
  })
}

/** Fraction of the excess of an angle by which one sweep rotates each of its two directions. */
const RELAXATION = 0.15

/** The unit vector rotated towards another one by an angle, rad. */
function turn(from: Vector, towards: Vector, angle: number): Vector {
  const across = combine([1, towards], [-dot(from, towards), from])
  const length = Math.hypot(...across)
  if (length < COLLINEAR) return from
  return combine([Math.cos(angle), from], [Math.sin(angle) / length, across])
}

/** Length of a cross product below which vectors count as collinear. */
const COLLINEAR = 1e-3

/**
 * Places the children of a step around its centre.
 * @param torsion torsion reference–parent–centre–first child, rad
 * @param mirrored true for the mirror image, which exchanges the two other children
 * @param positions [3N] Å positions of the molecule; those of the children are written
 */
export function placeChildren(
  step: GrowthStep,
  plan: GrowthPlan,
  torsion: number,
  mirrored: boolean,
  positions: Float64Array,
): void {
  const { centre, parent, reference, children, directions } = step
  const at = (i: number) => vectorAt(positions, i)
  const axis = unit(subtract(at(centre), at(parent)))
  const normal = reference >= 0 ? cross(subtract(at(parent), at(reference)), axis) : ([0, 0, 0] as const)
  const across = unit(Math.hypot(...normal) > COLLINEAR ? normal : cross(axis, awayFrom(axis)))
  const up = cross(across, axis)
  const [c, s] = [Math.cos(torsion), Math.sin(torsion)]
  children.forEach((child, k) => {
    const [x, y, z] = directions[k]!
    const side = mirrored ? -y : y
    const direction = combine([c * x - s * side, up], [s * x + c * side, across], [z, axis])
    const length = plan.bondLength(centre, child)
    for (let d = 0; d < 3; d++) positions[3 * child + d] = positions[3 * centre + d]! + length * direction[d]!
  })
}

/** The unit vector along a vector. Division keeps the last bit of boxes of earlier versions, `unit` of vectors.ts does not. */
function unit(a: Vector): Vector {
  const length = Math.hypot(...a)
  return [a[0] / length, a[1] / length, a[2] / length]
}

function combine(...terms: readonly (readonly [number, Vector])[]): Vector {
  const sum: [number, number, number] = [0, 0, 0]
  for (const [factor, vector] of terms) {
    for (let c = 0; c < 3; c++) sum[c]! += factor * vector[c]!
  }
  return sum
}

/** A vector that is not parallel to the given one. */
const awayFrom = (axis: Vector): Vector => (Math.abs(axis[0]) < 0.7 ? [1, 0, 0] : [0, 1, 0])
