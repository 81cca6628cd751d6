import type { Force } from '../../core/force.ts'
import type { System } from '../../core/system.ts'
import type { Backend, DeviceArray, Kernel } from './backends.ts'
import { BONDED_ARRAYS, BONDED_NUMBERS, bondedNumbers, bondedSource } from './bondedKernel.ts'
import { createBondedTable, isBonded, LANES } from './bondedTable.ts'

/** Where the atoms are, as fractions of a frame in [−½, ½], each as the sum of two numbers in single precision. */
export interface BondedPositions {
  /** [clusters, 16] a, b, c of four atoms at a time, 4 a's first; what comes after the c's is not read. */
  readonly highs: DeviceArray
  /** As `highs`: what rounding took from those. */
  readonly lows: DeviceArray
  /** [N] where each atom is found: in row slot/4, column slot mod 4. */
  readonly slots: DeviceArray
}

export interface GpuBonded {
  /** What it computes. */
  readonly forces: readonly Force[]
  /**
   * One at a time where sizes change: the kernel for others is disposed of.
   * @param matrix lattice vectors of the frame, row by row, Å
   * @param images boxes that the frame holds along each of its vectors; 1 where it is a box or a whole fraction of one
   * @returns [3N] eV/Å
   */
  run(
    positions: BondedPositions,
    matrix: readonly number[],
    images?: readonly [number, number, number],
  ): Promise<Float32Array>
  /** How often the kernel was made: anew where arrays have other sizes or frames hold other numbers of boxes. */
  readonly statistics: { readonly compilations: number }
  dispose(): void
}

/**
 * Forces of bonds, angles, dihedrals and impropers, gathered by atom; energies and virial are the reference's matter.
 * @returns null when the system has none of these
 */
export function createGpuBonded(system: System, backend: Backend): GpuBonded | null {
  const { atomCount } = system
  const forces = system.forces.filter(isBonded)
  const table = createBondedTable(atomCount, forces)
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
  let compiled: { readonly kernel: Kernel; readonly fitting: string } | undefined

  function kernelFor(positions: readonly DeviceArray[], images: readonly number[]): Kernel {
    const fitting = [...positions.flatMap(({ width, height }) => [width, height]), ...images].join()
    if (compiled?.fitting === fitting) return compiled.kernel
    compiled?.kernel.dispose()
    const kernel = backend.kernel({
      name: `${[...new Set(sections.map(({ kind }) => kind))].join(', ')} forces`,
      source: bondedSource(table!, images),
      arrays: BONDED_ARRAYS.length,
      numbers: BONDED_NUMBERS.length,
      components: 3,
      output: [atomCount],
      longestLoop: longest,
    })
    compiled = { kernel, fitting }
    statistics.compilations++
    return kernel
  }

  return {
    forces,
    run({ highs, lows, slots }, matrix, images = [1, 1, 1]) {
      const positions = [highs, lows, slots]
      return kernelFor(positions, images).run([...positions, ...tables], bondedNumbers(matrix))
    },
    statistics,
    dispose() {
      compiled?.kernel.dispose()
      compiled = undefined
      for (const array of tables) array.dispose()
    },
  }
}
