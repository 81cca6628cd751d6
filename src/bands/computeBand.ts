import type { System } from '../core/system.ts'
import { UserError } from '../errors.ts'
import type { BandCheckpoint, BandPreparation } from '../files/bandFiles.ts'
import type { Manifest } from '../files/manifest.ts'
import type { Springs } from '../neb/band.ts'
import { type Barrier, barrierOf } from '../neb/barrier.ts'
import { checkEndpoints } from '../neb/checks.ts'
import { displacementsOf } from '../neb/geometry.ts'
import { type BandState, relaxBand } from '../neb/neb.ts'
import { initialPath } from '../neb/path.ts'
import { bandWarnings, describeSetback, pathWarnings } from '../neb/warnings.ts'
import type { PlatformChoice } from '../platform/choose.ts'
import { prepareImageEvaluator } from '../platform/images/images.ts'
import type { ImageEvaluator } from '../platform/platform.ts'
import { type HopVibrations, hopVibrations, noPrefactor, nothingHolds } from './hopVibrations.ts'
import type { PreparedBand } from './prepareBand.ts'
import { anchorAdsorbates, type Preparing, relaxEnds, type UnfinishedEnds, viaPoints } from './relaxEnds.ts'

export interface BandRequest {
  readonly platform: PlatformChoice
  /** Number of images evaluated at once. Default: one per processor core. */
  readonly threads?: number | undefined
  /** Checkpoint of a band to continue from; the ends are relaxed already. */
  readonly from?: { readonly band: BandCheckpoint; readonly preparation: BandPreparation } | null
  /** Checkpoint of the relaxation of the ends to continue from. */
  readonly fromEnds?: UnfinishedEnds | null
  readonly signal?: AbortSignal | undefined
  onEvent?: ((event: NebEvent) => void) | undefined
  /** Called with every state of the band before the next iteration. */
  onState?(state: BandState, preparation: BandPreparation): Promise<void>
}

/** Events of a band while it relaxes. */
export type NebEvent =
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'warning'; readonly text: string }
  | {
      readonly kind: 'iteration'
      readonly iteration: number
      readonly stage: 'plain' | 'climbing'
      readonly fmax_eV_per_A: number
      /** Barrier of the present images. */
      readonly barrier_eV: number
    }

/** Result of a band. */
export interface BandOutcome {
  /** False when it was stopped before it converged, was lost or ran out of iterations. */
  readonly completed: boolean
  readonly barrier_eV: number
  readonly reverse_barrier_eV: number
  readonly reaction_energy_eV: number
  /** Band, climbing image and both ends are within what was asked for, and no saddle lies between images. */
  readonly converged: boolean
  /** Longest NEB force on an atom of any image between the ends. */
  readonly fmax_eV_per_A: number
  readonly iterations: number
  /** Images evaluated for the band, each time counted, the ends once. */
  readonly force_calls: number
  /** Configurations evaluated to relax the ends and adsorbates before; those of vibrations are not counted. */
  readonly preparation_force_calls: number
  /** Energy of each image above the first. */
  readonly energies_eV: readonly number[]
  readonly path_A: readonly number[]
  /** Index of the highest image; 0 is the initial end. */
  readonly saddle_image: number
  /** The highest point of the curve through the images. */
  readonly saddle_path_A: number
  /** Index of the atom that hops, from 0; null when files give both ends. */
  readonly ion: number | null
  /** Indices of the atoms of adsorbates that were built. */
  readonly adsorbate: readonly number[]
  /** Remarks about structure and charges, one line each. */
  readonly notes: readonly string[]
  readonly warnings: readonly string[]
  readonly vibrations: HopVibrations | null
  readonly platform: NonNullable<Manifest['platform']>
  readonly threads: number
  readonly curve: Barrier['curve']
  /** Kept with the checkpoint, to continue the band later. */
  readonly preparation: BandPreparation
  readonly state: BandState
  /** With the tethers of adsorbates. */
  readonly system: System
}

/**
 * Relaxes the ends of a band, then the band.
 * @throws UserError for a path that cannot be, SimulationError when something is not finite, StoppedAtEnds when the
 *   signal came before the band had begun
 */
export async function computeBand(prepared: PreparedBand, request: BandRequest): Promise<BandOutcome> {
  const { recipe, structure, box, notes } = prepared
  const { onEvent, signal } = request
  const prepare = (system: System) =>
    prepareImageEvaluator(request.platform, system, box, { threads: request.threads })
  for (const text of notes) onEvent?.({ kind: 'note', text })
  for (const text of prepared.warnings) onEvent?.({ kind: 'warning', text })

  const from = request.from ?? null
  const fromEnds = request.fromEnds ?? null
  const preparing = { signal, from: fromEnds, forceCalls: fromEnds?.force_calls ?? 0 }
  const anchors = from?.preparation.anchors_A ?? fromEnds?.anchors_A ?? null
  const anchored = await anchorAdsorbates(prepared, prepare, anchors, preparing)
  const evaluator = await prepare(anchored.system)
  try {
    const images = from ? null : await firstPath(prepared, evaluator, anchored.positions, preparing)
    const preparation: BandPreparation = from?.preparation ?? {
      force_calls: preparing.forceCalls,
      warnings: pathWarnings(box, structure.elements, images!).map(({ message }) => message),
      anchors_A: anchored.positions && Array.from(anchored.positions),
    }
    if (images) for (const text of preparation.warnings) onEvent?.({ kind: 'warning', text })
    const { band } = recipe
    let state: BandState | undefined
    let setbacks = from?.band.course?.setbacks.length ?? 0
    for await (state of relaxBand({
      evaluator,
      images: images ?? [],
      from: from?.band ?? null,
      frozen: structure.frozen,
      drifts: nothingHolds(anchored.system, structure.frozen),
      springs: springsOf(band),
      optimizer: band.optimizer,
      climb: band.climb,
      fmax_eV_per_A: band.fmax_eV_per_A,
      max_iterations: band.max_iterations,
    })) {
      const { iteration, stage, fmax_eV_per_A, energies_eV } = state
      for (const setback of state.setbacks.slice(setbacks)) {
        const text = describeSetback(setback, state.images.length)
        if (!state.lost) onEvent?.({ kind: 'note', text: `${text}; it continues from the last sound state` })
      }
      setbacks = state.setbacks.length
      const barrier_eV = Math.max(...energies_eV) - energies_eV[0]!
      onEvent?.({ kind: 'iteration', iteration, stage, fmax_eV_per_A, barrier_eV })
      await request.onState?.(state, preparation)
      if (signal?.aborted) break
    }
    const outcome = await outcomeOf(
      prepared,
      anchored.system,
      evaluator,
      state!,
      preparation,
      request.platform,
    )
    return { ...outcome, preparation }
  } finally {
    await evaluator.dispose()
  }
}

type BandBlock = PreparedBand['recipe']['band']

/** Springs as a recipe gives them. */
export function springsOf({ spring_eV_per_A2: k }: BandBlock): Springs {
  return typeof k === 'number'
    ? { kind: 'uniform', stiffness_eV_per_A2: k }
    : { kind: 'energy-weighted', softest_eV_per_A2: k[0]!, stiffest_eV_per_A2: k[1]! }
}

/** Both ends relaxed, and the first guess of the path between them. */
async function firstPath(
  prepared: PreparedBand,
  evaluator: ImageEvaluator,
  anchors: Float64Array | null,
  preparing: Preparing,
): Promise<Float64Array[]> {
  const { recipe, structure, box } = prepared
  const { initial, final } = await relaxEnds(prepared, evaluator, anchors, preparing)
  const via = viaPoints(prepared, initial, final)
  checkRelaxed(prepared, initial, final, via)
  return initialPath({
    box,
    initial,
    final,
    via,
    images: recipe.band.images,
    kind: recipe.band.path,
    frozen: structure.frozen,
  })
}

/** Ends closer than this, atom by atom, are one minimum, Å. */
const SAME_MINIMUM_A = 0.1

/** Checks the relaxed ends as the given ones were checked: relaxing may have moved them anywhere. */
function checkRelaxed(
  { ends, structure, recipe }: PreparedBand,
  initial: Float64Array,
  final: Float64Array,
  via: readonly Float64Array[],
): void {
  const furthest = Math.max(...displacementsOf(structure.box, initial, final).map(({ length_A }) => length_A))
  if (furthest < SAME_MINIMUM_A) {
    const who = ends.ion === null ? '' : `: atom ${ends.ion + 1} (${structure.types![ends.ion]}) came back`
    throw new UserError({
      message: `both ends relax into one minimum${who}`,
      where: `${ends.names.initial} and ${ends.names.final}`,
      hint: 'one of them is no minimum: choose another site, or tether what gives way',
    })
  }
  const { images, path } = recipe.band
  checkEndpoints({ ...structure, positions: initial }, { ...structure, positions: final }, ends.names, {
    via,
    images,
    path,
  })
}

async function outcomeOf(
  prepared: PreparedBand,
  system: System,
  evaluator: ImageEvaluator,
  state: BandState,
  before: BandPreparation,
  asked: PlatformChoice,
): Promise<Omit<BandOutcome, 'preparation'>> {
  const { recipe, ends, notes } = prepared
  const { climb, fmax_eV_per_A: wanted, max_iterations } = recipe.band
  const found = bandWarnings(state, {
    climb,
    fmax_eV_per_A: wanted,
    endpoints_fmax_eV_per_A: recipe.endpoints_fmax_eV_per_A,
  })
  const { barrier_eV, reverse_barrier_eV, reaction_energy_eV, saddle, curve } = barrierOf(
    state.path_A,
    state.energies_eV,
    state.tangentForces_eV_per_A,
  )
  const highest = state.energies_eV.indexOf(Math.max(...state.energies_eV))
  const unfit = found.some(({ flag }) => flag === 'end-not-relaxed' || flag === 'saddle-between-images')
  const converged = state.converged && !unfit
  const vibrations = recipe.vibrations?.prefactor
    ? converged
      ? await hopVibrations(prepared, system, evaluator, state, barrier_eV)
      : noPrefactor('the band is not converged')
    : null
  return {
    completed: state.converged || state.lost || state.iteration >= max_iterations,
    barrier_eV,
    reverse_barrier_eV,
    reaction_energy_eV,
    converged,
    fmax_eV_per_A: state.fmax_eV_per_A,
    iterations: state.iteration,
    force_calls: state.forceCalls,
    preparation_force_calls: before.force_calls,
    energies_eV: state.energies_eV.map(energy => energy - state.energies_eV[0]!),
    path_A: state.path_A,
    saddle_image: highest,
    saddle_path_A: saddle.path_A,
    ion: ends.ion,
    adsorbate: ends.adsorbate,
    notes: [...prepared.warnings, ...notes],
    warnings: [
      ...before.warnings,
      ...found.map(({ message }) => message),
      ...(vibrations?.kind === 'failed' ? [vibrations.reason] : (vibrations?.warnings ?? [])),
    ],
    vibrations: vibrations?.kind === 'found' ? vibrations.vibrations : null,
    platform: {
      asked,
      ran: evaluator.ran,
      backend: evaluator.backend,
      fallback_reason: evaluator.fallbackReason,
    },
    threads: evaluator.threads,
    curve,
    state,
    system,
  }
}
