import { describe, expect, it } from 'vitest'
import { regularizedGamma } from '../../src/analysis/distributions.ts'
import { mean, variance } from '../../src/analysis/stats.ts'
import { copyState, createState } from '../../src/core/state.ts'
import type { System } from '../../src/core/system.ts'
import {
  cellRescalingFactor,
  groupPressure,
  scaleGroups,
  scalingGroups,
} from '../../src/dynamics/barostat.ts'
import { constrainBonds, createConstraintSolver } from '../../src/dynamics/constraints.ts'
import { createEnsemble } from '../../src/dynamics/ensemble.ts'
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
  it('are single atoms without pairs, heavy atoms with their hydrogens, or molecules', () => {
    const { system } = polymer(3, 4, 4)
    const one = scalingGroups(system.masses, [])
    expect(one.groupMasses).toEqual(system.masses)
    const held = scalingGroups(system.masses, constrainBonds(system, ALL).constraints.atoms)
    expect(held.groupOf).toEqual(system.topology.molecules)
    const hydrogens = constrainBonds(system, { bonds: 'h-bonds', tolerance: 1e-8 }).constraints
    const count = scalingGroups(system.masses, hydrogens.atoms).groupMasses.length
    expect(count).toBe(system.elements.filter(element => element !== 'H').length)
  })

  it('keep constrained lengths and velocities along them, and shrink momenta as the cell grows', () => {
    const { system, state } = polymer(3, 4, 4)
    const { constraints } = constrainBonds(system, ALL)
    drawMaxwellBoltzmann(system, state.velocities, { temperature_K: 300, seed: 1, step: 0 }, CODATA_2018)
    const before = copyState(state)
    scaleGroups(scalingGroups(system.masses, constraints.atoms), state, 1.1, true)
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
    const groups = scalingGroups(system.masses, constrainBonds(system, ALL).constraints.atoms)
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
    const groups = scalingGroups(system.masses, constraints.atoms)
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

describe('groups of a stage', () => {
  const npt = stageOf({ kind: 'npt', time_ps: 1, temperature_K: 300 })
  const run = (system: System, bonds: 'none' | 'h-bonds') => ({
    system,
    constraints: { bonds, tolerance: 1e-8 } as const,
    seed: 1,
    constants: CODATA_2018,
  })

  it.each(['none', 'h-bonds'] as const)(
    'are molecules at constant pressure with constraints on %s',
    bonds => {
      const { system, state } = polymer(3, 4, 4)
      const { groups } = createEnsemble(npt, run(system, bonds), state)
      expect(groups.groupOf).toEqual(system.topology.molecules)
    },
  )

  it('are the atoms that constraints tie in a density ramp', () => {
    const { system, state } = polymer(3, 4, 4)
    const ramp = { ...npt, cell: { kind: 'densityRamp', end_g_per_cm3: 1 } } as const
    const { groups } = createEnsemble(ramp, run(system, 'none'), state)
    expect(groups.groupMasses).toEqual(system.masses)
  })

  it('are single atoms in a chain that is bonded to its own image, and molecules beside it', () => {
    // Atoms 1–4 lie in a row across the cell and close on themselves; 5 and 6 are a molecule across its face.
    const system = systemOf([12, 12, 12, 12, 16, 16], { bonds: [0, 1, 1, 2, 2, 3, 3, 0, 4, 5] })
    const state = createState([1, 0, 0, 3, 0, 0, 5, 0, 0, 7, 0, 0, 0.5, 4, 0, 7.5, 4, 0], cube(8))
    const { groups } = createEnsemble(npt, run(system, 'none'), state)
    expect([...groups.groupOf]).toEqual([0, 1, 2, 3, 4, 4])
  })
})

describe('stochastic cell rescaling', () => {
  const temperature_K = 300
  const target = 100 / EV_PER_A3_IN_BAR
  const unit = (CODATA_2018.boltzmann_eV_per_K * temperature_K) / target

  it('samples p(V) ∝ V^N exp(−PV/kT) for rigid dimers that do not interact', () => {
    const { system, state, count } = dimerGas(3, Math.cbrt(unit))
    const groups = scalingGroups(system.masses, constrainBonds(system, ALL).constraints.atoms)
    const none = { virial: new Float64Array(9), forces: new Float64Array(3 * system.atomCount) }
    const volumes: number[] = []
    for (let step = 0; step < 30_000; step++) {
      drawMaxwellBoltzmann(system, state.velocities, { temperature_K, seed: 1, step }, CODATA_2018)
      const pressure = groupPressure(groups, state, none.virial, none.forces, CODATA_2018)
      // An ideal gas whose momenta shrink as it grows: P ∝ V^(−5/3).
      const modulus = (5 / 3) * pressure
      const compressibility = 1 / target
      const rescaling = { pressure, modulus, target, temperature_K, compressibility, timeRatio: 0.02 }
      const factor = cellRescalingFactor(state.box.volume, rescaling, { seed: 1, step }, CODATA_2018)
      scaleGroups(groups, state, factor, true)
      if (step % 150 === 0) volumes.push(state.box.volume / unit)
    }
    expect(Math.abs(mean(volumes) - (count + 1))).toBeLessThan(4 * Math.sqrt((count + 1) / volumes.length))
    expect(ksTest(volumes, v => regularizedGamma(count + 1, v)).pValue).toBeGreaterThan(0.01)
  })

  it.each([0.01, 0.1, 1, 10, 1000])(
    'samples the volume of a cell whose modulus is %s times what a step of the barostat can follow',
    stiffness => {
      // P = P₀ − K ln(V/V₀) has p(V) ∝ exp(−K (V ln(V/V₀) − V)/kT): a normal distribution of width √(kT V₀/K).
      const volume = 20_000
      const modulus = 0.5
      const width = Math.sqrt((CODATA_2018.boltzmann_eV_per_K * temperature_K * volume) / modulus)
      const timeRatio = 0.02
      const compressibility = stiffness / modulus / timeRatio
      let now = volume
      const deviations: number[] = []
      const apart = Math.max(1, Math.ceil(3 / stiffness))
      for (let step = 0; step < 3000 * apart; step++) {
        const pressure = target - modulus * Math.log(now / volume)
        const rescaling = { pressure, modulus, target, temperature_K, compressibility, timeRatio }
        now *= cellRescalingFactor(now, rescaling, { seed: 5, step }, CODATA_2018) ** 3
        if (step % apart === 0) deviations.push((now - volume) / width)
      }
      expect(Math.abs(mean(deviations))).toBeLessThan(4 / Math.sqrt(3000))
      expect(Math.abs(variance(deviations) - 1)).toBeLessThan(4 * Math.sqrt(2 / 3000))
    },
  )

  it('lets the volume diffuse as its friction asks, and grow by what the noise adds', () => {
    const volume = 1000
    const kT = CODATA_2018.boltzmann_eV_per_K * temperature_K
    const compressibility = volume / kT
    const rescaling = {
      pressure: target,
      modulus: 0,
      target,
      temperature_K,
      compressibility,
      timeRatio: 1e-3,
    }
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
      modulus: 0,
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
    const rescaling = {
      pressure: 1,
      modulus: 0,
      target: 0,
      temperature_K: 300,
      compressibility: 1,
      timeRatio: 1,
    }
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
