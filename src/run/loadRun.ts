import { existsSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import * as z from 'zod'
import type { Structure } from '../core/structure.ts'
import { parseYaml } from '../core/yaml.ts'
import { UserError } from '../errors.ts'
import { readText } from '../files/files.ts'
import { type Log, readLog } from '../files/log.ts'
import { type Manifest, readManifest } from '../files/manifest.ts'
import { RUN_FILES } from '../files/runDirectory.ts'
import { readStructureFile } from '../files/structureFile.ts'
import { readTrajectoryHeader, type TrajectoryHeader } from '../files/trajectory.ts'
import { loadPotential, type Potential } from '../potentials/load.ts'
import { type LoadedRecipe, type Recipe, recipeOfRun } from '../recipes/recipe.ts'
import { LOG_COLUMNS } from './mdFiles.ts'

/** Keys of a run's results.json that the analysis needs. */
const resultsSchema = z.looseObject({
  ns_per_day: z.number().nullable(),
  drift_meV_per_atom_ps: z.number().nullable(),
  /** Missing before version 0.2. */
  warnings: z.array(z.string()).default([]),
})
type KnownResults = z.infer<typeof resultsSchema>

/** A run directory in memory, except its trajectory, which is read frame by frame. */
export interface LoadedRun {
  readonly directory: string
  readonly name: string
  readonly recipe: Recipe
  readonly manifest: Manifest
  readonly results: KnownResults | null
  readonly structure: Structure
  /** [N] g/mol, as simulated. */
  readonly masses: Float64Array
  readonly potential: Potential
  readonly log: Log
  /** Index of the production stage in the log's column `stage`. */
  readonly productionStage: number
  /** File of the trajectory. */
  readonly trajectory: string
  readonly frameCount: number
  readonly frameInterval_ps: number
}

/** Manifest and recipe of a run. @throws UserError when the directory is no run */
export function readRun(directory: string): { manifest: Manifest; loaded: LoadedRecipe } {
  const manifestFile = join(directory, RUN_FILES.manifest)
  if (!existsSync(manifestFile)) {
    const isThere = existsSync(directory)
    const isFolder = isThere && statSync(directory).isDirectory()
    const not = isFolder
      ? `no run directory: it holds no ${RUN_FILES.manifest}`
      : 'a file, not a run directory'
    throw new UserError({
      message: isThere ? `this is ${not}` : 'there is no such directory',
      where: directory,
      hint: 'give a directory that hoplite md has written',
    })
  }
  const manifest = readManifest(manifestFile)
  return { manifest, loaded: recipeOfRun(manifest, manifestFile) }
}

/** Reads a run directory. @throws UserError when it is no run, has no production frames yet, or files that do not belong together */
export function loadRun(directory: string): LoadedRun {
  const file = (name: keyof typeof RUN_FILES) => join(directory, RUN_FILES[name])
  const {
    manifest,
    loaded: { recipe },
  } = readRun(directory)
  const structure = readStructureFile(file('structure'))
  if (!structure.masses) {
    throw new UserError({ message: 'the structure of the run holds no masses', where: file('structure') })
  }
  const header = readTrajectoryHeader(file('trajectory'))
  const atoms = structure.elements.length
  if (header.atomCount !== atoms) {
    throw new UserError({
      message: `the trajectory holds ${header.atomCount} atoms, the structure of the run ${atoms}`,
      where: file('trajectory'),
      hint: `it belongs to another run than ${file('structure')}`,
    })
  }
  if (header.frameCount < 2) {
    throw new UserError({
      message: `the trajectory holds ${header.frameCount} frames, and at least 2 are needed`,
      where: file('trajectory'),
      hint: `continue the run: hoplite resume ${directory}`,
    })
  }
  const log = knownLog(file('log'))
  checkLength(recipe, log, header, file('trajectory'))
  return {
    directory,
    name: basename(resolve(directory)),
    recipe,
    manifest,
    results: resultsOf(file('results')),
    structure,
    masses: structure.masses,
    potential: loadPotential(recipe.system.potential),
    log,
    productionStage: recipe.stages.length - 1,
    trajectory: file('trajectory'),
    frameCount: header.frameCount,
    frameInterval_ps: header.frameInterval_ps,
  }
}

/** @throws UserError when the trajectory is not as long as the log says */
function checkLength(
  { stages, output }: Recipe,
  { values }: Log,
  { frameInterval_ps, firstStep, stepsPerFrame, frameCount }: TrajectoryHeader,
  where: string,
): void {
  if (!(frameInterval_ps > 0)) {
    throw new UserError({ message: `the trajectory has ${frameInterval_ps} ps between frames`, where })
  }
  const production = stages.length - 1
  const logged = values.step!.filter((_, k) => values.stage![k] === production).at(-1) ?? Number.NaN
  const stepsPerRow = (output.log_every_ps / frameInterval_ps) * stepsPerFrame
  const ends = firstStep + (frameCount - 1) * stepsPerFrame
  // Whatever killed a run may have come between a frame and its row.
  if (Math.abs(ends - logged) <= 2 * Math.max(stepsPerFrame, stepsPerRow)) return
  throw new UserError({
    message: `the trajectory ends at step ${ends}, the production in the log at step ${logged}`,
    where,
    hint: 'a file was cut short or belongs to another run; hoplite resume continues from the checkpoint',
  })
}

/** Results of a run; null if it has not ended. @throws UserError with line and key */
function resultsOf(path: string): KnownResults | null {
  return existsSync(path) ? parseYaml(readText(path), resultsSchema, path) : null
}

/** @throws UserError when it is not the log of a run */
function knownLog(path: string): Log {
  const log = readLog(path)
  const missing = LOG_COLUMNS.find(column => !log.columns.includes(column))
  if (missing === undefined) return log
  throw new UserError({
    message: `the log has no column ${missing}`,
    where: `${path}:1`,
    hint: `a run writes ${LOG_COLUMNS.join(',')}`,
  })
}

/** Atoms of a species, by chemical symbol. @throws UserError naming what there is */
export function atomsOf(run: LoadedRun, species: string): number[] {
  const atoms = run.structure.elements.flatMap((element, i) => (element === species ? [i] : []))
  if (atoms.length > 0) return atoms
  throw new UserError({
    message: `the run has no ${species}`,
    where: run.directory,
    hint: `elements: ${[...new Set(run.structure.elements)].join(', ')}`,
  })
}

/** A column of the log, production only. */
export function productionColumn(run: LoadedRun, column: string): Float64Array {
  const stage = run.log.values.stage!
  return (run.log.values[column] ?? new Float64Array()).filter((_, k) => stage[k] === run.productionStage)
}
