import { fractional } from '../core/box.ts'
import { makeMoleculesWhole } from '../dynamics/molecules.ts'
import type { Molecule } from '../report/model.ts'
import { moleculeGroups } from './groups.ts'
import { atomsOf, type LoadedRun } from './loadRun.ts'

/** Points of each ion's drawn path. */
const PATH_POINTS = 60

/** The last frame of a run, molecules whole and in the cell, with the paths of its ions. */
export function moleculeOf(run: LoadedRun, species: string): Molecule {
  const { structure, positions: trajectory } = run
  const [frames, atomCount] = trajectory.shape as [number, number, number]
  const box = run.boxes[frames - 1]!
  const positions = Float64Array.from({ length: 3 * atomCount }, (_, k) =>
    trajectory.get(frames - 1, Math.floor(k / 3), k % 3),
  )
  makeMoleculesWhole(structure.topology, box, positions)
  const moved = centreInCell(run, positions)

  const stride = Math.max(1, Math.floor((frames - 1) / PATH_POINTS))
  const shown = Array.from(
    { length: Math.floor((frames - 1) / stride) + 1 },
    (_, k) => frames - 1 - k * stride,
  ).reverse()
  const paths = atomsOf(run, species).map(ion =>
    Float64Array.from(
      shown.flatMap(frame => [0, 1, 2].map(c => trajectory.get(frame, ion, c) + moved[3 * ion + c]!)),
    ),
  )
  return {
    structure: { ...structure, positions, box, velocities: null },
    groups: moleculeGroups(run, species),
    hostLabel: 'chains',
    trajectories_A: paths,
    trajectorySpan_ps: (frames - 1) * run.frameInterval_ps,
  }
}

/**
 * Moves every molecule, in place, by whole lattice vectors so that its centre lies in the cell.
 * @returns [3N] Å: how far each atom stands from where the trajectory has it
 */
function centreInCell(run: LoadedRun, positions: Float64Array): Float64Array {
  const { structure, positions: trajectory, boxes } = run
  const frames = trajectory.shape[0]!
  const box = boxes[frames - 1]!
  const { molecules } = structure.topology
  const count = 1 + molecules.reduce((largest, m) => Math.max(largest, m), -1)
  const centres = new Float64Array(3 * count)
  const sizes = new Float64Array(count)
  molecules.forEach((m, i) => {
    sizes[m]! += 1
    for (let c = 0; c < 3; c++) centres[3 * m + c]! += positions[3 * i + c]!
  })
  const cells = fractional(
    box,
    centres.map((value, k) => value / sizes[Math.floor(k / 3)]!),
  ).map(Math.floor)
  const moved = new Float64Array(positions.length)
  molecules.forEach((m, i) => {
    for (let c = 0; c < 3; c++) {
      for (let k = 0; k < 3; k++) positions[3 * i + c]! -= cells[3 * m + k]! * box.matrix[3 * k + c]!
      moved[3 * i + c] = positions[3 * i + c]! - trajectory.get(frames - 1, i, c)
    }
  })
  return moved
}
