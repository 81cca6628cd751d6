import { join } from 'node:path'
import type { State } from '../../src/core/state.ts'
import type { System } from '../../src/core/system.ts'
import { bondedNeighbors } from '../../src/core/topology.ts'
import { parseLammpsStyles } from '../../src/files/lammpsStyles.ts'
import { prepareSinglePoint } from '../../src/run/singlePoint.ts'

export const PVDF = join(import.meta.dirname, 'pvdf')

/** Settings at which hoplite and LAMMPS are as accurate as GROMACS with its defaults: test/bench/accuracy.ts. */
export const EQUAL_ACCURACY = { hoplite: 1.8e-5, lammps: 1.5e-5 }

export interface PvdfChoice {
  readonly coulomb: 'pme' | 'ewald'
  readonly accuracy: number
  readonly cutoff_A?: number
  /** Lennard-Jones potentials end at zero: without it the energy jumps whenever a pair crosses the cut-off. */
  readonly shifted: boolean
}

/** The box of test/bench/pvdf, with its special factors, 1664 atoms. */
export function pvdfBox({ coulomb, accuracy, shifted, cutoff_A = 10 }: PvdfChoice): {
  readonly system: System
  readonly state: State
} {
  return prepareSinglePoint({
    file: join(PVDF, 'pvdf.data'),
    styles: parseLammpsStyles('pair=lj/cut/coul/long,bond=harmonic,angle=harmonic,dihedral=opls'),
    specialLJ: [0, 0, 0.5],
    specialCoulomb: [0, 0, 0.5],
    interactions: {
      cutoff_A,
      truncation: shifted ? 'shifted' : 'plain',
      coulomb,
      coulomb_accuracy: accuracy,
    },
    charges: { background: true },
    constants: 'codata2018',
  })
}

/** Hydrogens of that mass, taken from the atoms that they are bonded to. */
export function repartitioned(system: System, hydrogenMass_g_per_mol: number): System {
  const masses = system.masses.slice()
  bondedNeighbors(system.topology, system.atomCount).forEach(([heavy], i) => {
    if (system.elements[i] !== 'H') return
    masses[heavy!]! -= hydrogenMass_g_per_mol - masses[i]!
    masses[i] = hydrogenMass_g_per_mol
  })
  return { ...system, masses }
}
