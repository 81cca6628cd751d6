import { setImmediate } from 'node:timers/promises'
import type { Box } from '../core/box.ts'
import { createState, type State } from '../core/state.ts'
import type { System } from '../core/system.ts'
import { EXIT, SimulationError } from '../errors.ts'
import type { SavedEnds, SavedRelaxation } from '../files/bandFiles.ts'
import { curvaturePair } from '../optimize/lbfgs.ts'
import type { ImageEvaluator } from '../platform/platform.ts'
import { freshMemory, type LbfgsMemory, minimization } from '../relax/minimize.ts'
import { tethersTo } from '../run/tethers.ts'
import type { PreparedBand } from './prepareBand.ts'

/** Largest number of steps of a relaxation. */
const MAX_STEPS = 2000

/** Largest force on an adsorbate that is relaxed without tethers: smaller forces only rotate it on a flat surface. */
const SETTLED_EV_PER_A = 0.05

/** Unfinished ends, to be continued later. */
export type UnfinishedEnds = Omit<SavedEnds, 'wall_s'>

/** State that the relaxations of one band share. */
export interface Preparing {
  readonly signal: AbortSignal | undefined
  /** Checkpoint of an earlier run. */
  readonly from: UnfinishedEnds | null
  /** Number of configurations evaluated so far, in earlier runs too. */
  forceCalls: number
}

/** Error of a band that was stopped during the relaxation of its ends. */
export class StoppedAtEnds extends SimulationError {
  override readonly code = EXIT.interrupted
  readonly ends: UnfinishedEnds

  /** @param directory the run directory that holds the unfinished ends */
  constructor(ends: UnfinishedEnds, directory?: string) {
    const what = ends.settling ? 'the adsorbate settled' : 'the ends relaxed'
    super({
      message: `stopped early, while ${what}: the band has not begun`,
      ...(directory !== undefined && {
        where: directory,
        hint: `continue it with: hoplite neb ${directory} --resume`,
      }),
    })
    this.ends = ends
  }
}

/** A configuration that is being relaxed; both parts change in place. */
interface Relaxation {
  readonly state: State
  readonly memory: LbfgsMemory
}

/**
 * Relaxes configurations until the force on every atom, as a vector, is at most `fmax`.
 * @param stage what of the preparation this is
 * @returns [3N] Å each
 * @throws StoppedAtEnds when a signal comes first
 */
async function relaxAll(
  prepared: PreparedBand,
  evaluator: ImageEvaluator,
  starts: readonly Float64Array[],
  fmax_eV_per_A: number,
  preparing: Preparing,
  stage: Pick<UnfinishedEnds, 'settling' | 'anchors_A'>,
): Promise<Float64Array[]> {
  const { box } = prepared
  const from = preparing.from?.settling === stage.settling ? preparing.from.relaxations : null
  const relaxations =
    from?.map(saved => takenUp(saved, box)) ??
    starts.map(start => ({ state: createState(start, box), memory: freshMemory() }))
  const finished = await Promise.all(
    relaxations.map(relaxation => relax(prepared, evaluator, relaxation, fmax_eV_per_A, preparing)),
  )
  if (finished.every(Boolean)) return relaxations.map(({ state }) => state.positions)
  throw new StoppedAtEnds({
    ...stage,
    relaxations: relaxations.map(setAside),
    force_calls: preparing.forceCalls,
  })
}

/** Relaxes one configuration. @returns false if a signal stopped it */
async function relax(
  { structure }: PreparedBand,
  evaluator: ImageEvaluator,
  { state, memory }: Relaxation,
  fmax_eV_per_A: number,
  preparing: Preparing,
): Promise<boolean> {
  const steps = minimization(state, {
    method: 'lbfgs',
    // A minimisation ends by its largest component: none above this keeps every vector below `fmax`.
    fmax_eV_per_A: fmax_eV_per_A / Math.sqrt(3),
    max_steps: MAX_STEPS,
    frozen: structure.frozen,
    memory,
    async evaluate({ positions }) {
      // Lets signals and timers through where nothing else waits for the outside world.
      await setImmediate()
      preparing.forceCalls++
      const [evaluation] = await evaluator.evaluate([positions])
      return evaluation!
    },
  })
  for await (const { converged } of steps) {
    if (preparing.signal?.aborted && !converged) return false
  }
  return true
}

function setAside({ state, memory }: Relaxation): SavedRelaxation {
  return {
    positions_A: Array.from(state.positions),
    steps: memory.steps,
    limit_A: memory.limit_A,
    pairs: memory.pairs.map(({ step, change }) => ({ step: Array.from(step), change: Array.from(change) })),
  }
}

/** The inverse of `setAside`, bit for bit. */
function takenUp({ positions_A, steps, limit_A, pairs }: SavedRelaxation, box: Box): Relaxation {
  return {
    state: createState(positions_A, box),
    memory: {
      steps,
      limit_A,
      pairs: pairs.map(
        ({ step, change }) => curvaturePair(Float64Array.from(step), Float64Array.from(change))!,
      ),
    },
  }
}

/**
 * Tethers the adsorbates. One that is bonded to the surface is relaxed first, without tethers, and tethered where it
 * comes to rest; one that stands above the surface stays at its given height.
 * @param prepare an evaluator of a system
 * @param anchors [3N] Å, where they were found before; null to find them
 * @returns the system with those tethers, and [3N] Å: the anchors, null where no adsorbate is tethered
 * @throws StoppedAtEnds
 */
export async function anchorAdsorbates(
  prepared: PreparedBand,
  prepare: (system: System) => Promise<ImageEvaluator>,
  anchors: readonly number[] | null,
  preparing: Preparing,
): Promise<{ system: System; positions: Float64Array | null }> {
  const { ends, recipe, system } = prepared
  const stiffness = recipe.tethers?.adsorbate_eV_per_A2 ?? 0
  if (ends.adsorbate.length === 0 || stiffness === 0) return { system, positions: null }
  const known = anchors ? Float64Array.from(anchors) : ends.bonded ? null : ends.initial.positions
  const positions = known ?? (await settle(prepared, prepare, preparing))
  const tethers = tethersTo(positions, ends.adsorbate, stiffness)
  return { positions, system: { ...system, forces: [...system.forces, tethers] } }
}

async function settle(
  prepared: PreparedBand,
  prepare: (system: System) => Promise<ImageEvaluator>,
  preparing: Preparing,
): Promise<Float64Array> {
  const evaluator = await prepare(prepared.system)
  try {
    const start = prepared.ends.initial.positions
    const stage = { settling: true, anchors_A: null }
    const [settled] = await relaxAll(prepared, evaluator, [start], SETTLED_EV_PER_A, preparing, stage)
    return settled!
  } finally {
    await evaluator.dispose()
  }
}

/**
 * Both ends at rest, [3N] Å each.
 * @param anchors [3N] Å: where adsorbates are tethered, null where none is
 * @throws StoppedAtEnds
 */
export async function relaxEnds(
  prepared: PreparedBand,
  evaluator: ImageEvaluator,
  anchors: Float64Array | null,
  preparing: Preparing,
): Promise<{ initial: Float64Array; final: Float64Array }> {
  const { ends, recipe } = prepared
  const starts = [ends.initial, ends.final].map(({ positions }) =>
    anchors ? withAtomsOf(positions, ends.adsorbate, anchors) : positions,
  )
  const stage = { settling: false, anchors_A: anchors && Array.from(anchors) }
  const fmax = recipe.endpoints_fmax_eV_per_A
  const [initial, final] = await relaxAll(prepared, evaluator, starts, fmax, preparing, stage)
  return { initial: initial!, final: final! }
}

/** A configuration with some atoms put where another has them. */
function withAtomsOf(
  configuration: Float64Array,
  atoms: readonly number[],
  from: Float64Array,
): Float64Array {
  const positions = configuration.slice()
  for (const i of atoms) positions.set(from.subarray(3 * i, 3 * i + 3), 3 * i)
  return positions
}

/**
 * Points for a path to go through: the hopping ion where the recipe wants it, everything else on the way between the
 * relaxed ends.
 */
export function viaPoints(
  { ends }: PreparedBand,
  initial: Float64Array,
  final: Float64Array,
): Float64Array[] {
  const { via, ion } = ends
  if (ion === null) return [...via]
  return via.map((point, k) => {
    const part = (k + 1) / (via.length + 1)
    const between = initial.map((x, c) => x + part * (final[c]! - x))
    return withAtomsOf(between, [ion], point)
  })
}
