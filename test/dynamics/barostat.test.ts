import { describe, expect, it } from 'vitest'
import { regularizedGamma } from '../../src/analysis/distributions.ts'
import { mean, variance } from '../../src/analysis/stats.ts'
import { copyState, createState } from '../../src/core/state.ts'
import {
  cellRescalingFactor,
  groupPressure,
  scaleGroups,
  scalingGroups,
} from '../../src/dynamics/barostat.ts'
import { constrainBonds, createConstraintSolver } from '../../src/dynamics/constraints.ts'
import { pressureOf } from '../../src/dynamics/observe.ts'
import { drawMaxwellBoltzmann, kineticEnergy } from '../../src/dynamics/velocities.ts'
import { CODATA_2018, EV_PER_A3_IN_BAR } from '../../src/units.ts'
import { ksTest } from '../tools/statistics.ts'
import { polymer } from './helpers/polymer.ts'
import { record, stageOf } from './helpers/run.ts'
import { cube, cubicLattice, idealGas, lennardJones, systemOf } from './helpers/systems.ts'

const ALL = { bonds: 'all-bonds', tolerance: 1e-10 } as const

/** Pairs of atoms 0–1, 2–3, … held at 1.5 Å, each on a site of a cubic lattice. */
function dimerGas(perEdge: number, spacing: number) {
  const sites = cubicLattice(perEdge, spacing).positions
  const count = perEdge ** 3
  const bonds = Array.from({ length: 2 * count }, (_, i) => i)
  const system = systemOf(
    bonds.map(i => (i % 2 === 0 ? 16 : 24)),
    {
      bonds,
      forces: [
        {
          kind: 'bond',
          form: 'harmonic',
          atoms: Int32Array.from(bonds),
          parameters: Float64Array.from(bonds, i => (i % 2 === 0 ? 1 : 1.5)),
        },
      ],
    },
  )
  const positions = bonds.flatMap(i =>
    [0, 1, 2].map(k => sites[3 * Math.floor(i / 2) + k]! + (k === i % 3 && i % 2 === 1 ? 1.5 : 0)),
  )
  // The second atom of a dimer lies along one axis or another: all at 1.5 Å.
  return { system, state: createState(positions, cube(perEdge * spacing)), count }
}

describe('groups that scale as one', () => {
  it('are single atoms without constraints and molecules with all bonds held', () => {
    const { system } = polymer(3, 4, 4)
    const one = scalingGroups(system.masses, { atoms: new Int32Array(0) })
    expect(one.groupMasses).toEqual(system.masses)
    const held = scalingGroups(system.masses, constrainBonds(system, ALL).constraints)
    expect(held.groupOf).toEqual(system.topology.molecules)
    const hydrogens = constrainBonds(system, { bonds: 'h-bonds', tolerance: 1e-8 }).constraints
    const count = scalingGroups(system.masses, hydrogens).groupMasses.length
    expect(count).toBe(system.elements.filter(element => element !== 'H').length)
  })

  it('keep constrained lengths and velocities along them, and shrink momenta as the cell grows', () => {
    const { system, state } = polymer(3, 4, 4)
    const { constraints } = constrainBonds(system, ALL)
    drawMaxwellBoltzmann(system, state.velocities, { temperature_K: 300, seed: 1, step: 0 }, CODATA_2018)
    const before = copyState(state)
    scaleGroups(scalingGroups(system.masses, constraints), state, 1.1, true)
    expect(state.box.volume / before.box.volume).toBeCloseTo(1.331, 12)
    const momentum = (of: typeof state) =>
      system.masses.reduce((sum, m, i) => sum + m * of.velocities[3 * i]!, 0)
    expect(momentum(state)).toBeCloseTo(momentum(before) / 1.1, 9)
    for (let k = 0; k < constraints.atoms.length; k += 2) {
      const [i, j] = [3 * constraints.atoms[k]!, 3 * constraints.atoms[k + 1]!]
      for (const values of ['positions', 'velocities'] as const) {
        for (let axis = 0; axis < 3; axis++) {
          expect(state[values][i + axis]! - state[values][j + axis]!).toBeCloseTo(
            before[values][i + axis]! - before[values][j + axis]!,
            10,
          )
        }
      }
    }
  })

  it('have a pressure that is minus the slope of the energy as everything is scaled', async () => {
    const { system, state } = dimerGas(3, 4.2)
    const groups = scalingGroups(system.masses, constrainBonds(system, ALL).constraints)
    const evaluator = lennardJones(system.atomCount, 0.01, 2.6, 6)
    drawMaxwellBoltzmann(system, state.velocities, { temperature_K: 300, seed: 1, step: 0 }, CODATA_2018)
    const energyAt = async (factor: number) => {
      const scaled = copyState(state)
      scaleGroups(groups, scaled, factor, true)
      const { energy } = await evaluator.evaluate(scaled)
      return energy + kineticEnergy(system.masses, scaled.velocities, CODATA_2018)
    }
    const step = 1e-5
    const slope = ((await energyAt(1 + step)) - (await energyAt(1 - step))) / (2 * step)
    const { virial, forces } = await evaluator.evaluate(state)
    const pressure = groupPressure(groups, state, virial, forces, CODATA_2018)
    expect(pressure / (-slope / (3 * state.box.volume))).toBeCloseTo(1, 6)
  })

  it('have the very pressure of the atoms when they are rigid', async () => {
    const { system, state } = dimerGas(3, 4.2)
    const { constraints } = constrainBonds(system, ALL)
    const solver = createConstraintSolver(constraints, system.masses)
    const groups = scalingGroups(system.masses, constraints)
    drawMaxwellBoltzmann(system, state.velocities, { temperature_K: 300, seed: 1, step: 0 }, CODATA_2018)
    solver.setReference(state.positions)
    solver.constrainVelocities(state.velocities)
    const evaluation = await lennardJones(system.atomCount, 0.01, 2.6, 6).evaluate(state)
    const kinetic = kineticEnergy(system.masses, state.velocities, CODATA_2018)
    const atoms = pressureOf(state, kinetic, evaluation, solver, CODATA_2018)
    const centres = groupPressure(groups, state, evaluation.virial, evaluation.forces, CODATA_2018)
    expect(atoms / (centres * EV_PER_A3_IN_BAR)).toBeCloseTo(1, 10)
  })
})

describe('stochastic cell rescaling', () => {
  const temperature_K = 300
  const target = 100 / EV_PER_A3_IN_BAR
  const unit = (CODATA_2018.boltzmann_eV_per_K * temperature_K) / target

  it('samples p(V) ∝ V^N exp(−PV/kT) for rigid dimers that do not interact', () => {
    const { system, state, count } = dimerGas(3, Math.cbrt(unit))
    const groups = scalingGroups(system.masses, constrainBonds(system, ALL).constraints)
    const none = { virial: new Float64Array(9), forces: new Float64Array(3 * system.atomCount) }
    const volumes: number[] = []
    for (let step = 0; step < 30_000; step++) {
      drawMaxwellBoltzmann(system, state.velocities, { temperature_K, seed: 1, step }, CODATA_2018)
      const pressure = groupPressure(groups, state, none.virial, none.forces, CODATA_2018)
      const rescaling = { pressure, target, temperature_K, compressibility: 1 / target, timeRatio: 0.02 }
      const factor = cellRescalingFactor(state.box.volume, rescaling, { seed: 1, step }, CODATA_2018)
      scaleGroups(groups, state, factor, true)
      if (step % 150 === 0) volumes.push(state.box.volume / unit)
    }
    expect(Math.abs(mean(volumes) - (count + 1))).toBeLessThan(4 * Math.sqrt((count + 1) / volumes.length))
    expect(ksTest(volumes, v => regularizedGamma(count + 1, v)).pValue).toBeGreaterThan(0.01)
  })

  it('lets the volume diffuse as its friction asks, and grow by what the noise adds', () => {
    const volume = 1000
    const kT = CODATA_2018.boltzmann_eV_per_K * temperature_K
    const compressibility = volume / kT
    const rescaling = { pressure: target, target, temperature_K, compressibility, timeRatio: 1e-3 }
    const changes = Array.from({ length: 100_000 }, (_, step) => {
      return cellRescalingFactor(volume, rescaling, { seed: 3, step }, CODATA_2018) ** 3 - 1
    })
    // Einstein: D = kT × mobility, so ⟨dV²⟩ = 2 kT β V dt/τ; and ⟨dV⟩ = dD/dV dt + 0 = kT β dt/τ as D ∝ V.
    expect(variance(changes) / 2e-3).toBeCloseTo(1, 1.5)
    expect(mean(changes) / 1e-3).toBeGreaterThan(0.5)
    expect(mean(changes) / 1e-3).toBeLessThan(1.5)
  })

  it('relaxes the volume at the pace of barostat_time_ps and compressibility', () => {
    const rescaling = {
      pressure: 2 * target,
      target,
      temperature_K: 0,
      compressibility: 0.3,
      timeRatio: 1e-3,
    }
    const factor = cellRescalingFactor(1000, rescaling, { seed: 1, step: 0 }, CODATA_2018)
    // dV/V = β (P − P₀) dt/τ
    expect((factor ** 3 - 1) / (0.3 * target * 1e-3)).toBeCloseTo(1, 3)
  })

  it('refuses a change of the volume by more than 30 %', () => {
    const rescaling = { pressure: 1, target: 0, temperature_K: 300, compressibility: 1, timeRatio: 1 }
    expect(() => cellRescalingFactor(1000, rescaling, { seed: 1, step: 7 }, CODATA_2018)).toThrow(
      /change the volume/,
    )
  })

  it('leaves constrained bonds at their length through a run', async () => {
    const { system, state } = dimerGas(3, Math.cbrt(unit))
    const { end, drift } = await record(system, () => idealGas(system.atomCount), state, {
      stages: [
        stageOf({
          kind: 'npt',
          time_ps: 4,
          timestep_fs: 4,
          temperature_K,
          pressure_bar: 100,
          compressibility_per_bar: 0.01,
        }),
      ],
      constraints: { bonds: 'all-bonds', tolerance: 1e-8 },
    })
    expect(end.state.box.volume / state.box.volume).not.toBeCloseTo(1, 2)
    for (let i = 0; i < 3 * system.atomCount; i += 6) {
      const length = Math.hypot(
        ...[0, 1, 2].map(k => end.state.positions[i + k]! - end.state.positions[i + 3 + k]!),
      )
      expect(Math.abs(length / 1.5 - 1)).toBeLessThan(1e-8)
    }
    expect(Math.abs(drift)).toBeLessThan(0.05)
  })
})
