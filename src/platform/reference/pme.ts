import type { Box } from '../../core/box.ts'
import type { CoulombForce } from '../../core/force.ts'
import type { Reciprocal } from './ewald.ts'
import { createTransform3D } from './fft3d.ts'
import { addSymmetric } from './nonbonded.ts'

/**
 * The reciprocal part by smooth particle-mesh Ewald: Essmann et al. 1995, https://doi.org/10.1063/1.470117.
 *
 * | equation there | here |
 * |---|---|
 * | 4.1 cardinal B-splines M_n | `splines` |
 * | 4.4 |b(m)|² | `splineModuli` |
 * | 4.6 charge grid Q | `spread` |
 * | 4.7 energy, 2.17 virial | `convolve` |
 * | 4.9 forces | `gather` |
 */
export function createPme(force: CoulombForce, charges: Float64Array): Reciprocal {
  if (force.method.name !== 'pme') throw new TypeError(`not a particle-mesh Ewald: ${force.method.name}`)
  const { alpha_per_A, grid: size, order } = force.method
  const perAxis = <T>(make: (n: number) => T): [T, T, T] => [make(size[0]), make(size[1]), make(size[2])]
  const points = charges.length * order
  const transform = createTransform3D(size)
  const mesh: Mesh = {
    ...{ size, order, charges, alpha_per_A, constant_eV_A: force.constant_eV_A },
    grid: new Float64Array(2 * size[0] * size[1] * size[2]),
    moduli: perAxis(n => splineModuli(n, order)),
    weights: perAxis(() => new Float64Array(points)),
    slopes: perAxis(() => new Float64Array(points)),
    offsets: perAxis(() => new Int32Array(points)),
  }
  return (box, x, into) => {
    place(mesh, box, x)
    spread(mesh)
    transform.forward(mesh.grid)
    const energy = convolve(mesh, box, into.virial)
    transform.backward(mesh.grid)
    gather(mesh, box, into.forces)
    return energy
  }
}

type PerAxis<T> = readonly [T, T, T]

/** The charge grid of one system, and the places of its atoms on it. */
interface Mesh {
  readonly size: PerAxis<number>
  readonly order: number
  /** [N] e */
  readonly charges: Float64Array
  readonly alpha_per_A: number
  readonly constant_eV_A: number
  /** [n0][n1][n2] complex numbers */
  readonly grid: Float64Array
  readonly moduli: PerAxis<Float64Array>
  /** [N·order] weights of the points that each atom reaches along an axis, their derivatives, and offsets of the points in the grid. */
  readonly weights: PerAxis<Float64Array>
  readonly slopes: PerAxis<Float64Array>
  readonly offsets: PerAxis<Int32Array>
}

function place({ size, order, weights, slopes, offsets }: Mesh, box: Box, x: Float64Array): void {
  const strides = [2 * size[1] * size[2], 2 * size[2], 2]
  const atomCount = x.length / 3
  const w = box.inverse
  for (let axis = 0; axis < 3; axis++) {
    const n = size[axis]!
    for (let i = 0; i < atomCount; i++) {
      const s = x[3 * i]! * w[axis]! + x[3 * i + 1]! * w[3 + axis]! + x[3 * i + 2]! * w[6 + axis]!
      const u = (s - Math.floor(s)) * n
      const base = Math.floor(u)
      for (let j = 0; j < order; j++) {
        offsets[axis]![i * order + j] = ((base - order + 1 + j + n) % n) * strides[axis]!
      }
      splines(u - base, order, weights[axis]!, slopes[axis]!, i * order)
    }
  }
}

function spread({ charges, order, grid, weights, offsets }: Mesh): void {
  grid.fill(0)
  const [wa, wb, wc] = weights
  const [pa, pb, pc] = offsets
  for (let from = 0, i = 0; i < charges.length; i++, from += order) {
    const to = from + order
    const q = charges[i]!
    for (let a = from; a < to; a++) {
      const qa = q * wa[a]!
      for (let b = from; b < to; b++) {
        const qab = qa * wb[b]!
        const row = pa[a]! + pb[b]!
        for (let c = from; c < to; c++) {
          const at = row + pc[c]!
          grid[at] = grid[at]! + qab * wc[c]!
        }
      }
    }
  }
}

/** Multiplies the transformed charge by the influence function; sums energy and virial on the way. */
function convolve(
  { size, grid, moduli, alpha_per_A, constant_eV_A }: Mesh,
  box: Box,
  virial: Float64Array,
): number {
  const [n0, n1, n2] = size
  const w = box.inverse
  const decay = (Math.PI * Math.PI) / (alpha_per_A * alpha_per_A)
  const prefactor = constant_eV_A / (Math.PI * box.volume)
  let energy = 0
  let vxx = 0
  let vxy = 0
  let vxz = 0
  let vyy = 0
  let vyz = 0
  let vzz = 0
  for (let a = 0, at = 0; a < n0; a++) {
    const ma = a <= n0 / 2 ? a : a - n0
    for (let b = 0; b < n1; b++) {
      const mb = b <= n1 / 2 ? b : b - n1
      const modulus = moduli[0][a]! * moduli[1][b]!
      for (let c = 0; c < n2; c++, at += 2) {
        const mc = c <= n2 / 2 ? c : c - n2
        const mx = ma * w[0]! + mb * w[1]! + mc * w[2]!
        const my = ma * w[3]! + mb * w[4]! + mc * w[5]!
        const mz = ma * w[6]! + mb * w[7]! + mc * w[8]!
        const m2 = mx * mx + my * my + mz * mz
        if (m2 === 0) {
          grid[at] = 0
          grid[at + 1] = 0
          continue
        }
        const influence = (prefactor * Math.exp(-decay * m2) * modulus * moduli[2][c]!) / m2
        const re = grid[at]!
        const im = grid[at + 1]!
        const term = 0.5 * influence * (re * re + im * im)
        const slope = 2 * term * (1 / m2 + decay)
        energy += term
        vxx += term - slope * mx * mx
        vxy -= slope * mx * my
        vxz -= slope * mx * mz
        vyy += term - slope * my * my
        vyz -= slope * my * mz
        vzz += term - slope * mz * mz
        grid[at] = influence * re
        grid[at + 1] = influence * im
      }
    }
  }
  addSymmetric(virial, vxx, vxy, vxz, vyy, vyz, vzz)
  return energy
}

function gather(
  { size, charges, order, grid, weights, slopes, offsets }: Mesh,
  box: Box,
  forces: Float64Array,
): void {
  const [n0, n1, n2] = size
  const w = box.inverse
  const [wa, wb, wc] = weights
  const [da, db, dc] = slopes
  const [pa, pb, pc] = offsets
  for (let from = 0, i = 0; i < charges.length; i++, from += order) {
    const to = from + order
    let ga = 0
    let gb = 0
    let gc = 0
    for (let a = from; a < to; a++) {
      let sumA = 0
      let slopeB = 0
      let slopeC = 0
      for (let b = from; b < to; b++) {
        const row = pa[a]! + pb[b]!
        let sum = 0
        let slope = 0
        for (let c = from; c < to; c++) {
          const phi = grid[row + pc[c]!]!
          sum += wc[c]! * phi
          slope += dc[c]! * phi
        }
        sumA += wb[b]! * sum
        slopeB += db[b]! * sum
        slopeC += wb[b]! * slope
      }
      ga += da[a]! * sumA
      gb += wa[a]! * slopeB
      gc += wa[a]! * slopeC
    }
    const q = charges[i]!
    const ua = q * n0 * ga
    const ub = q * n1 * gb
    const uc = q * n2 * gc
    for (let k = 0; k < 3; k++) {
      forces[3 * i + k]! -= ua * w[3 * k]! + ub * w[3 * k + 1]! + uc * w[3 * k + 2]!
    }
  }
}

/**
 * Weights M_n and their derivatives for one atom: entry j belongs to grid point floor(u) − n + 1 + j.
 * @param fraction u − floor(u)
 */
function splines(
  fraction: number,
  order: number,
  weights: Float64Array,
  slopes: Float64Array,
  at: number,
): void {
  weights[at] = 1 - fraction
  weights[at + 1] = fraction
  for (let k = 2; k < order; k++) weights[at + k] = 0
  for (let n = 3; n <= order; n++) {
    if (n === order) {
      slopes[at] = -weights[at]!
      for (let j = 1; j < order; j++) slopes[at + j] = weights[at + j - 1]! - weights[at + j]!
    }
    const inverse = 1 / (n - 1)
    for (let j = n - 1; j >= 0; j--) {
      const left = j > 0 ? weights[at + j - 1]! : 0
      const right = j < n - 1 ? weights[at + j]! : 0
      const u = fraction + n - 1 - j
      weights[at + j] = inverse * (u * left + (n - u) * right)
    }
  }
}

/** |b(m)|² of Essmann et al., eq. 4.4; where the denominator vanishes the neighbours' mean stands in. */
function splineModuli(n: number, order: number): Float64Array {
  const values = new Float64Array(order)
  splines(0, order, values, new Float64Array(order), 0)
  const denominator = new Float64Array(n)
  for (let m = 0; m < n; m++) {
    let re = 0
    let im = 0
    for (let k = 0; k < order; k++) {
      const angle = (2 * Math.PI * m * k) / n
      re += values[k]! * Math.cos(angle)
      im += values[k]! * Math.sin(angle)
    }
    denominator[m] = re * re + im * im
  }
  for (let m = 0; m < n; m++) {
    if (denominator[m]! < 1e-7)
      denominator[m] = (denominator[(m + n - 1) % n]! + denominator[(m + 1) % n]!) / 2
  }
  return denominator.map(d => 1 / d)
}
