import ndarray, { type NdArray } from 'ndarray'
import type { ComparableSystem } from '../analysis/comparison.ts'
import type { Weighting } from '../analysis/covariance.ts'
import { fitSlope } from '../analysis/diffusion.ts'
import { meanSquaredDisplacement } from '../analysis/msd.ts'
import { systemTransport } from '../analysis/transport.ts'
import { UserError } from '../errors.ts'
import type { LoadedRun } from '../run/loadRun.ts'
import { type Survey, survey } from './survey.ts'

/** Replicas of one system, read and analysed together. */
export interface AnalysedSystem extends ComparableSystem {
  readonly runs: readonly LoadedRun[]
  readonly species: string
  /** [runs] Surveys of their trajectories. */
  readonly surveys: readonly Survey[]
}

/** Fit window. */
export interface Window {
  readonly from_ps: number
  readonly to_ps: number
}

/** Replicas of one system by name. */
export interface SystemRuns {
  readonly name: string
  readonly runs: readonly LoadedRun[]
}

/** Longest lag of a kept MSD, divided by the end of the fit window. */
const LAG_MARGIN = 2
/** Longest lag of an MSD as a fraction of the trajectory: longer lags have too few origins. */
const RESOLVED_PART = 0.75

/** Reads and fits one system. @throws UserError when the runs do not fit together, are too short for the window, or a trajectory is damaged */
export async function analyseSystem(
  system: SystemRuns,
  species: string,
  window: Window,
): Promise<AnalysedSystem> {
  return fitted(await measured(system, species, window), window)
}

/**
 * Reads and fits systems that are to be compared: all in one way, by ordinary least squares as soon as one is not diffusive.
 * @throws UserError as `analyseSystem`
 */
export async function analyseSystems(
  groups: readonly SystemRuns[],
  species: string,
  window: Window,
): Promise<AnalysedSystem[]> {
  const all: Measured[] = []
  for (const group of groups) all.push(await measured(group, species, window))
  const systems = all.map(system => fitted(system, window))
  const ways = new Set(systems.map(({ transport }) => transport.weighting))
  return ways.size === 1 ? systems : all.map(system => fitted(system, window, 'uniform'))
}

type Measured = Omit<AnalysedSystem, 'transport'>

/** One trajectory after the other, so that only one is read at a time. */
async function measured({ name, runs }: SystemRuns, species: string, window: Window): Promise<Measured> {
  const surveys: Survey[] = []
  for (const run of runs) surveys.push(await survey(run, species))
  const msds = surveys.map(({ ions }, k) =>
    meanSquaredDisplacement(ions, {
      frameInterval_ps: runs[k]!.frameInterval_ps,
      maximumLag_ps: longestLag(runs[k]!, window),
    }),
  )
  return { name, runs, species, surveys, msds }
}

const longestLag = ({ frameCount, frameInterval_ps }: LoadedRun, { to_ps }: Window) =>
  Math.max(to_ps, Math.min(LAG_MARGIN * to_ps, RESOLVED_PART * (frameCount - 1) * frameInterval_ps))

function fitted(system: Measured, window: Window, weighting?: Weighting): AnalysedSystem {
  const transport = systemTransport(system.msds, {
    species: system.species,
    fitFrom_ps: window.from_ps,
    fitTo_ps: window.to_ps,
    ...(weighting && { weighting }),
  })
  return { ...system, transport }
}

/**
 * Fit window: the one asked for, else the recipe's, else the second fifth to half of the trajectory.
 * @throws UserError when only one end is given
 */
export function fitWindow(
  runs: readonly LoadedRun[],
  asked: { from_ps?: number | undefined; to_ps?: number | undefined },
): Window {
  if ((asked.from_ps === undefined) !== (asked.to_ps === undefined)) {
    throw new UserError({
      message: 'give both ends of the window',
      where: 'command line',
      hint: '--fit-from_ps A --fit-to_ps B',
    })
  }
  if (asked.from_ps !== undefined && asked.to_ps !== undefined)
    return { from_ps: asked.from_ps, to_ps: asked.to_ps }
  const analysis = runs.map(run => run.recipe.analysis).find(section => section?.fit_to_ps !== undefined)
  if (analysis?.fit_from_ps !== undefined && analysis.fit_to_ps !== undefined) {
    return { from_ps: analysis.fit_from_ps, to_ps: analysis.fit_to_ps }
  }
  const length_ps = Math.min(...runs.map(run => (run.frameCount - 1) * run.frameInterval_ps))
  return { from_ps: 0.2 * length_ps, to_ps: 0.5 * length_ps }
}

/** Slopes of the squared displacement along x, y and z: a third of the whole each, where nothing tells them apart. */
export function axisSlopes(system: AnalysedSystem) {
  const { fit_from_ps, fit_to_ps, weighting } = system.transport
  const slope = (axis: 0 | 1 | 2) => {
    const msds = system.surveys.map(({ ions }, k) =>
      meanSquaredDisplacement(ions, {
        frameInterval_ps: system.msds[k]!.frameInterval_ps,
        maximumLag_ps: fit_to_ps,
        axis,
      }),
    )
    const fit = fitSlope(msds, { fitFrom_ps: fit_from_ps, fitTo_ps: fit_to_ps, weighting })
    return { value: fit.slope_A2_per_ps.value, ci95: fit.slope_ci95_A2_per_ps }
  }
  return [slope(0), slope(1), slope(2)] as const
}

/** Slopes of the first 60 to 100 % of each trajectory. */
export function slopeAgainstLength(system: AnalysedSystem) {
  const { fit_from_ps, fit_to_ps, weighting } = system.transport
  const interval = system.msds[0]!.frameInterval_ps
  const frames = Math.min(...system.msds.map(msd => msd.frames))
  const shortest = Math.ceil(fit_to_ps / interval) + 1
  const lengths = [0.6, 0.7, 0.8, 0.9, 1].map(f => Math.round(f * frames)).filter(n => n >= shortest)
  return lengths.map(n => {
    const cut = system.surveys.map(({ ions }) =>
      meanSquaredDisplacement(firstFrames(ions, n), { frameInterval_ps: interval, maximumLag_ps: fit_to_ps }),
    )
    const fit = fitSlope(cut, { fitFrom_ps: fit_from_ps, fitTo_ps: fit_to_ps, weighting })
    return { length_ps: (n - 1) * interval, slope: fit.slope_A2_per_ps.value, ci95: fit.slope_ci95_A2_per_ps }
  })
}

function firstFrames(positions: NdArray<Float32Array>, frames: number): NdArray<Float32Array> {
  const [, atoms, axes] = positions.shape as [number, number, number]
  return ndarray(positions.data, [frames, atoms, axes], positions.stride, positions.offset)
}
