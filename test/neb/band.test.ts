import { describe, expect, it } from 'vitest'
import { bandForces, improvedTangents, pathLengths, springStiffness } from '../../src/neb/band.ts'

const at = (x: number, y: number) => Float64Array.of(x, y, 0)
const KINKED = [at(0, 0), at(2, 0), at(2, 1)]
const UNIFORM = { kind: 'uniform', stiffness_eV_per_A2: 3 } as const

describe('the improved tangent of a kinked band', () => {
  const middle = (energies: number[]) => Array.from(improvedTangents(KINKED, energies)[1]!)

  it('points to the higher neighbour on a slope', () => {
    expect(middle([0, 1, 2])).toEqual([0, 1, 0])
    expect(middle([2, 1, 0])).toEqual([1, 0, 0])
  })

  it('weighs both sides by the change of energy at an extremum', () => {
    // Up 3 and 1 at a maximum: E₊ > E₋, so forward counts 3, backward 1.
    const tangent = [1 * 2, 3 * 1, 0]
    const length = Math.hypot(...tangent)
    middle([0, 3, 2]).forEach((x, k) => {
      expect(x).toBeCloseTo(tangent[k]! / length, 12)
    })
    // At a minimum with the higher neighbour behind, backward counts 3.
    const other = [3 * 2, 1 * 1, 0]
    middle([3, 0, 1]).forEach((x, k) => {
      expect(x).toBeCloseTo(other[k]! / Math.hypot(...other), 12)
    })
  })

  it('halves the kink where all energies are equal, and looks along the path at the ends', () => {
    const tangents = improvedTangents(KINKED, [1, 1, 1])
    expect(tangents[1]![0]! / tangents[1]![1]!).toBeCloseTo(2, 12)
    expect(Array.from(tangents[0]!)).toEqual([1, 0, 0])
    expect(Array.from(tangents[2]!)).toEqual([0, 1, 0])
  })

  it('names the image where two coincide', () => {
    expect(() => improvedTangents([at(0, 0), at(0, 0), at(0, 0)], [0, 1, 0])).toThrow('image 1 of 3')
  })
})

describe('forces on a band', () => {
  const band = { images: KINKED, energies_eV: [0, 1, 2], forces: [at(1, 1), at(5, 7), at(1, 1)] }

  it('keep the potential across the path and the springs along it', () => {
    const { nebForces, tangentForces_eV_per_A } = bandForces(band, UNIFORM, null, null)
    // The path turns from x to y: springs pull with 3 (1 − 2) along y.
    expect(Array.from(nebForces[1]!)).toEqual([5, -3, 0])
    expect(tangentForces_eV_per_A[1]).toBe(7)
  })

  it('turn round along the path on the climbing image', () => {
    expect(Array.from(bandForces(band, UNIFORM, 1, null).nebForces[1]!)).toEqual([5, -7, 0])
  })

  it('leave frozen atoms out', () => {
    const two = (x: number) => Float64Array.of(x, 0, 0, 9, 9, 9)
    const images = [two(0), two(1), two(2)]
    const forces = images.map(() => Float64Array.of(0, 4, 0, 100, 100, 100))
    const frozen = Uint8Array.of(0, 1)
    const result = bandForces({ images, energies_eV: [0, 1, 2], forces }, UNIFORM, null, frozen)
    expect(Array.from(result.nebForces[1]!)).toEqual([0, 4, 0, 0, 0, 0])
    expect(result.fmax_eV_per_A).toEqual([4, 4, 4])
  })

  it('leave out what would shift all atoms together, where nothing holds them', () => {
    const two = (x: number) => Float64Array.of(x, 0, 0, -x, 0, 0)
    const images = [two(0), two(1), two(2)]
    const forces = images.map(() => Float64Array.of(0, 5, 2, 0, 1, 2))
    const seen = (drifts: boolean) =>
      Array.from(
        bandForces({ images, energies_eV: [0, 1, 2], forces }, UNIFORM, null, null, drifts).nebForces[1]!,
      )
    expect(seen(false)).toEqual([0, 5, 2, 0, 1, 2])
    expect(seen(true)).toEqual([0, 2, 0, 0, -2, 0])
  })

  it('measure the path over all atoms', () => {
    expect(pathLengths(KINKED)).toEqual([0, 2, 3])
  })
})

describe('energy-weighted springs', () => {
  it('are stiffest at the top and ten times softer up to the higher end', () => {
    const springs = { kind: 'energy-weighted', softest_eV_per_A2: 0.2, stiffest_eV_per_A2: 2 } as const
    const [first, second, third, fourth] = springStiffness(springs, [0, 0.25, 1, 2, 0.5])
    expect(first).toBeCloseTo(0.2, 12)
    // E = 1: a = (2 − 1)/(2 − 0.5) = 2/3, k = 2 (1/3 + 2/3 · 0.1).
    expect(second).toBeCloseTo(0.8, 12)
    expect(third).toBeCloseTo(2, 12)
    expect(fourth).toBeCloseTo(2, 12)
  })
})
