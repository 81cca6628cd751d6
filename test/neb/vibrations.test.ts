import { Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import { barrierOf } from '../../src/neb/barrier.ts'
import {
  hopRate,
  normalModes,
  partialHessian,
  rigidMotions,
  rotationalWeight,
} from '../../src/neb/vibrations.ts'
import { evaluatorOn, line, type Surface, statesOf } from './helpers/surfaces.ts'

/**
 * h (u² − 1)² + g (3u − u³)/2: minima at u = ±1 with energies ±g, saddle at u* = 3g/(8h). Curvatures by hand.
 */
const [h, g, stiffY, stiffZ] = [0.4, 0.05, 6, 10]
const doubleWell: Surface = (u, y) => h * (u * u - 1) ** 2 + (g * (3 * u - u ** 3)) / 2 + 0.5 * stiffY * y * y
const top = (3 * g) / (8 * h)
const alongPath = (u: number) => h * (12 * u * u - 4) - 3 * g * u
const MASS = 6.94
/** √(k/m)/2π in THz with k in eV/Å², m in g/mol: 1 eV = 1.602176634e-19 J, 1 u = 1.66053906660e-27 kg. */
const frequency = (k: number) =>
  Math.sqrt((k * 1.602176634e-19 * 1e20) / (MASS * 1.6605390666e-27)) / (2 * Math.PI) / 1e12

async function modesAt(u: number) {
  const evaluator = evaluatorOn(doubleWell, stiffZ)
  const hessian = await partialHessian({
    evaluator,
    positions: Float64Array.of(u, 0, 0),
    atoms: [0],
    displacement_A: 1e-3,
  })
  return normalModes(hessian, [MASS])
}

describe('a double well in three dimensions', () => {
  it('has its barrier, reverse barrier and reaction energy', async () => {
    const band = (
      await statesOf({
        evaluator: evaluatorOn(doubleWell, stiffZ),
        images: line([-1, 0], [1, 0], 9).map((image, i) =>
          i % 8 ? image.map((x, k) => (k ? 0.2 : x)) : image,
        ),
        springs: { kind: 'uniform', stiffness_eV_per_A2: 1 },
        optimizer: 'lbfgs',
        climb: true,
        fmax_eV_per_A: 1e-4,
        max_iterations: 500,
      })
    ).at(-1)!
    expect(band.converged).toBe(true)
    const barrier = barrierOf(band.path_A, band.energies_eV, band.tangentForces_eV_per_A)
    const height = doubleWell(top, 0)
    expect(barrier.barrier_eV).toBeCloseTo(height + g, 6)
    expect(barrier.reverse_barrier_eV).toBeCloseTo(height - g, 6)
    expect(barrier.reaction_energy_eV).toBeCloseTo(2 * g, 9)
    expect(barrier.saddle.path_A).toBeCloseTo(band.path_A[4]! + (top - band.images[4]![0]!), 2)
  })

  it('has the frequencies of its curvatures', async () => {
    const minimum = await modesAt(-1)
    const wanted = [alongPath(-1), stiffY, stiffZ].sort((a, b) => a - b).map(frequency)
    minimum.frequencies_THz.forEach((nu, k) => {
      expect(nu / wanted[k]!).toBeCloseTo(1, 5)
    })
    const saddle = await modesAt(top)
    expect(saddle.frequencies_THz[0]! / -frequency(-alongPath(top))).toBeCloseTo(1, 5)
    expect(Math.abs(saddle.modes[0]![0]!)).toBeCloseTo(1, 9)
  })

  it("hops at Vineyard's rate", async () => {
    const [minimum, saddle] = [await modesAt(-1), await modesAt(top)]
    const barrier_eV = doubleWell(top, 0) + g
    const rate = hopRate({ minimum, saddle, barrier_eV, temperature_K: 300 })
    // The modes across the path cancel.
    expect(rate.prefactor_THz / frequency(alongPath(-1))).toBeCloseTo(1, 5)
    const classical = frequency(alongPath(-1)) * 1e12 * Math.exp(-barrier_eV / (8.617333262e-5 * 300))
    expect(rate.rate_per_s / classical).toBeCloseTo(1, 4)
    const h_eV_s = 4.135667696e-15
    expect(rate.zeroPoint_eV).toBeCloseTo(-0.5 * h_eV_s * 1e12 * frequency(alongPath(-1)), 6)
    const x = (h_eV_s * 1e12 * rate.imaginary_THz) / (8.617333262e-5 * 300)
    expect(rate.tunnelling).toBeCloseTo(1 + (x * x) / 24, 9)
  })

  it('hops as a classical one at high temperature', async () => {
    const [minimum, saddle] = [await modesAt(-1), await modesAt(top)]
    const rate = hopRate({ minimum, saddle, barrier_eV: 0.4, temperature_K: 1e5 })
    expect(rate.quantumRate_per_s / rate.rate_per_s).toBeCloseTo(1, 4)
  })

  it('has no rate from a saddle to a saddle or over a minimum', async () => {
    const [minimum, saddle] = [await modesAt(-1), await modesAt(top)]
    const way = { barrier_eV: 0.4, temperature_K: 300 }
    expect(() => hopRate({ ...way, minimum, saddle: minimum })).toThrow('the saddle has 0 imaginary modes')
    expect(() => hopRate({ ...way, minimum: saddle, saddle })).toThrow(
      /the minimum has 1 imaginary mode \(\d/,
    )
  })
})

describe('vibrations', () => {
  it('weigh each atom with its mass: the stretch of two joined atoms', () => {
    const k = 3
    const hessian = new Matrix(6, 6)
    for (const [i, j, value] of [
      [0, 0, k],
      [3, 3, k],
      [0, 3, -k],
      [3, 0, -k],
    ] as const)
      hessian.set(i, j, value)
    const [m1, m2] = [2, 16]
    const { frequencies_THz } = normalModes(hessian, [m1, m2])
    expect(frequencies_THz.at(-1)! / frequency(k * MASS * (1 / m1 + 1 / m2))).toBeCloseTo(1, 6)
  })

  /** Hessian of springs at rest between all atoms: k u uᵀ for each pair. */
  function springs(points: readonly (readonly number[])[], k: number): Matrix {
    const hessian = Matrix.zeros(3 * points.length, 3 * points.length)
    points.forEach((p, i) => {
      points.forEach((q, j) => {
        if (i === j) return
        const way = q.map((x, c) => x - p[c]!)
        const length = Math.hypot(...way)
        way.forEach((x, a) => {
          way.forEach((y, b) => {
            const term = (k * x * y) / length ** 2
            hessian.set(3 * i + a, 3 * i + b, hessian.get(3 * i + a, 3 * i + b) + term)
            hessian.set(3 * i + a, 3 * j + b, hessian.get(3 * i + a, 3 * j + b) - term)
          })
        })
      })
    })
    return hessian
  }

  it.each([
    [
      'a bent molecule',
      [16, 1, 1],
      [
        [5, 1, 0],
        [5.8, 1.5, 0.1],
        [4.3, 1.6, 0.2],
      ],
      6,
    ],
    [
      'a linear molecule',
      [12, 16],
      [
        [1, 2, 3],
        [1.8, 2.7, 3.5],
      ],
      5,
    ],
    [
      'four atoms',
      [7, 7, 12, 31],
      [
        [0, 0, 0],
        [2, 0.1, 0],
        [0.3, 2, 0],
        [0.5, 0.4, 2],
      ],
      6,
    ],
  ] as const)(
    'of %s that is free: its translations and rotations are left out',
    (_, masses, points, free) => {
      const hessian = springs(points, 3)
      const weights = Float64Array.from(masses)
      const motions = rigidMotions(Float64Array.from(points.flat()), weights, true)
      expect(motions).toHaveLength(free)
      motions.forEach((a, i) => {
        motions.forEach((b, j) => {
          const product = a.reduce((sum, x, k) => sum + x * b[k]!, 0)
          expect(product).toBeCloseTo(i === j ? 1 : 0, 9)
        })
      })
      const all = normalModes(hessian, weights).frequencies_THz
      const kept = normalModes(hessian, weights, motions).frequencies_THz
      expect(kept).toHaveLength(all.length - free)
      expect(Math.max(...all.slice(0, free).map(Math.abs))).toBeLessThan(1e-5)
      kept.forEach((nu, k) => {
        expect(nu / all[free + k]!).toBeCloseTo(1, 9)
      })
    },
  )

  it('of a crystal: three translations are left out, rotations stay', () => {
    const motions = rigidMotions(Float64Array.of(0, 0, 0, 1, 2, 3), Float64Array.of(1, 3), false)
    expect(motions).toHaveLength(3)
    expect(motions[1]).toEqual(Float64Array.of(0, 0.5, 0, 0, Math.sqrt(3) / 2, 0))
  })

  it("weigh a molecule's rotation by its moments of inertia", () => {
    // μ r² about each of two axes.
    const line = rotationalWeight(Float64Array.of(0, 0, 0, 0, 0, 1.2), Float64Array.of(12, 16))
    expect(line).toBeCloseTo((12 * 16 * 1.2 ** 2) / 28, 9)
    // A square of side 2: 4·1², 4·1², 4·2 g/mol·Å².
    const square = rotationalWeight(
      Float64Array.of(1, 1, 0, 1, -1, 0, -1, 1, 0, -1, -1, 0),
      Float64Array.of(1, 1, 1, 1),
    )
    expect(square).toBeCloseTo(Math.sqrt(4 * 4 * 8), 9)
  })

  it('multiply the prefactor of a free molecule by the ratio of its rotational weights', () => {
    const modes = (lowest: number) => ({ frequencies_THz: [lowest, 3, 4], modes: [] })
    const way = { minimum: modes(2), saddle: modes(-2), barrier_eV: 0.5, temperature_K: 300 }
    const ratio = hopRate({ ...way, rotation: 1.5 }).prefactor_THz / hopRate(way).prefactor_THz
    expect(ratio).toBeCloseTo(1.5, 12)
  })

  it('refuse modes that cost no energy', () => {
    const modes = (lowest: number) => ({ frequencies_THz: [lowest, 3, 4], modes: [] })
    const way = { saddle: modes(-2), barrier_eV: 0.5, temperature_K: 300 }
    expect(() => hopRate({ ...way, minimum: modes(0.001) })).toThrow('1 mode of the minimum')
  })

  it('refuse an atom that is named twice', async () => {
    const given = { evaluator: evaluatorOn(doubleWell), positions: new Float64Array(3), atoms: [0, 0] }
    await expect(partialHessian(given)).rejects.toThrow('each named once')
  })
})
