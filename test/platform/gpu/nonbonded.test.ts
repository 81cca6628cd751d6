import { afterAll, beforeAll, expect, it } from 'vitest'
import { orthorhombicBox } from '../../../src/core/box.ts'
import { type Backend, createBackend } from '../../../src/platform/gpu/backends.ts'
import { createGpuNonbonded, type GpuNonbondedOptions } from '../../../src/platform/gpu/nonbonded.ts'
import { createCrew } from '../../../src/platform/wasm/crew.ts'
import { instantiateKernels } from '../../../src/platform/wasm/kernels.ts'
import { createArena, createMemory } from '../../../src/platform/wasm/memory.ts'
import {
  type Configuration,
  configuration,
  coulomb,
  cubicLattice,
  evaluateOnce,
  lennardJones,
  METHODS,
  norm,
  scattered,
} from '../parity/configurations.ts'
import { platformOf } from '../parity/platforms.ts'
import { onEachBackend } from './helpers.ts'

const { tolerance } = platformOf('gpu')

const DSF = METHODS.dsf!

onEachBackend(name => {
  let backend: Backend
  beforeAll(async () => {
    backend = await createBackend(name)
  })
  afterAll(() => backend?.dispose())

  function nonbondedOf({ system }: Configuration, options: GpuNonbondedOptions) {
    const kernels = instantiateKernels(createMemory())
    const arena = createArena(kernels.memory)
    const crew = createCrew(kernels)
    const size = 3 * system.atomCount
    const [positions, forces] = [arena.allocate(8 * size), arena.allocate(8 * size)]
    const nonbonded = createGpuNonbonded({ system, positions, arena, kernels, crew }, backend, options)
    return {
      nonbonded,
      async forcesAt({ box, positions: at }: Configuration['state']): Promise<Float64Array> {
        arena.f64(positions, size).set(at)
        await nonbonded.prepare(box, false)
        await nonbonded.start(false)
        const into = arena.f64(forces, size).fill(0)
        nonbonded.addSpecialPairs(forces, false)
        nonbonded.add(await nonbonded.finish(), box, forces, new Float64Array(9), false)
        return into.slice()
      },
    }
  }

  async function deviation(found: Float64Array, one: Configuration): Promise<number> {
    const { forces } = await evaluateOnce('reference', one)
    return norm(found.map((f, k) => f - forces[k]!)) / norm(forces)
  }

  it('shares the pairs of a cluster between several rows', async () => {
    const box = orthorhombicBox(24, 22, 23)
    const one = configuration(box, scattered(box, 300, 1.9), [lennardJones(), coulomb(DSF)])
    const { nonbonded, forcesAt } = nonbondedOf(one, { targetThreads: 2500 })
    expect(await deviation(await forcesAt(one.state), one)).toBeLessThan(tolerance.forces)
    nonbonded.dispose()
  })

  it('follows atoms with one list, and with a new list that is larger than its arrays', async () => {
    const box = orthorhombicBox(30, 30, 30)
    const at = (spacing_A: number) =>
      configuration(box, cubicLattice(5, spacing_A), [lennardJones({ cutoff_A: 6 }), coulomb(DSF, 6)])
    const sparse = at(4)
    const { nonbonded, forcesAt } = nonbondedOf(sparse, { skin_A: 1 })
    await forcesAt(sparse.state)
    const moved = sparse.state.positions.map((x, k) => x + 0.28 * Math.sin(k))
    const near = { ...sparse, state: { ...sparse.state, positions: moved } }
    expect(await deviation(await forcesAt(near.state), near)).toBeLessThan(tolerance.forces)
    expect(nonbonded.statistics).toEqual({ builds: 1, compilations: 1 })
    const dense = at(2.5)
    dense.state.positions[0]! += 0.3
    expect(await deviation(await forcesAt(dense.state), dense)).toBeLessThan(tolerance.forces)
    expect(nonbonded.statistics).toEqual({ builds: 2, compilations: 2 })
    nonbonded.dispose()
  })
})
