import { describe } from 'vitest'
import type { System } from '../../../src/core/system.ts'
import { type PlatformKey, prepareEvaluator } from '../../../src/platform/choose.ts'
import { findAdapter } from '../../../src/platform/gpu/adapter.ts'
import type { Evaluator, EvaluatorOptions } from '../../../src/platform/platform.ts'

export interface Tolerance {
  /** Largest deviation from reference, relative: of forces (norm of all), energy (sum of magnitudes of its terms), virial. */
  readonly forces: number
  readonly energy: number
  readonly virial: number
  /** Largest difference between forces with and without energies, relative to the largest force. */
  readonly repeated: number
  /** Largest deviation of derivatives of the energy from forces and virial, relative, by differences over a step, Å. */
  readonly derivative: number
  readonly step_A: number
  /** Largest deviation from numbers of other programs: in eV (and per Å), with and without an Ewald sum, plus relative. */
  readonly ewald_eV: number
  readonly exact_eV: number
  readonly relative: number
}

/** A platform as the tests of this folder see it. */
export interface TestedPlatform {
  readonly key: PlatformKey
  readonly tolerance: Tolerance
  /** Of the larger sets of configurations only every n-th is computed: kernels of gpu.js take seconds to compile. */
  readonly every: number
}

const DOUBLE: Tolerance = {
  ...{ forces: 0, energy: 0, virial: 0, repeated: 1e-6, derivative: 1e-6, step_A: 1e-4 },
  ...{ ewald_eV: 1e-6, exact_eV: 1e-9, relative: 0 },
}
const SINGLE: Tolerance = {
  ...{ forces: 1e-5, energy: 2e-6, virial: 1e-5, repeated: 1e-6, derivative: 1e-2, step_A: 2e-3 },
  ...{ ewald_eV: 2e-5, exact_eV: 1e-9, relative: 1e-5 },
}
/** Bonded forces are on the device where energies are not wanted, and in double precision where they are. */
const DEVICE: Tolerance = { ...SINGLE, repeated: 1e-5 }

/** Every platform, with its tolerances. A new platform is one line here. */
const PLATFORMS: readonly TestedPlatform[] = [
  { key: 'reference', tolerance: DOUBLE, every: 1 },
  { key: 'simd', tolerance: SINGLE, every: 1 },
  { key: 'gpu:webasm', tolerance: DEVICE, every: 6 },
  { key: 'gpu:cpu', tolerance: DEVICE, every: 12 },
  { key: 'gpu', tolerance: DEVICE, every: 24 },
]

export const platformOf = (key: PlatformKey): TestedPlatform => PLATFORMS.find(one => one.key === key)!

process.env.HOPLITE_SOFTWARE_GPU ??= '1'
const adapter = await findAdapter()
/** Why there is no WebGPU; in CI there is an adapter, and tests fail where it is lost. */
export const withoutWebGpu = process.env.CI ? null : adapter.reason

/** Runs tests on every platform that is available. */
export function onEachPlatform(tests: (platform: TestedPlatform) => void, platforms = PLATFORMS): void {
  for (const platform of platforms) {
    const isMissing = platform.key === 'gpu' && withoutWebGpu !== null
    const name = `platform ${platform.key}${isMissing ? ` (no adapter: ${withoutWebGpu})` : ''}`
    describe.skipIf(isMissing)(name, () => tests(platform))
  }
}

/** Runs tests that compare with reference on every other platform that is available. */
export const onEachComparedPlatform = (tests: (platform: TestedPlatform) => void): void =>
  onEachPlatform(
    tests,
    PLATFORMS.filter(({ key }) => key !== 'reference'),
  )

/** Returns every n-th element, from the first on, for a platform that computes only these. */
export const sample = <T>({ every }: TestedPlatform, all: readonly T[]): T[] =>
  all.filter((_, k) => k % every === 0)

export async function withEvaluator<T>(
  key: PlatformKey,
  system: System,
  use: (evaluator: Evaluator) => Promise<T>,
  options?: EvaluatorOptions,
): Promise<T> {
  const evaluator = await prepareEvaluator(key, system, options)
  try {
    return await use(evaluator)
  } finally {
    await evaluator.dispose()
  }
}
