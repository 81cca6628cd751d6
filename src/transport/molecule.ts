import { boxOfFrame } from '../analysis/structure.ts'
import { createPlacement, makeMoleculesWhole } from '../core/molecules.ts'
import type { Molecule } from '../report/model.ts'
import { moleculeGroups } from '../run/groups.ts'
import { atomsOf, type LoadedRun } from '../run/loadRun.ts'
import type { Survey } from './survey.ts'

/** Points of each ion's drawn path. */
const PATH_POINTS = 60

/** The last frame of a run, molecules whole and in the cell, with the paths of its ions. */
export function moleculeOf(run: LoadedRun, { frames, ions }: Survey, species: string): Molecule {
  const { structure } = run
  const [kept, atomCount] = frames.positions.shape as [number, number, number]
  const box = boxOfFrame(frames, kept - 1)
  const positions = Float64Array.from({ length: 3 * atomCount }, (_, k) =>
    frames.positions.get(kept - 1, Math.floor(k / 3), k % 3),
  )
  makeMoleculesWhole(structure.topology, box, positions)
  const placed = createPlacement(structure.topology)(box, positions)

  const last = ions.shape[0]! - 1
  const stride = Math.max(1, Math.floor(last / PATH_POINTS))
  const shown = Array.from({ length: Math.floor(last / stride) + 1 }, (_, k) => last - k * stride).reverse()
  const paths = atomsOf(run, species).map((atom, ion) =>
    Float64Array.from(
      shown.flatMap(frame =>
        [0, 1, 2].map(c => ions.get(frame, ion, c) - ions.get(last, ion, c) + placed[3 * atom + c]!),
      ),
    ),
  )
  return {
    structure: { ...structure, positions: placed, box, velocities: null },
    groups: moleculeGroups(run, species),
    hostLabel: 'chains',
    trajectories_A: paths,
    trajectorySpan_ps: last * run.frameInterval_ps,
  }
}
