import type { Potential, Source } from '../potentials/load.ts'
import type { CalibrationRow } from '../report/model.ts'
import type { LoadedRun } from './loadRun.ts'

/** Every number that a reader should not take for a prediction, and where the rest comes from. */
export function calibrationRows(runs: readonly LoadedRun[]): CalibrationRow[] {
  const rows = new Map<string, CalibrationRow>()
  for (const run of runs) {
    const used = new Set(run.structure.types ?? [])
    const scale = run.recipe.system.charge_scale
    add(rows, {
      quantity: 'charge scale of the ions',
      value: scale.toFixed(2),
      status: 'calibrated',
      source:
        run.potential.recommendedChargeScale === scale
          ? 'electronic continuum correction q/√ε∞ (Leontyev & Stuchebrukhov 2011); dominates the mobility'
          : 'set in the recipe; dominates the mobility',
      doi: '10.1039/c0cp01971b',
    })
    for (const [name, type] of Object.entries(run.potential.types)) {
      if (!used.has(name)) continue
      const source = sourceOf(run.potential, type.source)
      add(rows, {
        quantity: `charge of ${name}`,
        value: `${(type.charge_e * (type.ion ? scale : 1)).toFixed(4)} e`,
        status: type.calibrated ? 'calibrated' : 'chosen',
        source: source?.citation ?? '',
        doi: source?.doi ?? null,
      })
    }
  }
  return [...rows.values()]
}

function add(rows: Map<string, CalibrationRow>, row: CalibrationRow): void {
  rows.set(`${row.quantity} ${row.value}`, row)
}

/** The last source named is the most specific one: where charges have their own, it is theirs. */
const sourceOf = (potential: Potential, keys: readonly string[]): Source | undefined =>
  potential.sources[keys.at(-1) ?? '']
