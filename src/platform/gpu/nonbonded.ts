import type { Box } from '../../core/box.ts'
import type { Workplace } from '../clusters/clusters.ts'
import { type Sums as AllSums, createRealSpace, NO_SUMS, type RealSpace } from '../clusters/realSpace.ts'
import type { Backend, DeviceArray, Kernel, KernelInput, ResidentArray } from './backends.ts'
import { type Capacity, createFullLists, type Frame, type FullList, frameMatrix } from './lists.ts'
import {
  createPairTable,
  PAIR_ARRAYS,
  PAIR_NUMBERS,
  pairSource,
  SUMS,
  type Sums,
  sumArrays,
  sumSource,
} from './pairKernel.ts'

export interface GpuNonbondedOptions {
  /** Extra reach of the list of cluster pairs, Å: two atoms may together move so far before atoms are sorted anew. Default: 1.2. */
  readonly skin_A?: number | undefined
  /** Number of threads of a kernel, at least one per atom. Default: that of the backend. */
  readonly targetThreads?: number
}

/** There is one list: pairs beyond the cut-off cost a GPU less than pruning and sending a second list. */
const DEFAULT_SKIN_A = 1.2
/** Threads that keep a GPU busy; backends on the processor compute one row after another. */
const THREADS = { webgpu: 32_768, webgl2: 32_768, webasm: 1, cpu: 1 } as const

/** The atoms in arrays of the device. */
export interface PlacedAtoms {
  /** Fractions of the frame in f32, [16, clusters·images]: x4 y4 z4 q4 of each cluster; `lows` holds the rounding errors. */
  readonly highs: DeviceArray
  readonly lows: DeviceArray
  /** [N] slot of each atom: 4 · cluster + lane. */
  readonly slots: DeviceArray
  /** Lattice vectors of the frame, row by row, Å. */
  readonly matrix: readonly number[]
  /** Boxes that the frame holds along each of its vectors. */
  readonly images: Frame['images']
}

/** A list for an integrator on the device, valid while atoms stay within the skin. */
export interface PairLists extends Pick<FullList, 'frame' | 'images'> {
  /** [N] atoms in the order of clusters. */
  readonly order: Int32Array
  readonly slots: DeviceArray
  readonly box: Box
  /** Lattice vectors of the frame, row by row, Å. */
  readonly matrix: readonly number[]
  /** [3N] positions that it was made at, Å. */
  readonly builtAt: Float64Array
  /** Returns the arrays of `PlacedAtoms` for the current positions. */
  place(): { highs: Float32Array; lows: Float32Array }
  /**
   * @param atoms in the first rows, as `PlacedAtoms.highs`
   * @param bonds [N, 3] eV/Å, to be added
   * @returns [N, 3] eV/Å
   */
  forces(atoms: KernelInput, bonds?: Bonds): Promise<ResidentArray>
}

/** Bonded forces that the device is computing. */
type Bonds = Promise<KernelInput> | undefined

export interface GpuNonbonded
  extends Pick<RealSpace, 'cutoff_A' | 'model' | 'terms' | 'addSpecialPairs' | 'forget'> {
  /** Largest sum of the displacements of two atoms for which the list is valid, Å. */
  readonly skin_A: number
  /**
   * Reads the positions, makes the list anew where atoms have moved too far, and sends the device what has changed.
   * @param exactly true to send the rounding errors of the positions, too
   * @returns the placed atoms; null without non-bonded terms
   * @throws SimulationError naming the first atom whose position is not finite
   */
  prepare(box: Box, exactly: boolean): Promise<PlacedAtoms | null>
  /**
   * Reads the positions, and makes the list anew where atoms have moved too far.
   * @param renew true to make it anew in any case
   * @returns the same object as long as the list is the same
   */
  lists(box: Box, renew: boolean): Promise<PairLists>
  /**
   * Begins to sum over the lists.
   * @param bonds [N, 3] eV/Å, to be added
   */
  start(energy: boolean, bonds?: Bonds): Promise<void>
  /** Waits for the results of `start`. */
  finish(): Promise<readonly Float32Array[]>
  /**
   * Adds the finished forces, and the virial where energies are wanted.
   * @returns energies, eV; zeros unless they are wanted
   */
  add(
    finished: readonly Float32Array[],
    box: Box,
    forces: number,
    virial: Float64Array,
    energy: boolean,
  ): { pair: number; coulomb: number }
  /** Numbers of times that lists were built and kernels compiled. */
  readonly statistics: { readonly builds: number; readonly compilations: number }
  dispose(): void
}

/** Device arrays and kernels of one capacity. */
interface Programs extends Capacity {
  readonly images: number
  readonly list: DeviceArray
  readonly masked: DeviceArray
  readonly highs: DeviceArray
  readonly lows: DeviceArray
  readonly classes: DeviceArray
  readonly kernels: Readonly<Record<Sums, Kernel>>
  /** Kernels that sum forces of rows, without and with bonded forces. */
  readonly sums: Readonly<Record<'plain' | 'bonded', Kernel>>
  /** Kernel of forces of rows from an array of atoms of another size; made when first wanted. */
  resident?: Kernel
}

/**
 * Computes pair and Coulomb terms of a system in real space; `unsupportedTerms` names the terms left out. Sums over the
 * pairs of clusters are computed on the device; lists, and pairs to which factors apply, by the WebAssembly kernels.
 */
export function createGpuNonbonded(
  workplace: Workplace,
  backend: Backend,
  { skin_A = DEFAULT_SKIN_A, targetThreads = THREADS[backend.name] }: GpuNonbondedOptions = {},
): GpuNonbonded {
  const { system, positions, arena, crew } = workplace
  const { atomCount } = system
  const realSpace = createRealSpace(workplace, { skin_A, innerSkin_A: skin_A }, { full: true })
  const { clusters, cutoff_A, model, terms } = realSpace
  const lists = createFullLists(workplace, clusters)
  const table = createPairTable(system, terms, model)
  const tableArray = backend.array(Math.max(1, table.columns.length), model.classCount ** 2)
  if (table.columns.length > 0) tableArray.write(table.values)
  const slots = backend.array(atomCount)
  const places = backend.array(2, atomCount)
  let compilations = 0
  let lastPrune = 0
  let list: FullList | undefined
  let pairLists: PairLists | undefined
  let builtIn: Box | undefined
  let builtAt = new Float64Array(0)
  let programs: Programs | undefined
  const byImages = new Map<number, Programs>()
  let matrix: readonly number[] = []
  let launched: Promise<readonly Float32Array[]> = NOT_LAUNCHED

  async function send(box: Box): Promise<FullList> {
    list = undefined
    pairLists = undefined
    const full = await lists.fill(box, cutoff_A + skin_A, targetThreads / 4)
    programs = programsFor(full)
    programs.list.write(full.entries)
    programs.masked.write(full.masked)
    const order = arena.i32(clusters.order, atomCount)
    const classes = new Float32Array(4 * clusters.count * full.images)
    const slotOf = new Float32Array(atomCount)
    const rowsOf = new Float32Array(2 * atomCount)
    order.forEach((atom, slot) => {
      const [from, to] = [full.firstRow[slot >> 2]!, full.firstRow[(slot >> 2) + 1]!]
      slotOf[atom] = slot
      rowsOf.set([4 * from + (slot & 3), to - from], 2 * atom)
      for (let n = 0; n < full.images; n++) classes[slot + 4 * clusters.count * n] = model.classOf[atom]!
    })
    programs.classes.write(classes)
    slots.write(slotOf)
    places.write(rowsOf)
    lastPrune = realSpace.statistics.prunes
    builtIn = box
    builtAt = arena.f64(positions, 3 * atomCount).slice()
    list = full
    return full
  }

  const kernelOf = (sums: Sums, { rows, width, maskedWidth }: Capacity) =>
    backend.kernel({
      name: `${sums} of pairs`,
      source: pairSource(table, terms.coulomb, sums, atomCount % 4 !== 0),
      arrays: PAIR_ARRAYS.length,
      numbers: PAIR_NUMBERS.length,
      components: SUMS[sums].length,
      output: [4 * rows],
      longestLoop: Math.max(width, 2 * maskedWidth, 4),
    })

  const sumOf = (hasBonds: boolean, { rows }: Capacity) =>
    backend.kernel({
      name: 'sum of forces',
      source: sumSource(hasBonds),
      arrays: sumArrays(hasBonds).length,
      numbers: 0,
      components: 3,
      output: [atomCount],
      longestLoop: rows,
    })

  /** Keeps programs for each number of images: a box under pressure may change between two. */
  function programsFor(full: FullList): Programs {
    const known = byImages.get(full.images)
    if (known && fits(full, known)) return known
    if (known) disposeOf(known)
    const made = compile(full)
    byImages.set(full.images, made)
    return made
  }

  function compile(full: FullList): Programs {
    const { rows, width, maskedWidth, images } = full
    const kernel = (sums: Sums) => kernelOf(sums, full)
    compilations++
    return {
      ...{ rows, width, maskedWidth, images },
      list: backend.array(rows, 3 + width),
      masked: backend.array(clusters.count, 2 * maskedWidth),
      highs: backend.array(16, clusters.count * images),
      lows: backend.array(16, clusters.count * images),
      classes: backend.array(4, clusters.count * images),
      kernels: { forces: kernel('forces'), energies: kernel('energies'), virial: kernel('virial') },
      sums: { plain: sumOf(false, full), bonded: sumOf(true, full) },
    }
  }

  async function follow(box: Box): Promise<FullList> {
    await realSpace.prepare(box)
    return list && lastPrune === realSpace.statistics.prunes ? list : send(box)
  }

  async function listsIn(box: Box, renew: boolean): Promise<PairLists> {
    if (renew || builtIn?.matrix.some((value, k) => value !== box.matrix[k])) realSpace.forget()
    const full = await follow(box)
    const { frame, images } = full
    const frameVectors = frameMatrix(box, frame)
    pairLists ??= {
      ...{ frame, images, slots, box, builtAt, matrix: frameVectors },
      order: arena.i32(clusters.order, atomCount).slice(),
      place: () => crew.book('neighbours', () => lists.place(box, full)),
      forces: (atoms, bonds) => residentForces(full, atoms, bonds, frameVectors),
    }
    return pairLists
  }

  async function residentForces(full: FullList, atoms: KernelInput, bonds: Bonds, frame: readonly number[]) {
    const { masked, classes, list: entries } = programs!
    programs!.resident ??= kernelOf('forces', full)
    const [kernel, arrays] = await summing(
      programs!.resident.launch([entries, masked, atoms, classes, tableArray], frame),
      bonds,
    )
    return kernel.launch(arrays, [])
  }

  /** Returns the kernel that sums forces, and its arrays. */
  async function summing(pairs: Promise<KernelInput>, bonds: Bonds) {
    const { sums } = programs!
    const [rows, bonded] = await Promise.all([pairs, bonds])
    return bonded ? ([sums.bonded, [rows, places, bonded]] as const) : ([sums.plain, [rows, places]] as const)
  }

  async function prepare(box: Box, exactly: boolean): Promise<PlacedAtoms | null> {
    if (!(cutoff_A > 0)) return null
    const current = await follow(box)
    const { highs, lows } = programs!
    crew.book('neighbours', () => {
      const placed = lists.place(box, current)
      highs.write(placed.highs)
      if (exactly) lows.write(placed.lows)
    })
    matrix = frameMatrix(box, current.frame)
    return { highs, lows, slots, matrix, images: current.frame.images }
  }

  async function start(energy: boolean, bonds?: Bonds): Promise<void> {
    if (!(cutoff_A > 0)) return
    const { kernels, masked, highs, classes, list: entries } = programs!
    const arrays = [entries, masked, highs, classes, tableArray]
    const pairs = kernels.forces.launch(arrays, matrix)
    const groups = energy ? [kernels.energies, kernels.virial] : []
    const others = groups.map(kernel => kernel.run(arrays, matrix))
    // `finish` reports a failure.
    for (const other of others) other.catch(() => {})
    const [sum, parts] = await summing(pairs, bonds)
    launched = Promise.all([sum.run(parts, []), ...others])
    launched.catch(() => {})
  }

  function finish(): Promise<readonly Float32Array[]> {
    const running = launched
    launched = NOT_LAUNCHED
    return running
  }

  function add(
    [sums, ...others]: readonly Float32Array[],
    box: Box,
    forces: number,
    virial: Float64Array,
    energy: boolean,
  ) {
    const into = arena.f64(forces, 3 * atomCount)
    sums?.forEach((force, k) => {
      into[k]! += force
    })
    return realSpace.correct(box, forces, virial, energy, others.length > 0 ? totals(others) : NO_SUMS)
  }

  return {
    cutoff_A,
    skin_A,
    model,
    terms,
    prepare,
    lists: listsIn,
    start,
    addSpecialPairs: realSpace.addSpecialPairs,
    finish,
    add,
    forget() {
      realSpace.forget()
    },
    get statistics() {
      return { builds: realSpace.statistics.builds, compilations }
    },
    dispose() {
      for (const made of byImages.values()) disposeOf(made)
      byImages.clear()
      programs = undefined
      tableArray.dispose()
      slots.dispose()
      places.dispose()
    },
  }
}

const NOT_LAUNCHED: Promise<readonly Float32Array[]> = Promise.resolve([])

const fits = (full: FullList, programs: Programs) =>
  full.rows === programs.rows && full.width === programs.width && full.maskedWidth === programs.maskedWidth

/** Adds up the results of the kernels `energies` and `virial`; lists have every pair twice. */
function totals(groups: readonly Float32Array[]): AllSums {
  const [pair, coulomb, xx, yy, zz, xy, xz, yz] = groups
    .flatMap(rows => columnSums(rows, 4))
    .map(sum => sum / 2) as [number, number, number, number, number, number, number, number]
  return { pair, coulomb, xx, xy, xz, yy, yz, zz }
}

function columnSums(rows: Float32Array, columns: number): number[] {
  const sums = new Array<number>(columns).fill(0)
  for (let k = 0; k < rows.length; k += columns) {
    for (let c = 0; c < columns; c++) sums[c]! += rows[k + c]!
  }
  return sums
}

function disposeOf({ list, masked, highs, lows, classes, kernels, sums, resident }: Programs): void {
  const all = [...Object.values(kernels), ...Object.values(sums)]
  for (const part of [list, masked, highs, lows, classes, ...all]) part.dispose()
  resident?.dispose()
}
