import type { Box } from '../../core/box.ts'
import { buildPairList, createExclusions, type PairList } from '../../core/neighbors.ts'
import type { System } from '../../core/system.ts'
import { type Accumulator, addSymmetric, createNonbonded } from '../reference/nonbonded.ts'
import { nonbondedTerms } from '../simd/coefficients.ts'
import type { Backend, DeviceArray, Kernel } from './backends.ts'
import { type Capacity, type FullList, frameFor, frameMatrix, fullList, placeAtoms } from './lists.ts'
import { ARRAYS, NUMBERS, pairSource, SUMS, type Sums } from './pairKernel.ts'
import { createPairTable } from './pairTable.ts'

export interface GpuNonbondedOptions {
  /** Extra reach of the pair list, Å. */
  readonly skin_A?: number
  /** Threads of a kernel; no fewer than atoms. A backend's own when left out. */
  readonly targetRows?: number
}

const DEFAULT_SKIN_A = 1
/** What keeps a GPU busy: more threads would wait, fewer leave it idle. The others compute one row after another. */
const ROWS = { webgpu: 32_768, webgl2: 32_768, webasm: 1, cpu: 1 } as const

export interface GpuNonbonded {
  /** Longest cut-off of any term, Å; 0 when nothing is non-bonded. */
  readonly cutoff_A: number
  /**
   * Adds forces, and where energies are wanted the virial.
   * @returns energies, eV; zeros unless they are wanted
   * @throws SimulationError naming the first atom whose position is not finite
   */
  evaluate(
    box: Box,
    positions: Float64Array,
    into: Accumulator,
    energies: boolean,
  ): Promise<{ pair: number; coulomb: number }>
  /** Drops the pair list. */
  forget(): void
  /** How often lists were built, and kernels for them. */
  readonly statistics: { readonly builds: number; readonly compilations: number }
  dispose(): void
}

interface Built {
  readonly box: Box
  readonly positions: Float64Array
  readonly pairs: PairList
  readonly list: FullList
}

/** Device arrays and kernels of one capacity. */
interface Programs extends Capacity {
  readonly images: number
  readonly arrays: readonly DeviceArray[]
  readonly kernels: Readonly<Record<Sums, Kernel>>
}

/**
 * Pair and Coulomb terms of a system in real space; see `unsupportedTerms` of simd/coefficients.ts for what a system must
 * be without. Sums over the pair list on the device; pairs to which factors apply by the reference's code, meanwhile.
 */
export function createGpuNonbonded(
  system: System,
  backend: Backend,
  { skin_A = DEFAULT_SKIN_A, targetRows = ROWS[backend.name] }: GpuNonbondedOptions = {},
): GpuNonbonded {
  const { atomCount } = system
  const terms = nonbondedTerms(system)
  const table = createPairTable(system, terms)
  const { cutoff_A, charges, classOf } = table.model
  const host = createNonbonded(system)
  const exclusions = createExclusions(atomCount, host.special.pairs)
  const noPairs = emptyList(atomCount)
  const statistics = { builds: 0, compilations: 0 }
  let built: Built | undefined
  let programs: Programs | undefined
  let atoms = new Float32Array(0)

  function build(box: Box, positions: Float64Array): Built {
    built = undefined
    const reach_A = cutoff_A + skin_A
    const pairs = buildPairList(box, positions, reach_A, exclusions)
    const list = fullList(pairs, frameFor(box, reach_A), targetRows, programs)
    const images = list.frame.images.reduce((product, n) => product * n, 1)
    if (!programs || programs.rows !== list.rows || programs.images !== images) {
      disposePrograms()
      programs = compile(list, images)
      atoms = new Float32Array(4 * atomCount * images)
    }
    programs.arrays[0]!.write(list.entries)
    const classes = Float32Array.from(
      { length: atomCount * images },
      (_, n) => classOf[pairs.atoms[n % atomCount]!]!,
    )
    programs.arrays[2]!.write(classes)
    statistics.builds++
    built = { box, positions: positions.slice(), pairs, list }
    return built
  }

  function compile({ rows, width }: FullList, images: number): Programs {
    const lookedUp = table.columns.length
    const arrays = [
      backend.array(rows, 2 + width),
      backend.array(4, atomCount * images),
      backend.array(atomCount * images),
      backend.array(Math.max(1, lookedUp), table.model.classCount ** 2),
    ]
    if (lookedUp > 0) arrays[3]!.write(table.values)
    const kernel = (sums: Sums) =>
      backend.kernel({
        name: `${sums} of pairs`,
        source: pairSource(table, terms.coulomb, sums),
        arrays: ARRAYS.length,
        numbers: NUMBERS.length,
        components: SUMS[sums].length,
        output: [rows],
        longestLoop: width,
      })
    const kernels = { forces: kernel('forces'), energies: kernel('energies'), virial: kernel('virial') }
    statistics.compilations++
    return { rows, width, images, arrays, kernels }
  }

  async function evaluate(box: Box, positions: Float64Array, into: Accumulator, energies: boolean) {
    const sums = { pair: 0, coulomb: 0 }
    if (!(cutoff_A > 0)) return sums
    const { pairs, list } = built && !isStale(built, box, positions, cutoff_A) ? built : build(box, positions)
    const { arrays, kernels } = programs!
    placeAtoms(atoms, box, positions, charges, pairs, list.frame)
    arrays[1]!.write(atoms)
    const matrix = frameMatrix(box, list.frame)
    const names: readonly Sums[] = energies ? ['forces', 'energies', 'virial'] : ['forces']
    const launched = Promise.all(names.map(name => kernels[name].run(arrays, matrix)))
    const special = host.evaluate(box, positions, noPairs, into)
    const [forces, ...others] = await launched
    addForces(forces!, pairs, list, into.forces)
    if (!energies) return sums
    const [pair, coulomb, xx, yy, zz, xy, xz, yz] = others.flatMap(rows => columnSums(rows, 4))
    addSymmetric(into.virial, xx! / 2, xy! / 2, xz! / 2, yy! / 2, yz! / 2, zz! / 2)
    return { pair: special.pair + pair! / 2, coulomb: special.coulomb + coulomb! / 2 }
  }

  function disposePrograms() {
    for (const part of programs ? [...programs.arrays, ...Object.values(programs.kernels)] : [])
      part.dispose()
    programs = undefined
  }

  return {
    cutoff_A,
    evaluate,
    forget() {
      built = undefined
    },
    statistics,
    dispose() {
      built = undefined
      disposePrograms()
    },
  }
}

function emptyList(atomCount: number): PairList {
  const none = new Int32Array(0)
  return {
    reach_A: 0,
    atoms: Int32Array.from({ length: atomCount }, (_, i) => i),
    atomRuns: new Int32Array(atomCount + 1),
    runStarts: Int32Array.of(0),
    runShifts: none,
    partners: none,
    shifts: none,
    cells: none,
  }
}

/** True unless no pair can have come within the cut-off unseen, allowing for a box that has grown or shrunk uniformly. */
function isStale({ box: from, positions: before, pairs }: Built, box: Box, x: Float64Array, cutoff: number) {
  const scale = box === from ? 1 : Math.cbrt(box.volume / from.volume)
  if (box.matrix.some((value, k) => Math.abs(value - scale * from.matrix[k]!) > 1e-9 * Math.abs(value)))
    return true
  const allowed = (scale * pairs.reach_A - cutoff) / 2
  for (let k = 0; k < x.length; k += 3) {
    const moved = Math.hypot(
      x[k]! - scale * before[k]!,
      x[k + 1]! - scale * before[k + 1]!,
      x[k + 2]! - scale * before[k + 2]!,
    )
    // Written so that a position that is not a number counts as stale: building then reports it.
    if (!(moved < allowed)) return true
  }
  return false
}

/** @param rows [rows, 3] */
function addForces(
  rows: Float32Array,
  { atoms }: PairList,
  { firstRow }: FullList,
  forces: Float64Array,
): void {
  for (let n = 0; n < atoms.length; n++) {
    const i = 3 * atoms[n]!
    for (let row = firstRow[n]!; row < firstRow[n + 1]!; row++) {
      for (let c = 0; c < 3; c++) forces[i + c]! += rows[3 * row + c]!
    }
  }
}

function columnSums(rows: Float32Array, columns: number): number[] {
  const sums = new Array<number>(columns).fill(0)
  for (let k = 0; k < rows.length; k += columns) {
    for (let c = 0; c < columns; c++) sums[c]! += rows[k + c]!
  }
  return sums
}
