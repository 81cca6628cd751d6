import { addPoint, type LineSums, NO_LINE, slopeOf, type ThermoRow } from '../dynamics/observe.ts'
import type { Log } from '../files/log.ts'
import { CODATA_2018 } from '../units.ts'

/** Drift of the conserved quantity that matters, kT per atom and nanosecond (chosen). */
export const DRIFT_LIMIT_kT_per_ns = 1

/** The same in meV per atom and picosecond. */
export const driftLimit_meV_per_atom_ps = (temperature_K: number): number =>
  DRIFT_LIMIT_kT_per_ns * CODATA_2018.boltzmann_eV_per_K * temperature_K

/** Rows of the log, and time in ps, from which on a drift is judged. */
const ROWS_WANTED = 10
const TIME_WANTED_ps = 2
/** Rows before this time of a stage do not count: the error of the steps settles after new velocities or a new timestep, ps. */
const SETTLING_ps = 1
/** A drift has to have changed the conserved quantity by this many times its fluctuation from row to row. */
const CLEAR_OF_FLUCTUATIONS = 3

type Row = Pick<ThermoRow, 'time_ps' | 'conserved_eV' | 'temperature_K'>

/** Sums over the logged rows of one stage. */
interface StageSums {
  readonly first: Row
  /** Conserved quantity less that of the first row, eV, against time since then, ps. */
  readonly line: LineSums
  readonly last: Row
  /** Sum of the squared changes from row to row, eV². */
  readonly changes: number
  readonly temperature: number
}

/** True for the warning of a drift among those of a run. */
export const isDriftWarning = (warning: string): boolean =>
  warning.includes(': the conserved quantity drifts')

/** Watches the conserved quantity of a run from the rows of its log. */
export interface ConservedWatch {
  /** Takes up a row. Returns a warning when the drift of the stage begins to matter, else null. */
  row(stage: number, row: Row): string | null
  /** One line for every stage whose drift matters at its last row. */
  warnings(): string[]
}

/**
 * @param stages names of the stages of the run
 * @param log rows from before the run was resumed; none for a new run
 */
export function watchConserved(stages: readonly string[], atomCount: number, log: Log): ConservedWatch {
  const sums = new Map<number, StageSums>()
  const begins = new Map<number, number>()
  const warned = new Set<number>()
  const add = (stage: number, row: Row) => {
    if (!begins.has(stage)) begins.set(stage, row.time_ps)
    if (row.time_ps < begins.get(stage)! + SETTLING_ps) return
    const before = sums.get(stage) ?? { first: row, last: row, line: NO_LINE, changes: 0, temperature: 0 }
    const { first, last, line, changes, temperature } = before
    sums.set(stage, {
      first,
      last: row,
      line: addPoint(line, row.time_ps - first.time_ps, row.conserved_eV - first.conserved_eV),
      changes: changes + (row.conserved_eV - last.conserved_eV) ** 2,
      temperature: temperature + row.temperature_K,
    })
  }
  const warning = (stage: number): string | null => {
    const seen = sums.get(stage)
    const drift = seen && driftThatMatters(seen, atomCount)
    if (!drift) return null
    return `stage ${stages[stage]}: the conserved quantity drifts by ${drift.slope.toPrecision(2)} meV/atom/ps; the limit is ${drift.limit.toPrecision(2)} (${DRIFT_LIMIT_kT_per_ns} kT per atom and ns): take a shorter timestep_fs`
  }
  for (let k = 0; k < log.rowCount; k++) {
    const [time_ps, conserved_eV, temperature_K] = (
      ['time_ps', 'conserved_eV', 'temperature_K'] as const
    ).map(column => log.values[column]![k]!) as [number, number, number]
    add(log.values.stage![k]!, { time_ps, conserved_eV, temperature_K })
  }
  return {
    row(stage, row) {
      add(stage, row)
      if (warned.has(stage)) return null
      const found = warning(stage)
      if (found !== null) warned.add(stage)
      return found
    },
    warnings: () => [...sums.keys()].sort((a, b) => a - b).flatMap(stage => warning(stage) ?? []),
  }
}

/** Drift and its limit, meV/atom/ps; null where it is below the limit or not clear of the fluctuations. */
function driftThatMatters({ first, last, line, changes, temperature }: StageSums, atomCount: number) {
  const duration_ps = last.time_ps - first.time_ps
  if (line.count < ROWS_WANTED || duration_ps < TIME_WANTED_ps) return null
  const slope_eV_per_ps = slopeOf(line)
  const slope = (1000 * slope_eV_per_ps) / atomCount
  const limit = driftLimit_meV_per_atom_ps(temperature / line.count)
  const fluctuation_eV = Math.sqrt(changes / (2 * (line.count - 1)))
  const isClear = Math.abs(slope_eV_per_ps) * duration_ps > CLEAR_OF_FLUCTUATIONS * fluctuation_eV
  return Math.abs(slope) > limit && isClear ? { slope, limit } : null
}
