import type { System } from '../../core/system.ts'
import { UserError } from '../../errors.ts'
import type { StepSize } from '../platform.ts'
import { type Backend, type DeviceArray, type Kernel, type KernelInput, MAX_INDEX } from './backends.ts'
import type { GpuBonded } from './bonded.ts'
import { ATOM_NUMBERS, MOVE_ARRAYS, MOVE_NUMBERS, moveSource, ROW, rowCount } from './moveKernel.ts'
import type { PairLists } from './nonbonded.ts'

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

/** Four launches a step, none of which waits for the host. @param bonded with the pairs that lists leave out */
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
      programs = compile(placed, lists.images)
    }
    if (described !== lists) describe(lists, programs)
    described = lists
    return programs
  }

  function compile(placed: number, images: number): Programs {
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

  function describe({ order }: PairLists, { placed, order: orderArray }: Programs): void {
    const places = new Float32Array(4 * placed).fill(-1)
    const slots = 4 * Math.ceil(atomCount / 4)
    order.forEach((atom, slot) => {
      for (let image = slot; image < places.length; image += slots) places[image] = atom
    })
    orderArray.write(places)
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

/** In boxes wider than a frame an atom has one image, and a million of them is the limit. */
function tooMany(atomCount: number, images: number): UserError {
  const numbers = (2 * ROW * images) / 4 + ATOM_NUMBERS
  return new UserError({
    message: `${atomCount} atoms are too many to be moved on the device: it has ${numbers} numbers for each, and room for ${MAX_INDEX}`,
    hint: 'leave out steps_on_device',
  })
}
