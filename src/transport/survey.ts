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
import { UserError } from '../errors.ts'
import { boxOfCell, readFrames } from '../files/trajectory.ts'
import { about } from '../run/checks.ts'
import { atomsByMolecule, type ChargedMolecule, chargedMolecules } from '../run/groups.ts'
import { atomsOf, type LoadedRun } from '../run/loadRun.ts'

/** Number of whole frames kept of a run, for analyses of every atom: enough for smooth curves, few enough for the memory. */
const FRAMES_KEPT = 120
/** Backbone atoms of each chain whose motion stands for that of its segments. */
const SEGMENTS = 4

/**
 * Result of one pass over a trajectory: the motion of some centres in every frame, all atoms in a few frames. Its size does
 * not depend on the number of other atoms. The motion of the centre of mass of all atoms is taken out.
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
  /** [frames, 2 · chains, 3] Å, both ends of the first backbone, then of the next. */
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
    ends: paths.flatMap(path => [[path[0]!], [path.at(-1)!]]),
    centres: moleculesOf(run, paths),
    segments: paths.flatMap(path => alongPath(path).map(atom => [atom])),
  }
  const collector = createCollector(run.masses, Object.values(followed).flat(), frameCount)
  const dihedrals = createDihedralRecord(rotatingDihedrals(topology, elements.length, paths))
  const every = Math.ceil(frameCount / FRAMES_KEPT)
  const kept: Float32Array[] = []
  const boxes: Box[] = []
  let volume = 0
  for await (const { index, positions, box } of framesOf(run)) {
    collector.add(positions)
    dihedrals.add(positions)
    volume += box.volume
    if ((frameCount - 1 - index) % every !== 0) continue
    kept.push(positions)
    boxes.push(box)
  }
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
            ends: motion('ends'),
            centres: motion('centres'),
            segments: motion('segments'),
            dihedrals,
          },
    frames: { positions: joined(kept), box: boxes },
    volume_A3: volume / frameCount,
  }
}

export interface RunFrame {
  readonly index: number
  /** [3N] Å, unwrapped. */
  readonly positions: Float32Array
  readonly box: Box
}

/** A run's frames, one after the other. @throws UserError for one that is damaged */
export async function* framesOf(run: LoadedRun, every = 1): AsyncGenerator<RunFrame> {
  const where = run.trajectory
  // A run that goes on writes more of them.
  for await (const { index, positions, cell } of readFrames(where, { every, to: run.frameCount })) {
    if (!cell) throw new UserError({ message: 'the trajectory holds no cells', where })
    for (let k = 0; k < positions.length; k++) {
      if (Number.isFinite(positions[k]!)) continue
      const atom = Math.floor(k / 3)
      throw new UserError({ message: `atom ${atom + 1} has no place in frame ${index + 1}`, where })
    }
    yield { index, positions, box: about(`${where}, frame ${index + 1}`, () => boxOfCell(cell)) }
  }
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
