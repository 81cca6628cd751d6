import type { CoulombForce } from '../../core/force.ts'
import type { System } from '../../core/system.ts'
import { specialPairs } from '../../core/topology.ts'
import { screenedEnergy, screenedForceOverR } from '../../forces/coulomb.ts'
import { type Accumulator, addSymmetric } from '../reference/nonbonded.ts'
import type { Arena } from './arena.ts'
import type { MaskedPairs } from './clusters.ts'
import { lennardJonesNumbers, type NonbondedTerms } from './coefficients.ts'
import type { NonbondedExports } from './exports.ts'

/** Pairs treated alike, filled up to a multiple of four by pairs without parameters. */
interface Group {
  readonly kernel: 'excludedPairs' | 'scaledPairs'
  /** Range in the arrays of all special pairs; `to` counts what fills it up, `end` does not. */
  readonly from: number
  readonly end: number
  readonly to: number
  /** Address of vectors of four pairs: 2 per four excluded pairs, 6 per four scaled ones. */
  readonly coefficients: number
}

export interface SimdSpecialPairs extends MaskedPairs {
  /** Adds to energies and virial at `work`, and forces to [3N] f64. @param parameters address of the kernels' */
  evaluate(parameters: number, positions: number, scale: number, forces: number, energy: boolean): void
  /** Workspace of all non-bonded kernels; it starts with what they add to: pair, Coulomb, virial xx xy xz yy yz zz. */
  readonly work: number
  /** What of an Ewald sum's corrections lies beyond the polynomial: rare, exact. @returns Coulomb energy, eV */
  addFar(x: Float64Array, scale: number, into: Accumulator): number
}

/** Numbers of one pair: factor of 1/r and of the screening, then as `lennardJonesNumbers`. */
type Coefficients = readonly number[]
const FAR_LIST = 384

/**
 * Pairs to which some term applies a factor other than 1. They are masked in the pair list and computed here: excluded
 * ones (all that is left is what screening adds to reciprocal space) and scaled ones.
 */
export function createSpecialPairs(
  system: System,
  terms: NonbondedTerms,
  arena: Arena,
  kernels: NonbondedExports,
): SimdSpecialPairs {
  const sorted = sortPairs(system, terms)
  const all: number[] = []
  const groups: Group[] = []
  for (const kernel of ['excludedPairs', 'scaledPairs'] as const) {
    const group = sorted[kernel]
    if (group.length === 0) continue
    const from = all.length / 2
    for (const { i, j } of group) all.push(i, j)
    const end = all.length / 2
    while ((all.length / 2) % 4 !== 0) all.push(group.at(-1)!.i, group.at(-1)!.j)
    const width = kernel === 'excludedPairs' ? 2 : 6
    const vectors = new Float32Array((all.length / 2 - from) * width)
    group.forEach(({ coefficients }, k) => {
      for (let c = 0; c < width; c++) {
        vectors[4 * (width * Math.floor(k / 4) + c) + (k % 4)] = coefficients[c]!
      }
    })
    const address = arena.allocate(vectors.byteLength)
    arena.f32(address, vectors.length).set(vectors)
    groups.push({ kernel, from, end, to: all.length / 2, coefficients: address })
  }
  for (const { i, j } of sorted.masked) all.push(i, j)

  const count = all.length / 2
  const pairs = arena.allocate(4 * all.length)
  arena.i32(pairs, all.length).set(all)
  const apart = arena.allocate(4 * count)
  const translations = arena.allocate(24 * count)
  const work = arena.allocate(FAR_LIST + 2 * count)
  const { coulomb } = terms
  const mayBeFar = coulomb?.method.name === 'ewald' || coulomb?.method.name === 'pme'

  function evaluate(parameters: number, positions: number, scale: number, forces: number, energy: boolean) {
    arena.i32(work + 64, 1)[0] = 0
    for (const { kernel, from, to, coefficients } of groups) {
      kernels[`${kernel}${energy ? 'Energy' : 'Force'}`](
        ...[parameters, from, to, pairs, apart, translations, coefficients - vectorsBefore(kernel, from)],
        ...[positions, scale, forces, work],
      )
    }
  }

  function addFar(x: Float64Array, scale: number, into: Accumulator): number {
    const fours = arena.i32(work + 64, 1)[0]!
    if (!mayBeFar || fours === 0) return 0
    const list = arena.i32(work + FAR_LIST, 2 * fours)
    let energy = 0
    for (let n = 0; n < fours; n++) {
      for (let lane = 0; lane < 4; lane++) {
        const k = list[2 * n]! + lane
        const group = groups.find(({ from, end }) => k >= from && k < end)
        if (!group || (list[2 * n + 1]! >> lane) & 1) continue
        energy += addExact(k, sorted[group.kernel][k - group.from]!.coefficients, x, scale, into)
      }
    }
    return energy
  }

  function addExact(
    k: number,
    [bare, screened]: Coefficients,
    x: Float64Array,
    scale: number,
    into: Accumulator,
  ) {
    if (coulomb?.method.name !== 'ewald' && coulomb?.method.name !== 'pme') return 0
    const [i, j] = [3 * all[2 * k]!, 3 * all[2 * k + 1]!]
    const away = arena.i32(apart, count)[k]! * scale
    const shift = arena.f64(translations, 3 * count)
    const d = [0, 1, 2].map(c => x[i + c]! - x[j + c]! + away * shift[3 * k + c]!) as [number, number, number]
    const r = Math.hypot(...d)
    const alpha = coulomb.method.alpha_per_A
    const gaussian = Math.exp(-((alpha * r) ** 2))
    const e = screenedEnergy(r, alpha, gaussian)
    const smooth = screenedForceOverR(r, alpha, gaussian, e) - r ** -3
    const f = bare! * r ** -3 + screened! * smooth
    const [gx, gy, gz] = d.map(v => f * v) as [number, number, number]
    for (const [c, g] of [gx, gy, gz].entries()) {
      into.forces[i + c]! += g
      into.forces[j + c]! -= g
    }
    addSymmetric(into.virial, gx * d[0], gx * d[1], gx * d[2], gy * d[1], gy * d[2], gz * d[2])
    return bare! / r + screened! * (e - 1 / r)
  }

  return { count, pairs, apart, translations, work, evaluate, addFar }
}

/** Kernels index coefficients by pair: the address at which pair 0 would have its own. */
const vectorsBefore = (kernel: Group['kernel'], from: number) =>
  (from / 4) * (kernel === 'excludedPairs' ? 32 : 96)

interface SpecialPair {
  readonly i: number
  readonly j: number
  readonly coefficients: Coefficients
}

function sortPairs(system: System, { lennardJones, coulomb }: NonbondedTerms) {
  const special = specialPairs(system.topology, system.atomCount)
  const typeCount = system.typeNames.length
  const result = {
    excludedPairs: [] as SpecialPair[],
    scaledPairs: [] as SpecialPair[],
    /** Nothing is left of these. */
    masked: [] as SpecialPair[],
  }
  special.separation.forEach((bonds, k) => {
    const pairFactor = lennardJones?.special[bonds - 1] ?? 1
    const chargeFactor = coulomb?.special[bonds - 1] ?? 1
    if (pairFactor === 1 && chargeFactor === 1) return
    const [i, j] = [special.pairs[2 * k]!, special.pairs[2 * k + 1]!]
    const product = charge(coulomb, system, i, j)
    const damped = coulomb !== undefined && coulomb.method.name !== 'cut'
    const [c6, c12, cutoff2, shift6] = lennardJonesNumbers(
      lennardJones,
      system.typeIndex[i]! * typeCount + system.typeIndex[j]!,
    ) as [number, number, number, number]
    const bare = chargeFactor * product
    const screened = damped ? product : 0
    const coefficients = [bare, screened, pairFactor * c6, pairFactor * c12, cutoff2, shift6]
    const pairCounts = pairFactor !== 0 && (c6 !== 0 || c12 !== 0)
    const group = pairCounts || bare !== 0 ? 'scaledPairs' : screened !== 0 ? 'excludedPairs' : 'masked'
    result[group].push({ i, j, coefficients })
  })
  return result
}

const charge = (coulomb: CoulombForce | undefined, { charges }: System, i: number, j: number) =>
  (coulomb?.constant_eV_A ?? 0) * charges[i]! * charges[j]!
