import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setImmediate } from 'node:timers/promises'
import type { System } from '../core/system.ts'
import { UserError } from '../errors.ts'
import {
  type BandCheckpoint,
  type BandPreparation,
  readBandCheckpoint,
  readEndsCheckpoint,
  type SavedBand,
  type SavedEnds,
  writeBandCheckpoint,
  writeBandFile,
  writeEndsCheckpoint,
} from '../files/bandFiles.ts'
import { describeInputs, type Manifest, readManifest, writeManifest } from '../files/manifest.ts'
import { RUN_FILES, writeResults } from '../files/runDirectory.ts'
import { whileLocked } from '../files/runLock.ts'
import { writeStructureFile } from '../files/structureFile.ts'
import type { BandState } from '../neb/neb.ts'
import { inDoublePrecision, type PlatformChoice } from '../platform/choose.ts'
import type { LoadedBandRecipe } from '../recipes/bandRecipe.ts'
import { checkPlatform } from '../run/prepare.ts'
import { HOPLITE_VERSION } from '../version.ts'
import { type BandOutcome, computeBand, type NebEvent } from './computeBand.ts'
import { type PreparedBand, prepareBand } from './prepareBand.ts'
import { StoppedAtEnds } from './relaxEnds.ts'

export interface NebRequest {
  readonly loaded: LoadedBandRecipe
  /** An existing directory: empty for a new band, or the directory of a band to continue. */
  readonly directory: string
  readonly resume: boolean
  readonly platform: PlatformChoice
  /** Number of images evaluated at once. Default: one per processor core. */
  readonly threads?: number | undefined
  /** Command line, for the record. */
  readonly command: readonly string[]
  onEvent?(event: NebEvent): void
  readonly signal?: AbortSignal | undefined
}

/** Contents of `results.json` and of the output of `hoplite neb --json`. */
export interface NebResults extends Omit<BandOutcome, 'state' | 'system' | 'curve' | 'preparation'> {
  readonly run: string
  /** Wall time of all runs of this band together, s. */
  readonly wall_s: number
}

/** Summary of a recipe before anything is computed. */
export interface NebPlan {
  readonly atoms: number
  readonly frozen_atoms: number
  readonly box_A: readonly number[]
  readonly notes: readonly string[]
  readonly warnings: readonly string[]
}

/** @throws UserError for a platform of single precision, whose forces are too coarse for a band */
function checkPrecision(platform: PlatformChoice): void {
  if (inDoublePrecision(platform) === 'reference') return
  throw new UserError({
    message: `bands are relaxed in double precision: the platform ${platform} is of single precision`,
    where: 'command line',
    hint: 'leave --platform away, or write --platform reference',
  })
}

/** @throws UserError for anything wrong with the recipe, its files, or what they add up to */
export async function planNeb(loaded: LoadedBandRecipe, platform: PlatformChoice): Promise<NebPlan> {
  checkPrecision(platform)
  const { structure, system, box, notes, warnings } = prepareBand(loaded)
  await checkPlatform(platform, system)
  return {
    atoms: system.atomCount,
    frozen_atoms: structure.frozen?.reduce((sum, flag) => sum + flag, 0) ?? 0,
    box_A: [...box.matrix],
    notes,
    warnings,
  }
}

/** Time between two checkpoints, ms: writing one costs about as much as an iteration. */
const CHECKPOINT_EVERY_MS = 2000

/**
 * Relaxes a band into a run directory: structure, manifest, band, checkpoints and results. Stops after the current
 * iteration when the signal says so, with a checkpoint from which the band continues exactly. The directory is locked
 * meanwhile.
 * @throws UserError, SimulationError; what was written by then stays. StoppedAtEnds when the signal came before the band
 *   had begun: the relaxation of the ends can then be continued
 */
export async function runNeb(request: NebRequest): Promise<NebResults> {
  return whileLocked(request.directory, () => run(request))
}

async function run(request: NebRequest): Promise<NebResults> {
  const { directory, platform, signal, onEvent } = request
  const file = (name: keyof typeof RUN_FILES) => join(directory, RUN_FILES[name])
  checkPrecision(platform)
  const prepared = prepareBand(request.loaded)
  await checkPlatform(platform, prepared.system)
  const earlier = request.resume ? readManifest(file('manifest')) : null
  if (earlier) checkInputs(earlier, prepared, directory)
  const from = earlier ? earlierBand(file('bandCheckpoint'), prepared) : null
  const fromEnds = earlier && !from ? earlierEnds(file('endsCheckpoint'), prepared) : null
  const manifest = manifestOf(request, prepared, earlier)
  if (!request.resume) writeStructureFile(file('structure'), prepared.structure)
  writeManifest(file('manifest'), manifest)

  const started = performance.now()
  /** Time of the last checkpoint. The first state is saved at once, as it holds the relaxed ends. */
  let saved: number | null = null
  const spent_s = () => ((from ?? fromEnds)?.wall_s ?? 0) + (performance.now() - started) / 1000
  const save = (state: BandState, preparation: BandPreparation) => {
    writeBandCheckpoint(file('bandCheckpoint'), { band: state.checkpoint(), preparation, wall_s: spent_s() })
    saved = performance.now()
    rmSync(file('endsCheckpoint'), { force: true })
  }
  const outcome = await computeBand(prepared, {
    platform,
    threads: request.threads,
    from,
    fromEnds,
    signal,
    onEvent,
    async onState(state, preparation) {
      // Lets signals and timers through where nothing else waits for the outside world.
      await setImmediate()
      const due = saved === null || performance.now() - saved > CHECKPOINT_EVERY_MS
      if (due || signal?.aborted) save(state, preparation)
    },
  }).catch(cause => {
    if (!(cause instanceof StoppedAtEnds)) throw cause
    writeEndsCheckpoint(file('endsCheckpoint'), { ...cause.ends, wall_s: spent_s() })
    throw new StoppedAtEnds(cause.ends, directory)
  })
  const wall_s = spent_s()
  const { state, system, curve, preparation, ...figures } = outcome
  save(state, preparation)
  writeBandFile(file('band'), { ...prepared.structure, charges: system.charges }, state, figures.saddle_image)
  writeManifest(file('manifest'), {
    ...manifest,
    platform: figures.platform,
    wall_clock: { ...manifest.wall_clock, finished_at: new Date().toISOString(), wall_s },
  })
  const results: NebResults = { run: directory, ...figures, wall_s }
  writeResults(directory, results)
  return results
}

/** @throws UserError naming the first input that is no longer what the band began with */
function checkInputs(earlier: Manifest, { ends }: PreparedBand, directory: string): void {
  const before = new Map(earlier.inputs.map(({ path, sha256 }) => [path, sha256]))
  const changed = describeInputs(ends.inputs).find(({ path, sha256 }) => before.get(path) !== sha256)
  if (!changed) return
  throw new UserError({
    message: `${changed.path} is not what the band began with`,
    where: directory,
    hint: 'put it back, or begin a new band',
  })
}

/** @throws UserError when the checkpoint does not belong to the recipe's band */
function earlierBand(path: string, { system, recipe }: PreparedBand): SavedBand | null {
  if (!existsSync(path)) return null
  const saved = readBandCheckpoint(path)
  checkFits(saved.band, system, recipe.band.images, path)
  return saved
}

/** @throws UserError when the checkpoint does not belong to the recipe's ends */
function earlierEnds(path: string, { system }: PreparedBand): SavedEnds | null {
  // Killed before the first checkpoint: the ends are relaxed anew.
  if (!existsSync(path)) return null
  const saved = readEndsCheckpoint(path)
  const atoms = saved.relaxations[0]!.positions_A.length / 3
  if (atoms === system.atomCount) return saved
  throw new UserError({
    message: `the checkpoint holds ends of ${atoms} atoms, the recipe gives ${system.atomCount}`,
    where: path,
    hint: 'continue it with the recipe that the band began with',
  })
}

function checkFits(checkpoint: BandCheckpoint, system: System, images: number, path: string): void {
  const atoms = checkpoint.images[0]!.length / 3
  if (checkpoint.images.length === images && atoms === system.atomCount) return
  throw new UserError({
    message: `the checkpoint holds ${checkpoint.images.length} images of ${atoms} atoms, the recipe gives ${images} of ${system.atomCount}`,
    where: path,
    hint: 'continue it with the recipe that the band began with',
  })
}

/** The manifest of a band; a continued one keeps the command and the inputs that it began with. */
function manifestOf(
  { command, platform }: NebRequest,
  { recipe, ends }: PreparedBand,
  earlier: Manifest | null,
): Manifest {
  return {
    command: earlier?.command ?? [...command],
    recipe,
    inputs: earlier?.inputs ?? describeInputs(ends.inputs),
    versions: { hoplite: HOPLITE_VERSION, node: process.versions.node },
    seed: recipe.seed,
    platform: { asked: platform, ran: platform, backend: null, fallback_reason: null },
    precision: 'f64',
    constants: recipe.constants,
    wall_clock: earlier?.wall_clock ?? {
      started_at: new Date().toISOString(),
      finished_at: null,
      wall_s: null,
    },
  }
}
