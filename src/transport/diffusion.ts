import { finiteSizeShift } from '../analysis/diffusion.ts'
import { type Interval, mean } from '../analysis/stats.ts'
import { UserError } from '../errors.ts'
import { formatMeasurement, formatNumber } from '../format.ts'
import { productionColumn } from '../run/loadRun.ts'
import type { AnalysedSystem } from './transport.ts'

/** Diffusion coefficient of a system whose MSD is diffusive, as plain numbers. */
export interface Diffusion {
  /** A sixth of the slope. */
  readonly D_A2_per_ps: number
  readonly D_ci95_A2_per_ps: Interval
  /** Correction for the size of the box; null where no viscosity is given. */
  readonly finite_size: {
    readonly viscosity_mPa_s: number
    readonly temperature_K: number
    readonly edge_A: number
    /** In an infinite box. */
    readonly D_infinite_A2_per_ps: number
    /** Without the uncertainty of the viscosity. */
    readonly D_infinite_ci95_A2_per_ps: Interval
  } | null
}

/** Slope of the MSD over the diffusion coefficient in three dimensions. */
const SLOPE_PER_D = 6

/**
 * Returns the diffusion coefficient of a system, and beside it that in an infinite box (`finiteSizeShift`), where a viscosity
 * is given here or in the recipe; null unless the MSD is diffusive.
 * @param viscosity_mPa_s of the simulated liquid. Default: that of the recipe
 * @throws UserError for a viscosity that is not positive, or one for a cell that is not cubic
 */
export function diffusionOf(
  { runs, surveys, transport }: Pick<AnalysedSystem, 'runs' | 'surveys' | 'transport'>,
  viscosity_mPa_s = runs[0]!.recipe.analysis?.viscosity_mPa_s,
): Diffusion | null {
  if (viscosity_mPa_s !== undefined && !surveys.every(({ isCubic }) => isCubic)) {
    throw new UserError({
      message: 'the finite-size correction holds in cubic cells, and this one is not cubic',
      hint: 'leave the viscosity out, or simulate a cubic cell',
    })
  }
  const box = sizeOf({ runs, surveys })
  const shift =
    viscosity_mPa_s === undefined ? null : finiteSizeShift({ ...box, viscosity_mPa_s }) / SLOPE_PER_D
  if (transport.verdict !== 'diffusive') return null
  const D = transport.slope_A2_per_ps / SLOPE_PER_D
  const [low, high] = transport.slope_ci95_A2_per_ps
  const ci95: Interval = [low / SLOPE_PER_D, high / SLOPE_PER_D]
  return {
    D_A2_per_ps: D,
    D_ci95_A2_per_ps: ci95,
    finite_size:
      shift === null || viscosity_mPa_s === undefined
        ? null
        : {
            viscosity_mPa_s,
            ...box,
            D_infinite_A2_per_ps: D + shift,
            D_infinite_ci95_A2_per_ps: [ci95[0] + shift, ci95[1] + shift],
          },
  }
}

/** Mean temperature of the productions, and the edge of a cube with the mean volume. */
export const sizeOf = ({ runs, surveys }: Pick<AnalysedSystem, 'runs' | 'surveys'>) => ({
  temperature_K: mean(runs.map(run => mean(productionColumn(run, 'temperature_K')))),
  edge_A: Math.cbrt(mean(surveys.map(({ volume_A3 }) => volume_A3))),
})

/** The diffusion coefficient in one line. */
export function diffusionText({ D_A2_per_ps, D_ci95_A2_per_ps, finite_size }: Diffusion): string {
  const raw = `D = ${formatMeasurement({ value: D_A2_per_ps, ci95: D_ci95_A2_per_ps }, 'Å²/ps')}`
  if (!finite_size) return `${raw}, not corrected for the size of the box, which needs the viscosity`
  const { D_infinite_A2_per_ps, D_infinite_ci95_A2_per_ps, edge_A, viscosity_mPa_s } = finite_size
  const corrected = formatMeasurement(
    { value: D_infinite_A2_per_ps, ci95: D_infinite_ci95_A2_per_ps },
    'Å²/ps',
  )
  return `${raw}; in an infinite box ${corrected}, from ${formatNumber(viscosity_mPa_s)} mPa s and ${edge_A.toFixed(1)} Å (Yeh & Hummer 2004)`
}
