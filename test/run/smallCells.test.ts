import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createBox } from '../../src/core/box.ts'
import type { Force } from '../../src/core/force.ts'
import { createState, type State } from '../../src/core/state.ts'
import type { System } from '../../src/core/system.ts'
import { createTopology } from '../../src/core/topology.ts'
import { stageStart } from '../../src/dynamics/protocol.ts'
import { runProtocol } from '../../src/dynamics/simulate.ts'
import { writeStructureFile } from '../../src/files/structureFile.ts'
import { ewaldMethod } from '../../src/forces/ewald.ts'
import { type PlatformKey, prepareEvaluator } from '../../src/platform/choose.ts'
import { randomSequence, STREAM } from '../../src/rng.ts'
import { replicate } from '../../src/run/replicate.ts'
import { CODATA_2018 } from '../../src/units.ts'
import { hoplite, ROOT } from '../cli/hoplite.ts'
import { NO_CONSTRAINTS, spread, stageOf } from '../dynamics/helpers/run.ts'
import { rockSalt } from '../tools/crystals.ts'
import { temporaryFolder } from '../tools/folder.ts'

interface Crystal {
  readonly system: System
  readonly state: State
}

const FACES = [
  [0, 0, 0],
  [0.5, 0.5, 0],
  [0.5, 0, 0.5],
  [0, 0.5, 0.5],
] as const

/** Atoms at fractions of a cubic cell that is sheared by a twentieth, with thermal velocities and no momentum. */
function crystal(
  edge_A: number,
  sites: readonly { at: readonly number[]; element: string; mass: number; charge: number; type: number }[],
  forces: (box: State['box'], charges: Float64Array) => readonly Force[],
): Crystal {
  const box = createBox([edge_A, 0, 0, edge_A / 20, edge_A, 0, 0, -edge_A / 20, edge_A])
  const m = box.matrix
  const positions = sites.flatMap(({ at: [a, b, c] }) =>
    [0, 1, 2].map(k => a! * m[k]! + b! * m[3 + k]! + c! * m[6 + k]!),
  )
  const random = randomSequence(3, STREAM.velocities)
  const velocities = sites.flatMap(({ mass }) =>
    [0, 1, 2].map(() => (3 * random.normal()) / Math.sqrt(mass / 20)),
  )
  const total = sites.reduce((sum, { mass }) => sum + mass, 0)
  for (let k = 0; k < 3; k++) {
    const drift = sites.reduce((sum, { mass }, i) => sum + mass * velocities[3 * i + k]!, 0) / total
    for (let i = 0; i < sites.length; i++) velocities[3 * i + k]! -= drift
  }
  const charges = Float64Array.from(sites, ({ charge }) => charge)
  const typeIndex = Int32Array.from(sites, ({ type }) => type)
  const system: System = {
    atomCount: sites.length,
    elements: sites.map(({ element }) => element),
    typeNames: ['A', 'B'].slice(0, Math.max(...typeIndex) + 1),
    typeIndex,
    masses: Float64Array.from(sites, ({ mass }) => mass),
    charges,
    topology: createTopology(sites.length, []),
    forces: forces(box, charges),
  }
  return { system, state: createState(positions, box, velocities) }
}

/** Argon, 4 atoms in a cell of 5.4 Å, with a cut-off of 8.5 Å: three images and more of every atom count. */
const argon = crystal(
  5.4,
  FACES.map(at => ({ at, element: 'Ar', mass: 39.948, charge: 0, type: 0 })),
  () => [
    {
      kind: 'pair',
      form: 'lennard-jones',
      parameters: Float64Array.of(0.0103, 3.405),
      cutoffs: Float64Array.of(8.5),
      truncation: { kind: 'switched', from_A: 7 },
      tailCorrection: false,
      special: [0, 0, 0],
    },
  ],
)

/** Lithium fluoride, 8 atoms in a cell of 4.1 Å, Buckingham pairs and an Ewald sum with a cut-off of 7 Å. */
const salt = crystal(
  4.1,
  [
    ...FACES.map(at => ({ at, element: 'Li', mass: 6.94, charge: 1, type: 0 })),
    ...FACES.map(([a, b, c]) => ({ at: [a + 0.5, b, c], element: 'F', mass: 18.998, charge: -1, type: 1 })),
  ],
  (box, charges) => {
    const [A, rho, cutoff_A] = [292.3, 0.2793, 7]
    const parameters = Float64Array.of(0, 1, 0, A, rho, 0, A, rho, 0, 1127.7, 0.2753, 15.83)
    return [
      {
        kind: 'pair',
        form: 'buckingham',
        parameters,
        cutoffs: new Float64Array(4).fill(cutoff_A),
        truncation: { kind: 'switched', from_A: 6 },
        tailCorrection: false,
        special: [0, 0, 0],
      },
      {
        kind: 'coulomb',
        method: ewaldMethod({ name: 'ewald', box, charges, cutoff_A, accuracy: 1e-8 }),
        cutoff_A,
        constant_eV_A: CODATA_2018.coulomb_eV_A,
        special: [0, 0, 0],
        erfc: 'exact',
        slabCorrection: false,
      },
    ]
  },
)

async function motion(
  platform: PlatformKey,
  { system, state }: Crystal,
  timestep_fs: number,
  time_ps: number,
) {
  const conserved: number[] = []
  const events = runProtocol({
    system,
    stages: [stageOf({ kind: 'nve', time_ps, timestep_fs })],
    from: stageStart(state),
    constraints: NO_CONSTRAINTS,
    prepare: part => prepareEvaluator(platform, part, { threads: 1 }),
    seed: 5,
    output: { thermo_every_ps: 0.02 },
  })
  for await (const event of events) {
    if (event.kind === 'thermo') conserved.push(event.row.conserved_eV)
    if (event.kind === 'end') return { conserved, state: event.snapshot.state, timestep_fs }
  }
  throw new Error('the protocol ended without a word')
}

const CRYSTALS = [
  ['argon in a cell smaller than its cut-off', argon, 8],
  ['lithium fluoride in a cell smaller than its cut-off', salt, 2],
] as const

describe.each(CRYSTALS)('%s', (_, one, timestep_fs) => {
  it('moves on reference as its copies in a cell of 2 × 2 × 2 do', async () => {
    const time_ps = 0.2
    const alone = await motion('reference', one, timestep_fs / 2, time_ps)
    const copies = await motion('reference', replicate(one.system, one.state, 2), timestep_fs / 2, time_ps)
    const { matrix } = one.state.box
    const moved = one.state.positions.map((x, k) => alone.state.positions[k]! - x)
    expect(Math.max(...moved.map(Math.abs))).toBeGreaterThan(0.1)
    copies.state.positions.forEach((x, k) => {
      const copy = Math.floor(k / one.state.positions.length)
      const cell = [Math.floor(copy / 4), Math.floor(copy / 2) % 2, copy % 2]
      const shift = cell.reduce((sum, times, axis) => sum + times * matrix[3 * axis + (k % 3)]!, 0)
      expect(Math.abs(x - shift - alone.state.positions[k % one.state.positions.length]!)).toBeLessThan(1e-6)
    })
  })

  it('has an energy on reference that is conserved but for an error of dt²', async () => {
    const coarse = spread((await motion('reference', one, timestep_fs, 2)).conserved)
    const fine = spread((await motion('reference', one, timestep_fs / 2, 2)).conserved)
    expect(coarse / fine).toBeGreaterThan(3.5)
    expect(coarse / fine).toBeLessThan(4.5)
  })

  it.each(['simd', 'gpu:cpu'] as const)(
    'has an energy on %s that is conserved as well as on reference',
    async platform => {
      const other = await motion(platform, one, timestep_fs / 2, 1)
      const reference = await motion('reference', one, timestep_fs / 2, 1)
      expect(spread(other.conserved)).toBeLessThan(1.2 * spread(reference.conserved))
    },
  )
})

describe('hoplite md', () => {
  const folder = temporaryFolder()

  it('runs a crystal of 8 atoms in a cell smaller than its cut-off, also at constant pressure, and says so', async () => {
    const crystal = { ...rockSalt(4.18, { element: 'Ni', type: 'Ni2' }) }
    writeStructureFile(join(folder, 'nio.extxyz'), crystal)
    writeFileSync(
      join(folder, 'md.yaml'),
      `name: nio
seed: 3
system: { potential: ${join(ROOT, 'potentials/lewis-catlow.yaml')}, structure: nio.extxyz }
interactions: { cutoff_A: 8, coulomb: pme, coulomb_accuracy: 1.0e-4 }
stages:
  - { name: warm, kind: npt, time_ps: 0.05, timestep_fs: 1, temperature_K: 300, new_velocities: true, compressibility_per_bar: 5.0e-7 }
  - { name: produce, kind: nve, time_ps: 0.5, timestep_fs: 1 }
output: { trajectory_every_ps: 0.05, log_every_ps: 0.01, checkpoint_every_ps: 0.1 }
analysis: { species: Ni }
`,
    )
    const said = await hoplite('md', join(folder, 'md.yaml'), '--out', join(folder, 'run'), '--json')
    expect(said.code, said.stderr).toBe(0)
    expect(said.stderr).toContain('4.18 Å high in its shortest direction, less than twice the cut-off of 8 Å')
    const { completed, drift_meV_per_atom_ps } = JSON.parse(said.stdout)
    expect(completed).toBe(true)
    expect(Math.abs(drift_meV_per_atom_ps)).toBeLessThan(0.1)
  })
})
