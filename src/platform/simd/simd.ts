import type { Box } from '../../core/box.ts'
import type { System } from '../../core/system.ts'
import type { Workplace } from '../clusters/clusters.ts'
import type { ClusterList } from '../clusters/lists.ts'
import { createMixedEvaluator, type MixedOptions, type PairWork } from '../clusters/mixed.ts'
import { createRealSpace, NO_SUMS, type RealSpace, type Skins } from '../clusters/realSpace.ts'
import type { Evaluator, Platform } from '../platform.ts'
import { type Job, mostThreads } from '../wasm/crew.ts'
import { compileKernels } from '../wasm/kernels.ts'
import { SUMS } from '../wasm/layout.ts'
import { createMemory } from '../wasm/memory.ts'

/**
 * Pair terms, Coulomb in real space and particle-mesh Ewald in single precision on WebAssembly SIMD, on threads over one
 * memory; meanwhile bonded terms, and terms that the kernels do not compute, in double precision by the code of the
 * reference. Sums are doubles. Results do not depend on the number of threads, to the last bit.
 */
export const simdPlatform: Platform = {
  name: 'simd',
  async describe() {
    const detail = (kernels: string) =>
      `f32 ${kernels} in WebAssembly, f64 sums and integration, up to ${mostThreads()} threads`
    try {
      return { detail: detail(compileKernels(createMemory()).flavour), reason: null }
    } catch (error) {
      return { detail: detail('kernels'), reason: error instanceof Error ? error.message : String(error) }
    }
  },
  prepare: async (system, options) => createSimdEvaluator(system, options),
}

/** @throws SimulationError where the runtime has no WebAssembly SIMD */
export function createSimdEvaluator(system: System, options: MixedOptions = {}): Evaluator {
  return createMixedEvaluator(system, options, {
    ran: 'simd',
    backend: ({ flavour }) => `f32, ${flavour}`,
    createWork: workplace => pairsOnCrew(workplace, options.skin_A),
  })
}

/** The crew's threads go through the lists. */
function pairsOnCrew(workplace: Workplace, skin_A: number | undefined): PairWork {
  const { prepare, jobs, addSpecialPairs, collect, forget } = createSimdNonbonded(workplace, { skin_A })
  return {
    ...{ prepare, addSpecialPairs, collect, forget },
    start: async energy => workplace.crew.start(jobs(energy)),
    bonded: [],
    waited_ms: 0,
    async dispose() {},
  }
}

export interface SimdNonbonded
  extends Pick<RealSpace, 'cutoff_A' | 'prepare' | 'addSpecialPairs' | 'forget'>,
    Pick<PairWork, 'collect'> {
  /** Returns the jobs to be done between `prepare` and `collect`, by any thread and in any order. */
  jobs(energy: boolean): readonly Job[]
  /** Numbers of times that lists were built and pruned, and of cluster pairs in the pruned lists. */
  readonly statistics: RealSpace['statistics'] & { readonly clusterPairs: number }
}

/** Pair and Coulomb terms of a system in real space, in any box; `unsupportedTerms` names the terms left out. */
export function createSimdNonbonded(workplace: Workplace, skins: Skins = {}): SimdNonbonded {
  const { system, arena, crew } = workplace
  const realSpace = createRealSpace(workplace, skins, { full: false })
  const { cutoff_A, clusters, model, parameters } = realSpace
  const { lists } = clusters

  function jobs(energy: boolean): readonly Job[] {
    if (!(cutoff_A > 0)) return []
    return lists.parts.map(({ inner, forces, touched, work }): Job => {
      const sum = (section: '' | 'Masked', { entries, entryCount, js }: ClusterList) => ({
        kernel: `${model.kind}${section}${energy ? 'Energy' : 'Force'}`,
        args: [parameters, entries, 0, entryCount, js, forces, work],
      })
      const clear = { kernel: 'clearPart', args: [work, forces, touched, lists.patches] }
      return { part: 'pair', calls: [clear, sum('', inner.plain), sum('Masked', inner.masked)] }
    })
  }

  async function collect(box: Box, forces: number, virial: Float64Array, energy: boolean) {
    if (cutoff_A > 0) {
      crew.start(addingJobs(forces))
      await crew.finish()
    }
    const works = lists.parts.map(({ work }) => work)
    const sums = energy && cutoff_A > 0 ? arena.total(SUMS, works) : NO_SUMS
    return realSpace.correct(box, forces, virial, energy, sums)
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
