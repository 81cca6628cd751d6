import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { add, cross, norm, scale, subtract, turned, unit, type Vector } from '../../src/construct/vectors.ts'
import { orthorhombicBox } from '../../src/core/box.ts'
import { createTopology } from '../../src/core/topology.ts'
import { formatExtxyz } from '../../src/files/extxyz.ts'
import { DEGREE } from '../../src/units.ts'

/**
 * The molecules of `structures/fragments/`, from standard bond lengths and angles.
 * Run `node scripts/run.mjs test/tools/fragments.ts` to write them.
 */
export const FRAGMENTS_DIRECTORY = fileURLToPath(new URL('../../structures/fragments/', import.meta.url))

interface Atom {
  /** Of potentials/pmmcs-lno.yaml, which says its charge; the element comes first in its name. */
  readonly type: string
  readonly at: Vector
}
/** 1-based, as in the files. */
type Bond = readonly [first: number, second: number, order?: number]

const CH = 1.09
const TETRAHEDRAL = 109.47

/** The text of each file, by its name. */
export function fragmentFiles(): Map<string, string> {
  return new Map([
    ['PVDF-fragment.extxyz', difluoropropane()],
    ['CHCF-fragment.extxyz', fluoropropenyl('neutral')],
    ['CHCF-polar.extxyz', fluoropropenyl('polar')],
    ['PAN-fragment.extxyz', pyridine()],
    ['inert.extxyz', methane()],
  ])
}

/** The surface side, fluorine, points down. */
function difluoropropane(): string {
  const carbon = (side: number): Vector => polar(1.52, 57.5, side, 'x', 1)
  const fluorine = (side: number): Vector => polar(1.36, 53, side, 'y', -1)
  const centre: Vector = [0, 0, 0]
  const atoms: Atom[] = [
    { type: 'C_CF2', at: centre },
    { type: 'F_C', at: fluorine(1) },
    { type: 'F_C', at: fluorine(-1) },
    ...methyl(carbon(1), centre, carbon(-1)),
    ...methyl(carbon(-1), centre, carbon(1)),
  ]
  return file(
    atoms,
    [[1, 2], [1, 3], [1, 4], [1, 8], ...methylBonds(4), ...methylBonds(8)],
    '2,2-difluoropropane. Geometry: C-C 1.52, C-F 1.36, C-H 1.09 A, CCC 115, FCF 106 deg',
  )
}

/**
 * –CH=CF–CH3, neutral atom by atom or with the charges of its types. The dipole of the polar one, turned about the bond,
 * raises or lowers a barrier beside it; without charges it does neither, and the charge transfer through the bond stays.
 * The chain is trans to the bond that C1 lacks, F cis: of the isomers, the one with most room on (104).
 */
function fluoropropenyl(kind: 'neutral' | 'polar'): string {
  const c1: Vector = [0, 0, 0]
  const c2: Vector = [1.34, 0, 0]
  const h = place(c1, c2, [0, 1, 0], CH, 121, 0)
  const methylCarbon = place(c2, c1, h, 1.5, 122, 0)
  const f = place(c2, c1, h, 1.35, 122, 180)
  const atoms: Atom[] = [
    { type: 'C_CH', at: c1 },
    { type: 'C_CF', at: c2 },
    { type: 'H_C', at: h },
    { type: 'F_C', at: f },
    ...methyl(methylCarbon, c2, c1),
  ]
  return file(
    atoms,
    [[1, 2, 2], [1, 3], [2, 4], [2, 5], ...methylBonds(5)],
    'dehydrofluorinated PVDF unit, 2-fluoroprop-1-enyl, bonds through C1. Geometry: C=C 1.34, C-C 1.50, C-F 1.35, C-H 1.09 A',
    kind === 'neutral' ? new Float64Array(atoms.length) : null,
  )
}

/** N at the origin, the ring along +z. Distances and angles as in microwave spectra of pyridine, rounded. */
function pyridine(): string {
  const [CN, CC] = [1.338, 1.394]
  const inPlane = (angle: number, length: number): Vector => [
    length * Math.sin(angle * DEGREE),
    0,
    length * Math.cos(angle * DEGREE),
  ]
  const half = 116.9 / 2
  const c1 = inPlane(half, CN)
  const c2 = add(c1, inPlane(half - (180 - 123.8), CC))
  // The ring closes on the axis.
  const c3: Vector = [0, 0, c2[2] + Math.sqrt(1.392 ** 2 - c2[0] ** 2)]
  const mirror = ([x, y, z]: Vector): Vector => [-x, y, z]
  const ring: Vector[] = [[0, 0, 0], c1, c2, c3, mirror(c2), mirror(c1)]
  const hydrogens = ring.slice(1).map((at, k) => {
    const next = ring[(k + 2) % 6]!
    const outward = add(unit(subtract(at, ring[k]!)), unit(subtract(at, next)))
    return add(at, scale(unit(outward), 1.084))
  })
  const atoms: Atom[] = [
    ...ring.map((at, k) => ({ type: k === 0 ? 'N_a' : 'C_py', at })),
    ...hydrogens.map(at => ({ type: 'H_a', at })),
  ]
  const bonds: Bond[] = [
    [1, 2, 2],
    [2, 3],
    [3, 4, 2],
    [4, 5],
    [5, 6, 2],
    [1, 6],
    ...hydrogens.map((_, k): Bond => [k + 2, k + 7]),
  ]
  return file(
    atoms,
    bonds,
    'pyridine, an N donor of cyclised PAN, binds through N1. Geometry: C-N 1.338, C-C 1.394 and 1.392, C-H 1.084 A',
  )
}

function methane(): string {
  const centre: Vector = [0, 0, 0]
  const top: Vector = [0, 0, CH]
  const three = [0, 120, 240].map(azimuth => place(centre, top, [1, 0, CH], CH, TETRAHEDRAL, azimuth))
  const atoms = [centre, top, ...three].map((at, k) => ({ type: k === 0 ? 'C_a' : 'H_a', at }))
  const bonds: Bond[] = [
    [1, 2],
    [1, 3],
    [1, 4],
    [1, 5],
  ]
  return file(
    atoms,
    bonds,
    'methane without charges, for null tests: nothing but its size. Geometry: C-H 1.09 A',
  )
}

/** C and three H, staggered against `beyond`. */
function methyl(carbon: Vector, neighbor: Vector, beyond: Vector): Atom[] {
  return [
    { type: 'C_CH3', at: carbon },
    ...[180, 60, -60].map(dihedral => ({
      type: 'H_C',
      at: place(carbon, neighbor, beyond, CH, 110, dihedral),
    })),
  ]
}

const methylBonds = (carbon: number): Bond[] => [
  [carbon, carbon + 1],
  [carbon, carbon + 2],
  [carbon, carbon + 3],
]

/** A point at an angle to the z axis, on one side along x or y. */
function polar(length: number, angle: number, side: number, axis: 'x' | 'y', up: number): Vector {
  const across = side * length * Math.sin(angle * DEGREE)
  return [axis === 'x' ? across : 0, axis === 'y' ? across : 0, up * length * Math.cos(angle * DEGREE)]
}

/** The point at a distance from `a`, at an angle to `b` and a dihedral to `c`, degrees. */
function place(a: Vector, b: Vector, c: Vector, length: number, angle: number, dihedral: number): Vector {
  const axis = unit(subtract(b, a))
  const normal = cross(axis, subtract(c, b))
  if (norm(normal) < 1e-9) throw new Error('three atoms on a line')
  // Turning towards c first gives dihedral 0.
  const inPlane = turned(axis, unit(normal), angle * DEGREE)
  return add(a, scale(turned(inPlane, axis, -dihedral * DEGREE), length))
}

/** @param charges [N] e, instead of those of the types */
function file(
  atoms: readonly Atom[],
  bonds: readonly Bond[],
  about: string,
  charges: Float64Array | null = null,
): string {
  const sorted = bonds.map(([a, b, order = 1]) => ({ pair: [a - 1, b - 1] as const, order }))
  const structure = {
    elements: atoms.map(({ type }) => type.split('_')[0]!),
    types: atoms.map(({ type }) => type),
    positions: Float64Array.from(atoms.flatMap(atom => atom.at.map(x => Math.round(x * 1e6) / 1e6 + 0))),
    box: orthorhombicBox(20, 20, 20),
    topology: createTopology(
      atoms.length,
      sorted.flatMap(({ pair }) => pair),
      sorted.map(({ order }) => order),
    ),
    charges,
    masses: null,
    velocities: null,
    frozen: null,
  }
  return formatExtxyz(structure, { info: { about } })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, text] of fragmentFiles()) writeFileSync(`${FRAGMENTS_DIRECTORY}${name}`, text)
}
