import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Box, createBox } from '../../src/core/box.ts'
import type { CoulombForce, Force, RestraintForce } from '../../src/core/force.ts'
import type { System } from '../../src/core/system.ts'
import { createTopology } from '../../src/core/topology.ts'
import { assign } from '../../src/potentials/assign.ts'
import { loadPotential, type Potential } from '../../src/potentials/load.ts'
import { LAMMPS_METAL } from '../../src/units.ts'

export const FIXTURES = ['bulk-odh', 'a-bare', 'b-bare'] as const
export type FixtureName = (typeof FIXTURES)[number]

/** test/golden/neb; its README says what the keys are. */
export interface OxideFixture {
  readonly cell_A: readonly (readonly number[])[]
  readonly types: readonly string[]
  readonly charges_e: readonly number[]
  readonly frozen: readonly number[]
  readonly tethers: {
    readonly stiffness_eV_per_A2: number
    readonly atoms: readonly number[]
    readonly sites_A: readonly (readonly number[])[]
  }
  readonly cutoff_A: number
  readonly ewald: {
    readonly alpha_per_A: number
    readonly kCutoff_per_A: number
    readonly constant_eV_A: number
    readonly slabCorrection: boolean
  }
  readonly initial_energy_eV: number
  readonly relative_energies_eV: readonly number[]
  readonly first_forces_eV_per_A: readonly (readonly number[])[]
  readonly images_A: readonly (readonly (readonly number[])[])[]
}

export function loadFixture(name: FixtureName): OxideFixture {
  return JSON.parse(readFileSync(join(import.meta.dirname, `../golden/neb/${name}.json`), 'utf8'))
}

const oxide = (): Potential => loadPotential(join(import.meta.dirname, '../../potentials/pmmcs-lno.yaml'))

/** The fixture's system through the potential file; `charges` and `coulomb` replace what the fixture says. */
export function fixtureSystem(
  fixture: OxideFixture,
  changes: { readonly charges_e?: readonly number[]; readonly coulomb?: Partial<CoulombForce> } = {},
): { readonly system: System; readonly box: Box; readonly images: readonly Float64Array[] } {
  const potential = oxide()
  const box = createBox(fixture.cell_A.flat())
  const { slabCorrection, constant_eV_A, ...ewald } = fixture.ewald
  const coulomb = {
    method: { name: 'ewald', ...ewald },
    cutoff_A: fixture.cutoff_A,
    constant_eV_A,
    erfc: 'exact',
    slabCorrection,
    ...changes.coulomb,
  } as const
  const images = fixture.images_A.map(image => Float64Array.from(image.flat()))
  const structure = {
    elements: fixture.types.map(type => potential.types[type]!.element),
    types: fixture.types,
    positions: images[0]!,
    box,
    topology: createTopology(fixture.types.length, []),
    charges: Float64Array.from(changes.charges_e ?? fixture.charges_e),
    masses: null,
    velocities: null,
    frozen: null,
  }
  const { cutoff_A, tethers } = fixture
  const interactions = {
    cutoff_A,
    truncation: 'shifted',
    tail_correction: false,
    coulomb: 'none',
    coulomb_accuracy: 1e-6,
    slab_correction: false,
  } as const
  const assigned = assign(structure, potential, interactions, { charges: { background: true } })
  const restraint: RestraintForce = {
    kind: 'restraint',
    atoms: Int32Array.from(tethers.atoms),
    anchors: Float64Array.from(tethers.sites_A.flat()),
    stiffness: new Float64Array(tethers.atoms.length).fill(tethers.stiffness_eV_per_A2),
  }
  const charged: Force[] = [
    ...assigned.forces,
    { kind: 'coulomb', ...coulomb, special: potential.special.coulomb },
  ]
  const forces = tethers.atoms.length > 0 ? [...charged, restraint] : charged
  return { system: { ...assigned, forces }, box, images }
}

/** What LAMMPS is asked with: its own constants and its approximation of erfc. */
export const LAMMPS_COULOMB = { constant_eV_A: LAMMPS_METAL.coulomb_eV_A, erfc: 'lammps' } as const

/**
 * Energy and forces by LAMMPS, tethers left out. R12/r¹² is a Lennard-Jones term with σ = 100 Å, whose attraction is
 * 10⁻¹² of it. A slab stands in half its cell, which LAMMPS doubles again for the correction.
 */
export function runLammps(
  system: System,
  box: Box,
  positions: Float64Array,
): { readonly energy_eV: number; readonly forces: readonly number[] } {
  const coulomb = system.forces.find(force => force.kind === 'coulomb')!
  if (coulomb.method.name !== 'ewald') throw new TypeError('not an Ewald sum')
  const m = box.matrix
  const slab = coulomb.slabCorrection
  const count = system.typeNames.length
  const data = [
    'an oxide',
    '',
    `${system.atomCount} atoms`,
    `${count} atom types`,
    `0 ${m[0]} xlo xhi`,
    `0 ${m[4]} ylo yhi`,
    `0 ${slab ? m[8]! / 2 : m[8]} zlo zhi`,
    ...(m[3] === 0 ? [] : [`${m[3]} ${m[6]} ${m[7]} xy xz yz`]),
    '',
    'Atoms # charge',
    '',
    ...Array.from(system.typeIndex, (type, i) => {
      const [x, y, z] = positions.subarray(3 * i, 3 * i + 3)
      return `${i + 1} ${type + 1} ${system.charges[i]} ${x} ${y} ${z}`
    }),
  ]
  const coefficients = system.forces.flatMap(force => {
    if (force.kind !== 'pair') return []
    const width = force.parameters.length / count ** 2
    return system.typeNames.flatMap((_, a) =>
      system.typeNames.flatMap((_, b) => {
        const slot = a * count + b
        if (b < a || force.cutoffs[slot] === 0) return []
        const parameters = [...force.parameters.subarray(width * slot, width * (slot + 1))]
        const style =
          force.form === 'morse' ? `morse ${parameters.join(' ')}` : `lj/cut ${parameters[0]! / 4e24} 100`
        return [`pair_coeff ${a + 1} ${b + 1} ${style}`]
      }),
    )
  })
  const input = [
    'units metal',
    'atom_style charge',
    `boundary p p ${slab ? 'f' : 'p'}`,
    'box tilt large',
    'read_data oxide.data',
    'mass * 1',
    `pair_style hybrid/overlay coul/long ${coulomb.cutoff_A} morse ${coulomb.cutoff_A} lj/cut ${coulomb.cutoff_A}`,
    'pair_coeff * * coul/long',
    ...coefficients,
    'pair_modify shift yes table 0',
    'kspace_style ewald 1e-8',
    `kspace_modify gewald ${coulomb.method.alpha_per_A}${slab ? ' slab 2.0' : ''}`,
    'neighbor 1.0 bin',
    'run 0 post no',
    'print "energy $(pe:%.17g)"',
    'write_dump all custom forces.dump id fx fy fz modify sort id format float %.15g',
  ]
  const folder = mkdtempSync(join(tmpdir(), 'hoplite-oxide-'))
  try {
    writeFileSync(join(folder, 'oxide.data'), `${data.join('\n')}\n`)
    writeFileSync(join(folder, 'oxide.in'), `${input.join('\n')}\n`)
    const log = execFileSync('lmp', ['-in', 'oxide.in', '-log', 'none'], { cwd: folder, encoding: 'utf8' })
    const rows = readFileSync(join(folder, 'forces.dump'), 'utf8').trim().split('\n').slice(9)
    return {
      energy_eV: Number(/^energy (\S+)$/m.exec(log)![1]),
      forces: rows.flatMap(row => row.trim().split(/\s+/).slice(1).map(Number)),
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
