import { confidenceInterval, type Estimate, meanOf } from '../analysis/estimate.ts'
import { detectHops, type HopStatistics, vanHoveSelf } from '../analysis/hops.ts'
import { meanSquaredDisplacement } from '../analysis/msd.ts'
import { mean } from '../analysis/stats.ts'
import { meanAt } from '../analysis/transport.ts'
import type { Quantity, VanHove } from '../report/model.ts'
import { ionLabel } from '../run/groups.ts'
import { betweenBoxes, FEWEST_BOXES, none, overBoxes, rowsOf, sharesOverBoxes } from './quantity.ts'
import type { Survey } from './survey.ts'
import type { AnalysedSystem } from './transport.ts'

/**
 * Definition of a hop, the same for every system and fixed before any result was seen. Windows of 2 ps: an ion rattles in
 * its cage within some tenths of a picosecond, so that their means are places of cages. Threshold (2 Å)²: the nearest
 * neighbours of an ion are 2 Å away, and an ion that has moved less sits among the same atoms; rattling reaches 0.2–0.5 Å²
 * (half the plateau of the MSD).
 */
const HOPS = { window_ps: 2, threshold_A2: 4 }
const HOP_ROWS = rowsOf(
  `Hops: places of 2 ps each that lie about 2 Å or more apart (p_hop ≥ ${HOPS.threshold_A2} Å²)`,
)
/** Largest fraction of the time above the threshold at which single hops can be distinguished. */
const MOST_ABOVE = 0.2
/** 95 % upper bound of the expected number of events where none was seen (Poisson). */
const NONE_SEEN = 3

/** Number of hops behind the slopes of a system; null where the trajectories are too short to see any. */
export interface HopCount {
  readonly hops: number
  readonly ions: number
  /** Hops overlap in time: their true number is larger. */
  readonly crowded: boolean
}

/** Hops and displacements of the ions, and displacements of everything else. */
export function motionOf(system: AnalysedSystem): {
  readonly vanHove: VanHove[]
  readonly quantities: Quantity[]
  readonly hops: HopCount | null
} {
  const statistics = hopStatistics(system)
  const count = statistics && hopCount(system, statistics)
  return {
    vanHove: vanHoveOf(system),
    quantities: [...hopRows(system, statistics, count), ...displacementRows(system)],
    hops: count,
  }
}

function hopStatistics({ surveys, msds }: AnalysedSystem): HopStatistics[] | null {
  const tooShort = msds.some(
    ({ frameInterval_ps, frames }) =>
      2 * frameInterval_ps > HOPS.window_ps || (frames - 1) * frameInterval_ps < 2 * HOPS.window_ps,
  )
  if (tooShort) return null
  return surveys.map(({ ions }, k) =>
    detectHops(ions, { ...HOPS, frameInterval_ps: msds[k]!.frameInterval_ps }),
  )
}

const hopCount = ({ msds }: AnalysedSystem, statistics: readonly HopStatistics[]): HopCount => ({
  hops: statistics.reduce((sum, { hops }) => sum + hops.length, 0),
  ions: msds.reduce((sum, { ions }) => sum + ions, 0),
  crowded: mean(statistics.map(({ above }) => above)) > MOST_ABOVE,
})

function hopRows(
  { msds }: AnalysedSystem,
  statistics: readonly HopStatistics[] | null,
  count: HopCount | null,
): Quantity[] {
  if (!statistics || !count) {
    return [HOP_ROWS('hops seen', '', none('too short, or too few frames'))]
  }
  const rates = statistics.map(({ rate_per_ps }) => 1000 * rate_per_ps)
  const lengths = statistics.map(({ hops }) => hops.map(({ length_A }) => length_A))
  const seen_ps = msds.map(
    ({ ions, frames, frameInterval_ps }) => ions * ((frames - 1) * frameInterval_ps - 2 * HOPS.window_ps),
  )
  const total_ps = seen_ps.reduce((sum, time) => sum + time, 0)
  const bound = count.crowded ? ('at least' as const) : null
  const rate =
    count.hops === 0
      ? { value: (1000 * NONE_SEEN) / total_ps, bound: 'at most' as const, note: '95 %, none seen' }
      : bound
        ? { value: mean(rates), bound }
        : { value: mean(rates), ci95: betweenBoxes(rates) ?? betweenIons(statistics, msds) }
  return [
    HOP_ROWS('hops seen', '', { value: count.hops, bound, note: `of ${count.ions} ions` }),
    HOP_ROWS('rate per ion', '/ns', rate),
    HOP_ROWS('length', 'Å', count.hops === 0 ? none('none seen') : meanOverBoxes(lengths)),
    HOP_ROWS(
      'MSD slope if none went back',
      'Å²/ps',
      count.hops === 0
        ? none('none seen')
        : unlessBound(
            statistics.map(found => found.uncorrelatedSlope_A2_per_ps),
            bound,
          ),
    ),
  ]
}

/** Mean over boxes; a lower bound has no interval. */
const unlessBound = (values: readonly number[], bound: 'at least' | null) =>
  bound === null ? overBoxes(values) : { value: mean(values), bound }

/** Interval of the rate per ns, from the scatter between the ions of all boxes. */
function betweenIons(statistics: readonly HopStatistics[], msds: AnalysedSystem['msds']) {
  const rates = statistics.flatMap(({ hops }, k) => {
    const { ions, frames, frameInterval_ps } = msds[k]!
    const seen_ns = ((frames - 1) * frameInterval_ps - 2 * HOPS.window_ps) / 1000
    return Array.from({ length: ions }, (_, ion) => hops.filter(hop => hop.ion === ion).length / seen_ns)
  })
  return rates.length < 2 ? null : positiveMean(meanOf(rates)).ci95
}

/**
 * Mean of all values, with an interval from how far boxes as wholes lie from it, as a ratio of sums (Cochran 1977, section
 * 6.4): ions of one box hop from the same cages. Where fewer than three boxes have any, each value counts as independent.
 */
function meanOverBoxes(perBox: readonly (readonly number[])[]) {
  const boxes = perBox.filter(({ length }) => length > 0)
  const values = boxes.flat()
  if (boxes.length < FEWEST_BOXES) {
    return values.length < 2 ? { value: mean(values), ci95: null } : positiveMean(meanOf(values))
  }
  const value = mean(values)
  const excesses = boxes.map(list => list.reduce((sum, x) => sum + x - value, 0) / values.length)
  const squares = excesses.reduce((sum, excess) => sum + excess ** 2, 0)
  return positiveMean({
    value,
    standardError: Math.sqrt((squares * boxes.length) / (boxes.length - 1)),
    degreesOfFreedom: boxes.length - 1,
  })
}

/** A mean that cannot be negative, with its interval. */
function positiveMean(estimate: Estimate) {
  const [low, high] = confidenceInterval(estimate)
  return { value: estimate.value, ci95: [Math.max(0, low), high] as const }
}

/** Displacements of ions, other ions and chains within the fit window: they show whether ions move with their surroundings. */
function displacementRows(system: AnalysedSystem): Quantity[] {
  const { surveys, msds, transport } = system
  const label = ionLabel(system.species)
  const lag_ps = transport.fit_to_ps
  const rows = rowsOf(`Mean-squared displacement: in ${Number(lag_ps.toPrecision(6))} ps`)
  const after = (curves: AnalysedSystem['msds']) => meanAfter(curves, lag_ps)
  const of = (motion: (survey: Survey) => Survey['ions'] | null | undefined) => {
    const tracks = surveys.map(motion)
    if (!tracks.every(track => track != null && track.shape[1]! > 0)) return null
    return after(
      tracks.map((track, k) =>
        meanSquaredDisplacement(track!, {
          frameInterval_ps: msds[k]!.frameInterval_ps,
          maximumLag_ps: lag_ps,
        }),
      ),
    )
  }
  const counterions = of(({ charged }) => charged?.counterions)
  const segments = of(({ chains }) => chains?.segments)
  const centres = of(({ chains }) => chains?.centres)
  return [
    rows(label, 'Å²', after(msds)),
    rows('other ions, centres of mass', 'Å²', counterions ?? none('there are none')),
    ...(segments ? [rows('backbone atoms', 'Å²', segments)] : []),
    ...(centres ? [rows('chains, centres of mass', 'Å²', centres)] : []),
    rows(`${label} that come farther than ${FAR_A} Å`, '%', sharesOverBoxes(shareFar(system, lag_ps))),
    rows(`${label}: non-Gaussian parameter α₂`, '', overBoxes(nonGaussian(system, lag_ps), ANY)),
  ]
}

const meanAfter = (curves: AnalysedSystem['msds'], lag_ps: number) =>
  meanAt(curves, Math.floor(lag_ps / curves[0]!.frameInterval_ps + 1e-9))

/** Distance between sites, about, Å: slow displacements without a hop also reach it. */
const FAR_A = 3

const shareFar = ({ surveys, msds }: AnalysedSystem, lag_ps: number) =>
  surveys.map(({ ions }, k) => {
    const { frameInterval_ps } = msds[k]!
    const { density_per_A, r_A } = vanHoveSelf(ions, { frameInterval_ps, lag_ps, maximum_A: FAR_A })
    const near = density_per_A.reduce((sum, density) => sum + density, 0) * (FAR_A / r_A.length)
    return Math.max(0, 1 - near)
  })

/** Points of the van Hove function, its smallest range, Å, and its range in standard deviations. */
const DISTANCES = 60
const NEAREST_END_A = 6
const SIGMAS = 5

const ANY = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const

const nonGaussian = ({ surveys, msds }: AnalysedSystem, lag_ps: number) =>
  surveys.map(
    ({ ions }, k) => vanHoveSelf(ions, { frameInterval_ps: msds[k]!.frameInterval_ps, lag_ps }).nonGaussian,
  )

/** Van Hove functions at both ends of the fit window, means over the boxes, in a range beyond which few Gaussian ions come. */
function vanHoveOf({ surveys, msds, transport }: AnalysedSystem): VanHove[] {
  const { value } = meanAfter(msds, transport.fit_to_ps)
  const maximum_A = Math.max(NEAREST_END_A, SIGMAS * Math.sqrt(value / 3))
  return [transport.fit_from_ps, transport.fit_to_ps].map(asked_ps => {
    const curves = surveys.map(({ ions }, k) => {
      const { frameInterval_ps } = msds[k]!
      return vanHoveSelf(ions, {
        frameInterval_ps,
        lag_ps: Math.max(asked_ps, frameInterval_ps),
        maximum_A,
        binWidth_A: maximum_A / DISTANCES,
      })
    })
    const [{ lag_ps, r_A }] = curves as [(typeof curves)[number]]
    return { lag_ps, r_A, density_per_A: r_A.map((_, bin) => mean(curves.map(c => c.density_per_A[bin]!))) }
  })
}
