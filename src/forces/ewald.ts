import type { Box } from '../core/box.ts'
import type { CoulombMethod } from '../core/force.ts'
import { UserError } from '../errors.ts'

/**
 * System and accuracy for which the parameters of an Ewald sum or a particle mesh are chosen. `accuracy` is the RMS error
 * of the force on an atom, in real and in reciprocal space each, relative to the force between two unit charges 1 Å apart
 * (as in LAMMPS). The estimates scale with Σq²; N is the number of atoms and L = V^⅓.
 */
export interface EwaldRequest {
  readonly name: 'ewald' | 'pme'
  readonly box: Box
  /** [N] e */
  readonly charges: Float64Array
  readonly cutoff_A: number
  readonly accuracy: number
  /** Splitting parameter α. Default: from the accuracy. */
  readonly alpha_per_A?: number | undefined
}

const MAX_GRID = 256

/** The smallest multiple of 4 from `atLeast` on whose prime factors are 2, 3 and 5: Fourier transforms are fast there. */
export function meshPoints(atLeast: number): number {
  let points = 4 * Math.ceil(atLeast / 4)
  while (60 ** 8 % points !== 0) points += 4
  return points
}

/** Numbers of mesh points to choose from, in increasing order. */
const GRID_SIZES: readonly number[] = Array.from({ length: MAX_GRID / 4 }, (_, k) => 4 * (k + 1)).filter(
  n => meshPoints(n) === n,
)

/**
 * RMS force error of smooth PME ≈ Σq²/L² · √(αL√(2π)/N) · (αh)^order · A e^{B αh} for grid spacing h: the form of
 * Deserno & Holm 1998 (https://doi.org/10.1063/1.477415, eq. 38) with A and B bounds on errors measured
 * against the Ewald sum, on a PVDF + LiFSI box and on sixty ions in a skewed cell, αh from 0.2 to 0.55.
 */
const PME_ERROR = { 4: { A: 0.05, B: 1.2 }, 6: { A: 0.0105, B: 3.3 }, 8: { A: 0.0047, B: 5.4 } } as const
type PmeOrder = keyof typeof PME_ERROR

/** Cost of an evaluation by the simd platform, measured for 16³ to 128³ points and 1664 atoms, ns. */
const cost_ns = (points: number, atomCount: number, order: PmeOrder) =>
  4 * points + { 4: 57, 6: 200, 8: 315 }[order] * atomCount

/** Parameters of an Ewald sum or of the cheapest particle mesh for an accuracy. @throws UserError when no mesh reaches it */
export function ewaldMethod(request: EwaldRequest): CoulombMethod {
  const alpha = request.alpha_per_A ?? splitting(request)
  return request.name === 'ewald'
    ? { name: 'ewald', alpha_per_A: alpha, kCutoff_per_A: reciprocalCutoff(request, alpha) }
    : cheapestMesh(request, alpha)
}

const squaredCharge = (charges: Float64Array) => charges.reduce((sum, q) => sum + q * q, 0)

/** α from the real-space error of Kolafa & Perram 1992 (https://doi.org/10.1080/08927029208049126), eq. 18. */
function splitting({ box, charges, cutoff_A, accuracy }: EwaldRequest): number {
  const error = (accuracy * Math.sqrt(charges.length * cutoff_A * box.volume)) / (2 * squaredCharge(charges))
  // A nearly uncharged system needs no screening at all; keep the sum well-conditioned all the same.
  return Math.sqrt(-Math.log(Math.min(error, 0.1))) / cutoff_A
}

/** Factor on the accuracy: the energy beyond the reciprocal cut-off has one sign, so that its error does not cancel. */
const ENERGY_MARGIN = 100

/** Reciprocal cut-off, 1/Å, from the reciprocal error of Kolafa & Perram 1992, eq. 32. */
function reciprocalCutoff({ box, charges, accuracy }: EwaldRequest, alpha: number): number {
  const L = Math.cbrt(box.volume)
  const scale = (2 * squaredCharge(charges) * alpha) / L / Math.sqrt(charges.length)
  const error = (k: number) => scale * Math.sqrt(2 / (k * L)) * Math.exp(-(k * k) / (4 * alpha * alpha))
  let k = (2 * Math.PI) / L
  while (error(k) > accuracy / ENERGY_MARGIN) k *= 1.02
  return k
}

function cheapestMesh({ box, charges, accuracy }: EwaldRequest, alpha: number): CoulombMethod {
  const L = Math.cbrt(box.volume)
  const scale =
    (squaredCharge(charges) / L ** 2) * Math.sqrt((alpha * L * Math.sqrt(2 * Math.PI)) / charges.length)
  let best: { cost: number; method: CoulombMethod } | undefined
  for (const order of [4, 6, 8] as const) {
    const error = (h: number) =>
      scale * (alpha * h) ** order * PME_ERROR[order].A * Math.exp(PME_ERROR[order].B * alpha * h)
    // A spline must not overlap its periodic image.
    const sizes = GRID_SIZES.filter(points => points >= order)
    const grid = box.heights.map(
      height => sizes.find(points => !(error(height / points) > accuracy)) ?? Number.POSITIVE_INFINITY,
    ) as [number, number, number]
    if (Math.max(...grid) > MAX_GRID) continue
    const cost = cost_ns(grid[0] * grid[1] * grid[2], charges.length, order)
    if (best && best.cost <= cost) continue
    best = { cost, method: { name: 'pme', alpha_per_A: alpha, grid, order } }
  }
  if (!best) {
    throw new UserError({
      message: `no particle-mesh grid up to ${MAX_GRID} points per axis reaches an accuracy of ${accuracy}`,
      hint: 'ask for a lower accuracy, a larger cut-off, or a smaller alpha',
    })
  }
  return best.method
}
