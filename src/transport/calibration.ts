import { formatFixed } from '../format.ts'
import { originOf } from '../potentials/load.ts'
import type { CalibrationRow } from '../report/common.ts'
import type { LoadedRun } from '../run/loadRun.ts'

/** Origin of the charges and of their scale: every number that is not a prediction. */
export function calibrationRows(runs: readonly LoadedRun[]): CalibrationRow[] {
  const rows = new Map<string, CalibrationRow>()
  for (const run of runs) {
    const used = new Set(run.structure.types ?? [])
    const scale = run.recipe.system.charge_scale
    add(rows, { quantity: 'charge scale of the ions', value: scale.toFixed(2), ...originOfScale(run) })
    for (const [name, type] of Object.entries(run.potential.types)) {
      if (!used.has(name)) continue
      add(rows, {
        quantity: `charge of ${name}`,
        value: `${formatFixed(type.charge_e * (type.ion ? scale : 1), 4)}\u00a0e`,
        ...originOf(run.potential, type),
      })
    }
  }
  return [...rows.values()]
}

function originOfScale({ potential, recipe }: Pick<LoadedRun, 'potential' | 'recipe'>) {
  const scale = recipe.system.charge_scale
  const { chargeScale } = potential
  const origin =
    scale === chargeScale?.recommended
      ? originOf(potential, { ...chargeScale, source: chargeScale.source.slice(0, 1) })
      : {
          status: 'chosen' as const,
          source: scale === 1 ? 'the full charges' : 'set in the recipe',
          doi: null,
        }
  return { ...origin, source: `${origin.source}; dominates the mobility` }
}

function add(rows: Map<string, CalibrationRow>, row: CalibrationRow): void {
  rows.set(`${row.quantity} ${row.value}`, row)
}
