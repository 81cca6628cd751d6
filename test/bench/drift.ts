/**
 * Drift of what should be conserved, in the box of test/bench/pvdf: kT/ns per degree of freedom.
 * Run: node scripts/run.mjs test/bench/drift.ts --platform simd --ensemble nve --timestep_fs 1 --time_ps 200 [--out file.json]
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { blockAverage, mean, variance } from '../../src/analysis/stats.ts'
import { createState, type State } from '../../src/core/state.ts'
import type { ConstraintChoice } from '../../src/dynamics/constraints.ts'
import { constrainBonds } from '../../src/dynamics/constraints.ts'
import type { ThermoRow } from '../../src/dynamics/observe.ts'
import { type DynamicsStage, stageStart } from '../../src/dynamics/protocol.ts'
import { runProtocol } from '../../src/dynamics/simulate.ts'
import { degreesOfFreedom } from '../../src/dynamics/velocities.ts'
import type { PlatformKey } from '../../src/platform/choose.ts'
import { prepareEvaluator } from '../../src/platform/choose.ts'
import { CODATA_2018 } from '../../src/units.ts'
import { linearDrift } from '../tools/statistics.ts'
import { pvdfBox, repartitioned } from './pvdfBox.ts'

const { values: args } = parseArgs({
  options: {
    platform: { type: 'string', default: 'simd' },
    ensemble: { type: 'string', default: 'nve' },
    timestep_fs: { type: 'string', default: '1' },
    time_ps: { type: 'string', default: '200' },
    /** none up to 1 fs, h-bonds beyond, when left out. */
    constraints: { type: 'string' },
    tolerance: { type: 'string', default: '1e-7' },
    /** True masses up to 2 fs, 4 g/mol beyond, when left out. */
    hydrogen_mass_g_per_mol: { type: 'string' },
    /** Of the particle mesh. */
    accuracy: { type: 'string', default: '1e-4' },
    /** pme, or dsf with α = 0.2/Å. */
    coulomb: { type: 'string', default: 'pme' },
    /** NVE and NVT on a gpu platform: that many steps without the host. */
    steps_on_device: { type: 'string' },
    equilibration_ps: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    out: { type: 'string' },
  },
})

const TEMPERATURE_K = 300
const SAMPLE_ps = 0.1
/** Slopes of so many parts of the run say what an error that adds up, step by step, does to the slope of the whole. */
const PARTS = 10

const timestep_fs = Number(args.timestep_fs)
const bonds = (args.constraints ?? (timestep_fs > 1 ? 'h-bonds' : 'none')) as ConstraintChoice['bonds']
const constraints: ConstraintChoice = { bonds, tolerance: Number(args.tolerance) }
const hydrogenMass = args.hydrogen_mass_g_per_mol ?? (timestep_fs > 2 ? '4' : undefined)
const { system: asInFile, state: fromFile } = pvdfBox({
  coulomb: 'pme',
  accuracy: Number(args.accuracy),
  shifted: true,
})
const forces = asInFile.forces.map(force =>
  force.kind === 'coulomb' && args.coulomb === 'dsf'
    ? { ...force, method: { name: 'dsf', alpha_per_A: 0.2 } as const }
    : force,
)
const withCoulomb = { ...asInFile, forces }
const system = hydrogenMass === undefined ? withCoulomb : repartitioned(withCoulomb, Number(hydrogenMass))

const stage = (kind: string, time_ps: number, bath_ps: number): DynamicsStage => ({
  name: kind,
  kind: 'dynamics',
  time_ps,
  timestep_fs,
  temperature: { start_K: TEMPERATURE_K, end_K: TEMPERATURE_K },
  new_velocities: false,
  step: { kind: 'verlet' },
  bath: kind === 'nve' ? null : { kind: 'csvr', time_ps: bath_ps },
  cell:
    kind === 'npt'
      ? { kind: 'pressure', pressure_bar: 1, time_ps: 1, compressibility_per_bar: 1e-4 }
      : { kind: 'fixed' },
  device: null,
})

function dynamics(platform: PlatformKey, what: DynamicsStage, from: State) {
  return runProtocol({
    system,
    stages: [what],
    from: stageStart(from),
    constraints,
    prepare: part => prepareEvaluator(platform, part),
    seed: Number(args.seed),
    output: { thermo_every_ps: SAMPLE_ps },
  })
}

/** One state for every platform and ensemble that is asked about: made by simd, kept in a file. */
async function equilibrated(): Promise<State> {
  const time_ps = Number(args.equilibration_ps)
  const method = args.coulomb === 'pme' ? [] : [args.coulomb]
  const what = [timestep_fs, bonds, hydrogenMass, args.accuracy, time_ps, args.seed, ...method].join(' ')
  const file = join(
    tmpdir(),
    `hoplite-drift-${createHash('sha256').update(what).digest('hex').slice(0, 12)}.json`,
  )
  if (existsSync(file)) {
    const { positions, velocities } = JSON.parse(readFileSync(file, 'utf8'))
    return createState(positions, fromFile.box, velocities)
  }
  let last = fromFile
  for await (const event of dynamics('simd', stage('nvt', time_ps, 0.1), fromFile)) {
    if (event.kind === 'end') last = event.snapshot.state
  }
  const { positions, velocities } = last
  writeFileSync(file, JSON.stringify({ what, positions: [...positions], velocities: [...velocities] }))
  return createState(positions, fromFile.box, velocities)
}

const start = await equilibrated()
const began = performance.now()
const rows: ThermoRow[] = []
let ran = ''
const platform = args.platform as PlatformKey
const kind = args.ensemble
const steps_on_device = args.steps_on_device === undefined ? undefined : Number(args.steps_on_device)
const production = {
  ...stage(kind, Number(args.time_ps), 1),
  device: steps_on_device === undefined ? null : { steps: steps_on_device },
}
for await (const event of dynamics(platform, production, start)) {
  if (event.kind === 'stage-start') ran = `${event.ran} (${event.backend})`
  if (event.kind === 'thermo') {
    rows.push(event.row)
    if (rows.length % 100 === 0) progress(event.row)
  }
}
const seconds = (performance.now() - began) / 1000

const heldBonds = constrainBonds(system, constraints).constraints.lengths.length
const freedom = degreesOfFreedom(system.atomCount, heldBonds, true)
const times = rows.map(row => row.time_ps)
const conserved = rows.map(row => row.conserved_eV)
const temperature_K = mean(rows.map(row => row.temperature_K))
/** kT/ns per degree of freedom. */
const unit = 1000 / (CODATA_2018.boltzmann_eV_per_K * temperature_K * freedom)
const whole = linearDrift(times, conserved)
const size = Math.floor(rows.length / PARTS)
const parts = Array.from({ length: PARTS }, (_, k) => {
  const [from, to] = [k * size, (k + 1) * size]
  return linearDrift(times.slice(from, to), conserved.slice(from, to)).slope
})
const spread = Math.sqrt(variance(parts) / PARTS)
const residuals = conserved.map((value, k) => value - whole.intercept - whole.slope * times[k]!)
const result = {
  ran,
  ensemble: kind,
  timestep_fs,
  time_ps: Number(args.time_ps),
  bonds,
  tolerance: Number(args.tolerance),
  hydrogen_mass_g_per_mol: hydrogenMass === undefined ? null : Number(hydrogenMass),
  accuracy: Number(args.accuracy),
  coulomb: args.coulomb,
  steps_on_device: steps_on_device ?? null,
  degrees_of_freedom: freedom,
  temperature_K,
  drift_kT_per_ns_per_dof: unit * whole.slope,
  /** Of the slope of the whole, with the serial correlation of what is left. */
  standard_error: unit * whole.standardError,
  /** Mean over the parts, each with its own line, and its standard error: holds also when errors add up as in a walk. */
  parts_mean: unit * mean(parts),
  parts_standard_error: unit * spread,
  parts: parts.map(slope => unit * slope),
  total_change_eV: conserved.at(-1)! - conserved[0]!,
  /** Root mean square about the line, and of the total energy in NVE the same. */
  fluctuation_eV: Math.sqrt(variance(residuals)),
  kinetic_fluctuation_eV: Math.sqrt(variance(rows.map(row => row.kinetic_eV))),
  inefficiency: blockAverage(residuals).statisticalInefficiency,
  steps_per_s: (Number(args.time_ps) * 1000) / timestep_fs / seconds,
}
console.log(JSON.stringify(result, null, 1))
if (args.out) writeFileSync(args.out, JSON.stringify({ ...result, times, conserved }))

function progress(row: ThermoRow): void {
  const { time_ps, temperature_K, conserved_eV } = row
  process.stderr.write(
    `${time_ps.toFixed(1)} ps  ${temperature_K.toFixed(1)} K  ${conserved_eV.toFixed(5)} eV\n`,
  )
}
