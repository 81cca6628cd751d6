import type { Box } from '../../core/box.ts'
import type { System } from '../../core/system.ts'
import { addSymmetric } from '../reference/nonbonded.ts'
import type { Arena } from './arena.ts'
import { createClusters } from './clusters.ts'
import {
  ADDRESSES,
  nonbondedModel,
  nonbondedTerms,
  PARAMETER_BYTES,
  SCALE,
  tailTimesVolume,
} from './coefficients.ts'
import type { Call, Crew, Job } from './crew.ts'
import type { NonbondedExports } from './exports.ts'
import type { Kernels } from './kernels.ts'
import type { ClusterList } from './lists.ts'
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
   * Reads the positions, and makes lists anew where they have moved beyond the reach of those that there are.
   * @throws SimulationError naming the first atom whose position is not finite
   */
  prepare(box: Box): Promise<void>
  /** What is to be done until `collect`, by any thread and in any order. */
  jobs(energy: boolean): readonly Job[]
  /** Adds the pairs that lists leave out to forces, in the meantime. @param forces address of [3N] f64, eV/Å */
  addSpecialPairs(forces: number, energy: boolean): void
  /**
   * Adds forces of lists, and the virial where energies are wanted.
   * @returns energies, eV; zeros unless they are wanted
   */
  collect(
    box: Box,
    forces: number,
    virial: Float64Array,
    energy: boolean,
  ): Promise<{ pair: number; coulomb: number }>
  /** Drops the lists: the next evaluation sorts atoms anew. */
  forget(): void
  /** How often lists were built and cut out, and cluster pairs in the lists that are walked. */
  readonly statistics: { readonly builds: number; readonly prunes: number; readonly clusterPairs: number }
}

/**
 * Pair and Coulomb terms of a system in real space, in any box; see `unsupportedTerms` for what is left.
 * @param positions address of [3N] f64, Å, unwrapped
 */
export function createSimdNonbonded(
  system: System,
  positions: number,
  arena: Arena,
  { exports }: Kernels<NonbondedExports>,
  crew: Crew,
  { skin_A = DEFAULT_SKIN_A, innerSkin_A = DEFAULT_INNER_SKIN_A }: SimdNonbondedOptions = {},
): SimdNonbonded {
  const terms = nonbondedTerms(system)
  const model = nonbondedModel(system, terms)
  const { atomCount } = system
  const { cutoff_A } = model
  const special = createSpecialPairs(system, terms, arena, exports)
  const clusters = createClusters(model, positions, atomCount, special, arena, exports, crew)
  const { lists } = clusters
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
    await clusters.build(box, cutoff_A + skin_A)
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

  async function prepare(box: Box): Promise<void> {
    if (!(cutoff_A > 0)) return
    const growth = builtIn && uniformGrowth(builtIn, box)
    if (growth === undefined) return build(box)
    scale = growth
    const moved = crew.book('neighbours', () => clusters.gather(scale))
    // Written so that a position that is not a number counts as stale: building then reports it.
    if (!(moved.sinceBuilt < scale * (cutoff_A + skin_A) - cutoff_A)) return build(box)
    if (!(moved.sincePruned < (scale / prunedAt) * (cutoff_A + innerSkin_A) - cutoff_A)) await prune()
  }

  function jobs(energy: boolean): readonly Job[] {
    if (!(cutoff_A > 0)) return []
    arena.f64(parameters + SCALE, 1)[0] = scale
    return lists.parts.map(({ inner, forces, touched, work }): Job => {
      const walk = (section: '' | 'Masked', { entries, entryCount, js }: ClusterList): Call => ({
        kernel: `${model.kind}${section}${energy ? 'Energy' : 'Force'}`,
        args: [parameters, entries, 0, entryCount, js, forces, work],
      })
      const clear = { kernel: 'clearPart', args: [work, forces, touched, lists.patches] }
      return { part: 'pair', calls: [clear, walk('', inner.plain), walk('Masked', inner.masked)] }
    })
  }

  function addSpecialPairs(forces: number, energy: boolean): void {
    if (!(cutoff_A > 0)) return
    arena.f64(special.work, SUMS).fill(0)
    special.evaluate(parameters, positions, scale, forces, energy)
  }

  async function collect(box: Box, forces: number, virial: Float64Array, energy: boolean) {
    if (!(cutoff_A > 0)) return { pair: 0, coulomb: 0 }
    crew.start(addingJobs(forces))
    await crew.finish()
    const into = { forces: arena.f64(forces, 3 * atomCount), virial }
    const far = special.addFar(arena.f64(positions, 3 * atomCount), scale, into)
    if (!energy) return { pair: 0, coulomb: 0 }
    const [pair, coulomb, xx, xy, xz, yy, yz, zz] = totals()
    addSymmetric(virial, xx, xy, xz, yy, yz, zz)
    for (const k of [0, 4, 8]) virial[k]! += tail.virial / box.volume
    return { pair: pair + tail.energy / box.volume, coulomb: coulomb + far }
  }

  function addingJobs(forces: number): readonly Job[] {
    const { parts, patches } = lists
    const ranges = Math.min(parts.length, patches)
    const edge = (k: number) => Math.round((patches * k) / ranges)
    return Array.from({ length: ranges }, (_, k): Job => {
      const from = [lists.forces, lists.forceBytes, lists.touched, patches]
      const args = [atomCount, clusters.order, parts.length, ...from, forces, edge(k), edge(k + 1)]
      return { part: 'pair', calls: [{ kernel: 'addForces', args }] }
    })
  }

  function totals(): Sums {
    const all = [...lists.parts, special].map(({ work }) => arena.f64(work, SUMS))
    return Array.from({ length: SUMS }, (_, k) => all.reduce((sum, sums) => sum + sums[k]!, 0)) as Sums
  }

  return {
    cutoff_A,
    prepare,
    jobs,
    addSpecialPairs,
    collect,
    forget: () => {
      builtIn = undefined
    },
    get statistics() {
      const clusterPairs = lists.parts.reduce(
        (sum, { inner }) => sum + inner.plain.count + inner.masked.count,
        0,
      )
      return { ...statistics, clusterPairs }
    },
  }
}

/** Doubles that kernels add to. */
const SUMS = 8
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
