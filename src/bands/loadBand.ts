import { basename, join, resolve } from 'node:path'
import * as z from 'zod'
import { parseYaml } from '../core/yaml.ts'
import { type BandFile, readBandFile } from '../files/bandFiles.ts'
import { readText } from '../files/files.ts'
import { type Manifest, readManifest } from '../files/manifest.ts'
import { RUN_FILES } from '../files/runDirectory.ts'
import { bandForces } from '../neb/band.ts'
import { type Barrier, barrierOf } from '../neb/barrier.ts'
import { loadPotential, type Potential } from '../potentials/load.ts'
import { type BandRecipe, parseBandRecipeObject } from '../recipes/bandRecipe.ts'
import { springsOf } from './computeBand.ts'

/** What a report needs of a band's results.json. */
const resultsSchema = z.looseObject({
  completed: z.boolean(),
  converged: z.boolean(),
  fmax_eV_per_A: z.number(),
  iterations: z.number(),
  force_calls: z.number(),
  preparation_force_calls: z.number(),
  ion: z.number().nullable(),
  adsorbate: z.array(z.number()),
  saddle_image: z.number(),
  notes: z.array(z.string()),
  warnings: z.array(z.string()),
  vibrations: z
    .looseObject({
      atoms: z.number(),
      temperature_K: z.number(),
      prefactor_THz: z.number(),
      rate_Hz: z.number(),
    })
    .nullable(),
})

/** The directory of a band in memory. */
export interface LoadedBand {
  readonly directory: string
  readonly name: string
  readonly recipe: BandRecipe
  readonly manifest: Manifest
  readonly results: z.infer<typeof resultsSchema>
  readonly band: BandFile
  readonly barrier: Barrier
  readonly potential: Potential
}

/** @throws UserError when the directory holds no band that has come to an end */
export function loadBand(directory: string): LoadedBand {
  const file = (name: keyof typeof RUN_FILES) => join(directory, RUN_FILES[name])
  const manifest = readManifest(file('manifest'))
  const { recipe } = parseBandRecipeObject(manifest.recipe, file('manifest'))
  const results = parseYaml(readText(file('results')), resultsSchema, file('results'))
  const band = readBandFile(file('band'))
  const { tangentForces_eV_per_A } = bandForces(band, springsOf(recipe.band), null, band.structure.frozen)
  return {
    directory,
    name: basename(resolve(directory)),
    recipe,
    manifest,
    results,
    band,
    barrier: barrierOf(band.path_A, band.energies_eV, tangentForces_eV_per_A),
    potential: loadPotential(recipe.system.potential),
  }
}
