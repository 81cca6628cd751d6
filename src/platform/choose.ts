import type { System } from '../core/system.ts'
import { UserError } from '../errors.ts'
import { findAdapter } from './gpu/adapter.ts'
import { gpuPlatform } from './gpu/gpu.ts'
import type { Evaluator, EvaluatorOptions, Platform, PlatformDescription } from './platform.ts'
import { referencePlatform } from './reference/reference.ts'
import { simdPlatform } from './simd/simd.ts'

/** Platforms by the names that users give: `gpu:webasm` and `gpu:cpu` run the kernels of the gpu platform on the processor, for comparison. */
const platforms = {
  reference: referencePlatform,
  simd: simdPlatform,
  gpu: gpuPlatform('webgpu'),
  'gpu:webasm': gpuPlatform('webasm'),
  'gpu:cpu': gpuPlatform('cpu'),
} as const satisfies Readonly<Record<string, Platform>>
export type PlatformKey = keyof typeof platforms
export const PLATFORM_KEYS = Object.keys(platforms) as readonly PlatformKey[]

/** Platforms that can be asked for. */
export type PlatformChoice = 'auto' | PlatformKey
export const PLATFORM_CHOICES: readonly PlatformChoice[] = ['auto', ...PLATFORM_KEYS]

/** The platform of single points and barriers: in double precision unless another one is asked for. */
export const inDoublePrecision = (choice: PlatformChoice): PlatformChoice =>
  choice === 'auto' ? 'reference' : choice

/** Description of a platform on this machine. */
export const describePlatform = (key: PlatformKey): Promise<PlatformDescription> => platforms[key].describe()

/** Returns the platforms available on this machine. */
export async function availablePlatforms(): Promise<readonly PlatformKey[]> {
  const described = await Promise.all(PLATFORM_KEYS.map(describePlatform))
  return PLATFORM_KEYS.filter((_, k) => described[k]!.reason === null)
}

/**
 * Prepares an evaluator on a platform; `auto` is a GPU where there is one, else simd, with the reason in `fallbackReason`.
 * @throws UserError when the platform is not available: there is no silent fallback
 */
export async function prepareEvaluator(
  choice: PlatformChoice,
  system: System,
  options?: EvaluatorOptions,
): Promise<Evaluator> {
  if (choice === 'auto') return prepareFastest(system, options)
  const { reason } = await describePlatform(choice)
  if (reason !== null) {
    const here = await availablePlatforms()
    throw new UserError({
      message: `the platform '${choice}' is not available: ${reason}`,
      hint: `available here: ${['auto', ...here].join(', ')}`,
    })
  }
  return platforms[choice].prepare(system, options)
}

async function prepareFastest(system: System, options?: EvaluatorOptions): Promise<Evaluator> {
  // An adapter in software computes on the processor, slower than simd.
  const { reason } = await findAdapter({ allowSoftware: false })
  if (reason !== null) return onSimd(`no GPU: ${reason}`, system, options)
  try {
    return await platforms.gpu.prepare(system, options)
  } catch (error) {
    return onSimd(`not on the GPU: ${error instanceof Error ? error.message : error}`, system, options)
  }
}

async function onSimd(reason: string, system: System, options?: EvaluatorOptions): Promise<Evaluator> {
  const evaluator = await platforms.simd.prepare(system, options)
  const reasons = [reason, evaluator.fallbackReason].filter(text => text !== null)
  return { ...evaluator, fallbackReason: reasons.join('; ') }
}
