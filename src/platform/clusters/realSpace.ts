import type { Box } from '../../core/box.ts'
import { tailTimesVolume } from '../../forces/pair.ts'
import { addSymmetric } from '../reference/nonbonded.ts'
import { NONBONDED, SUMS } from '../wasm/layout.ts'
import type { Arena } from '../wasm/memory.ts'
import { type Clusters, createClusters, type ListKind, type Workplace } from './clusters.ts'
import { type NonbondedModel, type NonbondedTerms, nonbondedModel, nonbondedTerms } from './coefficients.ts'
import { createSpecialPairs } from './specialPairs.ts'

export interface Skins {
  /** Extra reach of the list of cluster pairs, Å: two atoms may together move so far before atoms are sorted anew. Default: 2. */
  readonly skin_A?: number | undefined
  /** Extra reach of the pruned list that each evaluation goes through, Å. Default: 0.6. */
  readonly innerSkin_A?: number | undefined
}

const DEFAULT_SKIN_A = 2
const DEFAULT_INNER_SKIN_A = 0.6

/** Sums that pair kernels add to, eV. */
export type Sums = Readonly<Record<keyof (typeof SUMS)['fields'], number>>
export const NO_SUMS: Sums = { pair: 0, coulomb: 0, xx: 0, xy: 0, xz: 0, yy: 0, yz: 0, zz: 0 }

/**
 * Pair and Coulomb terms in real space except the sum over the list of cluster pairs, which each platform computes in its
 * own way: coefficients, lists that follow the atoms, pairs that lists leave out, corrections.
 */
export interface RealSpace {
  readonly terms: NonbondedTerms
  readonly model: NonbondedModel
  readonly clusters: Clusters
  /** Address of the parameters of the pair kernels, a record of NONBONDED. */
  readonly parameters: number
  /** Longest cut-off of any term, Å; 0 without non-bonded terms: `prepare` then does nothing. */
  readonly cutoff_A: number
  /**
   * Reads the positions, and makes the lists anew where atoms have moved beyond their reach.
   * @throws SimulationError naming the first atom whose position is not finite
   */
  prepare(box: Box): Promise<void>
  /** Adds the pairs that lists leave out to forces. @param forces address of [3N] f64, eV/Å */
  addSpecialPairs(forces: number, energy: boolean): void
  /**
   * Adds pairs beyond the polynomials' range to forces and, where energies are wanted, the sums of all pairs and the tail to the virial.
   * @param lists sums over the lists, zeros where energies are not wanted
   * @returns energies of all pairs, eV; zeros unless they are wanted
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
  /** Numbers of times that lists were built and pruned. */
  readonly statistics: { readonly builds: number; readonly prunes: number }
}

/** @param kind kind of the list of cluster pairs; `unsupportedTerms` names the terms that are not computed */
export function createRealSpace(
  workplace: Workplace,
  { skin_A = DEFAULT_SKIN_A, innerSkin_A = DEFAULT_INNER_SKIN_A }: Skins,
  kind: ListKind,
): RealSpace {
  const { system, positions, arena, crew } = workplace
  const { atomCount } = system
  const terms = nonbondedTerms(system)
  const model = nonbondedModel(system, terms)
  const { cutoff_A } = model
  const special = createSpecialPairs(workplace, terms)
  const clusters = createClusters(workplace, model, special, kind)
  const tail = tailTimesVolume(system, terms.pairs)
  const parameters = placeParameters(arena, model, clusters)
  const statistics = { builds: 0, prunes: 0 }
  let builtIn: Box | undefined
  /** Growth of the box since the list was built: when it was pruned, and now. */
  let prunedAt = 1
  let scale = 1

  async function build(box: Box): Promise<void> {
    // While a list is built there is none: building may fail.
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
    arena.write(NONBONDED, parameters, { scale })
  }

  function addSpecialPairs(forces: number, energy: boolean): void {
    if (!(cutoff_A > 0)) return
    arena.u8(special.work, SUMS.bytes).fill(0)
    special.evaluate(parameters, scale, forces, energy)
  }

  function correct(box: Box, forces: number, virial: Float64Array, energy: boolean, lists: Sums) {
    if (!(cutoff_A > 0)) return { pair: 0, coulomb: 0 }
    const into = { forces: arena.f64(forces, 3 * atomCount), virial }
    const far = special.addFar(arena.f64(positions, 3 * atomCount), scale, into)
    if (!energy) return { pair: 0, coulomb: 0 }
    const own = arena.read(SUMS, special.work)
    const both = (name: keyof Sums) => lists[name] + own[name]
    addSymmetric(virial, both('xx'), both('xy'), both('xz'), both('yy'), both('yz'), both('zz'))
    for (const k of [0, 4, 8]) virial[k]! += tail.virial / box.volume
    return { pair: both('pair') + tail.energy / box.volume, coulomb: both('coulomb') + far }
  }

  return {
    ...{ terms, model, clusters, parameters, cutoff_A, prepare, addSpecialPairs, correct, statistics },
    forget() {
      builtIn = undefined
    },
  }
}

/** Writes the parameters of the pair kernels. @returns their address */
function placeParameters(arena: Arena, model: NonbondedModel, clusters: Clusters): number {
  const parameters = arena.allocate(NONBONDED.bytes)
  // Sixteen masks, one for every choice of four lanes.
  const laneMasks = arena.allocate(16 * 16)
  const lanes = arena.i32(laneMasks, 64)
  lanes.forEach((_, k) => {
    lanes[k] = (k >> 2) & (1 << (k & 3)) ? -1 : 0
  })
  const { rows, rowBytes, rowOffsets } = clusters
  arena.write(NONBONDED, parameters, {
    ...model.parameters,
    ...{ clusters: clusters.clusters, rows, rowBytes, rowOffsets, laneMasks },
  })
  return parameters
}

/**
 * Returns the factor by which a box has grown if its shape is the same to rounding, else undefined. The tolerance is that
 * tight because a change of shape moves an atom many cells away by the change times the number of cells.
 */
function uniformGrowth(from: Box, to: Box): number | undefined {
  if (from === to) return 1
  const scale = Math.cbrt(to.volume / from.volume)
  const changed = to.matrix.some((v, k) => Math.abs(v - scale * from.matrix[k]!) > 1e-13 * Math.abs(v))
  return changed ? undefined : scale
}
