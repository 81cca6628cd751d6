/**
 * Evaluators of energies and forces: double precision, SIMD, GPU. Runs in web pages.
 *
 * @module
 */

export { prepareEvaluator } from '../platform/choose.ts'
export type { Evaluation, Evaluator, ImageEvaluator, Platform } from '../platform/platform.ts'
