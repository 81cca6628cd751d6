import { minimumImage } from '../core/box.ts'
import { buildPairList, createExclusions, type Exclusions } from '../core/neighbors.ts'
import type { State } from '../core/state.ts'
import type { System } from '../core/system.ts'
import { specialPairs } from '../core/topology.ts'
import { SimulationError, UserError } from '../errors.ts'
import type { Evaluation } from '../platform/platform.ts'
import { normals, STREAM } from '../rng.ts'
import { minimization } from './minimize.ts'

/** Stage of a protocol that removes overlaps of a packed box by a soft repulsion, before the forces of the potential act. */
export interface PushOffStage {
  readonly name: string
  readonly kind: 'push-off'
  /** Least distance between atoms more than three bonds apart at the end, Å. */
  readonly distance_A: number
}

/** Progress of a push-off. */
export interface PushOff {
  readonly steps: number
  /** Shortest distance between atoms more than three bonds apart, Å; Infinity when none come near. */
  readonly closest_A: number
}

export interface PushOffOptions {
  readonly distance_A: number
  readonly seed: number
  /** Energy and forces of the bonded terms alone. */
  evaluateBonded(state: State): Promise<Pick<Evaluation, 'energy' | 'forces'>>
}

/** The system without pair and Coulomb terms. */
export function withoutNonbonded(system: System): System {
  return {
    ...system,
    forces: system.forces.filter(force => force.kind !== 'pair' && force.kind !== 'coulomb'),
  }
}

interface ClosestPair {
  readonly distance: number
  readonly i: number
  readonly j: number
}

/** Repulsion ½k(range − r)² between all pairs nearer than `range` that are not excluded. */
export interface SoftRepulsion {
  readonly range_A: number
  readonly stiffness_eV_per_A2: number
  readonly exclusions: Exclusions
  readonly seed: number
}

/** Adds the forces of the soft repulsion to `forces`, [3N] eV/Å; returns its energy, eV, and the closest pair. */
export function addSoftRepulsion(
  { box, positions }: State,
  repulsion: SoftRepulsion,
  forces: Float64Array,
): { energy: number; closest: ClosestPair } {
  const { range_A, stiffness_eV_per_A2: stiffness } = repulsion
  const list = buildPairList(box, positions, range_A, repulsion.exclusions)
  const between = new Float64Array(3)
  let closest: ClosestPair = { distance: Number.POSITIVE_INFINITY, i: 0, j: 0 }
  let energy = 0
  for (let n = 0; n < list.atoms.length; n++) {
    const i = list.atoms[n]!
    for (let k = list.runStarts[list.atomRuns[n]!]!; k < list.runStarts[list.atomRuns[n + 1]!]!; k++) {
      const j = list.partners[k]!
      for (let axis = 0; axis < 3; axis++) {
        between[axis] = positions[3 * j + axis]! - positions[3 * i + axis]!
      }
      minimumImage(box, between)
      const distance = Math.hypot(between[0]!, between[1]!, between[2]!)
      if (distance < closest.distance) closest = { distance, i, j }
      // Atoms at the same position part in a random direction, which depends on the seed and the pair alone.
      const along = distance > 0 ? between : normals(repulsion.seed, STREAM.build, i, j)
      const scale = (stiffness * (range_A - distance)) / Math.hypot(along[0]!, along[1]!, along[2]!)
      energy += 0.5 * stiffness * (range_A - distance) ** 2
      for (let axis = 0; axis < 3; axis++) {
        forces[3 * i + axis]! -= scale * along[axis]!
        forces[3 * j + axis]! += scale * along[axis]!
      }
    }
  }
  return { energy, closest }
}

/** Range of the soft repulsion divided by `distance_A`: above 1, so that a pair at that distance is still pushed apart. */
const REACH = 1.15
const FIRST_STIFFNESS_EV_PER_A2 = 2
const STEPS_PER_ROUND = 300
const ROUNDS = 8

/**
 * Moves atoms apart in place under ½k(range − r)² between pairs more than three bonds apart plus the bonded terms,
 * by FIRE, with a stiffness that doubles until all such pairs are `distance_A` apart. Yields once per step.
 * @throws SimulationError naming the closest pair when there is no room; UserError for a cell too small
 */
export async function* pushOff(
  system: System,
  state: State,
  options: PushOffOptions,
): AsyncGenerator<PushOff> {
  const { distance_A } = options
  const { atomCount } = system
  const range_A = REACH * distance_A
  const exclusions = createExclusions(atomCount, specialPairs(system.topology, atomCount).pairs)
  const smallest = Math.min(...state.box.heights)
  if (smallest < 2 * range_A) {
    throw new UserError({
      message: `the cell is ${smallest.toFixed(2)} Å thin, too thin to push atoms ${distance_A} Å apart`,
      hint: 'ask for a smaller distance_A or build a larger box',
    })
  }
  const forces = new Float64Array(3 * atomCount)
  let stiffness_eV_per_A2 = FIRST_STIFFNESS_EV_PER_A2
  let closest: ClosestPair = { distance: Number.POSITIVE_INFINITY, i: 0, j: 0 }
  const evaluate = async (at: State) => {
    const bonded = await options.evaluateBonded(at)
    forces.set(bonded.forces)
    const repulsion = { range_A, stiffness_eV_per_A2, exclusions, seed: options.seed }
    const soft = addSoftRepulsion(at, repulsion, forces)
    closest = soft.closest
    return { energy: bonded.energy + soft.energy, forces }
  }

  let steps = 0
  for (let round = 0; round < ROUNDS; round++) {
    const relaxation = minimization(state, {
      method: 'fire',
      fmax_eV_per_A: 1e-3,
      max_steps: STEPS_PER_ROUND,
      evaluate,
    })
    for await (const _ of relaxation) {
      yield { steps: steps++, closest_A: closest.distance }
      if (closest.distance >= distance_A) return
    }
    stiffness_eV_per_A2 *= 2
  }
  throw new SimulationError({
    message: `atoms are still ${closest.distance.toFixed(2)} Å apart; ${distance_A} Å was asked for`,
    where: `atoms ${closest.i + 1} and ${closest.j + 1}`,
    hint: 'ask for a smaller distance_A, or pack at a lower density_g_per_cm3',
  })
}
