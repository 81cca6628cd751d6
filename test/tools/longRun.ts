import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { orthorhombicBox, wrapPositions } from '../../src/core/box.ts'
import { createTopology } from '../../src/core/topology.ts'
import { writeManifest } from '../../src/files/manifest.ts'
import { RUN_FILES } from '../../src/files/runDirectory.ts'
import { writeStructureFile } from '../../src/files/structureFile.ts'
import { createTrajectory } from '../../src/files/trajectory.ts'
import { LOG_COLUMNS } from '../../src/run/mdFiles.ts'
import { normalSequence } from '../analysis/walks.ts'
import { LIFSI_MD } from '../cli/boxes.ts'

const EDGE_A = 60

/**
 * The directory of a run that nobody ran: lithium that walks at random among fluorine that stays, a frame every 0.1 ps.
 * The MSD's slope is 0.6 Å²/ps.
 * @param size.charged the fluorine consists of ions with one negative charge each; else it is neutral
 * @param size.edge_A edge of the cubic cell in each frame; all positions scale with it. Default: 60 Å
 * @param size.step_A standard deviation of a step along an axis. Default: √0.02 Å
 * @param size.wrapped the file holds positions wrapped into the cell
 */
export function writeLongRun(
  directory: string,
  size: {
    readonly frames: number
    readonly ions: number
    readonly others: number
    readonly charged?: boolean
    readonly edge_A?: (frame: number) => number
    readonly step_A?: number
    readonly wrapped?: boolean
    readonly seed?: number
  },
): void {
  const { frames, ions, others, charged = false, edge_A = () => EDGE_A } = size
  const { step_A = Math.sqrt(0.02), wrapped = false, seed = 1 } = size
  const atoms = ions + others
  mkdirSync(directory, { recursive: true })
  const file = (name: keyof typeof RUN_FILES) => join(directory, RUN_FILES[name])
  const boxAt = (frame: number) => orthorhombicBox(edge_A(frame), edge_A(frame), edge_A(frame))
  const normal = normalSequence(seed)
  const positions = Float64Array.from({ length: 3 * atoms }, (_, k) => (k * 7.3) % edge_A(0))
  const isIon = (atom: number) => atom < ions
  writeStructureFile(file('structure'), {
    elements: Array.from({ length: atoms }, (_, atom) => (isIon(atom) ? 'Li' : 'F')),
    types: Array.from({ length: atoms }, (_, atom) => (isIon(atom) ? 'Li' : 'F_p')),
    positions,
    box: boxAt(0),
    topology: createTopology(atoms, []),
    charges: charged ? Float64Array.from({ length: atoms }, (_, atom) => (isIon(atom) ? 1 : -1)) : null,
    masses: Float64Array.from({ length: atoms }, (_, atom) => (isIon(atom) ? 6.941 : 18.998)),
    velocities: null,
    frozen: null,
  })
  const trajectory = createTrajectory(file('trajectory'), {
    atomCount: atoms,
    firstStep: 0,
    stepsPerFrame: 100,
    timestep_fs: 1,
  })
  for (let frame = 0; frame < frames; frame++) {
    const box = boxAt(frame)
    trajectory.append(wrapped ? wrapPositions(box, positions) : positions, box)
    const growth = edge_A(frame + 1) / edge_A(frame)
    for (let k = 0; k < 3 * atoms; k++)
      positions[k] = growth * positions[k]! + (k < 3 * ions ? step_A * normal() : 0)
  }
  trajectory.close()
  const values: Record<string, number> = { stage: 1, temperature_K: 500 }
  const rows = [0, frames - 1].map(frame => {
    const row = { ...values, step: 100 * frame, density_g_per_cm3: (EDGE_A / edge_A(frame)) ** 3 }
    return LOG_COLUMNS.map(column => (row as Record<string, number>)[column] ?? 0).join(',')
  })
  writeFileSync(file('log'), `${[LOG_COLUMNS.join(','), ...rows].join('\n')}\n`)
  writeManifest(file('manifest'), {
    command: [],
    recipe: parse(LIFSI_MD),
    inputs: [],
    versions: {},
    seed: 1,
    platform: null,
    precision: 'f64',
    constants: 'codata2018',
    wall_clock: { started_at: '', finished_at: null, wall_s: null },
  })
}
