import { dirname } from 'node:path'
import { type BuildReport, buildBox } from '../construct/pack.ts'
import { scaleBox } from '../core/box.ts'
import { makeMoleculesWhole } from '../core/molecules.ts'
import { createState, type State } from '../core/state.ts'
import type { Structure } from '../core/structure.ts'
import type { System } from '../core/system.ts'
import { densityOf } from '../core/system.ts'
import { closest } from '../core/yaml.ts'
import { UserError } from '../errors.ts'
import { readStructureFile } from '../files/structureFile.ts'
import { type PlatformChoice, prepareEvaluator } from '../platform/choose.ts'
import { loadPotential, type Potential } from '../potentials/load.ts'
import { filesOfBuild, type LoadedRecipe, type Recipe } from '../recipes/recipe.ts'
import { CODATA_2018, type Constants, LAMMPS_METAL } from '../units.ts'
import { assemble } from './assemble.ts'
import { about, checkBoxAgainstCutoff, namedFile } from './checks.ts'

/** The system, the start and the stages of a recipe, ready to be simulated. */
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
  /** Changes to charges that were asked for, one line each. */
  readonly remarks: readonly string[]
  /** Lines without which the energy cannot be trusted: vacuum without a correction, a net charge. */
  readonly warnings: readonly string[]
  /** Every file that the run depends on. */
  readonly inputs: readonly string[]
}

/** @throws UserError for anything wrong with the recipe, its files, or what they add up to */
export function prepareRun(loaded: LoadedRecipe): PreparedRun {
  const { recipe, path, where } = loaded
  const { build, structure: structureFile } = recipe.system
  const potential = loadPotential(namedFile(recipe.system.potential, where(['system', 'potential'])))
  const built = build
    ? about(where(['system', 'build']), () => buildBox(build, potential, recipe.seed, dirname(path)))
    : null
  const read =
    built?.structure ?? readStructureFile(namedFile(structureFile!, where(['system', 'structure'])))
  const whole = { ...read, positions: read.positions.slice() }
  makeMoleculesWhole(whole.topology, whole.box, whole.positions)
  const { interactions, constants } = recipe
  const charges = {
    scale: recipe.system.charge_scale,
    background: recipe.system.neutralizing_background === true,
  }
  const { system, structure, remarks, warnings } = assemble(whole, potential, interactions, charges, {
    name: structureFile ?? path,
    where: key => where(['interactions', key]),
    constants,
    hydrogenMass_g_per_mol: recipe.system.hydrogen_mass_g_per_mol,
    built: built !== null,
    tethers: recipe.tethers,
    frozen: 'refused',
    smallCells: 'without bonds',
  })
  checkStages(loaded, system, structure)
  checkSpecies(loaded, structure)
  return {
    recipe,
    system,
    state: createState(structure.positions, structure.box, structure.velocities ?? undefined),
    structure,
    potential,
    constants: constants === 'lammps' ? LAMMPS_METAL : CODATA_2018,
    buildReport: built?.report ?? null,
    remarks,
    warnings,
    inputs: [
      path,
      recipe.system.potential,
      ...(build ? filesOfBuild(build) : [structureFile!]),
      ...(recipe.tethers?.to === undefined ? [] : [recipe.tethers.to]),
    ],
  }
}

/** Number of steps that a trajectory file can count. */
const MOST_STEPS = 2 ** 31 - 1

/** @throws UserError for a stage that could only fail after hours */
function checkStages({ recipe, where }: LoadedRecipe, system: System, { box, topology }: Structure): void {
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
      { box: scaleBox(box, Math.cbrt(shrunk)), topology },
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
