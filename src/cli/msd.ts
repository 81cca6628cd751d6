import { realpathSync } from 'node:fs'
import { composition } from '../core/elements.ts'
import { EXIT, UserError } from '../errors.ts'
import { formatEstimate, formatMeasurement, formatNumber } from '../format.ts'
import { type LoadedRun, loadRun } from '../run/loadRun.ts'
import { diffusionOf, diffusionText } from '../transport/diffusion.ts'
import { type AnalysedSystem, analyseSystem, fitWindow } from '../transport/transport.ts'
import { remarksOn } from '../transport/trust.ts'
import { command } from './command.ts'
import { formatTable } from './output.ts'

/** Options of every command that fits a slope. */
export const fitOptions = {
  species: { type: 'string', describe: 'chemical symbol of the ions. Default: that of the recipe, or Li' },
  'fit-from_ps': { type: 'number', describe: 'start of the fit window, ps. Default: that of the recipe' },
  'fit-to_ps': { type: 'number', describe: 'end of the fit window, ps. Default: that of the recipe' },
} as const

export const msdCommand = command({
  usage: 'msd <run..>',
  summary: 'compute the mean-squared displacement: exponent, slope with interval, verdict',
  example: [
    'hoplite msd runs/pvdf-700K --fit-from_ps 2 --fit-to_ps 12',
    'one run; several run directories are replicas of one system',
  ],
  positionals: {
    run: {
      type: 'string',
      array: true,
      demandOption: true,
      describe: 'run directories: replicas of one system',
    },
  },
  options: {
    ...fitOptions,
    viscosity_mPa_s: {
      type: 'number',
      describe: 'shear viscosity, mPa s, for the finite-size correction of D. Default: that of the recipe',
    },
    strict: { type: 'boolean', default: false, describe: 'exit with code 3 unless the MSD is diffusive' },
  },
  async run(args, output) {
    const runs = loadReplicas(args.run)
    const window = fitWindow(runs, { from_ps: args['fit-from_ps'], to_ps: args['fit-to_ps'] })
    const system = await analyseSystem({ name: runs[0]!.name, runs }, speciesOf(runs, args.species), window)
    const diffusion = diffusionOf(system, args.viscosity_mPa_s)
    const warnings = remarksOn(system)
    output.document({ ...system.transport, diffusion, warnings })
    output.text(describeSystems([system]))
    output.text(gammaText(system.transport))
    if (diffusion) output.text(diffusionText(diffusion))
    for (const warning of warnings) output.warn(warning)
    const { verdict } = system.transport
    if (verdict !== 'diffusive') {
      const regime =
        verdict === 'undetermined'
          ? 'there is too little data to say whether the MSD is diffusive'
          : `the MSD is ${verdict}`
      output.warn(`${regime}: this is an apparent slope, not a diffusion coefficient`)
    }
    return args.strict && verdict !== 'diffusive' ? EXIT.notConverged : EXIT.done
  },
})

/**
 * Loads the replicas of one system.
 * @throws UserError of `loadRun`; for a run that is given twice, which would make intervals too narrow; for runs that
 * differ in composition or in the time between frames
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

/** Checks that a description is the same for all runs. @throws UserError naming the first run that differs */
function expectSame(runs: readonly LoadedRun[], describe: (run: LoadedRun) => string, verb: string): void {
  const [first, ...others] = runs as [LoadedRun, ...LoadedRun[]]
  const odd = others.find(run => describe(run) !== describe(first))
  if (!odd) return
  throw new UserError({
    message: `these runs are no replicas: ${first.directory} ${verb} ${describe(first)}, ${odd.directory} ${describe(odd)}`,
    where: odd.directory,
    hint: 'replicas are runs of one recipe with other seeds or boxes; hoplite compare compares different systems',
  })
}

/** Atoms of a run, such as "12 Li, 24 F". */
function compositionText({ structure }: LoadedRun): string {
  return Object.entries(composition(structure.elements))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([element, count]) => `${count} ${element}`)
    .join(', ')
}

/** The species asked for, else that of the first run's recipe, else Li. */
export function speciesOf([run]: readonly LoadedRun[], asked: string | undefined): string {
  return asked ?? run?.recipe.analysis?.species ?? 'Li'
}

function gammaText({ gamma, gamma_ci95 }: AnalysedSystem['transport']): string {
  return gamma === null
    ? 'the slope is not positive throughout the window: no exponent after the intercept'
    : `exponent after the intercept γ = ${formatMeasurement({ value: gamma, ci95: gamma_ci95 })}`
}

/** A table of slopes and exponents, one line per system. */
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
