import { freshLbfgs, lbfgsStep } from '../optimize/lbfgs.ts'
import { addScaled, dot, longestVector, withoutDrift, withoutFrozen } from '../optimize/vectors.ts'
import type { ImageEvaluator } from '../platform/platform.ts'

export interface StationaryOptions {
  readonly evaluator: Pick<ImageEvaluator, 'evaluate'>
  /** [3N] Å, near a minimum or a saddle */
  readonly positions: Float64Array
  /** [3N] direction along which the point is a maximum, of any length; null for a minimum. */
  readonly uphill: Float64Array | null
  /** [N] 1 for atoms that stay where they are. */
  readonly frozen: Uint8Array | null
  /** True when nothing holds the atoms to a place. */
  readonly drifts: boolean
}

export interface StationaryPoint {
  /** [3N] Å */
  readonly positions: Float64Array
  /** False where the forces have not come down to those of a point at rest. */
  readonly isStationary: boolean
}

/**
 * Longest force on an atom at which a point counts as stationary, eV/Å. A product of many frequencies is sensitive: of an
 * argon vacancy, 18 atoms vibrating, the prefactor is 4 % off at 5e-4 eV/Å and 0.3 % at 2e-5.
 */
const AT_REST_EV_PER_A = 2e-6
const MOST_STEPS = 200
/** An atom that goes further has left for another stationary point, Å. */
const FURTHEST_A = 0.1
const OPTIMIZER = { stepCap_A: 0.05, firstCurvature_eV_per_A2: 70 }

/**
 * The stationary point next to a relaxed end or a climbing image, as far as forces allow: the given positions where it is
 * not within 0.1 Å of every atom. At a saddle the force along one direction is turned round, as on a climbing
 * image: Henkelman et al. 2000, https://doi.org/10.1063/1.1329672, eq. 5.
 */
export async function stationaryPoint(options: StationaryOptions): Promise<StationaryPoint> {
  const { evaluator, frozen, drifts } = options
  const held = (vectors: Float64Array) => {
    const kept = withoutFrozen(vectors, frozen)
    return drifts ? withoutDrift(kept) : kept
  }
  const uphill = options.uphill && held(options.uphill)
  const square = uphill && dot(uphill, uphill)
  let positions = options.positions
  let optimizer = freshLbfgs
  let best = { positions, fmax: Number.POSITIVE_INFINITY }
  for (let step = 0; step <= MOST_STEPS; step++) {
    const [evaluation] = await evaluator.evaluate([positions])
    const forces = held(evaluation!.forces)
    if (uphill) addScaled(forces, (-2 * dot(forces, uphill)) / square!, uphill)
    const fmax = longestVector(forces)
    if (fmax < best.fmax) best = { positions, fmax }
    if (!(fmax > AT_REST_EV_PER_A)) break
    const next = lbfgsStep(optimizer, positions, forces, OPTIMIZER)
    optimizer = next.state
    positions = next.positions
    const way = positions.map((x, k) => x - options.positions[k]!)
    if (!(longestVector(way) < FURTHEST_A)) return { positions: options.positions, isStationary: false }
  }
  return { positions: best.positions, isStationary: best.fmax <= AT_REST_EV_PER_A }
}
