import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CoulombMethod, SpecialFactors } from '../../src/core/force.ts'
import type { System } from '../../src/core/system.ts'
import { type LammpsData, parseLammpsData } from '../../src/files/lammpsData.ts'
import type { LammpsStyles } from '../../src/files/lammpsStyles.ts'
import { lammpsSystem } from '../../src/files/lammpsSystem.ts'
import { KCAL_PER_MOL } from '../../src/units.ts'

export const GOLDEN_DIRECTORY = join(import.meta.dirname, '../golden/lammps')

/** What LAMMPS computed of one case, in the units of its data file (`real`: kcal/mol, `metal`: eV; Å). */
export interface Golden {
  readonly case: string
  /** Version of LAMMPS, yyyymmdd. */
  readonly lammps: string
  readonly units: 'real' | 'metal'
  readonly styles: LammpsStyles
  readonly cutoff_A: number
  /** `ewald`: converged to 1e-8; its α is the one LAMMPS chose. */
  readonly coulomb: { readonly name: 'cut' | 'dsf' | 'wolf' | 'ewald'; readonly alpha_per_A?: number } | null
  readonly mixing: 'geometric' | 'arithmetic'
  readonly special_lj: SpecialFactors
  readonly special_coulomb: SpecialFactors
  /** `pair` is evdwl; `coulomb` is ecoul; `coulomb_reciprocal` is elong, self term included. */
  readonly energy: Readonly<
    Record<
      'total' | 'pair' | 'coulomb' | 'coulomb_reciprocal' | 'bond' | 'angle' | 'dihedral' | 'improper',
      number
    >
  >
  /** [9] Σ r⊗f, row-major, energy units. */
  readonly virial: readonly number[]
  /** [N][3] unwrapped, as LAMMPS understood the file. */
  readonly positions_A: readonly (readonly number[])[]
  /** [N][3] Å/fs (real) or Å/ps (metal) */
  readonly velocities: readonly (readonly number[])[]
  readonly forces: readonly (readonly number[])[]
}

/** Names of all golden cases. */
export function goldenNames(): string[] {
  return readdirSync(GOLDEN_DIRECTORY)
    .filter(file => file.endsWith('.json'))
    .map(file => file.replace('.json', ''))
    .sort()
}

/** A golden case ready to replay: the system with LAMMPS's constants, and eV per energy unit of the golden numbers. */
export function loadGolden(name: string): {
  golden: Golden
  data: LammpsData
  system: System
  energyUnit_eV: number
} {
  const golden = JSON.parse(readFileSync(join(GOLDEN_DIRECTORY, `${name}.json`), 'utf8')) as Golden
  const file = join(GOLDEN_DIRECTORY, `${name}.data`)
  const data = parseLammpsData(readFileSync(file, 'utf8'), `${name}.data`)
  const { coulomb } = golden
  const interactions = {
    cutoff_A: golden.cutoff_A,
    truncation: 'plain',
    tail_correction: false,
    coulomb: coulomb?.name ?? 'none',
    coulomb_alpha_per_A: coulomb?.alpha_per_A,
    coulomb_accuracy: 1e-6,
    slab_correction: false,
  } as const
  const read = lammpsSystem(data, interactions, {
    styles: golden.styles,
    mixing: golden.mixing,
    specialLJ: golden.special_lj,
    specialCoulomb: golden.special_coulomb,
    constants: 'lammps',
  })
  const forces = read.forces.map(force =>
    force.kind === 'coulomb' ? { ...force, method: goldenCoulomb(coulomb!) } : force,
  )
  const system = { ...read, forces }
  return { golden, data, system, energyUnit_eV: golden.units === 'real' ? KCAL_PER_MOL : 1 }
}

function goldenCoulomb({ name, alpha_per_A = 0 }: NonNullable<Golden['coulomb']>): CoulombMethod {
  if (name === 'cut') return { name }
  if (name !== 'ewald') return { name, alpha_per_A }
  // e^(−k²/4α²) = 1e-12 at the cut-off: converged beyond LAMMPS's own sum.
  return { name, alpha_per_A, kCutoff_per_A: 2 * alpha_per_A * Math.sqrt(-Math.log(1e-12)) }
}
