import { orthorhombicBox } from '../../../src/core/box.ts'
import type { Structure } from '../../../src/core/structure.ts'
import { createTopology } from '../../../src/core/topology.ts'
import type { BandOptions, BandState } from '../../../src/neb/neb.ts'
import { relaxBand } from '../../../src/neb/neb.ts'
import type { ImageEvaluation } from '../../../src/platform/platform.ts'

export type Surface = (x: number, y: number) => number

/** Fourth-order central difference of a function of one number at zero. */
function slope(f: (h: number) => number, h = 1e-3): number {
  return (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h)
}

/** Gradient of a surface. */
export function gradient(surface: Surface, x: number, y: number): [number, number] {
  return [slope(h => surface(x + h, y)), slope(h => surface(x, y + h))]
}

/** Hessian [xx, xy, yy] of a surface. */
export function curvature(surface: Surface, x: number, y: number): [number, number, number] {
  return [
    slope(h => gradient(surface, x + h, y)[0]),
    slope(h => gradient(surface, x + h, y)[1]),
    slope(h => gradient(surface, x, y + h)[1]),
  ]
}

/** The stationary point that Newton's method finds. */
export function newton(surface: Surface, x: number, y: number): [number, number] {
  for (let step = 0; step < 60; step++) {
    const [gx, gy] = gradient(surface, x, y)
    const [xx, xy, yy] = curvature(surface, x, y)
    const det = xx * yy - xy * xy
    const move = [(yy * gx - xy * gy) / det, (xx * gy - xy * gx) / det] as const
    const cap = Math.min(1, 0.05 / Math.hypot(...move))
    x -= cap * move[0]
    y -= cap * move[1]
  }
  return [x, y]
}

/** One atom on a surface in x and y, held to z = 0 by a spring, and how often it was asked. */
export function evaluatorOn(surface: Surface, stiffness = 10) {
  const evaluator = {
    calls: 0,
    evaluate: async (images: readonly Float64Array[]): Promise<ImageEvaluation[]> => {
      evaluator.calls += images.length
      return images.map(([x, y, z]) => {
        const [gx, gy] = gradient(surface, x!, y!)
        return {
          energy: surface(x!, y!) + 0.5 * stiffness * z! ** 2,
          forces: Float64Array.of(-gx, -gy, -stiffness * z!),
        }
      })
    },
  }
  return evaluator
}

/** Images on the straight line between two points of a plane. */
export function line(
  from: readonly [number, number],
  to: readonly [number, number],
  images: number,
): Float64Array[] {
  return Array.from({ length: images }, (_, i) => {
    const t = i / (images - 1)
    return Float64Array.of(from[0] + t * (to[0] - from[0]), from[1] + t * (to[1] - from[1]), 0)
  })
}

/** Every state of a band. */
export async function statesOf(options: BandOptions): Promise<BandState[]> {
  const states: BandState[] = []
  for await (const state of relaxBand(options)) states.push(state)
  return states
}

/** Müller & Brown 1979, https://doi.org/10.1007/BF00547608. */
export const muellerBrown: Surface = (x, y) => {
  const [A, a, b, c] = [
    [-200, -100, -170, 15],
    [-1, -1, -6.5, 0.7],
    [0, 0, 11, 0.6],
    [-10, -10, -6.5, 0.7],
  ] as const
  const [x0, y0] = [
    [1, 0, -0.5, -1],
    [0, 0.5, 1.5, 1],
  ] as const
  return A.reduce<number>((sum, A_k, k) => {
    const [dx, dy] = [x - x0[k]!, y - y0[k]!]
    return sum + A_k * Math.exp(a[k]! * dx * dx + b[k]! * dx * dy + c[k]! * dy * dy)
  }, 0)
}

/**
 * Model II of Jónsson, Mills & Jacobsen 1998, https://doi.org/10.1142/9789812839664_0016: three atoms on a line with A
 * and C fixed r_AC apart (London–Eyring–Polanyi–Sato), B coupled to an oscillator. a = c = 0.05, b = 0.80,
 * d_AB = d_BC = 4.746, d_AC = 3.445, r₀ = 0.742, α = 1.942, r_AC = 3.742, k_c = 0.2025, c = 1.154.
 */
export const lepsWithOscillator: Surface = (rAB, x) => {
  const [rAC, alpha, r0] = [3.742, 1.942, 0.742]
  const Q = (d: number, r: number) =>
    (d / 2) * (1.5 * Math.exp(-2 * alpha * (r - r0)) - Math.exp(-alpha * (r - r0)))
  const J = (d: number, r: number) =>
    (d / 4) * (Math.exp(-2 * alpha * (r - r0)) - 6 * Math.exp(-alpha * (r - r0)))
  const rBC = rAC - rAB
  const bonds = [
    [4.746, rAB, 1.05],
    [4.746, rBC, 1.8],
    [3.445, rAC, 1.05],
  ] as const
  const coulomb = bonds.reduce((sum, [d, r, s]) => sum + Q(d, r) / s, 0)
  const [ab, bc, ac] = bonds.map(([d, r, s]) => J(d, r) / s) as [number, number, number]
  const exchange = ab * ab + bc * bc + ac * ac - ab * bc - bc * ac - ab * ac
  return coulomb - Math.sqrt(exchange) + 2 * 0.2025 * (rAB - (rAC / 2 - x / 1.154)) ** 2
}

/** A structure in a cubic cell of 20 Å from lines "element x y z". */
export function structureOf(
  atoms: readonly (readonly [string, number, number, number])[],
  extra: Partial<Structure> = {},
): Structure {
  return {
    elements: atoms.map(([element]) => element),
    types: null,
    positions: Float64Array.from(atoms.flatMap(([, ...position]) => position)),
    box: orthorhombicBox(20, 20, 20),
    topology: createTopology(atoms.length, []),
    charges: null,
    masses: null,
    velocities: null,
    frozen: null,
    ...extra,
  }
}
