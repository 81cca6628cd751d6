import { existsSync } from 'node:fs'
import { buildSolidFrom } from '../bands/bandEnds.ts'
import type { BuildReport } from '../construct/pack.ts'
import type { State } from '../core/state.ts'
import type { Structure } from '../core/structure.ts'
import { densityOf } from '../core/system.ts'
import { stageStart } from '../dynamics/protocol.ts'
import { runProtocol } from '../dynamics/simulate.ts'
import { EXIT, type ExitCode, UserError } from '../errors.ts'
import { structureFormat, writeStructureFile } from '../files/structureFile.ts'
import { type PlatformChoice, prepareEvaluator } from '../platform/choose.ts'
import { loadPotential } from '../potentials/load.ts'
import { loadRecipe, overrideRecipe } from '../recipes/recipe.ts'
import { type LoadedSolidRecipe, loadSolidRecipe } from '../recipes/solidRecipe.ts'
import { plannedSteps, protocolStages } from '../recipes/stages.ts'
import { checkBoxAgainstCutoff } from '../run/checks.ts'
import { checkPlatform, type PreparedRun, prepareRun } from '../run/prepare.ts'
import { responsive } from '../run/responsive.ts'
import { command } from './command.ts'
import { checkWritable, createStopSignal, platformOption, wholeNumber } from './options.ts'
import { fixed, type Output } from './output.ts'
import { protocolListener } from './protocolProgress.ts'

export const buildCommand = command({
  usage: 'build <recipe>',
  summary: 'build a relaxed box, a crystal or a slab from a recipe and write it to a file',
  example: [
    'hoplite build runs/pvdf-box.yaml --out box.extxyz',
    'pack the box, then run every stage of the recipe',
  ],
  positionals: {
    recipe: { type: 'string', demandOption: true, describe: 'recipe (YAML) with a build section' },
  },
  options: {
    out: {
      type: 'string',
      demandOption: true,
      describe: 'file to write: .extxyz, .data (LAMMPS) or .vasp (POSCAR)',
    },
    seed: { type: 'number', describe: 'seed. Default: that of the recipe' },
    platform: platformOption('platform that computes forces'),
    'pack-only': { type: 'boolean', default: false, describe: 'pack the box and run no stage' },
    force: { type: 'boolean', default: false, describe: 'overwrite the file of --out' },
  },
  async run(args, output) {
    structureFormat(args.out)
    checkWritable(args.out)
    if (existsSync(args.out) && !args.force) {
      throw new UserError({
        message: 'the file exists already',
        where: args.out,
        hint: 'give another --out, or --force to overwrite it',
      })
    }
    const solid = loadSolidRecipe(args.recipe)
    if (solid) return writeSolid(solid, wholeNumber('--seed', args.seed, 0), args.out, output)
    const loaded = overrideRecipe(loadRecipe(args.recipe), { seed: args.seed })
    const prepared = prepareRun(loaded)
    const { recipe, system, structure, buildReport } = prepared
    await checkPlatform(args.platform, system)
    if (!buildReport) {
      throw new UserError({
        message: 'the recipe has no build section',
        where: loaded.where(['system']),
        hint: 'give system.build, or use hoplite md',
      })
    }
    const warnings: string[] = []
    const warn = (text: string) => {
      warnings.push(text)
      output.warn(text)
    }
    prepared.warnings.forEach(warn)
    for (const line of describePacking(buildReport)) output.note(line)
    const stages = args['pack-only'] ? [] : recipe.stages
    const { state, completed } = await carryOut(prepared, stages, args.platform, output, warn)
    if (!completed) {
      output.note('stopped: nothing was written')
      return EXIT.interrupted
    }
    writeStructureFile(args.out, {
      ...structure,
      positions: state.positions,
      box: state.box,
      velocities: stages.length > 0 ? state.velocities : null,
    })
    const density = densityOf(system.masses, state.box.volume)
    output.document({
      structure: args.out,
      ...buildReport,
      density_g_per_cm3: density,
      box_A: [...state.box.matrix],
      warnings,
    })
    output.text(`${system.atomCount} atoms at ${density.toFixed(4)} g/cm³ written to ${args.out}`)
    return EXIT.done
  },
})

/** Carries out the stages of a recipe after packing. @returns the last state; completed is false when a signal came */
async function carryOut(
  prepared: PreparedRun,
  stages: PreparedRun['recipe']['stages'],
  platform: PlatformChoice,
  output: Output,
  warn: (text: string) => void,
): Promise<{ state: State; completed: boolean }> {
  const { recipe, system, structure } = prepared
  const { topology } = structure
  const stop = createStopSignal(undefined)
  const progress = output.progress(recipe.name, plannedSteps(stages), 'steps')
  const listen = protocolListener(progress, { note: output.note, warn })
  let { state } = prepared
  let completed = true
  try {
    const events = runProtocol({
      system,
      stages: protocolStages(stages),
      from: stageStart(state),
      constraints: recipe.constraints,
      prepare: async part => responsive(await prepareEvaluator(platform, part)),
      seed: recipe.seed,
      constants: prepared.constants,
      output: { thermo_every_ps: recipe.output.log_every_ps },
      signal: stop.signal,
    })
    for await (const event of events) {
      listen(event)
      if (event.kind === 'snapshot') {
        const { box, time_ps } = event.snapshot.state
        checkBoxAgainstCutoff({ box, topology }, recipe.interactions.cutoff_A, `after ${time_ps} ps`)
      }
      if (event.kind === 'end') {
        state = event.snapshot.state
        completed = event.completed
      }
    }
  } finally {
    stop.dispose()
    progress.finish()
  }
  return { state, completed }
}

/** Writes a crystal or a slab at ideal positions, without relaxation. */
function writeSolid(
  { recipe, where }: LoadedSolidRecipe,
  seed: number | undefined,
  out: string,
  output: Output,
): ExitCode {
  const { potential, build } = recipe.system
  const { structure, report } = buildSolidFrom(build, seed ?? recipe.seed, path =>
    where(['system', 'build', ...path]),
  )
  if (potential !== undefined) checkTypes(structure, potential, where(['system', 'build']))
  const warnings = [
    ...report.notes,
    ...(structure.frozen && structureFormat(out) === 'lammps'
      ? ['a LAMMPS data file has no frozen atoms: write .extxyz or .vasp to keep them']
      : []),
  ]
  for (const warning of warnings) output.warn(warning)
  writeStructureFile(out, structure)
  const { formula, composition, stoichiometric, surface, notes } = report
  const frozen = structure.frozen?.reduce((sum, flag) => sum + flag, 0) ?? 0
  output.document({
    structure: out,
    atoms: structure.elements.length,
    frozen_atoms: frozen,
    formula,
    composition,
    stoichiometric,
    surface,
    notes,
    box_A: [...structure.box.matrix],
    warnings,
  })
  const cut = surface
    ? `, (${surface.miller.join(' ')}) slab of ${surface.layers} layers, ${surface.area_A2.toFixed(2)} Å², ${surface.thickness_A.toFixed(2)} Å thick, ${frozen} atoms frozen`
    : ''
  output.text(`${structure.elements.length} atoms, ${formula}${cut}; written to ${out}`)
  return EXIT.done
}

/** Checks the atom types of a solid. @throws UserError for a type that the potential lacks */
function checkTypes({ elements, types }: Structure, file: string, where: string): void {
  const potential = loadPotential(file)
  const atom = types?.findIndex(type => !potential.types[type]) ?? -1
  if (atom < 0) return
  const fitting = Object.entries(potential.types).flatMap(([name, { element }]) =>
    element === elements[atom] ? [name] : [],
  )
  throw new UserError({
    message: `'${potential.name}' has no atom type ${types![atom]}`,
    where,
    hint:
      fitting.length > 0
        ? `choose one for ${elements[atom]} under types: ${fitting.join(', ')}`
        : `it has no type for ${elements[atom]}`,
  })
}

/** Composition, charge and density of a packed box, a line each. */
function describePacking({ composition, ...box }: BuildReport): string[] {
  return [
    ...composition.map(
      ({ name, molecules, atoms_per_molecule }) => `${molecules} × ${name} of ${atoms_per_molecule} atoms`,
    ),
    `${box.atoms} atoms, net charge ${fixed(box.net_charge_e, 4)} e, packed at ${box.density_g_per_cm3.toFixed(3)} g/cm³, closest contact ${box.closest_contact_A.toFixed(2)} Å`,
  ]
}
