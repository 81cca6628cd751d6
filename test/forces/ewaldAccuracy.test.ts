import { expect, it } from 'vitest'
import { type Box, cartesian, createBox } from '../../src/core/box.ts'
import type { CoulombMethod } from '../../src/core/force.ts'
import { createState } from '../../src/core/state.ts'
import { createTopology } from '../../src/core/topology.ts'
import { ewaldMethod } from '../../src/forces/ewald.ts'
import { createReferenceEvaluator } from '../../src/platform/reference/reference.ts'
import { randomSequence, STREAM } from '../../src/rng.ts'

const CELLS = 50
const ACCURACIES = [1e-3, 1e-4, 1e-5, 1e-6] as const
const CUTOFF_A = 6

interface Ions {
  readonly box: Box
  readonly charges: Float64Array
  readonly positions: Float64Array
}

/** Ions at random in a cell with random edges and tilts of up to 0.9 of an edge; neutral. */
function randomIons(seed: number): Ions {
  const random = randomSequence(seed, STREAM.bootstrap, 0)
  const [a, b, c] = [0, 1, 2].map(() => 12 + 10 * random.uniform()) as [number, number, number]
  const tilt = (edge: number) => 0.9 * edge * (2 * random.uniform() - 1)
  const box = createBox([a, 0, 0, tilt(a), b, 0, tilt(a), tilt(b), c])
  const count = 2 * (10 + random.integer(25))
  const raw = Float64Array.from(
    { length: count },
    (_, i) => (i % 2 ? 1 : -1) * (0.3 + 0.7 * random.uniform()),
  )
  const excess = raw.reduce((sum, charge) => sum + charge, 0) / count
  const places = Float64Array.from({ length: 3 * count }, () => random.uniform())
  return { box, charges: raw.map(charge => charge - excess), positions: cartesian(box, places) }
}

async function forcesBy(method: CoulombMethod, { box, charges, positions }: Ions): Promise<Float64Array> {
  const atomCount = charges.length
  const evaluator = createReferenceEvaluator({
    atomCount,
    elements: Array.from(charges, () => 'X'),
    typeNames: ['X'],
    typeIndex: new Int32Array(atomCount),
    masses: new Float64Array(atomCount).fill(1),
    charges,
    topology: createTopology(atomCount, []),
    forces: [
      {
        kind: 'coulomb',
        method,
        cutoff_A: CUTOFF_A,
        constant_eV_A: 1,
        special: [0, 0, 0],
        erfc: 'exact',
        slabCorrection: false,
      },
    ],
  })
  return (await evaluator.evaluate(createState(positions, box))).forces
}

/** RMS error of the force on an atom over the accuracy asked for, ascending, of every random cell. */
async function errorRatios(name: 'ewald' | 'pme', accuracy: number): Promise<number[]> {
  const ratios: number[] = []
  for (const [k, ions] of IONS.entries()) {
    const { box, charges } = ions
    const method = ewaldMethod({ name, box, charges, cutoff_A: CUTOFF_A, accuracy })
    const forces = await forcesBy(method, ions)
    const squares = forces.reduce((sum, force, i) => sum + (force - CONVERGED[k]![i]!) ** 2, 0)
    ratios.push(Math.sqrt(squares / charges.length) / accuracy)
  }
  return ratios.sort((x, y) => x - y)
}

const IONS = Array.from({ length: CELLS }, (_, k) => randomIons(k + 1))
const CONVERGED = await Promise.all(
  IONS.map(ions =>
    forcesBy(ewaldMethod({ name: 'ewald', ...ions, cutoff_A: CUTOFF_A, accuracy: 1e-9 }), ions),
  ),
)

for (const name of ['ewald', 'pme'] as const) {
  it.each(ACCURACIES)(
    `forces of ${name} in ${CELLS} tilted cells keep an accuracy of %s and are not much finer`,
    { timeout: 300_000 },
    async accuracy => {
      const ratios = await errorRatios(name, accuracy)
      expect(ratios.at(-1)).toBeLessThan(1.5)
      expect(ratios[CELLS / 2]).toBeGreaterThan(0.3)
      // Of an Ewald sum, real space alone takes the accuracy, and the error estimate is right to some percent.
      expect(ratios[CELLS / 2]).toBeLessThan(name === 'pme' ? 1 : 1.1)
    },
  )
}
