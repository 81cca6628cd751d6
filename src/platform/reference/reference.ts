import type { Box } from '../../core/box.ts'
import type { CoulombForce } from '../../core/force.ts'
import { buildPairList, createExclusions, type PairList } from '../../core/neighbors.ts'
import type { State } from '../../core/state.ts'
import type { System } from '../../core/system.ts'
import type {
  EnergyTerm,
  Evaluation,
  Evaluator,
  EvaluatorOptions,
  Platform,
  Timings,
  Want,
} from '../platform.ts'
import { createBonded } from './bonded.ts'
import { createElectrostatics } from './electrostatics.ts'
import { type Accumulator, createNonbonded } from './nonbonded.ts'
import { buildOrderedPairList } from './orderedList.ts'

const DEFAULT_SKIN_A = 1
/** Pair lists kept where several sets of positions take turns. */
const LISTS_KEPT = 16

/** A pair list and where the atoms were when it was built. */
interface BuiltList {
  readonly list: PairList
  readonly positions: Float64Array
  readonly box: Box
}

/** Double precision, one thread, every term: the oracle for the other platforms. */
export const referencePlatform: Platform = {
  name: 'reference',
  describe: async () => ({ detail: 'TypeScript, f64, one thread: every term', reason: null }),
  prepare: async (system, options) => createReferenceEvaluator(system, options),
}

export function createReferenceEvaluator(system: System, options: EvaluatorOptions = {}): Evaluator {
  const skin = options.skin_A ?? DEFAULT_SKIN_A
  const nonbonded = createNonbonded(system)
  const bonded = createBonded(system.forces)
  const exclusions = createExclusions(system.atomCount, nonbonded.special.pairs)
  const electrostatics = system.forces
    .filter((force): force is CoulombForce => force.kind === 'coulomb')
    .map(force => createElectrostatics(force, system.charges))
  const forces = new Float64Array(3 * system.atomCount)
  const virial = new Float64Array(9)
  const wrapped = new Float64Array(3 * system.atomCount)
  const into: Accumulator = { forces, virial }
  /** The one used last comes first. */
  let lists: readonly BuiltList[] = []
  const spent_ms: Timings = { pair: 0, kspace: 0, bonded: 0, neighbours: 0 }

  function pairList({ box, positions }: State): PairList {
    const fresh =
      lists.find(built => !isStale(built, box, positions, nonbonded.cutoff_A)) ?? build(box, positions)
    const kept = options.reproducible ? LISTS_KEPT : 1
    if (fresh !== lists[0]) lists = [fresh, ...lists.filter(other => other !== fresh)].slice(0, kept)
    return fresh.list
  }

  function build(box: Box, positions: Float64Array): BuiltList {
    const search = options.reproducible ? buildOrderedPairList : buildPairList
    const list = search(box, positions, nonbonded.cutoff_A + skin, exclusions)
    return { list, positions: positions.slice(), box }
  }

  async function evaluate(state: State, want: Want = {}): Promise<Evaluation> {
    const { box, positions } = state
    forces.fill(0)
    virial.fill(0)
    const terms: Partial<Record<EnergyTerm, number>> = {}
    const add = (term: EnergyTerm, energy: number) => {
      terms[term] = (terms[term] ?? 0) + energy
    }
    let before = performance.now()
    /** Adds the time since the last call to a part. */
    const book = (part: keyof Timings) => {
      const now = performance.now()
      spent_ms[part] += now - before
      before = now
    }
    if (nonbonded.cutoff_A > 0) {
      const pairs = pairList(state)
      book('neighbours')
      bringHome(wrapped, positions, pairs.cells, box)
      const energies = nonbonded.evaluate(box, wrapped, pairs, into)
      if (system.forces.some(force => force.kind === 'pair')) add('pair', energies.pair)
      if (electrostatics.length > 0) add('coulomb', energies.coulomb)
      book('pair')
    }
    bonded.evaluate(box, positions, into, want.virial !== false, add)
    book('bonded')
    for (const evaluateElectrostatics of electrostatics) evaluateElectrostatics(box, positions, into, add)
    book('kspace')
    if (want.virial === false) virial.fill(Number.NaN)
    if (want.energy === false) return { energy: Number.NaN, terms: {}, forces, virial }
    const energy = Object.values(terms).reduce((sum, value) => sum + value, 0)
    return { energy, terms, forces, virial }
  }

  return {
    evaluate,
    forget() {
      lists = []
    },
    ran: 'reference',
    backend: 'f64',
    fallbackReason: null,
    timings: () => ({ ...spent_ms }),
    dispose: async () => {},
  }
}

/** Positions moved by the whole lattice vectors recorded when the pair list was built. */
function bringHome(wrapped: Float64Array, positions: Float64Array, cells: Int32Array, box: Box): void {
  const m = box.matrix
  for (let i = 0; i < positions.length; i += 3) {
    const [a, b, c] = [cells[i]!, cells[i + 1]!, cells[i + 2]!]
    for (let k = 0; k < 3; k++) wrapped[i + k] = positions[i + k]! - a * m[k]! - b * m[3 + k]! - c * m[6 + k]!
  }
}

/**
 * True unless no pair can have come within the cut-off unseen: the two largest displacements since the list was built,
 * after removing a uniform change of the cell, must together fit between the (scaled) reach and the cut-off.
 */
function isStale(built: BuiltList, box: Box, positions: Float64Array, cutoff: number): boolean {
  let scale = 1
  if (box !== built.box) {
    scale = Math.cbrt(box.volume / built.box.volume)
    if (
      box.matrix.some((value, k) => Math.abs(value - scale * built.box.matrix[k]!) > 1e-9 * Math.abs(value))
    ) {
      return true
    }
  }
  const allowed = scale * built.list.reach_A - cutoff
  if (!(allowed > 0)) return true
  let largest = 0
  let second = 0
  for (let i = 0; i < positions.length; i += 3) {
    const dx = positions[i]! - scale * built.positions[i]!
    const dy = positions[i + 1]! - scale * built.positions[i + 1]!
    const dz = positions[i + 2]! - scale * built.positions[i + 2]!
    const square = dx * dx + dy * dy + dz * dz
    // Written so that a position that is not a number counts as stale: the rebuild then reports it.
    if (!(square <= second)) {
      second = Math.min(square, largest)
      largest = Math.max(square, largest)
      if (!(Math.sqrt(largest) + Math.sqrt(second) < allowed)) return true
    }
  }
  return false
}
