import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { mean } from '../analysis/stats.ts'
import type { State } from '../core/state.ts'
import type { System } from '../core/system.ts'
import type { ThermoRow } from '../dynamics/observe.ts'
import { type ProtocolEvent, type Snapshot, stageStart } from '../dynamics/protocol.ts'
import { runProtocol } from '../dynamics/simulate.ts'
import { UserError } from '../errors.ts'
import { sha256File } from '../files/files.ts'
import { openLog, readLog } from '../files/log.ts'
import { describeInputs, type Manifest, readManifest, writeManifest } from '../files/manifest.ts'
import { RUN_FILES, writeResults } from '../files/runDirectory.ts'
import { whileLocked } from '../files/runLock.ts'
import { writeStructureFile } from '../files/structureFile.ts'
import { createTrajectory, resumeTrajectory, type TrajectoryWriter } from '../files/trajectory.ts'
import { type PlatformChoice, prepareEvaluator } from '../platform/choose.ts'
import { ENERGY_TERMS, type Evaluator } from '../platform/platform.ts'
import type { LoadedRecipe, Recipe } from '../recipes/recipe.ts'
import { protocolStages, type RecipeStage } from '../recipes/stages.ts'
import { HOPLITE_VERSION } from '../version.ts'
import { checkBoxAgainstCutoff } from './checks.ts'
import { checkPlatform, type PreparedRun, prepareRun } from './prepare.ts'
import { responsive } from './responsive.ts'
import { readSnapshot, saveSnapshot } from './snapshot.ts'

export interface MdRequest {
  readonly loaded: LoadedRecipe
  /** An existing directory: empty for a new run, that of an earlier one to go on with. */
  readonly directory: string
  readonly resume: boolean
  readonly platform: PlatformChoice
  /** Number of threads. Default: chosen by the size of the box. */
  readonly threads?: number | undefined
  /** Command line, for the record. */
  readonly command: readonly string[]
  /** Hears everything that the protocol reports. */
  onEvent?(event: ProtocolEvent): void
  readonly signal?: AbortSignal | undefined
}

/** Content of `results.json` and of `hoplite md --json`. */
export interface MdResults {
  readonly run: string
  readonly completed: boolean
  readonly steps: number
  readonly time_ps: number
  readonly ns_per_day: number
  /** Drift of the production stage; null if it was not reached or is not dynamics. */
  readonly drift_meV_per_atom_ps: number | null
  readonly platform: NonNullable<Manifest['platform']>
  readonly precision: Manifest['precision']
  /** Averages over the logged steps of the production stage. */
  readonly density_g_per_cm3: number | null
  readonly temperature_K: number | null
}

/** Columns of log.csv. */
export const LOG_COLUMNS = [
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
 * The directory is locked meanwhile.
 * @throws UserError, SimulationError; what was written by then stays
 */
export async function runMd(request: MdRequest): Promise<MdResults> {
  return whileLocked(request.directory, () => run(request))
}

async function run(request: MdRequest): Promise<MdResults> {
  const { directory, platform, signal } = request
  const prepared = prepareRun(request.loaded)
  const { recipe, system } = prepared
  const file = (name: keyof typeof RUN_FILES) => join(directory, RUN_FILES[name])
  const earlier = request.resume ? earlierRun(directory, prepared) : null
  await checkPlatform(platform, system)
  const from = earlier?.snapshot ?? stageStart(prepared.state)
  if (!earlier) writeStructureFile(file('structure'), { ...prepared.structure, masses: system.masses })
  // Opening them finds out whether they can be gone on with: until then nothing is changed.
  const files = createOutputs(file('log'), file('trajectory'), recipe, from, system)
  const manifest = manifestOf(request, prepared, earlier?.manifest)
  const started = performance.now()
  let ran: NonNullable<Manifest['platform']> = {
    asked: platform,
    ran: platform,
    backend: null,
    fallback_reason: null,
  }
  const prepare = async (part: System): Promise<Evaluator> => {
    const evaluator = await prepareEvaluator(platform, part, { threads: request.threads })
    ran = {
      asked: platform,
      ran: evaluator.ran,
      backend: evaluator.backend,
      fallback_reason: evaluator.fallbackReason,
    }
    return responsive(evaluator)
  }
  const record = (wall_clock: Manifest['wall_clock']) =>
    writeManifest(file('manifest'), {
      ...manifest,
      platform: ran,
      precision: precisionOf(ran.ran, recipe.stages),
      wall_clock,
    })
  const production = recipe.stages.length - 1
  let drift: number | null = null
  let last: Snapshot = from
  let completed = false
  try {
    const events = runProtocol({
      system,
      stages: protocolStages(recipe.stages),
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
    record(manifest.wall_clock)
    for await (const event of events) {
      switch (event.kind) {
        case 'stage-start':
          record(manifest.wall_clock)
          break
        case 'thermo':
          files.log(event.row, event.stageIndex)
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
  const averages = productionAverages(file('log'), production)
  const results: MdResults = {
    run: directory,
    completed,
    steps: last.state.step,
    time_ps: last.state.time_ps,
    ns_per_day: ((last.state.time_ps - from.state.time_ps) * 1e-3 * 86400) / wall_s,
    drift_meV_per_atom_ps: drift,
    platform: ran,
    precision: precisionOf(ran.ran, recipe.stages),
    ...averages,
  }
  record({
    ...manifest.wall_clock,
    finished_at: new Date().toISOString(),
    wall_s: (manifest.wall_clock.wall_s ?? 0) + wall_s,
  })
  writeResults(directory, results)
  return results
}

/** Number of dynamics steps of all stages: what a progress bar counts. */
export function plannedSteps(stages: readonly RecipeStage[]): number {
  return stages.reduce(
    (sum, stage) => sum + ('time_ps' in stage ? Math.round((stage.time_ps * 1000) / stage.timestep_fs) : 0),
    0,
  )
}

function precisionOf(ran: string, stages: readonly RecipeStage[]): Manifest['precision'] {
  if (ran === 'reference') return 'f64'
  return stages.some(stage => 'steps_on_device' in stage && stage.steps_on_device !== undefined)
    ? 'f32'
    : 'mixed'
}

/** A run that goes on keeps the command and the inputs that it began with. */
function manifestOf(
  { command, platform }: MdRequest,
  { recipe, inputs }: PreparedRun,
  earlier: Manifest | undefined,
): Manifest {
  return {
    command: earlier?.command ?? [...command],
    recipe,
    inputs: earlier?.inputs ?? describeInputs(inputs),
    versions: { hoplite: HOPLITE_VERSION, node: process.versions.node },
    seed: recipe.seed,
    platform: { asked: platform, ran: platform, backend: null, fallback_reason: null },
    precision: 'f64',
    constants: recipe.constants,
    wall_clock: {
      started_at: earlier?.wall_clock.started_at ?? new Date().toISOString(),
      finished_at: null,
      wall_s: earlier?.wall_clock.wall_s ?? null,
    },
  }
}

function createOutputs(
  logFile: string,
  trajectoryFile: string,
  recipe: Recipe,
  from: Snapshot,
  system: System,
) {
  const production = recipe.stages.at(-1)!
  const stepsPerFrame =
    'time_ps' in production
      ? Math.max(1, Math.round((recipe.output.trajectory_every_ps * 1000) / production.timestep_fs))
      : null
  let trajectory: TrajectoryWriter | null = null
  if (stepsPerFrame !== null && from.stageIndex === recipe.stages.length - 1 && from.stepInStage > 0) {
    trajectory = resumeTrajectory(trajectoryFile, Math.floor(from.stepInStage / stepsPerFrame) + 1)
  }
  if (from.stepInStage > 0) checkLogged(logFile, recipe, from)
  const log = openLog(logFile, LOG_COLUMNS, from.state.step)
  const { rowCount, values } = readLog(logFile)
  const lastStep = values.step?.[rowCount - 1]
  const lastStage = values.stage?.[rowCount - 1]
  // Frames of a production that was killed before its first checkpoint.
  if (!trajectory) rmSync(trajectoryFile, { force: true })
  const open = (firstStep: number): TrajectoryWriter => {
    if (!('time_ps' in production) || stepsPerFrame === null) {
      throw new TypeError('a stage that relaxes has no frames')
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
      // A run that was killed just after a stage's end has logged the start of the next one already.
      if (row.step === lastStep && stageIndex === lastStage) return
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

/** @throws UserError when the log lacks rows from before the checkpoint */
function checkLogged(logFile: string, { stages, output }: Recipe, from: Snapshot): void {
  const stage = stages[from.stageIndex]
  if (!stage || !('time_ps' in stage)) return
  const stepsPerRow = Math.max(1, Math.round((output.log_every_ps * 1000) / stage.timestep_fs))
  const { rowCount, values } = readLog(logFile)
  const last = rowCount > 0 ? values.step?.[rowCount - 1] : undefined
  if (last !== undefined && last >= from.state.step - (from.stepInStage % stepsPerRow)) return
  throw new UserError({
    message: `the log ends at ${last === undefined ? 'no step' : `step ${last}`}, the checkpoint is at step ${from.state.step}`,
    where: logFile,
    hint: 'rows are missing: bring the whole file back',
  })
}

/** Means over the logged steps of the production, before and after whatever interrupted it. */
function productionAverages(logFile: string, production: number) {
  const { values } = readLog(logFile)
  const average = (column: string) => {
    const rows = values[column]!.filter((_, k) => values.stage![k] === production)
    return rows.length > 0 ? mean(rows) : null
  }
  return { density_g_per_cm3: average('density_g_per_cm3'), temperature_K: average('temperature_K') }
}

/**
 * Last state and manifest of an earlier run.
 * @throws UserError when it is complete, or its files, inputs and recipe no longer fit together
 */
function earlierRun(
  directory: string,
  { recipe, system, inputs }: PreparedRun,
): { snapshot: Snapshot; manifest: Manifest } {
  const file = (name: keyof typeof RUN_FILES) => join(directory, RUN_FILES[name])
  const manifest = readManifest(file('manifest'))
  for (const { path, sha256 } of manifest.inputs) {
    if (!inputs.includes(path) || sha256File(path) === sha256) continue
    throw new UserError({
      message: 'the file has changed since the run began',
      where: path,
      hint: 'bring the old file back, or begin a new run: hoplite md',
    })
  }
  if (!existsSync(file('checkpoint'))) {
    throw new UserError({
      message: 'the run has no checkpoint yet',
      where: directory,
      hint: 'begin it anew: hoplite md',
    })
  }
  const snapshot = readSnapshot(file('checkpoint'), recipe, system)
  checkUnfinished(directory, recipe, snapshot)
  return { snapshot, manifest }
}

/** @throws UserError when nothing is left to do */
function checkUnfinished(directory: string, { stages }: Recipe, snapshot: Snapshot): void {
  const stage = stages[snapshot.stageIndex]
  const planned = stage && 'time_ps' in stage ? plannedSteps([stage]) : 0
  const isLast = snapshot.stageIndex >= stages.length - 1
  if (!isLast || snapshot.stepInStage < planned) return
  if (snapshot.stepInStage === planned && !existsSync(join(directory, RUN_FILES.results))) return
  throw new UserError({
    message: `the run has done ${snapshot.stepInStage} steps of its last stage, of ${planned}`,
    where: directory,
    hint: 'it is complete; make it longer with --steps-more N',
  })
}
