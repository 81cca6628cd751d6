import type { System } from '../../core/system.ts'
import type { StepSize } from '../platform.ts'
import type { Backend, DeviceArray, Kernel, KernelInput } from './backends.ts'
import type { GpuBonded } from './bonded.ts'
import { ATOM_NUMBERS, MOVE_NUMBERS, moveArrays, moveSource, ROW, rowCount } from './moveKernel.ts'
import type { PairLists } from './nonbonded.ts'

export interface Propagator {
  /**
   * Velocity Verlet from the positions that the lists are to place, whole step to whole step.
   * @param velocities [3N] Å/ps
   * @returns [N, 8] displacement, Å, velocity, Å/ps, and the square of the largest displacement on the way
   */
  run(lists: PairLists, velocities: Float64Array, steps: number): Promise<Float32Array>
  dispose(): void
}

/** Device arrays and kernels for lists of one size. */
interface Programs {
  readonly placed: number
  readonly rows: number
  readonly start: DeviceArray
  readonly atoms: DeviceArray
  readonly order: DeviceArray
  /** They take turns, as none may read what it writes. */
  readonly moves: readonly [Kernel, Kernel]
}

/** Three launches a step, none of which waits for the host. @param bonded with the pairs that lists leave out */
export function createPropagator(
  { atomCount, masses }: System,
  backend: Backend,
  bonded: GpuBonded | null,
  { timestep_ps, accelerationPerForce }: StepSize,
): Propagator {
  let programs: Programs | undefined
  let described: PairLists | undefined

  function fitting(lists: PairLists): Programs {
    const placed = Math.ceil(atomCount / 4) * lists.images
    if (programs?.placed !== placed || programs.rows !== lists.rows) {
      dispose()
      programs = compile(placed, lists.rows)
    }
    if (described !== lists) describe(lists, programs)
    described = lists
    return programs
  }

  function compile(placed: number, rows: number): Programs {
    const height = rowCount(placed, atomCount)
    const move = () =>
      backend.kernel({
        name: 'step',
        source: moveSource(placed, atomCount, bonded !== null),
        arrays: moveArrays(bonded !== null).length,
        numbers: MOVE_NUMBERS.length,
        components: 1,
        output: [ROW * height],
        longestLoop: rows,
      })
    return {
      ...{ placed, rows },
      start: backend.array(ROW, height),
      atoms: backend.array(4, atomCount),
      order: backend.array(4, placed),
      moves: [move(), move()],
    }
  }

  function describe({ order, firstRow }: PairLists, { placed, atoms, order: orderArray }: Programs): void {
    const rows = new Float32Array(4 * atomCount)
    const places = new Float32Array(4 * placed).fill(-1)
    const slots = 4 * Math.ceil(atomCount / 4)
    order.forEach((atom, slot) => {
      const cluster = slot >> 2
      const acceleration = accelerationPerForce / masses[atom]!
      rows.set([slot, firstRow[cluster]!, firstRow[cluster + 1]!, acceleration], 4 * atom)
      for (let image = slot; image < places.length; image += slots) places[image] = atom
    })
    atoms.write(rows)
    orderArray.write(places)
  }

  async function run(lists: PairLists, velocities: Float64Array, steps: number): Promise<Float32Array> {
    const { placed, start, atoms, order, moves } = fitting(lists)
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
      const [pairs, bonds] = await Promise.all([
        lists.forces(now),
        bonded?.launch(where, matrix, frame.images),
      ])
      const isEnd = atStep === 0 || atStep === steps
      const kick = isEnd ? timestep_ps / 2 : timestep_ps
      const drift = atStep === steps ? 0 : timestep_ps
      const arrays = [start, now, pairs, atoms, order, ...(bonds ? [bonds] : [])]
      return moves[atStep % 2]!.launch(arrays, [kick, drift, ...toFractions], ROW)
    }
    let last = await launch(0, start)
    for (let step = 1; step <= steps; step++) last = await launch(step, last)
    const result = await last.read()
    return result.subarray(first, first + ATOM_NUMBERS * atomCount)
  }

  function dispose(): void {
    if (!programs) return
    const { start, atoms, order, moves } = programs
    for (const part of [start, atoms, order, ...moves]) part.dispose()
    programs = undefined
    described = undefined
  }

  return { run, dispose }
}
