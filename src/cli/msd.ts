import { realpathSync } from 'node:fs'
import { composition } from '../core/elements.ts'
import { EXIT, UserError } from '../errors.ts'
import { formatEstimate, formatNumber } from '../format.ts'
import { type LoadedRun, loadRun } from '../run/loadRun.ts'
import { type AnalysedSystem, analyseSystem, fitWindow } from '../transport/transport.ts'
import { command } from './command.ts'
import { formatTable } from './table.ts'

/** Options of every command that fits a slope. */
export const fitOptions = {
  species: { type: 'string', describe: "chemical symbol of the ions to follow; the recipe's, or Li" },
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
    const runs = loadReplicas(args.run)
    const window = fitWindow(runs, { from_ps: args['fit-from_ps'], to_ps: args['fit-to_ps'] })
    const system = await analyseSystem({ name: runs[0]!.name, runs }, speciesOf(runs, args.species), window)
    output.document(system.transport)
    output.text(describeSystems([system]))
    const { verdict } = system.transport
    if (verdict !== 'diffusive') {
      output.note(`the MSD is ${verdict}: this is an apparent slope, not a diffusion coefficient`)
    }
    return args.strict && verdict !== 'diffusive' ? EXIT.notConverged : EXIT.done
  },
})

/**
 * Replicas of one system.
 * @throws UserError as `loadRun`; when a run would count twice, which would make intervals too narrow; when the boxes
 * do not hold the same atoms, or were not written equally often
 */
export function loadReplicas(directories: readonly string[]): LoadedRun[] {
  const runs = directories.map(loadRun)
  const places = directories.map(directory => realpathSync(directory))
  const twice = places.findIndex((place, k) => places.indexOf(place) < k)
  if (twice >= 0) {
    throw new UserError({
      message: 'the run is given twice',
      where: directories[twice]!,
      hint: 'replicas are different runs of one system',
    })
  }
  expectSame(runs, compositionText, 'holds')
  expectSame(runs, run => `${run.frameInterval_ps} ps`, 'has a frame every')
  return runs
}

/** @throws UserError when a run differs from the first in what a text says of it */
function expectSame(runs: readonly LoadedRun[], describe: (run: LoadedRun) => string, verb: string): void {
  const [first, ...others] = runs as [LoadedRun, ...LoadedRun[]]
  const odd = others.find(run => describe(run) !== describe(first))
  if (!odd) return
  throw new UserError({
    message: `these are no replicas: ${first.directory} ${verb} ${describe(first)}, ${odd.directory} ${describe(odd)}`,
    where: odd.directory,
    hint: 'replicas are runs of one recipe with other seeds or boxes; hoplite compare sets different systems side by side',
  })
}

/** Atoms of a run, such as "12 Li, 24 F". */
function compositionText({ structure }: LoadedRun): string {
  return Object.entries(composition(structure.elements))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([element, count]) => `${count} ${element}`)
    .join(', ')
}

/** The species asked for, else the one that the first run's recipe names, else Li. */
export function speciesOf([run]: readonly LoadedRun[], asked: string | undefined): string {
  return asked ?? run?.recipe.analysis?.species ?? 'Li'
}

/** Slopes and exponents, one system a line. */
export function describeSystems(systems: readonly Pick<AnalysedSystem, 'name' | 'transport'>[]): string {
  return formatTable(
    ['system', 'replicas', 'ions', 'window / ps', 'slope / Å²/ps', '95 %', 'α', '95 %', 'verdict'],
    systems.map(({ name, transport: t }) => [
      name,
      String(t.replicas),
      String(t.ions),
      `${formatNumber(t.fit_from_ps)}–${formatNumber(t.fit_to_ps)}`,
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
