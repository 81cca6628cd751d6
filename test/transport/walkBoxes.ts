import { type ComparableSystem, compareSystems } from '../../src/analysis/comparison.ts'
import { meanSquaredDisplacement } from '../../src/analysis/msd.ts'
import { systemTransport } from '../../src/analysis/transport.ts'
import type { CaseResult, CaseSystem } from '../../src/study/compare.ts'
import { randomWalk } from '../analysis/walks.ts'

const WINDOW = { fitFrom_ps: 2, fitTo_ps: 10 }

/** Boxes of four random walkers with about these slopes, Å²/ps; 0 stands still. */
export function walkers(name: string, slopes: readonly number[], seed = 1): ComparableSystem {
  const msds = slopes.map((slope, k) =>
    meanSquaredDisplacement(
      randomWalk({ seed: 100 * seed + k, frames: 400, ions: 4, step_A: () => Math.sqrt(slope / 3) }),
      { frameInterval_ps: 1, maximumLag_ps: 20 },
    ),
  )
  return { name, msds, transport: systemTransport(msds, { species: 'Li', ...WINDOW, weighting: 'uniform' }) }
}

export function caseSystem(
  name: string,
  slopes: readonly number[],
  more: Partial<CaseSystem> & { readonly seed?: number } = {},
): CaseSystem {
  const { seed, ...others } = more
  return {
    ...walkers(name, slopes, seed),
    color: null,
    own: true,
    material: name,
    likeness: { protocol: 'usual', box: name },
    ...others,
  }
}

/** A case at 500 K and charge scale 0.7 unless it is told otherwise. */
export function caseResult(
  name: string,
  systems: readonly CaseSystem[],
  conditions: Partial<CaseResult['conditions']> = {},
): CaseResult {
  const [first, ...others] = systems
  return {
    name,
    conditions: { temperature_K: 500, charge_scale: 0.7, degree: null, placement: null, ...conditions },
    systems,
    comparisons: others.map(other => compareSystems({ numerator: other, denominator: first! }, 6)),
  }
}
