import { bondedNeighbors, type Topology } from '../core/topology.ts'
import { UserError } from '../errors.ts'
import { createAutocorrelation, type Decay, decayTime } from './correlate.ts'
import type { Trajectory } from './msd.ts'

/**
 * Backbone of every chain from end to end: in each molecule, the longest of the shortest paths through atoms with at
 * least two bonds. The backbone of a carbon chain is its carbons; a side group that is longer than the rest of the chain
 * would count as its end.
 * @param minimumAtoms shortest backbone; shorter molecules, such as anions, are left out. Default: 6
 * @returns indices of the atoms of each backbone
 */
export function backbones(topology: Topology, atomCount: number, minimumAtoms = 6): number[][] {
  const neighbors = bondedNeighbors(topology, atomCount)
  const inner = neighbors.map(list => list.length >= 2)
  const pathFrom = (start: number): number[] => {
    const before = new Map([[start, start]])
    let last = start
    for (const atom of before.keys()) {
      last = atom
      for (const next of neighbors[atom]!) if (inner[next] && !before.has(next)) before.set(next, atom)
    }
    const path = [last]
    while (path.at(-1) !== start) path.push(before.get(path.at(-1)!)!)
    return path
  }
  const seen = new Set<number>()
  const paths: number[][] = []
  for (let atom = 0; atom < atomCount; atom++) {
    const molecule = topology.molecules[atom]!
    if (!inner[atom] || seen.has(molecule)) continue
    seen.add(molecule)
    const path = pathFrom(pathFrom(atom)[0]!)
    if (path.length >= minimumAtoms) paths.push(path[0]! < path.at(-1)! ? path : path.reverse())
  }
  return paths
}

/** Autocorrelation of end-to-end vectors. */
export interface EndToEnd {
  /** ⟨R²⟩ over chains and frames. */
  readonly meanSquare_A2: number
  readonly lag_ps: Float64Array
  /** [frames] C(t) = ⟨R(0)·R(t)⟩ / ⟨R²⟩ */
  readonly correlation: Float64Array
  readonly relaxation: Decay
}

/**
 * Autocorrelation of the end-to-end vectors of chains over all origins (Rubinstein & Colby 2003, chapter 8). If it does
 * not decay, the chains kept their shapes and the trajectory samples a single configuration of them.
 * @param positions [frames, atoms, 3] Å, unwrapped
 * @param chains atoms of each chain from end to end, see `backbones`
 * @throws UserError without chains
 */
export function endToEnd(
  positions: Trajectory,
  chains: readonly ArrayLike<number>[],
  frameInterval_ps: number,
): EndToEnd {
  if (chains.length === 0) throw new UserError({ message: 'there is no chain to follow' })
  const frames = positions.shape[0]!
  const autocorrelation = createAutocorrelation(frames)
  const vector = new Float64Array(frames)
  for (const chain of chains) {
    const [first, last] = [chain[0]!, chain[chain.length - 1]!]
    for (let axis = 0; axis < 3; axis++) {
      for (let frame = 0; frame < frames; frame++)
        vector[frame] = positions.get(frame, last, axis) - positions.get(frame, first, axis)
      autocorrelation.add(vector)
    }
  }
  const averages = autocorrelation.sums().map((sum, lag) => sum / ((frames - lag) * chains.length))
  const meanSquare_A2 = averages[0]!
  const correlation = averages.map(value => value / meanSquare_A2)
  return {
    meanSquare_A2,
    lag_ps: correlation.map((_, lag) => lag * frameInterval_ps),
    correlation,
    relaxation: decayTime(correlation, frameInterval_ps),
  }
}

/**
 * Dihedrals along backbones, without those about a bond of an atom with three neighbours. Beside such an atom (at a double
 * bond, for instance) the minima are at 0° and ±120° or the bond does not rotate, so that trans and gauche do not exist.
 * @returns indices of the four atoms of each dihedral
 */
export function rotatingDihedrals(
  topology: Topology,
  atomCount: number,
  chains: readonly (readonly number[])[],
): number[][] {
  const neighbors = bondedNeighbors(topology, atomCount)
  return chains.flatMap(chain =>
    Array.from({ length: Math.max(0, chain.length - 3) }, (_, k) => chain.slice(k, k + 4)).filter(
      ([, second, third]) => neighbors[second!]!.length !== 3 && neighbors[third!]!.length !== 3,
    ),
  )
}

/** Depth inside another state at which a dihedral has changed its state, degrees; states are 120° wide. */
const CORE_MARGIN = 30

/** Changes of backbone dihedrals between trans and gauche states. */
export interface DihedralTransitions {
  readonly dihedrals: number
  /** Fraction of time with |φ| above 120°. */
  readonly trans: number
  readonly transitions: number
  /** Mean number of changes of one dihedral in 1 ns. */
  readonly rate_per_ns: number
}

/** Record of dihedrals of a trajectory that is read frame by frame. */
export interface DihedralRecord {
  /** Adds one frame. @param positions [3N] Å, unwrapped */
  add(positions: ArrayLike<number>): void
  /** Returns the changes so far; null without dihedrals or for fewer than two frames. */
  transitions(frameInterval_ps: number): DihedralTransitions | null
}

/**
 * Counts the changes of dihedrals between trans (180°), gauche⁺ (60°) and gauche⁻ (−60°). A change counts when the angle
 * is 30° inside another state, so that fluctuations at the top of the barrier do not count. Two changes between two
 * frames that cancel are not seen.
 * @param dihedrals indices of four atoms each, see `rotatingDihedrals`
 */
export function createDihedralRecord(dihedrals: readonly (readonly number[])[]): DihedralRecord {
  const states: (number | null)[] = dihedrals.map(() => null)
  let frames = 0
  let trans = 0
  let transitions = 0
  return {
    add(positions) {
      frames++
      dihedrals.forEach((atoms, k) => {
        const angle = dihedral(positions, atoms)
        if (Math.abs(angle) > 120) trans++
        const sector = Math.abs(angle) > 120 ? 0 : Math.sign(angle)
        const fromCentre = sector === 0 ? 180 - Math.abs(angle) : Math.abs(angle - 60 * sector)
        if (fromCentre > 60 - CORE_MARGIN) return
        if (states[k] !== null && states[k] !== sector) transitions++
        states[k] = sector
      })
    },
    transitions(frameInterval_ps) {
      if (dihedrals.length === 0 || frames < 2) return null
      return {
        dihedrals: dihedrals.length,
        trans: trans / (dihedrals.length * frames),
        transitions,
        rate_per_ns: (1000 * transitions) / (dihedrals.length * (frames - 1) * frameInterval_ps),
      }
    },
  }
}

type Vector = readonly [number, number, number]

const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
]
const dot = (a: Vector, b: Vector) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2]

/** Angle about the bond between the middle two of four atoms, degrees, 180 for trans (IUPAC). */
function dihedral(positions: ArrayLike<number>, atoms: readonly number[]): number {
  const bond = (k: number): Vector => {
    const [from, to] = [3 * atoms[k]!, 3 * atoms[k + 1]!]
    return [
      positions[to]! - positions[from]!,
      positions[to + 1]! - positions[from + 1]!,
      positions[to + 2]! - positions[from + 2]!,
    ]
  }
  const [b1, b2, b3] = [bond(0), bond(1), bond(2)]
  const [n1, n2] = [cross(b1, b2), cross(b2, b3)]
  const sine = Math.sqrt(dot(b2, b2)) * dot(b1, n2)
  return (Math.atan2(sine, dot(n1, n2)) * 180) / Math.PI
}
