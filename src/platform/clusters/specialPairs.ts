import type { CoulombForce, PairForce } from '../../core/force.ts'
import type { System } from '../../core/system.ts'
import { specialPairs } from '../../core/topology.ts'
import { screenedEnergy, screenedForceOverR } from '../../forces/coulomb.ts'
import { type Accumulator, addSymmetric } from '../reference/nonbonded.ts'
import { FAR, SPECIAL_PAIRS, SPECIAL_WORK } from '../wasm/layout.ts'
import type { Arena } from '../wasm/memory.ts'
import type { MaskedPairs, Workplace } from './clusters.ts'
import type { NonbondedTerms } from './coefficients.ts'
import { rowLayout, rowNumbers } from './rows.ts'

/** Pairs of one kernel, filled up to a multiple of four by pairs without parameters. */
interface Group {
  readonly kernel: 'excludedPairs' | 'scaledPairs'
  /** Range in the arrays of all special pairs: to `end`, with the pairs that fill it up to `to`. */
  readonly from: number
  readonly end: number
  readonly to: number
  /** Address of the vectors of four pairs, and the number of vectors per four. */
  readonly coefficients: number
  readonly width: number
}

export interface SimdSpecialPairs extends MaskedPairs {
  /** Adds energies and virial at `work`, and forces to [3N] f64. @param parameters address of a record of NONBONDED */
  evaluate(parameters: number, scale: number, forces: number, energy: boolean): void
  /** Address of a record of SPECIAL_WORK. */
  readonly work: number
  /** Adds the few pairs of an Ewald sum beyond the range of the polynomials, in double precision. @returns Coulomb energy, eV */
  addFar(x: Float64Array, scale: number, into: Accumulator): number
}

/**
 * Prepares the pairs to which some term applies a factor other than 1. They are masked in the pair list and computed
 * here: excluded ones, where screening alone is left to cancel reciprocal space, and scaled ones.
 */
export function createSpecialPairs(workplace: Workplace, terms: NonbondedTerms): SimdSpecialPairs {
  const { positions, arena } = workplace
  const kernels = workplace.kernels.exports
  const { groups, atoms } = placeGroups(sortPairs(workplace.system, terms), arena)
  const count = atoms.length / 2
  const pairs = arena.allocate(4 * atoms.length)
  arena.i32(pairs, atoms.length).set(atoms)
  const apart = arena.allocate(4 * count)
  const translations = arena.allocate(24 * count)
  const list = arena.allocate(SPECIAL_PAIRS.bytes)
  arena.write(SPECIAL_PAIRS, list, { pairs, apart, translations })
  const work = arena.allocate(SPECIAL_WORK.bytes + (FAR.bytes * count) / 4)
  const method = terms.coulomb?.method
  const alpha = method?.name === 'ewald' || method?.name === 'pme' ? method.alpha_per_A : undefined

  function evaluate(parameters: number, scale: number, forces: number, energy: boolean): void {
    arena.write(SPECIAL_WORK, work, { farCount: 0 })
    for (const { kernel, from, to, coefficients } of groups) {
      arena.write(SPECIAL_PAIRS, list, { coefficients })
      kernels[`${kernel}${energy ? 'Energy' : 'Force'}`](
        ...[parameters, list, from, to, positions, scale, forces, work],
      )
    }
  }

  function addFar(x: Float64Array, scale: number, into: Accumulator): number {
    const fours = arena.read(SPECIAL_WORK, work).farCount
    if (alpha === undefined) return 0
    let energy = 0
    for (let n = 0; n < fours; n++) {
      const { first, near } = arena.read(FAR, work + SPECIAL_WORK.bytes + FAR.bytes * n)
      for (let lane = 0; lane < 4; lane++) {
        const k = first + lane
        const group = groups.find(({ from, end }) => k >= from && k < end)
        if (!group || (near >> lane) & 1) continue
        energy += addExact(k, group, alpha, x, scale, into)
      }
    }
    return energy
  }

  /** Adds pair k of an Ewald sum in double precision. @returns energy, eV */
  function addExact(
    k: number,
    { from, coefficients, width }: Group,
    alpha_per_A: number,
    x: Float64Array,
    scale: number,
    into: Accumulator,
  ): number {
    const vectors = coefficients + 4 * (4 * width * Math.floor((k - from) / 4) + ((k - from) % 4))
    const bare = arena.f32(vectors, 1)[0]!
    const screened = arena.f32(vectors + 16, 1)[0]!
    const [i, j] = [...arena.i32(pairs + 8 * k, 2)].map(atom => 3 * atom) as [number, number]
    const away = arena.i32(apart, count)[k]! * scale
    const shift = arena.f64(translations, 3 * count)
    const d = [0, 1, 2].map(c => x[i + c]! - x[j + c]! + away * shift[3 * k + c]!) as [number, number, number]
    const r = Math.hypot(...d)
    const gaussian = Math.exp(-((alpha_per_A * r) ** 2))
    const e = screenedEnergy(r, alpha_per_A, gaussian)
    const smooth = screenedForceOverR(r, alpha_per_A, gaussian, e) - r ** -3
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

const KERNELS = ['excludedPairs', 'scaledPairs'] as const

/** Writes the coefficients of pairs, four pairs to a vector. @returns groups, and the atoms of all pairs, masked ones last */
function placeGroups(sorted: ReturnType<typeof sortPairs>, arena: Arena) {
  const atoms: number[] = []
  const groups: Group[] = []
  for (const kernel of KERNELS) {
    const group = sorted[kernel]
    if (group.length === 0) continue
    const from = atoms.length / 2
    for (const { i, j } of group) atoms.push(i, j)
    const end = atoms.length / 2
    while ((atoms.length / 2) % 4 !== 0) atoms.push(group.at(-1)!.i, group.at(-1)!.j)
    const width = kernel === 'excludedPairs' ? 2 : 2 + group[0]!.row.length
    const vectors = new Float32Array((atoms.length / 2 - from) * width)
    group.forEach(({ bare, screened, row }, k) => {
      const first = 4 * width * Math.floor(k / 4) + (k % 4)
      vectors[first] = bare
      vectors[first + 4] = screened
      for (let c = 2; c < width; c++) vectors[first + 4 * c] = row[c - 2]!
    })
    const coefficients = arena.allocate(vectors.byteLength)
    arena.f32(coefficients, vectors.length).set(vectors)
    groups.push({ kernel, from, end, to: atoms.length / 2, coefficients, width })
  }
  for (const { i, j } of sorted.masked) atoms.push(i, j)
  return { groups, atoms }
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

/** More than the number of bonds between the atoms of any special pair. */
const SEPARATIONS = 4

/** Sorts the special pairs by the part of the interaction that is left: screening alone, both, or none. */
export function sortPairs(system: System, { pairs, coulomb }: NonbondedTerms) {
  const special = specialPairs(system.topology, system.atomCount)
  const typeCount = system.typeNames.length
  const layout = rowLayout(pairs)
  /** Rows by the types of a pair and the number of bonds between its atoms. */
  const rows = new Map<number, number[]>()
  const result = {
    excludedPairs: [] as SpecialPair[],
    scaledPairs: [] as SpecialPair[],
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
