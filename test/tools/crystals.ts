import { cartesian, createBox } from '../../src/core/box.ts'
import type { Structure } from '../../src/core/structure.ts'
import { createTopology } from '../../src/core/topology.ts'

/** Small crystals written down by hand, for the properties of a potential. */

interface Site {
  readonly element: string
  readonly type: string
  /** Fractional. */
  readonly at: readonly [number, number, number]
}

function crystal(matrix: readonly number[], sites: readonly Site[]): Structure {
  const box = createBox(matrix)
  return {
    elements: sites.map(({ element }) => element),
    types: sites.map(({ type }) => type),
    positions: cartesian(box, Float64Array.from(sites.flatMap(({ at }) => at))),
    box,
    topology: createTopology(sites.length, []),
    charges: null,
    masses: null,
    velocities: null,
    frozen: null,
  }
}

export interface Metal {
  readonly element: string
  readonly type: string
}

/** Hexagonal lattice vectors; the first along x. */
export const hexagonal = (a: number, c: number) => [a, 0, 0, -a / 2, (a * Math.sqrt(3)) / 2, 0, 0, 0, c]

/** α-NaFeO2, R-3m, 12 atoms: Li at the origin (3a), the metal at (0, 0, ½) (3b), O at ±(0, 0, z) (6c). */
export function layeredOxide(a: number, c: number, z: number, metal: Metal): Structure {
  const centring = [
    [0, 0, 0],
    [2 / 3, 1 / 3, 1 / 3],
    [1 / 3, 2 / 3, 2 / 3],
  ] as const
  const along = (element: string, type: string, heights: readonly number[]) =>
    heights.flatMap(h => centring.map(([x, y, zero]): Site => ({ element, type, at: [x, y, h + zero] })))
  return crystal(hexagonal(a, c), [
    ...along('Li', 'Li', [0]),
    ...along(metal.element, metal.type, [0.5]),
    ...along('O', 'O', [z, -z]),
  ])
}

/** Rock salt, Fm-3m, 8 atoms. */
export function rockSalt(a: number, metal: Metal): Structure {
  const faces = [
    [0, 0, 0],
    [0.5, 0.5, 0],
    [0.5, 0, 0.5],
    [0, 0.5, 0.5],
  ] as const
  return crystal(
    [a, 0, 0, 0, a, 0, 0, 0, a],
    [
      ...faces.map((at): Site => ({ ...metal, at })),
      ...faces.map(([x, y, z]): Site => ({ element: 'O', type: 'O', at: [x + 0.5, y, z] })),
    ],
  )
}

/** Li2MnO3, C2/m, 24 atoms: sites after Strobel & Lambert-Andron 1988 (unverified, see docs/physics.md). */
export function honeycombOxide(metal: Metal): Structure {
  const [a, b, c, beta] = [4.937, 8.532, 5.03, (109.46 * Math.PI) / 180]
  const lithium = { element: 'Li', type: 'Li' } as const
  const oxygen = { element: 'O', type: 'O' } as const
  const unique: readonly (Metal & { readonly at: readonly (readonly [number, number, number])[] })[] = [
    { ...metal, at: mirrored(0, 0.16708, 0) },
    { ...lithium, at: [[0, 0.5, 0]] },
    { ...lithium, at: [[0, 0, 0.5]] },
    { ...lithium, at: mirrored(0, 0.6606, 0.5) },
    { ...oxygen, at: inverted(0.2189, 0, 0.2273) },
    { ...oxygen, at: [...mirrored(0.254, 0.32119, 0.2233), ...mirrored(-0.254, 0.32119, -0.2233)] },
  ]
  const sites = unique.flatMap(({ element, type, at }) =>
    at.flatMap(([x, y, z]): Site[] => [
      { element, type, at: [x, y, z] },
      { element, type, at: [x + 0.5, y + 0.5, z] },
    ]),
  )
  return crystal([a, 0, 0, 0, b, 0, c * Math.cos(beta), 0, c * Math.sin(beta)], sites)
}

const mirrored = (x: number, y: number, z: number) =>
  [
    [x, y, z],
    [x, -y, z],
  ] as const
const inverted = (x: number, y: number, z: number) =>
  [
    [x, y, z],
    [-x, -y, -z],
  ] as const

/**
 * A stoichiometric (104) slab, one primitive cell wide, of a layered oxide: layers of one formula unit, z along the
 * normal, vacuum above.
 * @param bulk as `layeredOxide` makes it, relaxed or not
 */
export function slab104(bulk: Structure, layers: number, vacuum_A: number): Structure {
  const cell = bulk.box.matrix
  const vector = (x: number, y: number, z: number): Vector =>
    [0, 1, 2].map(k => x * cell[k]! + y * cell[3 + k]! + z * cell[6 + k]!) as unknown as Vector
  const [across, along] = [vector(0, 1, 0), vector(-4 / 3, -2 / 3, 1 / 3)]
  const [width, length] = [Math.sqrt(dot(across, across)), Math.sqrt(dot(along, along))]
  const normal = cross(across, along).map(x => x / (width * length)) as unknown as Vector
  const spacing = bulk.box.volume / 3 / (width * length)
  const atoms = new Map<string, Metal & { readonly at: Vector }>()
  const range = Array.from({ length: 13 }, (_, k) => k - 6)
  for (const i of bulk.elements.keys()) {
    for (const [h, k, l] of range.flatMap(h => range.flatMap(k => range.map(l => [h, k, l] as const)))) {
      const shift = vector(h, k, l)
      const r = shift.map((x, axis) => x + bulk.positions[3 * i + axis]!) as unknown as Vector
      const height = dot(r, normal)
      const layer = Math.round(height / spacing)
      if (layer < 0 || layer >= layers) continue
      const wrap = (x: number) => x - Math.floor(x + 1e-6)
      const [u, v] = [wrap(dot(r, across) / width ** 2), wrap(dot(r, along) / length ** 2)]
      const key = [height, u, v].map(x => Math.round(1000 * x)).join(' ')
      const at = [u * width, v * length, height] as const
      atoms.set(key, { element: bulk.elements[i]!, type: bulk.types![i]!, at })
    }
  }
  const list = [...atoms.values()].sort((a, b) => a.at[2] - b.at[2])
  const bottom = list[0]!.at[2]
  const height = list.at(-1)!.at[2] - bottom + vacuum_A
  const fractions = list.map(({ at: [x, y, z], ...kind }): Site => {
    return { ...kind, at: [x / width, y / length, (z - bottom) / height] }
  })
  return crystal([width, 0, 0, 0, length, 0, 0, 0, height], fractions)
}

type Vector = readonly [number, number, number]
const dot = (a: Vector, b: Vector) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
const cross = (a: Vector, b: Vector) => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
]
