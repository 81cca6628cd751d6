import { dirname } from 'node:path'
import { type BuildReport, buildBox } from '../build/pack.ts'
import type { Box } from '../core/box.ts'
import type { CoulombForce, CoulombMethod } from '../core/force.ts'
import { createState, type State } from '../core/state.ts'
import type { Structure } from '../core/structure.ts'
import type { System } from '../core/system.ts'
import { makeMoleculesWhole } from '../dynamics/molecules.ts'
import { ewaldMethod } from '../forces/ewald.ts'
import type { LoadedRecipe, Recipe } from '../io/recipe.ts'
import { readStructureFile } from '../io/structureFile.ts'
import { assign } from '../potentials/assign.ts'
import { loadPotential, type Potential } from '../potentials/load.ts'
import { CODATA_2018, type Constants, LAMMPS_METAL } from '../units.ts'
import { checkBoxAgainstCutoff, checkOverlaps } from './checks.ts'

/** A recipe turned into something that can be simulated. */
export interface PreparedRun {
  readonly recipe: Recipe
  readonly system: System
  readonly state: State
  /** Atoms, types and bonds, with molecules whole. */
  readonly structure: Structure
  readonly potential: Potential
  readonly constants: Constants
  /** null when the structure came from a file. */
  readonly buildReport: BuildReport | null
  /** Every file that the run depends on. */
  readonly inputs: readonly string[]
}

/** @throws UserError for anything wrong with the recipe, its files, or what they add up to */
export function prepareRun(loaded: LoadedRecipe): PreparedRun {
  const { recipe, path } = loaded
  const potential = loadPotential(recipe.system.potential)
  const { build, structure: structureFile } = recipe.system
  const inputs = [path, recipe.system.potential]
  let structure: Structure
  let buildReport: BuildReport | null = null
  if (build) {
    const built = buildBox(build, potential, recipe.seed, dirname(path))
    structure = built.structure
    buildReport = built.report
  } else {
    structure = readStructureFile(structureFile!)
    inputs.push(structureFile!)
    checkOverlaps(structure, structureFile!)
  }
  structure = { ...structure, positions: structure.positions.slice() }
  makeMoleculesWhole(structure.topology, structure.box, structure.positions)
  const constants = recipe.constants === 'lammps' ? LAMMPS_METAL : CODATA_2018
  const { interactions } = recipe
  checkBoxAgainstCutoff(structure.box, interactions.cutoff_A, structureFile ?? path)
  const withoutCharges = assign(structure, potential, {
    interactions: {
      cutoff_A: interactions.cutoff_A,
      truncation:
        interactions.lennard_jones === 'switched'
          ? { kind: 'switched', from_A: interactions.switch_from_A! }
          : { kind: interactions.lennard_jones },
      tailCorrection: interactions.tail_correction,
      coulomb: null,
    },
    chargeScale: recipe.system.charge_scale,
    hydrogenMass_g_per_mol: recipe.system.hydrogen_mass_g_per_mol,
  })
  const coulomb: CoulombForce = {
    kind: 'coulomb',
    method: coulombMethod(interactions, structure.box, withoutCharges.charges),
    cutoff_A: interactions.cutoff_A,
    constant_eV_A: constants.coulomb_eV_A,
    special: potential.special.coulomb,
    erfc: 'exact',
    slabCorrection: false,
  }
  const system = { ...withoutCharges, forces: [...withoutCharges.forces, coulomb] }
  const state = createState(structure.positions, structure.box, structure.velocities ?? undefined)
  return { recipe, system, state, structure, potential, constants, buildReport, inputs }
}

export interface CoulombChoice {
  readonly cutoff_A: number
  readonly coulomb: CoulombMethod['name']
  /** Required by dsf and wolf. */
  readonly coulomb_alpha_per_A?: number | undefined
  readonly coulomb_accuracy: number
}

/** Resolves a choice of electrostatics into the numbers a platform needs. */
export function coulombMethod(choice: CoulombChoice, box: Box, charges: Float64Array): CoulombMethod {
  const { coulomb: name, coulomb_alpha_per_A: alpha, coulomb_accuracy: accuracy, cutoff_A } = choice
  switch (name) {
    case 'cut':
      return { name }
    case 'dsf':
    case 'wolf':
      return { name, alpha_per_A: alpha! }
    case 'ewald':
    case 'pme':
      return ewaldMethod({ name, box, charges, cutoff_A, accuracy, alpha_per_A: alpha })
  }
}
