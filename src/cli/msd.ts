import { EXIT } from '../errors.ts'
import { formatEstimate } from '../report/format.ts'
import { loadRun } from '../workflow/loadRun.ts'
import { type AnalysedSystem, analyseSystem, fitWindow } from '../workflow/transport.ts'
import { command } from './command.ts'
import { formatTable } from './table.ts'

/** Options of every command that fits a slope. */
export const fitOptions = {
  species: { type: 'string', default: 'Li', describe: 'chemical symbol of the ions to follow' },
  'fit-from_ps': { type: 'number', describe: "start of the fit window; the recipe's when left out" },
  'fit-to_ps': { type: 'number', describe: 'its end' },
} as const

export const msdCommand = command({
  usage: 'msd <run..>',
  summary: 'mean-squared displacement, exponent, slope with interval, verdict',
  example: [
    'hoplite msd runs/pvdf-700K --fit-from_ps 2 --fit-to_ps 12',
    'several runs are replicas of one system',
  ],
  positionals: {
    run: { type: 'string', array: true, demandOption: true, describe: 'run directories: replicas' },
  },
  options: {
    ...fitOptions,
    strict: { type: 'boolean', default: false, describe: 'exit code 3 unless the MSD is diffusive' },
  },
  async run(args, output) {
    const runs = await Promise.all(args.run.map(loadRun))
    const window = fitWindow(runs, { from_ps: args['fit-from_ps'], to_ps: args['fit-to_ps'] })
    const system = analyseSystem(runs[0]!.name, runs, args.species, window)
    output.document(system.transport)
    output.text(describeSystems([system]))
    const { verdict } = system.transport
    if (verdict !== 'diffusive') {
      output.note(`the MSD is ${verdict}: this is an apparent slope, not a diffusion coefficient`)
    }
    return args.strict && verdict !== 'diffusive' ? EXIT.notConverged : EXIT.done
  },
})

/** Slopes and exponents, one system a line. */
export function describeSystems(systems: readonly AnalysedSystem[]): string {
  return formatTable(
    ['system', 'replicas', 'ions', 'window / ps', 'slope / Å²/ps', '95 %', 'α', '95 %', 'verdict'],
    systems.map(({ name, transport: t }) => [
      name,
      String(t.replicas),
      String(t.ions),
      `${t.fit_from_ps}–${t.fit_to_ps}`,
      ...cells(t.slope_A2_per_ps, t.slope_ci95_A2_per_ps),
      ...cells(t.alpha, t.alpha_ci95),
      t.verdict,
    ]),
  )
}

function cells(value: number, ci95: readonly [number, number]): [string, string] {
  const { value: text, interval, power } = formatEstimate({ value, ci95 })
  return [text + power, interval === null ? '–' : interval + power]
}
