import ndarray, { type NdArray } from 'ndarray'
import {
  backbones,
  createDihedralRecord,
  type DihedralRecord,
  rotatingDihedrals,
} from '../analysis/chains.ts'
import { createCollector } from '../analysis/msd.ts'
import type { Frames } from '../analysis/structure.ts'
import type { Box } from '../core/box.ts'
import { atomsByMolecule, type ChargedMolecule, chargedMolecules } from '../run/groups.ts'
import { atomsOf, type LoadedRun } from '../run/loadRun.ts'
import { unwrappedFrames } from './frames.ts'

/** Number of whole frames kept of a run, for analyses of every atom: enough for smooth curves, few enough for the memory. */
const FRAMES_KEPT = 120
/** Backbone atoms of each chain whose motion stands for that of its segments. */
const SEGMENTS = 4

/**
 * Result of one pass over a trajectory: the motion of some centres in every frame, all atoms in a few frames. Its size does
 * not depend on the number of other atoms. The motion of the centre of mass of all atoms is taken out.
 *
 * Where the cell changes, centres have their fractional coordinates times the mean cell. A barostat moves every atom in
 * proportion to its distance from the origin, which an unwrapped position makes ever larger: displacements would contain the
 * breathing of the cell, growing with time (von Bülow, Bullerjahn & Hummer 2020, https://doi.org/10.1063/5.0008316; Kulke &
 * Vermaas 2022, https://doi.org/10.1021/acs.jctc.2c00327). Those in one cell contain none of it, also where the density changes
 * steadily; lengths are off by the square of the relative fluctuation of the cell.
 */
export interface Survey {
  /** [frames, ions, 3] Å of the followed species. */
  readonly ions: NdArray<Float32Array>
  /** Motion of all ions; null where the followed atoms are no ions by themselves. */
  readonly charged: ChargedMotion | null
  /** Motion of the chains; null without chains. */
  readonly chains: ChainMotion | null
  /** At most 120 whole frames, evenly spread, the last one included, as the file has them. */
  readonly frames: Frames
  /** Mean over all frames. */
  readonly volume_A3: number
  /** All cells of the trajectory are cubic. */
  readonly isCubic: boolean
  /** The file holds wrapped positions, which were unwrapped. */
  readonly wasWrapped: boolean
}

export interface ChargedMotion {
  /** [frames, other ions, 3] Å, centres of mass, equal charges side by side. */
  readonly counterions: NdArray<Float32Array>
  /** [frames, ions and the others, 3] Å, in this order. */
  readonly all: NdArray<Float32Array>
  /** Formal charges of `all`. */
  readonly charges_e: readonly number[]
}

export interface ChainMotion {
  readonly count: number
  /** [frames, 2 · chains, 3] Å, both ends of the first backbone, then of the next, in the cell of each frame. */
  readonly ends: NdArray<Float32Array>
  /** [frames, chains, 3] Å, centres of mass. */
  readonly centres: NdArray<Float32Array>
  /** [frames, segments, 3] Å, backbone atoms. */
  readonly segments: NdArray<Float32Array>
  readonly dihedrals: DihedralRecord
}

/** Reads a run's trajectory once. @throws UserError for a frame that is damaged */
export async function survey(run: LoadedRun, species: string): Promise<Survey> {
  const { structure, frameCount } = run
  const ions = atomsOf(run, species)
  const charged = chargesBeside(run, ions)
  const { topology, elements } = structure
  const paths = backbones(topology, elements.length)
  const followed = {
    ions: ions.map(atom => [atom]),
    counterions: charged?.counterions.map(({ atoms }) => atoms) ?? [],
    centres: moleculesOf(run, paths),
    segments: paths.flatMap(path => alongPath(path).map(atom => [atom])),
  }
  const collector = createCollector(run.masses, Object.values(followed).flat(), frameCount)
  const ends = createCollector(
    run.masses,
    paths.flatMap(path => [[path[0]!], [path.at(-1)!]]),
    frameCount,
  )
  const dihedrals = createDihedralRecord(rotatingDihedrals(topology, elements.length, paths))
  const every = Math.ceil(frameCount / FRAMES_KEPT)
  const kept: Float32Array[] = []
  const boxes: Box[] = []
  const cells = createCellRecord()
  let wasWrapped = false
  for await (const { index, positions, box, isUnwrapped } of unwrappedFrames(run)) {
    collector.add(cells.inFirst(positions, box))
    if (paths.length > 0) ends.add(positions)
    dihedrals.add(positions)
    wasWrapped = isUnwrapped
    if ((frameCount - 1 - index) % every !== 0) continue
    kept.push(positions)
    boxes.push(box)
  }
  const { volume_A3, isCubic, firstToMean } = cells.summary()
  if (firstToMean) collector.transform(firstToMean)
  const place = (key: keyof typeof followed) => {
    const before = Object.keys(followed).indexOf(key)
    const from = Object.values(followed)
      .slice(0, before)
      .reduce((sum, groups) => sum + groups.length, 0)
    return [from, from + followed[key].length] as const
  }
  const motion = (key: keyof typeof followed) => collector.trajectory(...place(key))
  return {
    ions: motion('ions'),
    charged: charged && {
      counterions: motion('counterions'),
      all: collector.trajectory(0, place('counterions')[1]),
      charges_e: [...charged.ions, ...charged.counterions].map(({ charge_e }) => charge_e),
    },
    chains:
      paths.length === 0
        ? null
        : {
            count: paths.length,
            ends: ends.trajectory(),
            centres: motion('centres'),
            segments: motion('segments'),
            dihedrals,
          },
    frames: { positions: joined(kept), box: boxes },
    volume_A3,
    isCubic,
    wasWrapped,
  }
}

/** Relative differences of lengths up to this are those of rounding. */
const SAME_LENGTH = 1e-6

/** The cells of a trajectory that is read frame by frame. */
function createCellRecord() {
  let first: Box | null = null
  let frames = 0
  let volume = 0
  let changes = false
  let isCubic = true
  const sum = new Float64Array(9)
  return {
    /** Takes in a frame. Returns the positions with the same fractional coordinates in the first cell, [3N] Å. */
    inFirst(positions: Float32Array, box: Box): ArrayLike<number> {
      first ??= box
      frames++
      volume += box.volume
      isCubic &&= looksCubic(box)
      box.matrix.forEach((value, k) => {
        sum[k]! += value
      })
      if (box.matrix.every((value, k) => value === first!.matrix[k])) return positions
      changes = true
      return transformed(positions, product(box.inverse, first.matrix))
    },
    /** `firstToMean`: the matrix from positions in the first cell to those in the mean cell; null where the cell never changed. */
    summary: () => ({
      volume_A3: volume / frames,
      isCubic,
      firstToMean: changes
        ? product(
            first!.inverse,
            sum.map(value => value / frames),
          )
        : null,
    }),
  }
}

function looksCubic({ matrix, volume }: Box): boolean {
  const edge = Math.cbrt(volume)
  return matrix.every((value, k) => Math.abs(value - (k % 4 === 0 ? edge : 0)) < SAME_LENGTH * edge)
}

/** Product of two 3 × 3 matrices, rows first. */
const product = (a: Float64Array, b: Float64Array): Float64Array =>
  Float64Array.from({ length: 9 }, (_, k) => {
    const [row, column] = [3 * Math.floor(k / 3), k % 3]
    return a[row]! * b[column]! + a[row + 1]! * b[3 + column]! + a[row + 2]! * b[6 + column]!
  })

/** Row vectors times a matrix. @param positions [3N] */
function transformed(positions: ArrayLike<number>, matrix: Float64Array): Float64Array {
  const result = new Float64Array(positions.length)
  for (let i = 0; i < result.length; i += 3) {
    for (let k = 0; k < 3; k++) {
      const [x, y, z] = [positions[i]!, positions[i + 1]!, positions[i + 2]!]
      result[i + k] = x * matrix[k]! + y * matrix[3 + k]! + z * matrix[6 + k]!
    }
  }
  return result
}

/** The followed atoms and all other ions, with their charges; null where the former are no ions by themselves. */
function chargesBeside(run: LoadedRun, atoms: readonly number[]) {
  const molecules = chargedMolecules(run)
  const isFollowed = (molecule: ChargedMolecule) =>
    molecule.atoms.length === 1 && atoms.includes(molecule.atoms[0]!)
  const ions = molecules.filter(isFollowed)
  if (ions.length < atoms.length) return null
  const others = molecules.filter(molecule => !isFollowed(molecule))
  return { ions, counterions: others.sort((a, b) => a.charge_e - b.charge_e) }
}

/** All atoms of the molecule that each path runs through. */
function moleculesOf({ structure: { topology, elements } }: LoadedRun, paths: readonly number[][]) {
  const molecules = atomsByMolecule(
    topology,
    elements.map((_, atom) => atom),
  )
  return paths.map(path => molecules.get(topology.molecules[path[0]!]!)!)
}

/** Atoms in the middle of as many stretches of equal length. */
const alongPath = (path: readonly number[]): number[] =>
  Array.from({ length: SEGMENTS }, (_, k) => path[Math.floor(((k + 0.5) / SEGMENTS) * path.length)]!)

function joined(frames: readonly Float32Array[]): NdArray<Float32Array> {
  const values = frames[0]!.length
  const data = new Float32Array(frames.length * values)
  frames.forEach((frame, k) => {
    data.set(frame, k * values)
  })
  return ndarray(data, [frames.length, values / 3, 3])
}
