import { compareSystems } from '../analysis/comparison.ts'
import { EXIT, UserError } from '../errors.ts'
import { writeFileAtomic } from '../files/files.ts'
import { formatInterval } from '../format.ts'
import { sentence } from '../report/answer.ts'
import { renderTransportReport } from '../report/page.ts'
import type { LoadedRun } from '../run/loadRun.ts'
import { analyseSystems, fitWindow } from '../transport/transport.ts'
import { transportReport } from '../transport/transportReport.ts'
import { remarksOn } from '../transport/trust.ts'
import { command } from './command.ts'
import { describeSystems, fitOptions, loadReplicas, speciesOf } from './msd.ts'
import { checkReportFile } from './options.ts'

export const compareCommand = command({
  usage: 'compare <system..>',
  summary: 'compare runs or groups of replicas: slopes, ratio with interval, null, structure',
  example: [
    'hoplite compare runs/pvdf-1,runs/pvdf-2 runs/dhf-1,runs/dhf-2 --out report.html',
    'two systems of two replicas',
  ],
  positionals: {
    system: {
      type: 'string',
      array: true,
      demandOption: true,
      describe: 'run directories of one system, replicas joined by commas',
    },
  },
  options: {
    ...fitOptions,
    out: { type: 'string', describe: 'file of the report page (.html). Default: none' },
  },
  async run(args, output, commandLine) {
    if (args.out !== undefined) checkReportFile(args.out)
    if (args.system.length < 2) {
      throw new UserError({
        message: 'a comparison needs two systems',
        where: 'command line',
        hint: 'hoplite compare RUN_A RUN_B',
      })
    }
    const groups = args.system.map(group => loadReplicas(replicas(group)))
    const names = namesOf(groups)
    const species = speciesOf(groups.flat(), args.species)
    const window = fitWindow(groups.flat(), { from_ps: args['fit-from_ps'], to_ps: args['fit-to_ps'] })
    const named = groups.map((runs, k) => ({ name: names[k]!, runs }))
    const [first, second, ...rest] = await analyseSystems(named, species, window)
    const comparison = compareSystems({ numerator: second!, denominator: first! })
    const systems = [first!, second!, ...rest] as const
    const report = await transportReport(systems, comparison, {
      title: systems.map(({ name }) => name).join(' against '),
      commands: [commandLine],
    })
    const words = sentence(report)
    if (args.out !== undefined) writeFileAtomic(args.out, renderTransportReport(report))
    output.document({
      systems: systems.map(({ name, transport }) => ({ name, ...transport })),
      ratio: comparison.ratio.value,
      ratio_ci95: comparison.ratio.ci95,
      null_ratio_ci95: comparison.nullRatio_ci95,
      published: null,
      sentence: words,
    })
    output.text(describeSystems(systems))
    for (const remark of systems.flatMap(remarksOn)) output.warn(remark)
    output.text(words)
    output.text(`Ratio of two single boxes of one material: ${formatInterval(comparison.nullRatio_ci95)}.`)
    if (rest.length > 0)
      output.note(`the ratio is ${second!.name} over ${first!.name}; the other systems are listed only`)
    if (args.out !== undefined) output.text(`report: ${args.out}`)
    return EXIT.done
  },
})

/** The run directories of one system. @throws UserError for an empty name between commas */
function replicas(group: string): string[] {
  const directories = group.split(',')
  if (!directories.includes('')) return directories
  throw new UserError({
    message: `'${group}' has an empty name between commas`,
    where: 'command line',
    hint: 'join the replicas of a system by commas, without spaces: runs/a-1,runs/a-2',
  })
}

/** Names of the systems: that of the first replica, or its path where two names are equal. */
function namesOf(groups: readonly (readonly LoadedRun[])[]): string[] {
  const names = groups.map(([run]) => run!.name)
  const paths = groups.map(([run]) => run!.directory)
  const isUnique = (list: readonly string[], k: number) => list.filter(name => name === list[k]).length === 1
  return names.map((name, k) => {
    if (isUnique(names, k)) return name
    return isUnique(paths, k) ? paths[k]! : `${paths[k]} (${k + 1})`
  })
}
