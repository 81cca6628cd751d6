import { viscosityForShift } from '../analysis/diffusion.ts'
import { type Interval, mean } from '../analysis/stats.ts'
import { formatFixed, formatNumber } from '../format.ts'
import { originOf } from '../potentials/load.ts'
import type { CalibrationRow, Check } from '../report/model.ts'
import { DRIFT_LIMIT_kT_per_ns, driftLimit_meV_per_atom_ps, isDriftWarning } from '../run/conserved.ts'
import { type LoadedRun, productionColumn } from '../run/loadRun.ts'
import { diffusionOf, diffusionText, sizeOf } from './diffusion.ts'
import type { HopCount } from './motion.ts'
import type { AnalysedSystem } from './transport.ts'

/** Mean temperature may differ from its target by this fraction. */
const TEMPERATURE_TOLERANCE = 0.02
/** With fewer hops the interval of a slope is too narrow: `fitSlope`. */
const HOPS_WANTED = 10
/** Largest relative effect of the box on a slope that counts as small. */
const SMALL_SHIFT = 0.1
/** Replicas from which the scatter between boxes means something. */
const REPLICAS_WANTED = 3

/** Checks of temperature, pressure, drift, regime, hops, protocol, replicas and size of the box. */
export function checksOf(systems: readonly AnalysedSystem[], hops: readonly (HopCount | null)[]): Check[] {
  return [
    ...systems.flatMap((system, k) => [
      temperatureCheck(system),
      pressureCheck(system),
      ...trajectoryChecks(system),
      driftCheck(system),
      diffusiveCheck(system),
      hopCheck(system, hops[k] ?? null),
    ]),
    protocolCheck(systems),
    replicaCheck(systems),
    finiteSizeCheck(systems),
  ]
}

function temperatureCheck({ name, runs }: AnalysedSystem): Check {
  const means = runs.map(run => mean(productionColumn(run, 'temperature_K')))
  const targets = runs.map(targetTemperature)
  const target = targets[0] ?? null
  return {
    name: `${name}: temperature`,
    passed:
      target === null
        ? null
        : means.every((value, k) => Math.abs(value / targets[k]! - 1) < TEMPERATURE_TOLERANCE),
    detail: `${means.map(value => value.toFixed(1)).join(', ')} K${target === null ? '' : ` against ${target} K; within ${100 * TEMPERATURE_TOLERANCE} %`}`,
  }
}

/**
 * Mean pressures. At a chosen density the pressure shows the distance from the density at 1 bar. The logged pressure is
 * that of forces on atoms, which long steps shift through stiff angles; the barostat uses centres of mass.
 */
function pressureCheck({ name, runs }: AnalysedSystem): Check {
  const means = runs.map(run => mean(productionColumn(run, 'pressure_bar')))
  const atPressure = runs.every(run => run.recipe.stages[run.productionStage]!.kind === 'npt')
  const meaning = !atPressure
    ? 'at a chosen density: that of 1 bar is lower where this is positive'
    : runs.some(hasStiffAngles)
      ? 'by forces on atoms, some hundred bar too high with steps of 4 fs; the barostat uses the centres of molecules'
      : 'by forces on atoms'
  return {
    name: `${name}: pressure`,
    passed: null,
    detail: `${means.map(value => value.toFixed(0)).join(', ')} bar ${meaning}`,
  }
}

/** Constraints, or heavy hydrogens, that allow steps which shift the pressure through stiff angles. */
const hasStiffAngles = ({ recipe, structure }: LoadedRun) =>
  structure.topology.bonds.length > 0 &&
  (recipe.constraints.bonds !== 'none' || recipe.system.hydrogen_mass_g_per_mol !== undefined)

/** Relative change of the density in a production above which it is no single state. */
const DENSITY_CHANGE = 0.02
/** Part of the production at its start and at its end whose mean densities are compared. */
const END_PART = 0.1

/** Remarks on trajectories whose MSD needs care: positions that were wrapped, a density that changed. */
export function remarksOn({ runs, surveys }: Pick<AnalysedSystem, 'runs' | 'surveys'>): string[] {
  return runs.flatMap((run, k) => {
    const density = productionColumn(run, 'density_g_per_cm3')
    const count = Math.ceil(END_PART * density.length)
    const change = mean(density.slice(-count)) / mean(density.slice(0, count)) - 1
    return [
      ...(surveys[k]!.wasWrapped
        ? [`the trajectory of ${run.name} holds wrapped positions, which were unwrapped`]
        : []),
      ...(Math.abs(change) > DENSITY_CHANGE
        ? [
            `the density of ${run.name} changed by ${formatFixed(100 * change, 1)} % during the production, which is no single state; displacements are taken in the mean cell`,
          ]
        : []),
    ]
  })
}

const trajectoryChecks = (system: AnalysedSystem): Check[] =>
  remarksOn(system).map(detail => ({ name: `${system.name}: trajectory`, passed: false, detail }))

function targetTemperature(run: LoadedRun): number | null {
  const stage = run.recipe.stages[run.productionStage]!
  return stage.kind === 'nvt' || stage.kind === 'npt'
    ? (stage.temperature_end_K ?? stage.temperature_K)
    : null
}

function driftCheck({ name, runs }: AnalysedSystem): Check {
  const drifts = runs.map(run => run.results?.drift_meV_per_atom_ps ?? null)
  const limits = runs.map(run => driftLimit_meV_per_atom_ps(mean(productionColumn(run, 'temperature_K'))))
  const warnings = [...new Set(runs.flatMap(run => run.results?.warnings ?? []))].filter(isDriftWarning)
  const known = drifts.every(drift => drift !== null)
  return {
    name: `${name}: conserved quantity`,
    passed: known ? drifts.every((drift, k) => Math.abs(drift) < limits[k]!) && warnings.length === 0 : null,
    detail: known
      ? `drifts by ${drifts.map(drift => drift.toPrecision(2)).join(', ')} meV/atom/ps; limit ${limits[0]!.toPrecision(2)} (${DRIFT_LIMIT_kT_per_ns} kT per atom and ns)${warnings.map(warning => `; ${warning}`).join('')}`
      : 'a run has not finished, so its drift is not known',
  }
}

function diffusiveCheck({ name, transport }: AnalysedSystem): Check {
  const { alpha, alpha_ci95, gamma, gamma_ci95, verdict } = transport
  const shown = (value: number, [low, high]: Interval) =>
    `${value.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`
  const afterIntercept =
    gamma === null || gamma_ci95 === null ? '' : `, after the intercept γ = ${shown(gamma, gamma_ci95)}`
  return {
    name: `${name}: diffusive`,
    passed: verdict === 'diffusive',
    detail: `α = ${shown(alpha, alpha_ci95)}${afterIntercept}: ${verdict}${verdict === 'diffusive' ? '' : ', so the slope is an apparent slope'}`,
  }
}

function hopCheck({ name }: AnalysedSystem, count: HopCount | null): Check {
  const seen = count && `${count.hops} hops in all, of ${count.ions} ions`
  return {
    name: `${name}: hops`,
    passed: count && (count.crowded || count.hops >= HOPS_WANTED),
    detail: count?.crowded
      ? `${seen}, and more that run into each other`
      : seen
        ? `${seen}; with fewer than ${HOPS_WANTED} the slope says more of rattling, and its interval is too narrow`
        : 'too few frames, or too short, to see any',
  }
}

/** Effect of the size of the box on a slope; slopes are never corrected, diffusion coefficients where the viscosity is known. */
function finiteSizeCheck(systems: readonly AnalysedSystem[]): Check {
  const areCubic = systems.every(({ surveys }) => surveys.every(({ isCubic }) => isCubic))
  const coefficients = areCubic ? systems.map(system => diffusionOf(system)) : [null]
  if (coefficients.every(found => found?.finite_size)) {
    const texts = coefficients.map((found, k) => `${systems[k]!.name}: ${diffusionText(found!)}`)
    return { name: 'size of the box', passed: null, detail: texts.join('; ') }
  }
  const thinnest = systems.map(system => {
    const { name, transport } = system
    const box = sizeOf(system)
    const slope = transport.slope_A2_per_ps
    if (!(slope > 0)) return `no known one (${name}: the slope is not positive)`
    const viscosity_mPa_s = viscosityForShift(slope, SMALL_SHIFT, box)
    return `${formatNumber(viscosity_mPa_s, 2)} mPa s (${name}, ${box.edge_A.toFixed(0)} Å)`
  })
  return {
    name: 'size of the box',
    passed: null,
    detail: `not corrected: in a liquid, periodic boxes of this size slow ions by more than ${100 * SMALL_SHIFT} % at viscosities below ${thinnest.join(', ')} (Yeh & Hummer 2004; water has 0.9); what these boxes have is not known`,
  }
}

/** True for a run with the protocol of the shipped studies: all bonds held, heavy hydrogens, 4 fs or more. */
const hasLongSteps = ({ recipe: { constraints, system, stages }, productionStage }: LoadedRun) => {
  const production = stages[productionStage]!
  const isLong = 'timestep_fs' in production && production.timestep_fs >= 4
  return isLong && constraints.bonds === 'all-bonds' && system.hydrogen_mass_g_per_mol !== undefined
}

/** Slopes at 700 K of three shipped boxes of each material, 100 ps: docs/physics.md. */
const PROTOCOL_EFFECT =
  '; all bonds held, 4 g/mol hydrogens and 4 fs changed Li⁺ slopes by × 1.09 (0.94–1.27) in PVDF and × 0.95 (0.77–1.16) in dHF-PVDF at 700 K, against h-bonds and 2 fs'

/** Both systems must have gone through exactly the same protocol. */
function protocolCheck(systems: readonly AnalysedSystem[]): Check {
  const protocols = systems.flatMap(({ runs }) =>
    runs.map(({ recipe: { interactions, constraints, stages, output, system, constants }, manifest }) =>
      JSON.stringify({
        interactions,
        constraints,
        stages,
        output,
        constants,
        platform: manifest.platform?.ran,
        precision: manifest.precision,
        potential: manifest.inputs.find(({ path }) => path === system.potential)?.sha256,
        scale: system.charge_scale,
        hydrogen: system.hydrogen_mass_g_per_mol,
      }),
    ),
  )
  const same = new Set(protocols).size === 1
  return {
    name: 'same protocol for every run',
    passed: same,
    detail: `${same ? `${protocols.length} runs, one protocol` : 'the recipes differ in more than box and seed'}${systems.some(({ runs }) => runs.some(hasLongSteps)) ? PROTOCOL_EFFECT : ''}`,
  }
}

function replicaCheck(systems: readonly AnalysedSystem[]): Check {
  const counts = systems.map(({ runs }) => runs.length)
  return {
    name: 'replicas',
    passed: counts.every(count => count >= REPLICAS_WANTED),
    detail: `${counts.join(' and ')}; three or more of each show how much boxes of one material differ`,
  }
}

/** Origin of the charges and of their scale: every number that is not a prediction. */
export function calibrationRows(runs: readonly LoadedRun[]): CalibrationRow[] {
  const rows = new Map<string, CalibrationRow>()
  for (const run of runs) {
    const used = new Set(run.structure.types ?? [])
    const scale = run.recipe.system.charge_scale
    add(rows, { quantity: 'charge scale of the ions', value: scale.toFixed(2), ...originOfScale(run) })
    for (const [name, type] of Object.entries(run.potential.types)) {
      if (!used.has(name)) continue
      add(rows, {
        quantity: `charge of ${name}`,
        value: `${formatFixed(type.charge_e * (type.ion ? scale : 1), 4)}\u00a0e`,
        ...originOf(run.potential, type),
      })
    }
  }
  return [...rows.values()]
}

function originOfScale({ potential, recipe }: Pick<LoadedRun, 'potential' | 'recipe'>) {
  const scale = recipe.system.charge_scale
  const { chargeScale } = potential
  const origin =
    scale === chargeScale?.recommended
      ? originOf(potential, { ...chargeScale, source: chargeScale.source.slice(0, 1) })
      : {
          status: 'chosen' as const,
          source: scale === 1 ? 'the full charges' : 'set in the recipe',
          doi: null,
        }
  return { ...origin, source: `${origin.source}; dominates the mobility` }
}

function add(rows: Map<string, CalibrationRow>, row: CalibrationRow): void {
  rows.set(`${row.quantity} ${row.value}`, row)
}
