import { UserError } from '../errors.ts'
import type { MeanSquaredDisplacement } from './msd.ts'

/** One or more trajectories of the same system. */
export type Replicas = MeanSquaredDisplacement | readonly MeanSquaredDisplacement[]

/** The lags that a fit uses. */
export interface FitWindow {
  readonly fitFrom_ps: number
  readonly fitTo_ps: number
}

/** @throws UserError for none, or when they differ in the time between frames */
export function asReplicas(replicas: Replicas): readonly MeanSquaredDisplacement[] {
  const list = 'lag_ps' in replicas ? [replicas] : replicas
  const [first] = list
  if (!first) throw new UserError({ message: 'there is no trajectory to analyse' })
  for (const { frameInterval_ps } of list) {
    if (Math.abs(frameInterval_ps - first.frameInterval_ps) > 1e-9 * first.frameInterval_ps) {
      throw new UserError({
        message: `replicas were written every ${first.frameInterval_ps} and every ${frameInterval_ps} ps`,
        hint: 'give replicas with the same time between frames',
      })
    }
  }
  return list
}

/** Longest lag, in frames, that every replica has. */
export function commonLags(replicas: readonly MeanSquaredDisplacement[]): number {
  return Math.min(...replicas.map(replica => replica.lag_ps.length))
}

/**
 * Lags in frames inside the window, at most about `count` of them: neighbouring lags carry almost the same
 * information, and more of them only make the fit slow.
 * @param spacing even in time, or even in its logarithm
 * @throws UserError when the window is empty, holds fewer than three lags or is longer than the shortest trajectory
 */
export function windowLags(
  replicas: readonly MeanSquaredDisplacement[],
  window: FitWindow,
  spacing: 'linear' | 'logarithmic',
  count = 41,
): number[] {
  const { fitFrom_ps, fitTo_ps } = window
  const interval = replicas[0]!.frameInterval_ps
  const where = `fit window ${fitFrom_ps}–${fitTo_ps} ps`
  if (!(fitFrom_ps > 0 && fitTo_ps > fitFrom_ps)) {
    throw new UserError({
      message: 'the fit window is empty',
      where,
      hint: 'give 0 < fit-from_ps < fit-to_ps',
    })
  }
  const first = Math.max(1, Math.ceil(fitFrom_ps / interval - 1e-9))
  const last = Math.floor(fitTo_ps / interval + 1e-9)
  const longest = commonLags(replicas)
  if (last > longest) {
    throw new UserError({
      message: `the trajectory has no lag of ${fitTo_ps} ps`,
      where,
      hint: `end the window at ${Number((longest * interval).toPrecision(6))} ps or earlier, or run longer`,
    })
  }
  if (last - first < 2) {
    throw new UserError({
      message: `the fit window holds fewer than three lags of ${interval} ps`,
      where,
      hint: 'widen the window or write frames more often',
    })
  }
  const at = (k: number) => {
    const fraction = k / (count - 1)
    return spacing === 'linear' ? first + fraction * (last - first) : first * (last / first) ** fraction
  }
  return [...new Set(Array.from({ length: count }, (_, k) => Math.round(at(k))))]
}
