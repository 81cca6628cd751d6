import type { System } from '../core/system.ts'
import { UserError } from '../errors.ts'
import type { Evaluator, EvaluatorOptions, Platform, PlatformDescription, PlatformName } from './platform.ts'
import { referencePlatform } from './reference/reference.ts'
import { simdPlatform } from './simd/simd.ts'

/** What a user may ask for. */
export const PLATFORM_CHOICES = ['auto', 'reference', 'simd', 'gpu'] as const
export type PlatformChoice = (typeof PLATFORM_CHOICES)[number]

/** Platforms of this version. `auto` is the first that can be had. */
const platforms: readonly Platform[] = [simdPlatform, referencePlatform]

/** What is looked at digit by digit, such as a single point or a barrier, is by default in double precision. */
export const inDoublePrecision = (choice: PlatformChoice): PlatformChoice =>
  choice === 'auto' ? 'reference' : choice

/** What a platform that can be named is here. */
export function describePlatform(name: PlatformName): PlatformDescription {
  const platform = platforms.find(candidate => candidate.name === name)
  return platform?.describe() ?? { detail: '', reason: 'not part of this version of hoplite' }
}

/** Why a platform that can be named cannot be had; null when it can. */
export const whyUnavailable = (name: PlatformName): string | null => describePlatform(name).reason

/**
 * An evaluator on the platform asked for.
 * @throws UserError when that platform is not available: there is no silent fallback
 */
export async function prepareEvaluator(
  choice: PlatformChoice,
  system: System,
  options?: EvaluatorOptions,
): Promise<Evaluator> {
  const here = platforms.filter(({ name }) => whyUnavailable(name) === null)
  const platform = choice === 'auto' ? here[0] : here.find(({ name }) => name === choice)
  if (!platform) {
    throw new UserError({
      message: `the platform '${choice}' is not available: ${whyUnavailable(choice as PlatformName)}`,
      hint: `available here: ${['auto', ...here.map(({ name }) => name)].join(', ')}`,
    })
  }
  return platform.prepare(system, options)
}
