import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { mean } from '../analysis/stats.ts'
import type { State } from '../core/state.ts'
import type { System } from '../core/system.ts'
import type { ThermoRow } from '../dynamics/observe.ts'
import type { Snapshot } from '../dynamics/protocol.ts'
import { UserError } from '../errors.ts'
import { readCheckpoint, writeCheckpoint } from '../files/checkpoint.ts'
import { sha256File } from '../files/files.ts'
import { openLog, readLog } from '../files/log.ts'
import { type Manifest, readManifest } from '../files/manifest.ts'
import { RUN_FILES } from '../files/runDirectory.ts'
import { createTrajectory, resumeTrajectory, type TrajectoryWriter } from '../files/trajectory.ts'
import { ENERGY_TERMS } from '../platform/platform.ts'
import type { Recipe } from '../recipes/recipe.ts'
import { plannedSteps } from '../recipes/stages.ts'
import { HOPLITE_VERSION } from '../version.ts'
import { watchConserved } from './conserved.ts'
import type { PreparedRun } from './prepare.ts'

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

/** Log, trajectory and checkpoint of a run, open for writing. */
export type RunOutputs = ReturnType<typeof openOutputs>

/**
 * Opens the files that a run writes as it goes, from a snapshot on: rows and frames after it are cut off.
 * @throws UserError when they do not belong to the snapshot; then nothing is changed
 */
export function openOutputs(directory: string, recipe: Recipe, from: Snapshot, system: System) {
  const logFile = join(directory, RUN_FILES.log)
  const trajectoryFile = join(directory, RUN_FILES.trajectory)
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
  const earlierRows = readLog(logFile)
  const { rowCount, values } = earlierRows
  const names = recipe.stages.map(stage => stage.name)
  const watch = watchConserved(names, system.atomCount, earlierRows)
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
    /** Returns a warning when the conserved quantity of the stage begins to drift by an amount that matters. */
    log(row: ThermoRow, stageIndex: number): string | null {
      // A run that was killed just after a stage's end has logged the start of the next one already.
      if (row.step === lastStep && stageIndex === lastStage) return null
      const { terms, stage, ...values } = row
      const byTerm = Object.fromEntries(Object.entries(terms).map(([term, value]) => [`${term}_eV`, value]))
      log.append({ ...values, stage: stageIndex, ...byTerm })
      return watch.row(stageIndex, row)
    },
    warnings: () => watch.warnings(),
    frame({ step, positions, box }: State) {
      trajectory ??= open(step)
      trajectory.append(positions, box)
    },
    /** Writes a checkpoint, once the rows and frames before it are on the disk. */
    checkpoint(snapshot: Snapshot) {
      log.flush()
      trajectory?.flush()
      saveSnapshot(join(directory, RUN_FILES.checkpoint), snapshot, recipe.seed)
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

/** Means over the logged steps of the production stage, before and after any interruption. */
export function productionAverages(directory: string, production: number) {
  const { values } = readLog(join(directory, RUN_FILES.log))
  const average = (column: string) => {
    const rows = values[column]!.filter((_, k) => values.stage![k] === production)
    return rows.length > 0 ? mean(rows) : null
  }
  return { density_g_per_cm3: average('density_g_per_cm3'), temperature_K: average('temperature_K') }
}

/**
 * The last snapshot and the manifest of an earlier run.
 * @throws UserError when it is complete, or its files, inputs and recipe no longer fit together
 */
export function earlierRun(
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

/** Checks that a run is not complete. @throws UserError when it is */
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

/** The progress of a snapshot, as a checkpoint holds it. */
const progressSchema = z.strictObject({
  stepInStage: z.number().int().min(0),
  stageStart_ps: z.number(),
  exchanged_eV: z.number(),
  reference_eV: z.number(),
  conserved: z.strictObject({
    count: z.number(),
    x: z.number(),
    y: z.number(),
    xx: z.number(),
    xy: z.number(),
  }),
})

/** Writes a snapshot as a checkpoint file. */
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

/** @throws UserError when the checkpoint is damaged or belongs to another recipe */
function readSnapshot(path: string, recipe: Recipe, system: System): Snapshot {
  const { state, seed, stageIndex, accumulators } = readCheckpoint(path)
  const refuse = (message: string) =>
    new UserError({ message, where: path, hint: 'resume with the recipe that the run began with' })
  if (seed !== recipe.seed) {
    throw refuse(`the checkpoint was written with seed ${seed}, the recipe has ${recipe.seed}`)
  }
  if (!(stageIndex >= 0 && stageIndex <= recipe.stages.length)) {
    throw refuse(`the checkpoint is in stage ${stageIndex + 1}, the recipe has ${recipe.stages.length}`)
  }
  const atoms = state.positions.length / 3
  if (atoms !== system.atomCount) {
    throw refuse(`the checkpoint holds ${atoms} atoms, the recipe gives ${system.atomCount}`)
  }
  const carried = progressSchema.safeParse(accumulators)
  if (!carried.success) throw refuse('the checkpoint is damaged: it does not say how far its stage is')
  return { ...carried.data, state, stageIndex }
}
