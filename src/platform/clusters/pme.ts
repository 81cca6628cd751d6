import type { Box } from '../../core/box.ts'
import type { CoulombForce } from '../../core/force.ts'
import { UserError } from '../../errors.ts'
import type { Want } from '../platform.ts'
import { type Accumulator, addSymmetric } from '../reference/nonbonded.ts'
import type { Job } from '../wasm/crew.ts'
import type { Kernels } from '../wasm/kernels.ts'
import type { Arena } from '../wasm/memory.ts'
import { COMPLEX_BYTES, createAxisPlan, radices } from './fft.ts'

/** Kernels of assembly/pme*.ts. Every one works on a range, writes into that range only, and needs its own scratch. */
export interface PmeKernels {
  pmeInfluence(plan: number, from: number, to: number): void
  pmeClear(plan: number, from: number, to: number): void
  pmeSpread(plan: number, positions: number, from: number, to: number, scratch: number): void
  pmeForward(plan: number, from: number, to: number, scratch: number): void
  pmePlanes(plan: number, from: number, to: number, wants: number, scratch: number): void
  pmeBackward(plan: number, from: number, to: number, scratch: number): void
  pmeGather(plan: number, forces: number, from: number, to: number, scratch: number): void
}

/** A reciprocal-space sum: what is to be done by one thread, and what comes of it. */
export interface SimdPme {
  job(box: Box, want: Required<Want>): Job
  /** Adds forces and virial of the job that is done. @returns energy, eV; 0 when it was not wanted */
  collect(box: Box, into: Accumulator): number
}

/** Bits of `wants` in assembly/pme.ts. */
const ENERGY = 1
const VIRIAL = 2
/** Of the sums of a plane, see `pmePlanes`. */
const SUMS = 8
const PLACE_BYTES = 32
const LINE_BYTES = 64

/** Grid sizes that the transforms take: lanes go four by four, and there are radices for factors 2, 3 and 5. */
export const fitsGrid = (n: number): boolean => n % 4 === 0 && radices(n) !== null

/**
 * The reciprocal part by smooth particle-mesh Ewald in single precision, to the meaning of ../reference/pme.ts: Essmann
 * et al. 1995, https://doi.org/10.1063/1.470117. Splines of order 4 to 8, order 4 being the fast one.
 * @param charges [N] e
 * @param positions address of [3N] f64, Å
 * @throws UserError when the grid is not one that the kernels take
 */
export function createSimdPme(
  force: CoulombForce,
  charges: Float64Array,
  positions: number,
  arena: Arena,
  { exports: kernels }: Kernels<PmeKernels>,
): SimdPme {
  const { method } = force
  if (method.name !== 'pme') throw new TypeError(`not a particle-mesh Ewald: ${method.name}`)
  const { alpha_per_A: alpha, grid: size, order } = method
  if (!(order >= 4 && order <= 8) || !size.every(n => fitsGrid(n) && n >= order)) {
    throw new UserError({
      message: `the simd platform has no particle mesh of ${size.join(' × ')} points and order ${order}`,
      hint: 'grids are multiples of 4 with no prime factors but 2, 3 and 5, orders 4 to 8; or use --platform reference',
    })
  }
  const [n0, n1, n2] = size
  const atomCount = charges.length
  const planes = n0 / 2 + 1
  const { rowBytes, planeBytes } = strides(size, order)
  const decay = (Math.PI * Math.PI) / (alpha * alpha)
  const prefactor = force.constant_eV_A / (2 * Math.PI * weightSum(order) ** 6)

  const f64 = (values: Float64Array) => {
    const address = arena.allocate(values.byteLength)
    arena.f64(address, values.length).set(values)
    return address
  }
  const plan = arena.allocate(160)
  const sums = arena.allocate(8 * SUMS * planes)
  const charge = arena.allocate(4 * atomCount)
  arena.f32(charge, atomCount).set(charges)
  const fields = [
    ...[n0, n1, n2, order, rowBytes, planeBytes, arena.allocate(n0 * planeBytes)],
    ...size.map(n => createAxisPlan(n, arena)),
    arena.allocate(4 * planes * n1 * n2),
    ...size.map(n => f64(splineModuli(n, order))),
    ...[arena.allocate(PLACE_BYTES * atomCount), charge, sums],
  ]
  arena.i32(plan, fields.length).set(fields)
  const scratch = arena.allocate(3 * COMPLEX_BYTES * Math.max(16, ...size) + planeBytes)
  const added = arena.allocate(24 * atomCount)

  let prepared: Float64Array | undefined
  const prepare = (box: Box) => {
    if (prepared?.every((value, k) => value === box.inverse[k])) return
    prepared = box.inverse.slice()
    arena.f64(plan + 72, 11).set([...box.inverse, decay, prefactor / box.volume])
    kernels.pmeInfluence(plan, 0, planes)
  }

  let wanted: Required<Want> = { energy: false, virial: false }
  return {
    job(box, want) {
      prepare(box)
      wanted = want
      arena.f64(added, 3 * atomCount).fill(0)
      const wants = (want.energy ? ENERGY : 0) | (want.virial ? VIRIAL : 0)
      const calls = [
        { kernel: 'pmeClear', args: [plan, 0, n0] },
        { kernel: 'pmeSpread', args: [plan, positions, 0, atomCount, scratch] },
        { kernel: 'pmeForward', args: [plan, 0, n1, scratch] },
        { kernel: 'pmePlanes', args: [plan, 0, planes, wants, scratch] },
        { kernel: 'pmeBackward', args: [plan, 0, n1, scratch] },
        { kernel: 'pmeGather', args: [plan, added, 0, atomCount, scratch] },
      ]
      return { part: 'kspace', calls }
    },
    collect(box, into) {
      const forces = arena.f64(added, 3 * atomCount)
      for (let k = 0; k < forces.length; k++) into.forces[k]! += forces[k]!
      if (!wanted.energy && !wanted.virial) return 0
      return total(arena.f64(sums, SUMS * planes), box, wanted.virial ? into.virial : null)
    },
  }
}

/**
 * Rows have room for a spline that sticks out, in whole vectors and an odd number of them, and planes are an odd
 * number of cache lines: a column of rows or planes then does not end up in a few sets of the cache.
 */
function strides(size: readonly [number, number, number], order: number) {
  const odd = (n: number) => n + 1 - (n % 2)
  const rowBytes = 16 * odd(size[2] / 4 + (order === 4 ? 1 : 2))
  const planeBytes = LINE_BYTES * odd(Math.ceil((rowBytes * size[1]) / LINE_BYTES))
  return { rowBytes, planeBytes }
}

/** Adds up what the planes found, always in the same order. @returns energy */
function total(sums: Float64Array, box: Box, virial: Float64Array | null): number {
  const [energy, aa, ab, ac, bb, bc, cc] = Array.from({ length: 7 }, (_, k) => {
    let sum = 0
    for (let at = k; at < sums.length; at += SUMS) sum += sums[at]!
    return sum
  }) as [number, number, number, number, number, number, number]
  if (!virial) return energy
  // Rows of the inverse turn frequencies into the vectors m.
  const w = box.inverse
  const product = (i: number, j: number) => {
    const [pa, pb, pc] = [w[3 * i]!, w[3 * i + 1]!, w[3 * i + 2]!]
    const [qa, qb, qc] = [w[3 * j]!, w[3 * j + 1]!, w[3 * j + 2]!]
    return (
      pa * (aa * qa + ab * qb + ac * qc) +
      pb * (ab * qa + bb * qb + bc * qc) +
      pc * (ac * qa + bc * qb + cc * qc)
    )
  }
  addSymmetric(
    virial,
    energy - product(0, 0),
    -product(0, 1),
    -product(0, 2),
    energy - product(1, 1),
    -product(1, 2),
    energy - product(2, 2),
  )
  return energy
}

/**
 * What the weights of one axis add up to: the kernel's recursion multiplies by 1/(n−1) in single precision at each
 * step, and what that is off by has one sign in all weights of all atoms. They enter the energy six times.
 */
function weightSum(order: number): number {
  let sum = 1
  if (order > 4) for (let n = 3; n <= order; n++) sum *= (n - 1) * Math.fround(1 / (n - 1))
  return sum
}

/** |b(m)|² of Essmann et al., eq. 4.4; where the denominator vanishes the neighbours' mean stands in. */
function splineModuli(n: number, order: number): Float64Array {
  const denominators = Float64Array.from({ length: n }, (_, m) => {
    let re = 0
    let im = 0
    for (let k = 1; k < order; k++) {
      const angle = (2 * Math.PI * m * k) / n
      re += spline(k, order) * Math.cos(angle)
      im += spline(k, order) * Math.sin(angle)
    }
    return re * re + im * im
  })
  return denominators.map((d, m) => {
    const mean = (denominators[(m + n - 1) % n]! + denominators[(m + 1) % n]!) / 2
    return 1 / (d < 1e-7 ? mean : d)
  })
}

/** The cardinal B-spline M_order at u (eq. 4.1). */
function spline(u: number, order: number): number {
  if (order === 2) return Math.max(0, 1 - Math.abs(u - 1))
  return (u * spline(u, order - 1) + (order - u) * spline(u - 1, order - 1)) / (order - 1)
}
