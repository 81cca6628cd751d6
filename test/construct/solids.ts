import { fragmentFile } from '../../src/construct/library.ts'
import type { SolidOptions } from '../../src/construct/solid.ts'
import type { SolidRecipe } from '../../src/construct/solidRecipe.ts'
import { type Box, createBox } from '../../src/core/box.ts'
import type { Structure } from '../../src/core/structure.ts'
import { createTopology } from '../../src/core/topology.ts'
import { readStructureFile } from '../../src/files/structureFile.ts'

/** The (104) slab of LiNiO2 that the studies cut: 160 atoms. */
export const NICKELATE = {
  crystal: { prototype: 'layered', a_A: 2.878, c_A: 14.232, z_oxygen: 0.2367, metals: { Ni: 1 } },
  types: { Ni: 'Ni3' },
  slab: { miller: [1, 0, 4], layers: 5, repeat: [4, 2], vacuum_A: 15, frozen_layers: 2 },
} as const satisfies SolidRecipe

export const OPTIONS: SolidOptions = {
  seed: 1,
  readUnit: (name, where) => readStructureFile(fragmentFile(name, where)),
}

/** A structure with nothing but atoms in a cell. */
export function plainStructure(
  box: Box,
  elements: readonly string[],
  positions: ArrayLike<number>,
): Structure {
  return {
    elements,
    types: null,
    positions: Float64Array.from(positions),
    box,
    topology: createTopology(elements.length, []),
    charges: null,
    masses: null,
    velocities: null,
    frozen: null,
  }
}

/** The conventional cell of a face-centred cubic metal. */
export function fcc(element: string, a: number): Structure {
  const h = a / 2
  return plainStructure(
    createBox([a, 0, 0, 0, a, 0, 0, 0, a]),
    [element, element, element, element],
    [...[0, 0, 0], ...[0, h, h], ...[h, 0, h], ...[h, h, 0]],
  )
}

/** Sorted distances of an atom to all others and all images within a radius, Å. */
export function shells(box: Box, positions: ArrayLike<number>, atom: number, radius_A: number): number[] {
  const [na, nb, nc] = box.heights.map(height => Math.ceil(radius_A / height) + 1) as [number, number, number]
  const m = box.matrix
  const found: number[] = []
  for (let j = 0; j < positions.length / 3; j++) {
    const d = [0, 1, 2].map(k => positions[3 * j + k]! - positions[3 * atom + k]!)
    for (let a = -na; a <= na; a++) {
      for (let b = -nb; b <= nb; b++) {
        for (let c = -nc; c <= nc; c++) {
          const r = Math.hypot(...d.map((x, k) => x + a * m[k]! + b * m[3 + k]! + c * m[6 + k]!))
          if (r > 1e-6 && r < radius_A) found.push(r)
        }
      }
    }
  }
  return found.sort((x, y) => x - y)
}
