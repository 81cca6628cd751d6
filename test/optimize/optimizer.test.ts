import { describe, expect, it } from 'vitest'
import { curvaturePair, lbfgsDirection } from '../../src/optimize/lbfgs.ts'
import {
  type OptimizerState,
  optimizerData,
  optimizerState,
  optimizerStep,
  startOptimizer,
} from '../../src/optimize/optimizer.ts'

const OPTIONS = { stepCap_A: 0.1, firstCurvature_eV_per_A2: 70 }
const CURVATURES = [2, 5, 9, 14, 20, 33]
const pull = (x: Float64Array) => x.map((value, k) => -CURVATURES[k]! * value)
const START = Float64Array.of(0.3, -0.2, 0.1, 0.4, 0.2, -0.3)

function walk(state: OptimizerState, from: Float64Array, steps: number) {
  let positions = from
  for (let step = 0; step < steps; step++) {
    const next = optimizerStep(state, positions, pull(positions), OPTIONS)
    state = next.state
    positions = next.positions
  }
  return { state, positions }
}

describe.each(['lbfgs', 'fire'] as const)('%s', name => {
  it('the optimiser converges to the minimum of a quadratic energy', () => {
    const { positions } = walk(startOptimizer(name), START, name === 'fire' ? 400 : 40)
    expect(Math.hypot(...positions)).toBeLessThan(1e-6)
  })

  it('no atom moves farther than the step cap', () => {
    const { positions } = optimizerStep(
      startOptimizer(name),
      START,
      START.map(x => 1e4 * x),
      OPTIONS,
    )
    const moves = [0, 3].map(atom =>
      Math.hypot(...[0, 1, 2].map(c => positions[atom + c]! - START[atom + c]!)),
    )
    expect(Math.max(...moves)).toBeCloseTo(0.1, 12)
  })

  it('a step leaves its arguments unchanged', () => {
    const { state, positions } = walk(startOptimizer(name), START, 5)
    const before = JSON.stringify(optimizerData(state))
    const [x, f] = [positions.slice(), pull(positions)]
    optimizerStep(state, x, f, OPTIONS)
    expect(x).toEqual(positions)
    expect(f).toEqual(pull(positions))
    expect(JSON.stringify(optimizerData(state))).toBe(before)
  })

  it.each([0, 1, 7])(
    'steps are bit-equal after the state of %i steps was written to JSON and read back',
    steps => {
      const { state, positions } = walk(startOptimizer(name), START, steps)
      const restored = optimizerState(JSON.parse(JSON.stringify(optimizerData(state))))
      expect(walk(restored, positions, 9).positions).toEqual(walk(state, positions, 9).positions)
    },
  )

  it('atoms without a force do not move', () => {
    let state = startOptimizer(name)
    let positions: Float64Array = START
    for (let step = 0; step < 10; step++) {
      const forces = pull(positions).fill(0, 3)
      ;({ state, positions } = optimizerStep(state, positions, forces, OPTIONS))
    }
    expect([...positions.slice(3)]).toEqual([...START.slice(3)])
  })
})

describe('L-BFGS', () => {
  it('L-BFGS has the exact inverse curvature along remembered steps', () => {
    const pairs = [0, 1, 2].map(k => {
      const step = new Float64Array(6)
      step[k] = 0.1
      return curvaturePair(
        step,
        step.map((s, m) => CURVATURES[m]! * s),
      )!
    })
    const direction = lbfgsDirection(pairs, Float64Array.of(2, 5, 9, 0, 0, 0), 70)
    ;[1, 1, 1, 0, 0, 0].forEach((x, k) => {
      expect(direction[k]).toBeCloseTo(x, 12)
    })
  })

  it('L-BFGS clears its memory where the curvature is negative', () => {
    const { state, positions } = walk(startOptimizer('lbfgs'), START, 6)
    if (state.kind !== 'lbfgs') throw new Error('unreachable')
    expect(state.pairs.length).toBe(5)
    // The force has grown along the step: uphill curvature.
    const forces = state.last!.forces.map((force, k) => force + 50 * state.last!.step[k]!)
    const next = optimizerStep(state, positions, forces, OPTIONS)
    expect(next.state.kind === 'lbfgs' && next.state.pairs).toEqual([])
    next.positions.forEach((x, k) => {
      expect(x).toBeCloseTo(positions[k]! + forces[k]! / 70, 12)
    })
  })

  it('L-BFGS never steps against the forces', () => {
    let state = startOptimizer('lbfgs')
    let positions: Float64Array = START
    for (let step = 0; step < 60; step++) {
      // A force with a curl, as a band has.
      const forces = pull(positions).map((f, k) => f + 8 * positions[(k + 1) % 6]!)
      const next = optimizerStep(state, positions, forces, OPTIONS)
      const along = forces.reduce((sum, f, k) => sum + f * (next.positions[k]! - positions[k]!), 0)
      expect(along).toBeGreaterThanOrEqual(0)
      ;({ state, positions } = next)
    }
  })
})
