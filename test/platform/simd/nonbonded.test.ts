import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Box, createBox, orthorhombicBox, scaleBox } from '../../../src/core/box.ts'
import type { CoulombForce, CoulombMethod, Force, PairForce, Truncation } from '../../../src/core/force.ts'
import { buildPairList, createExclusions } from '../../../src/core/neighbors.ts'
import type { System } from '../../../src/core/system.ts'
import { createTopology } from '../../../src/core/topology.ts'
import { SimulationError } from '../../../src/errors.ts'
import { unsupportedTerms } from '../../../src/platform/clusters/coefficients.ts'
import { createNonbonded } from '../../../src/platform/reference/nonbonded.ts'
import { randomSequence, STREAM } from '../../../src/rng.ts'
import { prepareSinglePoint } from '../../../src/run/singlePoint.ts'
import { cases } from '../parity/cases.ts'
import { directNonbonded } from './direct.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
const BOTH = { energy: true, virial: true }
const FORCES = { energy: false, virial: false }
const FORCE_LIMIT = 1e-5
const ENERGY_LIMIT = 2e-6
const VIRIAL_LIMIT = 1e-5

const accumulator = (system: System) => ({
  forces: new Float64Array(3 * system.atomCount),
  virial: new Float64Array(9),
})

function evaluateReference(system: System, box: Box, positions: Float64Array) {
  const nonbonded = createNonbonded(system)
  const into = accumulator(system)
  const exclusions = createExclusions(system.atomCount, nonbonded.special.pairs)
  const list = buildPairList(box, positions, nonbonded.cutoff_A, exclusions)
  const m = box.matrix
  const wrapped = positions.map((x, k) => {
    const i = 3 * Math.floor(k / 3)
    return x - [0, 1, 2].reduce((sum, c) => sum + list.cells[i + c]! * m[3 * c + (k % 3)]!, 0)
  })
  return { energies: nonbonded.evaluate(box, wrapped, list, into), ...into }
}

/** The repulsive part of a system's Lennard-Jones term; it has no tail correction of its own. */
function repulsion(system: System): System {
  const forces = system.forces.map((force): Force => {
    if (force.kind !== 'pair' || force.form !== 'lennard-jones') return force
    const parameters = force.cutoffs.map(
      (_, t) => 4 * force.parameters[2 * t]! * force.parameters[2 * t + 1]! ** 12,
    )
    return { ...force, form: 'inverse-twelfth', parameters, tailCorrection: false }
  })
  return { ...system, forces }
}

/**
 * Totals of either sign nearly cancel in some of these systems, so errors are referred to sums of magnitudes: repulsion
 * plus attraction, and |qᵢqⱼ| over all pairs where that is more than the energy itself.
 */
function energyScales(system: System, box: Box, positions: Float64Array) {
  const { energies } = evaluateReference(system, box, positions)
  const repulsive = evaluateReference(repulsion(system), box, positions).energies.pair
  const topology = createTopology(system.atomCount, [])
  const positive = { ...system, topology, charges: system.charges.map(Math.abs) }
  const { coulomb } = evaluateReference(positive, box, positions).energies
  return {
    pair: Math.abs(repulsive) + Math.abs(energies.pair - repulsive) || 1,
    coulomb: Math.max(Math.abs(energies.coulomb), Math.abs(coulomb)) || 1,
  }
}

const norm = (x: Float64Array) => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0))
const difference = (a: Float64Array, b: Float64Array) => norm(a.map((v, k) => v - b[k]!))
const largest = (x: Float64Array) => x.reduce((most, v) => Math.max(most, Math.abs(v)), 0)

interface Configuration {
  readonly system: System
  readonly box: Box
  readonly positions: Float64Array
}

async function expectParity(
  { system, box, positions }: Configuration,
  simd = directNonbonded(system),
  evaluated = evaluateReference(system, box, positions),
): Promise<void> {
  const into = accumulator(system)
  const energies = await simd.evaluate(box, positions, into, BOTH)
  const { forces, virial } = evaluated
  expect(difference(into.forces, forces) / (norm(forces) || 1)).toBeLessThan(FORCE_LIMIT)
  const scales = energyScales(system, box, positions)
  expect(Math.abs(energies.pair - evaluated.energies.pair) / scales.pair).toBeLessThan(ENERGY_LIMIT)
  expect(Math.abs(energies.coulomb - evaluated.energies.coulomb) / scales.coulomb).toBeLessThan(ENERGY_LIMIT)
  expect(largest(into.virial.map((v, k) => v - virial[k]!)) / (largest(virial) || 1)).toBeLessThan(
    VIRIAL_LIMIT,
  )
  const again = accumulator(system)
  await simd.evaluate(box, positions, again, FORCES)
  expect(difference(again.forces, forces) / (norm(forces) || 1)).toBeLessThan(FORCE_LIMIT)
}

const CUTOFF_A = 9

function lennardJones(truncation: Truncation = { kind: 'plain' }, cutoff = () => CUTOFF_A): PairForce {
  const epsilon = [0.003, 0.008, 0.002]
  const sigma = [2.6, 3.1, 2.2]
  const parameters = new Float64Array(18)
  const cutoffs = new Float64Array(9)
  for (let i = 0; i < 3; i++) {
    for (let j = i; j < 3; j++) {
      const c = cutoff()
      for (const t of [3 * i + j, 3 * j + i]) {
        parameters.set([Math.sqrt(epsilon[i]! * epsilon[j]!), (sigma[i]! + sigma[j]!) / 2], 2 * t)
        cutoffs[t] = c
      }
    }
  }
  const special = [0, 0, 0.5] as const
  return {
    kind: 'pair',
    form: 'lennard-jones',
    parameters,
    cutoffs,
    truncation,
    tailCorrection: true,
    special,
  }
}

const coulomb = (method: CoulombMethod, cutoff_A = CUTOFF_A): CoulombForce => ({
  kind: 'coulomb',
  method,
  cutoff_A,
  constant_eV_A: 14.399645,
  special: [0, 0, 0.5],
  erfc: 'exact',
  slabCorrection: false,
})
const EWALD: CoulombMethod = { name: 'ewald', alpha_per_A: 0.28, kCutoff_per_A: 2 }

const CUBE = orthorhombicBox(21, 21, 21)
/** LAMMPS allows tilts of up to half an edge. */
const SKEWED = createBox([22, 0, 0, 11, 24, 0, -11, 12, 23])

/** Chains of four bent beads on a jittered lattice, wrapped atom by atom or not at all. */
function mixture(forces: readonly Force[], box: Box = CUBE, seed = 1, wrapped = true): Configuration {
  const random = randomSequence(seed, STREAM.build)
  const sides = box.heights.map(h => Math.floor(h / 2.7)) as [number, number, number]
  const m = box.matrix
  const positions: number[] = []
  const bonds: number[] = []
  for (let a = 0; a < sides[0]; a++) {
    for (let b = 0; b < sides[1]; b++) {
      for (let c = 0; c < sides[2]; c++) {
        const i = positions.length / 3
        if (c % 4 !== 3 && c + 1 < sides[2]) bonds.push(i, i + 1)
        const s = [a, b, c].map((k, axis) => {
          const u = (k + 0.25 * random.uniform()) / sides[axis]!
          return wrapped ? u : u + Math.round(3 * random.uniform()) - 1
        }) as [number, number, number]
        for (let d = 0; d < 3; d++) positions.push(s[0] * m[d]! + s[1] * m[3 + d]! + s[2] * m[6 + d]!)
      }
    }
  }
  const atomCount = positions.length / 3
  const system: System = {
    atomCount,
    elements: Array.from({ length: atomCount }, () => 'C'),
    typeNames: ['a', 'b', 'c'],
    typeIndex: Int32Array.from({ length: atomCount }, () => Math.floor(3 * random.uniform())),
    masses: new Float64Array(atomCount).fill(12),
    charges: Float64Array.from({ length: atomCount }, () => random.normal() * 0.4),
    topology: createTopology(atomCount, bonds),
    forces,
  }
  return { system, box, positions: Float64Array.from(positions) }
}

function pvdf(): Configuration {
  const { system, state } = prepareSinglePoint({
    file: join(ROOT, 'test/golden/boxes/pvdf-hot.extxyz'),
    potential: join(ROOT, 'potentials/pvdf-lifsi.yaml'),
    interactions: { cutoff_A: 10, coulomb: 'pme', coulomb_accuracy: 1e-4 },
    charges: { scale: 0.7 },
    constants: 'codata2018',
  })
  return { system, box: state.box, positions: state.positions }
}

/** A few atoms without bonds unless given. */
function few(positions: readonly number[], forces: readonly Force[], box = CUBE, bonds: number[] = []) {
  const atomCount = positions.length / 3
  const whole = mixture(forces).system
  const system: System = {
    ...whole,
    atomCount,
    elements: whole.elements.slice(0, atomCount),
    typeIndex: whole.typeIndex.slice(0, atomCount),
    masses: whole.masses.slice(0, atomCount),
    charges: whole.charges.slice(0, atomCount),
    topology: createTopology(atomCount, bonds),
  }
  return { system, box, positions: Float64Array.from(positions) }
}

const staggered = () => {
  let k = 0
  return () => [9, 8, 0, 7.5, 9, 6][k++ % 6]!
}

const systems: readonly [string, () => Configuration][] = [
  ['PVDF with LiFSI, particle-mesh Ewald', pvdf],
  ['Lennard-Jones alone', () => mixture([lennardJones()])],
  ['Lennard-Jones, shifted', () => mixture([lennardJones({ kind: 'shifted' })])],
  ['Lennard-Jones, switched', () => mixture([lennardJones({ kind: 'switched', from_A: 7 })])],
  [
    'cut-offs per pair of types',
    () => mixture([lennardJones({ kind: 'plain' }, staggered()), coulomb(EWALD)]),
  ],
  ['the same, shifted', () => mixture([lennardJones({ kind: 'shifted' }, staggered()), coulomb(EWALD, 8)])],
  ['the same, switched', () => mixture([lennardJones({ kind: 'switched', from_A: 6.5 }, staggered())])],
  ['Coulomb alone', () => mixture([coulomb(EWALD)])],
  ['Coulomb cut', () => mixture([lennardJones(), coulomb({ name: 'cut' })])],
  ['damped shifted force', () => mixture([lennardJones(), coulomb({ name: 'dsf', alpha_per_A: 0.2 })])],
  ['Wolf', () => mixture([lennardJones(), coulomb({ name: 'wolf', alpha_per_A: 0.25 })])],
  [
    'strong screening',
    () => mixture([lennardJones(), coulomb({ name: 'ewald', alpha_per_A: 0.6, kCutoff_per_A: 5 })]),
  ],
  ['a cell at the tilt limit', () => mixture([lennardJones(), coulomb(EWALD)], SKEWED)],
  ['unwrapped atoms', () => mixture([lennardJones(), coulomb(EWALD)], SKEWED, 2, false)],
  [
    'atoms on the borders of the cell',
    () => {
      const { system, box, positions } = mixture([lennardJones(), coulomb(EWALD)])
      return { system, box, positions: positions.map((x, k) => (x < 3 ? [0, 21, -1e-17][k % 3]! : x)) }
    },
  ],
  [
    'no charges',
    () => {
      const { system, box, positions } = mixture([lennardJones(), coulomb(EWALD)])
      return { system: { ...system, charges: new Float64Array(system.atomCount) }, box, positions }
    },
  ],
  ['one atom', () => few([1, 2, 3], [lennardJones(), coulomb(EWALD)])],
  ['two atoms across a border', () => few([0.5, 1, 1, 20, 2, 19], [lennardJones(), coulomb(EWALD)])],
  [
    'five atoms that all exclude each other',
    () =>
      few([1, 1, 1, 2.4, 1, 1, 1, 2.4, 1, 1, 1, 2.4, 20, 1, 1], [lennardJones(), coulomb(EWALD)], CUBE, [
        ...[0, 1, 0, 2, 0, 3, 0, 4],
      ]),
  ],
  [
    'excluded and scaled atoms beyond the cut-off',
    () =>
      few(
        [1, 1, 1, 6, 1, 1, 11, 1, 1, 16, 1, 1, 20.5, 3, 1],
        [lennardJones(), coulomb(EWALD)],
        orthorhombicBox(60, 60, 60),
        [...[0, 1, 1, 2, 2, 3, 3, 4]],
      ),
  ],
  [
    'a corner of a large cell',
    () =>
      few(
        [397, 398, 396, 1, 399, 2, 398, 2, 398, 2, 1, 1, 399, 395, 399.5],
        [lennardJones(), coulomb(EWALD)],
        orthorhombicBox(400, 400, 400),
      ),
  ],
]

describe.each(['relaxed-simd', 'simd'] as const)('non-bonded kernels (%s)', flavour => {
  it.each(systems)('%s: have the results of the reference', async (_name, make) => {
    const configuration = make()
    await expectParity(configuration, directNonbonded(configuration.system, flavour))
  })

  it.each(
    cases
      .filter(({ system }) => system.forces.every(f => f.kind === 'pair' || f.kind === 'coulomb'))
      .filter(({ system }) => unsupportedTerms(system).length === 0)
      .map(
        ({ name, system, state }) => [name, { system, box: state.box, positions: state.positions }] as const,
      ),
  )('%s in a cell smaller than twice the cut-off: as the reference', async (_name, configuration) => {
    await expectParity(configuration, directNonbonded(configuration.system, flavour))
  })
})

describe('pair lists of simd', () => {
  // So wide that no special pair comes near half a cell.
  const { system, box, positions } = mixture([lennardJones(), coulomb(EWALD)], orthorhombicBox(26, 26, 26))

  it('are rebuilt in time while atoms move', async () => {
    const simd = directNonbonded(system, 'relaxed-simd', { skin_A: 1, innerSkin_A: 0.4 })
    const random = randomSequence(5, STREAM.build)
    const drift = positions.map(() => random.normal() * 0.03)
    const moved = positions.slice()
    for (let step = 0; step < 12; step++) {
      moved.forEach((x, k) => {
        moved[k] = x + drift[k]!
      })
      const into = accumulator(system)
      await simd.evaluate(box, moved, into, FORCES)
      const { forces } = evaluateReference(system, box, moved)
      expect(difference(into.forces, forces) / norm(forces)).toBeLessThan(FORCE_LIMIT)
    }
    const { builds, prunes } = simd.statistics
    expect(builds).toBeGreaterThan(1)
    expect(builds).toBeLessThan(6)
    expect(prunes).toBeGreaterThan(builds)
  })

  it('stay valid for a uniform change of the cell', async () => {
    const simd = directNonbonded(system)
    for (const factor of [1, 1.003, 0.996]) {
      const scaled = { system, box: scaleBox(box, factor), positions: positions.map(x => x * factor) }
      await expectParity(scaled, simd)
    }
    expect(simd.statistics.builds).toBe(1)
  })

  it('are rebuilt for another shape of the cell', async () => {
    const simd = directNonbonded(system)
    await expectParity({ system, box, positions }, simd)
    await expectParity({ system, box: orthorhombicBox(26, 27, 26.5), positions }, simd)
    expect(simd.statistics.builds).toBe(2)
  })

  it('grow if the estimate for a uniform fluid was too small', async () => {
    // Everything in one corner of a large cell.
    await expectParity({ system, box: orthorhombicBox(120, 120, 120), positions })
  })

  it('name an atom whose position is not finite', async () => {
    const simd = directNonbonded(system)
    await simd.evaluate(box, positions, accumulator(system), FORCES)
    const broken = positions.with(3 * 7 + 1, Number.NaN)
    await expect(simd.evaluate(box, broken, accumulator(system), FORCES)).rejects.toThrow(SimulationError)
    await expect(simd.evaluate(box, broken, accumulator(system), FORCES)).rejects.toThrow(
      /atom 8 is not finite/,
    )
  })
})

it('simd adds forces to those in the array', async () => {
  const { system, box, positions } = mixture([lennardJones()])
  const simd = directNonbonded(system)
  const into = accumulator(system)
  await simd.evaluate(box, positions, into, FORCES)
  const once = into.forces.slice()
  await simd.evaluate(box, positions, into, FORCES)
  expect(into.forces).toEqual(once.map(f => 2 * f))
})
