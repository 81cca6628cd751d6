import { basename, join, resolve } from 'node:path'
import * as z from 'zod'
import { parseYaml } from '../core/yaml.ts'
import { type BandFile, readBandFile } from '../files/bandFiles.ts'
import { readText } from '../files/files.ts'
import { type Manifest, readManifest } from '../files/manifest.ts'
import { RUN_FILES } from '../files/runDirectory.ts'
import { bandForces } from '../neb/band.ts'
import { type Barrier, barrierOf } from '../neb/barrier.ts'
import {
  loadPotential,
  originOf,
  type PairEntry,
  type Potential,
  type Provenance,
} from '../potentials/load.ts'
import { matchesAtom } from '../potentials/patterns.ts'
import { type BandRecipe, recipeOfBand } from '../recipes/bandRecipe.ts'
import type { CalibrationRow } from '../report/model.ts'
import { springsOf } from './computeBand.ts'

/** The keys of a band's results.json that a report needs. */
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

/** A band directory in memory. */
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

/** Reads a band directory. @throws UserError when it holds no band that has ended */
export function loadBand(directory: string): LoadedBand {
  const file = (name: keyof typeof RUN_FILES) => join(directory, RUN_FILES[name])
  const manifest = readManifest(file('manifest'))
  const { recipe } = recipeOfBand(manifest, file('manifest'))
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

/** Row of the tethers' stiffness; a study that knows what it was fitted to replaces it. */
const TETHERS = 'tethers of the host, k'

/** One row for every parameter that some bands use and that was fitted, carried over or chosen. */
export function bandCalibrationRows(bands: readonly LoadedBand[]): CalibrationRow[] {
  const rows = new Map<string, CalibrationRow>()
  for (const { potential, band, recipe } of bands) {
    const used = [...new Set(band.structure.types ?? [])]
    const add = (quantity: string, value: string, entry: Provenance) => {
      rows.set(quantity, { quantity, value, ...originOf(potential, entry) })
    }
    for (const name of used) {
      const type = potential.types[name]!
      add(`charge of ${name}`, `${type.charge_e} e before neutralising`, type)
    }
    for (const entry of potential.pairs) {
      const types = entry.types.map(pattern =>
        used.filter(name => matchesAtom(pattern, name, potential.types[name]!.class)),
      )
      if (entry.terms.length === 0 || types.some(list => list.length === 0)) continue
      if (entry.terms.every(({ form }) => form === 'lennard-jones')) {
        // A coating has dozens: their common source says it.
        add(`Lennard-Jones, ${entry.source.join(', ')}`, 'every pair written out in the potential', entry)
      } else {
        add(`${types.map(list => list.join(', ')).join(' – ')} interaction`, termText(entry), entry)
      }
    }
    const { tethers } = recipe
    if (tethers && tethers.stiffness_eV_per_A2 > 0) {
      rows.set(TETHERS, {
        quantity: TETHERS,
        value: `${tethers.stiffness_eV_per_A2} eV/Å²`,
        status: 'chosen',
        source: 'set in the recipe: stands in for the stiffness that rigid ions lack',
        doi: null,
      })
    }
  }
  return [...rows.values()]
}

function termText({ terms }: PairEntry): string {
  return terms
    .map(({ form, parameters }) => `${form} ${parameters.map(p => p.toPrecision(4)).join(', ')}`)
    .join('; ')
}
