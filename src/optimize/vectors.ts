/** Scalar product. */
export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!
  return sum
}

/** a ← a + scale b */
export function addScaled(a: Float64Array, scale: number, b: Float64Array): void {
  for (let k = 0; k < a.length; k++) a[k]! += scale * b[k]!
}

/** Largest length of an atom's vector; NaN if a component is NaN. @param vectors [3N] */
export function longestVector(vectors: Float64Array): number {
  let largest = 0
  for (let k = 0; k < vectors.length; k += 3) {
    const squared = vectors[k]! ** 2 + vectors[k + 1]! ** 2 + vectors[k + 2]! ** 2
    if (squared > largest || Number.isNaN(squared)) largest = squared
  }
  return Math.sqrt(largest)
}

/** A copy in which the vectors of frozen atoms are zero. @param vectors [3N] @param frozen [N] 1 for frozen atoms */
export function withoutFrozen(vectors: Float64Array, frozen: Uint8Array | null): Float64Array {
  const kept = vectors.slice()
  frozen?.forEach((held, atom) => {
    if (held) kept.fill(0, 3 * atom, 3 * atom + 3)
  })
  return kept
}

/** A copy without the mean vector of all atoms. @param vectors [3N] */
export function withoutDrift(vectors: Float64Array): Float64Array {
  const mean = [0, 0, 0]
  for (let k = 0; k < vectors.length; k++) mean[k % 3]! += (3 * vectors[k]!) / vectors.length
  return vectors.map((x, k) => x - mean[k % 3]!)
}
