import type { Force } from '../../core/force.ts'
import type { State } from '../../core/state.ts'
import type { System } from '../../core/system.ts'
import { SimulationError, UserError } from '../../errors.ts'
import { twoLargest, type Workplace } from '../clusters/clusters.ts'
import type { Integrator, StepSize } from '../platform.ts'
import { type Backend, type DeviceArray, type Kernel, type KernelInput, MAX_INDEX } from './backends.ts'
import { createGpuBonded, type GpuBonded } from './bonded.ts'
import { createSpecialTerms, type SpecialTerms } from './bondedTable.ts'
import type { GpuNonbonded, PairLists } from './nonbonded.ts'

export interface GpuIntegrator extends Integrator {
  /** Makes later steps those of a new integrator. */
  forget(): void
  /** Number of times that steps were taken back because atoms had left the reach of the list. */
  readonly statistics: { readonly takenBack: number }
  dispose(): void
}

/** Factor by which atoms may move faster than last time before steps are taken back. */
const CAUTION = 1.1

/**
 * Moves atoms on the device as long as a list of pairs is valid. Displacements are known afterwards only: steps in which
 * an atom was beyond the list's reach are taken back, and made again with a new list, fewer at a time if necessary.
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
  /** Sum of the two largest displacements in a step when atoms last moved, Å, and the largest number of steps for a new list. */
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
      // Half as many where the displacement is NaN.
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
 * Refuses special pairs whose nearest image may change: a list holds one image of each.
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

/** Returns the largest displacement of every atom, Å; NaN where a number of the atom is not finite. @param atoms [N, 8] */
function reaches(atoms: Float32Array): Float64Array {
  return Float64Array.from({ length: atoms.length / ATOM_NUMBERS }, (_, i) => {
    const at = ATOM_NUMBERS * i
    // The maximum of a device may ignore NaN.
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
  // Within a step NaN spreads from one atom to all.
  if (Number.isNaN(most)) return new SimulationError({ message: 'a force is not finite', where: step, hint })
  return new SimulationError({
    message: `an atom would move ${most.toPrecision(3)} Å in one step`,
    where: `atom ${reach.indexOf(most) + 1}, ${step}`,
    hint,
  })
}

export interface Propagator {
  /**
   * Velocity Verlet from the positions that the lists are to place, whole step to whole step.
   * @param velocities [3N] Å/ps
   * @returns [N, 8] displacement, Å, velocity, Å/ps, and the square of the largest displacement on the way
   * @throws UserError for too many atoms
   */
  run(lists: PairLists, velocities: Float64Array, steps: number): Promise<Float32Array>
  dispose(): void
}

/** Device arrays and kernels for lists of one size. */
interface Programs {
  readonly placed: number
  readonly start: DeviceArray
  readonly order: DeviceArray
  /** They take turns, as none may read what it writes. */
  readonly moves: readonly [Kernel, Kernel]
}

/** Creates a propagator: four launches a step, none of which waits for the host. @param bonded with the pairs that lists leave out */
export function createPropagator(
  { atomCount, masses }: System,
  backend: Backend,
  bonded: GpuBonded | null,
  { timestep_ps, accelerationPerForce }: StepSize,
): Propagator {
  const accelerations = backend.array(1, atomCount)
  accelerations.write(Float32Array.from(masses, mass => accelerationPerForce / mass))
  let programs: Programs | undefined
  let described: PairLists | undefined

  function fitting(lists: PairLists): Programs {
    const placed = Math.ceil(atomCount / 4) * lists.images
    if (programs?.placed !== placed) {
      release()
      programs = compilePrograms(backend, placed, atomCount, lists.images)
    }
    if (described !== lists) programs.order.write(placesOf(lists, placed, atomCount))
    described = lists
    return programs
  }

  async function run(lists: PairLists, velocities: Float64Array, steps: number): Promise<Float32Array> {
    const { placed, start, order, moves } = fitting(lists)
    const { matrix, frame, box, slots } = lists
    const values = new Float32Array(ROW * start.height)
    const { highs, lows } = lists.place()
    values.set(highs)
    values.set(lows, ROW * placed)
    const first = 2 * ROW * placed
    velocities.forEach((v, k) => {
      values[first + ATOM_NUMBERS * Math.floor(k / 3) + 3 + (k % 3)] = v
    })
    start.write(values)
    const toFractions = Array.from(box.inverse, (w, k) => w * frame.perBox[k % 3]!)
    const launch = async (atStep: number, now: KernelInput) => {
      const where = { highs: now, lows: now, firstLow: placed, slots }
      const forces = await lists.forces(now, bonded?.launch(where, matrix, frame.images))
      const isEnd = atStep === 0 || atStep === steps
      const kick = isEnd ? timestep_ps / 2 : timestep_ps
      const drift = atStep === steps ? 0 : timestep_ps
      const arrays = [start, now, forces, accelerations, order]
      return moves[atStep % 2]!.launch(arrays, [kick, drift, ...toFractions], ROW)
    }
    let last = await launch(0, start)
    for (let step = 1; step <= steps; step++) last = await launch(step, last)
    const result = await last.read()
    return result.subarray(first, first + ATOM_NUMBERS * atomCount)
  }

  function release(): void {
    if (!programs) return
    const { start, order, moves } = programs
    for (const part of [start, order, ...moves]) part.dispose()
    programs = undefined
    described = undefined
  }

  return {
    run,
    dispose() {
      release()
      accelerations.dispose()
    },
  }
}

/** @throws UserError for too many atoms */
function compilePrograms(backend: Backend, placed: number, atomCount: number, images: number): Programs {
  const height = rowCount(placed, atomCount)
  if (!(ROW * height < MAX_INDEX)) throw tooMany(atomCount, images)
  const move = () =>
    backend.kernel({
      name: 'step',
      source: moveSource(placed, atomCount),
      arrays: MOVE_ARRAYS.length,
      numbers: MOVE_NUMBERS.length,
      components: 1,
      output: [ROW * height],
      longestLoop: 1,
    })
  return {
    placed,
    start: backend.array(ROW, height),
    order: backend.array(4, placed),
    moves: [move(), move()],
  }
}

/** Returns [4, placed] the atom at each place, -1 for none. */
function placesOf({ order }: PairLists, placed: number, atomCount: number): Float32Array {
  const places = new Float32Array(4 * placed).fill(-1)
  const slots = 4 * Math.ceil(atomCount / 4)
  order.forEach((atom, slot) => {
    for (let image = slot; image < places.length; image += slots) places[image] = atom
  })
  return places
}

/** In boxes wider than a frame an atom has one image, and a million of them is the limit. */
function tooMany(atomCount: number, images: number): UserError {
  const numbers = (2 * ROW * images) / 4 + ATOM_NUMBERS
  return new UserError({
    message: `${atomCount} atoms are too many to be moved on the device: it has ${numbers} numbers for each, and room for ${MAX_INDEX}`,
    hint: 'leave out steps_on_device',
  })
}

/**
 * One array holds what changes from step to step, in rows of 16 numbers. First the atoms as pair kernels read them, one row
 * for each cluster and each of its images in the frame; then the same rows with what rounding has taken from those; then
 * two atoms a row: displacement, Å, and velocity, Å/ps, three numbers each, and the square of the largest displacement.
 */
export const ROW = 16
/** Numbers of an atom in the last part; one is to spare. */
export const ATOM_NUMBERS = 8

/** Rows of that array. @param placed clusters times images */
export const rowCount = (placed: number, atomCount: number) =>
  2 * placed + Math.ceil((ATOM_NUMBERS * atomCount) / ROW)

/**
 * Arrays of the kernel, in order: the array as it was to begin with, and as it was last; forces [N, 3], eV/Å; accelerations
 * by a unit force [N, 1]; atoms in the order of slots, again for each image, −1 for none [placed, 4].
 */
export const MOVE_ARRAYS = ['start', 'previous', 'forces', 'accelerations', 'order'] as const

/** Numbers of the kernel, in order: how long forces act, how long velocities then do, ps; what turns Å into fractions. */
export const MOVE_NUMBERS = ['kick', 'drift', 'xa', 'xb', 'xc', 'ya', 'yb', 'yc', 'za', 'zb', 'zc'] as const

const AXES = ['x', 'y', 'z'] as const

/**
 * Source of the kernel that moves atoms by a leapfrog step, and places them for the next one.
 *
 * Displacements are small, so that they, and the positions that follow from them, are good to 1e-8 Å. A fraction of the
 * frame is taken apart by `Math.floor`, as a compiler may reorder sums but not what is rounded on purpose; an atom near
 * the frame's edge may cross it, and beyond ½ single precision has no finer steps.
 * @param placed clusters times images
 */
export function moveSource(placed: number, atomCount: number): string {
  const first = 2 * placed
  const each = (line: (axis: (typeof AXES)[number], c: number) => string) =>
    AXES.map((axis, c) => `    ${line(axis, c)}`).join('\n')
  return `function (${[...MOVE_ARRAYS, ...MOVE_NUMBERS].join(', ')}) {
  const row = Math.floor(this.thread.x * ${1 / ROW});
  const column = this.thread.x - ${ROW} * row;
  let result = start[row][column];
  let place = row;
  let atom = 2 * (row - ${first});
  let field = column;
  if (row >= ${first}) {
    if (column >= ${ATOM_NUMBERS}) {
      atom = atom + 1;
      field = column - ${ATOM_NUMBERS};
    }
  }
  if (row < ${first}) {
    if (row >= ${placed}) { place = row - ${placed}; }
    const part = Math.floor(column * 0.25);
    atom = order[place][column - 4 * part];
    field = ${ATOM_NUMBERS} + part;
    if (part > 2) { atom = -1; }
  }
  let isMoved = 1;
  if (atom < 0) { isMoved = 0; }
  if (atom >= ${atomCount}) { isMoved = 0; }
  if (field === ${ATOM_NUMBERS - 1}) { isMoved = 0; }
  if (isMoved > 0) {
    const impulse = kick * accelerations[atom][0];
    const home = ${first} + Math.floor(atom * 0.5);
    const at = ${ATOM_NUMBERS} * (atom - 2 * Math.floor(atom * 0.5));
${each((axis, c) => `const v${axis} = previous[home][at + ${c + 3}] + impulse * forces[atom][${c}];`)}
${each((axis, c) => `const u${axis} = previous[home][at + ${c}] + drift * v${axis};`)}
    if (field < ${ATOM_NUMBERS}) {
      result = Math.max(previous[home][at + 6], ux * ux + uy * uy + uz * uz);
${[...AXES.map(axis => `u${axis}`), ...AXES.map(axis => `v${axis}`)]
  .map((name, c) => `      if (field === ${c}) { result = ${name}; }`)
  .join('\n')}
    }
    if (field >= ${ATOM_NUMBERS}) {
${each(axis => `  let along_${axis} = ${axis}a;`)}
      if (field === ${ATOM_NUMBERS + 1}) {
${each(axis => `    along_${axis} = ${axis}b;`)}
      }
      if (field === ${ATOM_NUMBERS + 2}) {
${each(axis => `    along_${axis} = ${axis}c;`)}
      }
      const high = start[place][column];
      let steps = ${2 ** 25};
      let unit = ${2 ** -25};
      if (Math.abs(high) > 0.4) {
        steps = ${2 ** 24};
        unit = ${2 ** -24};
      }
      const whole = Math.floor(high * steps) * unit;
      const rest = (high - whole) + start[place + ${placed}][column] + (ux * along_x + uy * along_y + uz * along_z);
      const more = Math.floor(rest * steps + 0.5) * unit;
      result = rest - more;
      if (row < ${placed}) { result = whole + more; }
    }
  }
  return result;
}`
}
