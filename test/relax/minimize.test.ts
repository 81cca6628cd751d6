import { describe, expect, it } from 'vitest'
import { createState } from '../../src/core/state.ts'
import { freshMemory, minimization, minimize } from '../../src/relax/minimize.ts'
import { randomSequence, STREAM } from '../../src/rng.ts'
import { cube, evaluatorOf, harmonicWells, lennardJones } from '../dynamics/helpers/systems.ts'

const METHODS = ['fire', 'lbfgs'] as const

/** A centred icosahedron with this distance from centre to corner. */
function icosahedron(radius: number): number[] {
  const golden = (1 + Math.sqrt(5)) / 2
  const corners = [
    [0, 1, golden],
    [0, -1, golden],
    [0, 1, -golden],
    [0, -1, -golden],
  ].flatMap(([x, y, z]) => [
    [x!, y!, z!],
    [z!, x!, y!],
    [y!, z!, x!],
  ])
  return [0, 0, 0, ...corners.flat().map(x => (x * radius) / Math.hypot(1, golden))]
}

describe.each(METHODS)('%s', method => {
  it('reaches the global minimum of LJ13, −44.326801 ε, from a perturbed icosahedron', async () => {
    // Northby 1987, https://doi.org/10.1063/1.453492; Cambridge Cluster Database, LJ13.
    const epsilon = 0.1
    const random = randomSequence(3, STREAM.build)
    const start = icosahedron(3.6).map(x => x + 0.25 * (2 * random.uniform() - 1))
    const state = createState(start, cube(100))
    const result = await minimize(state, {
      method,
      fmax_eV_per_A: 1e-7,
      max_steps: 3000,
      evaluate: lennardJones(13, epsilon, 3.4).evaluate,
    })
    expect(result.converged).toBe(true)
    expect(result.energy_eV / epsilon).toBeCloseTo(-44.326801, 6)
  })

  it('reaches the bottom of a quadratic bowl with curvatures 1 to 100', async () => {
    const curvature = [1, 3, 10, 30, 60, 100]
    const evaluator = evaluatorOf(2, ({ positions }, forces) => {
      positions.forEach((x, k) => {
        forces[k] = -curvature[k]! * x
      })
      return positions.reduce((sum, x, k) => sum + 0.5 * curvature[k]! * x * x, 0)
    })
    const state = createState([1, -2, 0.5, 1, 1, -1], cube(10))
    const result = await minimize(state, {
      method,
      fmax_eV_per_A: 1e-6,
      max_steps: 2000,
      evaluate: evaluator.evaluate,
    })
    expect(result.converged).toBe(true)
    expect(result.fmax_eV_per_A).toBeLessThanOrEqual(1e-6)
    state.positions.forEach((x, k) => {
      expect(Math.abs(x * curvature[k]!)).toBeLessThanOrEqual(1e-6)
    })
  })

  it('says so when the steps do not suffice, and took no more', async () => {
    let calls = 0
    const bowl = harmonicWells(new Float64Array(3), 1)
    const result = await minimize(createState([9, 9, 9], cube(10)), {
      method,
      fmax_eV_per_A: 1e-9,
      max_steps: 5,
      evaluate: state => {
        calls++
        return bowl.evaluate(state)
      },
    })
    expect(result.converged).toBe(false)
    expect(result.steps).toBe(5)
    expect(calls).toBe(6)
  })

  it('does not move what is converged already', async () => {
    const state = createState([1, 2, 3], cube(10))
    const result = await minimize(state, {
      method,
      fmax_eV_per_A: 1e-9,
      max_steps: 5,
      evaluate: harmonicWells(Float64Array.of(1, 2, 3), 1).evaluate,
    })
    expect(result).toEqual({ steps: 0, energy_eV: 0, fmax_eV_per_A: 0, converged: true })
    expect(Array.from(state.positions)).toEqual([1, 2, 3])
  })

  it('leaves frozen atoms where they are and their forces out of account', async () => {
    const wells = harmonicWells(new Float64Array(9), 2)
    const start = [1, 0, 0, 3, 3, 3, 0, 1, 0]
    const state = createState(start, cube(10))
    const frozen = Uint8Array.of(0, 1, 0)
    const evaluate = wells.evaluate
    const result = await minimize(state, { method, fmax_eV_per_A: 1e-6, max_steps: 500, evaluate, frozen })
    expect(result.converged).toBe(true)
    expect(Array.from(state.positions.slice(3, 6))).toEqual([3, 3, 3])
    expect(Math.hypot(state.positions[0]!, state.positions[7]!)).toBeLessThan(1e-6)
    // The energy keeps what the frozen atom costs.
    expect(result.energy_eV).toBeCloseTo(0.5 * 2 * 27, 9)
  })

  it('takes no atom further than 0.2 Å in one step, however steep', async () => {
    const state = createState([1.2, 0, 0, 0, 0, 0], cube(100))
    let before = state.positions.slice()
    for await (const _ of minimization(state, {
      method,
      fmax_eV_per_A: 1e-3,
      max_steps: 50,
      evaluate: lennardJones(2, 0.1, 3.4).evaluate,
    })) {
      for (const atom of [0, 3]) {
        const moved = Math.hypot(...[0, 1, 2].map(k => state.positions[atom + k]! - before[atom + k]!))
        // FIRE may go half a step back before it goes on.
        expect(moved).toBeLessThan(0.31)
      }
      before = state.positions.slice()
    }
  })

  it('names the atom whose force is not finite', async () => {
    const state = createState([0, 0, 0, 5, 5, 5, 5, 5, 5], cube(20))
    const attempt = minimize(state, {
      method,
      fmax_eV_per_A: 1e-3,
      max_steps: 5,
      evaluate: lennardJones(3, 0.1, 3.4).evaluate,
    })
    await expect(attempt).rejects.toMatchObject({
      name: 'SimulationError',
      where: expect.stringContaining('atom'),
    })
  })
})

describe('lbfgs', () => {
  it('continues from its positions and its memory to the same bits', async () => {
    const random = randomSequence(3, STREAM.build)
    const start = icosahedron(3.6).map(x => x + 0.25 * (2 * random.uniform() - 1))
    const { evaluate } = lennardJones(13, 0.1, 3.4)
    const options = { method: 'lbfgs', fmax_eV_per_A: 1e-7, max_steps: 3000, evaluate } as const
    const whole = createState(start, cube(100))
    const expected = await minimize(whole, options)
    for (const stop of [0, 1, 9, 25]) {
      const state = createState(start, cube(100))
      const memory = freshMemory()
      for await (const { steps } of minimization(state, { ...options, memory })) if (steps === stop) break
      expect(memory.steps).toBe(stop)
      expect(await minimize(state, { ...options, memory })).toEqual(expected)
      expect(state.positions).toEqual(whole.positions)
    }
  })

  it('stops unconverged, without harm, when the forces do not belong to the energy', async () => {
    const state = createState([1, 0, 0], cube(10))
    const result = await minimize(state, {
      method: 'lbfgs',
      fmax_eV_per_A: 1e-6,
      max_steps: 1000,
      // Uphill along the force.
      evaluate: evaluatorOf(1, ({ positions }, forces) => {
        forces[0] = positions[0]!
        return positions[0]! ** 2
      }).evaluate,
    })
    expect(result.converged).toBe(false)
    expect(result.steps).toBeLessThan(100)
    expect(state.positions[0]).toBe(1)
  })
})
