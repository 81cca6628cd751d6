import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { computeBand } from '../../src/bands/computeBand.ts'
import { prepareBand } from '../../src/bands/prepareBand.ts'
import { orthorhombicBox } from '../../src/core/box.ts'
import type { Structure } from '../../src/core/structure.ts'
import { createTopology } from '../../src/core/topology.ts'
import { writeStructureFile } from '../../src/files/structureFile.ts'
import { loadBandRecipe } from '../../src/recipes/bandRecipe.ts'
import { temporaryFolder } from '../tools/folder.ts'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)

/** Rahman 1964, https://doi.org/10.1103/PhysRev.136.A405: ε/k = 119.8 K, σ = 3.405 Å. */
writeFileSync(
  at('ar.yaml'),
  `name: argon
energy_unit: eV
mixing: geometric
special: { pair: [0, 0, 0], coulomb: [0, 0, 0] }
sources: { rahman: { citation: Rahman 1964 } }
types: { Ar: { class: Ar, element: Ar, mass_g_per_mol: 39.948, charge_e: 0, epsilon: 0.0103235, sigma_A: 3.405, source: rahman } }
`,
)

type Point = readonly [number, number, number]

function argon(points: readonly Point[], edge_A: number, frozen: number | null = null): Structure {
  return {
    elements: points.map(() => 'Ar'),
    types: points.map(() => 'Ar'),
    positions: Float64Array.from(points.flat()),
    box: orthorhombicBox(edge_A, edge_A, edge_A),
    topology: createTopology(points.length, []),
    charges: null,
    masses: null,
    velocities: null,
    frozen: frozen === null ? null : Uint8Array.from(points, (_, i) => (i === frozen ? 1 : 0)),
  }
}

const A_ANGSTROM = 5.26
const CENTRE = 0.5

/** Argon of cells³ cells without the atom at the centre, and the index of one of its neighbours. */
function vacancy(cells: number): { points: Point[]; neighbor: number; centre: Point } {
  const basis: readonly Point[] = [
    [0, 0, 0],
    [0, 0.5, 0.5],
    [0.5, 0, 0.5],
    [0.5, 0.5, 0],
  ]
  const indices = Array.from({ length: cells }, (_, k) => k)
  const all = indices.flatMap(i =>
    indices.flatMap(j =>
      indices.flatMap(k =>
        basis.map(([u, v, w]): Point => [(i + u) * A_ANGSTROM, (j + v) * A_ANGSTROM, (k + w) * A_ANGSTROM]),
      ),
    ),
  )
  const middle = cells * A_ANGSTROM * CENTRE
  const distance = ([x, y, z]: Point) => Math.hypot(x - middle, y - middle, z - middle)
  const points = all.filter(point => distance(point) > 0.1)
  const neighbor = points.findIndex(point => Math.abs(distance(point) - A_ANGSTROM / Math.SQRT2) < 0.1)
  return { points, neighbor, centre: [middle, middle, middle] }
}

interface Settings {
  readonly cutoff_A: number
  /** Interactions fall smoothly to zero from here. Default: they end at the cut-off, shifted. */
  readonly switch_from_A?: number
  readonly shell_A: number | 'all'
  readonly fmax_eV_per_A?: number
  readonly spring_eV_per_A2?: number
  readonly max_iterations?: number
}

async function rateOf(name: string, way: string, settings: Settings) {
  const {
    cutoff_A,
    switch_from_A,
    shell_A,
    fmax_eV_per_A = 5e-4,
    spring_eV_per_A2 = 0.05,
    max_iterations = 500,
  } = settings
  const end = switch_from_A === undefined ? 'shifted' : `switched, switch_from_A: ${switch_from_A}`
  writeFileSync(
    at(`${name}.yaml`),
    `name: ${name}
${way}
interactions: { cutoff_A: ${cutoff_A}, truncation: ${end}, coulomb: cut }
band: { images: 7, fmax_eV_per_A: ${fmax_eV_per_A}, spring_eV_per_A2: ${spring_eV_per_A2}, max_iterations: ${max_iterations} }
endpoints_fmax_eV_per_A: ${fmax_eV_per_A / 2}
vibrations: { prefactor: true, temperature_K: 60, shell_A: ${shell_A} }
`,
  )
  return computeBand(prepareBand(loadBandRecipe(at(`${name}.yaml`))), { platform: 'auto', threads: 1 })
}

/** The band of two structures, written to files. */
function fromFiles(
  name: string,
  initial: Structure,
  final: Structure,
  settings: Settings,
  via: readonly Structure[] = [],
) {
  const points = [initial, final, ...via].map((structure, k) => {
    const file = `${name}-${k + 1}.extxyz`
    writeStructureFile(at(file), structure)
    return file
  })
  const ends = `{ initial: ${points[0]}, final: ${points[1]}, via: [${points.slice(2).join(', ')}] }`
  return rateOf(name, `system: { potential: ar.yaml }\nendpoints: ${ends}`, settings)
}

const moved = (points: readonly Point[], atom: number, to: Point) =>
  points.map((point, i) => (i === atom ? to : point))

describe('a vacancy in argon', { timeout: 120_000 }, () => {
  it('has one barrier and one prefactor with its ends as files and as a hop, however far the band is relaxed', async () => {
    const { points, neighbor, centre } = vacancy(4)
    const edge = 4 * A_ANGSTROM
    const settings = { cutoff_A: 10.215, shell_A: 6 }
    const files = await fromFiles(
      'files',
      argon(points, edge),
      argon(moved(points, neighbor, centre), edge),
      {
        ...settings,
        fmax_eV_per_A: 1e-3,
      },
    )
    const way = `system: { potential: ar.yaml, structure: files-1.extxyz }
hop: { ion: { atom: ${neighbor + 1} }, to_fractional: [0.5, 0.5, 0.5] }`
    const hop = await rateOf('hop', way, { ...settings, fmax_eV_per_A: 2e-4 })
    for (const { barrier_eV, converged, vibrations, warnings } of [files, hop]) {
      expect(converged).toBe(true)
      expect(warnings).toEqual([])
      // ASE's NEB on the same: 0.06378 eV.
      expect(Math.abs(barrier_eV - 0.06378)).toBeLessThan(5e-5)
      expect(vibrations).toMatchObject({ atoms: 18, free_motions: 0, moving_atom: neighbor + 1 })
      expect(Math.abs(vibrations!.prefactor_THz - 1.097)).toBeLessThan(0.005)
    }
    expect(files.vibrations!.prefactor_THz / hop.vibrations!.prefactor_THz).toBeCloseTo(1, 3)
  })

  /**
   * The spectrum without the three translations, Π'λ, is N³ times the determinant without one atom of a crystal of
   * equal masses: the factor cancels between minimum and saddle.
   */
  it('of which all atoms vibrate: without the translations the prefactor is that with one atom held', async () => {
    const { points, neighbor, centre } = vacancy(2)
    const edge = 2 * A_ANGSTROM
    const end = moved(points, neighbor, centre)
    const settings = { cutoff_A: 5, switch_from_A: 4, shell_A: 'all' } as const
    const free = await fromFiles('free', argon(points, edge), argon(end, edge), settings)
    const far = 0
    const held = await fromFiles('held', argon(points, edge, far), argon(end, edge, far), settings)
    expect(free.vibrations).toMatchObject({ atoms: 31, free_motions: 3 })
    expect(held.vibrations).toMatchObject({ atoms: 30, free_motions: 0 })
    // Central differences over 0.01 Å break the sum rule of the second derivatives by 0.1 %.
    expect(Math.abs(free.vibrations!.prefactor_THz / held.vibrations!.prefactor_THz - 1)).toBeLessThan(2e-3)
  })
})

describe('a cluster of four argon atoms that turns inside out', { timeout: 120_000 }, () => {
  const edge = 30
  const side = 3.82
  /** Two atoms along x, two beside them at a height. */
  const quartet = (y: number, z: number): Point[] => [
    [side / 2, 0, 0],
    [-side / 2, 0, 0],
    [0, y, z],
    [0, -y, z],
  ]
  const [up, down] = [quartet(side / 2, side / Math.SQRT2), quartet(side / 2, -side / Math.SQRT2)]
  const rhombus = quartet((side * Math.sqrt(3)) / 2, 0)
  const settings = { cutoff_A: 10, shell_A: 'all', spring_eV_per_A2: 0.02 } as const
  const middle = ([x, y, z]: Point): Point => [x + edge / 2, y + edge / 2, z + edge / 2]
  const turned = ([x, y, z]: Point): Point => {
    const [c, s] = [Math.cos(0.7), Math.sin(0.7)]
    const [u, v] = [c * x - s * y, s * x + c * y]
    // Across a corner of the cell.
    return [u - 1, c * v - s * z, s * v + c * z + edge]
  }
  const rate = (name: string, place: (point: Point) => Point, via: readonly Point[] | null) =>
    fromFiles(
      name,
      argon(up.map(place), edge),
      argon(down.map(place), edge),
      settings,
      via ? [argon(via.map(place), edge)] : [],
    )

  it('has a prefactor without its translations and rotations, the same in every orientation and place', async () => {
    const plain = await rate('plain', middle, rhombus)
    const elsewhere = await rate('elsewhere', turned, rhombus)
    for (const { vibrations, barrier_eV, warnings } of [plain, elsewhere]) {
      expect(warnings).toEqual([])
      expect(vibrations).toMatchObject({ atoms: 4, free_motions: 6 })
      // Six contacts of ε become five and a diagonal of √3 side.
      expect(barrier_eV / 0.0103235).toBeGreaterThan(0.9)
      expect(barrier_eV / 0.0103235).toBeLessThan(1)
    }
    expect(elsewhere.vibrations!.prefactor_THz / plain.vibrations!.prefactor_THz).toBeCloseTo(1, 4)
  })

  it('has none through the square, a saddle of second order, and says so', async () => {
    const { vibrations, warnings, converged } = await rate('square', middle, null)
    expect(converged).toBe(true)
    expect(vibrations).toBeNull()
    expect(warnings.join()).toMatch(
      /no prefactor: the saddle has 2 imaginary modes \([\d.]+i, [\d.]+i THz\) where there should be exactly one/,
    )
  })

  it('has none when the band is not converged, and says so', async () => {
    const rough = { ...settings, max_iterations: 3 }
    const band = await fromFiles('rough', argon(up.map(middle), edge), argon(down.map(middle), edge), rough)
    expect(band.converged).toBe(false)
    expect(band.vibrations).toBeNull()
    expect(band.warnings.join()).toContain('no prefactor: the band is not converged')
  })
})
