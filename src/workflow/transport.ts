import ndarray, { type NdArray } from 'ndarray'
import type { Weighting } from '../analysis/covariance.ts'
import { fitSlope, nullRatio, slopeRatio } from '../analysis/diffusion.ts'
import {
  alongAxis,
  type MeanSquaredDisplacement,
  meanSquaredDisplacement,
  removeDrift,
} from '../analysis/msd.ts'
import { type SystemTransport, systemTransport } from '../analysis/transport.ts'
import { UserError } from '../errors.ts'
import { atomsOf, type LoadedRun } from './loadRun.ts'

/** Replicas of one system, read and analysed together. */
export interface AnalysedSystem {
  readonly name: string
  readonly runs: readonly LoadedRun[]
  readonly species: string
  readonly msds: readonly MeanSquaredDisplacement[]
  readonly transport: SystemTransport
}

export interface Window {
  readonly from_ps: number
  readonly to_ps: number
}

/** MSDs are kept to this multiple of the window's end: enough to see what comes after it. */
const LAG_MARGIN = 2

/** @throws UserError when the runs do not fit together or are too short for the window */
export function analyseSystem(
  name: string,
  runs: readonly LoadedRun[],
  species: string,
  window: Window,
  weighting?: Weighting,
): AnalysedSystem {
  const msds = runs.map(run => runDisplacement(run, species, LAG_MARGIN * window.to_ps))
  const transport = systemTransport(msds, {
    species,
    fitFrom_ps: window.from_ps,
    fitTo_ps: window.to_ps,
    ...(weighting && { weighting }),
  })
  return { name, runs, species, msds, transport }
}

/** Systems that are to be compared: all fitted in one way, ordinary least squares as soon as one is not diffusive. */
export function analyseSystems(
  groups: readonly { readonly name: string; readonly runs: readonly LoadedRun[] }[],
  species: string,
  window: Window,
): AnalysedSystem[] {
  const systems = groups.map(({ name, runs }) => analyseSystem(name, runs, species, window))
  const ways = new Set(systems.map(({ transport }) => transport.weighting))
  return ways.size === 1
    ? systems
    : groups.map(({ name, runs }) => analyseSystem(name, runs, species, window, 'uniform'))
}

/** MSD of one run's ions, with the drift of its centre of mass taken out. */
function runDisplacement(run: LoadedRun, species: string, maximumLag_ps: number): MeanSquaredDisplacement {
  const ions = atomsOf(run, species)
  const positions = removeDrift(run.positions, run.masses, ions)
  return meanSquaredDisplacement(positions, { frameInterval_ps: run.frameInterval_ps, maximumLag_ps })
}

/**
 * The window to fit: what the user asked for, else the recipe's, else the second fifth to half of the trajectory.
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
  const length_ps = Math.min(...runs.map(run => (run.positions.shape[0]! - 1) * run.frameInterval_ps))
  return { from_ps: 0.2 * length_ps, to_ps: 0.5 * length_ps }
}

/** Seed of every resampling: results are a function of the data alone. */
const BOOTSTRAP = { seed: 20250502, resamples: 2000 }

export interface ComparedSystems {
  readonly ratio: number
  readonly ratio_ci95: [number, number]
  readonly null_ratio_ci95: [number, number]
  readonly method: string
}

/** Slope of the second system over that of the first, and what equal systems would show. */
export function compareSystems(first: AnalysedSystem, second: AnalysedSystem): ComparedSystems {
  const { fit_from_ps, fit_to_ps, weighting } = first.transport
  const options = { fitFrom_ps: fit_from_ps, fitTo_ps: fit_to_ps, weighting, ...BOOTSTRAP }
  const { ratio, ratio_ci95, method } = slopeRatio(second.msds, first.msds, options)
  const none = nullRatio([first.msds, second.msds], options)
  return {
    ratio,
    ratio_ci95,
    null_ratio_ci95: none.null_ratio_ci95,
    method: `${method}; null from ${none.basis}`,
  }
}

/** Slopes of the squared displacement along x, y and z: a third of the whole each, where nothing tells them apart. */
export function axisSlopes(system: AnalysedSystem) {
  const { fit_from_ps, fit_to_ps, weighting } = system.transport
  const ions = system.runs.map(run => removeDrift(run.positions, run.masses, atomsOf(run, system.species)))
  const slope = (axis: 0 | 1 | 2) => {
    const msds = ions.map((positions, k) =>
      meanSquaredDisplacement(alongAxis(positions, axis), {
        frameInterval_ps: system.msds[k]!.frameInterval_ps,
        maximumLag_ps: fit_to_ps,
      }),
    )
    const fit = fitSlope(msds, { fitFrom_ps: fit_from_ps, fitTo_ps: fit_to_ps, weighting })
    return { value: fit.slope_A2_per_ps, ci95: fit.slope_ci95_A2_per_ps }
  }
  return [slope(0), slope(1), slope(2)] as const
}

/** How the slope settles as more of each trajectory is used. */
export function slopeAgainstLength(system: AnalysedSystem) {
  const { fit_from_ps, fit_to_ps, weighting } = system.transport
  const interval = system.msds[0]!.frameInterval_ps
  const frames = Math.min(...system.msds.map(msd => msd.frames))
  const shortest = Math.ceil(fit_to_ps / interval) + 1
  const lengths = [0.6, 0.7, 0.8, 0.9, 1].map(f => Math.round(f * frames)).filter(n => n >= shortest)
  return lengths.map(n => {
    const cut = system.runs.map(run =>
      meanSquaredDisplacement(
        removeDrift(firstFrames(run.positions, n), run.masses, atomsOf(run, system.species)),
        {
          frameInterval_ps: interval,
          maximumLag_ps: fit_to_ps,
        },
      ),
    )
    const fit = fitSlope(cut, { fitFrom_ps: fit_from_ps, fitTo_ps: fit_to_ps, weighting })
    return { length_ps: (n - 1) * interval, slope: fit.slope_A2_per_ps, ci95: fit.slope_ci95_A2_per_ps }
  })
}

function firstFrames(positions: NdArray<Float32Array>, frames: number): NdArray<Float32Array> {
  const [, atoms, axes] = positions.shape as [number, number, number]
  return ndarray(positions.data, [frames, atoms, axes], positions.stride, positions.offset)
}
