import { describe, expect, it } from 'vitest'
import { barrierOf } from '../../src/neb/barrier.ts'
import type { BandState } from '../../src/neb/neb.ts'
import {
  curvature,
  evaluatorOn,
  lepsWithOscillator,
  line,
  muellerBrown,
  newton,
  type Surface,
  statesOf,
} from './helpers/surfaces.ts'

const WAYS = (['lbfgs', 'fire'] as const).flatMap(optimizer =>
  (['uniform', 'energy-weighted'] as const).map(springs => ({ optimizer, springs })),
)

async function climb(
  surface: Surface,
  ends: readonly [readonly [number, number], readonly [number, number]],
  way: (typeof WAYS)[number],
  scale: { stiffness: number; climbFrom: number; fmax: number },
): Promise<BandState> {
  const states = await statesOf({
    evaluator: evaluatorOn(surface),
    images: line(...ends, 9),
    springs:
      way.springs === 'uniform'
        ? { kind: 'uniform', stiffness_eV_per_A2: scale.stiffness }
        : {
            kind: 'energy-weighted',
            softest_eV_per_A2: 0.1 * scale.stiffness,
            stiffest_eV_per_A2: scale.stiffness,
          },
    optimizer: way.optimizer,
    climb: true,
    climbFrom_eV_per_A: scale.climbFrom,
    fmax_eV_per_A: scale.fmax,
    max_iterations: 1000,
  })
  return states.at(-1)!
}

describe.each(WAYS)('$optimizer with $springs springs', way => {
  const scale = { stiffness: 100, climbFrom: 10, fmax: 0.02 }
  const A = newton(muellerBrown, -0.56, 1.44)
  const B = newton(muellerBrown, -0.05, 0.47)
  const C = newton(muellerBrown, 0.62, 0.03)

  it.each([
    { name: 'first', ends: [A, B] as const, x: -0.822002, y: 0.624313, V: -40.664844 },
    { name: 'second', ends: [B, C] as const, x: 0.212487, y: 0.292988, V: -72.24894 },
    { name: 'higher, over the whole path,', ends: [A, C] as const, x: -0.822002, y: 0.624313, V: -40.664844 },
  ])('finds the $name saddle of Müller and Brown', async ({ ends, x, y, V }) => {
    const band = await climb(muellerBrown, ends, way, scale)
    expect(band.converged).toBe(true)
    const { image, fmax_eV_per_A } = band.climbing!
    expect(fmax_eV_per_A).toBeLessThanOrEqual(0.02)
    expect(Math.abs(band.images[image]![0]! - x)).toBeLessThan(1e-3)
    expect(Math.abs(band.images[image]![1]! - y)).toBeLessThan(1e-3)
    expect(Math.abs(band.energies_eV[image]! - V)).toBeLessThan(1e-3)
  })

  it('finds the saddle of LEPS with an oscillator, as Newton does', async () => {
    const ends = [newton(lepsWithOscillator, 0.74, 1.3), newton(lepsWithOscillator, 3, -1.3)] as const
    const [x, y] = newton(lepsWithOscillator, 1.8, 0)
    const [xx, xy, yy] = curvature(lepsWithOscillator, x, y)
    expect(xx * yy - xy * xy).toBeLessThan(0)
    const band = await climb(lepsWithOscillator, ends, way, { stiffness: 1, climbFrom: 0.1, fmax: 0.001 })
    expect(band.converged).toBe(true)
    const { image } = band.climbing!
    expect(Math.abs(band.images[image]![0]! - x)).toBeLessThan(2e-3)
    expect(Math.abs(band.images[image]![1]! - y)).toBeLessThan(2e-3)
    const { barrier_eV, reverse_barrier_eV } = barrierOf(
      band.path_A,
      band.energies_eV,
      band.tangentForces_eV_per_A,
    )
    expect(barrier_eV).toBeCloseTo(lepsWithOscillator(x, y) - lepsWithOscillator(...ends[0]), 4)
    expect(reverse_barrier_eV).toBeCloseTo(lepsWithOscillator(x, y) - lepsWithOscillator(...ends[1]), 4)
  })
})
