import { type Box, createBox, minimumImage } from '../../../src/core/box.ts'
import type { CoulombForce, CoulombMethod, Force, PairForce, Truncation } from '../../../src/core/force.ts'
import { createState, type State } from '../../../src/core/state.ts'
import type { System } from '../../../src/core/system.ts'
import { createTopology } from '../../../src/core/topology.ts'
import type { PlatformKey } from '../../../src/platform/choose.ts'
import type { Evaluation } from '../../../src/platform/platform.ts'
import { selfAndBackground } from '../../../src/platform/reference/ewald.ts'
import { truncatedCoulomb } from '../../../src/platform/reference/pairKernels.ts'
import { randomSequence, STREAM } from '../../../src/rng.ts'
import { CODATA_2018 } from '../../../src/units.ts'
import { type TestedPlatform, withEvaluator } from './platforms.ts'

export interface Configuration {
  readonly system: System
  readonly state: State
}

/** Relative deviations from reference. */
export interface Errors {
  readonly forces: number
  readonly energy: number
  readonly virial: number
}

export const evaluateOnce = (key: PlatformKey, { system, state }: Configuration): Promise<Evaluation> =>
  withEvaluator(key, system, evaluator => evaluator.evaluate(state))

/**
 * Returns the deviations of an evaluation from reference.
 * @param scales forces (norm of all, eV/Å) and virial (eV) to compare with where those of reference cancel by symmetry
 */
export async function errors(
  found: Evaluation,
  configuration: Configuration,
  scales: { readonly forces?: number; readonly virial?: number } = {},
): Promise<Errors> {
  const expected = await evaluateOnce('reference', configuration)
  const energyScale = await energyMagnitude(configuration)
  return {
    forces: norm(minus(found.forces, expected.forces)) / ((scales.forces ?? norm(expected.forces)) || 1),
    energy: Math.abs(found.energy - expected.energy) / (energyScale || 1),
    virial:
      largest(minus(found.virial, expected.virial)) / ((scales.virial ?? largest(expected.virial)) || 1),
  }
}

/**
 * Returns the deviations that are beyond the platform's tolerance or not a number; empty when there is none.
 * @param found Default: the evaluation of a new evaluator.
 */
export async function broken(
  { key, tolerance }: TestedPlatform,
  configuration: Configuration,
  found?: Evaluation,
  scales?: Parameters<typeof errors>[2],
): Promise<Partial<Errors>> {
  const all = await errors(found ?? (await evaluateOnce(key, configuration)), configuration, scales)
  return Object.fromEntries(
    Object.entries(all).filter(([name, error]) => !(error <= tolerance[name as keyof Errors])),
  )
}

/**
 * Returns the energy of the same atoms when no two terms cancel: Lennard-Jones repulsion and attraction, and with all
 * charges made positive the sums over pairs, in reciprocal space, of self terms and background. Errors of single precision
 * are relative to this sum; the total energy of a salt is a hundredth of it.
 */
async function energyMagnitude({ system, state }: Configuration): Promise<number> {
  const alike = { ...system, charges: system.charges.map(Math.abs) }
  const { terms } = await evaluateOnce('reference', { system: alike, state })
  const repulsive = await evaluateOnce('reference', { system: repulsion(system), state })
  const alone = system.forces.reduce(
    (sum, force) => sum + (force.kind === 'coulomb' ? -ofSingleCharges(force, alike, state) : 0),
    0,
  )
  const { pair = 0, coulomb: real = 0, ...others } = terms
  const rest = Object.values(others).reduce((sum, e) => sum + Math.abs(e), 0)
  const near = repulsive.terms.pair ?? 0
  return Math.abs(near) + Math.abs(near - pair) + Math.abs(real + alone) + alone + rest
}

/** Energy that a Coulomb term has without any pair, eV: never positive. */
function ofSingleCharges(force: CoulombForce, { charges }: System, { box }: State): number {
  if (force.method.name === 'cut') return 0
  const truncated = truncatedCoulomb(force)
  if (truncated) return force.constant_eV_A * truncated.self * charges.reduce((sum, q) => sum + q * q, 0)
  const { self, background } = selfAndBackground(force, force.method.alpha_per_A, charges, box.volume)
  return self + background
}

/** The repulsive part of a system's Lennard-Jones terms alone. */
function repulsion(system: System): System {
  const forces = system.forces.flatMap((force): Force[] => {
    if (force.kind !== 'pair' || force.form !== 'lennard-jones') return []
    const parameters = force.cutoffs.map(
      (_, t) => 4 * force.parameters[2 * t]! * force.parameters[2 * t + 1]! ** 12,
    )
    return [{ ...force, form: 'inverse-twelfth', parameters, tailCorrection: false }]
  })
  return { ...system, forces }
}

export const norm = (x: ArrayLike<number>) => Math.sqrt(Array.from(x).reduce((sum, v) => sum + v * v, 0))
const minus = (a: Float64Array, b: Float64Array) => a.map((v, k) => v - b[k]!)
const largest = (x: Float64Array) => x.reduce((most, v) => Math.max(most, Math.abs(v)), 0)

export const CUTOFF_A = 9
const TYPES = 3

export interface LennardJonesChoice {
  readonly cutoff_A?: number
  /** Of the smallest type; the others are a tenth and a fifth larger. */
  readonly sigma_A?: number
  readonly truncation?: Truncation
  readonly tailCorrection?: boolean
  readonly special?: readonly [number, number, number]
}

export function lennardJones({
  cutoff_A = CUTOFF_A,
  sigma_A = 2.2,
  truncation = { kind: 'plain' },
  tailCorrection = true,
  special = [0, 0, 0.5],
}: LennardJonesChoice = {}): PairForce {
  const parameters = new Float64Array(2 * TYPES * TYPES)
  for (let i = 0; i < TYPES; i++) {
    for (let j = 0; j < TYPES; j++) {
      parameters.set([0.003 + 0.001 * (i + j), sigma_A * (1 + 0.05 * (i + j))], 2 * (TYPES * i + j))
    }
  }
  const cutoffs = new Float64Array(TYPES * TYPES).fill(cutoff_A)
  return { kind: 'pair', form: 'lennard-jones', parameters, cutoffs, truncation, tailCorrection, special }
}

export function coulomb(
  method: CoulombMethod,
  cutoff_A = CUTOFF_A,
  special: readonly [number, number, number] = [0, 0, 0.5],
): CoulombForce {
  return {
    kind: 'coulomb',
    method,
    cutoff_A,
    constant_eV_A: CODATA_2018.coulomb_eV_A,
    special,
    erfc: 'exact',
    slabCorrection: false,
  }
}

/** Both sums at the same splitting, so that they differ by the mesh alone. */
const ALPHA_PER_A = 0.3
export const EWALD: CoulombMethod = { name: 'ewald', alpha_per_A: ALPHA_PER_A, kCutoff_per_A: 2 }
export const pme = (grid: readonly [number, number, number], order = 4): CoulombMethod => ({
  name: 'pme',
  alpha_per_A: ALPHA_PER_A,
  grid,
  order,
})

/** One of each kind. */
export const METHODS: Readonly<Record<string, CoulombMethod>> = {
  ewald: EWALD,
  'pme of order 4': pme([16, 16, 16]),
  'pme of order 6': pme([32, 8, 16], 6),
  dsf: { name: 'dsf', alpha_per_A: 0.2 },
  wolf: { name: 'wolf', alpha_per_A: 0.2 },
  cut: { name: 'cut' },
}

/** Force between two charges at a distance, eV/Å: the scale where symmetry leaves no force. */
export const between = (charge_e: number, r_A: number) =>
  (CODATA_2018.coulomb_eV_A * charge_e ** 2) / r_A ** 2

/** Whole lattice vectors, of both signs and up to so many, added to every atom. */
export function unwrapped(box: Box, positions: Float64Array, cells: number): Float64Array {
  const away = positions.map((_, k) => Math.round(cells * Math.sin(1.7 * (k + 1))))
  return positions.map((x, k) => {
    const i = 3 * Math.floor(k / 3)
    return x + [0, 1, 2].reduce((sum, axis) => sum + away[i + axis]! * box.matrix[3 * axis + (k % 3)]!, 0)
  })
}

const others = (atomCount: number) => Array.from({ length: atomCount - 1 }, (_, i) => i + 1)
export const chain = (atomCount: number) => others(atomCount).flatMap(i => [i - 1, i])
/** No two atoms are more than two bonds apart. */
export const star = (atomCount: number) => others(atomCount).flatMap(i => [0, i])

/** Bonds of atoms to the first one within reach. */
export function bondsWithin(box: Box, positions: Float64Array, reach_A: number): number[] {
  const d = new Float64Array(3)
  return others(positions.length / 3).flatMap(i => {
    for (let j = 0; j < i; j++) {
      for (let c = 0; c < 3; c++) d[c] = positions[3 * i + c]! - positions[3 * j + c]!
      minimumImage(box, d)
      if (Math.hypot(...d) < reach_A) return [j, i]
    }
    return []
  })
}

/** [3·n³] Å */
export function cubicLattice(perSide: number, spacing_A: number, from_A = 0): Float64Array {
  return Float64Array.from({ length: 3 * perSide ** 3 }, (_, k) => {
    const index = Math.floor(Math.floor(k / 3) / perSide ** (2 - (k % 3))) % perSide
    return index * spacing_A + from_A
  })
}

/** Charges of either sign that add up to nothing. */
export function alternating(atomCount: number, charge_e = 0.5): Float64Array {
  const charges = Float64Array.from({ length: atomCount }, (_, i) => (i % 2 === 0 ? charge_e : -charge_e))
  if (atomCount % 2 === 1) charges[atomCount - 1] = 0
  return charges
}

export interface SystemChoice {
  readonly charges?: Float64Array
  readonly bonds?: readonly number[]
}

/** @param positions [3N] Å */
export function configuration(
  box: Box,
  positions: ArrayLike<number>,
  forces: readonly Force[],
  { charges, bonds = [] }: SystemChoice = {},
): Configuration {
  const atomCount = positions.length / 3
  const system: System = {
    atomCount,
    elements: Array.from({ length: atomCount }, () => 'C'),
    typeNames: ['a', 'b', 'c'],
    typeIndex: Int32Array.from({ length: atomCount }, (_, i) => i % TYPES),
    masses: new Float64Array(atomCount).fill(12),
    charges: charges ?? alternating(atomCount),
    topology: createTopology(atomCount, bonds),
    forces,
  }
  return { system, state: createState(positions, box) }
}

/**
 * Atoms at random in a cell, no two nor images of one closer than a distance.
 * @throws when there is no room
 */
export function scattered(box: Box, atomCount: number, apart_A: number, seed = 1): Float64Array {
  const random = randomSequence(seed, STREAM.build)
  const images = imagesWithin(box, apart_A)
  const m = box.matrix
  const positions: number[] = []
  for (let tries = 0; positions.length < 3 * atomCount; tries++) {
    if (tries > 20_000) throw new Error(`no room for ${atomCount} atoms`)
    const s = [random.uniform(), random.uniform(), random.uniform()] as const
    const r = [0, 1, 2].map(d => s[0] * m[d]! + s[1] * m[3 + d]! + s[2] * m[6 + d]!)
    if (isFree(r, positions, images, apart_A)) positions.push(...r)
  }
  return Float64Array.from(positions)
}

function isFree(
  r: readonly number[],
  positions: readonly number[],
  images: readonly number[],
  apart_A: number,
) {
  for (let k = 0; k < positions.length; k += 3) {
    const [x, y, z] = [positions[k]! - r[0]!, positions[k + 1]! - r[1]!, positions[k + 2]! - r[2]!]
    for (let n = 0; n < images.length; n += 3) {
      const square = (x + images[n]!) ** 2 + (y + images[n + 1]!) ** 2 + (z + images[n + 2]!) ** 2
      if (square < apart_A * apart_A) return false
    }
  }
  return true
}

/** [3S] translations, Å, that may bring two atoms of a cell so near each other. */
function imagesWithin(box: Box, reach_A: number): number[] {
  const [ra, rb, rc] = box.heights.map(h => Math.floor(1 + reach_A / h)) as [number, number, number]
  const m = box.matrix
  const images: number[] = []
  for (let a = -ra; a <= ra; a++) {
    for (let b = -rb; b <= rb; b++) {
      for (let c = -rc; c <= rc; c++) {
        for (let d = 0; d < 3; d++) images.push(a * m[d]! + b * m[3 + d]! + c * m[6 + d]!)
      }
    }
  }
  return images
}

/** The cell turned about an axis that is none of its own; positions turn with it. */
export function rotated(box: Box): Box {
  const axis = [0.48, 0.6, 0.64]
  const [cos, sin] = [Math.cos(1.1), Math.sin(1.1)]
  const turn = (v: readonly number[]) => {
    const along = v.reduce((sum, x, k) => sum + x * axis[k]!, 0)
    return v.map((x, k) => {
      const [p, q] = [(k + 1) % 3, (k + 2) % 3]
      return x * cos + (axis[p]! * v[q]! - axis[q]! * v[p]!) * sin + axis[k]! * along * (1 - cos)
    })
  }
  const m = Array.from(box.matrix)
  return createBox([0, 3, 6].flatMap(k => turn(m.slice(k, k + 3))))
}
