import fc from 'fast-check'
import { createBox } from '../../src/core/box.ts'
import { atomicWeight } from '../../src/core/elements.ts'
import type { Structure } from '../../src/core/structure.ts'
import { createTopology } from '../../src/core/topology.ts'

/** A number with ten significant digits, so that ten are enough to write it. */
const tenDigits = (min: number, max: number) =>
  fc.double({ min, max, noNaN: true }).map(x => Number(x.toPrecision(10)) + 0)

const vectors = (count: number, size: number) =>
  fc
    .array(tenDigits(-size, size), { minLength: 3 * count, maxLength: 3 * count })
    .map(values => Float64Array.from(values))

/** Structures of 1 to 12 atoms in any right-handed cell, with and without bonds, types, charges, velocities, frozen atoms. */
export const arbitraryStructure: fc.Arbitrary<Structure> = fc
  .integer({ min: 1, max: 12 })
  .chain(count =>
    fc.record({
      count: fc.constant(count),
      elements: fc.array(fc.constantFrom('Li', 'C', 'F', 'H', 'Co'), { minLength: count, maxLength: count }),
      typed: fc.boolean(),
      positions: vectors(count, 60),
      edges: fc.tuple(tenDigits(5, 40), tenDigits(5, 40), tenDigits(5, 40)),
      skew: fc.array(tenDigits(-4, 4), { minLength: 6, maxLength: 6 }),
      bonds: fc.subarray(allPairs(count), { maxLength: Math.min(8, allPairs(count).length) }),
      orders: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 8, maxLength: 8 }),
      charges: fc.option(fc.array(tenDigits(-3, 3), { minLength: count, maxLength: count })),
      withMasses: fc.boolean(),
      velocities: fc.option(vectors(count, 30)),
      frozen: fc.array(fc.integer({ min: 0, max: 1 }), { minLength: count, maxLength: count }),
    }),
  )
  .map(
    ({
      count,
      elements,
      typed,
      positions,
      edges,
      skew,
      bonds,
      orders,
      charges,
      withMasses,
      velocities,
      frozen,
    }) => ({
      elements,
      types: typed ? elements.map((element, i) => `${element}${i % 2}`) : null,
      positions,
      // Off-diagonal terms below the edges keep the cell right-handed.
      box: createBox([
        edges[0] + 12,
        skew[0]!,
        skew[1]!,
        skew[2]!,
        edges[1] + 12,
        skew[3]!,
        skew[4]!,
        skew[5]!,
        edges[2] + 12,
      ]),
      topology: createTopology(count, bonds.flat(), orders.slice(0, bonds.length)),
      charges: charges && Float64Array.from(charges),
      masses: withMasses ? Float64Array.from(elements, atomicWeight) : null,
      velocities,
      frozen: frozen.includes(1) ? Uint8Array.from(frozen) : null,
    }),
  )

function allPairs(count: number): [number, number][] {
  const pairs: [number, number][] = []
  for (let i = 0; i < count; i++) for (let j = i + 1; j < count; j++) pairs.push([i, j])
  return pairs
}
