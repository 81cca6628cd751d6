import { describe, it } from 'vitest'
import { createBox } from '../../src/core/box.ts'
import { createState } from '../../src/core/state.ts'
import { constrainBonds } from '../../src/dynamics/constraints.ts'
import { stageStart } from '../../src/dynamics/protocol.ts'
import { runProtocol } from '../../src/dynamics/simulate.ts'
import { prepareEvaluator } from '../../src/platform/choose.ts'
import { referencePlatform } from '../../src/platform/reference/reference.ts'
import { loadRecipe } from '../../src/recipes/recipe.ts'
import { protocolStages } from '../../src/recipes/stages.ts'
import type { LoadedRun } from '../../src/run/loadRun.ts'
import { prepareRun } from '../../src/run/prepare.ts'
import { framesOf } from '../../src/transport/frames.ts'
import { CODATA_2018 } from '../../src/units.ts'
import { linearDrift } from '../tools/statistics.ts'
import { bring, checksOf, column, meanOfSeries, run, SIGMAS } from './harness.ts'

const check = checksOf('polymer')
const KB = CODATA_2018.boltzmann_eV_per_K
const ROOT = `${import.meta.dirname}/../..`
const ATOMS = 890

/** PVDF with LiFSI, the shipped box at 700 K. */
const recipe = (stages: string, more = '') => `name: pvdf
seed: 5
system: { potential: ${ROOT}/potentials/pvdf-lifsi.yaml, structure: ${ROOT}/structures/pvdf-700K-1.extxyz, charge_scale: 0.7 }
interactions: { cutoff_A: 9, lennard_jones: switched, switch_from_A: 8, coulomb: pme, coulomb_accuracy: 1.0e-5, tail_correction: false }
${more}
stages:
${stages}
output: { trajectory_every_ps: 0.5, log_every_ps: 0.05 }
`
const HELD = 'constraints: { bonds: all-bonds, tolerance: 1.0e-8 }'

/** Slope of the conserved quantity in kT/ns per degree of freedom. */
function driftOf(loaded: LoadedRun, freedom: number) {
  const kT = KB * 700
  const { slope, standardError } = linearDrift(column(loaded, 'time_ps'), column(loaded, 'conserved_eV'))
  const unit = 1000 / kT / freedom
  const [value, error] = [slope * unit, standardError * unit]
  return { value, error, interval: [value - 1.96 * error, value + 1.96 * error] as [number, number] }
}

const DRIFT_SOURCE = 'chosen'

/** Temperature of every element, K, over the last stage of a recipe without constraints. */
async function temperaturesByElement(text: string): Promise<[string, ReturnType<typeof meanOfSeries>][]> {
  const { system, state, recipe } = prepareRun(loadRecipe(bring('elements.yaml', text)))
  const stages = protocolStages(recipe.stages)
  const series = new Map([...new Set(system.elements)].map(element => [element, [] as number[]]))
  const events = runProtocol({
    system,
    stages,
    from: stageStart(state),
    constraints: { bonds: 'none', tolerance: 1e-8 },
    prepare: part => prepareEvaluator('simd', part, { threads: 1 }),
    seed: recipe.seed,
    output: { frame_every_ps: 0.05 },
  })
  for await (const event of events) {
    if (event.kind !== 'frame' || event.stageIndex !== stages.length - 1) continue
    for (const [element, values] of series) {
      let [twice, count] = [0, 0]
      system.elements.forEach((other, i) => {
        if (other !== element) return
        count++
        for (let axis = 0; axis < 3; axis++)
          twice += system.masses[i]! * event.state.velocities[3 * i + axis]! ** 2
      })
      values.push(twice / (3 * count * KB * CODATA_2018.accelerationPerForce))
    }
  }
  return [...series].map(([element, values]) => [element, meanOfSeries(values)])
}

describe('PVDF with LiFSI, 890 atoms at 700 K', () => {
  it('in NVT has no drift of the conserved quantity', async () => {
    const loaded = await run(
      recipe(`  - { name: settle, kind: nvt, time_ps: 5, timestep_fs: 1, temperature_K: 700, new_velocities: true, thermostat: langevin, thermostat_time_ps: 0.2 }
  - { name: produce, kind: nvt, time_ps: 20, timestep_fs: 1, temperature_K: 700 }`),
    )
    const { value, error, interval } = driftOf(loaded, 3 * ATOMS - 3)
    check(
      {
        name: 'PVDF, NVT (CSVR), 1 fs: drift of the conserved quantity, kT/ns per degree of freedom',
        value,
        interval,
        reference: '|drift| < 0.02',
        source: DRIFT_SOURCE,
      },
      Math.abs(value) < 0.02 + SIGMAS * error,
    )
  })

  it('in NVE with all bonds held has no drift, and its bonds keep their lengths', async () => {
    const text = recipe(
      `  - { name: settle, kind: nvt, time_ps: 5, timestep_fs: 2, temperature_K: 700, new_velocities: true }
  - { name: produce, kind: nve, time_ps: 20, timestep_fs: 2 }`,
      HELD,
    )
    const loaded = await run(text)
    const { system } = prepareRun(loadRecipe(bring('held.yaml', text)))
    const { constraints } = constrainBonds(system, { bonds: 'all-bonds', tolerance: 1e-8 })
    const freedom = 3 * ATOMS - 3 - constraints.lengths.length
    const { value, error, interval } = driftOf(loaded, freedom)
    check(
      {
        name: 'PVDF, NVE, 2 fs, all bonds held: drift of the total energy, kT/ns per degree of freedom',
        value,
        interval,
        reference: '|drift| < 0.02',
        source: DRIFT_SOURCE,
      },
      Math.abs(value) < 0.02 + SIGMAS * error,
    )
    let worst = 0
    for await (const { positions } of framesOf(loaded)) {
      constraints.lengths.forEach((length, k) => {
        const [i, j] = [3 * constraints.atoms[2 * k]!, 3 * constraints.atoms[2 * k + 1]!]
        const now = Math.hypot(...[0, 1, 2].map(axis => positions[i + axis]! - positions[j + axis]!))
        worst = Math.max(worst, Math.abs(now / length - 1))
      })
    }
    check(
      {
        name: 'PVDF, all bonds held: largest relative error of a length in 41 frames (single precision in the file)',
        value: worst,
        interval: null,
        reference: '< 5e-6',
        source: 'tolerance 1e-8 asked; 40 Å in single precision',
      },
      worst < 5e-6,
    )
    const kinetic = meanOfSeries(column(loaded, 'kinetic_eV').map(energy => (2 * energy) / (freedom * KB)))
    const logged = meanOfSeries(column(loaded, 'temperature_K'))
    check(
      {
        name: `PVDF, all bonds held: logged temperature over 2 E_kin/k of ${freedom} degrees of freedom`,
        value: logged.value / kinetic.value,
        interval: null,
        reference: '1',
        source: '3N − 3 − constraints',
      },
      Math.abs(logged.value / kinetic.value - 1) < 1e-6,
    )
  })

  it('under Langevin has one temperature for every element', async () => {
    const text =
      recipe(`  - { name: settle, kind: nvt, time_ps: 2, timestep_fs: 0.25, temperature_K: 700, new_velocities: true, thermostat: langevin, thermostat_time_ps: 0.1 }
  - { name: produce, kind: nvt, time_ps: 5, timestep_fs: 0.25, temperature_K: 700, thermostat: langevin, thermostat_time_ps: 0.1 }`)
    const temperatures = await temperaturesByElement(text)
    for (const [element, { value, standardError, interval }] of temperatures) {
      check(
        {
          name: `PVDF, Langevin, 0.25 fs: temperature of ${element}, K`,
          value,
          interval,
          reference: '700 ± 0.5 %, the share of (ωΔt)²/4 of C–H bonds',
          source: 'equipartition',
        },
        // The few atoms of some elements exchange energy slowly: their errors by blocks are too small in 5 ps.
        Math.abs(value - 700) < 3.5 + 1.5 * SIGMAS * standardError,
      )
    }
  })

  it('has a virial that is minus the derivative of the energy by the volume', async () => {
    // A real-space sum that ends at 1e-10: pairs that cross the cut-off change the energy, but not the virial.
    const { system, state } = prepareRun(
      loadRecipe(
        bring(
          'virial.yaml',
          recipe('  - { name: produce, kind: nvt, time_ps: 1, timestep_fs: 1, temperature_K: 700 }').replace(
            'coulomb: pme, coulomb_accuracy: 1.0e-5',
            'coulomb: ewald, coulomb_accuracy: 1.0e-10',
          ),
        ),
      ),
    )
    const evaluator = await referencePlatform.prepare(system)
    const energyAt = async (factor: number) => {
      const { matrix } = state.box
      const scaled = createState(
        state.positions.map(x => x * factor),
        createBox(matrix.map(x => x * factor)),
      )
      return (await evaluator.evaluate(scaled)).energy
    }
    const step = 1e-5
    const slope = ((await energyAt(1 + step)) - (await energyAt(1 - step))) / (2 * step)
    const { virial } = await evaluator.evaluate(state)
    const trace = virial[0]! + virial[4]! + virial[8]!
    check(
      {
        name: 'PVDF with an Ewald sum of accuracy 1e-10: trace of the virial over −dU/d ln L',
        value: trace / -slope,
        interval: null,
        reference: '1 ± 1e-4',
        source: 'finite difference, L ± 1e-5',
      },
      Math.abs(trace / -slope - 1) < 1e-4,
    )
  })
})
