/** Typed arrays that can be packed. */
const ARRAYS = { Float64Array, Float32Array, Int32Array, Uint8Array } as const
type ArrayName = keyof typeof ARRAYS

interface PackedArray {
  readonly array: ArrayName
  readonly base64: string
}

/** Formats plain data as JSON; typed arrays are stored exactly, as little-endian bytes in base 64. */
export function pack(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => {
    if (!ArrayBuffer.isView(item)) return item
    const array = Object.prototype.toString.call(item).slice(8, -1)
    if (!(array in ARRAYS)) throw new TypeError(`a ${array} cannot be packed`)
    const base64 = Buffer.from(item.buffer, item.byteOffset, item.byteLength).toString('base64')
    return { array, base64 }
  })
}

/** Returns the data that `pack` wrote. Runs in browsers too. */
export function unpack(text: string): unknown {
  return JSON.parse(text, (_, item: unknown) => {
    if (!isPacked(item)) return item
    const bytes = Uint8Array.from(atob(item.base64), character => character.charCodeAt(0))
    return new ARRAYS[item.array](bytes.buffer)
  })
}

function isPacked(item: unknown): item is PackedArray {
  return typeof item === 'object' && item !== null && 'array' in item && 'base64' in item
}
