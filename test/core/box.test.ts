import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  cartesian,
  createBox,
  fractional,
  minimumImage,
  orthorhombicBox,
  scaleBox,
  wrapPositions,
} from '../../src/core/box.ts'
import { createTopology, specialPairs } from '../../src/core/topology.ts'
import { CODATA_2018, EV_PER_A3_IN_BAR, KCAL_PER_MOL, LAMMPS_METAL, LAMMPS_REAL } from '../../src/units.ts'

const skewed = createBox([9, 0, 0, 3, 8, 0, -2, 2.5, 10])

describe('a box', () => {
  it('a box has the volume and the face distances of its lattice vectors', () => {
    const box = createBox([4, 0, 0, 2, 3, 0, 0, 0, 5])
    expect(box.volume).toBeCloseTo(60, 12)
    expect(box.heights[0]).toBeCloseTo(12 / Math.hypot(2, 3), 12)
    expect(box.heights[1]).toBeCloseTo(3, 12)
    expect(scaleBox(orthorhombicBox(1, 2, 3), 2).volume).toBeCloseTo(48, 12)
  })

  it.each([
    ['left-handed', [1, 0, 0, 0, 0, 1, 0, 1, 0]],
    ['flat', [1, 0, 0, 2, 0, 0, 0, 0, 1]],
    ['not finite', [Number.NaN, 0, 0, 0, 1, 0, 0, 0, 1]],
  ])('a box that is %s is refused', (_what, matrix) => {
    expect(() => createBox(matrix)).toThrow(/the cell has volume/)
  })

  it('fractional and Cartesian coordinates convert into each other', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -30, max: 30, noNaN: true }), { minLength: 3, maxLength: 3 }),
        values => {
          const positions = Float64Array.from(values)
          const back = cartesian(skewed, fractional(skewed, positions))
          back.forEach((x, k) => {
            expect(x).toBeCloseTo(positions[k]!, 10)
          })
          for (const s of fractional(skewed, wrapPositions(skewed, positions))) {
            expect(s).toBeGreaterThan(-1e-9)
            expect(s).toBeLessThan(1 + 1e-9)
          }
        },
      ),
    )
  })

  it('minimumImage is exact within half of the smallest height of the box', () => {
    const reach = Math.min(...skewed.heights) / 2
    const direction = fc.tuple(...[0, 1, 2].map(() => fc.double({ min: -1, max: 1, noNaN: true })))
    const cells = fc.tuple(...[0, 1, 2].map(() => fc.integer({ min: -3, max: 3 })))
    fc.assert(
      fc.property(direction, cells, ([x, y, z], [a, b, c]) => {
        const norm = Math.hypot(x!, y!, z!)
        fc.pre(norm > 0.1)
        const short = [x!, y!, z!].map(v => (v / norm) * 0.99 * reach)
        const m = skewed.matrix
        const far = Float64Array.from(short, (v, k) => v + a! * m[k]! + b! * m[3 + k]! + c! * m[6 + k]!)
        minimumImage(skewed, far)
        far.forEach((v, k) => {
          expect(v).toBeCloseTo(short[k]!, 9)
        })
      }),
    )
  })
})

describe('a topology', () => {
  it('a topology has the molecules and the pairs within three bonds by shortest path', () => {
    // A ring of five with a tail of two, and a lone atom.
    const topology = createTopology(8, [0, 1, 1, 2, 2, 3, 3, 4, 4, 0, 4, 5, 5, 6])
    expect([...topology.molecules]).toEqual([0, 0, 0, 0, 0, 0, 0, 1])
    const { pairs, separation } = specialPairs(topology, 8)
    const distance = new Map([...separation].map((s, k) => [`${pairs[2 * k]}-${pairs[2 * k + 1]}`, s]))
    expect(distance.get('0-1')).toBe(1)
    expect(distance.get('0-2')).toBe(2)
    expect(distance.get('1-5')).toBe(3)
    expect(distance.get('2-6')).toBeUndefined()
    expect(distance.get('0-6')).toBe(3)
    expect(distance.size).toBe(separation.length)
  })
})

describe('units', () => {
  it('constants are those of CODATA 2018 and of the tables of LAMMPS', () => {
    expect(CODATA_2018.coulomb_eV_A).toBeCloseTo(14.3996454784, 8)
    expect(CODATA_2018.boltzmann_eV_per_K).toBeCloseTo(8.617333262e-5, 13)
    expect(1 / CODATA_2018.accelerationPerForce).toBeCloseTo(1.0364269653e-4, 12)
    expect(1 / KCAL_PER_MOL).toBeCloseTo(23.0605478306, 8)
    expect(EV_PER_A3_IN_BAR).toBeCloseTo(1602176.634, 3)
    for (const constants of [LAMMPS_REAL, LAMMPS_METAL]) {
      expect(constants.coulomb_eV_A / CODATA_2018.coulomb_eV_A).toBeCloseTo(1, 6)
      expect(constants.accelerationPerForce / CODATA_2018.accelerationPerForce).toBeCloseTo(1, 6)
    }
  })
})
