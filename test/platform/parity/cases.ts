import { type Box, createBox } from '../../../src/core/box.ts'
import {
  type CoulombMethod,
  type Force,
  PAIR_PARAMETERS,
  type PairForm,
  type SpecialFactors,
  type Truncation,
} from '../../../src/core/force.ts'
import { createState, type State } from '../../../src/core/state.ts'
import type { System } from '../../../src/core/system.ts'
import { createTopology } from '../../../src/core/topology.ts'
import { addCosine, addOpls } from '../../../src/forces/bonded.ts'
import { randomSequence, STREAM } from '../../../src/rng.ts'
import { CODATA_2018, DEGREE } from '../../../src/units.ts'

/** One small system per interaction: every platform is held to the same table. */
export interface Case {
  readonly name: string
  readonly system: System
  readonly state: State
}

const SPECIAL: SpecialFactors = [0, 0.25, 0.5]
const CUTOFF_A = 4.5

/** Skewed, and in one direction smaller than twice the cut-off: images of images take part. */
export const box: Box = createBox([9.5, 0, 0, 2.1, 8.4, 0, -1.3, 1.7, 10.2])

/** Three bent, branched chains of six atoms that wander across the cell's faces. */
function atoms(): { positions: Float64Array; bonds: number[] } {
  const random = randomSequence(7, STREAM.build)
  const positions: number[] = []
  const bonds: number[] = []
  const far = (x: number, y: number, z: number) => {
    for (let k = 0; k < positions.length; k += 3) {
      const d = [positions[k]! - x, positions[k + 1]! - y, positions[k + 2]! - z]
      const s = [0, 1, 2].map(
        axis => d[0]! * box.inverse[axis]! + d[1]! * box.inverse[3 + axis]! + d[2]! * box.inverse[6 + axis]!,
      )
      const w = s.map(v => v - Math.round(v))
      const r = Math.hypot(
        ...[0, 1, 2].map(
          c => w[0]! * box.matrix[c]! + w[1]! * box.matrix[3 + c]! + w[2]! * box.matrix[6 + c]!,
        ),
      )
      if (r < 1.3) return false
    }
    return true
  }
  for (let chain = 0; chain < 3; chain++) {
    const first = positions.length / 3
    for (let k = 0; k < 6; k++) {
      const parent = k === 5 ? first + 2 : first + k - 1
      for (;;) {
        const direction = [random.normal(), random.normal(), random.normal()]
        const scale = 1.5 / Math.hypot(...direction)
        const at = direction.map((d, c) =>
          k === 0 ? 9 * random.uniform() : positions[3 * parent + c]! + d * scale,
        )
        if (!far(at[0]!, at[1]!, at[2]!)) continue
        positions.push(...at)
        break
      }
      if (k > 0) bonds.push(parent, first + k)
    }
  }
  return { positions: Float64Array.from(positions), bonds }
}

const { positions, bonds } = atoms()
const atomCount = positions.length / 3
const typeIndex = Int32Array.from({ length: atomCount }, (_, i) => i % 3)
const neutralCharges = Float64Array.from({ length: atomCount }, (_, i) => [0.6, -0.9, 0.3][i % 3]!)

export function makeCase(name: string, forces: Force[], charges = neutralCharges, cell = box): Case {
  const system: System = {
    atomCount,
    elements: Array.from({ length: atomCount }, () => 'C'),
    typeNames: ['a', 'b', 'c'],
    typeIndex,
    masses: new Float64Array(atomCount).fill(12),
    charges,
    topology: createTopology(atomCount, bonds),
    forces,
  }
  return { name, system, state: createState(positions, cell) }
}

const PARAMETERS: Record<PairForm, (i: number, j: number) => number[]> = {
  'lennard-jones': (i, j) => [0.01 + 0.004 * (i + j), 1.6 + 0.1 * (i + j)],
  buckingham: (i, j) => [300 + 50 * (i + j), 0.3 + 0.01 * (i + j), 2 + i + j],
  born: (i, j) => [0.3, 0.3 + 0.01 * (i + j), 1.6 + 0.1 * (i + j), 2, 1 + i + j],
  morse: (i, j) => [0.05 + 0.01 * (i + j), 1.5, 2 + 0.1 * (i + j)],
  'inverse-twelfth': (i, j) => [1 + i + j],
}

export function pairForce(form: PairForm, truncation: Truncation, tailCorrection = false): Force {
  const stride = PAIR_PARAMETERS[form].length
  const parameters = new Float64Array(9 * stride)
  const cutoffs = new Float64Array(9)
  for (let i = 0; i < 3; i++) {
    for (let j = 0; j < 3; j++) {
      parameters.set(PARAMETERS[form](i, j), (3 * i + j) * stride)
      // One pair of types does not interact, one has its own reach.
      cutoffs[3 * i + j] = i === 2 && j === 2 ? 0 : i === 0 && j === 0 ? 3.9 : CUTOFF_A
    }
  }
  return { kind: 'pair', form, parameters, cutoffs, truncation, tailCorrection, special: SPECIAL }
}

export function coulombForce(method: CoulombMethod, slabCorrection = false): Force {
  return {
    kind: 'coulomb',
    method,
    cutoff_A: CUTOFF_A,
    constant_eV_A: CODATA_2018.coulomb_eV_A,
    special: SPECIAL,
    erfc: 'exact',
    slabCorrection,
  }
}

/** Paths of three or four bonded atoms. */
const triples: number[] = []
const quadruples: number[] = []
const neighbors = Array.from({ length: atomCount }, (_, i) =>
  bonds.flatMap((_b, k) =>
    k % 2 === 1 ? [] : bonds[k] === i ? [bonds[k + 1]!] : bonds[k + 1] === i ? [bonds[k]!] : [],
  ),
)
neighbors.forEach((around, j) => {
  for (const i of around) {
    for (const k of around) {
      if (i >= k) continue
      triples.push(i, j, k)
    }
    if (i < j) continue
    for (const a of around) {
      for (const d of neighbors[i]!) if (a !== i && d !== j) quadruples.push(a, j, i, d)
    }
  }
})
const branch = [8, 9, 7, 11].every(i => i < atomCount) ? [8, 7, 9, 11] : []

const perTerm = (count: number, values: (k: number) => number[]) =>
  Float64Array.from(Array.from({ length: count }, (_, k) => values(k)).flat())

function series(
  count: number,
  order: number,
  fill: (coefficients: Float64Array, at: number, k: number) => void,
) {
  const coefficients = new Float64Array(count * 2 * (order + 1))
  for (let k = 0; k < count; k++) fill(coefficients, k * 2 * (order + 1), k)
  return { order, coefficients }
}

const PLAIN: Truncation = { kind: 'plain' }
const SHIFTED: Truncation = { kind: 'shifted' }
const SWITCHED: Truncation = { kind: 'switched', from_A: 3.2 }
const dihedralCount = quadruples.length / 4

export const cases: readonly Case[] = [
  ...(Object.keys(PARAMETERS) as PairForm[]).flatMap(form =>
    [PLAIN, SHIFTED, SWITCHED].map(truncation =>
      makeCase(`pair ${form} ${truncation.kind}`, [pairForce(form, truncation)]),
    ),
  ),
  makeCase('two pair terms', [pairForce('morse', SHIFTED), pairForce('inverse-twelfth', SHIFTED)]),
  makeCase('coulomb cut', [coulombForce({ name: 'cut' })]),
  makeCase('coulomb dsf', [coulombForce({ name: 'dsf', alpha_per_A: 0.25 })]),
  makeCase('coulomb wolf', [coulombForce({ name: 'wolf', alpha_per_A: 0.25 })]),
  makeCase('coulomb ewald', [coulombForce({ name: 'ewald', alpha_per_A: 0.7, kCutoff_per_A: 7 })]),
  makeCase('coulomb pme', [coulombForce({ name: 'pme', alpha_per_A: 0.7, grid: [32, 16, 32], order: 6 })]),
  makeCase(
    'coulomb ewald of a charged slab',
    [coulombForce({ name: 'ewald', alpha_per_A: 0.7, kCutoff_per_A: 7 }, true)],
    neutralCharges.map(q => q + 0.1),
    createBox([9.5, 0, 0, 2.1, 8.4, 0, 0, 0, 10.2]),
  ),
  makeCase('bond harmonic', [
    {
      kind: 'bond',
      form: 'harmonic',
      atoms: Int32Array.from(bonds),
      parameters: perTerm(bonds.length / 2, k => [20 + k, 1.4]),
    },
  ]),
  makeCase('bond morse', [
    {
      kind: 'bond',
      form: 'morse',
      atoms: Int32Array.from(bonds),
      parameters: perTerm(bonds.length / 2, k => [3, 1.7, 1.3 + 0.01 * k]),
    },
  ]),
  makeCase('angle harmonic', [
    {
      kind: 'angle',
      atoms: Int32Array.from(triples),
      parameters: perTerm(triples.length / 3, k => [2, (100 + k) * DEGREE]),
    },
  ]),
  makeCase('dihedral opls', [
    {
      kind: 'dihedral',
      atoms: Int32Array.from(quadruples),
      ...series(dihedralCount, 4, (c, at, k) => addOpls(c, at, 4, [0.3, -0.2, 0.1 + 0.01 * k, 0.05])),
    },
  ]),
  makeCase('dihedral of order six with phases', [
    {
      kind: 'dihedral',
      atoms: Int32Array.from(quadruples),
      ...series(dihedralCount, 6, (c, at, k) => {
        for (let n = 1; n <= 6; n++) addCosine(c, at, 6, 0.1 / n, n, (10 * n + k) * DEGREE)
      }),
    },
  ]),
  makeCase('improper cvff', [
    {
      kind: 'improper',
      form: 'fourier',
      atoms: Int32Array.from(branch),
      ...series(1, 2, (c, at) => addCosine(c, at, 2, 0.6, 2, Math.PI)),
    },
  ]),
  makeCase('improper harmonic', [
    {
      kind: 'improper',
      form: 'harmonic',
      atoms: Int32Array.from(branch),
      parameters: Float64Array.of(1.5, 0.4),
    },
  ]),
  makeCase('restraint', [
    {
      kind: 'restraint',
      atoms: Int32Array.of(0, 3, 5),
      anchors: positions.slice(0, 9).map(x => x + 0.1),
      stiffness: Float64Array.of(1, 2, 3),
    },
  ]),
]
