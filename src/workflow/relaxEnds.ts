import { createState } from '../core/state.ts'
import type { System } from '../core/system.ts'
import { minimize } from '../dynamics/minimize.ts'
import type { ImageEvaluator } from '../platform/platform.ts'
import { type PreparedBand, tethersTo } from './prepareBand.ts'

/** Steps after which a relaxation gives up. */
const MAX_STEPS = 2000

/** An adsorbate has found its place below this: it turns over flat ground, and is tethered where it is then. */
const SETTLED_EV_PER_A = 0.05

/** What an end came to. */
export interface RelaxedEnd {
  /** [3N] Å */
  readonly positions: Float64Array
  readonly forceCalls: number
  /** False when `MAX_STEPS` were not enough. */
  readonly converged: boolean
}

/** Relaxes one configuration until no atom feels more than `fmax`, as a vector. */
export async function relaxConfiguration(
  { box, structure }: PreparedBand,
  evaluator: Pick<ImageEvaluator, 'evaluate'>,
  positions: Float64Array,
  fmax_eV_per_A: number,
): Promise<RelaxedEnd> {
  const state = createState(positions, box)
  let forceCalls = 0
  const { converged } = await minimize(state, {
    method: 'lbfgs',
    // A minimisation ends by its largest component: none above this keeps every vector below `fmax`.
    fmax_eV_per_A: fmax_eV_per_A / Math.sqrt(3),
    max_steps: MAX_STEPS,
    frozen: structure.frozen,
    async evaluate({ positions: x }) {
      forceCalls++
      const [evaluation] = await evaluator.evaluate([x])
      return evaluation!
    },
  })
  return { positions: state.positions, forceCalls, converged }
}

/**
 * Where the adsorbates are tethered: one that is bonded to the surface finds its place first, with nothing but the
 * surface to hold it; one that stands above it stays at the height that was asked for.
 * @param prepare an evaluator of a system
 * @param anchors [3N] Å, where they were found before; null to find them
 * @returns the system with those tethers, and [3N] Å: the anchors, null where no adsorbate is tethered
 */
export async function anchorAdsorbates(
  prepared: PreparedBand,
  prepare: (system: System) => Promise<ImageEvaluator>,
  anchors: readonly number[] | null,
): Promise<{ system: System; positions: Float64Array | null; forceCalls: number }> {
  const { ends, recipe, system } = prepared
  const stiffness = recipe.tethers?.adsorbate_eV_per_A2 ?? 0
  if (ends.adsorbate.length === 0 || stiffness === 0) return { system, positions: null, forceCalls: 0 }
  const known = anchors ? Float64Array.from(anchors) : ends.bonded ? null : ends.initial.positions
  const { positions, forceCalls } = known
    ? { positions: known, forceCalls: 0 }
    : await settle(prepared, prepare)
  const tethers = tethersTo(positions, ends.adsorbate, stiffness)
  return { positions, forceCalls, system: { ...system, forces: [...system.forces, tethers] } }
}

async function settle(
  prepared: PreparedBand,
  prepare: (system: System) => Promise<ImageEvaluator>,
): Promise<RelaxedEnd> {
  const evaluator = await prepare(prepared.system)
  try {
    const { ends } = prepared
    return await relaxConfiguration(prepared, evaluator, ends.initial.positions, SETTLED_EV_PER_A)
  } finally {
    await evaluator.dispose()
  }
}

/** The end, via points and final end of a path with some atoms put where another configuration has them. */
export function withAtomsOf(
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
