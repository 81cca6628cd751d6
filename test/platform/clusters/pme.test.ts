import { describe, expect, it } from 'vitest'
import { type Box, createBox, orthorhombicBox, scaleBox } from '../../../src/core/box.ts'
import type { CoulombForce } from '../../../src/core/force.ts'
import { UserError } from '../../../src/errors.ts'
import { ewaldMethod } from '../../../src/forces/ewald.ts'
import { fitsGrid } from '../../../src/platform/clusters/pme.ts'
import { createEwald, type Reciprocal } from '../../../src/platform/reference/ewald.ts'
import { createPme } from '../../../src/platform/reference/pme.ts'
import type { KernelExports, SimdFlavour } from '../../../src/platform/wasm/kernels.ts'
import { randomSequence, STREAM } from '../../../src/rng.ts'
import { CODATA_2018 } from '../../../src/units.ts'
import { hotPvdf } from '../../tools/polymerBoxes.ts'
import { directPme } from '../simd/direct.ts'

const BOTH = { energy: true, virial: true }
const FORCES = { energy: false, virial: false }
const FORCE_LIMIT = 1e-5
const ENERGY_LIMIT = 2e-6
const VIRIAL_LIMIT = 1e-5

const mesh = (
  grid: readonly [number, number, number],
  order: number,
  alpha_per_A: number,
): CoulombForce & { method: { name: 'pme' } } => ({
  kind: 'coulomb',
  method: { name: 'pme', alpha_per_A, grid, order },
  cutoff_A: 10,
  constant_eV_A: CODATA_2018.coulomb_eV_A,
  special: [0, 0, 0],
  erfc: 'exact',
  slabCorrection: false,
})

const accumulator = (atomCount: number) => ({
  forces: new Float64Array(3 * atomCount),
  virial: new Float64Array(9),
})
const norm = (x: Float64Array) => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0))
const difference = (a: Float64Array, b: Float64Array) => norm(a.map((v, k) => v - b[k]!)) / norm(b)

interface Charged {
  readonly box: Box
  readonly positions: Float64Array
  readonly charges: Float64Array
}

/** Errors relative to another method, which must find something itself. */
function errors(
  force: CoulombForce,
  { box, positions, charges }: Charged,
  flavour: SimdFlavour,
  other: Reciprocal = createPme(force, charges),
) {
  const expected = accumulator(charges.length)
  const found = accumulator(charges.length)
  const expectedEnergy = other(box, positions, expected)
  const energy = directPme(force, charges, flavour)(box, positions, found, BOTH)
  return {
    forces: difference(found.forces, expected.forces),
    energy: Math.abs(energy / expectedEnergy - 1),
    virial: difference(found.virial, expected.virial),
  }
}

function expectParity(force: CoulombForce, system: Charged, flavour: SimdFlavour) {
  const found = errors(force, system, flavour)
  expect(found.forces).toBeLessThan(FORCE_LIMIT)
  expect(found.energy).toBeLessThan(ENERGY_LIMIT)
  expect(found.virial).toBeLessThan(VIRIAL_LIMIT)
}

function randomIons(box: Box, atomCount: number): Charged {
  const random = randomSequence(5, STREAM.build)
  const m = box.matrix
  const positions = new Float64Array(3 * atomCount)
  for (let i = 0; i < atomCount; i++) {
    const s = [random.uniform(), random.uniform(), random.uniform()]
    for (let c = 0; c < 3; c++) {
      positions[3 * i + c] = s[0]! * m[c]! + s[1]! * m[3 + c]! + s[2]! * m[6 + c]!
    }
  }
  return { box, positions, charges: Float64Array.from({ length: atomCount }, (_, i) => (i % 2 ? -0.7 : 0.7)) }
}

const pvdf = (() => {
  const { system, state } = hotPvdf()
  return { box: state.box, positions: state.positions, charges: system.charges }
})()

/** As far as LAMMPS lets a cell lean, each way. */
const leaning = (a: number, tilt: number) =>
  createBox([a, 0, 0, tilt * a, 0.9 * a, 0, -tilt * a, tilt * 0.9 * a, 1.1 * a])

describe.each(['relaxed-simd', 'simd'] as const)(
  'particle-mesh Ewald of the %s build is the reference',
  flavour => {
    it.each([4, 5, 6, 7, 8])('for a polymer box at order %i', order => {
      expectParity(mesh([16, 16, 16], order, 0.25), pvdf, flavour)
    })

    it.each([
      [[32, 16, 8], 4],
      [[8, 16, 32], 4],
      [[4, 4, 4], 4],
      [[8, 8, 8], 8],
      [[64, 32, 32], 6],
    ] as const)('on a grid of %o at order %i', (grid, order) => {
      expectParity(mesh(grid, order, 0.3), pvdf, flavour)
    })

    // On coarse grids much is at half-way frequencies, which are two vectors of different length in a skewed cell.
    it.each([
      [0.5, 4, 8],
      [-0.5, 4, 8],
      [0.5, 6, 16],
      [-0.5, 8, 32],
    ])('in a cell leaning by %f, order %i, %i points', (tilt, order, n) => {
      expectParity(mesh([n, n, n], order, 0.45), randomIons(leaning(14, tilt), 120), flavour)
    })

    it('for a charged cell', () => {
      const charges = pvdf.charges.map(q => q + 0.05)
      expectParity(mesh([16, 16, 16], 4, 0.25), { ...pvdf, charges }, flavour)
    })

    it('for a single atom', () => {
      const box = orthorhombicBox(9, 10, 11)
      const atom = { box, positions: Float64Array.of(1.3, -2.4, 7.7), charges: Float64Array.of(1) }
      const found = errors(mesh([16, 16, 16], 4, 0.4), atom, flavour)
      expect(found.energy).toBeLessThan(ENERGY_LIMIT)
      expect(found.virial).toBeLessThan(VIRIAL_LIMIT)
    })

    it('for atoms on grid points, on faces and just below them', () => {
      const positions = Float64Array.of(
        0,
        0,
        0,
        12,
        12,
        12,
        3,
        6,
        9,
        -1e-17,
        -1e-17,
        12 - 2e-15,
        0.75,
        -24,
        11.25,
      )
      const charges = Float64Array.of(1, -1, 0.5, -0.7, 0.2)
      const box = orthorhombicBox(12, 12, 12)
      for (const order of [4, 6])
        expectParity(mesh([16, 16, 16], order, 0.4), { box, positions, charges }, flavour)
    })

    it('for 100 000 atoms', () => {
      expectParity(mesh([64, 64, 64], 4, 0.25), randomIons(orthorhombicBox(100, 104, 96), 100_000), flavour)
    })

    it('for atoms thousands of Å outside the cell', () => {
      const m = pvdf.box.matrix
      const positions = pvdf.positions.map((x, k) => {
        const i = Math.floor(k / 3)
        const cells = [(i % 401) - 200, (i % 301) - 150, 100 - (i % 201)]
        return x + cells.reduce((sum, n, c) => sum + n * m[3 * c + (k % 3)]!, 0)
      })
      const force = mesh([16, 16, 16], 4, 0.25)
      expectParity(force, { ...pvdf, positions }, flavour)
      const near = accumulator(pvdf.charges.length)
      const far = accumulator(pvdf.charges.length)
      const evaluate = directPme(force, pvdf.charges, flavour)
      evaluate(pvdf.box, pvdf.positions, near, FORCES)
      evaluate(pvdf.box, positions, far, FORCES)
      expect(difference(far.forces, near.forces)).toBeLessThan(FORCE_LIMIT)
    })
  },
)

describe('particle-mesh Ewald on grids made of 2, 3 and 5', () => {
  it.each([[[60, 48, 72]], [[40, 80, 36]]] as const)('agrees with the Ewald sum: %o', grid => {
    const alpha = 0.32
    const ions = randomIons(createBox([14, 0, 0, 3, 13, 0, -2, 4, 15]), 60)
    const ewald = { name: 'ewald', alpha_per_A: alpha, kCutoff_per_A: 12 * alpha } as const
    const force = mesh(grid, 8, alpha)
    const sum = createEwald({ ...force, method: ewald }, ions.charges)
    const found = errors(force, ions, 'relaxed-simd', sum)
    expect(found.forces).toBeLessThan(FORCE_LIMIT)
    expect(found.energy).toBeLessThan(ENERGY_LIMIT)
    expect(found.virial).toBeLessThan(VIRIAL_LIMIT)
  })

  it.each([
    [[18, 16, 16], 4],
    [[16, 28, 16], 4],
    [[4, 8, 8], 6],
    [[16, 16, 16], 3],
  ] as const)('refuses %o at order %i', (grid, order) => {
    expect(() => directPme(mesh(grid, order, 0.3), pvdf.charges)).toThrow(UserError)
  })

  it.each([1e-3, 1e-4, 1e-5])('chosen for an accuracy of %f keep it', accuracy => {
    const { box, positions, charges } = pvdf
    const method = ewaldMethod({ name: 'pme', box, charges, cutoff_A: 8, accuracy })
    if (method.name !== 'pme') throw new TypeError(method.name)
    expect(method.grid.every(fitsGrid)).toBe(true)
    const force = mesh(method.grid, method.order, method.alpha_per_A)
    const ewald = ewaldMethod({ name: 'ewald', box, charges, cutoff_A: 8, accuracy: 1e-9 })
    const exact = accumulator(charges.length)
    createEwald({ ...force, method: { ...ewald, alpha_per_A: method.alpha_per_A } as typeof ewald }, charges)(
      box,
      positions,
      exact,
    )
    const found = accumulator(charges.length)
    directPme(force, charges)(box, positions, found, FORCES)
    const rms = norm(found.forces.map((f, k) => f - exact.forces[k]!)) / Math.sqrt(charges.length)
    expect(rms / CODATA_2018.coulomb_eV_A).toBeLessThan(accuracy)
  })
})

it.each([5, 6, 7, 8])('errors of energies at order %i are random, without a common sign', order => {
  const box = orthorhombicBox(9, 10, 11)
  const { positions } = randomIons(box, 200)
  const charge = Float64Array.of(1)
  const force = mesh([16, 16, 16], order, 0.4)
  const single = directPme(force, charge)
  const reference = createPme(force, charge)
  let sum = 0
  for (let i = 0; i < 200; i++) {
    const x = positions.subarray(3 * i, 3 * i + 3)
    sum += single(box, x, accumulator(1), BOTH) / reference(box, x, accumulator(1)) - 1
  }
  expect(Math.abs(sum / 200)).toBeLessThan(1e-7)
})

describe('an evaluation', () => {
  const force = mesh([16, 20, 24], 4, 0.3)
  const atomCount = pvdf.charges.length

  it('of forces alone finds the same forces, no energy and no virial', () => {
    const evaluate = directPme(force, pvdf.charges)
    const all = accumulator(atomCount)
    const alone = accumulator(atomCount)
    evaluate(pvdf.box, pvdf.positions, all, BOTH)
    expect(evaluate(pvdf.box, pvdf.positions, alone, FORCES)).toBe(0)
    expect(alone.forces).toEqual(all.forces)
    expect(alone.virial).toEqual(new Float64Array(9))
  })

  it('adds its forces to those in the array', () => {
    const evaluate = directPme(force, pvdf.charges)
    const once = accumulator(atomCount)
    const into = accumulator(atomCount)
    const first = evaluate(pvdf.box, pvdf.positions, once, BOTH)
    for (let k = 0; k < 2; k++) expect(evaluate(pvdf.box, pvdf.positions, into, BOTH)).toBe(first)
    expect(into.forces).toEqual(once.forces.map(f => f + f))
    expect(into.virial).toEqual(once.virial.map(v => v + v))
  })

  it('of a changed cell agrees with a new mesh', () => {
    const larger = scaleBox(pvdf.box, 1.02)
    const evaluate = directPme(force, pvdf.charges)
    const [before, after, again, fresh] = [0, 1, 2, 3].map(() => accumulator(atomCount)) as [
      ReturnType<typeof accumulator>,
      ReturnType<typeof accumulator>,
      ReturnType<typeof accumulator>,
      ReturnType<typeof accumulator>,
    ]
    evaluate(pvdf.box, pvdf.positions, before, BOTH)
    evaluate(larger, pvdf.positions, after, BOTH)
    evaluate(pvdf.box, pvdf.positions, again, BOTH)
    directPme(force, pvdf.charges)(larger, pvdf.positions, fresh, BOTH)
    expect(again).toEqual(before)
    expect(after).toEqual(fresh)
  })

  it('gives no force to atoms without charge', () => {
    const charges = pvdf.charges.map((q, i) => (i % 3 === 0 ? 0 : q))
    const into = accumulator(atomCount)
    directPme(force, charges)(pvdf.box, pvdf.positions, into, BOTH)
    for (let i = 0; i < atomCount; i += 3)
      expect([...into.forces.subarray(3 * i, 3 * i + 3)]).toEqual([0, 0, 0])
  })

  it('of a system without charges is zero', () => {
    const into = accumulator(atomCount)
    const charges = new Float64Array(atomCount)
    expect(directPme(force, charges)(pvdf.box, pvdf.positions, into, BOTH)).toBe(0)
    expect(norm(into.forces) + norm(into.virial)).toBe(0)
  })

  it('can be divided into ranges without a change to the last bit', () => {
    // The last two numbers before any others of every kernel are a range; halves of it are even for rows.
    const position = {
      pmeInfluence: 1,
      pmeClear: 1,
      pmeSpread: 2,
      pmeForward: 1,
      pmePlanes: 1,
      pmeBackward: 1,
      pmeGather: 2,
    }
    const divided = (kernels: KernelExports): KernelExports => {
      const inHalves = (Object.keys(position) as (keyof typeof position)[]).map(name => {
        const at = position[name]
        const halves = (...args: number[]) => {
          const middle = 2 * Math.floor((args[at]! + args[at + 1]!) / 4)
          kernels[name](...args.with(at + 1, middle))
          return kernels[name](...args.with(at, middle))
        }
        return [name, halves]
      })
      return { ...kernels, ...Object.fromEntries(inHalves) }
    }
    const whole = accumulator(atomCount)
    const halves = accumulator(atomCount)
    const first = directPme(force, pvdf.charges)(pvdf.box, pvdf.positions, whole, BOTH)
    const evaluate = directPme(force, pvdf.charges, 'relaxed-simd', divided)
    expect(evaluate(pvdf.box, pvdf.positions, halves, BOTH)).toBe(first)
    expect(halves).toEqual(whole)
  })
})
