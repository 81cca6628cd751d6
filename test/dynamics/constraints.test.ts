import { Matrix, solve } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { copyState, createState } from '../../src/core/state.ts'
import { constrainBonds, createConstraintSolver } from '../../src/dynamics/constraints.ts'
import { createCoupling } from '../../src/dynamics/coupling.ts'
import { drift, type Motion, velocityVerletStep } from '../../src/dynamics/integrate.ts'
import { drawMaxwellBoltzmann, kineticEnergy } from '../../src/dynamics/velocities.ts'
import { randomSequence, STREAM } from '../../src/rng.ts'
import { CODATA_2018 } from '../../src/units.ts'
import { polymer } from './helpers/polymer.ts'
import { cube, evaluatorOf, idealGas, systemOf } from './helpers/systems.ts'

const random = randomSequence(11, STREAM.build)
const ALL = { bonds: 'all-bonds', tolerance: 1e-8 } as const

/** Two rings of five and three, fused, with a tail: not a tree. */
const RINGS = [0, 1, 1, 2, 2, 3, 3, 4, 4, 0, 4, 5, 5, 3, 5, 6, 6, 7]

function solverOf(
  system: ReturnType<typeof polymer>['system'],
  bonds: 'h-bonds' | 'all-bonds' = 'all-bonds',
) {
  const { constraints } = constrainBonds(system, { bonds, tolerance: 1e-8 })
  return createConstraintSolver(constraints, system.masses)
}

function largestError(
  { atoms, lengths }: { atoms: Int32Array; lengths: Float64Array },
  positions: Float64Array,
): number {
  return lengths.reduce((largest, length, k) => {
    const [i, j] = [3 * atoms[2 * k]!, 3 * atoms[2 * k + 1]!]
    const actual = Math.hypot(...[0, 1, 2].map(axis => positions[i + axis]! - positions[j + axis]!))
    return Math.max(largest, Math.abs(actual / length - 1))
  }, 0)
}

/** SHAKE as first published: one constraint after another until none is off. The oracle for the direct solver. */
function shakeOneByOne(
  system: { masses: Float64Array },
  { atoms, lengths }: { atoms: Int32Array; lengths: Float64Array },
  reference: Float64Array,
  positions: Float64Array,
): void {
  for (let sweep = 0; sweep < 10_000; sweep++) {
    let worst = 0
    for (let k = 0; k < lengths.length; k++) {
      const [i, j] = [atoms[2 * k]!, atoms[2 * k + 1]!]
      const now = [0, 1, 2].map(axis => positions[3 * i + axis]! - positions[3 * j + axis]!)
      const old = [0, 1, 2].map(axis => reference[3 * i + axis]! - reference[3 * j + axis]!)
      const excess = now.reduce((sum, x) => sum + x * x, 0) - lengths[k]! ** 2
      worst = Math.max(worst, Math.abs(excess) / lengths[k]! ** 2)
      const [wi, wj] = [1 / system.masses[i]!, 1 / system.masses[j]!]
      const along = now.reduce((sum, x, axis) => sum + x * old[axis]!, 0)
      const multiplier = excess / (2 * (wi + wj) * along)
      for (let axis = 0; axis < 3; axis++) {
        positions[3 * i + axis]! -= multiplier * wi * old[axis]!
        positions[3 * j + axis]! += multiplier * wj * old[axis]!
      }
    }
    if (worst < 1e-13) return
  }
  throw new Error('the oracle did not converge')
}

describe('coupling matrix', () => {
  it('solves the same equations as a dense solver, with rings', () => {
    const masses = Float64Array.from({ length: 8 }, () => 1 + 10 * random.uniform())
    const atoms = Int32Array.from(RINGS)
    const coupling = createCoupling(atoms, masses)
    const count = atoms.length / 2
    const vectors = Float64Array.from({ length: 3 * count }, () => random.normal())
    const dense = Matrix.zeros(count, count)
    for (let a = 0; a < count; a++) {
      for (let b = 0; b < count; b++) {
        const product = [0, 1, 2].reduce((sum, k) => sum + vectors[3 * a + k]! * vectors[3 * b + k]!, 0)
        const [p, q] = [coupling.order[a]!, coupling.order[b]!]
        for (const x of [0, 1]) {
          for (const y of [0, 1]) {
            if (atoms[2 * p + x] !== atoms[2 * q + y]) continue
            dense.set(a, b, dense.get(a, b) + ((x === y ? 1 : -1) * product) / masses[atoms[2 * p + x]!]!)
          }
        }
      }
    }
    const rightHandSide = Float64Array.from({ length: count }, () => random.normal())
    const expected = solve(dense, Matrix.columnVector(rightHandSide)).to1DArray()
    coupling.factorize(vectors)
    coupling.solve(rightHandSide)
    expected.forEach((value, k) => {
      expect(rightHandSide[k]! / value).toBeCloseTo(1, 9)
    })
  })
})

describe('constrainBonds', () => {
  const { system } = polymer(2, 6, 4)

  it('all bonds are constrained to their equilibrium length and have no energy', () => {
    const constrained = constrainBonds(system, ALL)
    expect(constrained.constraints.lengths).toHaveLength(system.topology.bonds.length / 2)
    expect(new Set(constrained.constraints.lengths)).toEqual(new Set([1.09, 1.36, 1.53]))
    expect(constrained.system.forces).toEqual([])
    expect(constrained.system.topology).toBe(system.topology)
  })

  it('h-bonds constrains only bonds to hydrogen', () => {
    const constrained = constrainBonds(system, { bonds: 'h-bonds', tolerance: 1e-8 })
    const hydrogens = system.elements.filter(element => element === 'H').length
    expect(Array.from(constrained.constraints.lengths)).toEqual(new Array(hydrogens).fill(1.09))
    const [kept] = constrained.system.forces
    expect(kept?.kind === 'bond' && kept.atoms.length / 2).toBe(system.topology.bonds.length / 2 - hydrogens)
  })

  it('leaves everything alone for none', () => {
    const constrained = constrainBonds(system, { bonds: 'none', tolerance: 1e-8 })
    expect(constrained.constraints.lengths).toHaveLength(0)
    expect(constrained.system).toEqual(system)
  })

  it('takes the length of a Morse bond from its third parameter', () => {
    const morse = systemOf([1, 1], {
      bonds: [0, 1],
      forces: [
        { kind: 'bond', form: 'morse', atoms: Int32Array.of(0, 1), parameters: Float64Array.of(4, 2, 0.74) },
      ],
    })
    expect(Array.from(constrainBonds(morse, ALL).constraints.lengths)).toEqual([0.74])
  })

  it('refuses two lengths for one bond', () => {
    const twice = systemOf([1, 1], {
      forces: [
        {
          kind: 'bond',
          form: 'harmonic',
          atoms: Int32Array.of(0, 1, 1, 0),
          parameters: Float64Array.of(1, 1.1, 1, 1.2),
        },
      ],
    })
    expect(() => constrainBonds(twice, ALL)).toThrow(/different length/)
  })
})

describe('constraint solver', () => {
  it.each(['h-bonds', 'all-bonds'] as const)('finds the solution of SHAKE for %s', bonds => {
    const { system, state } = polymer(1, 12, 1.008)
    const solver = solverOf(system, bonds)
    const positions = state.positions.map(x => x + 0.03 * random.normal())
    const expected = positions.slice()
    shakeOneByOne(system, solver.constraints, state.positions, expected)
    solver.setReference(state.positions)
    solver.constrainPositions(positions)
    expect(largestError(solver.constraints, positions)).toBeLessThan(1e-8)
    positions.forEach((x, k) => {
      expect(Math.abs(x - expected[k]!)).toBeLessThan(1e-7)
    })
  })

  it('removes velocities along bonds, orthogonally: never adds kinetic energy, keeps momentum', () => {
    const { system, state } = polymer(2, 12, 4)
    const solver = solverOf(system)
    drawMaxwellBoltzmann(system, state.velocities, { temperature_K: 700, seed: 3, step: 0 }, CODATA_2018)
    const before = state.velocities.slice()
    solver.setReference(state.positions)
    solver.constrainVelocities(state.velocities)
    const { atoms, lengths } = solver.constraints
    lengths.forEach((_, k) => {
      const [i, j] = [3 * atoms[2 * k]!, 3 * atoms[2 * k + 1]!]
      const along = [0, 1, 2].reduce(
        (sum, axis) =>
          sum +
          (state.positions[i + axis]! - state.positions[j + axis]!) *
            (state.velocities[i + axis]! - state.velocities[j + axis]!),
        0,
      )
      expect(Math.abs(along)).toBeLessThan(1e-10)
    })
    // M-orthogonal projection: kinetic energies of what is kept and what is removed add up.
    const removed = before.map((v, k) => v - state.velocities[k]!)
    const energy = (v: Float64Array) => kineticEnergy(system.masses, v, CODATA_2018)
    expect(energy(state.velocities) + energy(removed)).toBeCloseTo(energy(before), 9)
    for (let axis = 0; axis < 3; axis++) {
      const momentum = system.masses.reduce((sum, m, i) => sum + m * removed[3 * i + axis]!, 0)
      expect(Math.abs(momentum)).toBeLessThan(1e-9)
    }
  })

  it('names the atoms of a bond that cannot be brought back', () => {
    const { system, state } = polymer(1, 4, 4)
    const solver = solverOf(system)
    solver.setReference(state.positions)
    const torn = state.positions.slice()
    torn[3 * 5]! += 40
    expect(() => solver.constrainPositions(torn)).toThrow(/length of a constrained bond is wrong/)
    torn[3 * 5] = Number.NaN
    expect(() => solver.constrainPositions(torn)).toThrow(/constrained bond/)
  })

  it('constrained lengths stay within the tolerance over many steps of 4 fs at 700 K', async () => {
    const { system, state } = polymer(4, 24, 4)
    const solver = solverOf(system)
    const evaluator = idealGas(system.atomCount)
    const motion: Motion = {
      masses: system.masses,
      constants: CODATA_2018,
      solver,
      evaluate: evaluator.evaluate,
    }
    drawMaxwellBoltzmann(system, state.velocities, { temperature_K: 700, seed: 3, step: 0 }, CODATA_2018)
    solver.setReference(state.positions)
    solver.constrainVelocities(state.velocities)
    const before = kineticEnergy(system.masses, state.velocities, CODATA_2018)
    let evaluation = await evaluator.evaluate(state)
    for (let step = 0; step < 500; step++)
      evaluation = await velocityVerletStep(motion, state, evaluation, 0.004)
    expect(largestError(solver.constraints, state.positions)).toBeLessThan(1e-8)
    // Freely jointed and force free: all energy is kinetic, and constraint forces do no work.
    expect(kineticEnergy(system.masses, state.velocities, CODATA_2018) / before).toBeCloseTo(1, 2)
  })

  it('turns a rigid dimer at its angular velocity and conserves its energy', async () => {
    const masses = [16, 4]
    const length = 1.2
    const rate = 20
    const period = (2 * Math.PI) / rate
    const finalAngle = async (steps: number) => {
      const system = systemOf(masses, {
        forces: [
          {
            kind: 'bond',
            form: 'harmonic',
            atoms: Int32Array.of(0, 1),
            parameters: Float64Array.of(1, length),
          },
        ],
      })
      const reach = [(-4 / 20) * length, (16 / 20) * length] as const
      const state = createState([reach[0], 0, 0, reach[1], 0, 0], cube(20), [
        0,
        rate * reach[0],
        0,
        0,
        rate * reach[1],
        0,
      ])
      const solver = solverOf(system)
      const evaluator = idealGas(2)
      const motion: Motion = {
        masses: system.masses,
        constants: CODATA_2018,
        solver,
        evaluate: evaluator.evaluate,
      }
      const before = kineticEnergy(system.masses, state.velocities, CODATA_2018)
      solver.setReference(state.positions)
      let evaluation = await evaluator.evaluate(state)
      for (let step = 0; step < steps; step++) {
        evaluation = await velocityVerletStep(motion, state, evaluation, period / steps)
      }
      expect(kineticEnergy(system.masses, state.velocities, CODATA_2018) / before).toBeCloseTo(1, 6)
      return Math.atan2(state.positions[4]!, state.positions[3]!)
    }
    const coarse = Math.abs(await finalAngle(40))
    const fine = Math.abs(await finalAngle(80))
    expect(coarse).toBeLessThan(0.05)
    expect(coarse / fine).toBeCloseTo(4, 0)
  })

  it('gives velocities that take back what SHAKE displaced', () => {
    const { system, state } = polymer(1, 6, 4)
    const solver = solverOf(system)
    const motion: Motion = {
      masses: system.masses,
      constants: CODATA_2018,
      solver,
      evaluate: idealGas(system.atomCount).evaluate,
    }
    drawMaxwellBoltzmann(system, state.velocities, { temperature_K: 500, seed: 5, step: 0 }, CODATA_2018)
    solver.setReference(state.positions)
    solver.constrainVelocities(state.velocities)
    const before = copyState(state)
    drift(motion, state, 0.002)
    state.positions.forEach((x, k) => {
      expect((x - before.positions[k]!) / 0.002).toBeCloseTo(state.velocities[k]!, 8)
    })
  })

  it('has the virial of the forces with which SHAKE acts in a short step', () => {
    const { system, state } = polymer(1, 8, 4)
    const solver = solverOf(system)
    const forces = state.positions.map(() => 2 * random.normal())
    const evaluator = evaluatorOf(system.atomCount, (_, into) => {
      into.set(forces)
      return 0
    })
    drawMaxwellBoltzmann(system, state.velocities, { temperature_K: 700, seed: 9, step: 0 }, CODATA_2018)
    solver.setReference(state.positions)
    solver.constrainVelocities(state.velocities)
    const exact = new Float64Array(9)
    solver.addVirial(exact, state.velocities, forces, CODATA_2018)

    const time = 1e-5
    const free = copyState(state)
    const unconstrained: Motion = {
      masses: system.masses,
      constants: CODATA_2018,
      solver: null,
      evaluate: evaluator.evaluate,
    }
    const advanceFreely = (at: typeof state) => {
      for (let k = 0; k < forces.length; k++) {
        const mass = system.masses[Math.floor(k / 3)]!
        at.velocities[k]! += (0.5 * time * CODATA_2018.accelerationPerForce * forces[k]!) / mass
      }
      drift(unconstrained, at, time)
    }
    advanceFreely(free)
    const held = free.positions.slice()
    shakeOneByOne(system, solver.constraints, state.positions, held)
    const measured = new Float64Array(9)
    for (let k = 0; k < held.length; k++) {
      const mass = system.masses[Math.floor(k / 3)]!
      const force =
        (2 * mass * (held[k]! - free.positions[k]!)) / (time * time * CODATA_2018.accelerationPerForce)
      for (let row = 0; row < 3; row++) {
        measured[3 * row + (k % 3)]! += state.positions[k - (k % 3) + row]! * force
      }
    }
    const size = Math.max(...exact.map(Math.abs))
    exact.forEach((value, k) => {
      expect(Math.abs(value - measured[k]!) / size).toBeLessThan(1e-3)
    })
  })
})

describe('constraints on angles between hydrogens', () => {
  const RIGID = { bonds: 'h-bonds', angles: 'h-angles', tolerance: 1e-10 } as const

  /** A centre with hydrogens at 1 Å and 109.47°, its bonds and angles harmonic. */
  function hydride(hydrogens: number) {
    const ends = Array.from({ length: hydrogens }, (_, k) => k + 1)
    const pairs = ends.flatMap(i => ends.filter(k => k > i).map(k => [i, 0, k]))
    const theta = (109.47 / 180) * Math.PI
    return systemOf([16, ...ends.map(() => 1)], {
      elements: ['O', ...ends.map(() => 'H')],
      bonds: ends.flatMap(i => [0, i]),
      forces: [
        {
          kind: 'bond',
          form: 'harmonic',
          atoms: Int32Array.from(ends.flatMap(i => [0, i])),
          parameters: Float64Array.from(ends.flatMap(() => [30, 1])),
        },
        {
          kind: 'angle',
          atoms: Int32Array.from(pairs.flat()),
          parameters: Float64Array.from(pairs.flatMap(() => [4, theta])),
        },
      ],
    })
  }

  it('of water are the three distances of a rigid triangle, and no term is left', () => {
    const { system, constraints } = constrainBonds(hydride(2), RIGID)
    expect([...constraints.atoms]).toEqual([0, 1, 0, 2, 1, 2])
    expect(constraints.lengths[2]).toBeCloseTo(2 * Math.sin((109.47 / 360) * Math.PI), 12)
    expect(system.forces).toEqual([])
  })

  it('keep a water molecule rigid, and its energy, while it turns and moves', async () => {
    const { system, constraints } = constrainBonds(hydride(2), RIGID)
    const solver = createConstraintSolver(constraints, system.masses)
    const state = createState([0, 0, 0, 1, 0, 0, -0.33, 0.94, 0], cube(20))
    solver.setReference(state.positions)
    solver.constrainPositions(state.positions)
    solver.setReference(state.positions)
    drawMaxwellBoltzmann(system, state.velocities, { temperature_K: 300, seed: 3, step: 0 }, CODATA_2018)
    solver.constrainVelocities(state.velocities)
    const evaluator = idealGas(3)
    const motion: Motion = {
      masses: system.masses,
      constants: CODATA_2018,
      solver,
      evaluate: at => evaluator.evaluate(at),
    }
    const energy = () => kineticEnergy(system.masses, state.velocities, CODATA_2018)
    const before = energy()
    let evaluation = await motion.evaluate(state)
    for (let step = 0; step < 500; step++) {
      evaluation = await velocityVerletStep(motion, state, evaluation, 0.002)
      expect(largestError(constraints, state.positions)).toBeLessThan(1e-9)
    }
    expect(energy() / before).toBeCloseTo(1, 2)
  })

  it('hold a CH3 group, and are refused for CH4, which has more of them than a rigid body', () => {
    expect(constrainBonds(hydride(3), RIGID).constraints.lengths.length).toBe(6)
    expect(() => constrainBonds(hydride(4), RIGID)).toThrow(/10 constraints act on 5 atoms, more than the 9/)
  })

  it('are refused where the bonds are free', () => {
    expect(() => constrainBonds(hydride(2), { ...RIGID, bonds: 'none' })).toThrow(
      /only where both of its bonds are/,
    )
  })
})
