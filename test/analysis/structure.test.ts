import ndarray from 'ndarray'
import { describe, expect, test } from 'vitest'
import { createContactRecord } from '../../src/analysis/contacts.ts'
import { coordinationNumber, firstMinimum, radialDistribution } from '../../src/analysis/structure.ts'
import { type Box, cartesian, createBox, orthorhombicBox } from '../../src/core/box.ts'
import { normalSequence, uniformSequence } from './walks.ts'

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, k) => from + k)

/** Uniformly distributed atoms, many cells away from home. */
function idealGas(seed: number, frames: number, atoms: number, box: Box) {
  const uniform = uniformSequence(seed)
  const fractions = Float64Array.from({ length: frames * atoms * 3 }, () => 6 * uniform() - 3)
  return { positions: ndarray(cartesian(box, fractions), [frames, atoms, 3]), box }
}

/** n³ atoms, `spacing` Å apart, with thermal motion. */
function cubicLattice(n: number, spacing: number, frames: number, rattle_A: number) {
  const normal = normalSequence(11)
  const atoms = n ** 3
  const site = (atom: number, axis: number) => Math.floor(atom / n ** axis) % n
  const data = Float64Array.from({ length: frames * atoms * 3 }, (_, k) => {
    return spacing * site(Math.floor(k / 3) % atoms, k % 3) + rattle_A * normal()
  })
  return {
    positions: ndarray(data, [frames, atoms, 3]),
    box: orthorhombicBox(n * spacing, n * spacing, n * spacing),
  }
}

describe('radial distribution function', () => {
  const triclinic = createBox([20, 0, 0, 7, 18, 0, -5, 6, 22])

  test.each([
    ['the same species', range(0, 60), range(0, 60), 59],
    ['two species', range(0, 20), range(20, 60), 40],
    ['overlapping species', range(0, 30), range(20, 60), 40 - 1 / 3],
  ])('of an ideal gas is 1 in a triclinic cell: %s', (_name, a, b, partners) => {
    const gas = idealGas(1, 200, 60, triclinic)
    const { g, r_A, coordination, binWidth_A } = radialDistribution(gas, a, b, { binWidth_A: 0.5 })
    const far = g.filter((_, k) => r_A[k]! > 3)
    expect(far.length).toBeGreaterThan(8)
    for (const value of far) expect(Math.abs(value - 1)).toBeLessThan(0.12)
    expect(Math.abs(far.reduce((sum, value) => sum + value, 0) / far.length - 1)).toBeLessThan(0.02)
    const outer = r_A.at(-1)! + binWidth_A / 2
    const expected = (partners * (4 / 3) * Math.PI * outer ** 3) / triclinic.volume
    expect(coordination.at(-1)! / expected).toBeCloseTo(1, 1)
  })

  test('g(r) of a simple cubic lattice has shells of 6, 12 and 8 at a, √2 a and √3 a', () => {
    const lattice = cubicLattice(6, 3, 1, 0)
    const all = range(0, 216)
    const { r_A, g, coordination, binWidth_A } = radialDistribution(lattice, all, all, { binWidth_A: 0.09 })
    const peaks = [...r_A].filter((_, k) => g[k]! > 0)
    ;[3, 3 * Math.SQRT2, 3 * Math.sqrt(3), 6].forEach((distance, shell) => {
      expect(Math.abs(peaks[shell]! - distance)).toBeLessThanOrEqual(binWidth_A)
    })
    const upTo = (r: number) => coordination[r_A.findIndex(value => value > r)]
    expect(upTo(3.5)).toBe(6)
    expect(upTo(4.8)).toBe(18)
    expect(upTo(5.5)).toBe(26)
  })

  test('g(r) uses the cell of each frame', () => {
    const small = orthorhombicBox(10, 10, 10)
    const large = orthorhombicBox(20, 20, 20)
    const positions = ndarray(Float64Array.from([0, 0, 0, 9, 0, 0, 0, 0, 0, 2.05, 0, 0]), [2, 2, 3])
    const { coordination, g, r_A } = radialDistribution({ positions, box: [small, large] }, [0], [1], {
      binWidth_A: 0.1,
    })
    expect(coordination[r_A.findIndex(r => r > 1.2)]).toBe(0.5)
    expect(coordination.at(-1)).toBe(1)
    const bin = r_A.findIndex(r => r > 2)
    const shell = (4 / 3) * Math.PI * (2.1 ** 3 - 2 ** 3)
    expect(g[bin]! * shell * (1 / 1000 + 1 / 8000)).toBeCloseTo(1, 9)
  })

  test('distances without a unique nearest image are refused', () => {
    const gas = idealGas(1, 2, 5, triclinic)
    expect(() => radialDistribution(gas, [0], [1], { maximum_A: 12 })).toThrow('cannot be measured')
    expect(() => radialDistribution(gas, [], [1])).toThrow('both species')
    expect(() => radialDistribution({ ...gas, box: [triclinic] }, [0], [1])).toThrow('2 frames')
  })
})

describe('coordination', () => {
  test('the coordination shell ends at the first minimum of g(r), between the shells', () => {
    const lattice = cubicLattice(6, 3, 20, 0.15)
    const all = range(0, 216)
    const result = coordinationNumber(lattice, all, all, { fallback_A: 5 })
    expect(result.radiusFrom).toBe('first minimum')
    expect(result.radius_A).toBeGreaterThan(3.3)
    expect(result.radius_A).toBeLessThan(4)
    expect(result.value).toBeCloseTo(6, 1)
    expect(result.ci95![1] - result.ci95![0]).toBeLessThan(0.1)
  })

  test('the given radius is used when g(r) shows no shell', () => {
    const box = orthorhombicBox(20, 20, 20)
    const gas = idealGas(2, 50, 100, box)
    const result = coordinationNumber(gas, range(0, 100), range(0, 100), { fallback_A: 4 })
    expect(firstMinimum(radialDistribution(gas, range(0, 100), range(0, 100)))).toBeNull()
    expect(result).toMatchObject({ radiusFrom: 'given', radius_A: 4 })
    const expected = (99 * (4 / 3) * Math.PI * 64) / 8000
    expect(result.ci95![0]).toBeLessThan(expected)
    expect(result.ci95![1]).toBeGreaterThan(expected)
  })
})

describe('residence time', () => {
  /** Contacts with each of many partners end at a constant rate; the cation then goes on to another. */
  function telegraph(seed: number, frames: number, rate: number) {
    const uniform = uniformSequence(seed)
    const partners = 30
    const data = new Float64Array(frames * (1 + partners) * 3)
    let held = 0
    for (let frame = 0; frame < frames; frame++) {
      const start = frame * (1 + partners) * 3
      if (uniform() < rate) held = Math.floor(partners * uniform())
      for (let p = 0; p < partners; p++) data[start + 3 * (1 + p)] = 10 * (1 + p)
      data[start] = 10 * (1 + held)
    }
    return { positions: ndarray(data, [frames, 1 + partners, 3]), box: orthorhombicBox(1000, 50, 50) }
  }
  const partners = range(1, 31).map(atom => [atom])
  const residence = (frames: ReturnType<typeof telegraph>, groups: number[][]) => {
    const record = createContactRecord([0], groups, 2)
    for (let frame = 0; frame < frames.positions.shape[0]!; frame++) record.add(frames, frame)
    return record.lifetimes({ frameInterval_ps: 0.5 })?.intermittent ?? null
  }

  test('the residence time is the inverse of the rate at which contacts end', () => {
    const result = residence(telegraph(1, 20_000, 0.02), partners)
    expect(result!.atLeast).toBe(false)
    expect(Math.abs(result!.time_ps / 25 - 1)).toBeLessThan(0.15)
  })

  test('the residence time is a lower bound when contacts outlive the trajectory', () => {
    const frames = telegraph(1, 101, 0)
    expect(residence(frames, partners)).toEqual({ time_ps: 25, atLeast: true })
    expect(residence(frames, [[5]])).toBeNull()
  })
})
