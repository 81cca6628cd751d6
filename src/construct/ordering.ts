import type { Box } from '../core/box.ts'
import { erfc } from '../forces/erfc.ts'
import { ewaldMethod } from '../forces/ewald.ts'
import { type RandomSequence, shuffled } from '../rng.ts'
import { CODATA_2018 } from '../units.ts'
import { dot, imagesOf, nearestImage, norm, subtract, type Vector, vector } from './vectors.ts'

/** Sites that some ions can occupy, and the charges around them. */
export interface OrderingRequest {
  readonly box: Box
  /** True with vacuum along z. */
  readonly slab: boolean
  /** Sites to choose from, Å. */
  readonly candidates: readonly Vector[]
  /** Charge of an ion on a candidate site, e. */
  readonly charge: number
  /** Number of candidates to fill. */
  readonly filled: number
  readonly surroundings: readonly PointCharge[]
  readonly random: RandomSequence
}

/** The occupation of lowest energy that a search found. */
export interface ChargeOrdering {
  /** Candidates that are filled, ascending. */
  readonly filled: readonly number[]
  /** Coulomb energy of the chosen ions with each other and with the surroundings, eV. */
  readonly energy_eV: number
  /** Mean and lowest energy of the random fillings that the search starts from, eV. */
  readonly random_eV: { readonly mean: number; readonly lowest: number }
  /** Number of searches, and number of those that ended at the lowest energy. */
  readonly starts: number
  readonly hits: number
}

const STARTS = 16
const KICKS = 200
/** Largest number of candidates whose occupation one kick shuffles. */
const LARGEST_KICK = 16
/** Difference below which energies count as equal, eV. */
const EQUAL_EV = 1e-6

/**
 * Searches the occupation of lowest Coulomb energy by iterated local search from seeded random occupations. The result may
 * not be the global minimum: `hits` is the number of searches that ended at this energy.
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
  /** [size] energy of an ion with the surroundings, eV */
  readonly alone: Float64Array
  /** [size·size] energy of two ions, eV; on the diagonal twice that of an ion with its images */
  readonly pair: Float64Array
}

interface State {
  readonly filled: number[]
  readonly empty: number[]
  /** [size] energy of an ion on each candidate with the surroundings and the other ions, eV */
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

/** Energy change when the m-th ion moves to the n-th empty site, eV. */
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
 * Improves a state by iterated local search: shuffles the occupation of some neighbouring candidates, swaps ions with
 * empty sites while this lowers the energy, and keeps the result if its energy is lower.
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

/** All candidates in order of distance, for each candidate. */
function neighborsOf({ box, candidates }: OrderingRequest): number[][] {
  return candidates.map(a => {
    const distances = candidates.map(b => norm(nearestImage(box, subtract(b, a))))
    return candidates.map((_, j) => j).toSorted((i, j) => distances[i]! - distances[j]! || i - j)
  })
}

/** Makes the swap that lowers the energy most, until no swap lowers it. */
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

export interface PointCharge {
  /** Å */
  readonly position: Vector
  /** e */
  readonly charge: number
}

export interface UnitChargeEnergies {
  /** [C] energy of a unit charge at each candidate in the field of the surroundings, eV. */
  readonly field: Float64Array
  /** [C·C] energy of two unit charges with all images, eV; on the diagonal twice that of one charge with its images. */
  readonly pair: Float64Array
}

const CUTOFF_A = 9
const ACCURACY = 1e-7

/**
 * Ewald energies of pairs of unit charges, with a neutralising background if charges do not cancel. With vacuum
 * along z the correction of Yeh & Berkowitz is added in its form for charged cells, −2πC/V·½ΣΣqq′(z − z′)² (Ballenegger,
 * Arnold & Cerdà 2009, https://doi.org/10.1063/1.3216473). Only fillings with the same number of charges can be compared.
 */
export function unitChargeEnergies(request: {
  readonly box: Box
  readonly slab: boolean
  readonly candidates: readonly Vector[]
  readonly surroundings: readonly PointCharge[]
}): UnitChargeEnergies {
  const { box, slab, candidates, surroundings } = request
  const size = candidates.length
  const charges = Float64Array.from([...candidates.map(() => 1), ...surroundings.map(({ charge }) => charge)])
  const method = ewaldMethod({ name: 'ewald', box, charges, cutoff_A: CUTOFF_A, accuracy: ACCURACY })
  if (method.name !== 'ewald') throw new TypeError(method.name)
  const { alpha_per_A: alpha, kCutoff_per_A } = method
  const near = shortRange(box, alpha)
  const background = -Math.PI / (alpha * alpha * box.volume)
  const slabTerm = (a: Vector, b: Vector) => (slab ? (-2 * Math.PI * (a[2] - b[2]) ** 2) / box.volume : 0)

  const field = Float64Array.from(candidates, a =>
    surroundings.reduce(
      (sum, { position: b, charge }) => sum + charge * (near(subtract(a, b)) + background + slabTerm(a, b)),
      0,
    ),
  )
  const pair = new Float64Array(size * size)
  candidates.forEach((a, i) => {
    candidates.slice(0, i).forEach((b, j) => {
      pair[i * size + j] = near(subtract(a, b)) + background + slabTerm(a, b)
    })
    pair[i * size + i] = near([0, 0, 0]) + background - (2 * alpha) / Math.sqrt(Math.PI)
  })
  const phases = new Float64Array(2 * size)
  for (const { k, weight } of halfOfReciprocalSpace(box, alpha, kCutoff_per_A)) {
    candidates.forEach((a, i) => {
      phases[2 * i] = Math.cos(dot(k, a))
      phases[2 * i + 1] = Math.sin(dot(k, a))
    })
    let [re, im] = [0, 0]
    for (const { position, charge } of surroundings) {
      re += charge * Math.cos(dot(k, position))
      im += charge * Math.sin(dot(k, position))
    }
    for (let i = 0; i < size; i++) {
      const [c, s] = [phases[2 * i]!, phases[2 * i + 1]!]
      field[i] = field[i]! + weight * (c * re + s * im)
      for (let j = 0; j <= i; j++) {
        const index = i * size + j
        pair[index] = pair[index]! + weight * (c * phases[2 * j]! + s * phases[2 * j + 1]!)
      }
    }
  }
  for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) pair[j * size + i] = pair[i * size + j]!
  const C = CODATA_2018.coulomb_eV_A
  return { field: field.map(value => value * C), pair: pair.map(value => value * C) }
}

/** Σ erfc(αr)/r over the periodic images of a displacement within the cut-off, without r = 0, 1/Å. */
function shortRange(box: Box, alpha: number): (displacement: Vector) => number {
  const images = imagesOf(box, CUTOFF_A)
  return displacement => {
    const r0 = nearestImage(box, displacement)
    let sum = 0
    for (const image of images) {
      const r = Math.hypot(r0[0] + image[0], r0[1] + image[1], r0[2] + image[2])
      if (r < CUTOFF_A && r > 1e-9) sum += erfc(alpha * r) / r
    }
    return sum
  }
}

/** One vector of each pair k and −k, with the weight 2 · 4π/V · e^{−k²/4α²}/k². */
function halfOfReciprocalSpace(box: Box, alpha: number, cutoff: number): { k: Vector; weight: number }[] {
  const lengths = [0, 1, 2].map(i => Math.hypot(...[0, 1, 2].map(k => box.matrix[3 * i + k]!)))
  const [na, nb, nc] = lengths.map(length => Math.ceil((cutoff * length) / (2 * Math.PI))) as [
    number,
    number,
    number,
  ]
  const vectors: { k: Vector; weight: number }[] = []
  for (let a = 0; a <= na; a++) {
    for (let b = -nb; b <= nb; b++) {
      for (let c = -nc; c <= nc; c++) {
        if (a === 0 && (b < 0 || (b === 0 && c <= 0))) continue
        const k = vector(
          axis =>
            2 *
            Math.PI *
            (box.inverse[3 * axis]! * a + box.inverse[3 * axis + 1]! * b + box.inverse[3 * axis + 2]! * c),
        )
        const squared = dot(k, k)
        if (squared > cutoff * cutoff) continue
        const weight = ((8 * Math.PI) / (box.volume * squared)) * Math.exp(-squared / (4 * alpha * alpha))
        vectors.push({ k, weight })
      }
    }
  }
  return vectors
}
