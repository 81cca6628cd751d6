import type { CoulombForce, PairForce } from '../../core/force.ts'
import type { System } from '../../core/system.ts'
import { specialPairs } from '../../core/topology.ts'
import { screenedEnergy, screenedForceOverR } from '../../forces/coulomb.ts'
import { type Accumulator, addSymmetric } from '../reference/nonbonded.ts'
import type { NonbondedExports } from '../wasm/exports.ts'
import type { Arena } from '../wasm/memory.ts'
import type { MaskedPairs } from './clusters.ts'
import type { NonbondedTerms } from './coefficients.ts'
import { rowLayout, rowNumbers } from './rows.ts'

/** Pairs treated alike, filled up to a multiple of four by pairs without parameters. */
interface Group {
  readonly kernel: 'excludedPairs' | 'scaledPairs'
  /** Range in the arrays of all special pairs; `to` counts what fills it up, `end` does not. */
  readonly from: number
  readonly end: number
  readonly to: number
  /** Address of vectors of four pairs, and how many these have. */
  readonly coefficients: number
  readonly width: number
}

export interface SimdSpecialPairs extends MaskedPairs {
  /** Adds to energies and virial at `work`, and forces to [3N] f64. @param parameters address of the kernels' */
  evaluate(parameters: number, positions: number, scale: number, forces: number, energy: boolean): void
  /** Workspace of all non-bonded kernels; it starts with what they add to: pair, Coulomb, virial xx xy xz yy yz zz. */
  readonly work: number
  /** What of an Ewald sum's corrections lies beyond the polynomial: rare, exact. @returns Coulomb energy, eV */
  addFar(x: Float64Array, scale: number, into: Accumulator): number
}

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
    const width = kernel === 'excludedPairs' ? 2 : 2 + group[0]!.row.length
    const vectors = new Float32Array((all.length / 2 - from) * width)
    group.forEach(({ bare, screened, row }, k) => {
      const first = 4 * width * Math.floor(k / 4) + (k % 4)
      vectors[first] = bare
      vectors[first + 4] = screened
      for (let c = 2; c < width; c++) vectors[first + 4 * c] = row[c - 2]!
    })
    const address = arena.allocate(vectors.byteLength)
    arena.f32(address, vectors.length).set(vectors)
    groups.push({ kernel, from, end, to: all.length / 2, coefficients: address, width })
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
    for (const { kernel, from, to, coefficients, width } of groups) {
      // Kernels index coefficients by pair: the address at which pair 0 would have its own.
      const first = coefficients - 4 * width * from
      kernels[`${kernel}${energy ? 'Energy' : 'Force'}`](
        ...[parameters, from, to, pairs, apart, translations, first, positions, scale, forces, work],
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
        energy += addExact(k, group, x, scale, into)
      }
    }
    return energy
  }

  function addExact(
    k: number,
    { from, coefficients, width }: Group,
    x: Float64Array,
    scale: number,
    into: Accumulator,
  ) {
    if (coulomb?.method.name !== 'ewald' && coulomb?.method.name !== 'pme') return 0
    const vectors = coefficients + 4 * (4 * width * Math.floor((k - from) / 4) + ((k - from) % 4))
    const bare = arena.f32(vectors, 1)[0]!
    const screened = arena.f32(vectors + 16, 1)[0]!
    const [i, j] = [...arena.i32(pairs + 8 * k, 2)].map(atom => 3 * atom) as [number, number]
    const away = arena.i32(apart, count)[k]! * scale
    const shift = arena.f64(translations, 3 * count)
    const d = [0, 1, 2].map(c => x[i + c]! - x[j + c]! + away * shift[3 * k + c]!) as [number, number, number]
    const r = Math.hypot(...d)
    const alpha = coulomb.method.alpha_per_A
    const gaussian = Math.exp(-((alpha * r) ** 2))
    const e = screenedEnergy(r, alpha, gaussian)
    const smooth = screenedForceOverR(r, alpha, gaussian, e) - r ** -3
    const f = bare * r ** -3 + screened * smooth
    const [gx, gy, gz] = d.map(v => f * v) as [number, number, number]
    for (const [c, g] of [gx, gy, gz].entries()) {
      into.forces[i + c]! += g
      into.forces[j + c]! -= g
    }
    addSymmetric(into.virial, gx * d[0], gx * d[1], gx * d[2], gy * d[1], gy * d[2], gz * d[2])
    return bare / r + screened * (e - 1 / r)
  }

  return { count, pairs, apart, translations, work, evaluate, addFar }
}

export interface SpecialPair {
  readonly i: number
  readonly j: number
  /** Factor of 1/r and of the screening, eV·Å. */
  readonly bare: number
  readonly screened: number
  /** General row, shared by all pairs of the same types and separation. */
  readonly row: readonly number[]
}

/** More than any number of bonds between special pairs. */
const SEPARATIONS = 4

/** By what is left of them. */
export function sortPairs(system: System, { pairs, coulomb }: NonbondedTerms) {
  const special = specialPairs(system.topology, system.atomCount)
  const typeCount = system.typeNames.length
  const layout = rowLayout(pairs)
  /** By types and bonds in between. */
  const rows = new Map<number, number[]>()
  const result = {
    excludedPairs: [] as SpecialPair[],
    scaledPairs: [] as SpecialPair[],
    /** Nothing is left of these. */
    masked: [] as SpecialPair[],
  }
  special.separation.forEach((bonds, k) => {
    const factorOf = (term: PairForce | CoulombForce) => term.special[bonds - 1] ?? 1
    const chargeFactor = coulomb ? factorOf(coulomb) : 1
    if (chargeFactor === 1 && pairs.every(term => factorOf(term) === 1)) return
    const [i, j] = [special.pairs[2 * k]!, special.pairs[2 * k + 1]!]
    const product = charge(coulomb, system, i, j)
    const damped = coulomb !== undefined && coulomb.method.name !== 'cut'
    const pairType = system.typeIndex[i]! * typeCount + system.typeIndex[j]!
    const bare = chargeFactor * product
    const screened = damped ? product : 0
    const key = SEPARATIONS * pairType + bonds
    const row = rows.get(key) ?? rowNumbers(pairs, pairType, layout, factorOf)
    rows.set(key, row)
    const pairCounts = pairs.some(term => term.cutoffs[pairType]! > 0 && factorOf(term) !== 0)
    const group = pairCounts || bare !== 0 ? 'scaledPairs' : screened !== 0 ? 'excludedPairs' : 'masked'
    result[group].push({ i, j, bare, screened, row })
  })
  return result
}

const charge = (coulomb: CoulombForce | undefined, { charges }: System, i: number, j: number) =>
  (coulomb?.constant_eV_A ?? 0) * charges[i]! * charges[j]!
