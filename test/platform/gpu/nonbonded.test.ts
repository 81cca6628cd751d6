import { afterAll, beforeAll, expect, it } from 'vitest'
import { createBox, orthorhombicBox } from '../../../src/core/box.ts'
import { SimulationError } from '../../../src/errors.ts'
import { type Backend, createBackend } from '../../../src/platform/gpu/backends.ts'
import { createGpuNonbonded, type GpuNonbondedOptions } from '../../../src/platform/gpu/nonbonded.ts'
import { hotPvdf } from '../../tools/polymerBoxes.ts'
import { cases } from '../cases.ts'
import {
  type Configuration,
  configuration,
  coulomb,
  cubicLattice,
  EWALD,
  lennardJones,
  scattered,
  unwrapped,
} from '../simd/helpers.ts'
import { deviations, nonbondedOnly, noSums, onEachBackend, type Sums } from './helpers.ts'

const FORCE_LIMIT = 1e-5
const LIMITS = { forces: FORCE_LIMIT, virial: 1e-5, pair: 2e-6, coulomb: 2e-6 }

onEachBackend(name => {
  let backend: Backend
  beforeAll(async () => {
    backend = await createBackend(name)
  })
  afterAll(() => backend?.dispose())

  async function evaluateOnce(
    { system, state }: Configuration,
    options?: GpuNonbondedOptions,
  ): Promise<Sums> {
    const nonbonded = createGpuNonbonded(system, backend, options)
    const into = noSums(system.atomCount)
    const energies = await nonbonded.evaluate(state.box, state.positions, into, true)
    nonbonded.dispose()
    return { ...energies, ...into }
  }

  /** What is beyond its limit. */
  async function broken(one: Configuration, options?: GpuNonbondedOptions) {
    const found = deviations(await evaluateOnce(one, options), one)
    return Object.entries(found).filter(([part, d]) => !(d <= LIMITS[part as keyof typeof LIMITS]))
  }

  it('agrees with reference on a polymer electrolyte', async () => {
    const { system, state } = hotPvdf()
    expect(await broken({ system: nonbondedOnly(system), state })).toEqual([])
  })

  it('knows every pair form, truncation and Coulomb method, in a skewed cell smaller than the reach', async () => {
    const wrong: unknown[] = []
    for (const { name: title, system, state } of cases) {
      const own = nonbondedOnly(system)
      if (own.forces.length === 0) continue
      const found = await broken({ system: own, state })
      if (found.length > 0) wrong.push([title, found])
    }
    expect(wrong).toEqual([])
  })

  it('sees each of many images of an atom', async () => {
    const box = createBox([5, 0, 0, 1, 4.6, 0, -0.8, 0.9, 5.4])
    const one = configuration(box, scattered(box, 5, 1.9), [lennardJones({ cutoff_A: 7 }), coulomb(EWALD, 7)])
    expect(await broken(one)).toEqual([])
  })

  it('is as accurate far from the origin, in a skewed cell many times the reach', async () => {
    const box = createBox([61, 0, 0, 9, 47, 0, -7, 5, 52])
    const positions = unwrapped(box, scattered(box, 900, 1.9), 3)
    const forces = [lennardJones({ cutoff_A: 4, sigma_A: 1.8 }), coulomb(EWALD, 4)]
    expect(await broken(configuration(box, positions, forces))).toEqual([])
  })

  it('shares the pairs of an atom between several rows', async () => {
    const box = orthorhombicBox(24, 22, 23)
    const one = configuration(box, scattered(box, 300, 1.9), [lennardJones(), coulomb(EWALD)])
    expect(await broken(one, { targetRows: 2500 })).toEqual([])
  })

  it('follows atoms with the list that it has, and into a list for which its arrays are too small', async () => {
    const box = orthorhombicBox(30, 30, 30)
    const at = (spacing_A: number) =>
      configuration(box, cubicLattice(5, spacing_A), [lennardJones({ cutoff_A: 6 }), coulomb(EWALD, 6)])
    const { system } = at(4)
    const nonbonded = createGpuNonbonded(system, backend, { skin_A: 1 })
    const forcesAt = async (one: Configuration) => {
      const into = noSums(system.atomCount)
      await nonbonded.evaluate(box, one.state.positions, into, false)
      return deviations({ ...into, pair: 0, coulomb: 0 }, one).forces
    }
    const sparse = at(4)
    const moved = {
      system,
      state: { ...sparse.state, positions: sparse.state.positions.map((x, k) => x + 0.28 * Math.sin(k)) },
    }
    expect(await forcesAt(moved)).toBeLessThan(FORCE_LIMIT)
    expect(await forcesAt(sparse)).toBeLessThan(1e-3)
    expect(nonbonded.statistics).toEqual({ builds: 1, compilations: 1 })
    const dense = at(2.5)
    dense.state.positions[0]! += 0.3
    expect(await forcesAt(dense)).toBeLessThan(FORCE_LIMIT)
    expect(nonbonded.statistics).toEqual({ builds: 2, compilations: 2 })
    nonbonded.dispose()
  })

  it('names the first atom that is nowhere', async () => {
    const one = configuration(orthorhombicBox(20, 20, 20), [1, 1, 1, 4, 4, Number.NaN], [lennardJones()])
    const failed = evaluateOnce(one)
    await expect(failed).rejects.toThrow(SimulationError)
    await expect(failed).rejects.toThrow('atom 2')
  })
})
