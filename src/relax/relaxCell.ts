import { createBox } from '../core/box.ts'
import type { State } from '../core/state.ts'
import { firstNonFinite } from '../core/state.ts'
import { SimulationError, UserError } from '../errors.ts'
import { freshLbfgs, lbfgsStep } from '../optimize/lbfgs.ts'
import { longestVector } from '../optimize/vectors.ts'
import type { Evaluation } from '../platform/platform.ts'
import { EV_PER_A3_IN_BAR } from '../units.ts'

/** Strains that the cell may take: all six, a uniform change of scale, or those of [xx, yy, zz, yz, xz, xy] that are true. */
export type StrainMask =
  | 'full'
  | 'hydrostatic'
  | readonly [xx: boolean, yy: boolean, zz: boolean, yz: boolean, xz: boolean, xy: boolean]

export interface RelaxCellOptions {
  evaluate(state: State): Promise<Pick<Evaluation, 'energy' | 'forces' | 'virial'>>
  readonly strain: StrainMask
  /** External pressure. Default: 0. */
  readonly pressure_GPa?: number
  /** Longest force on an atom at which the relaxation is converged. */
  readonly fmax_eV_per_A: number
  /** Largest component of stress plus pressure, among the strains allowed, at which the relaxation is converged. */
  readonly stress_GPa: number
  readonly max_steps: number
}

export interface CellRelaxation {
  readonly steps: number
  /** Potential energy E, not the enthalpy. */
  readonly energy_eV: number
  readonly fmax_eV_per_A: number
  /** [9] stress (1/V) ∂E/∂ε, row-major, without the external pressure; tension is positive. */
  readonly stress_GPa: Float64Array
  /** Largest component of stress plus pressure, among the strains allowed. */
  readonly residual_GPa: number
  /** True only when forces and residual stress are both at or below those of the options. */
  readonly converged: boolean
}

/** 1 eV/Å³ in GPa. */
const EV_PER_A3_IN_GPA = EV_PER_A3_IN_BAR * 1e-4
/** Largest displacement of an atom, or of a row of L·U, in one step, Å. */
const LARGEST_STEP_A = 0.1
/** Curvature that is assumed before the first step, eV/Å². */
const FIRST_CURVATURE = 70

const IDENTITY = [1, 0, 0, 0, 1, 0, 0, 0, 1]

/**
 * Relaxes positions and cell in place to the minimum of the enthalpy E + PV, by L-BFGS without a line search.
 *
 * The unknowns are the positions s in the initial cell and a symmetric matrix U: r = s·D, cell = cell₀·D, D = 1 + U. The
 * cell cannot rotate, and both gradients are exact for any U: −∂H/∂s = f·D, and −∂H/∂U is the symmetric part of
 * D⁻¹(W − PV·1), with the virial W = Σ r⊗f = −∂E/∂ε. The optimiser treats L·U as three more atoms; with L = N^⅙V^⅓ its
 * curvature is similar to that of an atom. ASE's cell filters do the same, after Tadmor et al. 1999,
 * https://doi.org/10.1103/PhysRevB.59.235.
 * @param state changed in place: positions and box
 * @throws UserError when the mask allows no strain; SimulationError when energy, forces or virial are not finite
 */
export async function relaxCell(state: State, options: RelaxCellOptions): Promise<CellRelaxation> {
  const project = projection(options.strain)
  const { box } = state
  const count = state.positions.length
  const length = Math.cbrt(box.volume) * (count / 3) ** (1 / 6)
  const pressure = (options.pressure_GPa ?? 0) / EV_PER_A3_IN_GPA
  let unknowns: Float64Array = new Float64Array(count + 9)
  unknowns.set(state.positions)
  let optimizer = freshLbfgs
  for (let step = 0; ; step++) {
    const deformation = Float64Array.from(IDENTITY, (one, k) => one + unknowns[count + k]! / length)
    state.box = createBox(product(box.matrix, deformation))
    state.positions.set(product(unknowns.subarray(0, count), deformation))
    const { energy, forces, virial } = await options.evaluate(state)
    checkFinite(energy, forces, virial, step)

    const { volume } = state.box
    const work = virial.map((value, k) => value - pressure * volume * IDENTITY[k]!)
    const pull = project(product(createBox(deformation).inverse, work))
    const fmax = longestVector(forces)
    const residual_GPa = (Math.max(...pull.map(Math.abs)) / volume) * EV_PER_A3_IN_GPA
    const converged = fmax <= options.fmax_eV_per_A && residual_GPa <= options.stress_GPa
    if (converged || step === options.max_steps) {
      return {
        steps: step,
        energy_eV: energy,
        fmax_eV_per_A: fmax,
        stress_GPa: virial.map(value => (-value / volume) * EV_PER_A3_IN_GPA),
        residual_GPa,
        converged,
      }
    }

    const downhill = new Float64Array(count + 9)
    downhill.set(product(forces, deformation))
    downhill.set(
      pull.map(value => value / length),
      count,
    )
    const next = lbfgsStep(optimizer, unknowns, downhill, {
      stepCap_A: LARGEST_STEP_A,
      firstCurvature_eV_per_A2: FIRST_CURVATURE,
    })
    unknowns = next.positions
    optimizer = next.state
  }
}

/** Rows of three numbers times a 3 × 3 matrix. @param rows [3M] @param matrix [9] @returns [3M] */
function product(rows: Float64Array, matrix: Float64Array): Float64Array {
  const result = new Float64Array(rows.length)
  for (let k = 0; k < rows.length; k += 3) {
    for (let j = 0; j < 3; j++) {
      result[k + j] = rows[k]! * matrix[j]! + rows[k + 1]! * matrix[3 + j]! + rows[k + 2]! * matrix[6 + j]!
    }
  }
  return result
}

/** Returns a function that makes a 3 × 3 matrix symmetric and sets the components that the mask forbids to zero. */
function projection(mask: StrainMask): (matrix: Float64Array) => Float64Array {
  if (mask === 'hydrostatic') {
    return m => Float64Array.from(IDENTITY, one => (one * (m[0]! + m[4]! + m[8]!)) / 3)
  }
  const [xx, yy, zz, yz, xz, xy] = mask === 'full' ? [true, true, true, true, true, true] : mask
  const allowed = [xx, xy, xz, xy, yy, yz, xz, yz, zz]
  if (!allowed.includes(true)) {
    throw new UserError({
      message: 'the mask allows no strain at all',
      hint: 'allow some of xx, yy, zz, yz, xz, xy, or minimise the positions alone',
    })
  }
  return m => {
    const mirrored = (k: number) => m[3 * (k % 3) + Math.floor(k / 3)]!
    return Float64Array.from(allowed, (free, k) => (free ? (m[k]! + mirrored(k)) / 2 : 0))
  }
}

function checkFinite(energy: number, forces: Float64Array, virial: Float64Array, step: number): void {
  const bad = firstNonFinite(forces)
  if (bad < 0 && Number.isFinite(energy) && firstNonFinite(virial) < 0) return
  throw new SimulationError({
    message: 'energy, forces or virial are not finite',
    where: `cell relaxation step ${step}${bad < 0 ? '' : `, atom ${Math.floor(bad / 3) + 1}`}`,
    hint: 'atoms may lie on top of one another, or the potential has no minimum near this cell',
  })
}
