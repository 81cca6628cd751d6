import { describe, expect, it } from 'vitest'
import { createBox } from '../../src/core/box.ts'
import { copyState, type State } from '../../src/core/state.ts'
import { referencePlatform } from '../../src/platform/reference/reference.ts'
import { cases } from './cases.ts'

const platforms = [referencePlatform]

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

const STEP = 1e-4

describe.each(platforms)('$name platform', platform => {
  describe.each(cases)('$name', ({ system, state }) => {
    it('has forces that are minus the gradient of the energy, to 1e-6', async () => {
      const evaluator = await platform.prepare(system)
      const forces = (await evaluator.evaluate(state)).forces.slice()
      const scale = Math.max(...forces.map(Math.abs))
      expect(scale).toBeGreaterThan(1e-4)
      for (let k = 0; k < forces.length; k++) {
        const slope = await derivative(async x => {
          const moved = copyState(state)
          moved.positions[k]! += x
          return (await evaluator.evaluate(moved)).energy
        }, STEP)
        expect(Math.abs(forces[k]! + slope) / scale).toBeLessThan(1e-6)
      }
    })

    it('has a virial that is minus the strain derivative of the energy, to 1e-6', async () => {
      const evaluator = await platform.prepare(system)
      const virial = (await evaluator.evaluate(state)).virial.slice()
      const scale = Math.max(...virial.map(Math.abs))
      for (let row = 0; row < 3; row++) {
        for (let column = 0; column < 3; column++) {
          const slope = await derivative(
            async x => (await evaluator.evaluate(strained(state, row, column, x))).energy,
            STEP,
          )
          expect(Math.abs(virial[3 * row + column]! + slope) / scale).toBeLessThan(1e-6)
        }
      }
    })

    it('does not change the state it is given', async () => {
      const before = copyState(state)
      const evaluator = await platform.prepare(system)
      await evaluator.evaluate(state)
      expect(state).toEqual(before)
    })
  })
})
