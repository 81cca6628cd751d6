import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Box, createBox, fractional, orthorhombicBox } from '../../../src/core/box.ts'
import type { Force } from '../../../src/core/force.ts'
import { type Backend, createBackend } from '../../../src/platform/gpu/backends.ts'
import { createGpuBonded, type GpuBonded } from '../../../src/platform/gpu/bonded.ts'
import { createBonded } from '../../../src/platform/reference/bonded.ts'
import { randomSequence, STREAM } from '../../../src/rng.ts'
import { hotPvdf } from '../../tools/polymerBoxes.ts'
import { cases } from '../parity/cases.ts'
import { type Configuration, configuration, norm, star, unwrapped } from '../parity/configurations.ts'
import { onEachBackend } from './helpers.ts'

type Triple = readonly [number, number, number]

/** Double precision; derivatives.test.ts holds it to its energy. */
function expected({ system, state }: Configuration): Float64Array {
  const into = { forces: new Float64Array(3 * system.atomCount), virial: new Float64Array(9) }
  const bonded = system.forces.filter(force => force.kind !== 'restraint')
  createBonded(bonded).evaluate(state.box, state.positions, into, false, () => {})
  return into.forces
}

/** Frames that suit a box, as `frameFor` has them: at least 20 Å wide. */
function framesOf(box: Box): { perBox: Triple; images: Triple } {
  const perBox = box.heights.map(height =>
    height < 20 ? 1 / Math.ceil(20 / height) : Math.floor(height / 20),
  )
  const images = perBox.map(n => Math.max(1, Math.round(1 / n)))
  return { perBox: perBox as unknown as Triple, images: images as unknown as Triple }
}

/** Atoms in clusters in no order at all, some places empty. @param spare clusters more than needed */
function placed(backend: Backend, { system, state: { box, positions } }: Configuration, spare = 1) {
  const { perBox, images } = framesOf(box)
  const clusters = Math.ceil(system.atomCount / 4) + spare
  const random = randomSequence(3, STREAM.build)
  const keys = Array.from({ length: 4 * clusters }, () => random.uniform())
  const order = keys.map((_, slot) => slot).sort((a, b) => keys[a]! - keys[b]!)
  const highs = new Float32Array(16 * clusters)
  const lows = new Float32Array(16 * clusters)
  fractional(box, positions).forEach((inBox, k) => {
    const [slot, axis] = [order[Math.floor(k / 3)]!, k % 3]
    // Wrapped as atoms of other molecules are: each on its own.
    const s = (inBox - Math.floor(inBox)) * perBox[axis]!
    const at = 16 * Math.floor(slot / 4) + 4 * axis + (slot % 4)
    highs[at] = s - Math.round(s)
    lows[at] = s - Math.round(s) - highs[at]!
  })
  const array = (values: Float32Array, width: number) => {
    const result = backend.array(width, values.length / width)
    result.write(values)
    return result
  }
  const arrays = {
    highs: array(highs, 16),
    lows: array(lows, 16),
    slots: array(Float32Array.from(order.slice(0, system.atomCount)), system.atomCount),
  }
  const matrix = Array.from(box.matrix, (value, k) => value / perBox[Math.floor(k / 3)]!)
  const run = async (bonded: GpuBonded) => {
    const forces = await bonded.launch(arrays, matrix, images)
    return Float64Array.from(await forces.read())
  }
  return { run, dispose: () => Object.values(arrays).map(held => held.dispose()) }
}

async function found(backend: Backend, one: Configuration): Promise<Float64Array> {
  const bonded = createGpuBonded(one.system, backend)!
  const where = placed(backend, one)
  const forces = await where.run(bonded)
  bonded.dispose()
  where.dispose()
  return forces
}

/** Of all forces together. */
function deviation(forces: Float64Array, one: Configuration): number {
  const wanted = expected(one)
  return norm(forces.map((f, k) => f - wanted[k]!)) / norm(wanted)
}

const bondedCases = cases.filter(({ name }) => /^(bond|angle|dihedral|improper)/.test(name))
const wide = orthorhombicBox(30, 30, 30)

/** Molecules far from each other, one for each value, turned about. @param shape positions of its atoms */
function molecules(
  values: readonly number[],
  shape: (value: number) => number[],
  force: (atoms: Int32Array) => Force,
): Configuration {
  const random = randomSequence(5, STREAM.build)
  const positions = values.flatMap(value => {
    const turn = orthonormal([0, 1, 2, 3, 4, 5].map(() => random.normal()))
    const at = [0, 1, 2].map(() => 30 * random.uniform())
    const local = shape(value)
    return local.map((_, k) => {
      const i = k - (k % 3)
      return at[k % 3]! + turn.reduce((sum, axis, c) => sum + local[i + c]! * axis[k % 3]!, 0)
    })
  })
  const atoms = Int32Array.from({ length: positions.length / 3 }, (_, i) => i)
  return configuration(wide, positions, [force(atoms)])
}

function orthonormal([a, b, c, d, e, f]: readonly number[]): number[][] {
  const unit = (v: number[]) => v.map(x => x / Math.hypot(...v))
  const cross = ([p, q, r]: number[], [s, t, u]: number[]) => [
    q! * u! - r! * t!,
    r! * s! - p! * u!,
    p! * t! - q! * s!,
  ]
  const first = unit([a!, b!, c!])
  const second = unit(cross(first, [d!, e!, f!]))
  return [first, second, cross(first, second)]
}

/** Evenly from one to the other, both included. */
const range = (from: number, to: number, count = 201) =>
  Array.from({ length: count }, (_, k) => from + ((to - from) * k) / (count - 1))

const repeated = (values: readonly number[], count: number) =>
  Float64Array.from({ length: values.length * count }, (_, k) => values[k % values.length]!)

const bond = (form: 'harmonic' | 'morse', parameters: readonly number[]) => (atoms: Int32Array) =>
  ({ kind: 'bond', form, atoms, parameters: repeated(parameters, atoms.length / 2) }) as const
const angle = (parameters: readonly number[]) => (atoms: Int32Array) =>
  ({ kind: 'angle', atoms, parameters: repeated(parameters, atoms.length / 3) }) as const
const series = (order: number, coefficients: readonly number[]) => (atoms: Int32Array) =>
  ({ kind: 'dihedral', atoms, order, coefficients: repeated(coefficients, atoms.length / 4) }) as const
const improper = (parameters: readonly number[]) => (atoms: Int32Array) =>
  ({
    kind: 'improper',
    form: 'harmonic',
    atoms,
    parameters: repeated(parameters, atoms.length / 4),
  }) as const

const two = (r: number) => [0, 0, 0, r, 0, 0]
const three = (theta: number) => [1.1, 0, 0, 0, 0, 0, 1.6 * Math.cos(theta), 1.6 * Math.sin(theta), 0]
const four = (phi: number) => [1, 0.4, 0, 0, 0, 0, 0, -1.5, 0, Math.cos(phi), -2, Math.sin(phi)]

/** Coefficients of any size, either sign. */
const EIGHT = [0.1, 0.3, 0.2, -0.1, 0, 0.1, -0.1, 0, 0.2, 0, 0.1, -0.2, 0, 0.1, 0, 0.1, 0.1, -0.1]
const circle = range(-Math.PI, Math.PI)

/** Every formula over its whole range. The forces go through zero: `scale`, eV/Å, is what is small beside. */
const scans: readonly { name: string; scale: number; one: Configuration }[] = [
  { name: 'harmonic bond', scale: 3, one: molecules(range(0.05, 6), two, bond('harmonic', [30, 1.53])) },
  { name: 'Morse bond', scale: 3, one: molecules(range(0.6, 8), two, bond('morse', [4, 1.9, 1.53])) },
  { name: 'angle', scale: 4, one: molecules(range(0.05, Math.PI - 0.05), three, angle([4, 1.9])) },
  { name: 'series of order 1', scale: 0.3, one: molecules(circle, four, series(1, [0.1, 0.3, 0, 0.1])) },
  { name: 'series of order 8', scale: 1, one: molecules(circle, four, series(8, EIGHT)) },
  {
    name: 'harmonic improper',
    scale: 2,
    // It has no slope at 0 and π.
    one: molecules([...range(-3.14, -0.001), ...range(0.001, 3.14)], four, improper([2, 0.6])),
  },
]

/**
 * A chain with every term of its own parameters, in a box that is two frames along a, one along b and half a frame along
 * c.
 */
function randomChain(seed: number): Configuration {
  const count = 60
  const box = createBox([52, 0, 0, 9, 25, 0, -5, 4, 11])
  const random = randomSequence(seed, STREAM.build)
  const any = (from: number, to: number) => from + (to - from) * random.uniform()
  const positions = [50, 24, 10]
  let direction = [1, 0, 0]
  for (let i = 1; i < count; i++) {
    // Nowhere straight: there single precision does not know directions.
    const across = orthonormal([...direction, any(-1, 1), any(-1, 1), any(-1, 1)])[1]!
    const [bend, r] = [any(0.7, 1.4), any(1.4, 1.6)]
    direction = direction.map((d, c) => d * Math.cos(bend) + across[c]! * Math.sin(bend))
    positions.push(...direction.map((d, c) => positions[3 * i - 3 + c]! + r * d))
  }
  const runs = (size: number) => {
    const starts = Array.from({ length: count + 1 - size }, (_, i) => i)
    return Int32Array.from(starts.flatMap(i => Array.from({ length: size }, (_, k) => i + k)))
  }
  const many = (length: number, draw: (k: number) => number) =>
    Float64Array.from({ length }, (_, k) => draw(k))
  const [pairs, triples, fours] = [runs(2), runs(3), runs(4)]
  const perFour = fours.length / 4
  const forces: Force[] = [
    {
      kind: 'bond',
      form: 'harmonic',
      atoms: pairs,
      parameters: many(pairs.length, k => (k % 2 === 0 ? any(10, 30) : any(1.4, 1.6))),
    },
    {
      kind: 'bond',
      form: 'morse',
      atoms: pairs,
      parameters: many(1.5 * pairs.length, () => any(1, 2)),
    },
    { kind: 'angle', atoms: triples, parameters: many((2 * triples.length) / 3, () => any(1, 3)) },
    { kind: 'dihedral', atoms: fours, order: 2, coefficients: many(6 * perFour, () => any(-0.2, 0.2)) },
    { kind: 'dihedral', atoms: fours, order: 5, coefficients: many(12 * perFour, () => any(-0.2, 0.2)) },
    {
      kind: 'improper',
      form: 'fourier',
      atoms: fours,
      order: 3,
      coefficients: many(8 * perFour, () => any(-0.2, 0.2)),
    },
    { kind: 'improper', form: 'harmonic', atoms: fours, parameters: many(2 * perFour, () => any(0, 2)) },
  ]
  return configuration(box, positions, forces)
}

/** The hub of as many bonds as there are other atoms, and of an angle for each two in a row. */
function wheel(atomCount: number): Configuration {
  const random = randomSequence(9, STREAM.build)
  const positions = Float64Array.from({ length: 3 * atomCount }, (_, k) => (k < 3 ? 0 : 6 * random.uniform()))
  const rim = Array.from({ length: atomCount - 2 }, (_, k) => k + 1)
  return configuration(wide, positions, [
    bond('harmonic', [20, 3])(Int32Array.from(star(atomCount))),
    angle([1, 1.5])(Int32Array.from(rim.flatMap(i => [i, 0, i + 1]))),
  ])
}

it('names the terms that it does not compute, and does nothing without bonded terms', async () => {
  const backend = await createBackend('cpu')
  const { system } = hotPvdf()
  const tether = cases.find(({ name }) => name === 'restraint')!.system
  const forces = [...system.forces, ...tether.forces]
  const kinds = createGpuBonded({ ...system, forces }, backend)?.forces.map(({ kind }) => kind)
  expect(kinds).toEqual(['bond', 'angle', 'dihedral'])
  expect(createGpuBonded(tether, backend)).toBeNull()
})

onEachBackend(name => {
  let backend: Backend
  beforeAll(async () => {
    backend = await createBackend(name)
  })
  afterAll(() => backend?.dispose())

  it('agrees with reference on a hot polymer electrolyte', async () => {
    const { system, state } = hotPvdf()
    expect(deviation(await found(backend, { system, state }), { system, state })).toBeLessThan(1e-6)
  })

  it.each(bondedCases)(
    'agrees with reference for $name, in a skewed box, atoms many cells away',
    async ({ system, state }) => {
      const away = { system, state: { ...state, positions: unwrapped(state.box, state.positions, 40) } }
      expect(deviation(await found(backend, away), away)).toBeLessThan(4e-6)
    },
  )

  it.each(scans)('has the $name of the reference over its whole range', async ({ scale, one }) => {
    const wanted = expected(one)
    const forces = await found(backend, one)
    const worst = forces.map((f, k) => Math.abs(f - wanted[k]!) / (scale + Math.abs(wanted[k]!)))
    expect(worst.reduce((most, x) => Math.max(most, x), 0)).toBeLessThan(4e-6)
  })

  it.each([1, 2, 3])(
    'computes all kinds at once, in frames of half a box and of two: chain %i',
    async seed => {
      const one = randomChain(seed)
      expect(deviation(await found(backend, one), one)).toBeLessThan(2e-6)
    },
  )

  it('has the errors of single precision for nearly straight angles, and none for straight ones', async () => {
    for (const bend of [1e-2, 1e-3, 1e-4]) {
      const one = molecules([Math.PI - bend], three, angle([4, 1.9]))
      expect(deviation(await found(backend, one), one)).toBeLessThan(1e-7 / bend)
    }
    const straight = configuration(
      wide,
      [1, 0, 0, 3, 0, 0, 5, 0, 0],
      [angle([4, 1.9])(Int32Array.of(0, 1, 2))],
    )
    expect(Array.from(await found(backend, straight), Math.abs)).toEqual(new Array(9).fill(0))
  })

  it('is finite where three atoms of a torsion are on a line', async () => {
    const line = [1, 0, 0, 3, 0, 0, 5, 0, 0, 5, 1, 0]
    const atoms = Int32Array.of(0, 1, 2, 3)
    const one = configuration(wide, line, [
      series(2, [0.1, 0.2, 0.1, 0, 0.2, 0.1])(atoms),
      improper([2, 1])(atoms),
    ])
    expect(Array.from(await found(backend, one), Math.abs)).toEqual(new Array(12).fill(0))
  })

  it('sums more terms of one atom than gpu.js has loops by default', async () => {
    const one = wheel(1500)
    expect(deviation(await found(backend, one), one)).toBeLessThan(4e-6)
  })

  it('follows atoms to other slots, and compiles a new kernel only for arrays of other sizes', async () => {
    const one = randomChain(4)
    const bonded = createGpuBonded(one.system, backend)!
    for (const [spare, compilations] of [
      [1, 1],
      [1, 1],
      [2, 2],
    ] as const) {
      const moved = { ...one, state: { ...one.state, positions: one.state.positions.map(x => x + spare) } }
      const where = placed(backend, moved, spare)
      expect(deviation(await where.run(bonded), one)).toBeLessThan(2e-6)
      expect(bonded.statistics.compilations).toBe(compilations)
      where.dispose()
    }
    bonded.dispose()
  })
})
