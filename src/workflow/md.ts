import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import type { State } from '../core/state.ts'
import type { System } from '../core/system.ts'
import { type ProtocolEvent, type Snapshot, stageStart } from '../dynamics/contract.ts'
import type { ThermoRow } from '../dynamics/observe.ts'
import type { Stage } from '../dynamics/protocol.ts'
import { runProtocol } from '../dynamics/simulate.ts'
import { UserError } from '../errors.ts'
import { readCheckpoint, writeCheckpoint } from '../io/checkpoint.ts'
import { type LogWriter, openLog } from '../io/log.ts'
import { describeInputs, type Manifest, writeManifest } from '../io/manifest.ts'
import type { LoadedRecipe, Recipe } from '../io/recipe.ts'
import { RUN_FILES, writeResults } from '../io/runDirectory.ts'
import { writeStructureFile } from '../io/structureFile.ts'
import { createTrajectory, resumeTrajectory, type TrajectoryWriter } from '../io/trajectory.ts'
import { type PlatformChoice, prepareEvaluator } from '../platform/choose.ts'
import { ENERGY_TERMS, type Evaluator } from '../platform/platform.ts'
import { HOPLITE_VERSION } from '../version.ts'
import { checkBoxAgainstCutoff } from './checks.ts'
import { type PreparedRun, prepareRun } from './prepare.ts'

export interface MdRequest {
  readonly loaded: LoadedRecipe
  /** An existing directory: empty for a new run, that of an earlier one to go on with. */
  readonly directory: string
  readonly resume: boolean
  readonly platform: PlatformChoice
  /** Command line, for the record. */
  readonly command: readonly string[]
  /** Hears everything that the protocol reports. */
  onEvent?(event: ProtocolEvent): void
  readonly signal?: AbortSignal | undefined
}

/** What `results.json` holds and `hoplite md --json` prints. */
export interface MdResults {
  readonly run: string
  readonly completed: boolean
  readonly steps: number
  readonly time_ps: number
  readonly ns_per_day: number
  /** Of the production stage; null when it was not reached or is no dynamics. */
  readonly drift_meV_per_atom_ps: number | null
  readonly platform: NonNullable<Manifest['platform']>
  /** Averages over the logged steps of the production stage. */
  readonly density_g_per_cm3: number | null
  readonly temperature_K: number | null
}

const LOG_COLUMNS = [
  'step',
  'time_ps',
  'stage',
  'temperature_K',
  'potential_eV',
  'kinetic_eV',
  'conserved_eV',
  'pressure_bar',
  'density_g_per_cm3',
  ...ENERGY_TERMS.map(term => `${term}_eV`),
]

/**
 * Carries a recipe out into a run directory: structure, manifest, log, trajectory of the last stage, checkpoints and
 * results. Stops after the current step when the signal says so, with a checkpoint from which the run goes on exactly.
 * @throws UserError, SimulationError; what was written by then stays
 */
export async function runMd(request: MdRequest): Promise<MdResults> {
  const { directory, platform, signal } = request
  const prepared = prepareRun(request.loaded)
  const { recipe, system } = prepared
  const file = (name: keyof typeof RUN_FILES) => join(directory, RUN_FILES[name])
  const from = request.resume ? snapshotFrom(file('checkpoint'), recipe) : stageStart(prepared.state)
  if (!request.resume) writeStructureFile(file('structure'), { ...prepared.structure, masses: system.masses })
  const manifest = manifestOf(request, prepared)
  writeManifest(file('manifest'), manifest)

  const log = openLog(file('log'), LOG_COLUMNS, from.state.step)
  const files = createOutputs(log, file('trajectory'), recipe, from, system)
  const started = performance.now()
  let ran: NonNullable<Manifest['platform']> = {
    asked: platform,
    ran: platform,
    backend: null,
    fallback_reason: null,
  }
  const prepare = async (part: System): Promise<Evaluator> => {
    const evaluator = await prepareEvaluator(platform, part)
    ran = {
      asked: platform,
      ran: evaluator.ran,
      backend: evaluator.backend,
      fallback_reason: evaluator.fallbackReason,
    }
    return evaluator
  }
  const production = recipe.stages.length - 1
  const averages = createAverages()
  let drift: number | null = null
  let last: Snapshot = from
  let completed = false
  try {
    const events = runProtocol({
      system,
      stages: recipe.stages,
      from,
      constraints: recipe.constraints,
      prepare,
      seed: recipe.seed,
      constants: prepared.constants,
      output: {
        thermo_every_ps: recipe.output.log_every_ps,
        frame_every_ps: recipe.output.trajectory_every_ps,
        snapshot_every_ps: recipe.output.checkpoint_every_ps,
      },
      signal,
    })
    for await (const event of events) {
      switch (event.kind) {
        case 'thermo':
          files.log(event.row, event.stageIndex)
          if (event.stageIndex === production) averages.add(event.row)
          break
        case 'frame':
          if (event.stageIndex === production) files.frame(event.state)
          break
        case 'stage-end':
          if (event.stageIndex === production && event.summary.kind === 'dynamics') {
            drift = event.summary.drift_meV_per_atom_ps
          }
          break
        case 'snapshot':
          checkBoxAgainstCutoff(
            event.snapshot.state.box,
            recipe.interactions.cutoff_A,
            `after ${event.snapshot.state.time_ps} ps`,
          )
          files.flush()
          saveSnapshot(file('checkpoint'), event.snapshot, recipe.seed)
          break
        case 'end':
          last = event.snapshot
          completed = event.completed
          files.flush()
          saveSnapshot(file('checkpoint'), last, recipe.seed)
          break
      }
      request.onEvent?.(event)
    }
  } finally {
    files.close()
  }
  const wall_s = (performance.now() - started) / 1000
  const results: MdResults = {
    run: directory,
    completed,
    steps: last.state.step,
    time_ps: last.state.time_ps,
    ns_per_day: ((last.state.time_ps - from.state.time_ps) * 1e-3 * 86400) / wall_s,
    drift_meV_per_atom_ps: drift,
    platform: ran,
    density_g_per_cm3: averages.density(),
    temperature_K: averages.temperature(),
  }
  writeManifest(file('manifest'), {
    ...manifest,
    platform: ran,
    wall_clock: { ...manifest.wall_clock, finished_at: new Date().toISOString(), wall_s },
  })
  writeResults(directory, results)
  return results
}

/** Number of dynamics steps of all stages: what a progress bar counts. */
export function plannedSteps(stages: readonly Stage[]): number {
  return stages.reduce(
    (sum, stage) => sum + ('time_ps' in stage ? Math.round((stage.time_ps * 1000) / stage.timestep_fs) : 0),
    0,
  )
}

function manifestOf({ command, platform }: MdRequest, { recipe, inputs }: PreparedRun): Manifest {
  return {
    command: [...command],
    recipe,
    inputs: describeInputs(inputs),
    versions: { hoplite: HOPLITE_VERSION, node: process.versions.node },
    seed: recipe.seed,
    platform: { asked: platform, ran: platform, backend: null, fallback_reason: null },
    precision: 'f64',
    constants: recipe.constants,
    wall_clock: { started_at: new Date().toISOString(), finished_at: null, wall_s: null },
  }
}

function createOutputs(
  log: LogWriter,
  trajectoryFile: string,
  recipe: Recipe,
  from: Snapshot,
  system: System,
) {
  const production = recipe.stages.at(-1)!
  let trajectory: TrajectoryWriter | null = null
  const open = (firstStep: number): TrajectoryWriter => {
    if (!('time_ps' in production)) throw new TypeError('a stage that relaxes has no frames')
    const stepsPerFrame = Math.max(
      1,
      Math.round((recipe.output.trajectory_every_ps * 1000) / production.timestep_fs),
    )
    if (from.stageIndex === recipe.stages.length - 1 && from.stepInStage > 0) {
      return resumeTrajectory(trajectoryFile, Math.floor(from.stepInStage / stepsPerFrame) + 1)
    }
    return createTrajectory(trajectoryFile, {
      atomCount: system.atomCount,
      firstStep,
      stepsPerFrame,
      timestep_fs: production.timestep_fs,
      title: `hoplite ${HOPLITE_VERSION}: ${recipe.name}`.slice(0, 79),
    })
  }
  return {
    log(row: ThermoRow, stageIndex: number) {
      const { terms, stage, ...values } = row
      const byTerm = Object.fromEntries(Object.entries(terms).map(([term, value]) => [`${term}_eV`, value]))
      log.append({ ...values, stage: stageIndex, ...byTerm })
    },
    frame({ step, positions, box }: State) {
      trajectory ??= open(step)
      trajectory.append(positions, box)
    },
    flush() {
      log.flush()
      trajectory?.flush()
    },
    close() {
      log.close()
      trajectory?.close()
    },
  }
}

function createAverages() {
  let count = 0
  let density = 0
  let temperature = 0
  return {
    add(row: ThermoRow) {
      count++
      density += row.density_g_per_cm3
      temperature += row.temperature_K
    },
    density: () => (count > 0 ? density / count : null),
    temperature: () => (count > 0 ? temperature / count : null),
  }
}

function saveSnapshot(path: string, snapshot: Snapshot, seed: number): void {
  const { state, stageIndex, ...rest } = snapshot
  writeCheckpoint(path, {
    state,
    seed,
    stageIndex,
    accumulators: { ...rest, conserved: { ...rest.conserved } },
    arrays: {},
  })
}

/** @throws UserError when the checkpoint belongs to another recipe */
function snapshotFrom(path: string, recipe: Recipe): Snapshot {
  const { state, seed, stageIndex, accumulators } = readCheckpoint(path)
  if (seed !== recipe.seed || stageIndex > recipe.stages.length) {
    throw new UserError({
      message: `the checkpoint was written with seed ${seed}, the recipe has ${recipe.seed}`,
      where: path,
      hint: 'go on with the recipe and the seed that the run began with',
    })
  }
  return { ...(accumulators as unknown as Omit<Snapshot, 'state' | 'stageIndex'>), state, stageIndex }
}
