import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Box, createBox } from '../../src/core/box.ts'
import { buildPairList, createExclusions, type PairList } from '../../src/core/neighbors.ts'
import { createState } from '../../src/core/state.ts'
import type { System } from '../../src/core/system.ts'
import { createTopology } from '../../src/core/topology.ts'
import { createReferenceEvaluator } from '../../src/platform/reference/reference.ts'
import { randomSequence, STREAM } from '../../src/rng.ts'

/** Distances of all listed pairs, sorted. */
function listedDistances(list: PairList, box: Box, positions: Float64Array): number[] {
  const m = box.matrix
  const translate = (cells: Int32Array, k: number, c: number) =>
    cells[3 * k]! * m[c]! + cells[3 * k + 1]! * m[3 + c]! + cells[3 * k + 2]! * m[6 + c]!
  const distances: number[] = []
  for (let n = 0; n < positions.length / 3; n++) {
    const i = list.atoms[n]!
    for (let run = list.atomRuns[n]!; run < list.atomRuns[n + 1]!; run++) {
      for (let k = list.runStarts[run]!; k < list.runStarts[run + 1]!; k++) {
        const j = list.partners[k]!
        distances.push(
          Math.hypot(
            ...[0, 1, 2].map(
              c =>
                positions[3 * j + c]! -
                translate(list.cells, j, c) +
                translate(list.shifts, list.runShifts[run]!, c) -
                positions[3 * i + c]! +
                translate(list.cells, i, c),
            ),
          ),
        )
      }
    }
  }
  return distances.sort((a, b) => a - b)
}

/** Every pair of an atom with every image of another or of itself, once. */
function bruteForceDistances(box: Box, positions: Float64Array, reach: number): number[] {
  const m = box.matrix
  const range = 6
  const distances: number[] = []
  const n = positions.length / 3
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) {
      for (let a = -range; a <= range; a++) {
        for (let b = -range; b <= range; b++) {
          for (let c = -range; c <= range; c++) {
            const firstHalf = a > 0 || (a === 0 && (b > 0 || (b === 0 && c > 0)))
            if (i === j && !firstHalf) continue
            const r = Math.hypot(
              ...[0, 1, 2].map(
                k =>
                  positions[3 * j + k]! - positions[3 * i + k]! + a * m[k]! + b * m[3 + k]! + c * m[6 + k]!,
              ),
            )
            if (r < reach) distances.push(r)
          }
        }
      }
    }
  }
  return distances.sort((a, b) => a - b)
}

const none = (n: number) => createExclusions(n, [])

describe('buildPairList', () => {
  it('the pair list has every pair of images once, in any cell, also if it is smaller than the reach', () => {
    const coordinate = fc.double({ min: -1, max: 2, noNaN: true })
    fc.assert(
      fc.property(
        fc.array(fc.tuple(coordinate, coordinate, coordinate), { minLength: 1, maxLength: 12 }),
        fc.tuple(...[5, 5, 5].map(a => fc.double({ min: a - 1, max: a + 4, noNaN: true }))),
        fc.tuple(...[0, 0, 0].map(() => fc.double({ min: -2.5, max: 2.5, noNaN: true }))),
        fc.double({ min: 1, max: 8, noNaN: true }),
        (fractions, [a, b, c], [xy, xz, yz], reach) => {
          const box = createBox([a!, 0, 0, xy!, b!, 0, xz!, yz!, c!])
          const m = box.matrix
          const positions = Float64Array.from(
            fractions.flatMap(s => [0, 1, 2].map(k => s[0] * m[k]! + s[1] * m[3 + k]! + s[2] * m[6 + k]!)),
          )
          const list = buildPairList(box, positions, reach, none(fractions.length))
          const found = listedDistances(list, box, positions)
          const expected = bruteForceDistances(box, positions, reach)
          expect(found.length).toBe(expected.length)
          found.forEach((r, k) => {
            expect(r).toBeCloseTo(expected[k]!, 9)
          })
        },
      ),
      { numRuns: 60, seed: 1 },
    )
  })

  it('the pair list leaves out excluded pairs, but not their farther images', () => {
    const box = createBox([4, 0, 0, 0, 4, 0, 0, 0, 4])
    const positions = Float64Array.of(0, 0, 0, 1, 0, 0)
    const all = listedDistances(buildPairList(box, positions, 4.5, none(2)), box, positions)
    const rest = listedDistances(
      buildPairList(box, positions, 4.5, createExclusions(2, [0, 1])),
      box,
      positions,
    )
    expect(rest).toEqual(all.slice(1))
    expect(all[0]).toBe(1)
  })

  it('a position that is not a number is reported with its atom', () => {
    const box = createBox([4, 0, 0, 0, 4, 0, 0, 0, 4])
    expect(() => buildPairList(box, Float64Array.of(0, 0, 0, 1, Number.NaN, 0), 2, none(2))).toThrow(
      /position of atom 2 is not finite/,
    )
  })
})

describe('the pair list of an evaluator', () => {
  const n = 40
  const random = randomSequence(5, STREAM.build)
  const box = createBox([11, 0, 0, 2, 10, 0, 1, -2, 12])
  const system: System = {
    atomCount: n,
    elements: Array.from({ length: n }, () => 'Ar'),
    typeNames: ['Ar'],
    typeIndex: new Int32Array(n),
    masses: new Float64Array(n).fill(40),
    charges: new Float64Array(n),
    topology: createTopology(n, []),
    forces: [
      {
        kind: 'pair',
        form: 'inverse-twelfth',
        parameters: Float64Array.of(1e4),
        cutoffs: Float64Array.of(4),
        truncation: { kind: 'shifted' },
        tailCorrection: false,
        special: [0, 0, 0],
      },
    ],
  }

  it('a kept pair list gives the energies of a new one during a walk, also in a cell that changes', async () => {
    const kept = createReferenceEvaluator(system, { skin_A: 1 })
    const state = createState(
      Float64Array.from({ length: 3 * n }, () => 11 * random.uniform()),
      box,
    )
    for (let step = 0; step < 60; step++) {
      for (let k = 0; k < state.positions.length; k++) state.positions[k]! += 0.15 * random.normal()
      if (step % 3 === 0) {
        const scale = 1 + 0.02 * random.normal()
        state.box = createBox(state.box.matrix.map(x => x * scale))
        for (let k = 0; k < state.positions.length; k++) state.positions[k]! *= scale
      }
      const fresh = createReferenceEvaluator(system)
      const expected = (await fresh.evaluate(state)).energy
      expect((await kept.evaluate(state)).energy / expected).toBeCloseTo(1, 10)
    }
  })
})
