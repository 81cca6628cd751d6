import type { Force } from '../../core/force.ts'
import type { State } from '../../core/state.ts'
import type { System } from '../../core/system.ts'
import { SimulationError, UserError } from '../../errors.ts'
import { twoLargest, type Workplace } from '../clusters/clusters.ts'
import type { Integrator, StepSize } from '../platform.ts'
import type { Backend } from './backends.ts'
import { createGpuBonded } from './bonded.ts'
import type { SpecialTerms } from './bondedTable.ts'
import { ATOM_NUMBERS } from './moveKernel.ts'
import type { GpuNonbonded, PairLists } from './nonbonded.ts'
import { createPropagator } from './propagator.ts'
import { createSpecialTerms } from './specialTerms.ts'

export interface GpuIntegrator extends Integrator {
  /** As if it had just been made. */
  forget(): void
  /** How often lists that atoms had left made it take steps back. */
  readonly statistics: { readonly takenBack: number }
  dispose(): void
}

/** So much faster than last time atoms may move before steps are taken back. */
const CAUTION = 1.1

/**
 * Moves atoms on the device as long as a list of pairs holds them. Where they have gone is known afterwards: steps in
 * which any was beyond the list's reach are taken back, and made again with a new list, fewer at a time if need be.
 * @param others terms that are not of `system`
 * @throws UserError naming what needs the host in every step
 */
export function createGpuIntegrator(
  { system, positions, arena }: Pick<Workplace, 'system' | 'positions' | 'arena'>,
  backend: Backend,
  nonbonded: GpuNonbonded,
  step: StepSize,
  others: readonly Force[] = [],
): GpuIntegrator {
  refuseHostTerms(system, nonbonded.cutoff_A, others)
  const { skin_A, terms, model } = nonbonded
  const special = createSpecialTerms(system, terms, model)
  const bonded = createGpuBonded(system, backend, special)
  const propagator = createPropagator(system, backend, bonded, step)
  const statistics = { takenBack: 0 }
  let known: PairLists | undefined
  /** How far two atoms together went in a step when they last moved, Å, and the most steps that a new list is good for. */
  let pace_A = 0
  let longest = Number.POSITIVE_INFINITY

  async function listsFor(state: State, steps: number) {
    arena.f64(positions, state.positions.length).set(state.positions)
    let lists = await nonbonded.lists(state.box, false)
    let displaced = distances(state.positions, lists.builtAt)
    const apart = twoLargest(displaced)
    if (apart > 0 && !(apart + CAUTION * pace_A * steps < skin_A)) {
      lists = await nonbonded.lists(state.box, true)
      displaced = distances(state.positions, lists.builtAt)
    }
    if (lists !== known && special) refuseHalfCells(special, lists, skin_A)
    known = lists
    return { lists, displaced }
  }

  async function advance(state: State, steps: number): Promise<void> {
    for (let left = steps; left > 0; ) {
      const count = Math.ceil(left / Math.max(1, Math.ceil(left / longest)))
      const { lists, displaced } = await listsFor(state, count)
      const atoms = await propagator.run(lists, state.velocities, count)
      const reach = reaches(atoms)
      const apart_A = twoLargest(displaced.map((distance, i) => distance + reach[i]!))
      if (apart_A < skin_A) {
        move(state, atoms)
        pace_A = twoLargest(reach) / count
        left -= count
        continue
      }
      statistics.takenBack++
      if (twoLargest(displaced) > 0) {
        pace_A = Number.POSITIVE_INFINITY
        continue
      }
      if (count === 1) throw tooFar(reach, state)
      const most = Math.floor((count * skin_A) / (CAUTION * apart_A))
      // Of what is no number half as many.
      longest = Math.max(1, Math.min(most || Math.floor(count / 2), count - 1))
    }
  }

  return {
    advance,
    forget() {
      pace_A = 0
      longest = Number.POSITIVE_INFINITY
    },
    statistics,
    dispose() {
      propagator.dispose()
      bonded?.dispose()
    },
  }
}

/** @throws UserError */
function refuseHostTerms({ forces }: System, cutoff_A: number, others: readonly Force[]): void {
  const names = [...others, ...forces].flatMap(force => {
    if (others.includes(force))
      return [force.kind === 'pair' ? `a second cut-off of ${force.form}` : force.kind]
    if (force.kind === 'restraint') return ['restraints']
    const isEwald = force.kind === 'coulomb' && (force.method.name === 'ewald' || force.method.name === 'pme')
    return isEwald ? [`coulomb: ${force.method.name}`] : []
  })
  if (!(cutoff_A > 0)) names.push('no pair interaction')
  if (names.length === 0) return
  throw new UserError({
    message: `atoms cannot be moved on the device: ${[...new Set(names)].join(', ')}`,
    hint: 'leave out steps_on_device; instead of a mesh, coulomb: dsf would do',
  })
}

/**
 * A list knows the nearest image of a special pair once and for all; it must not become another.
 * @throws UserError
 */
function refuseHalfCells({ atoms }: SpecialTerms, { builtAt, box }: PairLists, skin_A: number): void {
  const { inverse, heights } = box
  for (let k = 0; k < atoms.length; k += 2) {
    const [i, j] = [atoms[k]!, atoms[k + 1]!]
    const d = [0, 1, 2].map(c => builtAt[3 * i + c]! - builtAt[3 * j + c]!)
    for (let axis = 0; axis < 3; axis++) {
      const s = d.reduce((sum, x, c) => sum + x * inverse[3 * c + axis]!, 0)
      if (Math.abs(s - Math.round(s)) + skin_A / heights[axis]! < 0.5) continue
      throw new UserError({
        message: `atoms ${i + 1} and ${j + 1} belong together and are nearly half a cell apart`,
        hint: 'take a larger cell, or leave out steps_on_device',
      })
    }
  }
}

/** [N] Å */
const distances = (x: Float64Array, from: Float64Array) =>
  Float64Array.from({ length: x.length / 3 }, (_, i) =>
    Math.hypot(x[3 * i]! - from[3 * i]!, x[3 * i + 1]! - from[3 * i + 1]!, x[3 * i + 2]! - from[3 * i + 2]!),
  )

/** How far atoms were at most from where they began, Å; NaN for what is no number. @param atoms [N, 8] */
function reaches(atoms: Float32Array): Float64Array {
  return Float64Array.from({ length: atoms.length / ATOM_NUMBERS }, (_, i) => {
    const at = ATOM_NUMBERS * i
    // A device's own maximum may pass over what is no number.
    let sum = 0
    for (let k = at; k < at + 6; k++) sum += atoms[k]!
    return Number.isFinite(sum) ? Math.sqrt(atoms[at + 6]!) : Number.NaN
  })
}

function move({ positions, velocities }: State, atoms: Float32Array): void {
  for (let k = 0; k < positions.length; k++) {
    const at = ATOM_NUMBERS * Math.floor(k / 3) + (k % 3)
    positions[k]! += atoms[at]!
    velocities[k] = atoms[at + 3]!
  }
}

function tooFar(reach: Float64Array, state: State): SimulationError {
  const step = `step ${state.step + 1}`
  const hint = 'push off and minimise the structure first, or take a shorter timestep_fs'
  const most = reach.reduce((a, b) => Math.max(a, b), 0)
  // Within a step that passes from one atom to all.
  if (Number.isNaN(most)) return new SimulationError({ message: 'a force is not finite', where: step, hint })
  return new SimulationError({
    message: `an atom would move ${most.toPrecision(3)} Å in one step`,
    where: `atom ${reach.indexOf(most) + 1}, ${step}`,
    hint,
  })
}
