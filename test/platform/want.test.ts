import { describe, expect, it } from 'vitest'
import { copyState } from '../../src/core/state.ts'
import { referencePlatform } from '../../src/platform/reference/reference.ts'
import { cases } from './cases.ts'

const platforms = [referencePlatform]

describe.each(platforms)('$name platform', platform => {
  describe.each(cases)('$name', ({ system, state }) => {
    it('has the same forces whatever else is wanted, and no numbers for what is not', async () => {
      const evaluator = await platform.prepare(system)
      const whole = await evaluator.evaluate(state)
      const [forces, virial] = [whole.forces.slice(), whole.virial.slice()]
      const scale = Math.max(...forces.map(Math.abs))
      for (const want of [{ energy: false }, { virial: false }, { energy: false, virial: false }]) {
        const part = await evaluator.evaluate(state, want)
        part.forces.forEach((f, k) => {
          expect(Math.abs(f - forces[k]!) / scale).toBeLessThan(1e-6)
        })
        expect(part.energy).toEqual('energy' in want ? Number.NaN : whole.energy)
        expect(part.terms).toEqual('energy' in want ? {} : whole.terms)
        expect(part.virial).toEqual('virial' in want ? virial.map(() => Number.NaN) : virial)
      }
    })

    it('goes on as if freshly prepared once it has forgotten', async () => {
      const used = await platform.prepare(system)
      const moved = copyState(state)
      for (let k = 0; k < moved.positions.length; k++) moved.positions[k]! += 0.01 * Math.sin(k)
      await used.evaluate(moved)
      used.forget()
      const fresh = await (await platform.prepare(system)).evaluate(state)
      const again = await used.evaluate(state)
      expect([again.energy, again.forces, again.virial]).toEqual([fresh.energy, fresh.forces, fresh.virial])
    })
  })
})
