import type { Box } from '../../core/box.ts'
import type { System } from '../../core/system.ts'
import { type Accumulator, addSymmetric } from '../reference/nonbonded.ts'
import type { Arena } from './arena.ts'
import { type ClusterList, createClusters } from './clusters.ts'
import {
  ADDRESSES,
  nonbondedModel,
  nonbondedTerms,
  PARAMETER_BYTES,
  SCALE,
  tailTimesVolume,
} from './coefficients.ts'
import type { NonbondedExports } from './exports.ts'
import type { Kernels } from './kernels.ts'
import { createSpecialPairs } from './specialPairs.ts'

export { unsupportedTerms } from './coefficients.ts'

export interface SimdNonbondedOptions {
  /** Extra reach of the list of cluster pairs, Å: how far atoms may move before atoms are sorted anew. */
  readonly skin_A?: number
  /** Extra reach of the list that is walked in each evaluation, Å: how far before it is cut out anew. */
  readonly innerSkin_A?: number
}

const DEFAULT_SKIN_A = 2
const DEFAULT_INNER_SKIN_A = 0.6

export interface SimdNonbonded {
  /** Longest cut-off of any term, Å; 0 when nothing is non-bonded. */
  readonly cutoff_A: number
  /**
   * Adds forces, and the virial where it is wanted. Of positions beyond the reach of lists it decides itself.
   * @param positions [3N] Å, unwrapped
   * @returns energies, eV; zeros unless energies are wanted
   * @throws SimulationError naming the first atom whose position is not finite
   */
  evaluate(
    box: Box,
    positions: Float64Array,
    into: Accumulator,
    want: { readonly energy: boolean; readonly virial: boolean },
  ): { pair: number; coulomb: number }
  /** Drops the lists: the next evaluation sorts atoms anew. */
  forget(): void
  /** How often lists were built and cut out, and cluster pairs in the list that is walked. */
  readonly statistics: { readonly builds: number; readonly prunes: number; readonly clusterPairs: number }
}

/** Lennard-Jones and Coulomb terms of a system in real space, in any box; see `unsupportedTerms` for what is left. */
export function createSimdNonbonded(
  system: System,
  arena: Arena,
  kernels: Kernels<NonbondedExports>,
  { skin_A = DEFAULT_SKIN_A, innerSkin_A = DEFAULT_INNER_SKIN_A }: SimdNonbondedOptions = {},
): SimdNonbonded {
  const terms = nonbondedTerms(system)
  const model = nonbondedModel(system, terms)
  const { atomCount } = system
  const { cutoff_A } = model
  const { exports } = kernels
  const special = createSpecialPairs(system, terms, arena, exports)
  const clusters = createClusters(model, atomCount, special, arena, exports)
  const tail = tailTimesVolume(system, terms.lennardJones)
  const parameters = placeParameters(arena, model.parameters, clusters)
  const forces = arena.allocate(24 * atomCount)
  const { work } = special
  const statistics = { builds: 0, prunes: 0 }
  let builtIn: Box | undefined

  function build(box: Box): void {
    clusters.build(box, cutoff_A + skin_A)
    builtIn = box
    statistics.builds++
    prune(1)
  }

  function prune(scale: number): void {
    clusters.prune(cutoff_A + innerSkin_A, scale)
    prunedAt = scale
    statistics.prunes++
  }
  let prunedAt = 1

  /** Positions into clusters, and lists made anew where need be. @returns growth of the box since the list was built */
  function prepare(box: Box): number {
    const scale = builtIn && uniformGrowth(builtIn, box)
    if (scale === undefined) {
      build(box)
      return 1
    }
    const moved = clusters.gather(scale)
    // Written so that a position that is not a number counts as stale: building then reports it.
    if (!(moved.sinceBuilt < scale * (cutoff_A + skin_A) - cutoff_A)) {
      build(box)
      return 1
    }
    if (!(moved.sincePruned < (scale / prunedAt) * (cutoff_A + innerSkin_A) - cutoff_A)) prune(scale)
    return scale
  }

  function evaluate(
    box: Box,
    positions: Float64Array,
    into: Accumulator,
    want: { readonly energy: boolean; readonly virial: boolean },
  ) {
    if (!(cutoff_A > 0)) return { pair: 0, coulomb: 0 }
    arena.f64(clusters.positions, 3 * atomCount).set(positions)
    const scale = prepare(box)
    arena.f64(parameters + SCALE, 1)[0] = scale
    arena.f32(clusters.forces, 16 * clusters.count).fill(0)
    const atomForces = arena.f64(forces, 3 * atomCount).fill(0)
    const total = arena.f64(work, 8).fill(0)
    const all = want.energy || want.virial
    walk('', clusters.inner.plain, all)
    walk('Masked', clusters.inner.masked, all)
    special.evaluate(parameters, clusters.positions, scale, forces, all)
    clusters.scatter(forces)
    for (let k = 0; k < atomForces.length; k++) into.forces[k]! += atomForces[k]!
    const far = special.addFar(positions, scale, into)
    if (!all) return { pair: 0, coulomb: 0 }
    const [pair, coulomb, xx, xy, xz, yy, yz, zz] = total as unknown as Sums
    addSymmetric(into.virial, xx, xy, xz, yy, yz, zz)
    for (const k of [0, 4, 8]) into.virial[k]! += tail.virial / box.volume
    return { pair: pair + tail.energy / box.volume, coulomb: coulomb + far }
  }

  function walk(section: '' | 'Masked', list: ClusterList, energy: boolean): void {
    exports[`${model.kind}${section}${energy ? 'Energy' : 'Force'}`](
      ...[parameters, list.entries, 0, list.entryCount, list.js, clusters.forces, work],
    )
  }

  return {
    cutoff_A,
    evaluate,
    forget: () => {
      builtIn = undefined
    },
    get statistics() {
      const { plain, masked } = clusters.inner
      return { ...statistics, clusterPairs: plain.count + masked.count }
    },
  }
}

type Sums = [
  pair: number,
  coulomb: number,
  xx: number,
  xy: number,
  xz: number,
  yy: number,
  yz: number,
  zz: number,
]

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

/** Factor by which a box has grown if its shape is still the same, as in the reference; undefined otherwise. */
function uniformGrowth(from: Box, to: Box): number | undefined {
  if (from === to) return 1
  const scale = Math.cbrt(to.volume / from.volume)
  const changed = to.matrix.some((v, k) => Math.abs(v - scale * from.matrix[k]!) > 1e-9 * Math.abs(v))
  return changed ? undefined : scale
}
