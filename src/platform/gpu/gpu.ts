import type { System } from '../../core/system.ts'
import { UserError } from '../../errors.ts'
import type { Workplace } from '../clusters/clusters.ts'
import { createMixedEvaluator, type PairWork } from '../clusters/mixed.ts'
import type { Evaluator, EvaluatorOptions, Platform } from '../platform.ts'
import { findAdapter } from './adapter.ts'
import { type Backend, type BackendName, createBackend } from './backends.ts'
import { createGpuBonded } from './bonded.ts'
import { createGpuIntegrator, type GpuIntegrator } from './integrator.ts'
import { createGpuNonbonded, type PlacedAtoms } from './nonbonded.ts'

const SOFTWARE_HINT = '; HOPLITE_SOFTWARE_GPU=1 allows one in software, for tests'

/** The gpu platform with its kernels on one backend of gpu.js. */
export const gpuPlatform = (backend: BackendName): Platform => ({
  name: 'gpu',
  async describe() {
    const detail = `f32 kernels of gpu.js on ${backend}, f64 sums and integration`
    if (backend !== 'webgpu') return { detail, reason: null }
    const adapter = await findAdapter()
    if (adapter.reason !== null) return { detail, reason: `${adapter.reason}${SOFTWARE_HINT}` }
    const { name, limits } = adapter
    const GiB = (limits.maxStorageBufferBindingSize / 2 ** 30).toPrecision(2)
    return { detail: `${detail}: ${name}, arrays up to ${GiB} GiB`, reason: null }
  },
  prepare: (system, options) => createGpuEvaluator(system, backend, options),
})

/**
 * Sums over pairs, and bonded forces where nothing else is wanted, in single precision by kernels of gpu.js; meanwhile on
 * the processor particle-mesh Ewald, pairs that lists leave out, and where they are wanted bonded energies. Sums and
 * integration are in double precision.
 * @throws UserError when the backend is not available or the system has no atoms, SimulationError when the backend fails
 */
export async function createGpuEvaluator(
  system: System,
  backendName: BackendName,
  options: EvaluatorOptions = {},
): Promise<Evaluator> {
  if (system.atomCount === 0) {
    throw new UserError({ message: 'the system has no atoms', hint: 'is its structure empty?' })
  }
  const backend = await createBackend(backendName)
  try {
    return createMixedEvaluator(system, options, {
      ran: 'gpu',
      backend: () => `f32, ${backendName}`,
      createWork: workplace => pairsOnDevice(workplace, backend, options.skin_A),
    })
  } catch (error) {
    await backend.dispose()
    throw error
  }
}

/** True for backends that compute bonded forces on the device; on the processor the code of the reference is faster. */
const DOES_BONDED = { webgpu: true, webgl2: true, webasm: false, cpu: false } as const

function pairsOnDevice(workplace: Workplace, backend: Backend, skin_A: number | undefined): PairWork {
  const { system } = workplace
  const nonbonded = createGpuNonbonded(workplace, backend, { skin_A })
  const bonded = DOES_BONDED[backend.name] && nonbonded.cutoff_A > 0 ? createGpuBonded(system, backend) : null
  let placed: PlacedAtoms | null = null
  let waited_ms = 0
  const integrators: GpuIntegrator[] = []
  return {
    async prepare(box) {
      placed = await nonbonded.prepare(box, bonded !== null)
    },
    async start(energy, withBonded) {
      const from = performance.now()
      const own = withBonded && placed ? bonded : null
      await nonbonded.start(energy, own?.launch(placed!, placed!.matrix, placed!.images))
      await backend.submitted()
      waited_ms += performance.now() - from
    },
    addSpecialPairs: nonbonded.addSpecialPairs,
    async collect(box, forces, virial, energy) {
      const from = performance.now()
      const finished = await nonbonded.finish()
      waited_ms += performance.now() - from
      return nonbonded.add(finished, box, forces, virial, energy)
    },
    integrator(step, others) {
      const integrator = createGpuIntegrator(workplace, backend, nonbonded, step, others)
      integrators.push(integrator)
      return {
        async advance(state, steps) {
          const from = performance.now()
          await integrator.advance(state, steps)
          waited_ms += performance.now() - from
        },
      }
    },
    forget() {
      nonbonded.forget()
      for (const integrator of integrators) integrator.forget()
    },
    bonded: bonded?.forces ?? [],
    get waited_ms() {
      return waited_ms
    },
    transfers: () => ({ ...backend.transfers }),
    async dispose() {
      for (const integrator of integrators) integrator.dispose()
      bonded?.dispose()
      nonbonded.dispose()
      await backend.dispose()
    },
  }
}
