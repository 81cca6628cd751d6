import { mean } from '../analysis/stats.ts'
import type { Check } from '../report/model.ts'
import { CODATA_2018 } from '../units.ts'
import { type LoadedRun, productionColumn } from './loadRun.ts'
import type { AnalysedSystem } from './transport.ts'

/** Mean temperature may differ from its target by this fraction. */
const TEMPERATURE_TOLERANCE = 0.02
/** Drift of the conserved quantity, in kT per degree of freedom and nanosecond. */
const DRIFT_LIMIT = 1

/** Why the figures can, or cannot, be trusted: what failed stands beside what passed. */
export function checksOf(systems: readonly AnalysedSystem[]): Check[] {
  return [
    ...systems.flatMap(system => [temperatureCheck(system), driftCheck(system), diffusiveCheck(system)]),
    protocolCheck(systems),
    replicaCheck(systems),
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

function targetTemperature(run: LoadedRun): number | null {
  const stage = run.recipe.stages[run.productionStage]!
  return stage.kind === 'nvt' || stage.kind === 'npt'
    ? (stage.temperature_end_K ?? stage.temperature_K)
    : null
}

function driftCheck({ name, runs }: AnalysedSystem): Check {
  const drifts = runs.map(run => run.results?.drift_meV_per_atom_ps ?? null)
  const limits = runs.map(run => {
    const kT_meV = 1000 * CODATA_2018.boltzmann_eV_per_K * mean(productionColumn(run, 'temperature_K'))
    return (DRIFT_LIMIT * kT_meV * 3) / 1000
  })
  const known = drifts.every(drift => drift !== null)
  return {
    name: `${name}: conserved quantity`,
    passed: known ? drifts.every((drift, k) => Math.abs(drift) < limits[k]!) : null,
    detail: known
      ? `drifts by ${drifts.map(drift => drift.toPrecision(2)).join(', ')} meV/atom/ps; limit ${limits[0]!.toPrecision(2)} (${DRIFT_LIMIT} kT per degree of freedom and ns)`
      : 'a run has not finished, so its drift is not known',
  }
}

function diffusiveCheck({ name, transport }: AnalysedSystem): Check {
  const [low, high] = transport.alpha_ci95.map(value => value.toFixed(2))
  return {
    name: `${name}: diffusive`,
    passed: transport.verdict === 'diffusive',
    detail: `α = ${transport.alpha.toFixed(2)} (${low}–${high}): ${transport.verdict}${transport.verdict === 'diffusive' ? '' : ', so the slope is an apparent slope'}`,
  }
}

/** Both systems must have gone through exactly the same protocol. */
function protocolCheck(systems: readonly AnalysedSystem[]): Check {
  const protocols = systems.flatMap(({ runs }) =>
    runs.map(({ recipe: { interactions, constraints, stages, output, system } }) =>
      JSON.stringify({
        interactions,
        constraints,
        stages,
        output,
        scale: system.charge_scale,
        hydrogen: system.hydrogen_mass_g_per_mol,
      }),
    ),
  )
  const same = new Set(protocols).size === 1
  return {
    name: 'same protocol for every run',
    passed: same,
    detail: same ? `${protocols.length} runs, one protocol` : 'the recipes differ in more than box and seed',
  }
}

function replicaCheck(systems: readonly AnalysedSystem[]): Check {
  const counts = systems.map(({ runs }) => runs.length)
  return {
    name: 'replicas',
    passed: counts.every(count => count >= 4),
    detail: `${counts.join(' and ')}; four or more of each show how much boxes of one material differ`,
  }
}
