import type { Box } from '../../core/box.ts'
import type { CoulombForce } from '../../core/force.ts'
import type { System } from '../../core/system.ts'
import { UserError } from '../../errors.ts'
import type { Want } from '../platform.ts'
import { type Accumulator, addSymmetric } from '../reference/nonbonded.ts'
import type { Job } from '../wasm/crew.ts'
import {
  AXIS_PLAN,
  COMPLEX_BYTES,
  MESH,
  PASS,
  PLACE,
  PLANE_SUMS,
  WANT_ENERGY,
  WANT_VIRIAL,
} from '../wasm/layout.ts'
import type { Arena } from '../wasm/memory.ts'
import type { Workplace } from './clusters.ts'

/** A reciprocal-space sum: the work of one thread, and its results. */
export interface SimdPme {
  job(box: Box, want: Required<Want>): Job
  /** Adds forces and virial of the finished job. @returns energy, eV; 0 when neither energy nor virial was wanted */
  collect(box: Box, into: Accumulator): number
}

const CACHE_LINE = 64

/** Returns true for grid sizes that the transforms have: multiples of the four lanes, with prime factors 2, 3 and 5. */
export const fitsGrid = (n: number): boolean => n % 4 === 0 && radices(n) !== null

/** A workplace of which the mesh needs the charges only. */
interface MeshPlace extends Pick<Workplace, 'positions' | 'arena' | 'kernels'> {
  readonly system: Pick<System, 'atomCount' | 'charges'>
}

/**
 * Prepares the reciprocal part by smooth particle-mesh Ewald in single precision, with the meaning of ../reference/pme.ts:
 * Essmann et al. 1995, https://doi.org/10.1063/1.470117. Splines of order 4 to 8; order 4 is the fastest.
 * @throws UserError when the kernels cannot have the grid or the order
 */
export function createSimdPme(
  force: CoulombForce,
  { system, positions, arena, kernels }: MeshPlace,
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
  const { atomCount } = system
  const planes = n0 / 2 + 1
  const { row, plane } = strides(size, order)
  const decay = (Math.PI * Math.PI) / (alpha * alpha)
  const prefactor = force.constant_eV_A / (2 * Math.PI * weightSum(order) ** 6)
  const plan = arena.allocate(MESH.bytes)
  const sums = arena.allocate(PLANE_SUMS.bytes * planes)
  const planeSums = Array.from({ length: planes }, (_, k) => sums + k * PLANE_SUMS.bytes)
  const charges = arena.allocate(4 * atomCount)
  arena.f32(charges, atomCount).set(system.charges)
  const grid = arena.allocate(n0 * plane)
  const [axis0, axis1, axis2] = size.map(n => createAxisPlan(n, arena)) as [number, number, number]
  const influence = arena.allocate(4 * planes * n1 * n2)
  const [moduli0, moduli1, moduli2] = size.map(n => placeModuli(n, order, arena)) as [number, number, number]
  arena.write(MESH, plan, {
    ...{ n0, n1, n2, order, row, plane, grid, axis0, axis1, axis2, influence, moduli0, moduli1, moduli2 },
    ...{ places: arena.allocate(PLACE.bytes * atomCount), charges, sums, decay },
  })
  const scratch = arena.allocate(3 * COMPLEX_BYTES * Math.max(16, ...size) + plane)
  const added = arena.allocate(24 * atomCount)

  let prepared: Float64Array | undefined
  const prepare = (box: Box) => {
    if (prepared?.every((value, k) => value === box.inverse[k])) return
    prepared = box.inverse.slice()
    arena.write(MESH, plan, { inverse: box.inverse, prefactor: prefactor / box.volume })
    kernels.exports.pmeInfluence(plan, 0, planes)
  }

  let wanted: Required<Want> = { energy: false, virial: false }
  return {
    job(box, want) {
      prepare(box)
      wanted = want
      arena.f64(added, 3 * atomCount).fill(0)
      const wants = (want.energy ? WANT_ENERGY : 0) | (want.virial ? WANT_VIRIAL : 0)
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
      const totals = arena.total(PLANE_SUMS, planeSums)
      if (wanted.virial) addVirial(totals, box, into.virial)
      return totals.energy
    },
  }
}

/**
 * Returns the bytes of rows and planes. Rows have room for a spline that sticks out, in whole vectors and an odd number of
 * them, and planes are an odd number of cache lines: a column of rows or planes then spreads over the sets of the cache.
 */
function strides(size: readonly [number, number, number], order: number) {
  const odd = (n: number) => n + 1 - (n % 2)
  const row = 16 * odd(size[2] / 4 + (order === 4 ? 1 : 2))
  const plane = CACHE_LINE * odd(Math.ceil((row * size[1]) / CACHE_LINE))
  return { row, plane }
}

type PlaneSums = Readonly<Record<keyof (typeof PLANE_SUMS)['fields'], number>>

function addVirial({ energy, aa, ab, ac, bb, bc, cc }: PlaneSums, box: Box, virial: Float64Array): void {
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
}

/**
 * Returns the sum of the weights of one axis: the kernel's recursion multiplies by 1/(n−1) in single precision at each
 * step, and this rounding error has one sign in all weights of all atoms. They enter the energy six times.
 */
function weightSum(order: number): number {
  let sum = 1
  if (order > 4) for (let n = 3; n <= order; n++) sum *= (n - 1) * Math.fround(1 / (n - 1))
  return sum
}

/** Writes |b(m)|² of Essmann et al., eq. 4.4; where the denominator vanishes the neighbours' mean is taken. @returns address */
function placeModuli(n: number, order: number, arena: Arena): number {
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
  const address = arena.allocate(8 * n)
  const moduli = arena.f64(address, n)
  denominators.forEach((d, m) => {
    const mean = (denominators[(m + n - 1) % n]! + denominators[(m + 1) % n]!) / 2
    moduli[m] = 1 / (d < 1e-7 ? mean : d)
  })
  return address
}

/** Returns the cardinal B-spline M_order at u (eq. 4.1). */
function spline(u: number, order: number): number {
  if (order === 2) return Math.max(0, 1 - Math.abs(u - 1))
  return (u * spline(u, order - 1) + (order - u) * spline(u - 1, order - 1)) / (order - 1)
}

/** Radices of the passes of transforms, in the order in which they are tried. */
const RADICES = [4, 2, 3, 5] as const

/** Returns the radices of the passes of a transform of length n; null where n has other prime factors than 2, 3 and 5. */
export function radices(n: number): number[] | null {
  const found: number[] = []
  let rest = n
  for (const radix of RADICES) {
    while (rest % radix === 0) {
      found.push(radix)
      rest /= radix
    }
  }
  return rest === 1 && found.length > 0 ? found : null
}

/** Writes the plan of transforms of one length: radices and twiddle factors. @returns address of a record of AXIS_PLAN */
export function createAxisPlan(n: number, arena: Arena): number {
  const passes = radices(n)
  if (!passes) throw new TypeError(`no transform of length ${n}`)
  const plan = arena.allocate(AXIS_PLAN.bytes + PASS.bytes * passes.length)
  arena.write(AXIS_PLAN, plan, { length: n, passes: passes.length })
  let length = n
  for (const [k, radix] of passes.entries()) {
    const factors = twiddles(length, radix)
    const address = arena.allocate(4 * factors.length)
    arena.f32(address, factors.length).set(factors)
    arena.write(PASS, plan + AXIS_PLAN.bytes + k * PASS.bytes, { radix, factors: address })
    length /= radix
  }
  return plan
}

/** Returns e^{−2πi jp/length}, j = 1…radix−1 for each p < length/radix. */
function twiddles(length: number, radix: number): number[] {
  const factors: number[] = []
  for (let p = 0; p < length / radix; p++) {
    for (let j = 1; j < radix; j++) {
      const angle = (-2 * Math.PI * j * p) / length
      factors.push(Math.cos(angle), Math.sin(angle))
    }
  }
  return factors
}
