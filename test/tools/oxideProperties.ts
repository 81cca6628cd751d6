import { type Box, createBox } from '../../src/core/box.ts'
import { createState, type State } from '../../src/core/state.ts'
import type { Structure } from '../../src/core/structure.ts'
import { createTopology } from '../../src/core/topology.ts'
import type { Evaluator } from '../../src/platform/platform.ts'
import { createReferenceEvaluator } from '../../src/platform/reference/reference.ts'
import { assign } from '../../src/potentials/assign.ts'
import type { Potential } from '../../src/potentials/load.ts'
import { minimize } from '../../src/relax/minimize.ts'
import { type CellRelaxation, relaxCell, type StrainMask } from '../../src/relax/relaxCell.ts'
import { randomSequence, STREAM } from '../../src/rng.ts'
import { EV_PER_A3_IN_BAR } from '../../src/units.ts'
import { slab104 } from './crystals.ts'

/** How the oxide potentials were fitted, and are to be used. */
export const CUTOFF_A = 9
const ACCURACY = 1e-8
const FMAX_eV_per_A = 1e-5

/** A potential for one crystal or slab: pair terms cut and shifted at 9 Å, Ewald sum. */
export function oxideEvaluator(
  structure: Structure,
  potential: Potential,
  slabCorrection = false,
): Evaluator {
  const system = assign(structure, potential, {
    cutoff_A: CUTOFF_A,
    truncation: 'shifted',
    tail_correction: false,
    coulomb: 'ewald',
    coulomb_accuracy: ACCURACY,
    slab_correction: slabCorrection,
  })
  return createReferenceEvaluator(system)
}

/** A crystal with its cell and atoms at rest. */
export interface RelaxedCrystal {
  readonly state: State
  readonly relaxation: CellRelaxation
  readonly evaluator: Evaluator
}

/** @throws when it does not converge */
export async function relaxCrystal(
  structure: Structure,
  potential: Potential,
  options: { readonly strain?: StrainMask; readonly pressure_GPa?: number } = {},
): Promise<RelaxedCrystal> {
  const evaluator = oxideEvaluator(structure, potential)
  const state = createState(structure.positions, structure.box)
  const relaxation = await relaxCell(state, {
    evaluate: evaluator.evaluate,
    strain: 'full',
    fmax_eV_per_A: FMAX_eV_per_A,
    stress_GPa: 1e-4,
    max_steps: 500,
    ...options,
  })
  if (!relaxation.converged) throw new Error(`not converged: ${JSON.stringify(relaxation)}`)
  return { state, relaxation, evaluator }
}

/** Edges in Å and angles in degrees. */
export function cellParameters({ matrix: m }: Box) {
  const rows = [0, 3, 6].map(k => [m[k]!, m[k + 1]!, m[k + 2]!])
  const dot = (i: number, j: number) => rows[i]!.reduce((sum, x, k) => sum + x * rows[j]![k]!, 0)
  const [a, b, c] = [0, 1, 2].map(i => Math.sqrt(dot(i, i))) as [number, number, number]
  const angle = (i: number, j: number) =>
    (Math.acos(dot(i, j) / Math.sqrt(dot(i, i) * dot(j, j))) * 180) / Math.PI
  return { a, b, c, alpha: angle(1, 2), beta: angle(0, 2), gamma: angle(0, 1) }
}

/** B = −V dP/dV, GPa, cell and ions relaxed under ±1 GPa. */
export async function bulkModulus(structure: Structure, potential: Potential): Promise<number> {
  const volume = async (pressure_GPa: number) =>
    (await relaxCrystal(structure, potential, { pressure_GPa })).state.box.volume
  const [compressed, stretched] = [await volume(1), await volume(-1)]
  return -2 / Math.log(compressed / stretched)
}

/** C33 = dσ_zz/dε_zz, GPa, ions relaxed, strains of ±0.2 %. */
export async function stiffnessAlongZ({ state, evaluator }: RelaxedCrystal): Promise<number> {
  const stretch = 0.002
  const stress = async (epsilon: number) => {
    const along = (values: Float64Array) =>
      values.map((value, k) => (k % 3 === 2 ? value * (1 + epsilon) : value))
    const strained = createState(along(state.positions), createBox(along(state.box.matrix)))
    const mask: StrainMask = [false, false, true, false, false, false]
    const ions = await minimize(strained, {
      method: 'lbfgs',
      fmax_eV_per_A: FMAX_eV_per_A,
      max_steps: 500,
      evaluate: evaluator.evaluate,
    })
    if (!ions.converged) throw new Error('ions not relaxed')
    const { stress_GPa } = await relaxCell(strained, {
      evaluate: evaluator.evaluate,
      strain: mask,
      fmax_eV_per_A: 0,
      stress_GPa: 0,
      max_steps: 0,
    })
    return stress_GPa[8]!
  }
  return ((await stress(stretch)) - (await stress(-stretch))) / (2 * stretch)
}

/** 1 eV/Å² in J/m². */
const EV_PER_A2_IN_J_PER_M2 = EV_PER_A3_IN_BAR * 1e-5

/** Energy of each of the two faces of a (104) slab, J/m²: as cut from the crystal, and with all ions relaxed. */
export async function surfaceEnergy104(
  bulk: RelaxedCrystal,
  structure: Structure,
  potential: Potential,
  layers: number,
): Promise<{ readonly cut_J_per_m2: number; readonly relaxed_J_per_m2: number }> {
  const { positions, box } = bulk.state
  const slab = slab104({ ...structure, positions, box }, layers, 15)
  const evaluator = oxideEvaluator(slab, potential, true)
  const state = createState(slab.positions, slab.box)
  const area = slab.box.matrix[0]! * slab.box.matrix[4]!
  const formulaUnits = structure.elements.filter(element => element === 'Li').length
  const perFace = (energy: number) =>
    ((energy - (layers * bulk.relaxation.energy_eV) / formulaUnits) / (2 * area)) * EV_PER_A2_IN_J_PER_M2
  const cut = (await evaluator.evaluate(state)).energy
  const ions = await minimize(state, {
    method: 'lbfgs',
    fmax_eV_per_A: 1e-3,
    max_steps: 1000,
    evaluate: evaluator.evaluate,
  })
  if (!ions.converged) throw new Error('slab not relaxed')
  return { cut_J_per_m2: perFace(cut), relaxed_J_per_m2: perFace(ions.energy_eV) }
}

/**
 * How far below the crystal, meV per atom, a 2 × 2 × 1 supercell ends that was relaxed, cell and all, from atoms moved at
 * random by up to 0.05 Å along each axis: 0 where the crystal is a minimum, negative where its symmetry alone held it.
 */
export async function fallFromDisturbance(
  bulk: RelaxedCrystal,
  structure: Structure,
  potential: Potential,
): Promise<number> {
  const { positions, box } = bulk.state
  const m = box.matrix
  const random = randomSequence(3, STREAM.build)
  const corners = [0, 1].flatMap(i => [0, 1].map(j => [0, 1, 2].map(k => i * m[k]! + j * m[3 + k]!)))
  const copies = <T>(values: readonly T[]) => corners.flatMap(() => values)
  const moved = corners.flatMap(corner =>
    Array.from(positions, (x, k) => x + corner[k % 3]! + 0.05 * (2 * random.uniform() - 1)),
  )
  const count = structure.elements.length
  const supercell: Structure = {
    ...structure,
    elements: copies(structure.elements),
    types: copies(structure.types!),
    positions: Float64Array.from(moved),
    box: createBox(m.map((x, k) => (k < 6 ? 2 * x : x))),
    topology: createTopology(4 * count, []),
  }
  const { relaxation } = await relaxCrystal(supercell, potential)
  return 1000 * (relaxation.energy_eV / (4 * count) - bulk.relaxation.energy_eV / count)
}
