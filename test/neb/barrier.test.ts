import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { barrierOf } from '../../src/neb/barrier.ts'

describe('barrierOf', () => {
  it('is exact for a cubic, whose maximum lies between two images', () => {
    // E = 3s² − 2s³ + 0.2, maximum at s = 1 of height 1.2; on [0, 1.6].
    const energy = (s: number) => 3 * s * s - 2 * s ** 3 + 0.2
    const path = [0, 0.3, 0.7, 1.4, 1.6]
    const barrier = barrierOf(
      path,
      path.map(energy),
      path.map(s => -(6 * s - 6 * s * s)),
    )
    expect(barrier.saddle.path_A).toBeCloseTo(1, 12)
    expect(barrier.saddle.energy_eV).toBeCloseTo(1.2, 12)
    expect(barrier.saddle.image).toBe(2)
    expect(barrier.barrier_eV).toBeCloseTo(1, 12)
    expect(barrier.reverse_barrier_eV).toBeCloseTo(1.2 - energy(1.6), 12)
    expect(barrier.reaction_energy_eV).toBeCloseTo(energy(1.6) - 0.2, 12)
    barrier.curve.path_A.forEach((s, k) => {
      expect(barrier.curve.energies_eV[k]).toBeCloseTo(energy(s), 12)
    })
    expect(barrier.curve.path_A[0]).toBe(0)
    expect(barrier.curve.path_A.at(-1)).toBe(1.6)
  })

  it('does not look beyond the ends, however steep they are', () => {
    const barrier = barrierOf([0, 1, 2], [0, 1, 2], [-1, -1, -1])
    expect(barrier.barrier_eV).toBeCloseTo(2, 12)
    expect(barrier.saddle).toEqual({ path_A: 2, energy_eV: 2, image: 2 })
    expect(barrier.reverse_barrier_eV).toBe(0)
  })

  it('is never below the highest image, and never above the curve', () => {
    const value = fc.double({ min: -3, max: 3, noNaN: true })
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double({ min: 0.1, max: 2, noNaN: true }), value, value), { minLength: 2 }),
        rows => {
          let length = 0
          const path = rows.map(([step]) => (length += step))
          const energies = rows.map(([, energy]) => energy)
          const { saddle, curve } = barrierOf(
            path,
            energies,
            rows.map(([, , force]) => force),
          )
          expect(saddle.energy_eV).toBeGreaterThanOrEqual(Math.max(...energies))
          expect(saddle.energy_eV).toBeGreaterThanOrEqual(Math.max(...curve.energies_eV) - 1e-12)
          // Twenty points per segment see the maximum up to their spacing.
          expect(saddle.energy_eV).toBeLessThan(Math.max(...curve.energies_eV) + 0.1)
        },
      ),
      { numRuns: 200, seed: 1 },
    )
  })

  it('refuses a path that does not lengthen', () => {
    expect(() => barrierOf([0, 1, 1], [0, 1, 0], [0, 0, 0])).toThrow('image 2 to image 3')
  })
})
