import { describe, expect, it } from 'vitest'
import { createBox } from '../../../src/core/box.ts'
import { copyState, type State } from '../../../src/core/state.ts'
import { cases } from './cases.ts'
import { onEachPlatform, sample, withEvaluator } from './platforms.ts'

/** x → x(1 + ε): strains the cell and the positions together. */
function strained(state: State, row: number, column: number, epsilon: number): State {
  const strain = (rows: Float64Array) => {
    const result = rows.slice()
    for (let k = 0; k < rows.length; k += 3) result[k + column]! += epsilon * rows[k + row]!
    return result
  }
  return { ...state, positions: strain(state.positions), box: createBox(strain(state.box.matrix)) }
}

/** Fourth-order central difference. */
async function derivative(energy: (x: number) => Promise<number>, h: number): Promise<number> {
  const [a, b, c, d] = [await energy(-2 * h), await energy(-h), await energy(h), await energy(2 * h)]
  return (a - 8 * b + 8 * c - d) / (12 * h)
}

onEachPlatform(platform => {
  const { key, tolerance, every } = platform
  const step = tolerance.step_A

  describe.each(sample(platform, cases))('$name', ({ system, state }) => {
    it('forces are minus the gradient of the energy', async () => {
      await withEvaluator(key, system, async evaluator => {
        const forces = (await evaluator.evaluate(state)).forces.slice()
        const scale = Math.max(...forces.map(Math.abs))
        expect(scale).toBeGreaterThan(1e-4)
        for (let k = 0; k < forces.length; k += every) {
          const slope = await derivative(async x => {
            const moved = copyState(state)
            moved.positions[k]! += x
            return (await evaluator.evaluate(moved)).energy
          }, step)
          expect(Math.abs(forces[k]! + slope) / scale).toBeLessThan(tolerance.derivative)
        }
      })
    })

    it('the virial is minus the strain derivative of the energy', async () => {
      await withEvaluator(key, system, async evaluator => {
        const virial = (await evaluator.evaluate(state)).virial.slice()
        const scale = Math.max(...virial.map(Math.abs))
        for (let component = 0; component < 9; component += Math.min(every, 4)) {
          const [row, column] = [Math.floor(component / 3), component % 3]
          // A strain that moves atoms by about as much as the step.
          const slope = await derivative(
            async x => (await evaluator.evaluate(strained(state, row, column, x))).energy,
            key === 'reference' ? step : step / 10,
          )
          expect(Math.abs(virial[component]! + slope) / scale).toBeLessThan(tolerance.derivative)
        }
      })
    })
  })
})
