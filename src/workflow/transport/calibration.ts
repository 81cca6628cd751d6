import type { Potential, Source } from '../../potentials/load.ts'
import { formatFixed } from '../../report/format.ts'
import type { CalibrationRow } from '../../report/model.ts'
import type { LoadedRun } from '../run/loadRun.ts'

/** Every number that a reader should not take for a prediction, and where the rest comes from. */
export function calibrationRows(runs: readonly LoadedRun[]): CalibrationRow[] {
  const rows = new Map<string, CalibrationRow>()
  for (const run of runs) {
    const used = new Set(run.structure.types ?? [])
    const scale = run.recipe.system.charge_scale
    add(rows, { quantity: 'charge scale of the ions', value: scale.toFixed(2), ...basisOfScale(run) })
    for (const [name, type] of Object.entries(run.potential.types)) {
      if (!used.has(name)) continue
      const source = sourceOf(run.potential, type.source)
      add(rows, {
        quantity: `charge of ${name}`,
        value: `${formatFixed(type.charge_e * (type.ion ? scale : 1), 4)}\u00a0e`,
        status: type.calibrated ? 'calibrated' : 'chosen',
        source: `${type.analogy ? 'carried over from a similar group: ' : ''}${source?.citation ?? ''}`,
        doi: source?.doi ?? null,
      })
    }
  }
  return [...rows.values()]
}

function basisOfScale({ potential, recipe }: LoadedRun): Pick<CalibrationRow, 'status' | 'source' | 'doi'> {
  const scale = recipe.system.charge_scale
  if (scale === potential.recommendedChargeScale) {
    return {
      status: 'calibrated',
      source: 'electronic continuum correction q/√ε∞ (Leontyev & Stuchebrukhov 2011); dominates the mobility',
      doi: '10.1039/c0cp01971b',
    }
  }
  const what = scale === 1 ? 'the full charges' : 'set in the recipe'
  return { status: 'chosen', source: `${what}; dominates the mobility`, doi: null }
}

function add(rows: Map<string, CalibrationRow>, row: CalibrationRow): void {
  rows.set(`${row.quantity} ${row.value}`, row)
}

/** The last source named is the most specific one: where charges have their own, it is theirs. */
const sourceOf = (potential: Potential, keys: readonly string[]): Source | undefined =>
  potential.sources[keys.at(-1) ?? '']
