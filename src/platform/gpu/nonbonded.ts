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
  const realSpace = createRealSpace(workplace, { skin_A, innerSkin_A: skin_A }, { full: true })
  const { clusters, cutoff_A, model, terms } = realSpace
  const lists = createFullLists(workplace, clusters)
  const device = createListOnDevice(workplace, backend, realSpace)
  let lastPrune = 0
  let list: FullList | undefined
  let pairLists: PairLists | undefined
  let builtIn: Box | undefined
  let builtAt = new Float64Array(0)
  let matrix: readonly number[] = []

  async function follow(box: Box): Promise<FullList> {
    await realSpace.prepare(box)
    if (list && lastPrune === realSpace.statistics.prunes) return list
    list = undefined
    pairLists = undefined
    const full = await lists.fill(box, cutoff_A + skin_A, targetThreads / 4)
    device.send(full)
    lastPrune = realSpace.statistics.prunes
    builtIn = box
    builtAt = arena.f64(positions, 3 * system.atomCount).slice()
    list = full
    return full
  }

  async function listsIn(box: Box, renew: boolean): Promise<PairLists> {
    if (renew || builtIn?.matrix.some((value, k) => value !== box.matrix[k])) realSpace.forget()
    const full = await follow(box)
    const { frame, images } = full
    const frameVectors = frameMatrix(box, frame)
    pairLists ??= {
      ...{ frame, images, box, slots: device.slots, builtAt, matrix: frameVectors },
      order: arena.i32(clusters.order, system.atomCount).slice(),
      place: () => crew.book('neighbours', () => lists.place(box, full)),
      forces: (atoms, bonds) => device.forcesOf(atoms, bonds, frameVectors),
    }
    return pairLists
  }

  async function prepare(box: Box, exactly: boolean): Promise<PlacedAtoms | null> {
    if (!(cutoff_A > 0)) return null
    const current = await follow(box)
    const { highs, lows } = device.programs
    crew.book('neighbours', () => {
      const placed = lists.place(box, current)
      highs.write(placed.highs)
      if (exactly) lows.write(placed.lows)
    })
    matrix = frameMatrix(box, current.frame)
    return { highs, lows, slots: device.slots, matrix, images: current.frame.images }
  }

  const { addSpecialPairs, forget } = realSpace
  return {
    ...{ cutoff_A, skin_A, model, terms, prepare, lists: listsIn, addSpecialPairs, forget },
    async start(energy, bonds) {
      if (cutoff_A > 0) await device.start(matrix, energy, bonds)
    },
    finish: device.finish,
    add([sums, ...others], box, forces, virial, energy) {
      const into = arena.f64(forces, 3 * system.atomCount)
      sums?.forEach((force, k) => {
        into[k]! += force
      })
      return realSpace.correct(box, forces, virial, energy, others.length > 0 ? totals(others) : NO_SUMS)
    },
    get statistics() {
      return { builds: realSpace.statistics.builds, compilations: device.compilations }
    },
    dispose: () => device.dispose(),
  }
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

/** The part that the programs of all capacities have in common. */
interface Compilation {
  readonly backend: Backend
  readonly atomCount: number
  readonly clusterCount: number
  /** Returns the source of the kernel of these sums over pairs. */
  source(sums: Sums): string
}

function pairKernelOf({ backend, source }: Compilation, sums: Sums, capacity: Capacity): Kernel {
  const { rows, width, maskedWidth } = capacity
  return backend.kernel({
    name: `${sums} of pairs`,
    source: source(sums),
    arrays: PAIR_ARRAYS.length,
    numbers: PAIR_NUMBERS.length,
    components: SUMS[sums].length,
    output: [4 * rows],
    longestLoop: Math.max(width, 2 * maskedWidth, 4),
  })
}

function compilePrograms(common: Compilation, { rows, width, maskedWidth, images }: FullList): Programs {
  const { backend, atomCount, clusterCount } = common
  const capacity = { rows, width, maskedWidth }
  const pairs = (sums: Sums) => pairKernelOf(common, sums, capacity)
  const sumOf = (hasBonds: boolean) =>
    backend.kernel({
      name: 'sum of forces',
      source: sumSource(hasBonds),
      arrays: sumArrays(hasBonds).length,
      numbers: 0,
      components: 3,
      output: [atomCount],
      longestLoop: rows,
    })
  return {
    ...{ ...capacity, images },
    list: backend.array(rows, 3 + width),
    masked: backend.array(clusterCount, 2 * maskedWidth),
    highs: backend.array(16, clusterCount * images),
    lows: backend.array(16, clusterCount * images),
    classes: backend.array(4, clusterCount * images),
    kernels: { forces: pairs('forces'), energies: pairs('energies'), virial: pairs('virial') },
    sums: { plain: sumOf(false), bonded: sumOf(true) },
  }
}

/** Returns the class of each slot and image, the slot of each atom, and its first row and number of rows. @param order [N] */
function placesOf(
  { images, firstRow }: FullList,
  order: Int32Array,
  clusterCount: number,
  classOf: Int32Array,
) {
  const classes = new Float32Array(4 * clusterCount * images)
  const slotOf = new Float32Array(order.length)
  const rowsOf = new Float32Array(2 * order.length)
  order.forEach((atom, slot) => {
    const [from, to] = [firstRow[slot >> 2]!, firstRow[(slot >> 2) + 1]!]
    slotOf[atom] = slot
    rowsOf.set([4 * from + (slot & 3), to - from], 2 * atom)
    for (let n = 0; n < images; n++) classes[slot + 4 * clusterCount * n] = classOf[atom]!
  })
  return { classes, slotOf, rowsOf }
}

/** Programs for each number of images: a box under pressure may change between two. */
function createPrograms(common: Compilation) {
  const byImages = new Map<number, Programs>()
  let compilations = 0
  return {
    programsFor(full: FullList): Programs {
      const known = byImages.get(full.images)
      if (known && fits(full, known)) return known
      if (known) disposeOf(known)
      const made = compilePrograms(common, full)
      compilations++
      byImages.set(full.images, made)
      return made
    },
    get compilations() {
      return compilations
    },
    dispose() {
      for (const made of byImages.values()) disposeOf(made)
      byImages.clear()
    },
  }
}

/** Returns the kernel that sums the forces of the rows of each atom, and its arrays. @param places first row and number of rows of each atom */
async function summing({ sums }: Programs, places: DeviceArray, pairs: Promise<KernelInput>, bonds: Bonds) {
  const [rows, bonded] = await Promise.all([pairs, bonds])
  return bonded ? ([sums.bonded, [rows, places, bonded]] as const) : ([sums.plain, [rows, places]] as const)
}

/** Returns the arrays of the kernels that sum over pairs. */
const pairArrays = ({ list, masked, classes }: Programs, atoms: KernelInput, table: DeviceArray) => [
  list,
  masked,
  atoms,
  classes,
  table,
]

/** The list that the device has, and the kernels that sum over it. */
function createListOnDevice(workplace: Workplace, backend: Backend, realSpace: RealSpace) {
  const { system, arena } = workplace
  const { atomCount } = system
  const { clusters, model, terms } = realSpace
  const table = createPairTable(system, terms, model)
  const tableArray = backend.array(Math.max(1, table.columns.length), model.classCount ** 2)
  if (table.columns.length > 0) tableArray.write(table.values)
  const slots = backend.array(atomCount)
  /** First row of each atom, and number of its rows. */
  const places = backend.array(2, atomCount)
  const common: Compilation = {
    ...{ backend, atomCount, clusterCount: clusters.count },
    source: sums => pairSource(table, terms.coulomb, sums, atomCount % 4 !== 0),
  }
  const programs = createPrograms(common)
  let current: Programs | undefined
  let launched: Promise<readonly Float32Array[]> = NOT_LAUNCHED

  function send(full: FullList): void {
    current = programs.programsFor(full)
    current.list.write(full.entries)
    current.masked.write(full.masked)
    const order = arena.i32(clusters.order, atomCount)
    const { classes, slotOf, rowsOf } = placesOf(full, order, clusters.count, model.classOf)
    current.classes.write(classes)
    slots.write(slotOf)
    places.write(rowsOf)
  }

  async function forcesOf(
    atoms: KernelInput,
    bonds: Bonds,
    frame: readonly number[],
  ): Promise<ResidentArray> {
    current!.resident ??= pairKernelOf(common, 'forces', current!)
    const [kernel, arrays] = await summing(
      current!,
      places,
      current!.resident.launch(pairArrays(current!, atoms, tableArray), frame),
      bonds,
    )
    return kernel.launch(arrays, [])
  }

  async function start(matrix: readonly number[], energy: boolean, bonds: Bonds): Promise<void> {
    const { kernels, highs } = current!
    const arrays = pairArrays(current!, highs, tableArray)
    const pairs = kernels.forces.launch(arrays, matrix)
    const groups = energy ? [kernels.energies, kernels.virial] : []
    const others = groups.map(kernel => kernel.run(arrays, matrix))
    // `finish` reports a failure.
    for (const other of others) other.catch(() => {})
    const [sum, parts] = await summing(current!, places, pairs, bonds)
    launched = Promise.all([sum.run(parts, []), ...others])
    launched.catch(() => {})
  }

  function finish(): Promise<readonly Float32Array[]> {
    const running = launched
    launched = NOT_LAUNCHED
    return running
  }

  return {
    ...{ slots, send, forcesOf, start, finish },
    get programs() {
      return current!
    },
    get compilations() {
      return programs.compilations
    },
    dispose() {
      programs.dispose()
      current = undefined
      for (const array of [tableArray, slots, places]) array.dispose()
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
