import type { System } from '../../core/system.ts'
import { createMixedEvaluator, type MixedOptions, type PairWork, type Workplace } from '../clusters/mixed.ts'
import type { Evaluator, Platform } from '../platform.ts'
import { compileKernels, createMemory } from '../wasm/kernels.ts'
import { mostThreads } from '../wasm/threads.ts'
import { createSimdNonbonded } from './nonbonded.ts'

/**
 * Pair terms, Coulomb in real space and particle-mesh Ewald in single precision on WebAssembly SIMD, on threads over one
 * memory; bonded terms, and what the kernels do not know, in double precision by the reference's own code, meanwhile.
 * Sums are doubles. Results do not depend on the number of threads, to the last bit.
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
  return createMixedEvaluator(
    system,
    options,
    'simd',
    ({ flavour }) => `f32, ${flavour}`,
    workplace => pairsOnCrew(workplace, options.skin_A),
  )
}

/** The crew's threads walk over the lists. */
function pairsOnCrew(
  { system, positions, arena, kernels, crew }: Workplace,
  skin_A: number | undefined,
): PairWork {
  const nonbonded = createSimdNonbonded(system, positions, arena, kernels, crew, { skin_A })
  return {
    prepare: nonbonded.prepare,
    start: async energy => crew.start(nonbonded.jobs(energy)),
    addSpecialPairs: nonbonded.addSpecialPairs,
    collect: nonbonded.collect,
    forget: nonbonded.forget,
    bonded: [],
    waited_ms: 0,
    async dispose() {},
  }
}
