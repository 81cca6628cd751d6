import { basename, join, resolve } from 'node:path'
import type { NdArray } from 'ndarray'
import type { Box } from '../core/box.ts'
import type { Structure } from '../core/structure.ts'
import { UserError } from '../errors.ts'
import { type Log, readLog } from '../io/log.ts'
import { type Manifest, readManifest } from '../io/manifest.ts'
import { parseRecipeObject, type Recipe } from '../io/recipe.ts'
import { RUN_FILES, readResults } from '../io/runDirectory.ts'
import { readStructureFile } from '../io/structureFile.ts'
import { boxOfCell, loadTrajectory } from '../io/trajectory.ts'
import { loadPotential, type Potential } from '../potentials/load.ts'
import type { MdResults } from './md.ts'

/** A run directory in memory. */
export interface LoadedRun {
  readonly directory: string
  readonly name: string
  readonly recipe: Recipe
  readonly manifest: Manifest
  readonly results: MdResults | null
  readonly structure: Structure
  /** [N] g/mol, as simulated. */
  readonly masses: Float64Array
  readonly potential: Potential
  readonly log: Log
  /** Index of the production stage in the log's column `stage`. */
  readonly productionStage: number
  /** [frames, N, 3] Å, unwrapped. */
  readonly positions: NdArray<Float32Array>
  readonly frameInterval_ps: number
  /** Cell of every frame. */
  readonly boxes: readonly Box[]
}

/** @throws UserError when the directory is no run, or has no production frames yet */
export async function loadRun(directory: string): Promise<LoadedRun> {
  const file = (name: keyof typeof RUN_FILES) => join(directory, RUN_FILES[name])
  const manifest = readManifest(file('manifest'))
  const { recipe } = parseRecipeObject(manifest.recipe, file('manifest'))
  const structure = readStructureFile(file('structure'))
  if (!structure.masses) {
    throw new UserError({ message: 'the structure of the run holds no masses', where: file('structure') })
  }
  const { header, positions, cells } = await loadTrajectory(file('trajectory'))
  if (header.frameCount < 2) {
    throw new UserError({
      message: `the trajectory holds ${header.frameCount} frames: the production has hardly begun`,
      where: file('trajectory'),
      hint: `go on with it: hoplite resume ${directory}`,
    })
  }
  if (!cells) throw new UserError({ message: 'the trajectory holds no cells', where: file('trajectory') })
  return {
    directory,
    name: basename(resolve(directory)),
    recipe,
    manifest,
    results: resultsOf(directory),
    structure,
    masses: structure.masses,
    potential: loadPotential(recipe.system.potential),
    log: readLog(file('log')),
    productionStage: recipe.stages.length - 1,
    positions,
    frameInterval_ps: header.frameInterval_ps,
    boxes: Array.from({ length: header.frameCount }, (_, f) =>
      boxOfCell(Float64Array.from({ length: 6 }, (_, k) => cells.get(f, k))),
    ),
  }
}

/** What the run said of itself when it ended; null when it has not. */
function resultsOf(directory: string): MdResults | null {
  try {
    return readResults(directory) as MdResults
  } catch (error) {
    if (error instanceof UserError) return null
    throw error
  }
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
