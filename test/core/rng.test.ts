import { describe, expect, it } from 'vitest'
import { normals, philox4x32, randomSequence, STREAM, uniforms } from '../../src/rng.ts'

describe('philox4x32', () => {
  // Known answers of the Random123 library, kat_vectors.
  it.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ] as const)('of counter %j and key %j', (counter, key, expected) => {
    expect(philox4x32(counter, key)).toEqual(expected)
  })
})

describe('draws', () => {
  it('random numbers depend on every argument and on nothing else', () => {
    const base = uniforms(1, STREAM.langevin, 2, 3)
    expect(uniforms(1, STREAM.langevin, 2, 3)).toEqual(base)
    expect(uniforms(2, STREAM.langevin, 2, 3)).not.toEqual(base)
    expect(uniforms(1, STREAM.velocities, 2, 3)).not.toEqual(base)
    expect(uniforms(1, STREAM.langevin, 3, 3)).not.toEqual(base)
    expect(uniforms(1, STREAM.langevin, 2, 4)).not.toEqual(base)
    expect(uniforms(1 + 2 ** 40, STREAM.langevin, 2, 3)).not.toEqual(base)
  })

  it('normal random numbers have zero mean and unit variance', () => {
    const values = Array.from({ length: 5000 }, (_, k) => normals(7, STREAM.langevin, k, 0)).flat()
    const moment = (power: number) => values.reduce((sum, x) => sum + x ** power, 0) / values.length
    expect(Math.abs(moment(1))).toBeLessThan(0.03)
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.04)
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.3)
  })

  it('a random sequence is repeated by its seed', () => {
    const take = (seed: number) => {
      const random = randomSequence(seed, STREAM.build)
      return Array.from({ length: 9 }, () => random.integer(1000))
    }
    expect(take(1)).toEqual(take(1))
    expect(take(1)).not.toEqual(take(2))
  })
})
