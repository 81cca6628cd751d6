import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { stringify } from 'yaml'
import { loadRecipe } from '../../src/recipes/recipe.ts'
import { loadRun } from '../../src/run/loadRun.ts'
import { runMd } from '../../src/run/md.ts'
import { analyseSystem } from '../../src/transport/transport.ts'

const ROOT = resolve(import.meta.dirname, '../..')

/**
 * 62 ps at 700 K from one of the reference boxes, as a user would run it: fifteen ions then give the slope to about
 * 12 %, so that 30 % is a bound that a correct run keeps.
 */
export async function hotRun(box: 'pvdf' | 'dhf') {
  const directory = mkdtempSync(join(tmpdir(), 'hoplite-smoke-'))
  try {
    const recipeFile = join(directory, 'recipe.yaml')
    writeFileSync(
      recipeFile,
      stringify({
        name: box,
        system: {
          potential: join(ROOT, 'potentials/pvdf-lifsi.yaml'),
          structure: join(ROOT, `test/golden/boxes/${box}-hot.extxyz`),
          charge_scale: 0.7,
          hydrogen_mass_g_per_mol: 4,
        },
        constraints: { bonds: 'all-bonds', tolerance: 1e-7 },
        stages: [
          {
            name: 'equilibrate',
            kind: 'nvt',
            time_ps: 2,
            timestep_fs: 2,
            temperature_K: 700,
            new_velocities: true,
          },
          { name: 'produce', kind: 'nvt', time_ps: 60, timestep_fs: 4, temperature_K: 700 },
        ],
      }),
    )
    await runMd({
      loaded: loadRecipe(recipeFile),
      directory,
      resume: false,
      platform: 'auto',
      command: [],
    })
    const runs = [loadRun(directory)]
    const system = await analyseSystem({ name: box, runs }, 'Li', { from_ps: 2, to_ps: 12 })
    const [msd] = system.msds
    const at5ps = msd!.mean_A2[Math.round(5 / msd!.frameInterval_ps) - 1]!
    return { msd5ps_A2: at5ps, slope_A2_per_ps: system.transport.slope_A2_per_ps }
  } finally {
    rmSync(directory, { recursive: true })
  }
}
