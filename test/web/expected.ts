import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { meanSquaredDisplacement, removeDrift } from '../../src/analysis/msd.ts'
import { type ReplicateMean, replicateMean } from '../../src/analysis/transport.ts'
import { RUN_FILES } from '../../src/files/runDirectory.ts'
import { loadTrajectory } from '../../src/files/trajectory.ts'
import { loadRecipe } from '../../src/recipes/recipe.ts'
import { liveInput } from '../../src/run/liveInput.ts'
import { atomsOf, loadRun } from '../../src/run/loadRun.ts'
import type { LiveInput } from '../../src/web/live/input.ts'
import { changed, LIFSI_MD, writeLifsi } from '../cli/boxes.ts'
import { document } from '../cli/hoplite.ts'

export interface Expected {
  readonly recipe: string
  readonly input: LiveInput
  readonly time_ps: readonly number[]
  readonly temperature_K: readonly number[]
  readonly curve: ReplicateMean
}

/** Steps of the production, and how often it writes a frame. */
export const STEPS = 40
export const FRAMES = 21

/** What `hoplite md` computes of a small box of LiFSI. */
export async function expectedOf(folder: string): Promise<Expected> {
  await writeLifsi(folder)
  const recipe = join(folder, 'live.yaml')
  writeFileSync(recipe, changed(LIFSI_MD, /time_ps: 0.02,/, 'time_ps: 0.04,'))
  const directory = join(folder, 'run')
  await document('md', recipe, '--out', directory, '--platform', 'simd', '--quiet')
  const run = await loadRun(directory)
  const { positions } = await loadTrajectory(join(directory, RUN_FILES.trajectory))
  const ions = removeDrift(positions, run.masses, atomsOf(run, 'Li'))
  const { frameInterval_ps } = run
  const msd = meanSquaredDisplacement(ions, { frameInterval_ps })
  // Where one stage ends and the next begins there are two rows, of which the page shows one.
  const column = (name: 'time_ps' | 'temperature_K') =>
    [...run.log.values[name]!].filter((_, k) => run.log.values.step![k] !== run.log.values.step![k - 1])
  return {
    recipe,
    input: liveInput(loadRecipe(recipe)),
    time_ps: column('time_ps'),
    temperature_K: column('temperature_K'),
    curve: replicateMean(msd, (frameInterval_ps * (FRAMES - 1)) / 2),
  }
}

/** Largest difference, relative to the largest value. */
export function deviation(found: ArrayLike<number>, wanted: ArrayLike<number>): number {
  if (found.length !== wanted.length) return Number.POSITIVE_INFINITY
  const differences = Array.from(found, (value, k) => Math.abs(value - wanted[k]!))
  return Math.max(...differences) / Math.max(...Array.from(wanted, Math.abs))
}
