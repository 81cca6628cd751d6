import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { PairForce } from '../../../src/core/force.ts'
import { createSimdEvaluator } from '../../../src/platform/simd/simd.ts'
import { compileWasm, wasmFile } from '../../tools/wasm.ts'
import { cases } from '../parity/cases.ts'

describe('the simd platform', () => {
  it('names the terms that the reference computes for it', () => {
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
})

describe('the compiled WebAssembly kernels', () => {
  it.each(['relaxed-simd', 'simd'] as const)(
    'the committed %s.wasm is what assembly/ and the offsets of wasm/layout.ts compile to',
    async flavour => {
      expect(Buffer.compare(await compileWasm(flavour), readFileSync(wasmFile(flavour)))).toBe(0)
    },
  )
})
