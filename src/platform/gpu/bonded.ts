import type { Force } from '../../core/force.ts'
import type { System } from '../../core/system.ts'
import type { Backend, Kernel, KernelInput, ResidentArray } from './backends.ts'
import { BONDED_ARRAYS, BONDED_NUMBERS, bondedNumbers, bondedSource } from './bondedKernel.ts'
import { createBondedTable, isBonded, LANES, type SpecialTerms } from './bondedTable.ts'

/** Where the atoms are, as fractions of a frame in [−½, ½], each as the sum of two numbers in single precision. */
export interface BondedPositions {
  /** [clusters, 16] a, b, c of four atoms at a time, 4 a's first; what comes after the c's is not read. */
  readonly highs: KernelInput
  /** As `highs`: what rounding took from those. */
  readonly lows: KernelInput
  /** Row of `lows` at which they begin; 0 when left out. */
  readonly firstLow?: number
  /** [N] where each atom is found: in row slot/4, column slot mod 4. */
  readonly slots: KernelInput
}

export interface GpuBonded {
  /** What it computes. */
  readonly forces: readonly Force[]
  /**
   * Left on the device.
   * @param matrix lattice vectors of the frame, row by row, Å
   * @param images boxes that the frame holds along each of its vectors; 1 where it is a box or a whole fraction of one
   * @returns [N, 3] eV/Å
   */
  launch(
    positions: BondedPositions,
    matrix: readonly number[],
    images: readonly [number, number, number],
  ): Promise<ResidentArray>
  /** How often the kernel was made: anew where arrays have other sizes or frames hold other numbers of boxes. */
  readonly statistics: { readonly compilations: number }
  dispose(): void
}

/**
 * Forces of bonds, angles, dihedrals and impropers, gathered by atom; energies and virial are the reference's matter.
 * @param special pairs that are to be gathered with them
 * @returns null when the system has none of these
 */
export function createGpuBonded(
  system: System,
  backend: Backend,
  special?: SpecialTerms | null,
): GpuBonded | null {
  const { atomCount } = system
  const forces = system.forces.filter(isBonded)
  const table = createBondedTable(atomCount, forces, special)
  if (!table) return null
  const { sections, slices, parameterWidth, longest } = table
  const written = (values: Float32Array, width: number) => {
    const array = backend.array(width, values.length / width)
    array.write(values)
    return array
  }
  const tables = [
    written(table.starts, slices),
    written(table.entries, LANES),
    written(table.parameters, parameterWidth),
  ]
  const statistics = { compilations: 0 }
  /** By the sizes of arrays and images: a box that breathes may go to and fro between two. */
  const compiled = new Map<string, Kernel>()

  function kernelFor(positions: readonly KernelInput[], images: readonly number[], firstLow: number): Kernel {
    const sizes = positions.flatMap(({ width, height }) => [width, height])
    const fitting = [...sizes, ...images, firstLow].join()
    const known = compiled.get(fitting)
    if (known) return known
    const kernel = backend.kernel({
      name: `${[...new Set(sections.map(({ kind }) => kind))].join(', ')} forces`,
      source: bondedSource(table!, images, firstLow),
      arrays: BONDED_ARRAYS.length,
      numbers: BONDED_NUMBERS.length,
      components: 3,
      output: [atomCount],
      longestLoop: longest,
    })
    compiled.set(fitting, kernel)
    statistics.compilations++
    return kernel
  }

  return {
    forces,
    launch({ highs, lows, firstLow = 0, slots }, matrix, images) {
      const positions = [highs, lows, slots]
      return kernelFor(positions, images, firstLow).launch([...positions, ...tables], bondedNumbers(matrix))
    },
    statistics,
    dispose() {
      for (const kernel of compiled.values()) kernel.dispose()
      compiled.clear()
      for (const array of tables) array.dispose()
    },
  }
}
