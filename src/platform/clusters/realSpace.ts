import type { Box } from '../../core/box.ts'
import type { System } from '../../core/system.ts'
import { tailTimesVolume } from '../../forces/pair.ts'
import { addSymmetric } from '../reference/nonbonded.ts'
import type { Crew } from '../wasm/crew.ts'
import type { NonbondedExports } from '../wasm/exports.ts'
import type { Kernels } from '../wasm/kernels.ts'
import type { Arena } from '../wasm/memory.ts'
import { type Clusters, createClusters, type ListKind } from './clusters.ts'
import {
  ADDRESSES,
  type NonbondedModel,
  type NonbondedTerms,
  nonbondedModel,
  nonbondedTerms,
  PARAMETER_BYTES,
  SCALE,
} from './coefficients.ts'
import { createSpecialPairs } from './specialPairs.ts'

export interface Skins {
  /** Extra reach of the list of cluster pairs, Å: how far atoms may move before atoms are sorted anew. */
  readonly skin_A?: number | undefined
  /** Extra reach of the list that is walked in each evaluation, Å: how far before it is cut out anew. */
  readonly innerSkin_A?: number | undefined
}

const DEFAULT_SKIN_A = 2
const DEFAULT_INNER_SKIN_A = 0.6

/** Doubles that kernels add to. */
export const SUMS = 8
export type Sums = readonly [
  pair: number,
  coulomb: number,
  xx: number,
  xy: number,
  xz: number,
  yy: number,
  yz: number,
  zz: number,
]

/**
 * Pair and Coulomb terms in real space without the walk over the list of cluster pairs, which some processor does in its
 * own way: coefficients, lists that follow the atoms, pairs that lists leave out, corrections.
 */
export interface RealSpace {
  readonly terms: NonbondedTerms
  readonly model: NonbondedModel
  readonly clusters: Clusters
  /** Address of what the kernels read of the model. */
  readonly parameters: number
  /** Longest cut-off of any term, Å; 0 when nothing is non-bonded: `prepare` then does nothing. */
  readonly cutoff_A: number
  /**
   * Reads the positions, and makes lists anew where they have moved beyond the reach of those that there are.
   * @throws SimulationError naming the first atom whose position is not finite
   */
  prepare(box: Box): Promise<void>
  /** Adds the pairs that lists leave out to forces. @param forces address of [3N] f64, eV/Å */
  addSpecialPairs(forces: number, energy: boolean): void
  /**
   * Adds what is rare or of the system as a whole to forces, and where energies are wanted the virial.
   * @param lists sums over the lists, zeros where energies are not wanted
   * @returns energies of all, eV; zeros unless they are wanted
   */
  correct(
    box: Box,
    forces: number,
    virial: Float64Array,
    energy: boolean,
    lists: Sums,
  ): { pair: number; coulomb: number }
  /** Drops the lists: the next evaluation sorts atoms anew. */
  forget(): void
  /** How often lists were built and cut out. */
  readonly statistics: { readonly builds: number; readonly prunes: number }
}

/**
 * Of a system in any box; see `unsupportedTerms` for what is left.
 * @param positions address of [3N] f64, Å, unwrapped
 */
export function createRealSpace(
  system: System,
  positions: number,
  arena: Arena,
  { exports }: Kernels<NonbondedExports>,
  crew: Crew,
  { skin_A = DEFAULT_SKIN_A, innerSkin_A = DEFAULT_INNER_SKIN_A }: Skins,
  kind: ListKind,
): RealSpace {
  const terms = nonbondedTerms(system)
  const model = nonbondedModel(system, terms)
  const { atomCount } = system
  const { cutoff_A } = model
  const special = createSpecialPairs(system, terms, arena, exports)
  const clusters = createClusters(model, positions, atomCount, special, arena, exports, crew, kind)
  const tail = tailTimesVolume(system, terms.pairs)
  const parameters = placeParameters(arena, model.parameters, clusters)
  const statistics = { builds: 0, prunes: 0 }
  let builtIn: Box | undefined
  /** Growth of the box since the list was built: when it was pruned, and now. */
  let prunedAt = 1
  let scale = 1

  async function build(box: Box): Promise<void> {
    // Until it is whole there is none.
    builtIn = undefined
    await clusters.build(box, cutoff_A + skin_A, skin_A)
    builtIn = box
    scale = 1
    statistics.builds++
    await prune()
  }

  async function prune(): Promise<void> {
    await clusters.prune(cutoff_A + innerSkin_A, scale)
    prunedAt = scale
    statistics.prunes++
  }

  async function follow(box: Box): Promise<void> {
    const growth = builtIn && uniformGrowth(builtIn, box)
    if (growth === undefined || clusters.mayTurn) return build(box)
    scale = growth
    const moved = crew.book('neighbours', () => clusters.gather(scale))
    // Written so that a position that is not a number counts as stale: building then reports it.
    if (!(moved.sinceBuilt < scale * (cutoff_A + skin_A) - cutoff_A)) return build(box)
    if (!(moved.sincePruned < (scale / prunedAt) * (cutoff_A + innerSkin_A) - cutoff_A)) await prune()
  }

  async function prepare(box: Box): Promise<void> {
    if (!(cutoff_A > 0)) return
    await follow(box)
    arena.f64(parameters + SCALE, 1)[0] = scale
  }

  function addSpecialPairs(forces: number, energy: boolean): void {
    if (!(cutoff_A > 0)) return
    arena.f64(special.work, SUMS).fill(0)
    special.evaluate(parameters, positions, scale, forces, energy)
  }

  function correct(box: Box, forces: number, virial: Float64Array, energy: boolean, lists: Sums) {
    if (!(cutoff_A > 0)) return { pair: 0, coulomb: 0 }
    const into = { forces: arena.f64(forces, 3 * atomCount), virial }
    const far = special.addFar(arena.f64(positions, 3 * atomCount), scale, into)
    if (!energy) return { pair: 0, coulomb: 0 }
    const own = arena.f64(special.work, SUMS)
    const [pair, coulomb, xx, xy, xz, yy, yz, zz] = lists.map((sum, k) => sum + own[k]!) as [...Sums]
    addSymmetric(virial, xx, xy, xz, yy, yz, zz)
    for (const k of [0, 4, 8]) virial[k]! += tail.virial / box.volume
    return { pair: pair + tail.energy / box.volume, coulomb: coulomb + far }
  }

  return {
    terms,
    model,
    clusters,
    parameters,
    cutoff_A,
    prepare,
    addSpecialPairs,
    correct,
    forget() {
      builtIn = undefined
    },
    statistics,
  }
}

function placeParameters(
  arena: Arena,
  numbers: ArrayBuffer,
  {
    clusters,
    rows,
    rowBytes,
    rowOffsets,
  }: { clusters: number; rows: number; rowBytes: number; rowOffsets: number },
): number {
  const parameters = arena.allocate(PARAMETER_BYTES)
  arena.i32(parameters, numbers.byteLength / 4).set(new Int32Array(numbers))
  const laneMasks = arena.allocate(16 * 16)
  const lanes = arena.i32(laneMasks, 64)
  lanes.forEach((_, k) => {
    lanes[k] = (k >> 2) & (1 << (k & 3)) ? -1 : 0
  })
  arena.i32(parameters + ADDRESSES, 5).set([clusters, rows, rowBytes, rowOffsets, laneMasks])
  return parameters
}

/**
 * Factor by which a box has grown if its shape is still the same, to rounding: atoms may be many cells away, and are
 * then as far off as the shape is times the number of cells. Undefined otherwise.
 */
function uniformGrowth(from: Box, to: Box): number | undefined {
  if (from === to) return 1
  const scale = Math.cbrt(to.volume / from.volume)
  const changed = to.matrix.some((v, k) => Math.abs(v - scale * from.matrix[k]!) > 1e-13 * Math.abs(v))
  return changed ? undefined : scale
}
