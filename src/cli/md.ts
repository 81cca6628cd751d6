import { EXIT, type ExitCode } from '../errors.ts'
import { createRunDirectory } from '../files/runDirectory.ts'
import type { PlatformChoice } from '../platform/choose.ts'
import { type LoadedRecipe, loadRecipe, overrideRecipe } from '../recipes/recipe.ts'
import { plannedSteps } from '../recipes/stages.ts'
import { type MdResults, runMd } from '../run/md.ts'
import { checkPlatform, type PreparedRun, prepareRun } from '../run/prepare.ts'
import { command } from './command.ts'
import {
  createStopSignal,
  MAX_TIME,
  parseDuration,
  platformOption,
  RUN_DIRECTORY,
  THREADS,
  wholeNumber,
} from './options.ts'
import type { Output } from './output.ts'
import { describeProtocol, protocolListener } from './protocolProgress.ts'

export const mdCommand = command({
  usage: 'md <recipe>',
  summary: 'run molecular dynamics of a recipe into a run directory',
  example: ['hoplite md runs/pvdf-700K.yaml --seed 2', 'a replica with seed 2, in runs/pvdf-700K'],
  positionals: { recipe: { type: 'string', demandOption: true, describe: 'recipe (YAML)' } },
  options: {
    out: RUN_DIRECTORY,
    platform: platformOption('platform that computes forces'),
    threads: THREADS,
    seed: { type: 'number', describe: 'seed. Default: that of the recipe' },
    steps: { type: 'number', describe: 'number of steps of the last stage. Default: that of the recipe' },
    'max-time': MAX_TIME,
    'dry-run': { type: 'boolean', default: false, describe: 'check recipe, print stages, write nothing' },
  },
  async run(args, output, commandLine) {
    const loaded = overrideRecipe(loadRecipe(args.recipe), {
      seed: args.seed,
      productionSteps: wholeNumber('--steps', args.steps),
    })
    const threads = wholeNumber('--threads', args.threads)
    const maxTime_s = parseDuration(args['max-time'])
    // Mistakes are reported before a directory is made.
    const prepared = prepareRun(loaded)
    for (const remark of prepared.remarks) output.note(remark)
    await checkPlatform(args.platform, prepared.system)
    if (args['dry-run']) {
      for (const warning of prepared.warnings) output.warn(warning)
      return dryRun(prepared, output)
    }
    const directory = createRunDirectory(
      args.out === undefined ? { name: loaded.recipe.name } : { out: args.out, name: loaded.recipe.name },
    )
    return simulate(
      { loaded, directory, resume: false, platform: args.platform, threads, maxTime_s, command: commandLine },
      output,
    )
  },
})

/** Runs or resumes a simulation, with progress and a summary. */
export async function simulate(
  request: {
    loaded: LoadedRecipe
    directory: string
    resume: boolean
    platform: PlatformChoice
    threads: number | undefined
    maxTime_s: number | undefined
    command: readonly string[]
  },
  output: Output,
): Promise<ExitCode> {
  const stop = createStopSignal(request.maxTime_s)
  const progress = output.progress(
    request.loaded.recipe.name,
    plannedSteps(request.loaded.recipe.stages),
    'steps',
  )
  try {
    const results = await runMd({
      ...request,
      onEvent: protocolListener(progress, output),
      onWarning: text => output.warn(text),
      signal: stop.signal,
    })
    progress.finish()
    output.document(results)
    output.text(describe(results))
    if (!results.completed) output.note(`stopped early; continue with: hoplite resume ${results.run}`)
    return results.completed ? EXIT.done : EXIT.interrupted
  } finally {
    stop.dispose()
  }
}

function dryRun({ system, state, recipe, warnings }: PreparedRun, output: Output): ExitCode {
  output.document({
    run: null,
    atoms: system.atomCount,
    box_A: [...state.box.matrix],
    stages: recipe.stages,
    recipe,
    warnings,
  })
  output.text(`${system.atomCount} atoms in ${state.box.volume.toFixed(0)} Å³; nothing was written`)
  output.text(describeProtocol(recipe.stages))
  return EXIT.done
}

function describe(results: MdResults): string {
  const { time_ps, steps, ns_per_day, temperature_K, density_g_per_cm3, drift_meV_per_atom_ps, platform } =
    results
  const parts = [
    `${time_ps.toFixed(3)} ps (${steps} steps) at ${ns_per_day.toFixed(1)} ns/day on ${platform.ran} (${platform.backend})`,
    temperature_K === null
      ? ''
      : `mean temperature ${temperature_K.toFixed(1)} K, density ${density_g_per_cm3!.toFixed(4)} g/cm³`,
    drift_meV_per_atom_ps === null
      ? ''
      : `drift of the conserved quantity ${drift_meV_per_atom_ps.toPrecision(3)} meV/atom/ps`,
    `written to ${results.run}`,
  ]
  return parts.filter(part => part !== '').join('\n')
}
