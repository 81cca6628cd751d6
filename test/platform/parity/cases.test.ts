import { describe, expect, it } from 'vitest'
import { copyState, type State } from '../../../src/core/state.ts'
import { prepareEvaluator } from '../../../src/platform/choose.ts'
import { hotPvdf } from '../../tools/polymerBoxes.ts'
import { type Case, cases } from './cases.ts'
import { norm } from './configurations.ts'
import { onEachPlatform, withEvaluator } from './platforms.ts'

const pvdf: Case = { name: 'PVDF with LiFSI', ...hotPvdf() }

const deviation = (found: Float64Array, expected: Float64Array) =>
  norm(found.map((value, k) => value - expected[k]!)) / (norm(expected) || 1)

/** The positions changed by up to so much, Å. */
const moved = (state: State, by_A: number): State => ({
  ...state,
  positions: state.positions.map((x, k) => x + by_A * Math.sin(k)),
})

onEachPlatform(({ key, tolerance }) => {
  describe.each([pvdf, ...cases])('$name', ({ system, state }) => {
    it('energy, terms, forces and virial are those of reference', async () => {
      const { energy, terms, forces, virial } = await withEvaluator('reference', system, reference =>
        reference.evaluate(state),
      )
      const before = copyState(state)
      await withEvaluator(key, system, async evaluator => {
        const found = await evaluator.evaluate(state)
        expect(deviation(found.forces, forces)).toBeLessThanOrEqual(tolerance.forces)
        expect(deviation(found.virial, virial)).toBeLessThanOrEqual(tolerance.virial)
        // Terms may cancel in the total, so that the error is compared with the largest of them.
        const scale = Math.max(...Object.values(terms).map(Math.abs))
        expect(Object.keys(found.terms).toSorted()).toEqual(Object.keys(terms).toSorted())
        expect(Math.abs(found.energy - energy) / scale).toBeLessThanOrEqual(tolerance.energy)
        const bare = await evaluator.evaluate(state, { energy: false, virial: false })
        expect(deviation(bare.forces, forces)).toBeLessThanOrEqual(tolerance.forces)
      })
      expect(state).toEqual(before)
    })

    it('forces do not depend on what else is wanted, and what is not wanted is not a number', async () => {
      await withEvaluator(key, system, async evaluator => {
        const whole = await evaluator.evaluate(state)
        const [forces, virial] = [whole.forces.slice(), whole.virial.slice()]
        const scale = Math.max(...forces.map(Math.abs))
        for (const want of [{ energy: false }, { virial: false }, { energy: false, virial: false }]) {
          const part = await evaluator.evaluate(state, want)
          part.forces.forEach((f, k) => {
            expect(Math.abs(f - forces[k]!) / scale).toBeLessThan(tolerance.repeated)
          })
          expect(part.energy).toEqual('energy' in want ? Number.NaN : whole.energy)
          expect(part.terms).toEqual('energy' in want ? {} : whole.terms)
          expect(part.virial).toEqual('virial' in want ? virial.map(() => Number.NaN) : virial)
        }
      })
    })

    it('after `forget` results are those of a new evaluator, to the last bit', async () => {
      const used = await prepareEvaluator(key, system)
      await used.evaluate(moved(state, 0.01))
      await used.evaluate(moved(state, 0.3))
      used.forget()
      const fresh = await prepareEvaluator(key, system)
      const expected = await fresh.evaluate(state)
      const again = await used.evaluate(state)
      expect([again.energy, again.forces, again.virial]).toEqual([
        ...[expected.energy, expected.forces, expected.virial],
      ])
      await Promise.all([used.dispose(), fresh.dispose()])
    })
  })

  it('the total energy of PVDF with LiFSI is that of reference', async () => {
    const expected = await withEvaluator('reference', pvdf.system, reference =>
      reference.evaluate(pvdf.state),
    )
    const found = await withEvaluator(key, pvdf.system, evaluator => evaluator.evaluate(pvdf.state))
    expect(Math.abs(found.energy / expected.energy - 1)).toBeLessThanOrEqual(tolerance.energy)
  })
})
