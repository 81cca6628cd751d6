import { describe } from 'vitest'
import { wrapPositions } from '../../../src/core/box.ts'
import { buildPairList, createExclusions } from '../../../src/core/neighbors.ts'
import type { System } from '../../../src/core/system.ts'
import { findAdapter } from '../../../src/platform/gpu/adapter.ts'
import type { BackendName } from '../../../src/platform/gpu/backends.ts'
import { createNonbonded } from '../../../src/platform/reference/nonbonded.ts'
import { unsupportedTerms } from '../../../src/platform/simd/coefficients.ts'
import type { Configuration } from '../simd/helpers.ts'

process.env.HOPLITE_SOFTWARE_GPU ??= '1'
const adapter = await findAdapter()
/** CI has an adapter, and where it has lost it tests fail. */
const skipped = process.env.CI ? null : adapter.reason

/** The backends that Node can have. */
export function onEachBackend(tests: (name: BackendName) => void): void {
  describe('on cpu', () => tests('cpu'))
  describe('on webasm', () => tests('webasm'))
  describe.skipIf(skipped)(skipped ? `on webgpu: no adapter, ${skipped}` : 'on webgpu', () => tests('webgpu'))
}

export interface Sums {
  readonly forces: Float64Array
  readonly virial: Float64Array
  readonly pair: number
  readonly coulomb: number
}

export const noSums = (atomCount: number) => ({
  forces: new Float64Array(3 * atomCount),
  virial: new Float64Array(9),
})

/** What the gpu platform is to compute of a system by its non-bonded kernels. */
export function nonbondedOnly(system: System): System {
  const left = new Set(unsupportedTerms(system))
  const isOurs = (kind: string) => kind === 'pair' || kind === 'coulomb'
  return { ...system, forces: system.forces.filter(force => isOurs(force.kind) && !left.has(force)) }
}

/** In double precision, by the reference. */
export function expected({ system, state: { box, positions } }: Configuration): Sums {
  const nonbonded = createNonbonded(system)
  const wrapped = wrapPositions(box, positions)
  const exclusions = createExclusions(system.atomCount, nonbonded.special.pairs)
  const list = buildPairList(box, wrapped, nonbonded.cutoff_A, exclusions)
  const into = noSums(system.atomCount)
  return { ...nonbonded.evaluate(box, wrapped, list, into), ...into }
}

/**
 * Relative: of forces the norm over all atoms, of the virial its norm, of Coulomb energies what charges of one sign would
 * have, as those of both nearly cancel.
 */
export function deviations(found: Sums, one: Configuration) {
  const wanted = expected(one)
  const alike = { ...one.system, charges: one.system.charges.map(Math.abs) }
  const scale = expected({ system: alike, state: one.state }).coulomb
  return {
    forces: norm(found.forces.map((f, k) => f - wanted.forces[k]!)) / (norm(wanted.forces) || 1),
    virial: norm(found.virial.map((v, k) => v - wanted.virial[k]!)) / (norm(wanted.virial) || 1),
    pair: Math.abs(found.pair - wanted.pair) / (Math.abs(wanted.pair) || 1),
    coulomb: Math.abs(found.coulomb - wanted.coulomb) / (Math.abs(scale) || 1),
  }
}

const norm = (x: Float64Array) => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0))
