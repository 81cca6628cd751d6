import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { type ProtocolEvent, type Snapshot, stageStart } from '../dynamics/protocol.ts'
import { runProtocol } from '../dynamics/simulate.ts'
import { describeInputs, type Manifest, writeManifest } from '../files/manifest.ts'
import { RUN_FILES, writeResults } from '../files/runDirectory.ts'
import { whileLocked } from '../files/runLock.ts'
import { writeStructureFile } from '../files/structureFile.ts'
import { type PlatformChoice, prepareEvaluator } from '../platform/choose.ts'
import type { LoadedRecipe, Recipe } from '../recipes/recipe.ts'
import { protocolStages, type RecipeStage } from '../recipes/stages.ts'
import { HOPLITE_VERSION } from '../version.ts'
import { checkBoxAgainstCutoff } from './checks.ts'
import { earlierRun, openOutputs, productionAverages, type RunOutputs } from './mdFiles.ts'
import { checkPlatform, type PreparedRun, prepareRun } from './prepare.ts'
import { responsive } from './responsive.ts'

export interface MdRequest {
  readonly loaded: LoadedRecipe
  /** An existing directory: empty for a new run, that of an earlier one to resume. */
  readonly directory: string
  readonly resume: boolean
  readonly platform: PlatformChoice
  /** Number of threads. Default: chosen by the size of the box. */
  readonly threads?: number | undefined
  /** Command line, for the record. */
  readonly command: readonly string[]
  /** Called with every event of the protocol. */
  onEvent?(event: ProtocolEvent): void
  /** Called with every warning, as soon as its reason is seen. */
  onWarning?(text: string): void
  readonly signal?: AbortSignal | undefined
}

/** Content of `results.json` and of `hoplite md --json`. */
export interface MdResults {
  readonly run: string
  readonly completed: boolean
  readonly steps: number
  readonly time_ps: number
  readonly ns_per_day: number
  /** Drift of the production stage; null if it was not reached or is not dynamics. */
  readonly drift_meV_per_atom_ps: number | null
  /**
   * Warnings about vacuum, net charge, minimisations that did not converge, and stages whose conserved quantity drifts by
   * an amount that matters, one line each.
   */
  readonly warnings: readonly string[]
  readonly platform: NonNullable<Manifest['platform']>
  readonly precision: Manifest['precision']
  /** Averages over the logged steps of the production stage. */
  readonly density_g_per_cm3: number | null
  readonly temperature_K: number | null
}

/**
 * Runs a recipe in a run directory: structure, manifest, log, trajectory of the last stage, checkpoints and
 * results. Stops after the current step when the signal says so, with a checkpoint from which the run is resumed exactly.
 * The directory is locked meanwhile.
 * @throws UserError, SimulationError; what was written by then stays
 */
export async function runMd(request: MdRequest): Promise<MdResults> {
  return whileLocked(request.directory, () => run(request))
}

async function run(request: MdRequest): Promise<MdResults> {
  const { directory, platform, signal } = request
  const prepared = prepareRun(request.loaded)
  const { recipe, system } = prepared
  for (const text of prepared.warnings) request.onWarning?.(text)
  const earlier = request.resume ? earlierRun(directory, prepared) : null
  await checkPlatform(platform, system)
  const from = earlier?.snapshot ?? stageStart(prepared.state)
  if (!earlier) {
    writeStructureFile(join(directory, RUN_FILES.structure), { ...prepared.structure, masses: system.masses })
  }
  const files = openOutputs(directory, recipe, from, system)
  const origin = manifestOf(request, prepared, earlier?.manifest)
  const started = performance.now()
  let ran = origin.platform
  const manifest = (): Manifest => ({
    ...origin,
    platform: ran,
    precision: precisionOf(ran.ran, recipe.stages),
  })
  const record = (wall_clock: Manifest['wall_clock']) =>
    writeManifest(join(directory, RUN_FILES.manifest), { ...manifest(), wall_clock })
  let ending: Ending = { drift_meV_per_atom_ps: null, unfinished: [], last: from, completed: false }
  try {
    const events = runProtocol({
      system,
      stages: protocolStages(recipe.stages),
      from,
      constraints: recipe.constraints,
      async prepare(part) {
        const evaluator = await prepareEvaluator(platform, part, { threads: request.threads })
        const { ran: name, backend, fallbackReason: fallback_reason } = evaluator
        ran = { asked: platform, ran: name, backend, fallback_reason }
        return responsive(evaluator)
      },
      seed: recipe.seed,
      constants: prepared.constants,
      output: intervalsOf(recipe),
      signal,
    })
    record(origin.wall_clock)
    for await (const event of events) {
      if (event.kind === 'stage-start') record(origin.wall_clock)
      ending = write(event, files, { request, prepared }, ending)
      request.onEvent?.(event)
    }
  } finally {
    files.close()
  }
  const wall_s = (performance.now() - started) / 1000
  const { last, completed, drift_meV_per_atom_ps } = ending
  const results: MdResults = {
    run: directory,
    completed,
    steps: last.state.step,
    time_ps: last.state.time_ps,
    ns_per_day: ((last.state.time_ps - from.state.time_ps) * 1e-3 * 86400) / wall_s,
    drift_meV_per_atom_ps,
    warnings: [...prepared.warnings, ...ending.unfinished, ...files.warnings()],
    platform: ran,
    precision: manifest().precision,
    ...productionAverages(directory, recipe.stages.length - 1),
  }
  record({
    ...origin.wall_clock,
    finished_at: new Date().toISOString(),
    wall_s: (origin.wall_clock.wall_s ?? 0) + wall_s,
  })
  writeResults(directory, results)
  return results
}

const intervalsOf = ({ output }: Recipe) => ({
  thermo_every_ps: output.log_every_ps,
  frame_every_ps: output.trajectory_every_ps,
  snapshot_every_ps: output.checkpoint_every_ps,
})

interface Ending extends Pick<MdResults, 'completed' | 'drift_meV_per_atom_ps'> {
  /** Minimisations that did not converge, one line each. */
  readonly unfinished: readonly string[]
  readonly last: Snapshot
}

/** Writes what an event reports. @returns the results so far */
function write(
  event: ProtocolEvent,
  files: RunOutputs,
  { request, prepared }: { readonly request: MdRequest; readonly prepared: PreparedRun },
  ending: Ending,
): Ending {
  const { recipe, structure } = prepared
  const production = recipe.stages.length - 1
  switch (event.kind) {
    case 'thermo': {
      const warning = files.log(event.row, event.stageIndex)
      if (warning !== null) request.onWarning?.(warning)
      return ending
    }
    case 'frame':
      if (event.stageIndex === production) files.frame(event.state)
      return ending
    case 'stage-end':
      if (event.summary.kind === 'minimize' && !event.summary.converged) {
        const { name } = recipe.stages[event.stageIndex]!
        const { steps, fmax_eV_per_A } = event.summary
        const text = `stage ${name}: not converged after ${steps} steps, fmax ${fmax_eV_per_A.toPrecision(3)} eV/Å`
        return { ...ending, unfinished: [...ending.unfinished, text] }
      }
      return event.stageIndex === production && event.summary.kind === 'dynamics'
        ? { ...ending, drift_meV_per_atom_ps: event.summary.drift_meV_per_atom_ps }
        : ending
    case 'snapshot': {
      const { box, time_ps } = event.snapshot.state
      checkBoxAgainstCutoff(
        { box, topology: structure.topology },
        recipe.interactions.cutoff_A,
        `after ${time_ps} ps`,
      )
      files.checkpoint(event.snapshot)
      return ending
    }
    case 'end':
      files.checkpoint(event.snapshot)
      return { ...ending, last: event.snapshot, completed: event.completed }
    default:
      return ending
  }
}

function precisionOf(ran: string, stages: readonly RecipeStage[]): Manifest['precision'] {
  if (ran === 'reference') return 'f64'
  return stages.some(stage => 'steps_on_device' in stage && stage.steps_on_device !== undefined)
    ? 'f32'
    : 'mixed'
}

/** The manifest of a run that begins; a resumed one keeps the command and the inputs that it began with. */
function manifestOf(
  { command, platform }: MdRequest,
  { recipe, inputs }: PreparedRun,
  earlier: Manifest | undefined,
): Manifest & Pick<MdResults, 'platform'> {
  return {
    command: earlier?.command ?? [...command],
    recipe,
    inputs: earlier?.inputs ?? describeInputs(inputs),
    versions: { hoplite: HOPLITE_VERSION, node: process.versions.node },
    seed: recipe.seed,
    platform: { asked: platform, ran: platform, backend: null, fallback_reason: null },
    precision: 'f64',
    constants: recipe.constants,
    wall_clock: {
      started_at: earlier?.wall_clock.started_at ?? new Date().toISOString(),
      finished_at: null,
      wall_s: earlier?.wall_clock.wall_s ?? null,
    },
  }
}
