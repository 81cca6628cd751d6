import type { Box } from '../../core/box.ts'
import type { System } from '../../core/system.ts'
import type { ClusterList } from '../clusters/lists.ts'
import { createRealSpace, type RealSpace, type Skins, SUMS, type Sums } from '../clusters/realSpace.ts'
import type { Call, Crew, Job } from '../wasm/crew.ts'
import type { NonbondedExports } from '../wasm/exports.ts'
import type { Kernels } from '../wasm/kernels.ts'
import type { Arena } from '../wasm/memory.ts'

export { unsupportedTerms } from '../clusters/coefficients.ts'

export interface SimdNonbonded
  extends Pick<RealSpace, 'cutoff_A' | 'prepare' | 'addSpecialPairs' | 'forget'> {
  /** What is to be done between `prepare` and `collect`, by any thread and in any order. */
  jobs(energy: boolean): readonly Job[]
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
  /** How often lists were built and cut out, and cluster pairs in the lists that are walked. */
  readonly statistics: RealSpace['statistics'] & { readonly clusterPairs: number }
}

/**
 * Pair and Coulomb terms of a system in real space, in any box; see `unsupportedTerms` for what is left.
 * @param positions address of [3N] f64, Å, unwrapped
 */
export function createSimdNonbonded(
  system: System,
  positions: number,
  arena: Arena,
  kernels: Kernels<NonbondedExports>,
  crew: Crew,
  skins: Skins = {},
): SimdNonbonded {
  const realSpace = createRealSpace(system, positions, arena, kernels, crew, skins, { full: false })
  const { cutoff_A, clusters, model, parameters } = realSpace
  const { lists } = clusters

  function jobs(energy: boolean): readonly Job[] {
    if (!(cutoff_A > 0)) return []
    return lists.parts.map(({ inner, forces, touched, work }): Job => {
      const walk = (section: '' | 'Masked', { entries, entryCount, js }: ClusterList): Call => ({
        kernel: `${model.kind}${section}${energy ? 'Energy' : 'Force'}`,
        args: [parameters, entries, 0, entryCount, js, forces, work],
      })
      const clear = { kernel: 'clearPart', args: [work, forces, touched, lists.patches] }
      return { part: 'pair', calls: [clear, walk('', inner.plain), walk('Masked', inner.masked)] }
    })
  }

  async function collect(box: Box, forces: number, virial: Float64Array, energy: boolean) {
    if (cutoff_A > 0) {
      crew.start(addingJobs(forces))
      await crew.finish()
    }
    return realSpace.correct(box, forces, virial, energy, totals())
  }

  function addingJobs(forces: number): readonly Job[] {
    const { parts, patches } = lists
    const ranges = Math.min(parts.length, patches)
    const edge = (k: number) => Math.round((patches * k) / ranges)
    return Array.from({ length: ranges }, (_, k): Job => {
      const from = [lists.forces, lists.forceBytes, lists.touched, patches]
      const args = [system.atomCount, clusters.order, parts.length, ...from, forces, edge(k), edge(k + 1)]
      return { part: 'pair', calls: [{ kernel: 'addForces', args }] }
    })
  }

  function totals(): Sums {
    const all = lists.parts.map(({ work }) => arena.f64(work, SUMS))
    const sums = Array.from({ length: SUMS }, (_, k) => all.reduce((sum, part) => sum + part[k]!, 0))
    return sums as [...Sums]
  }

  return {
    ...realSpace,
    jobs,
    collect,
    get statistics() {
      const clusterPairs = lists.parts.reduce(
        (sum, { inner }) => sum + inner.plain.count + inner.masked.count,
        0,
      )
      return { ...realSpace.statistics, clusterPairs }
    },
  }
}
