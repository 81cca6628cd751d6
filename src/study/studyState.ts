import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'
import { parseYaml } from '../core/yaml.ts'
import { UserError } from '../errors.ts'
import { readText, sha256File } from '../files/files.ts'
import { readManifest } from '../files/manifest.ts'
import { RUN_FILES } from '../files/runDirectory.ts'
import { busy, ownerOf } from '../files/runLock.ts'
import { filesOfBuild, parseRecipe } from '../recipes/recipe.ts'
import type { PlannedRun } from './studyPlan.ts'

/** What has become of a run of a study, by what lies in its directory. */
export type RunState =
  /** Nothing that could be gone on with. */
  | { readonly kind: 'new' }
  | { readonly kind: 'interrupted' }
  | { readonly kind: 'finished' }
  | { readonly kind: 'failed'; readonly message: string }

/** The files of a run: its directory, and beside it its recipe and what it said when it failed. */
export function runPaths(study: string, key: string) {
  const directory = join(study, key)
  const file = (name: keyof typeof RUN_FILES) => join(directory, RUN_FILES[name])
  return { directory, recipe: `${directory}.yaml`, error: `${directory}.error.txt`, file }
}

const resultsSchema = z.looseObject({ completed: z.boolean() })

/** @throws UserError when the results are damaged */
export function runState(study: string, key: string): RunState {
  const { error, file } = runPaths(study, key)
  const results = file('results')
  if (existsSync(results) && parseYaml(readText(results), resultsSchema, results).completed) {
    return { kind: 'finished' }
  }
  if (existsSync(error)) return { kind: 'failed', message: readText(error).trim() }
  return { kind: hasCheckpoint(study, key) ? 'interrupted' : 'new' }
}

export function hasCheckpoint(study: string, key: string): boolean {
  const { file } = runPaths(study, key)
  return existsSync(file('manifest')) && existsSync(file('checkpoint'))
}

/**
 * Makes sure that what has been run is what would be run now, and that nobody else is at work on it.
 * @throws UserError naming the runs whose recipe or files have changed since they began, or the one that is being run
 */
export function checkBegun(study: string, runs: readonly PlannedRun[]): void {
  const changed: string[] = []
  for (const run of runs) {
    const { directory, file } = runPaths(study, run.key)
    const owner = ownerOf(directory)
    if (owner) throw busy(directory, owner)
    const begun = existsSync(file('results')) || hasCheckpoint(study, run.key)
    if (begun && !isUnchanged(study, run)) changed.push(run.key)
  }
  if (changed.length === 0) return
  throw new UserError({
    message: `${changed.length === 1 ? 'a run has' : `${changed.length} runs have`} begun with another recipe or other files: ${changed.join(', ')}`,
    where: study,
    hint: 'bring the old ones back, give the case another name or the study another --out, or delete these runs',
  })
}

/** By value: comments, and keys that say what holds anyway, change nothing. */
function isUnchanged(study: string, { key, loaded }: PlannedRun): boolean {
  const { recipe: recipeFile, file } = runPaths(study, key)
  if (!existsSync(recipeFile) || !existsSync(file('manifest'))) return false
  const { recipe } = parseRecipe(readText(recipeFile), recipeFile)
  const { potential, structure, build } = loaded.recipe.system
  const boxFiles = build ? filesOfBuild(build) : [structure!]
  const inputs = [recipeFile, potential, ...boxFiles]
  const ran = new Set(readManifest(file('manifest')).inputs.map(({ sha256 }) => sha256))
  return (
    JSON.stringify(recipe) === JSON.stringify(loaded.recipe) &&
    inputs.every(path => ran.has(sha256File(path)))
  )
}

/** Takes away what a run has left that ended before its first checkpoint; what is not its own stays. */
export function clearRun(study: string, key: string): void {
  const { directory, error } = runPaths(study, key)
  const own = existsSync(directory) ? readdirSync(directory).filter(isOwn) : []
  for (const name of own) rmSync(join(directory, name), { force: true })
  rmSync(error, { force: true })
}

/** A file of a run, or one that was being written when the run was killed. */
const isOwn = (name: string) => Object.values(RUN_FILES).some(file => name.startsWith(file))
