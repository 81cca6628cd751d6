import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createAxisPlan, radices } from '../../../src/platform/clusters/pme.ts'
import { enableRelaxedSimd, functionsOf } from '../../../src/platform/wasm/kernels.ts'
import { COMPLEX_BYTES } from '../../../src/platform/wasm/layout.ts'
import { createArena, createMemory } from '../../../src/platform/wasm/memory.ts'
import { randomSequence, STREAM } from '../../../src/rng.ts'

const WASM = join(resolve(import.meta.dirname, '../../..'), 'src/platform/wasm')
const LANES = 4

/** Lets relaxed SIMD through on Node 20. */
enableRelaxedSimd()

/** Discrete Fourier transform by its definition. @param x interleaved @returns interleaved */
function byDefinition(x: Float64Array, sign: 1 | -1): Float64Array {
  const n = x.length / 2
  const y = new Float64Array(2 * n)
  for (let k = 0; k < n; k++) {
    for (let j = 0; j < n; j++) {
      const angle = (sign * 2 * Math.PI * ((j * k) % n)) / n
      y[2 * k]! += x[2 * j]! * Math.cos(angle) - x[2 * j + 1]! * Math.sin(angle)
      y[2 * k + 1]! += x[2 * j]! * Math.sin(angle) + x[2 * j + 1]! * Math.cos(angle)
    }
  }
  return y
}

const random = randomSequence(11, STREAM.build)
/** Four sequences; [lane] interleaved. */
const sequences = (n: number) =>
  Array.from({ length: LANES }, () => Float64Array.from({ length: 2 * n }, () => random.uniform() - 0.5))

const relative = (a: Float64Array, b: Float64Array) =>
  Math.hypot(...a.map((v, k) => v - b[k]!)) / Math.hypot(...b)

describe.each(['relaxed-simd', 'simd'] as const)('four transforms at once, %s', flavour => {
  const memory = createMemory()
  const bytes = readFileSync(join(WASM, `${flavour}.wasm`))
  const fft = functionsOf(new WebAssembly.Module(bytes), memory).fft!

  function transformed(x: Float64Array[], options: { backward: boolean; inPlace: boolean; vectors: number }) {
    const n = x[0]!.length / 2
    const arena = createArena(memory)
    const axis = createAxisPlan(n, arena)
    const step = 16 * options.vectors
    const source = arena.allocate(n * step)
    const target = options.inPlace ? source : arena.allocate(n * step)
    const work = arena.allocate(2 * n * COMPLEX_BYTES)
    const input = arena.f32(source, (n * step) / 4)
    x.forEach((lane, l) => {
      for (let k = 0; k < n; k++) {
        input[(k * step) / 4 + l] = lane[2 * k]!
        input[(k * step) / 4 + LANES + l] = lane[2 * k + 1]!
      }
    })
    const [re, im] = options.backward ? [16, 0] : [0, 16]
    fft(axis, source + re, source + im, step, target + re, target + im, step, work)
    const output = arena.f32(target, (n * step) / 4)
    return x.map((_, l) =>
      Float64Array.from(
        { length: 2 * n },
        (_, k) => output[((k >> 1) * step) / 4 + (k % 2 === 0 ? 0 : LANES) + l]!,
      ),
    )
  }

  it.each([
    2, 3, 4, 5, 8, 12, 16, 20, 24, 27, 32, 36, 40, 48, 50, 60, 64, 72, 80, 96, 100, 108, 120, 125, 128, 256,
  ])('of length %i are those of the definition', n => {
    const x = sequences(n)
    const y = transformed(x, { backward: false, inPlace: false, vectors: 2 })
    for (let l = 0; l < LANES; l++) expect(relative(y[l]!, byDefinition(x[l]!, -1))).toBeLessThan(4e-7)
  })

  it.each([4, 20, 48])('run backward when real and imaginary parts are swapped: %i', n => {
    const x = sequences(n)
    const y = transformed(x, { backward: true, inPlace: false, vectors: 3 })
    for (let l = 0; l < LANES; l++) expect(relative(y[l]!, byDefinition(x[l]!, 1))).toBeLessThan(4e-7)
  })

  it.each([4, 12, 16, 32, 60])('work in place: %i', n => {
    const x = sequences(n)
    const apart = transformed(x, { backward: false, inPlace: false, vectors: 2 })
    expect(transformed(x, { backward: false, inPlace: true, vectors: 2 })).toEqual(apart)
  })
})

describe('lengths of transforms', () => {
  it.each([
    [48, [4, 4, 3]],
    [40, [4, 2, 5]],
    [28, null],
    [1, null],
  ])('%i factorises into %o', (n, expected) => expect(radices(n)).toEqual(expected))

  it('without a factorisation are refused', () => {
    expect(() => createAxisPlan(14, createArena(createMemory()))).toThrow(TypeError)
  })
})
