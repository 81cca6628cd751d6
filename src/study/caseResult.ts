import type { ComparableSystem, Comparison } from '../analysis/comparison.ts'
import { composition } from '../core/elements.ts'
import type { LoadedRun } from '../run/loadRun.ts'
import type { Conditions } from './plan.ts'

/** A case of a study, analysed: what is kept of it when its trajectories are gone. */
export interface CaseResult {
  readonly name: string
  readonly conditions: Conditions
  /** In the order of the recipe, those with runs. */
  readonly systems: readonly CaseSystem[]
  /** [systems − 1] of the second, third, … over the first. */
  readonly comparisons: readonly Comparison[]
}

export interface CaseSystem extends ComparableSystem {
  readonly color: string | null
  /** Whether it is that of the whole study, not one that the case has in its place. */
  readonly own: boolean
  /** The study's system that it is, or that it is another form of. */
  readonly material: string
  readonly likeness: Likeness
}

/** Texts that are equal where runs differ in nothing but seed, temperature and charge scale. */
export interface Likeness {
  /** How it was run. */
  readonly protocol: string
  /** What was in the box. */
  readonly box: string
}

export function likenessOf({ recipe, structure }: LoadedRun): Likeness {
  const { system, interactions, constraints, constants, analysis, stages } = recipe
  return {
    protocol: JSON.stringify({
      potential: system.potential,
      hydrogen: system.hydrogen_mass_g_per_mol,
      background: system.neutralizing_background,
      interactions,
      constraints,
      constants,
      analysis,
      stages: stages.map(stage => ({ ...stage, temperature_K: undefined, temperature_end_K: undefined })),
    }),
    box: JSON.stringify({
      build: system.build,
      atoms: Object.entries(composition(structure.elements)).sort(),
    }),
  }
}
