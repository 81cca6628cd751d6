import { expect, it } from 'vitest'
import { pack, unpack } from '../../src/files/packed.ts'

const whole = {
  name: 'a',
  doubles: Float64Array.of(0.1, -0, Number.NaN, Number.POSITIVE_INFINITY, 5e-324),
  singles: Float32Array.of(0.1),
  integers: Int32Array.of(-1, 2 ** 31 - 1),
  bytes: Uint8Array.of(0, 255),
  none: new Float64Array(0),
  nested: [{ list: [1, 2], nothing: null }],
}

it('packed data are unpacked to the last bit', () => {
  expect(unpack(pack(whole))).toEqual(whole)
})

it('an array that views a part of a buffer is packed without the rest', () => {
  const part = Float64Array.of(1, 2, 3).subarray(1)
  expect(unpack(pack({ part }))).toEqual({ part: Float64Array.of(2, 3) })
})

it('unknown types of arrays are not packed', () => {
  expect(() => pack({ x: new Uint16Array(1) })).toThrow('a Uint16Array cannot be packed')
})
