import { boxSummary } from '../analysis/boxes.ts'
import { boxSlopesOf, type Comparison } from '../analysis/comparison.ts'
import { meanOf } from '../analysis/estimate.ts'
import { mean } from '../analysis/stats.ts'
import type {
  PublishedRatio,
  PublishedSlope,
  SystemReport,
  Thermo,
  TransportReport,
} from '../report/model.ts'
import { ionLabel } from '../run/groups.ts'
import { type LoadedRun, productionColumn } from '../run/loadRun.ts'
import { provenance } from '../run/machine.ts'
import { conductionOf } from './conduction.ts'
import { hostOf } from './host.ts'
import { moleculeOf } from './molecule.ts'
import { type HopCount, motionOf } from './motion.ts'
import { surroundingsOf } from './surroundings.ts'
import { type AnalysedSystem, axisSlopes, slopeAgainstLength } from './transport.ts'
import { calibrationRows, checksOf } from './trust.ts'

/** Texts, colours and published values of a report, which the runs do not contain. */
export interface ReportContext {
  readonly title: string
  /** Commands that made the runs, each without the name of the program. */
  readonly commands: readonly (readonly string[])[]
  /** Longer names, by system. */
  readonly labels?: Readonly<Record<string, string>>
  readonly colors?: Readonly<Record<string, string>>
  readonly published?: readonly PublishedSlope[]
  readonly publishedRatio?: PublishedRatio | null
}

/** Makes the report of some systems; the comparison is that of the second over the first. */
export async function transportReport(
  systems: readonly [AnalysedSystem, ...AnalysedSystem[]],
  comparison: Comparison | null,
  context: ReportContext,
): Promise<TransportReport> {
  const { species } = systems[0]
  const runs = systems.flatMap(system => system.runs)
  const mechanisms = await mechanismsOf(systems)
  const [first, ...rest] = systems.map((system, k) => systemReport(system, mechanisms[k]!.shown, context))
  return {
    title: context.title,
    species,
    speciesLabel: ionLabel(species),
    systems: [first!, ...rest],
    comparison,
    published: context.published ?? [],
    publishedRatio: context.publishedRatio ?? null,
    study: null,
    checks: checksOf(
      systems,
      mechanisms.map(({ hops }) => hops),
    ),
    calibration: calibrationRows(runs),
    provenance: provenance(
      context.commands,
      systems.flatMap(({ name, runs }) =>
        runs.map(run => ({
          system: name,
          run,
          own: {
            precision: PRECISIONS[run.manifest.precision],
            rate_ns_per_day: run.results?.ns_per_day ?? Number.NaN,
          },
        })),
      ),
    ),
  }
}

/** Surroundings, motion, host and conductivity of one system, with its number of hops. */
export interface Mechanism {
  readonly shown: Pick<SystemReport, 'rdfs' | 'coordination' | 'ionClusters' | 'vanHove' | 'mechanism'>
  readonly hops: HopCount | null
}

/** The mechanism in every system, by the same measures, so that they compare. Reads their trajectories once more. */
export async function mechanismsOf(systems: readonly AnalysedSystem[]): Promise<Mechanism[]> {
  const surroundings = await surroundingsOf(systems)
  return systems.map((system, k) => {
    const { quantities, ...near } = surroundings[k]!
    const { hops, vanHove, quantities: moving } = motionOf(system)
    const mechanism = [...quantities, ...moving, ...hostOf(system), ...conductionOf(system)]
    return { shown: { ...near, vanHove, mechanism }, hops }
  })
}

const PRECISIONS = {
  f64: 'f64 forces and integration',
  mixed: 'f32 forces, f64 integration',
  f32: 'f32 forces and integration',
} as const
const FIT_NAMES = { generalised: 'generalised least squares', uniform: 'ordinary least squares' } as const

function systemReport(
  system: AnalysedSystem,
  mechanism: Mechanism['shown'],
  context: ReportContext,
): SystemReport {
  const { transport, runs, species } = system
  const [run] = runs as readonly [LoadedRun, ...LoadedRun[]]
  const production = run.recipe.stages[run.productionStage]!
  const densities = runs.map(r => mean(productionColumn(r, 'density_g_per_cm3')))
  const settling = slopeAgainstLength(system)
  const slopes = boxSlopesOf(system)
  return {
    name: system.name,
    label: context.labels?.[system.name] ?? system.name,
    color: context.colors?.[system.name] ?? null,
    atoms: run.structure.elements.length,
    ions: transport.ions,
    temperature_K:
      ('temperature_K' in production ? production.temperature_K : undefined) ??
      mean(productionColumn(run, 'temperature_K')),
    chargeScale: run.recipe.system.charge_scale,
    density_g_per_cm3: {
      value: mean(densities),
      standardError: densities.length > 1 ? meanOf(densities).standardError : null,
      status: production.kind === 'npt' ? 'predicted' : 'chosen',
    },
    replicas: runs.map((replica, k) => ({
      seed: replica.recipe.seed,
      slope_A2_per_ps: slopes[k]!,
      lag_ps: system.msds[k]!.lag_ps,
      msd_A2: system.msds[k]!.mean_A2,
      thermo: thermoOf(replica),
    })),
    mean: {
      lag_ps: transport.lag_ps,
      msd_A2: transport.msd_A2,
      low_A2: transport.msd_low_A2,
      high_A2: transport.msd_high_A2,
    },
    slope_A2_per_ps: { value: transport.slope_A2_per_ps, ci95: transport.slope_ci95_A2_per_ps },
    boxes: boxSummary(slopes),
    axisSlopes_A2_per_ps: axisSlopes(system),
    fit: {
      from_ps: transport.fit_from_ps,
      to_ps: transport.fit_to_ps,
      method: FIT_NAMES[transport.weighting],
      other: {
        value: transport.other_slope_A2_per_ps,
        ci95: transport.other_slope_ci95_A2_per_ps,
        method: FIT_NAMES[transport.weighting === 'uniform' ? 'generalised' : 'uniform'],
      },
    },
    alpha: { value: transport.alpha, ci95: transport.alpha_ci95 },
    gamma: transport.gamma === null ? null : { value: transport.gamma, ci95: transport.gamma_ci95 },
    verdict: transport.verdict,
    alphaCurve: transport.alpha_curve,
    ...mechanism,
    slopeVsLength:
      settling.length < 2
        ? null
        : {
            length_ps: settling.map(s => s.length_ps),
            slope_A2_per_ps: settling.map(s => s.slope),
            low_A2_per_ps: settling.map(s => s.ci95[0]),
            high_A2_per_ps: settling.map(s => s.ci95[1]),
          },
    molecule: moleculeOf(run, system.surveys[0]!, species),
  }
}

function thermoOf(run: LoadedRun): Thermo {
  return {
    time_ps: productionColumn(run, 'time_ps'),
    temperature_K: productionColumn(run, 'temperature_K'),
    potential_eV: productionColumn(run, 'potential_eV'),
    conserved_eV: productionColumn(run, 'conserved_eV'),
    density_g_per_cm3: productionColumn(run, 'density_g_per_cm3'),
    pressure_bar: productionColumn(run, 'pressure_bar'),
  }
}
