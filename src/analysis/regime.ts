import { linearEstimate, lineWeights } from './covariance.ts'
import { asReplicas, type FitWindow, fitLine, type Replicas, windowLags } from './diffusion.ts'
import { confidenceInterval, type Measured } from './estimate.ts'
import type { MeanSquaredDisplacement } from './msd.ts'
import { type Interval, mean } from './stats.ts'

/** Regime of an MSD in a window, see `verdict`; `undetermined`: there is too little data to say. */
export type Verdict = 'ballistic' | 'diffusive' | 'sub-diffusive' | 'arrested' | 'undetermined'

/** Exponents within this of 1 are those of diffusion, within this of 0 those of arrest: a choice, by physics and not by statistics. */
const MARGIN = 0.1
/** An exponent α whose interval stays within this of 1 is known well enough. */
const PRECISION = 0.25

/** The exponents of an MSD over a window, with 95 % intervals. */
export interface Exponents {
  /** d ln MSD / d ln t. */
  readonly alpha: Measured
  /** 1 + d ln(dMSD/dt) / d ln t; null where the MSD does not grow in both halves of the window. */
  readonly gamma: Measured | null
  /** The interval of the slope, by ordinary least squares, lies above 0. */
  readonly grows: boolean
}

/**
 * Returns the regime of an MSD. α says how the MSD grows, γ how it grows after its intercept: rattling in a cage, or flight
 * between collisions, adds a constant to the MSD of a liquid, which moves α away from 1 but not γ (localisation error does the
 * same in tracked particles: Michalet 2010, https://doi.org/10.1103/PhysRevE.82.041914; Kepten et al. 2015,
 * https://doi.org/10.1371/journal.pone.0117722). In this order:
 *
 * 1. `arrested`: the MSD does not grow, and the interval of α ends below 0.1.
 * 2. `diffusive`: the interval of γ lies within 0.9–1.1, so that the slope is constant (an equivalence test: Schuirmann 1987,
 *    https://doi.org/10.1007/BF01068419).
 * 3. `sub-diffusive`: α is below 0.9 and its interval below 1, as 2 has not shown that only the intercept does that; or the
 *    interval of γ lies below 0.9.
 * 4. `ballistic`: α is above 1.1 and its interval above 1, or the interval of γ lies above 1.1.
 * 5. `diffusive`: α lies within 0.9–1.1 and its interval within 0.75–1.25.
 * 6. `undetermined`: anything else.
 */
export function verdict({ alpha, gamma, grows }: Exponents): Verdict {
  if (!alpha.ci95) return 'undetermined'
  const [low, high] = alpha.ci95
  const [gammaLow, gammaHigh] = gamma?.ci95 ?? UNBOUNDED
  if (!grows && high < MARGIN) return 'arrested'
  if (gammaLow >= 1 - MARGIN && gammaHigh <= 1 + MARGIN) return 'diffusive'
  const slows = gammaHigh < 1 - MARGIN
  if (slows || (alpha.value < 1 - MARGIN && high < 1)) return 'sub-diffusive'
  if (gammaLow > 1 + MARGIN || (alpha.value > 1 + MARGIN && low > 1)) return 'ballistic'
  const isKnown = low >= 1 - PRECISION && high <= 1 + PRECISION
  return Math.abs(alpha.value - 1) <= MARGIN && isKnown ? 'diffusive' : 'undetermined'
}

const UNBOUNDED: Interval = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]

/** Exponents and regime of an MSD over a window, as plain numbers. */
export interface Exponent {
  readonly alpha: number
  readonly alpha_ci95: Interval
  /** Exponent after the intercept; null where the MSD does not grow in both halves of the window. */
  readonly gamma: number | null
  readonly gamma_ci95: Interval | null
  readonly verdict: Verdict
}

/**
 * α = d ln MSD / d ln t over a window: least squares through lags evenly spaced in ln t. γ: `growthExponent`. The intervals
 * are those of the linearised combinations Σ u_i δMSD_i, with the scatter of time origins, ions and replicas as in
 * `linearEstimate` and Student t; they need no resampling and also serve a single ion.
 * @throws UserError for a window that the trajectory cannot serve
 */
export function exponent(replicas: Replicas, window: FitWindow): Exponent {
  const list = asReplicas(replicas)
  const lags = windowLags(list, window, 'logarithmic')
  const curves = list.flatMap(replica => replica.perIon_A2)
  const average = lags.map(lag => mean(curves.map(curve => curve[lag - 1]!)))
  if (!average.every(value => value > 0)) {
    const stands = average.every(value => value === 0)
    const word = stands ? 'arrested' : 'undetermined'
    return { alpha: Number.NaN, alpha_ci95: UNBOUNDED, gamma: null, gamma_ci95: null, verdict: word }
  }
  const logs = lags.map(lag => Math.log(lag))
  const centre = mean(logs)
  const squares = logs.reduce((sum, x) => sum + (x - centre) ** 2, 0)
  const weights = logs.map(x => (x - centre) / squares)
  const alpha = weights.reduce((sum, u, i) => sum + u * Math.log(average[i]!), 0)
  const linearised = linearEstimate(
    list,
    lags,
    Float64Array.from(weights, (u, i) => u / average[i]!),
  )
  const alpha_ci95 = confidenceInterval({ ...linearised, value: alpha })
  const gamma = growthExponent(list, lags, average)
  return {
    alpha,
    alpha_ci95,
    gamma: gamma?.value ?? null,
    gamma_ci95: gamma?.ci95 ?? null,
    verdict: verdict({
      alpha: { value: alpha, ci95: alpha_ci95 },
      gamma,
      grows: alpha_ci95[1] >= MARGIN || growsIn(list, window),
    }),
  }
}

function growsIn(replicas: readonly MeanSquaredDisplacement[], window: FitWindow): boolean {
  const { estimate } = fitLine(replicas, { ...window, weighting: 'uniform' })
  return confidenceInterval(estimate)[0] > 0
}

/** Bounds of γ in the search. */
const LARGEST_EXPONENT = 10
const BISECTIONS = 60
/** Step of γ for the derivative of `logarithmicRatio`. */
const STEP = 1e-4

/**
 * γ = 1 + d ln(dMSD/dt) / d ln t, the exponent of an MSD without its intercept: that of c + A t^γ whose slopes, by generalised
 * least squares, in the two halves of the window (in ln t) have the ratio of the slopes that are seen. Exact for any c and γ.
 * @param lags in frames, evenly spaced in their logarithm
 * @param average [lags] Å², mean over ions
 * @returns null where one of the slopes is not positive
 */
function growthExponent(
  replicas: readonly MeanSquaredDisplacement[],
  lags: readonly number[],
  average: readonly number[],
): Measured | null {
  const middle = Math.sqrt(lags[0]! * lags.at(-1)!)
  const half = Math.max(
    1,
    Math.min(
      lags.length - 2,
      lags.findIndex(lag => lag >= middle - 0.5),
    ),
  )
  const weightsOf = (from: number, to: number) => {
    const weights = new Float64Array(lags.length)
    weights.set(lineWeights(lags.slice(from, to), 'generalised').slope, from)
    return weights
  }
  const [early, late] = [weightsOf(0, half + 1), weightsOf(half, lags.length)]
  const slope = (weights: Float64Array, curve: readonly number[]) =>
    weights.reduce((sum, w, i) => sum + w * curve[i]!, 0)
  const [before, after] = [slope(early, average), slope(late, average)]
  if (!(before > 0 && after > 0)) return null
  const logarithmicRatio = (gamma: number) => {
    const power = lags.map(lag =>
      gamma === 0 ? Math.log(lag / middle) : Math.expm1(gamma * Math.log(lag / middle)) / gamma,
    )
    return Math.log(slope(late, power) / slope(early, power))
  }
  const seen = Math.log(after / before)
  let [low, high] = [-LARGEST_EXPONENT, LARGEST_EXPONENT]
  for (let k = 0; k < BISECTIONS; k++) {
    const gamma = (low + high) / 2
    if (logarithmicRatio(gamma) < seen) low = gamma
    else high = gamma
  }
  const value = (low + high) / 2
  const derivative = (logarithmicRatio(value + STEP) - logarithmicRatio(value - STEP)) / (2 * STEP)
  const linearised = linearEstimate(
    replicas,
    lags,
    early.map((w, i) => (late[i]! / after - w / before) / derivative),
  )
  return { value, ci95: confidenceInterval({ ...linearised, value }) }
}
