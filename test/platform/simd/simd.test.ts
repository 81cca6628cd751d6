import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { PairForce } from '../../../src/core/force.ts'
import { createReferenceEvaluator } from '../../../src/platform/reference/reference.ts'
import { createSimdEvaluator } from '../../../src/platform/simd/simd.ts'
import { hotPvdf } from '../../tools/polymerBoxes.ts'
import { assemblyLayout, compileWasm, LAYOUT_FILE, wasmFile } from '../../tools/wasm.ts'
import { cases } from '../cases.ts'

/** Root mean square of the difference relative to that of the expected values. */
function deviation(values: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0
  let norm = 0
  for (let k = 0; k < expected.length; k++) {
    difference += (values[k]! - expected[k]!) ** 2
    norm += expected[k]! ** 2
  }
  return Math.sqrt(difference / (norm || 1))
}

describe('the simd platform', () => {
  it.each(cases)('agrees with reference: $name', async ({ system, state }) => {
    const simd = await createSimdEvaluator(system).evaluate(state)
    const reference = await createReferenceEvaluator(system).evaluate(state)
    expect(deviation(simd.forces, reference.forces)).toBeLessThan(1e-5)
    expect(deviation(simd.virial, reference.virial)).toBeLessThan(1e-5)
    // Terms may cancel in the total, so each is held to the largest of them.
    const scale = Math.max(...Object.values(reference.terms).map(Math.abs))
    expect(Object.keys(simd.terms).toSorted()).toEqual(Object.keys(reference.terms).toSorted())
    expect(Math.abs(simd.energy - reference.energy) / scale).toBeLessThan(2e-6)
  })

  it('agrees with reference: PVDF with LiFSI', async () => {
    const { system, state } = hotPvdf()
    const simd = await createSimdEvaluator(system).evaluate(state)
    const reference = await createReferenceEvaluator(system).evaluate(state)
    expect(deviation(simd.forces, reference.forces)).toBeLessThan(1e-5)
    expect(deviation(simd.virial, reference.virial)).toBeLessThan(1e-5)
    expect(Math.abs(simd.energy / reference.energy - 1)).toBeLessThan(2e-6)
  })

  it('says which terms the reference computes for it', () => {
    const names = (name: string) => {
      const { system } = cases.find(item => item.name === name)!
      return createSimdEvaluator(system).fallbackReason
    }
    expect(names('coulomb pme')).toBeNull()
    const { system } = cases.find(item => item.name === 'pair morse plain')!
    const shorter = { ...(system.forces[0] as PairForce), cutoffs: new Float64Array(9).fill(3) }
    const forces = [...system.forces, shorter]
    expect(createSimdEvaluator({ ...system, forces }).fallbackReason).toBe('morse by reference')
  })

  it('gives no number for what is not wanted, and the same forces', async () => {
    const { system, state } = hotPvdf()
    const evaluator = createSimdEvaluator(system)
    const forces = (await evaluator.evaluate(state)).forces.slice()
    const bare = await evaluator.evaluate(state, { energy: false, virial: false })
    expect(bare.energy).toBeNaN()
    expect(bare.virial[0]).toBeNaN()
    expect(deviation(bare.forces, forces)).toBeLessThan(1e-6)
  })

  it('starts afresh when it is told to forget', async () => {
    const { system, state } = hotPvdf()
    const evaluator = createSimdEvaluator(system)
    const first = (await evaluator.evaluate(state)).forces.slice()
    const moved = { ...state, positions: state.positions.map((x, k) => x + 0.3 * Math.sin(k)) }
    await evaluator.evaluate(moved)
    evaluator.forget()
    expect((await evaluator.evaluate(state)).forces).toEqual(first)
  })
})

describe('the compiled kernels', () => {
  it('have the offsets of wasm/layout.ts', () => {
    expect(readFileSync(LAYOUT_FILE, 'utf8')).toBe(assemblyLayout())
  })

  it.each(['relaxed-simd', 'simd'] as const)('%s.wasm is what the sources compile to', async flavour => {
    expect(Buffer.compare(await compileWasm(flavour), readFileSync(wasmFile(flavour)))).toBe(0)
  })
})
