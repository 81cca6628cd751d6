import { dirname } from 'node:path'
import { type BuildReport, buildBox } from '../construct/pack.ts'
import { type Box, scaleBox } from '../core/box.ts'
import type { CoulombForce, CoulombMethod } from '../core/force.ts'
import { makeMoleculesWhole } from '../core/molecules.ts'
import { createState, type State } from '../core/state.ts'
import type { Structure } from '../core/structure.ts'
import type { System } from '../core/system.ts'
import { densityOf } from '../core/system.ts'
import { closest } from '../core/yaml.ts'
import { UserError } from '../errors.ts'
import { readStructureFile } from '../files/structureFile.ts'
import { ewaldMethod } from '../forces/ewald.ts'
import { type PlatformChoice, prepareEvaluator } from '../platform/choose.ts'
import { assign } from '../potentials/assign.ts'
import { loadPotential, type Potential } from '../potentials/load.ts'
import { filesOfBuild, type LoadedRecipe, type Recipe } from '../recipes/recipe.ts'
import { CODATA_2018, type Constants, LAMMPS_METAL } from '../units.ts'
import {
  about,
  checkBoxAgainstCutoff,
  checkNothingFrozen,
  checkOverlaps,
  checkPositions,
  namedFile,
} from './checks.ts'

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
  const { recipe, path, where } = loaded
  const potential = loadPotential(namedFile(recipe.system.potential, where(['system', 'potential'])))
  const { build, structure: structureFile } = recipe.system
  const inputs = [path, recipe.system.potential]
  let structure: Structure
  let buildReport: BuildReport | null = null
  if (build) {
    const built = about(where(['system', 'build']), () =>
      buildBox(build, potential, recipe.seed, dirname(path)),
    )
    structure = built.structure
    buildReport = built.report
    inputs.push(...filesOfBuild(build))
  } else {
    structure = readStructureFile(namedFile(structureFile!, where(['system', 'structure'])))
    inputs.push(structureFile!)
    checkNothingFrozen(structure, structureFile!)
    checkPositions(structure, structureFile!)
    checkOverlaps(structure, structureFile!)
  }
  structure = { ...structure, positions: structure.positions.slice() }
  makeMoleculesWhole(structure.topology, structure.box, structure.positions)
  const constants = recipe.constants === 'lammps' ? LAMMPS_METAL : CODATA_2018
  const { interactions } = recipe
  const origin = structureFile ?? path
  checkBoxAgainstCutoff(structure.box, interactions.cutoff_A, origin)
  const withoutCharges = about(origin, () =>
    assign(structure, potential, {
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
      allowNetCharge: recipe.system.neutralizing_background === true,
    }),
  )
  const coulomb: CoulombForce = {
    kind: 'coulomb',
    method: about(where(['interactions']), () =>
      coulombMethod(interactions, structure.box, withoutCharges.charges),
    ),
    cutoff_A: interactions.cutoff_A,
    constant_eV_A: constants.coulomb_eV_A,
    special: potential.special.coulomb,
    erfc: recipe.constants === 'lammps' ? 'lammps' : 'exact',
    slabCorrection: false,
  }
  const system = { ...withoutCharges, forces: [...withoutCharges.forces, coulomb] }
  checkStages(loaded, system, structure.box)
  checkSpecies(loaded, structure)
  const state = createState(structure.positions, structure.box, structure.velocities ?? undefined)
  return { recipe, system, state, structure, potential, constants, buildReport, inputs }
}

/** What a trajectory file can count to. */
const MOST_STEPS = 2 ** 31 - 1

/** @throws UserError for a stage that could only fail after hours */
function checkStages({ recipe, where }: LoadedRecipe, system: System, box: Box): void {
  const { stages, interactions, output } = recipe
  let steps = 0
  stages.forEach((stage, index) => {
    if (!('time_ps' in stage)) return
    steps += (stage.time_ps * 1000) / stage.timestep_fs
    if (steps > MOST_STEPS) {
      throw new UserError({
        message: `the stages up to ${stage.name} take ${steps.toPrecision(3)} steps`,
        where: where(['stages', index, 'time_ps']),
        hint: `a run has at most ${MOST_STEPS} steps`,
      })
    }
    if (!('density_end_g_per_cm3' in stage) || stage.density_end_g_per_cm3 === undefined) return
    const shrunk = densityOf(system.masses, box.volume) / stage.density_end_g_per_cm3
    checkBoxAgainstCutoff(
      scaleBox(box, Math.cbrt(shrunk)),
      interactions.cutoff_A,
      where(['stages', index, 'density_end_g_per_cm3']),
    )
  })
  const production = stages.at(-1)!
  if (!('time_ps' in production)) return
  const stepsPerFrame = (output.trajectory_every_ps * 1000) / production.timestep_fs
  if (stepsPerFrame <= MOST_STEPS) return
  throw new UserError({
    message: `trajectory_every_ps is ${output.trajectory_every_ps}: ${stepsPerFrame.toPrecision(3)} steps`,
    where: where(['output', 'trajectory_every_ps']),
    hint: `frames may be at most ${MOST_STEPS} steps apart`,
  })
}

/** @throws UserError when the recipe asks for the motion of what is not there */
function checkSpecies({ recipe, where }: LoadedRecipe, { elements }: Structure): void {
  const species = recipe.analysis?.species
  if (species === undefined || elements.includes(species)) return
  const present = [...new Set(elements)]
  const near = closest(species, present)
  throw new UserError({
    message: `the box has no ${species}`,
    where: where(['analysis', 'species']),
    hint: near ? `did you mean ${near}?` : `elements: ${present.join(', ')}`,
  })
}

/** @throws UserError when the platform is not to be had here, or lacks something that the system needs */
export async function checkPlatform(choice: PlatformChoice, system: System): Promise<void> {
  const evaluator = await prepareEvaluator(choice, system, { threads: 1 })
  await evaluator.dispose()
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
