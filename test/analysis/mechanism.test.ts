import ndarray from 'ndarray'
import { describe, expect, test } from 'vitest'
import { backbones, createDihedralRecord, endToEnd, rotatingDihedrals } from '../../src/analysis/chains.ts'
import { createContactRecord, ionClusters } from '../../src/analysis/contacts.ts'
import { fractionalFreeVolume, vanDerWaalsRadii } from '../../src/analysis/freeVolume.ts'
import { detectHops, vanHoveSelf } from '../../src/analysis/hops.ts'
import { createBox, orthorhombicBox } from '../../src/core/box.ts'
import { createTopology } from '../../src/core/topology.ts'
import { UserError } from '../../src/errors.ts'
import { hoppingWalk, normalSequence, randomWalk, uniformSequence } from './walks.ts'

const room = orthorhombicBox(40, 40, 40)

test('clusters: free, contact pair, and an aggregate that a shared anion makes', () => {
  const atoms = [
    [0, 0, 0], // Li alone
    [10, 0, 0], // Li and its anion of two sites
    [20, 0, 0], // two Li that share an anion
    [23, 0, 0],
    [10, 2, 0],
    [11, 1.5, 0],
    [21.5, 0, 0],
    [38.5, 20, 0], // an anion alone
  ]
  const frames = { positions: ndarray(Float64Array.from(atoms.flat()), [1, 8, 3]), box: room }
  const clusters = ionClusters(frames, [0, 1, 2, 3], [[4, 5], [6], [7]], 2.5)
  expect(clusters).toMatchObject({
    free: 0.25,
    contactPair: 0.25,
    aggregate: 0.5,
    meanSize: (1 + 2 + 3 + 3) / 4,
  })
  expect(clusters.freeAnions).toBeCloseTo(1 / 3, 12)
  expect(clusters.largest).toBeCloseTo(3 / 7, 12)
  expect(clusters.kinds).toContainEqual({ cations: 2, anions: 1, perFrame: 1, cationFraction: 0.5 })
})

describe('lifetimes of contacts', () => {
  /** One cation that touches its partner where `held` says so, among partners that it never touches. */
  function recorded(held: readonly boolean[]) {
    const record = createContactRecord([0], [[1], [2], [3], [4]], 2)
    for (const touches of held) {
      const atoms = [touches ? 11 : 0, 0, 0, 10, 0, 0, 20, 0, 0, 30, 0, 0, 25, 20, 0]
      record.add({ positions: ndarray(Float64Array.from(atoms), [1, 5, 3]), box: room }, 0)
    }
    return record
  }
  const lifetimes = (pattern: string, tolerance_ps = 0) =>
    recorded([...pattern].map(letter => letter === 'x')).lifetimes({ frameInterval_ps: 1, tolerance_ps })!

  test('continuous lifetimes count unbroken contacts per possible origin', () => {
    const { continuousCurve } = lifetimes('xxx.xx..')
    // Origins with a frame `lag` later: 5, 5, 5, 4 of contact (frame 5 drops out at lag 3); unbroken: 5, 3, 1, 0.
    expect([...continuousCurve.slice(0, 4)]).toEqual([1, 3 / 5, 1 / 5, 0])
  })

  test('continuous lifetimes ignore breaks within the tolerance', () => {
    const { continuousCurve } = lifetimes('xxx.xx..', 1)
    expect([...continuousCurve.slice(0, 5)]).toEqual([1, 5 / 6, 4 / 6, 3 / 5, 2 / 4])
  })

  test('intermittent lifetimes count a contact that forms again', () => {
    const { intermittentCurve, partners } = lifetimes('x.x.x.x.')
    const chance = 0.5 / 4
    expect(partners).toBe(0.5)
    expect(intermittentCurve[1]).toBeCloseTo((0 - chance) / (1 - chance), 12)
    expect(intermittentCurve[2]).toBeCloseTo(1, 12)
  })

  test('both lifetimes of contacts that break and form at random follow from the rates', () => {
    const uniform = uniformSequence(3)
    let touches = false
    // Ends with probability 0.05 a frame, forms with 0.005: the correlation decays with their sum.
    const held = Array.from({ length: 80_000 }, () => {
      touches = touches ? uniform() >= 0.05 : uniform() < 0.005
      return touches
    })
    const { continuous, intermittentCurve } = recorded(held).lifetimes({ frameInterval_ps: 0.5 })!
    expect(Math.abs(continuous.time_ps / (-0.5 / Math.log(0.95)) - 1)).toBeLessThan(0.15)
    // The three other partners are never touched: the plateau of h itself is four times what is taken out.
    const plateau = 0.005 / 0.055
    const chance = plateau / 4
    const expected = (plateau + (1 - plateau) * 0.945 ** 20 - chance) / (1 - chance)
    expect(Math.abs(intermittentCurve[20]! - expected)).toBeLessThan(0.05)
    expect(continuous.atLeast).toBe(false)
  })

  test('without any contact there are no lifetimes', () => {
    expect(recorded([false, false]).lifetimes({ frameInterval_ps: 1 })).toBeNull()
  })
})

describe('van Hove self part', () => {
  test('the van Hove function of a random walk is the Gaussian of its mean square', () => {
    const positions = randomWalk({ seed: 1, frames: 4000, ions: 20 })
    const options = { frameInterval_ps: 0.5, lag_ps: 2, maximum_A: 12, binWidth_A: 0.5 }
    const { density_per_A, gaussian_per_A, nonGaussian, r_A } = vanHoveSelf(positions, options)
    expect(Math.abs(nonGaussian)).toBeLessThan(0.05)
    r_A.forEach((_, k) => {
      expect(Math.abs(density_per_A[k]! - gaussian_per_A[k]!)).toBeLessThan(0.012)
    })
    expect(density_per_A.reduce((sum, g) => sum + 0.5 * g, 0)).toBeCloseTo(1, 3)
  })

  test('the van Hove function of rare hops has a peak at the hop length', () => {
    const positions = hoppingWalk({ seed: 2, frames: 4000, ions: 20, hopProbability: 0.01, rattle_A: 0.2 })
    const { density_per_A, nonGaussian, r_A } = vanHoveSelf(positions, { frameInterval_ps: 1, lag_ps: 5 })
    expect(nonGaussian).toBeGreaterThan(3)
    const beyond = [...density_per_A].map((g, k) => (r_A[k]! > 1.8 ? g : 0))
    expect(r_A[beyond.indexOf(Math.max(...beyond))]).toBeCloseTo(3, 0)
    expect(() => vanHoveSelf(positions, { frameInterval_ps: 1, lag_ps: 4000 })).toThrow(UserError)
  })
})

describe('hops', () => {
  const options = { frameInterval_ps: 0.5, window_ps: 10, threshold_A2: 4 }

  test('rate and length of rare hops between sites are found', () => {
    const positions = hoppingWalk({ seed: 5, frames: 8000, ions: 20, hopProbability: 0.002, rattle_A: 0.4 })
    const found = detectHops(positions, options)
    // 0.002 a frame of 0.5 ps; hops within one window of each other are seen as one.
    expect(found.rate_per_ps / 0.004).toBeGreaterThan(0.88)
    expect(found.rate_per_ps / 0.004).toBeLessThan(1.05)
    expect(found.meanLength_A).toBeCloseTo(3, 0.8)
    expect(found.uncorrelatedSlope_A2_per_ps / (9 * 0.004)).toBeCloseTo(1, 0.8)
    expect(found.rate_ci95_per_ps![0]).toBeLessThan(found.rate_per_ps)
  })

  test('a single hop is found with its time, ion and length', () => {
    const positions = ndarray(new Float64Array(2 * 100 * 3), [100, 2, 3])
    for (let frame = 40; frame < 100; frame++) positions.set(frame, 1, 2, 2.5)
    const { hops, above } = detectHops(positions, options)
    expect(hops).toEqual([{ ion: 1, time_ps: 20, length_A: 2.5 }])
    expect(above).toBeGreaterThan(0)
    expect(above).toBeLessThan(0.1)
  })

  test('rattling alone gives no hops, and windows that do not fit are refused', () => {
    const positions = hoppingWalk({ seed: 1, frames: 2000, ions: 5, hopProbability: 0, rattle_A: 0.5 })
    expect(detectHops(positions, options)).toMatchObject({
      hops: [],
      above: 0,
      meanLength_A: null,
      rate_per_ps: 0,
    })
    expect(() => detectHops(positions, { ...options, window_ps: 600 })).toThrow(UserError)
  })
})

describe('chains', () => {
  test('a backbone runs from end to end, past side atoms, and leaves anions out', () => {
    // Six carbons with one fluorine each but the third, which carries a short side group; an anion of three.
    const bonds = [
      [0, 1],
      [1, 2],
      [2, 3],
      [3, 4],
      [4, 5],
      [0, 6],
      [2, 7],
      [7, 8],
      [1, 9],
      [3, 10],
      [4, 11],
      [5, 12],
      [13, 14],
      [14, 15],
    ]
    expect(backbones(createTopology(16, bonds.flat()), 16)).toEqual([[0, 1, 2, 3, 4, 5]])
  })

  test('the correlation of an end-to-end vector that turns at random decays exponentially', () => {
    const normal = normalSequence(4)
    const [frames, chains, memory] = [20_000, 4, 0.95]
    const positions = ndarray(new Float64Array(frames * 2 * chains * 3), [frames, 2 * chains, 3])
    for (let chain = 0; chain < chains; chain++) {
      for (let axis = 0; axis < 3; axis++) {
        for (let frame = 1; frame < frames; frame++) {
          const before = positions.get(frame - 1, 2 * chain + 1, axis)
          positions.set(frame, 2 * chain + 1, axis, memory * before + normal())
        }
      }
    }
    const ends = Array.from({ length: chains }, (_, chain) => [2 * chain, 2 * chain + 1])
    const { relaxation, meanSquare_A2, correlation } = endToEnd(positions, ends, 0.1)
    expect(relaxation.time_ps / (-0.1 / Math.log(memory))).toBeCloseTo(1, 0.8)
    expect(meanSquare_A2 / (3 / (1 - memory ** 2))).toBeCloseTo(1, 0.8)
    expect(correlation[0]).toBe(1)
    expect(() => endToEnd(positions, [], 1)).toThrow(UserError)
  })

  /** Of four atoms in a row with the given dihedral angle, degrees, per frame. */
  function turning(angles: readonly number[]) {
    const record = createDihedralRecord([[0, 1, 2, 3]])
    for (const angle of angles) {
      const phi = (angle * Math.PI) / 180
      record.add([1, 0, 0, 0, 0, 0, 0, 0, 1.5, Math.cos(phi), Math.sin(phi), 1.5])
    }
    return record
  }

  test('dihedrals: trans is 180°, and only arrivals in the core of another state count', () => {
    const angles = [180, 170, 125, 115, 130, 175, 110, 65, 60, 100, 125, 115, 60, 10, -10, -60, -170]
    // trans → gauche⁺ → gauche⁻ → trans; the crossings at 120° and back are none.
    const result = turning(angles).transitions(0.5)!
    expect(result).toMatchObject({ dihedrals: 1, transitions: 3 })
    expect(result.trans).toBeCloseTo(7 / 17, 12)
    expect(result.rate_per_ns).toBeCloseTo(3 / 0.008, 9)
  })

  test('dihedrals beside a double bond are left out', () => {
    // Eight carbons, a double bond between the middle two, so many hydrogens that every carbon is complete.
    const chain = Array.from({ length: 8 }, (_, k) => k)
    const bonds = chain.slice(1).map(k => [k - 1, k])
    let atoms = 8
    for (const k of chain) {
      const hydrogens = k === 0 || k === 7 ? 3 : k === 3 || k === 4 ? 1 : 2
      for (let h = 0; h < hydrogens; h++) bonds.push([k, atoms++])
    }
    const topology = createTopology(atoms, bonds.flat())
    expect(rotatingDihedrals(topology, atoms, [chain])).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ])
  })
})

describe('free volume', () => {
  const cell = createBox([12, 0, 0, 4, 11, 0, -3, 2, 13])

  test.each([0, 1.2])('one sphere in a triclinic cell leaves all but its volume, probe %d Å', probe_A => {
    const positions = ndarray(Float64Array.from([30, -7, 2]), [1, 1, 3])
    const { fraction } = fractionalFreeVolume({ positions, box: cell }, [2], { probe_A, spacing_A: 0.2 })
    const sphere = (4 / 3) * Math.PI * (2 + probe_A) ** 3
    expect(fraction).toBeCloseTo(1 - sphere / cell.volume, 3)
  })

  test('overlapping spheres count once, and an ideal gas of them leaves exp(−ρv)', () => {
    const uniform = uniformSequence(7)
    const [frames, atoms] = [40, 150]
    const box = orthorhombicBox(15, 16, 17)
    const positions = ndarray(
      Float64Array.from({ length: frames * atoms * 3 }, (_, k) => uniform() * [15, 16, 17][k % 3]!),
      [frames, atoms, 3],
    )
    const radii = new Float64Array(atoms).fill(1.5)
    const { fraction, standardError, perFrame } = fractionalFreeVolume({ positions, box }, radii, {
      probe_A: 0.3,
    })
    const expected = (1 - ((4 / 3) * Math.PI * 1.8 ** 3) / box.volume) ** atoms
    expect(Math.abs(fraction - expected)).toBeLessThan(3 * standardError!)
    expect(standardError).toBeLessThan(0.01)
    expect(perFrame).toHaveLength(frames)
  })

  test('a sphere larger than the cell leaves nothing', () => {
    const small = createBox([4, 0, 0, 1, 4, 0, -1, 1, 4])
    const positions = ndarray(Float64Array.from([3, 3, 3]), [1, 1, 3])
    expect(fractionalFreeVolume({ positions, box: small }, [6], { probe_A: 0 }).fraction).toBe(0)
  })

  test('a sphere that only touches a row of the grid takes none of it', () => {
    // Rounding makes the far end of this one fall before its near end.
    const box = createBox([4.4, 1.7, 0, 0.5, 4.3, -0.9, -1.7, 4.4, 3.8])
    const positions = ndarray(Float64Array.from([-0.42999999999999994, 4.385000000000001, 3.42]), [1, 1, 3])
    const { fraction } = fractionalFreeVolume({ positions, box }, [1.1792476415070754], {
      probe_A: 0,
      spacing_A: 0.5,
    })
    expect(fraction).toBeGreaterThan(0.9)
  })

  test('the free volume is the share of grid points outside every image of every sphere', () => {
    const uniform = uniformSequence(11)
    const box = createBox([6, 0.5, 0, 2, 5, 0.3, -2, 1.5, 5.5])
    const [a, b, c] = [0, 3, 6].map(k => [...box.matrix.slice(k, k + 3)]) as [number[], number[], number[]]
    const at = (s: number, t: number, u: number) => [0, 1, 2].map(k => s * a[k]! + t * b[k]! + u * c[k]!)
    const radii = [1.9, 2.6, 1.2]
    const centres = radii.map(() => at(3 * uniform() - 1, 3 * uniform() - 1, 3 * uniform() - 1))
    const spacing_A = 0.7
    const [na, nb, nc] = box.heights.map(height => Math.ceil(height / spacing_A)) as [number, number, number]
    const images = [-3, -2, -1, 0, 1, 2, 3]
    const covers = (point: number[]) =>
      centres.some((centre, sphere) =>
        images.some(i =>
          images.some(j =>
            images.some(k => {
              const shift = at(i, j, k)
              const square = point.reduce((sum, x, axis) => sum + (x - centre[axis]! - shift[axis]!) ** 2, 0)
              return square < radii[sphere]! ** 2
            }),
          ),
        ),
      )
    let empty = 0
    for (let i = 0; i < na; i++)
      for (let j = 0; j < nb; j++)
        for (let k = 0; k < nc; k++) if (!covers(at(i / na, j / nb, k / nc))) empty++
    expect(empty).toBeGreaterThan(20)
    const positions = ndarray(Float64Array.from(centres.flat()), [1, 3, 3])
    const { fraction } = fractionalFreeVolume({ positions, box }, radii, { probe_A: 0, spacing_A })
    expect(fraction).toBeCloseTo(empty / (na * nb * nc), 12)
  })

  test('radii are known by element; unknown elements and wrong counts are refused', () => {
    expect([...vanDerWaalsRadii(['C', 'F', 'H'])]).toEqual([1.7, 1.47, 1.2])
    expect(() => vanDerWaalsRadii(['Xx'])).toThrow('Xx')
    const frames = { positions: ndarray(new Float64Array(3), [1, 1, 3]), box: cell }
    expect(() => fractionalFreeVolume(frames, [1, 1], { probe_A: 0 })).toThrow(UserError)
    expect(() => fractionalFreeVolume(frames, [1], { probe_A: -1 })).toThrow(UserError)
  })
})
