import type { Box } from '../core/box.ts'
import type { CoulombMethod } from '../core/force.ts'
import { UserError } from '../errors.ts'

/**
 * Request for Ewald or particle-mesh Ewald parameters. `accuracy` is the RMS error of the force on an atom, relative to
 * the force between two unit charges 1 Å apart. Of a particle mesh, real and reciprocal space may each take 1/√2 of it,
 * so that both together keep it; of an Ewald sum real space takes all of it, as in LAMMPS. Every estimate assumes charges
 * without correlation and scales with Σq²; N is the number of atoms.
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

/** Numbers of points per axis that are tried, ascending. */
const GRID_SIZES: readonly number[] = Array.from({ length: MAX_GRID / 4 }, (_, k) => 4 * (k + 1)).filter(
  n => meshPoints(n) === n,
)

const ORDERS = [4, 6, 8] as const
type PmeOrder = (typeof ORDERS)[number]

/** Share of the accuracy that real space and reciprocal space may each use: their errors add in squares. */
const SHARE = Math.SQRT1_2

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
function splitting({ name, box, charges, cutoff_A, accuracy }: EwaldRequest): number {
  const error =
    ((name === 'pme' ? SHARE : 1) * accuracy * Math.sqrt(charges.length * cutoff_A * box.volume)) /
    (2 * squaredCharge(charges))
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

/** Grids are compared by their spacing along the lattice vectors, from coarse to fine. */
function cheapestMesh(request: EwaldRequest, alpha: number): CoulombMethod {
  const { box, charges, accuracy } = request
  const [a, b, c] = latticeLengths(box)
  let best: { cost: number; method: CoulombMethod } | undefined
  for (const order of ORDERS) {
    // A spline must not overlap its own periodic image.
    const sizes = GRID_SIZES.filter(points => points >= order)
    const gridOf = (spacing: number): Grid | null => {
      const points = (length: number) => sizes.find(n => length / n <= spacing * (1 + 1e-12))
      const [na, nb, nc] = [points(a), points(b), points(c)]
      return na && nb && nc ? [na, nb, nc] : null
    }
    const reaches = (grid: Grid) => meshError(box, charges, { alpha, grid, order }) <= SHARE * accuracy
    const spacings = [a, b, c].flatMap(length => sizes.map(n => length / n))
    const grids = spacings
      .sort((x, y) => y - x)
      .map(gridOf)
      .filter(grid => grid !== null)
    const grid = firstOf(grids, reaches)
    if (!grid) continue
    const cost = cost_ns(grid[0] * grid[1] * grid[2], charges.length, order)
    if (best && best.cost <= cost) continue
    best = { cost, method: { name: 'pme', alpha_per_A: alpha, grid, order } }
  }
  if (best) return best.method
  throw new UserError({
    message: `no particle-mesh grid up to ${MAX_GRID} points per axis reaches an accuracy of ${accuracy}`,
    hint: 'ask for a lower accuracy, a larger cut-off, or a smaller alpha',
  })
}

type Grid = readonly [number, number, number]

/** First of some values for which a test holds; from there on it holds for all. Undefined where it holds for none. */
function firstOf<T>(values: readonly T[], holds: (value: T) => boolean): T | undefined {
  let [low, high] = [0, values.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (holds(values[middle]!)) high = middle
    else low = middle + 1
  }
  return values[low]
}

const latticeLengths = ({ matrix: m }: Pick<Box, 'matrix'>): [number, number, number] => [
  Math.hypot(m[0]!, m[1]!, m[2]!),
  Math.hypot(m[3]!, m[4]!, m[5]!),
  Math.hypot(m[6]!, m[7]!, m[8]!),
]

interface Mesh {
  readonly alpha: number
  readonly grid: Grid
  readonly order: number
}

/** Grids beyond this many points per axis are estimated in a smaller cell: the error is intensive. */
const ESTIMATED_POINTS = 24

/**
 * RMS force error of smooth particle-mesh Ewald with analytical differentiation, relative to the force between two unit
 * charges 1 Å apart. Without fitted constants; any cell. The structure is that of Wang, Dommert & Holm 2010
 * (https://doi.org/10.1063/1.3446812) with the self-force of Ballenegger, Cerdà & Holm 2011
 * (https://doi.org/10.1016/j.cpc.2011.01.026).
 *
 * A B-spline of order p represents a wave of frequency m on a grid of n points by waves m + nl with amplitudes
 * Z_l ∝ (m/(m + nl))^p, Σ_l Z_l = 1. With g(k) = e^{−π²k²/α²}/k², k in 1/Å (without 2π):
 *
 * - pairs: E² = (2Σq²/V)²/N · Σ_m g² [k²(1 − Z₀²)² + Z₀² Σ_{l≠0} Z_l² (k² + |k_{m+nl}|²)]: damping of the wave,
 *   aliases of the charges, aliases of the force;
 * - frequencies beyond the grid are lost: Σ g² k² over them;
 * - self: an atom feels the aliases of its own charge in phase, 2 Σq⁴ (2/V)²/N · Σ_axes |n b|² (Σ_m g Z₀ Z₁)².
 */
export function meshError(box: Box, charges: Float64Array, mesh: Mesh): number {
  const divisors = mesh.grid.map(n => Math.ceil(n / ESTIMATED_POINTS))
  const grid = mesh.grid.map((n, axis) => Math.max(mesh.order, Math.round(n / divisors[axis]!)))
  const shares = mesh.grid.map((n, axis) => grid[axis]! / n)
  const volume = box.volume * shares[0]! * shares[1]! * shares[2]!
  const metric = reciprocalMetric(box, shares)
  const lengths = latticeLengths(box).map((length, axis) => length * shares[axis]!)
  const { waves, self } = meshSums(metric, { ...mesh, grid, lengths })
  // Σq², Σq⁴ and N shrink with the volume: as in an equal part of the system.
  const part = volume / box.volume
  const fourth = charges.reduce((sum, q) => sum + q ** 4, 0)
  const squares = squaredCharge(charges) ** 2 * part * waves + fourth * self
  return (2 / volume) * Math.sqrt(squares / charges.length)
}

/** Products of the reciprocal vectors, 1/Å²: [aa, bb, cc, ab, ac, bc], of a cell with shortened lattice vectors. */
function reciprocalMetric({ inverse: w }: Box, shares: readonly number[]): number[] {
  const product = (i: number, j: number) =>
    (w[i]! * w[j]! + w[3 + i]! * w[3 + j]! + w[6 + i]! * w[6 + j]!) / (shares[i]! * shares[j]!)
  return [product(0, 0), product(1, 1), product(2, 2), product(0, 1), product(0, 2), product(1, 2)]
}

/** Aliases counted on either side of a frequency. */
const ALIASES = 4
/** Waves beyond e^{−LOST} of the largest are left out. */
const LOST = 60

/** Sums over aliases l ≠ 0 of each frequency of one axis, n/2 of them on either side. */
interface AliasSums {
  /** [n] frequency, from −n/2. */
  readonly frequency: Int32Array
  /** [n] Z₀ */
  readonly kept: Float64Array
  /** [n] Σ Z², Σ Z² (m + nl), Σ Z² (m + nl)² */
  readonly power: readonly [Float64Array, Float64Array, Float64Array]
  /** [n] (Z₁ + Z₋₁)/2 */
  readonly nearest: Float64Array
}

function aliasSums(n: number, order: number): AliasSums {
  const half = n / 2
  const frequency = Int32Array.from({ length: n }, (_, k) => k - Math.ceil(half) + 1)
  const kept = new Float64Array(n).fill(1)
  const power = [new Float64Array(n), new Float64Array(n), new Float64Array(n)] as const
  const nearest = new Float64Array(n)
  frequency.forEach((m, k) => {
    if (m === 0) return
    const weights: [alias: number, weight: number][] = []
    for (let l = -ALIASES; l <= ALIASES; l++)
      if (l !== 0) weights.push([m + n * l, (m / (m + n * l)) ** order])
    const total = weights.reduce((sum, [, weight]) => sum + weight, 1)
    kept[k] = 1 / total
    for (const [alias, weight] of weights) {
      const square = (weight / total) ** 2
      power[0][k]! += square
      power[1][k]! += square * alias
      power[2][k]! += square * alias * alias
      if (Math.abs(alias - m) === n) nearest[k]! += weight / total / 2
    }
  })
  return { frequency, kept, power, nearest }
}

/** Sums over waves for `meshError`, 1/Å and 1/Å². */
function meshSums(
  metric: readonly number[],
  { alpha, order, grid, lengths }: Omit<Mesh, 'grid'> & Record<'grid' | 'lengths', readonly number[]>,
) {
  const [A, B, C] = grid.map(n => aliasSums(n, order)) as [AliasSums, AliasSums, AliasSums]
  const [aa, bb, cc, ab, ac, bc] = metric as [number, number, number, number, number, number]
  const decay = (2 * Math.PI ** 2) / alpha ** 2
  const alongSelf = [0, 0, 0]
  let waves = lostWaves(metric, grid, lengths, decay)
  for (let i = 0; i < A.kept.length; i++) {
    const x = A.frequency[i]!
    for (let j = 0; j < B.kept.length; j++) {
      const y = B.frequency[j]!
      for (let k = 0; k < C.kept.length; k++) {
        const z = C.frequency[k]!
        const k2 = aa * x * x + bb * y * y + cc * z * z + 2 * (ab * x * y + ac * x * z + bc * y * z)
        if (k2 === 0 || decay * k2 > LOST) continue
        const g2 = Math.exp(-decay * k2) / (k2 * k2)
        const [za, zb, zc] = [A.kept[i]!, B.kept[j]!, C.kept[k]!]
        const kept2 = (za * zb * zc) ** 2
        const others = [(zb * zc) ** 2, (za * zc) ** 2, (za * zb) ** 2] as const
        const sources = A.power[0][i]! * others[0] + B.power[0][j]! * others[1] + C.power[0][k]! * others[2]
        const forces =
          aliasForce(A.power, i, x, aa, ab * y + ac * z, k2) * others[0] +
          aliasForce(B.power, j, y, bb, ab * x + bc * z, k2) * others[1] +
          aliasForce(C.power, k, z, cc, ac * x + bc * y, k2) * others[2]
        waves += g2 * (k2 * (1 - kept2) ** 2 + kept2 * (k2 * sources + forces))
        const g = Math.sqrt(g2) * za * zb * zc
        alongSelf[0]! += g * A.nearest[i]! * zb * zc
        alongSelf[1]! += g * B.nearest[j]! * za * zc
        alongSelf[2]! += g * C.nearest[k]! * za * zb
      }
    }
  }
  const self = alongSelf.reduce((sum, value, axis) => sum + 2 * metric[axis]! * (grid[axis]! * value) ** 2, 0)
  return { waves, self }
}

/** Σ_l Z_l² |k_{m+nl}|² of one axis. @param cross product of its reciprocal vector with the rest of the wave, 1/Å² */
function aliasForce(
  power: AliasSums['power'],
  at: number,
  m: number,
  own: number,
  cross: number,
  k2: number,
): number {
  const rest = k2 - own * m * m - 2 * cross * m
  return own * power[2][at]! + 2 * cross * power[1][at]! + rest * power[0][at]!
}

/** Σ g² k² over the waves that a grid cannot hold: |m| > n/2 along an axis, up to |m| = |k| |a|. */
function lostWaves(
  metric: readonly number[],
  grid: readonly number[],
  lengths: readonly number[],
  decay: number,
): number {
  const [aa, bb, cc, ab, ac, bc] = metric as [number, number, number, number, number, number]
  const [na, nb, nc] = lengths.map(length => Math.floor(Math.sqrt(LOST / decay) * length)) as [
    number,
    number,
    number,
  ]
  let sum = 0
  for (let x = -na; x <= na; x++) {
    for (let y = -nb; y <= nb; y++) {
      const inside = 2 * Math.abs(x) <= grid[0]! && 2 * Math.abs(y) <= grid[1]!
      for (let z = -nc; z <= nc; z++) {
        if (inside && 2 * Math.abs(z) <= grid[2]!) continue
        const k2 = aa * x * x + bb * y * y + cc * z * z + 2 * (ab * x * y + ac * x * z + bc * y * z)
        if (decay * k2 < LOST) sum += Math.exp(-decay * k2) / k2
      }
    }
  }
  return sum
}
