import type { Box } from '../core/box.ts'
import type { RandomSequence } from '../rng.ts'
import { shuffled } from './crystal.ts'
import { type PointCharge, unitChargeEnergies } from './pointCharges.ts'
import { nearestImage } from './surfaceContacts.ts'
import { norm, subtract, type Vector } from './vectors.ts'

export interface OrderingRequest {
  readonly box: Box
  /** Vacuum along z. */
  readonly slab: boolean
  /** Sites to choose from, Å. */
  readonly candidates: readonly Vector[]
  /** Of an ion on a candidate site, e. */
  readonly charge: number
  /** How many candidates are to be filled. */
  readonly filled: number
  readonly surroundings: readonly PointCharge[]
  readonly random: RandomSequence
}

export interface ChargeOrdering {
  /** Candidates that are filled, ascending. */
  readonly filled: readonly number[]
  /** Of the chosen ions with each other and with everything else, eV. */
  readonly energy_eV: number
  /** Mean and lowest energy of random fillings, eV: what the search gains. */
  readonly random_eV: { readonly mean: number; readonly lowest: number }
  /** Searches that were started, and how many ended at the lowest energy. */
  readonly starts: number
  readonly hits: number
}

const STARTS = 16
const KICKS = 200
/** Candidates whose occupation a kick shuffles, at most. */
const LARGEST_KICK = 16
/** Energies this close are equal, eV. */
const EQUAL_EV = 1e-6

/**
 * The filling of lowest Coulomb energy that a search from seeded random fillings finds. It need not be the lowest there
 * is: `hits` says how often the searches agreed.
 */
export function lowestOrdering(request: OrderingRequest): ChargeOrdering {
  const { candidates, charge, filled: count, random } = request
  const { field, pair } = unitChargeEnergies(request)
  const model: Model = {
    size: candidates.length,
    alone: field.map(value => value * charge),
    pair: pair.map(value => value * charge * charge),
  }
  const indices = candidates.map((_, i) => i)
  const starts = Array.from({ length: STARTS }, () => shuffled(indices, random).slice(0, count))
  const before = starts.map(filled => energyOf(model, filled))
  const nearby = neighborsOf(request)
  const ends = starts.map(start => {
    const { filled } = search(model, stateOf(model, start), nearby, random)
    return { filled, energy: energyOf(model, filled) }
  })
  const best = ends.reduce((a, b) => (b.energy < a.energy - EQUAL_EV ? b : a))
  return {
    filled: best.filled.toSorted((a, b) => a - b),
    energy_eV: best.energy,
    random_eV: { mean: before.reduce((sum, e) => sum + e, 0) / STARTS, lowest: Math.min(...before) },
    starts: STARTS,
    hits: ends.filter(end => end.energy < best.energy + EQUAL_EV).length,
  }
}

interface Model {
  readonly size: number
  /** [size] of an ion with the surroundings, eV */
  readonly alone: Float64Array
  /** [size·size] of two ions, eV; on the diagonal twice that of one with its images */
  readonly pair: Float64Array
}

interface State {
  readonly filled: number[]
  readonly empty: number[]
  /** [size] of an ion on each candidate with the surroundings and the other ions, eV */
  readonly local: Float64Array
}

function energyOf({ size, alone, pair }: Model, filled: readonly number[]): number {
  return filled.reduce(
    (sum, i) => sum + alone[i]! + filled.reduce((half, j) => half + 0.5 * pair[i * size + j]!, 0),
    0,
  )
}

function stateOf({ size, alone, pair }: Model, filled: readonly number[]): State {
  const local = alone.map((value, i) =>
    filled.reduce((sum, j) => (j === i ? sum : sum + pair[i * size + j]!), value),
  )
  const taken = new Set(filled)
  const empty = Array.from({ length: size }, (_, i) => i).filter(i => !taken.has(i))
  return { filled: [...filled], empty, local }
}

/** What moving the m-th ion to the n-th empty site changes, eV. */
function changeOf({ size, pair }: Model, { filled, empty, local }: State, m: number, n: number): number {
  const [from, to] = [filled[m]!, empty[n]!]
  return local[to]! - pair[from * size + to]! - local[from]!
}

function swap({ size, pair }: Model, { filled, empty, local }: State, m: number, n: number): void {
  const [from, to] = [filled[m]!, empty[n]!]
  filled[m] = to
  empty[n] = from
  for (let k = 0; k < size; k++) {
    if (k !== from) local[k] = local[k]! - pair[k * size + from]!
    if (k !== to) local[k] = local[k]! + pair[k * size + to]!
  }
}

/**
 * Lowers the energy as far as kicks and descents do: the occupation of some neighbouring candidates is shuffled, swaps
 * follow downhill, and what is not lower is taken back (iterated local search).
 */
function search(
  model: Model,
  start: State,
  nearby: readonly (readonly number[])[],
  random: RandomSequence,
): State {
  let best = start
  descend(model, best)
  let lowest = energyOf(model, best.filled)
  for (let kick = 0; kick < KICKS; kick++) {
    const size = Math.min(model.size, 4 + random.integer(LARGEST_KICK - 3))
    const cluster = nearby[random.integer(model.size)]!.slice(0, size)
    const filled = new Set(best.filled)
    const ions = cluster.filter(i => filled.has(i)).length
    for (const i of cluster) filled.delete(i)
    for (const i of shuffled(cluster, random).slice(0, ions)) filled.add(i)
    const next = stateOf(model, [...filled])
    descend(model, next)
    const energy = energyOf(model, next.filled)
    if (energy < lowest - EQUAL_EV) {
      best = next
      lowest = energy
    }
  }
  return best
}

/** For each candidate all candidates, the nearest first. */
function neighborsOf({ box, candidates }: OrderingRequest): number[][] {
  return candidates.map(a => {
    const distances = candidates.map(b => norm(nearestImage(box, subtract(b, a))))
    return candidates.map((_, j) => j).toSorted((i, j) => distances[i]! - distances[j]! || i - j)
  })
}

/** Carries out the best swap until none lowers the energy. */
function descend(model: Model, state: State): void {
  for (;;) {
    let best = { m: -1, n: -1, change: -EQUAL_EV }
    for (let m = 0; m < state.filled.length; m++) {
      for (let n = 0; n < state.empty.length; n++) {
        const change = changeOf(model, state, m, n)
        if (change < best.change) best = { m, n, change }
      }
    }
    if (best.m < 0) return
    swap(model, state, best.m, best.n)
  }
}
