import { existsSync } from 'node:fs'
import { stageStart } from '../dynamics/contract.ts'
import { densityOf } from '../dynamics/observe.ts'
import { runProtocol } from '../dynamics/simulate.ts'
import { EXIT, UserError } from '../errors.ts'
import { loadRecipe } from '../io/recipe.ts'
import { structureFormat, writeStructureFile } from '../io/structureFile.ts'
import { PLATFORM_CHOICES, prepareEvaluator } from '../platform/choose.ts'
import { checkBoxAgainstCutoff } from '../workflow/checks.ts'
import { plannedSteps } from '../workflow/md.ts'
import { overrideRecipe } from '../workflow/override.ts'
import { checkPlatform, prepareRun } from '../workflow/prepare.ts'
import { responsive } from '../workflow/responsive.ts'
import { command } from './command.ts'
import { createStopSignal } from './interrupt.ts'
import { checkWritable } from './outputFile.ts'
import { protocolListener } from './protocolProgress.ts'
import { fixed } from './table.ts'

export const buildCommand = command({
  usage: 'build <recipe>',
  summary: 'builds and relaxes a box from a recipe, and writes it',
  example: ['hoplite build runs/pvdf-box.yaml --out box.extxyz', 'pack, then every stage of the recipe'],
  positionals: {
    recipe: { type: 'string', demandOption: true, describe: 'recipe (YAML) with a build section' },
  },
  options: {
    out: { type: 'string', demandOption: true, describe: '.extxyz, .data (LAMMPS) or .vasp (POSCAR)' },
    seed: { type: 'number', describe: "replaces the recipe's seed" },
    platform: { choices: PLATFORM_CHOICES, default: 'auto' as const, describe: 'what computes' },
    'pack-only': { type: 'boolean', default: false, describe: 'no stages: the box as packed' },
    force: { type: 'boolean', default: false, describe: 'overwrite --out' },
  },
  async run(args, output) {
    structureFormat(args.out)
    checkWritable(args.out)
    if (existsSync(args.out) && !args.force) {
      throw new UserError({
        message: 'the file exists already',
        where: args.out,
        hint: 'give another --out, or --force',
      })
    }
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
    for (const { name, molecules, atoms_per_molecule } of buildReport.composition) {
      output.note(`${molecules} × ${name} of ${atoms_per_molecule} atoms`)
    }
    output.note(
      `${buildReport.atoms} atoms, net charge ${fixed(buildReport.net_charge_e, 4)} e, packed at ${buildReport.density_g_per_cm3.toFixed(3)} g/cm³, closest contact ${buildReport.closest_contact_A.toFixed(2)} Å`,
    )
    const stop = createStopSignal(undefined)
    const stages = args['pack-only'] ? [] : recipe.stages
    const progress = output.progress(recipe.name, plannedSteps(stages), 'steps')
    const listen = protocolListener(progress, text => output.note(text))
    let { state } = prepared
    let completed = true
    try {
      const events = runProtocol({
        system,
        stages,
        from: stageStart(state),
        constraints: recipe.constraints,
        prepare: async part => responsive(await prepareEvaluator(args.platform, part)),
        seed: recipe.seed,
        constants: prepared.constants,
        output: { thermo_every_ps: recipe.output.log_every_ps },
        signal: stop.signal,
      })
      for await (const event of events) {
        listen(event)
        if (event.kind === 'snapshot') {
          const { box, time_ps } = event.snapshot.state
          checkBoxAgainstCutoff(box, recipe.interactions.cutoff_A, `after ${time_ps} ps`)
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
    })
    output.text(`${system.atomCount} atoms at ${density.toFixed(4)} g/cm³ written to ${args.out}`)
    return EXIT.done
  },
})
