import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { type NebPlan, type NebResults, planNeb, runNeb } from '../bands/neb.ts'
import { EXIT, type ExitCode, UserError } from '../errors.ts'
import { readManifest } from '../files/manifest.ts'
import { createRunDirectory, RUN_FILES } from '../files/runDirectory.ts'
import { type LoadedBandRecipe, loadBandRecipe, overrideBand, recipeOfBand } from '../recipes/bandRecipe.ts'
import { command } from './command.ts'
import {
  createStopSignal,
  MAX_TIME,
  parseDuration,
  platformOption,
  positive,
  RUN_DIRECTORY,
  wholeNumber,
} from './options.ts'
import { fixed, formatTable, type Output } from './output.ts'

export const nebCommand = command({
  usage: 'neb <recipe>',
  summary: 'compute the migration barrier of a hop by a nudged elastic band',
  example: ['hoplite neb runs/li-bare.yaml --threads 4', 'relax the ends and the band, in runs/li-bare'],
  positionals: {
    recipe: { type: 'string', demandOption: true, describe: 'recipe (YAML), or a run directory to continue' },
  },
  options: {
    out: RUN_DIRECTORY,
    resume: { type: 'boolean', default: false, describe: 'continue from the checkpoint in the directory' },
    platform: platformOption('platform that computes forces; auto: reference'),
    threads: { type: 'number', describe: 'number of images computed at once. Default: one per core' },
    images: { type: 'number', describe: 'number of images, both ends included. Default: that of the recipe' },
    fmax_eV_per_A: { type: 'number', describe: 'largest band force, eV/Å. Default: that of the recipe' },
    'max-time': MAX_TIME,
    'dry-run': { type: 'boolean', default: false, describe: 'check and print the plan, write nothing' },
  },
  async run(args, output, commandLine) {
    const maxTime_s = parseDuration(args['max-time'])
    const threads = wholeNumber('--threads', args.threads)
    const images = wholeNumber('--images', args.images, 3)
    const fmax_eV_per_A = positive('--fmax_eV_per_A', args.fmax_eV_per_A)
    const earlier = earlierBand(args.recipe, args.resume, args.out)
    if (earlier && images !== undefined) {
      throw new UserError({
        message: `a continued band keeps its ${earlier.loaded.recipe.band.images} images`,
        where: `--images ${images}`,
        hint: 'begin a new band for another number',
      })
    }
    const loaded = overrideBand(earlier?.loaded ?? loadBandRecipe(args.recipe), { images, fmax_eV_per_A })
    // Everything is checked before a directory is made.
    const plan = await planNeb(loaded, args.platform)
    if (args['dry-run']) return dryRun(loaded, plan, output)
    const { name, band } = loaded.recipe
    const directory =
      earlier?.directory ?? createRunDirectory(args.out === undefined ? { name } : { out: args.out, name })
    const stop = createStopSignal(maxTime_s)
    const progress = output.progress(name, band.max_iterations, 'iterations')
    const noted = new Set<string>()
    try {
      const results = await runNeb({
        loaded,
        directory,
        resume: earlier !== null,
        platform: args.platform,
        threads,
        command: commandLine,
        onEvent(event) {
          if (event.kind === 'note') return output.note(event.text)
          if (event.kind === 'warning') {
            noted.add(event.text)
            return output.warn(event.text)
          }
          const { iteration, stage, fmax_eV_per_A: fmax, barrier_eV } = event
          progress.update(
            iteration,
            `${stage}  fmax ${fmax.toPrecision(3)} eV/Å  barrier ${fixed(barrier_eV, 3)} eV`,
          )
        },
        signal: stop.signal,
      })
      progress.finish()
      for (const warning of results.warnings) {
        if (!noted.has(warning)) output.warn(warning)
      }
      output.document(results)
      output.text(describe(results, band.fmax_eV_per_A))
      if (!results.completed) output.note(`stopped early; continue with: hoplite neb ${results.run} --resume`)
      return exitCode(results)
    } finally {
      stop.dispose()
    }
  },
})

function exitCode({ completed, converged }: NebResults): ExitCode {
  if (!completed) return EXIT.interrupted
  return converged ? EXIT.done : EXIT.notConverged
}

/**
 * The band to continue; null for a new one.
 * @throws UserError when there is none to continue, or --resume is missing
 */
function earlierBand(
  target: string,
  resume: boolean,
  out: string | undefined,
): { directory: string; loaded: LoadedBandRecipe } | null {
  const isDirectory = existsSync(target) && statSync(target).isDirectory()
  if (!resume) {
    if (!isDirectory) return null
    throw new UserError({
      message: 'this is a directory, not a recipe',
      where: target,
      hint: `to continue the band in it: hoplite neb ${target} --resume`,
    })
  }
  if (isDirectory && out !== undefined) {
    throw new UserError({
      message: 'a band continues in its own directory',
      where: `--out ${out}`,
      hint: 'leave --out out, or begin a new band from the recipe',
    })
  }
  const recipe = isDirectory ? null : loadBandRecipe(target)
  const directory = recipe === null ? target : (out ?? join('runs', recipe.recipe.name))
  const file = join(directory, RUN_FILES.manifest)
  if (!existsSync(file)) {
    throw new UserError({
      message: 'there is no band to continue',
      where: directory,
      hint: 'leave --resume out to begin one',
    })
  }
  const manifest = readManifest(file)
  if (!isBand(manifest.recipe)) {
    throw new UserError({
      message: 'this is a run of molecular dynamics, not a band',
      where: directory,
      hint: `hoplite resume ${directory}`,
    })
  }
  const loaded = recipeOfBand(manifest, file)
  if (recipe) checkSameBand(recipe, loaded)
  return { directory, loaded: recipe ?? loaded }
}

const isBand = (recipe: unknown) => typeof recipe === 'object' && recipe !== null && 'band' in recipe

/** The recipe without the keys that may change when its band is continued. */
function fixedPart({ recipe }: LoadedBandRecipe): Readonly<Record<string, unknown>> {
  const { fmax_eV_per_A, max_iterations, ...band } = recipe.band
  // Through JSON, as a manifest has been: a key that is undefined is one that is missing.
  return JSON.parse(JSON.stringify({ ...recipe, band }))
}

/** @throws UserError when the recipe is no longer the one that the band began with */
function checkSameBand(now: LoadedBandRecipe, earlier: LoadedBandRecipe): void {
  const [left, right] = [fixedPart(now), fixedPart(earlier)]
  const key = [...new Set([...Object.keys(left), ...Object.keys(right)])].find(
    name => !isDeepStrictEqual(left[name], right[name]),
  )
  if (key === undefined) return
  throw new UserError({
    message: `${key} is not what the band began with`,
    where: now.where([key]),
    hint: 'only fmax_eV_per_A and max_iterations may change; begin a new band for the rest',
  })
}

function dryRun({ recipe }: LoadedBandRecipe, plan: NebPlan, output: Output): ExitCode {
  for (const note of plan.notes) output.note(note)
  for (const warning of plan.warnings) output.warn(warning)
  output.document({ run: null, ...plan, recipe })
  const { images, path, optimizer, fmax_eV_per_A } = recipe.band
  output.text(
    [
      `${plan.atoms} atoms, ${plan.frozen_atoms} of them frozen`,
      `${images} images, ${path} path, ${optimizer} to ${fmax_eV_per_A} eV/Å; nothing was written`,
    ].join('\n'),
  )
  return EXIT.done
}

function describe(results: NebResults, wanted_eV_per_A: number): string {
  const { energies_eV, path_A, saddle_image, platform, vibrations } = results
  const table = formatTable(
    ['image', 'path Å', 'energy eV', ''],
    energies_eV.map((energy, image) => [
      String(image + 1),
      fixed(path_A[image]!, 3),
      fixed(energy, 4),
      image === saddle_image ? 'highest' : '',
    ]),
  )
  const { fmax_eV_per_A, iterations, force_calls, wall_s } = results
  const converged = `${results.converged ? 'converged' : 'NOT converged'}: fmax ${fmax_eV_per_A.toPrecision(3)} eV/Å, ${wanted_eV_per_A} wanted; ${iterations} iterations, ${force_calls} force calls, ${wall_s.toFixed(1)} s on ${platform.ran} (${platform.backend})`
  return [
    table,
    '',
    `barrier ${fixed(results.barrier_eV, 4)} eV, reverse ${fixed(results.reverse_barrier_eV, 4)} eV, reaction energy ${fixed(results.reaction_energy_eV, 4)} eV`,
    ...(vibrations
      ? [
          `at ${vibrations.temperature_K} K, ${vibrating(vibrations)}: prefactor ${vibrations.prefactor_THz.toPrecision(3)} THz, ${vibrations.rate_Hz.toExponential(2)} hops/s, ${vibrations.quantum_rate_Hz.toExponential(2)} with zero-point motion and tunnelling`,
        ]
      : []),
    converged,
    `written to ${results.run}: ${RUN_FILES.band}, ${RUN_FILES.results}`,
  ].join('\n')
}

function vibrating({ atoms, free_motions }: NonNullable<NebResults['vibrations']>): string {
  if (atoms === 1) return 'the ion alone vibrating'
  const free =
    free_motions > 3 ? `3 translations and ${free_motions - 3} rotations` : `${free_motions} translations`
  return `${atoms} atoms vibrating${free_motions > 0 ? `, ${free} projected out` : ''}`
}
