import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { driftLimit_meV_per_atom_ps, watchConserved } from '../../src/run/conserved.ts'
import { hoplite } from '../cli/hoplite.ts'
import { temporaryFolder } from '../tools/folder.ts'
import { GOLDEN_RUNS } from '../tools/goldenRuns.ts'

const ATOMS = 100
const NO_ROWS = { columns: [], rowCount: 0, values: {} }

/** Rows each 0.1 ps at 300 K. @param drift in units of its limit @param amplitude_eV of a fluctuation */
function rowsOf(drift: number, amplitude_eV: number, count = 200) {
  const slope_eV_per_ps = (drift * driftLimit_meV_per_atom_ps(300) * ATOMS) / 1000
  return Array.from({ length: count }, (_, k) => ({
    time_ps: 5 + 0.1 * k,
    temperature_K: 300 + 10 * Math.sin(k),
    conserved_eV: -40 + slope_eV_per_ps * 0.1 * k + amplitude_eV * Math.sin(2.4 * k),
  }))
}

function warningsOf(drift: number, amplitude_eV: number): { during: number; after: number } {
  const watch = watchConserved(['equilibrate', 'produce'], ATOMS, NO_ROWS)
  const during = rowsOf(drift, amplitude_eV).filter(row => watch.row(1, row) !== null).length
  return { during, after: watch.warnings().length }
}

it('the limit of a drift is 1 kT per atom and nanosecond: 0.0257 meV/atom/ps at 298.15 K', () => {
  expect(driftLimit_meV_per_atom_ps(298.15)).toBeCloseTo(0.0257, 4)
})

it.each([
  { drift: 3, amplitude_eV: 0.01, warned: 1, what: 'a drift above the limit is warned of once' },
  { drift: -3, amplitude_eV: 0.01, warned: 1, what: 'a falling conserved quantity is warned of, too' },
  { drift: 0.5, amplitude_eV: 0.001, warned: 0, what: 'a drift below the limit is not warned of' },
  { drift: 3, amplitude_eV: 1, warned: 0, what: 'a drift below the fluctuations is not warned of' },
])('$what', ({ drift, amplitude_eV, warned }) => {
  expect(warningsOf(drift, amplitude_eV)).toEqual({ during: warned, after: warned })
})

it('a change in the first picosecond of a stage, in which the error of the steps settles, is not warned of', () => {
  const watch = watchConserved(['produce'], ATOMS, NO_ROWS)
  const rows = rowsOf(0, 0.001).map((row, k) => ({
    ...row,
    conserved_eV: row.conserved_eV + 3 * Math.exp(-k),
  }))
  for (const row of rows) expect(watch.row(0, row)).toBeNull()
  expect(watch.warnings()).toEqual([])
})

it('stages are judged one by one, and rows from before a restart count', () => {
  const rows = rowsOf(3, 0.01)
  const column = (key: 'time_ps' | 'conserved_eV' | 'temperature_K') =>
    Float64Array.from(rows, row => row[key])
  const values = {
    stage: new Float64Array(rows.length),
    time_ps: column('time_ps'),
    conserved_eV: column('conserved_eV'),
    temperature_K: column('temperature_K'),
  }
  const watch = watchConserved(['equilibrate', 'produce'], ATOMS, {
    columns: Object.keys(values),
    rowCount: rows.length,
    values,
  })
  for (const row of rowsOf(0, 0.01)) expect(watch.row(1, row)).toBeNull()
  expect(watch.warnings()).toEqual([
    expect.stringContaining('stage equilibrate: the conserved quantity drifts'),
  ])
})

/** Bonds to hydrogen need 2 fs or less. */
const TOO_LONG = `name: long
seed: 7
system: { potential: potential.yaml, structure: box.extxyz }
interactions: { cutoff_A: 5, lennard_jones: switched, switch_from_A: 4, coulomb: dsf, coulomb_alpha_per_A: 0.25 }
stages:
  - { name: warm, kind: nvt, time_ps: 0.5, timestep_fs: 1, temperature_K: 200, new_velocities: true }
  - { name: produce, kind: nvt, temperature_K: 200, time_ps: 16.5, timestep_fs: 3.3 }
output: { trajectory_every_ps: 0.1, log_every_ps: 0.1, checkpoint_every_ps: 2 }
`

it('a run whose timestep is too long is warned of even when quiet, and in results.json', async () => {
  const folder = temporaryFolder()
  for (const name of ['potential.yaml', 'box.extxyz']) cpSync(join(GOLDEN_RUNS, name), join(folder, name))
  writeFileSync(join(folder, 'long.yaml'), TOO_LONG)
  const run = join(folder, 'run')
  const { stderr } = await hoplite(
    'md',
    join(folder, 'long.yaml'),
    '--platform',
    'reference',
    '--quiet',
    '--out',
    run,
  )
  expect(stderr).toMatch(/^warning: stage produce: the conserved quantity drifts by/m)
  const { warnings } = JSON.parse(readFileSync(join(run, 'results.json'), 'utf8'))
  expect(warnings).toEqual([expect.stringContaining('stage produce')])
})
